"""The ground as one sensor sees it on one day, without sky: plants, relief, snow, structures and their shadows."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from siteline.model.grid import Grid
from siteline.simulate.buildings import Drawn, Pixels, Places, taken_at
from siteline.simulate.calendars import Pass
from siteline.simulate.chance import Maps, smoothstep
from siteline.simulate.ground import KINDS, Ground
from siteline.simulate.plan import Built, Metres, Plan, instant
from siteline.simulate.plants import BANDS, CROPS, pure, spectra
from siteline.simulate.sensors import Sensor
from siteline.simulate.sky import direct_share
from siteline.simulate.stages import stages
from siteline.simulate.weather import Weather

_SOWN, _SPREAD = 268.0, 18.0
"""Day of the year on which fields pass to the next crop, and how many days before and after it some do."""

_HALF_YEAR = 182.6
_SNOW_MM = 7.0
"""Water in the snow, in millimetres, under which most of the ground shows."""


@dataclass(frozen=True, slots=True)
class View:
    """``ground``: Float32[band, y, x], reflectance. ``snow``: Float32[y, x], share of the pixel under snow."""

    ground: Maps
    snow: Maps


@dataclass
class Scenery:
    """A plan's ground and structures for one sensor, its maps blurred once as the sensor blurs.

    ``grid``: of its images; ``mask_grid``: of the provider's mask layer, whole multiples of its own pixel.
    """

    plan: Plan
    sensor: Sensor
    land: Ground
    weather: Weather
    grid: Grid
    mask_grid: Grid
    pixels: Pixels
    lasting: Maps
    slopes: Maps
    snow: Maps
    drawn: dict[tuple[str, Metres], Drawn] = field(default_factory=dict)
    years: dict[int, Maps] = field(default_factory=dict)

    @classmethod
    def of(cls, plan: Plan, sensor: Sensor, land: Ground, weather: Weather) -> Scenery:
        """Blur the maps of ``land`` for ``sensor``."""
        grid, (x, y) = plan.grid(sensor), plan.centre
        coarse = Grid.covering(grid.crs, grid.bounds, sensor.mask_m)
        pixels = Pixels(grid.left - x, grid.top - y, grid.res, grid.shape)
        slopes = np.stack([land.east_slope, land.north_slope])
        snow = np.stack([land.snow, land.patchy])
        lasting, slopes, snow = (_blurred(each, sensor, land) for each in (land.lasting, slopes, snow))
        return cls(plan, sensor, land, weather, grid, coarse, pixels, lasting, slopes, snow)

    def view(self, each: Pass, shift_px: Metres) -> View:
        """The ground at the time of a pass, its content moved by ``shift_px`` (right, down)."""
        moist, snow_mm = self.weather.at(each.days)
        _, day = season(each.days, self.plan.lat, self.weather)
        rows = [BANDS.index(band) for band in self.sensor.bands]
        ground = self.mixed(each.days, spectra(KINDS, day, moist)[rows])
        ground *= self._lit(each)
        ys, xs = self.places(shift_px)
        seen = taken_at(ground, ys, xs)
        stays, patchy = taken_at(self.snow, ys, xs)
        snow = _snow_share(snow_mm, stays, patchy)
        seen += (_column(pure("snow"), self.sensor.bands) * np.float32(0.9) - seen) * snow
        self._add_structures(seen, snow, each, moist, shift_px)
        return View(seen, snow)

    def mixed(self, days: float, kinds: Maps) -> Maps:
        """What the kinds of land give on a day, Float32[band, kind], over the land: Float32[band, y, x] on its fine grid."""
        year, day = season(days, self.plan.lat, self.weather)
        passed = min(max((day - _SOWN + _SPREAD) / (2 * _SPREAD), 0.0), 1.0)
        out = _weighted(kinds[:, len(CROPS) :], self.lasting)
        for crop_year, share in ((year, 1 - passed), (year + 1, passed)):
            if share > 0:
                out += _weighted(kinds[:, : len(CROPS)] * np.float32(share), self._crops(crop_year))
        return out

    def drawing(self, structure: Built, shift: Metres) -> Drawn:
        """A structure in one of its places, for the sensor's pixels."""
        key = structure.structure_id, shift
        if key not in self.drawn:
            self.drawn[key] = Drawn(structure, shift, self.pixels, self.sensor.psf_px)
        return self.drawn[key]

    def _crops(self, year: int) -> Maps:
        if year not in self.years:
            self.years[year] = _blurred(self.land.crops(year), self.sensor, self.land)
        return self.years[year]

    def _lit(self, each: Pass) -> Maps:
        """Sunlight on slopes against that on level ground: cos(i) / sin(elevation), with skylight."""
        azimuth = math.radians(each.sun_azimuth)
        weight = 0.8 / math.tan(math.radians(max(each.sun_elevation, 10.0)))
        east, north = np.float32(weight * math.sin(azimuth)), np.float32(weight * math.cos(azimuth))
        lit = np.clip(1 - self.slopes[0] * east - self.slopes[1] * north, np.float32(0.35), np.float32(1.4))
        return np.asarray(lit, dtype=np.float32)

    def places(self, shift_px: Metres) -> tuple[Places, Places]:
        """Rows and columns of the fine grid at which the pixels' centres lie, content moved by ``shift_px``."""
        rows, cols = self.pixels.shape
        res, land = self.pixels.res, self.land
        ys = (land.top - self.pixels.top + (np.arange(rows) + 0.5 - shift_px[1]) * res) / land.res - 0.5
        xs = (self.pixels.left - land.left + (np.arange(cols) + 0.5 - shift_px[0]) * res) / land.res - 0.5
        return ys, xs

    def _add_structures(self, seen: Maps, snow: Maps, each: Pass, moist: float, shift_px: Metres) -> None:
        """Put every structure, the earth of its works and its shadow into ``seen``, and take snow off its roof, in place."""
        bands, sun = self.sensor.bands, (each.sun_azimuth, each.sun_elevation)
        direct = direct_share(bands)
        earth, white = _column(pure("earth", moist), bands), _column(pure("snow"), bands) * np.float32(0.9)
        for structure in self.plan.structures:
            own = np.array([structure.roof.get(band, np.nan) for band in bands], dtype=np.float32)[:, None, None]
            for stage in stages(structure, each.days):
                parts = self.drawing(structure, stage.shift).seen(stage, sun, shift_px)
                if parts is None:
                    continue
                at, white_share = (parts.rows, parts.cols), snow[parts.rows, parts.cols]
                window = seen[:, *at]
                window += (earth + (white - earth) * white_share - window) * parts.earth
                window *= 1 - direct * parts.shadow
                on_roof = white_share * np.float32(structure.snow_stays)
                roof = (own + (white - own) * on_roof) * parts.roof * (1 + parts.lit / np.maximum(parts.roof, 0.05))
                window += roof - window * parts.roof
                white_share *= 1 - parts.roof * np.float32(1 - structure.snow_stays)


