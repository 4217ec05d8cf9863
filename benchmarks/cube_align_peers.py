"""Estimators of a shift between two images, for ``benchmarks.cube_align``: siteline's, and three that look at whole images.

Each takes a ``Trial`` and returns (dx, dy) in pixels, or None where it does not answer. What a mask hides is filled with the
mean of what is seen for those that know no masks; ECC has one and is given it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from benchmarks.cube_align_scenes import Trial
from numpy.typing import NDArray

Answer = tuple[float, float] | None


def siteline(given: Trial) -> Answer:
    """``siteline.cube.align.shift_between``; no answer where it says "not aligned"."""
    from siteline.cube.align import shift_between

    found = shift_between(given.reference, given.moving, given.ok_reference, given.ok_moving)
    return (found.dx, found.dy) if found.aligned else None


def phase(given: Trial) -> Answer:
    """Plain phase correlation: normalised cross-power spectrum of the whole images, refined to 1/50 px; always answers."""
    first, second = _filled(given)
    cross = np.conj(np.fft.fft2(first)) * np.fft.fft2(second)
    cross /= np.maximum(np.abs(cross), 1e-12)
    surface = np.fft.ifft2(cross).real
    at = np.unravel_index(int(surface.argmax()), surface.shape)
    whole = [(k + n // 2) % n - n // 2 for k, n in zip(at, surface.shape, strict=True)]
    steps = [k + np.arange(-50, 51) / 50 for k in whole]
    turn_y, turn_x = (np.exp(2j * np.pi * np.outer(s, np.fft.fftfreq(n))) for s, n in zip(steps, surface.shape, strict=True))
    fine = (turn_y @ cross @ turn_x.T).real
    y, x = np.unravel_index(int(fine.argmax()), fine.shape)
    return float(steps[1][x]), float(steps[0][y])


def opencv_phase(given: Trial) -> Answer:
    """``cv2.phaseCorrelate`` with a Hann window; always answers."""
    import cv2

    first, second = _filled(given)
    height, width = first.shape
    (dx, dy), _ = cv2.phaseCorrelate(first, second, cv2.createHanningWindow((width, height), cv2.CV_64F))
    return float(dx), float(dy)


def opencv_ecc(given: Trial) -> Answer:
    """``cv2.findTransformECC``, translation, at most 100 steps; no answer where it does not converge."""
    import cv2

    first, second = (image.astype(np.float32) for image in _filled(given))
    matrix = np.eye(2, 3, dtype=np.float32)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 100, 1e-4)
    seen = given.ok_moving.astype(np.uint8) * 255
    try:
        _, matrix = cv2.findTransformECC(first, second, matrix, cv2.MOTION_TRANSLATION, stop, seen, 5)
    except cv2.error:
        return None
    return float(matrix[0, 2]), float(matrix[1, 2])


def _filled(given: Trial) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    both = ((given.reference, given.ok_reference), (given.moving, given.ok_moving))
    first, second = (np.where(ok, image, image[ok].mean()).astype(np.float64) for image, ok in both)
    return first, second


PEERS: Final[dict[str, Callable[[Trial], Answer]]] = {
    "siteline": siteline,
    "phase correlation": phase,
    "cv2.phaseCorrelate": opencv_phase,
    "cv2.findTransformECC": opencv_ecc,
}
