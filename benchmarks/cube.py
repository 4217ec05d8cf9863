"""The benchmark of images: loading, alignment, masks, faults. ``make bench-cube``; writes docs/benchmarks/cube.md.

``python -m benchmarks.cube load align`` runs these parts alone and keeps the others' text.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable

from benchmarks import cube_align, cube_faults, cube_load, cube_masks, page

PARTS: dict[str, tuple[str, Callable[[], str]]] = {
    "load": ("Loading", lambda: load_text()),
    "align": ("Alignment", lambda: cube_align.table(cube_align.run())),
    "masks": ("Clouds where a scene has no mask", lambda: cube_masks.table(cube_masks.run())),
    "faults": ("Faults", lambda: cube_faults.table(cube_faults.run())),
}


def load_text() -> str:
    """What was measured of loading, and the table."""
    figures = cube_load.run()
    wall = [cube_load.ratio(figures, count, "seconds") for count in ("24", "240")]
    cpu = [cube_load.ratio(figures, count, "cpu") for count in ("24", "240")]
    return (
        "24 and 240 scenes x 5 bands of a 5 x 5 km site at 10 m (500 x 500 px; one band at 20 m) from COGs over loopback\n"
        f"HTTP ({figures['server']}), each contender in a fresh process, one scene loaded first, in turn, the middle of "
        f"{cube_load.RUNS} runs.\nsiteline also reads the class layer, masks and calibrates; its numbers are float32.\n\n"
        f"{cube_load.table(figures)}\n\n"
        f"Asked: at most 1.10 times odc-stac's time. Reached: {wall[0]:.2f} for 24 scenes and {wall[1]:.2f} for 240 "
        f"({cpu[0]:.2f} and {cpu[1]:.2f} of its CPU time).\nFour fifths of siteline's time is GDAL unpacking blocks, as "
        "odc-stac's is. What it does besides: a sixth file a scene (the\nclass layer), and numbers of four bytes where "
        "odc-stac writes two, so that twice the memory is filled and touched again to\ncalibrate it."
    )


def main(chosen: list[str]) -> None:
    """Run the parts ``chosen`` (all if none) and write the page."""
    head = (
        "# Images: speed, alignment, masks, faults\n\n"
        "Reproduce with `make bench-cube` (about 15 minutes; `SITELINE_DATA` names the folder of real images; nginx is used "
        f"where it is installed). Measured on {os.cpu_count()} cores, Python {platform.python_version()}. Times are of one "
        "machine: read the ratios.\n"
    )
    page.write("cube.md", head, PARTS, chosen)


if __name__ == "__main__":
    main(sys.argv[1:])
