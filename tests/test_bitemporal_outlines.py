"""Outlines of objects, judged by GDAL's rasteriser."""

from __future__ import annotations

import numpy as np
import pytest
from affine import Affine
from rasterio.features import rasterize

from siteline.detect.bitemporal.objects import Objects, objects
from siteline.detect.bitemporal.outlines import PIXEL_COORDINATES, outlines
from siteline.model.errors import BadInput
from siteline.model.grid import Grid

GRID = Grid("EPSG:32631", 681_230.0, 5_447_110.0, 10.0, 80, 60)


def scattered() -> Objects:
    score = np.random.default_rng(4).random((60, 80))
    return objects(score, high=0.9, low=0.6, least_width=0)


@pytest.mark.parametrize("transform", [PIXEL_COORDINATES, GRID.transform, (8.0, 3.0, 1000.0, 2.0, -9.0, 500.0)])
def test_outlines_burn_back_onto_the_same_pixels(transform: tuple[float, ...]):
    found = scattered()
    shapes = outlines(found, transform)
    numbered = [(shape, one.label) for shape, one in zip(shapes, found.found, strict=True)]
    burnt = rasterize(numbered, found.labels.shape, transform=Affine(*transform), dtype="int32")
    assert len(shapes) > 10 and (burnt == found.labels).all()
    pixel = abs(transform[0] * transform[4] - transform[1] * transform[3])
    assert [shape.area / pixel for shape in shapes] == pytest.approx([one.pixels for one in found.found])
    assert all(shape.is_valid for shape in shapes)


def test_outlines_keep_holes_and_corners():
    score = np.zeros((8, 12))
    score[1:4, 1:4], score[2, 2] = 1.0, np.nan
    score[4, 6:8] = score[5, 8] = score[6, 8] = 0.9
    ring, diagonal = outlines(objects(score, high=0.5, low=0.5, least_width=0))
    assert (ring.area, len(ring.interiors), ring.bounds) == (8, 1, (1, 1, 4, 4))
    assert (diagonal.area, diagonal.geom_type, diagonal.bounds) == (4, "MultiPolygon", (6, 4, 9, 7))


def test_no_object_has_no_outline():
    assert outlines(objects(np.zeros((5, 5)), high=1, low=1), GRID.transform) == ()


@pytest.mark.parametrize("transform", [(1, 0, 0, 0, 0, 0), (1, 2, 0, 2, 4, 0), (1, 0, 0), (float("nan"), 0, 0, 0, 1, 0)])
def test_transforms_that_are_none_are_refused(transform: tuple[float, ...]):
    with pytest.raises(BadInput, match="six finite numbers"):
        outlines(scattered(), transform)