def _weighted(weights: Maps, maps: Maps) -> Maps:
    """Sums of ``maps``, Float32[kind, y, x], by ``weights``, Float32[band, kind]; alike on any number of cores."""
    return np.asarray(np.einsum("bk,kyx->byx", weights, maps))


def _snow_share(snow_mm: float, stays: Maps, patchy: Maps) -> Maps:
    """Share of each pixel under snow: the thinner it lies, the patchier."""
    if snow_mm < 0.5:
        return np.zeros_like(stays)
    cover = 1 - math.exp(-snow_mm / _SNOW_MM)
    return smoothstep(np.float32(4.6 * cover - 1.9) + np.float32(0.45) * patchy, -0.9, 0.9) * stays


def season(days: float, lat: float, weather: Weather) -> tuple[int, float]:
    """(crop year, day of the year as northern plants count it)."""
    at = instant(days + (0 if lat >= 0 else _HALF_YEAR))
    late = weather.shift.get(instant(days).year, 0.0)
    return at.year, at.timetuple().tm_yday - late * math.sin(math.pi * at.timetuple().tm_yday / 366) ** 2


def _column(spectrum: NDArray[np.float32], bands: tuple[str, ...]) -> Maps:
    return spectrum[[BANDS.index(band) for band in bands]][:, None, None]


def _blurred(maps: Maps, sensor: Sensor, land: Ground) -> Maps:
    """``maps`` under the sensor's point spread and pixel aperture (a Gaussian of the same variance), less the cell's own."""
    from scipy.ndimage import gaussian_filter

    cells = sensor.res_m / land.res
    sigma = math.sqrt(cells**2 * (sensor.psf_px**2 + 1 / 12) - 1 / 12)
    return np.asarray(gaussian_filter(maps, (0, sigma, sigma)), dtype=np.float32)
