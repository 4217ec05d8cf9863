"""Two OSCD pairs with truth and siteline's map, for local use: the masks are CC BY-NC-SA."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.detect_oscd_pairs import City, cities

from siteline.detect.bitemporal.built import HIGH

SHOWN = ("cupertino", "hongkong")


def draw(path: Path, answers: Mapping[str, Any], shown: Sequence[str] = SHOWN) -> None:
    """Before, after with truth outlined, score with decision outlined, by city of ``shown``; to ``path``, PNG or SVG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    pairs = [city for city in cities() if city.name in shown]
    figure = Figure(figsize=(12, 5.5 * len(pairs)), layout="constrained")
    FigureCanvasAgg(figure)
    for row, city in zip(np.atleast_2d(figure.subplots(len(pairs), 3)), pairs, strict=True):
        answer = answers[city.name]
        for axis, scene, title in zip(row, (city.before, city.after), ("before", "after; truth in red"), strict=False):
            axis.imshow(_picture(scene, city))
            axis.set_title(f"{city.name}, {title}")
        row[1].contour(city.truth, [0.5], colors="red", linewidths=0.7)
        row[2].imshow(answer.score, vmin=0, vmax=2 * HIGH, cmap="magma")
        row[2].contour(answer.changed, [0.5], colors="cyan", linewidths=0.7)
        row[2].set_title(f"score 0 to {2 * HIGH:g}; changed in cyan")
        for axis in row:
            axis.set_axis_off()
    figure.savefig(path, dpi=150)


def _picture(scene: np.ndarray, city: City) -> np.ndarray:
    """Red, green, blue, stretched between the 1st and 98th percentile of the first scene."""
    low, high = np.percentile(city.before[[2, 1, 0]], [1, 98], axis=(1, 2))
    bands = (np.nan_to_num(scene[[2, 1, 0]]) - low[:, None, None]) / (high - low)[:, None, None]
    return np.clip(bands, 0, 1).transpose(1, 2, 0)
