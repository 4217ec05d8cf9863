"""How long trust takes for one site of 500 x 500 px and 240 scenes: ``python -m benchmarks.detect_trust``."""

from __future__ import annotations

import time
import warnings
from datetime import date

import numpy as np


def run() -> dict[str, float]:
    """Seconds for placebos and the whole power curve of one structure, the cube loaded; and how many injections."""
    import shapely

    from siteline.images.onestructure import one_structure, settings
    from siteline.images.readycube import ready
    from siteline.model.site import Site
    from siteline.simulate import default_plan, render_cube
    from siteline.simulate.ledger import structures_geojson

    warnings.simplefilter("ignore")
    plan = default_plan(13, side_m=1000.0, structures=1, period=(date(2019, 1, 1), date(2022, 3, 31)))
    cube = render_cube(plan).isel(time=slice(0, 240))
    wide = cube.isel(y=np.arange(500) % cube.sizes["y"], x=np.arange(500) % cube.sizes["x"])
    size = plan.grid(plan.sensors[0])
    place = cube["spatial_ref"].attrs["GeoTransform"]
    wide = wide.assign_coords(
        y=size.top - (np.arange(500) + 0.5) * size.res, x=size.left + (np.arange(500) + 0.5) * size.res
    )
    wide["spatial_ref"].attrs["GeoTransform"] = place
    feature = structures_geojson(plan)["features"][0]
    site = Site("", {"structure": shapely.geometry.shape(feature["geometry"]).wkt})
    figures = {}
    for name, power in (("detect", False), ("trust", True)):
        start = time.perf_counter()
        part = one_structure(ready(wide, site, "sentinel-2 10 m", 10.0), "structure", settings(0.05), power=power)
        figures[name] = time.perf_counter() - start
        figures[f"{name} injections"] = float(sum(point.injected for point in part.trust.power))
    figures["placebos"] = float(part.trust.placebos)
    figures["scenes"] = float(wide.sizes["time"])
    return figures


def table(figures: dict[str, float]) -> str:
    """Markdown."""
    return "\n".join(
        [
            f"One structure in a cube of 500 x 500 px, {figures['scenes']:.0f} scenes and four bands (a simulated site laid",
            f"side by side), {figures['placebos']:.0f} placebos. Asked: under 180 s.",
            "",
            "| | seconds | changes injected |",
            "| --- | ---: | ---: |",
            f"| `siteline detect`: placebos, and injections that set the temperature | {figures['detect']:.1f} | 400 |",
            f"| `siteline trust`: the whole power curve | {figures['trust']:.1f} | {figures['trust injections']:,.0f} |",
        ]
    )


if __name__ == "__main__":
    print(table(run()))
