"""Scenes and histories with known truth: to try the software without data, and to measure it.

    plan = default_plan(7)                      # or Plan(seed=7, structures=(Built(...),), ...)
    cube = render_cube(plan, sensor="", relative_orbit=None)   # xarray.Dataset, as cube.load gives it
    done = simulate(plan, out_folder, progress=None)           # files, catalogue, ledger, truth

See ``docs/concepts/simulation.md`` for what is simulated and what is not.
"""

from siteline.simulate.dataset import render_cube
from siteline.simulate.defaults import default_plan
from siteline.simulate.plan import Built, Plan, Work
from siteline.simulate.sensors import LANDSAT, PLANETSCOPE, SENSORS, SENTINEL1, SENTINEL2, Orbit, Sensor
from siteline.simulate.simulating import Simulated, simulate

__all__ = [
    "LANDSAT",
    "PLANETSCOPE",
    "SENSORS",
    "SENTINEL1",
    "SENTINEL2",
    "Built",
    "Orbit",
    "Plan",
    "Sensor",
    "Simulated",
    "Work",
    "default_plan",
    "render_cube",
    "simulate",
]
