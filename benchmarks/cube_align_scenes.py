"""Pairs of real scenes with a known shift between them, with cloud and with changed fields, for ``benchmarks.cube_align``.

Truth does not depend on an estimator. NAIP is read at 5 m, shifted by whole 5 m pixels and then averaged to 15 m. Sentinel-2
is shifted by a quintic spline. Half of the scenes (``half="tune"``) may be looked at while constants are chosen; figures are
reported on the other half.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
Mask = NDArray[np.bool_]

REACH: Final = 3
"""Largest shift applied, in pixels of the images that are aligned."""

CITIES: Final = {"tune": ("abudhabi", "bercy", "cupertino"), "report": ("aguasclaras", "bordeaux", "hongkong")}
"""By half; for the other sets the half is every second scene in order of time, the first one for ``tune``."""


@dataclass(frozen=True)
class Pair:
    """Two scenes of one place at their source's resolution, Float32[y, x] and Bool[y, x]; ``average``: side of a pixel."""

    group: str
    name: str
    reference: Image
    ok_reference: Mask
    moving: Image
    ok_moving: Mask
    average: int = 1
    real_cloud: bool = False


@dataclass(frozen=True)
class Condition:
    """What is done to the moving scene: share of cloud, whether the mask knows it, share of fields changed and how."""

    cloud: float = 0.0
    masked: bool = True
    changed: float = 0.0
    texture: str = "kept"

    def __str__(self) -> str:
        said = []
        if self.cloud:
            said.append(f"{self.cloud:.0%} cloud, {'masked' if self.masked else 'not masked'}")
        elif not self.masked:
            said.append("its clouds not masked")
        if self.changed:
            said.append(f"{self.changed:.0%} of fields changed, texture {self.texture}")
        return "; ".join(said) or "as they are"


CONDITIONS: Final = (
    Condition(),
    Condition(cloud=0.2),
    Condition(cloud=0.5),
    Condition(cloud=0.2, masked=False),
    Condition(cloud=0.5, masked=False),
    Condition(changed=0.5),
    Condition(changed=0.9),
    Condition(changed=0.5, texture="replaced"),
    Condition(changed=0.9, texture="replaced"),
    Condition(cloud=0.2, changed=0.5, texture="replaced"),
)


@dataclass(frozen=True)
class Trial:
    """What an estimator is given, and the shift (dx, dy) that was applied, in pixels."""

    reference: Image
    moving: Image
    ok_reference: Mask
    ok_moving: Mask
    shift: tuple[float, float]


def pairs(root: Path, half: str) -> list[Pair]:
    """Every pair of one ``half``: each scene with itself and with another date, and Sentinel-2 dates with real cloud."""
    return [*_naip(root, half), *_oscd(root, half), *_verdun(root, half)]


def trial(pair: Pair, condition: Condition, seed: int, *, still: bool = False) -> Trial:
    """One pair under one condition; ``still`` leaves out shift, cloud and change."""
    rng = np.random.default_rng([seed, *pair.name.encode()])
    moving = pair.moving
    if condition.changed and not still:
        moving = change_fields(moving, condition.changed, condition.texture, rng)
    reach = REACH * pair.average
    if pair.average > 1:
        kx, ky = (0, 0) if still else rng.integers(-reach, reach + 1, 2)
        a, ok_a = (_averaged(_cut(x, 0, 0, reach), pair.average) for x in (pair.reference, pair.ok_reference))
        b, ok_b = (_averaged(_cut(x, int(kx), int(ky), reach), pair.average) for x in (moving, pair.ok_moving))
        a, b, ok_a, ok_b = a.astype(np.float32), b.astype(np.float32), ok_a > 0.999, ok_b > 0.999
        shift = (kx / pair.average, ky / pair.average)
    else:
        shift = (0.0, 0.0) if still else tuple(rng.uniform(-reach, reach, 2))
        a, ok_a = pair.reference, pair.ok_reference
        b, ok_b = _moved(moving, pair.ok_moving, *shift)
    if condition.cloud and not still:
        b, cloudy = add_cloud(b, condition.cloud, rng)
        ok_b = ok_b & ~cloudy if condition.masked else ok_b
    if not condition.masked and pair.real_cloud and not still:
        ok_a, ok_b = np.isfinite(a), np.isfinite(b) & (b > -1)
    return Trial(a, b, ok_a, ok_b, (float(shift[0]), float(shift[1])))


