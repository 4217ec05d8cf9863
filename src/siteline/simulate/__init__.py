"""Scenes and histories with known truth: to try the software without data, and to measure it.

``render_cube(plan: Plan, sensor: str = "", relative_orbit: int | None = None) -> xarray.Dataset``, in
``siteline.simulate.dataset``, gives the cube of one sensor at once, without files.
"""
