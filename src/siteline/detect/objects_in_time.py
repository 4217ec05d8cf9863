"""Changed pixels to areas that changed at one time: grouped in space and date, each dated by its own mean series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from siteline.detect.map_dates import dated
from siteline.detect.maps import BLOCK_BYTES, ChangeLayers, noise_of
from siteline.detect.series import scan
from siteline.detect.threshold import probability

Labels = NDArray[np.int64]
FloatArray = NDArray[np.float64]

FEWEST_PIXELS: Final = 4
"""Pixels of the smallest area: chance puts one or two together, and an image that lies half a pixel off a thin line."""

_ALIKE: Final = 0.5
"""Share of the time spanned by two brackets that lies in both, from which neighbours have one date."""

_AROUND: Final = ((0, 1), (1, -1), (1, 0), (1, 1))


@dataclass(frozen=True, slots=True)
class ChangedArea:
    """An area that changed at one time. ``outline``: shapely geometry along pixel edges, in the CRS of the cube.

    Dated by the mean of its pixels: ``after``, ``by``: days since 1970 (UTC) of the looks that bound the change; ``lower``,
    ``upper``: 95 % interval. ``evidence``: log Bayes factor; ``probability``: under the prior. ``size``: by band, after
    minus before; ``size_overall``: their mean in standard deviations of one pixel's noise, signed. ``label``: in ``labels``.
    """

    name: str
    label: int
    outline: Any
    pixels: int
    after: float
    by: float
    lower: float
    upper: float
    evidence: float
    probability: float
    size: tuple[float, ...]
    size_overall: float


def changed_areas(
    layers: ChangeLayers, *, fewest: int = FEWEST_PIXELS, threads: int | None = None
) -> tuple[tuple[ChangedArea, ...], Labels]:
    """(areas with the most evidence first, named ``changed area 1`` and so on; labels Int64[y, x], 0 = none).

    Only of whole maps (no ``rows`` chosen). ``fewest``: pixels of the smallest area. Series are read once more, those of
    rows with an area.
    """
    labels = group(layers, fewest)
    count = int(labels.max(initial=0))
    if not count:
        return (), labels
    series = _means(layers, labels, count)
    known, stack = layers.learned, layers.learned.stack
    evidence = scan(series, stack.days, layers.prior, known.noise, threads=threads).evidence
    told = dated(series, stack.days, layers.prior, known.noise, temperature=known.temperature, threads=threads)
    likely = probability(known.null.chance(evidence), layers.prior.change)
    overall = (told.size / noise_of(known.noise)).mean(axis=1)
    order = np.argsort(-np.nan_to_num(evidence, nan=-np.inf), kind="stable")
    outlines = _outlines(layers, labels, count)
    pixels = np.bincount(labels.ravel(), minlength=count + 1)
    areas = tuple(
        ChangedArea(
            name=f"changed area {place}",
            label=int(n) + 1,
            outline=outlines[n],
            pixels=int(pixels[n + 1]),
            after=float(told.after[n]),
            by=float(told.by[n]),
            lower=float(told.lower[n]),
            upper=float(told.upper[n]),
            evidence=float(evidence[n]),
            probability=float(likely[n]),
            size=tuple(float(v) for v in told.size[n]),
            size_overall=float(overall[n]),
        )
        for place, n in enumerate(order, 1)
    )
    return areas, labels


def group(layers: ChangeLayers, fewest: int = FEWEST_PIXELS) -> Labels:
    """Areas as labels Int64[y, x], 0 = none, from 1.

    Neighbours (of eight) belong together whose likeliest brackets share at least half of the time they span. An area whose
    bracket holds that of a neighbour, for clouds hid more of it, joins it. What is then left over, or too small, joins the
    neighbouring area whose date lies in its own 95 % interval. Joining wherever intervals overlap would do less: one pixel
    in doubt between two works of different years would make them one.
    """
    labels = _alike(layers)
    sizes = np.bincount(labels.ravel())
    labels[(sizes < fewest)[labels]] = 0
    labels = _numbered(_nested(layers, _numbered(labels)))
    return _numbered(_joined(layers, labels))


def _alike(layers: ChangeLayers) -> Labels:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    found, after, by = layers.found, layers.after, layers.by
    place = np.arange(found.size).reshape(found.shape)
    edges = []
    for down, right in _AROUND:
        one, other = _pair(down, right)
        together = np.minimum(by[one], by[other]) - np.maximum(after[one], after[other])
        span = np.maximum(by[one], by[other]) - np.minimum(after[one], after[other])
        with np.errstate(invalid="ignore"):
            linked = found[one] & found[other] & (together >= _ALIKE * span)
        edges.append(np.stack([place[one][linked], place[other][linked]]))
    a, b = np.concatenate(edges, axis=1)
    graph = coo_array((np.ones(a.size, dtype=bool), (a, b)), shape=(found.size, found.size))
    _, component = connected_components(graph, directed=False)
    return np.where(found, component.reshape(found.shape).astype(np.int64) + 1, 0)


def _nested(layers: ChangeLayers, labels: Labels) -> Labels:
    """Areas join the neighbour they touch most of those whose bracket lies within their own and is shorter."""
    after, by = _medians(layers.after, labels), _medians(layers.by, labels)
    touching = []
    for down, right in _AROUND:
        one, other = (labels[part] for part in _pair(down, right))
        apart = (one > 0) & (other > 0) & (one != other)
        touching += [np.stack([one[apart], other[apart]]), np.stack([other[apart], one[apart]])]
    pairs, contacts = np.unique(np.concatenate(touching, axis=1), axis=1, return_counts=True)
    wide, narrow = pairs
    within = (after[narrow] >= after[wide]) & (by[narrow] <= by[wide]) & ((by - after)[narrow] < (by - after)[wide])
    into = np.arange(after.size)
    order = np.argsort(contacts[within], kind="stable")  # the most contacts come last, and stay
    into[wide[within][order]] = narrow[within][order]
    while (into[into] != into).any():
        into = into[into]
    return into[labels]


def _medians(layer: NDArray[np.floating], labels: Labels) -> FloatArray:
    """Median of ``layer`` over each area, Float64[label], NaN at 0."""
    inside = labels > 0
    count = int(labels.max(initial=0))
    order = np.argsort(labels[inside], kind="stable")
    starts = np.cumsum(np.bincount(labels[inside], minlength=count + 1))[:-1]
    parts = np.split(layer[inside][order].astype(np.float64), starts)[1:]
    return np.array([np.nan, *(np.median(part) for part in parts)])


def _joined(layers: ChangeLayers, labels: Labels) -> Labels:
    """Found pixels without a label take that of a neighbour whose date lies in their interval, until none does."""
    inside = labels > 0
    dates = (layers.after + layers.by) / 2
    middle = _medians(dates, labels)
    wide = np.pad(labels, 1)
    ys, xs = np.nonzero(layers.found & ~inside)
    lower, upper, own = layers.lower[ys, xs], layers.upper[ys, xs], dates[ys, xs]
    while ys.size:
        best, away = np.zeros(ys.size, dtype=np.int64), np.full(ys.size, np.inf)
        for down in (-1, 0, 1):
            for right in (-1, 0, 1):
                near = wide[ys + 1 + down, xs + 1 + right]
                with np.errstate(invalid="ignore"):
                    fits = (near > 0) & (middle[near] >= lower) & (middle[near] <= upper)
                    apart = np.where(fits, np.abs(middle[near] - own), np.inf)
                best, away = np.where(apart < away, near, best), np.minimum(apart, away)
        taken = best > 0
        if not taken.any():
            break
        wide[ys[taken] + 1, xs[taken] + 1] = best[taken]
        ys, xs = ys[~taken], xs[~taken]
        lower, upper, own = lower[~taken], upper[~taken], own[~taken]
    return wide[1:-1, 1:-1]


def _numbered(labels: Labels) -> Labels:
    kept, inverse = np.unique(labels, return_inverse=True)
    shift = 0 if kept.size and kept[0] == 0 else 1
    return np.asarray(inverse.reshape(labels.shape) + shift, dtype=np.int64)


def _pair(down: int, right: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Views of every pixel that has a neighbour there, and of these neighbours."""
    rows = (slice(None, -down or None), slice(down, None))
    if right < 0:
        return (rows[0], slice(-right, None)), (rows[1], slice(None, right))
    return (rows[0], slice(None, -right or None)), (rows[1], slice(right, None))


