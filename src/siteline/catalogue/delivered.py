"""Small readings that every kind of delivery needs."""

from __future__ import annotations

import math
from typing import Any


def providers(name: str, *roles: str) -> dict[str, Any]:
    """The STAC ``providers`` of one provider, who makes and licenses the images unless ``roles`` say otherwise."""
    return {"providers": [{"name": name, "roles": list(roles or ("producer", "licensor"))}]}


def number(key: str, text: object) -> dict[str, float]:
    """``{key: number}`` of a finite number or its text, {} for anything else."""
    if isinstance(text, bool) or not isinstance(text, (str, int, float)):
        return {}
    try:
        value = float(text)
    except ValueError:
        return {}
    return {key: value} if math.isfinite(value) else {}