def change_fields(image: Image, share: float, texture: str, rng: np.random.Generator) -> Image:
    """``share`` of the segments of ``image`` get another brightness, drawn from all segments' brightnesses.

    Segments follow the edges of the image (watershed of its gradient), so that field boundaries stay where they are. Their
    texture is ``kept`` or ``replaced`` by smoothed noise of the same strength.
    """
    from scipy import ndimage

    labels, count = _segments(image)
    every = np.arange(count)
    means = np.asarray(ndimage.mean(image, labels, every))
    drawn = rng.permutation(count)[: round(share * count)]
    new = means.copy()
    new[drawn] = rng.choice(means, len(drawn)) + rng.normal(0, np.std(means) / 2, len(drawn))
    changed = np.isin(labels, drawn)
    detail = image - means[labels]
    if texture == "replaced":
        noise = ndimage.gaussian_filter(rng.standard_normal(image.shape), 1.5)
        strength = np.asarray(ndimage.standard_deviation(image, labels, every))
        detail = noise / noise.std() * strength[labels]
    return np.where(changed, new[labels] + detail, image).astype(np.float32)


def _segments(image: Image) -> tuple[NDArray[np.intp], int]:
    """Labels from 0 on, about 25 pixels across, and how many there are."""
    from scipy import ndimage

    slope = ndimage.gaussian_gradient_magnitude(image, 1.5)
    top = float(np.percentile(slope, 99)) or 1.0
    relief = np.clip(slope / top * 65535, 0, 65535).astype(np.uint16)
    smooth = ndimage.gaussian_filter(slope, 4)
    minima = smooth == ndimage.minimum_filter(smooth, 21)
    markers, _ = ndimage.label(minima)
    found, labels = np.unique(ndimage.watershed_ift(relief, markers.astype(np.int32)), return_inverse=True)
    return labels.reshape(image.shape), len(found)


def add_cloud(image: Image, share: float, rng: np.random.Generator) -> tuple[Image, Mask]:
    """Bright fractal blobs over ``share`` of the pixels, with soft edges and structure of their own; and where they are."""
    height, width = image.shape
    fy, fx = np.meshgrid(np.fft.fftfreq(height), np.fft.fftfreq(width), indexing="ij")
    radius = np.hypot(fy, fx)
    radius[0, 0] = np.inf
    field = np.fft.ifft2(
        np.fft.fft2(rng.standard_normal(image.shape)) / np.maximum(radius, 1 / max(image.shape)) ** 1.7
    ).real
    field /= field.std()
    edge = float(np.quantile(field, 1 - share))
    cover = np.clip((field - edge) / 0.15, 0, 1)
    low, high = (float(v) for v in np.nanpercentile(image, (2, 98)))
    bright = high + (high - low) * (1 + 0.5 * np.clip(field - edge, 0, 2))
    return (image * (1 - cover) + bright * cover).astype(np.float32), np.asarray(field > edge)


def _moved(image: Image, ok: Mask, dx: float, dy: float) -> tuple[Image, Mask]:
    from scipy import ndimage

    out = ndimage.shift(image, (dy, dx), order=5, mode="mirror") if dx or dy else image.copy()
    seen = ndimage.shift(ok.astype(np.float32), (dy, dx), order=1, mode="constant", cval=0.0) > 0.999
    return out.astype(np.float32), np.asarray(seen)


def _cut(array: NDArray[np.generic], kx: int, ky: int, reach: int) -> NDArray[np.float64]:
    """What a frame ``reach`` pixels inside shows once the content lies (kx, ky) further right and down."""
    height, width = array.shape
    rows, cols = slice(reach - ky, height - reach - ky), slice(reach - kx, width - reach - kx)
    return array[rows, cols].astype(np.float64)


