"""Where objects lie: their pixels' edges as polygons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from siteline.detect.bitemporal.objects import Objects
from siteline.model.errors import BadInput

PIXEL_COORDINATES: Final = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
"""The transform that leaves columns as x and rows as y, counted from the outer corner of the first pixel."""


def outlines(objects: Objects, transform: Sequence[float] = PIXEL_COORDINATES) -> tuple[Any, ...]:
    """A shapely geometry by object, in order: along pixel edges, holes kept, several polygons where pixels touch at corners.

    ``transform``: affine coefficients (a, b, c, d, e, f), as of a ``Grid``: x = a col + b row + c, y = d col + e row + f.
    Raises ``BadInput`` for a transform that is none, or flattens the image.
    """
    import shapely
    from shapely.affinity import affine_transform

    if len(transform) != 6 or not np.isfinite(transform).all() or transform[0] * transform[4] == transform[1] * transform[3]:
        raise BadInput(
            f"a transform needs six finite numbers that do not flatten the image (Grid.transform), not {transform}"
        )
    a, b, c, d, e, f = transform
    told = []
    for one in objects.found:
        rows, columns = np.nonzero(objects.labels[slice(*one.rows), slice(*one.cols)] == one.label)
        x, y = columns + one.cols[0], rows + one.rows[0]
        pixels = shapely.coverage_union_all(shapely.box(x, y, x + 1, y + 1))
        told.append(affine_transform(pixels, [a, b, d, e, c, f]))
    return tuple(told)
