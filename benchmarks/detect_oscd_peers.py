"""Classical change maps beside siteline's own: scores, Float32[y, x], larger = more likely changed, NaN = not seen."""

from __future__ import annotations

import numpy as np

from siteline.detect.bitemporal.cva import cva
from siteline.detect.bitemporal.mad import irmad, mad

BLOCK = 5
KEPT = 0.9


def plain(before: np.ndarray, after: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Change vector analysis after radiometric normalisation."""
    return cva(before, after, valid)


def one_pass(before: np.ndarray, after: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """One-pass MAD."""
    return mad(before, after, valid).statistic


def iterated(before: np.ndarray, after: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """IR-MAD as published."""
    return irmad(before, after, valid, sound_share=0.0, consistent=False).statistic


def guarded(before: np.ndarray, after: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """IR-MAD with siteline's guards against shrinking and collapse."""
    return irmad(before, after, valid).statistic


def pca_kmeans(before: np.ndarray, after: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Celik 2009 (doi:10.1109/LGRS.2009.2025059) on the length of the change vector.

    Blocks of ``BLOCK`` x ``BLOCK`` px are projected on the principal components that hold ``KEPT`` of their variance, and
    two-means splits pixels. The score is the signed distance across the plane between both centres, from the unchanged side.
    """
    from numpy.lib.stride_tricks import sliding_window_view
    from sklearn.cluster import KMeans

    length = np.nan_to_num(cva(before, after, valid))
    around = sliding_window_view(np.pad(length, BLOCK // 2, mode="reflect"), (BLOCK, BLOCK))
    vectors = around.reshape(-1, BLOCK * BLOCK)
    apart = around[::BLOCK, ::BLOCK].reshape(-1, BLOCK * BLOCK)
    values, axes = np.linalg.eigh(np.cov(apart.T))
    order = np.argsort(values)[::-1]
    count = int(np.searchsorted(np.cumsum(values[order]) / values.sum(), KEPT)) + 1
    features = (vectors - apart.mean(axis=0)) @ axes[:, order[:count]]
    centres = KMeans(2, n_init=4, random_state=0).fit(features[:: max(1, len(features) // 50_000)]).cluster_centers_
    energy = [vectors[np.linalg.norm(features - c, axis=1) == _nearest(features, centres)].mean() for c in centres]
    still, changed = centres[np.argsort(energy)]
    across = (changed - still) / np.linalg.norm(changed - still)
    score = ((features - (still + changed) / 2) @ across).reshape(length.shape)
    return np.where(np.isfinite(cva(before, after, valid)), score, np.nan).astype(np.float32)


def _nearest(features: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return np.stack([np.linalg.norm(features - c, axis=1) for c in centres]).min(axis=0)


def averaged(before: np.ndarray, after: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """``plain``, averaged over 15 m and 60 m as siteline's map is: what averaging alone is worth (10 m pixels)."""
    from scipy.ndimage import gaussian_filter

    length = plain(before, after, valid)
    filled = np.nan_to_num(length)
    return np.where(np.isfinite(length), np.sqrt(gaussian_filter(filled, 1.5) * gaussian_filter(filled, 6)), np.nan)


def otsu(score: np.ndarray) -> float:
    """The threshold that splits ``score`` into two classes best (Otsu 1979), its largest thousandth taken as one."""
    seen = score[np.isfinite(score)]
    counts, edges = np.histogram(np.minimum(seen, np.quantile(seen, 0.999)), 512)
    middle = (edges[1:] + edges[:-1]) / 2
    low, mean = np.cumsum(counts), np.cumsum(counts * middle)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (mean[-1] / low[-1] * low - mean) ** 2 / (low * (low[-1] - low).astype(float))
    return float(edges[1 + int(np.nanargmax(between))])