def _averaged(array: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    height, width = (n // side for n in array.shape)
    blocks = array[: height * side, : width * side].reshape(height, side, width, side)
    return np.asarray(blocks.mean(axis=(1, 3)))


def _read(path: Path) -> NDArray[np.float32]:
    """The mean of the visible bands (of the only one), Float32[y, x]."""
    import rasterio

    with rasterio.open(path) as opened:
        return opened.read(list(range(1, min(opened.count, 3) + 1))).astype(np.float32).mean(axis=0)


def _naip(root: Path, half: str) -> Iterator[Pair]:
    paths = sorted((root / "naip-nd").glob("*.tif"))[["tune", "report"].index(half) :: 2]
    scenes = [_read(path)[:723, :934] for path in paths]
    for i, (path, scene) in enumerate(zip(paths, scenes, strict=True)):
        year, other = path.stem[-8:-4], scenes[i - 1]
        if i % 2 == 0:
            yield Pair("NAIP, same scene", f"naip {year}", scene, scene > 0, scene, scene > 0, 3)
        yield Pair("NAIP, across years", f"naip {paths[i - 1].stem[-8:-4]}-{year}", other, other > 0, scene, scene > 0, 3)


def _oscd(root: Path, half: str) -> Iterator[Pair]:
    from scipy import ndimage

    for city in CITIES[half]:
        first, second = (_read(path) for path in sorted((root / "oscd" / city).glob(f"{city}_2*.tif")))
        if first.shape != second.shape:  # one extent in two pixel sizes
            zoom = [a / b for a, b in zip(first.shape, second.shape, strict=True)]
            second = ndimage.zoom(second, zoom, order=3, grid_mode=True, mode="nearest").astype(np.float32)
        middle = tuple(slice(max(0, n // 2 - 250), n // 2 + 250) for n in first.shape)
        first, second = first[middle], second[middle]
        yield Pair("OSCD, same scene", city, first, first > 0, first, first > 0)
        yield Pair("OSCD, across years", f"{city} years", first, first > 0, second, second > 0)


def _verdun(root: Path, half: str) -> Iterator[Pair]:
    found: dict[str, list[tuple[str, Image, Mask]]] = {"clear": [], "clouded": []}
    every = (root / "verdun-s2/SENTINEL/ZoneTest").glob("SENTINEL2*")
    folders = sorted(every, key=lambda folder: folder.name[11:26])
    for folder in folders:
        bands = [_read(next(folder.glob(f"*_FRE_{band}.tif"))) for band in ("B2", "B3", "B4")]
        cloud = np.kron(_read(next((folder / "MASKS").glob("*_CLM_R2.tif"))), np.ones((2, 2))) > 0
        ok = (np.min(bands, axis=0) > -10000) & ~cloud
        kind = "clear" if ok.all() else "clouded" if 0.25 < ok.mean() < 0.95 else None
        if kind and np.min(bands) > -10000:
            found[kind].append((folder.name[11:19], np.mean(bands, axis=0, dtype=np.float32), ok))
    own = {kind: scenes[["tune", "report"].index(half) :: 2] for kind, scenes in found.items()}
    for i, (date, scene, ok) in enumerate(own["clear"][::3]):
        before = own["clear"][3 * i - 1]
        if i % 3 == 0:
            yield Pair("Verdun 80 px, same scene", f"verdun {date}", scene, ok, scene, ok)
        yield Pair("Verdun 80 px, across dates", f"verdun {before[0]}-{date}", before[1], before[2], scene, ok)
    for date, scene, ok in own["clouded"]:
        before = max((s for s in own["clear"] if s[0] < date), default=own["clear"][0], key=lambda s: s[0])
        yield Pair("Verdun 80 px, real cloud", f"verdun {date} clouded", before[1], before[2], scene, ok, real_cloud=True)
