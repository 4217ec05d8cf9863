"""Own-history cloud masks against THEIA's: ``python -m benchmarks.cube_masks``, with SITELINE_DATA set.

The 97 dates of ``verdun-s2`` that have data are loaded with their CLM hidden, masked against the history of the site as any
load does (widened by 40 m), and compared pixel by pixel with the CLM (any bit: cloud, thin cloud or shadow, which MAJA
widens by some 240 m itself). The detector's numbers were tuned on every other date; the figures to quote are of the rest.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

THICK = 1 << 2
"""CLM bit 2: found by its brightness in the one image, which is what can hide the ground."""


def run(root: Path | None = None) -> dict[str, Any]:
    """Shares of pixels on the ``tuned``, ``held out`` and ``all`` dates.

    ``false_clear``: of those the CLM marks, ours calls usable; ``false_clear_thick``: of those its bit 2 marks;
    ``false_cloud``: of those the CLM leaves clear, ours marks; ``agree``: of all.
    """
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
    import rasterio

    from cube_scenes import VERDUN_GRID, PlainReader, verdun
    from siteline.cube.load import load

    folder = (root or Path(os.environ["SITELINE_DATA"])) / "verdun-s2"
    scenes = sorted(verdun(folder), key=lambda scene: scene.scene_id[len("test/SENTINEL2A_") :])
    bits = []
    for scene in scenes:
        with rasterio.open(scene.masks[0].href) as source:
            bits.append(np.kron(source.read(1), np.ones((2, 2), np.uint8)))
    started = time.perf_counter()
    cube = load(verdun(folder, masks=False), VERDUN_GRID, reader=PlainReader())  # type: ignore[arg-type]
    seconds = time.perf_counter() - started
    dated = ~(cube.reason.values == 3).all(axis=(1, 2))
    theirs, ours, seen = np.stack(bits)[dated], cube.reason.values[dated] >= 6, cube.reason.values[dated] != 3
    every = np.arange(len(ours))
    parts = {"tuned": every % 2 == 0, "held out": every % 2 == 1, "all": every >= 0}
    return {"seconds": seconds, **{name: _shares(theirs[of], ours[of], seen[of]) for name, of in parts.items()}}


def table(figures: dict[str, Any]) -> str:
    """The figures as a markdown table."""
    lines = [
        "| dates | number | false clear | of thick cloud | false cloud | agree |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, told in figures.items():
        if isinstance(told, dict):
            shares = [told[key] for key in ("false_clear", "false_clear_thick", "false_cloud", "agree")]
            lines.append(f"| {name} | {told['dates']} | " + " | ".join(f"{share:.1%}" for share in shares) + " |")
    return "\n".join(lines)


def _shares(bits: np.ndarray, ours: np.ndarray, seen: np.ndarray) -> dict[str, float]:
    theirs, thick = (bits > 0)[seen], (bits & THICK > 0)[seen]
    marked = ours[seen]
    return {
        "dates": len(bits),
        "false_clear": float((theirs & ~marked).sum() / theirs.sum()),
        "false_clear_thick": float((thick & ~marked).sum() / thick.sum()),
        "false_cloud": float((~theirs & marked).sum() / (~theirs).sum()),
        "agree": float((theirs == marked).mean()),
    }


if __name__ == "__main__":
    print(table(run()))