def _means(layers: ChangeLayers, labels: Labels, count: int) -> NDArray[np.float32]:
    """Float32[area, band, time]: the mean distance of an area's pixels from their own medians; NaN where fewer than half of
    them are usable, for then it is the mean of other ground."""
    known, stack = layers.learned, layers.learned.stack
    total = np.zeros((count, len(stack.bands), stack.days.size))
    seen = np.zeros((count, stack.days.size))
    step, high = stack.rows_within(BLOCK_BYTES), labels.shape[0]
    for start in range(0, high, step):
        rows = slice(start, min(start + step, high))
        at = labels[rows].ravel()
        if not at.any():
            continue
        series = known.block(rows)[at > 0]
        own = at[at > 0] - 1
        apart = series - np.nanmedian(series, axis=2, keepdims=True)
        good = np.isfinite(apart).all(axis=1)
        np.add.at(total, own, np.where(good[:, None, :], apart, 0.0))
        np.add.at(seen, own, good)
    pixels = np.bincount(labels.ravel(), minlength=count + 1)[1:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        means = total / seen[:, None, :]
    return np.where((seen >= 0.5 * pixels)[:, None, :], means, np.nan).astype(np.float32)


def _outlines(layers: ChangeLayers, labels: Labels, count: int) -> list[Any]:
    import shapely

    cube = layers.learned.stack.cube
    xs, ys = cube["x"].values, cube["y"].values
    res = abs(float(xs[1] - xs[0])) if xs.size > 1 else abs(float(ys[1] - ys[0])) if ys.size > 1 else 1.0
    rows, cols = np.nonzero(labels)
    own = labels[rows, cols]
    order = np.argsort(own, kind="stable")
    x, y = xs[cols][order], ys[rows][order]
    boxes = shapely.box(x - res / 2, y - res / 2, x + res / 2, y + res / 2)
    starts = np.cumsum(np.bincount(own, minlength=count + 1))[:-1]
    return [shapely.coverage_union_all(part) for part in np.split(boxes, starts[1:])]
