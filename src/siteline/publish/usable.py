"""Whether a scene shows a structure, and if not, why not, in a reader's words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from siteline.model.reasons import Reason
from siteline.publish.cubeview import dated, days_of, doubt_of, said, values_name

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

Verdict = Literal["usable", "misaligned", "unusable", "failed", "empty"]
"""``usable``: at least ``ENOUGH`` of the footprint can be seen and compared. ``misaligned``: it can be seen, but the scene
is not aligned, so that pixels must not be compared. ``unusable``: cloud or another cause hides the footprint. ``failed``: it
should be there and could not be read. ``empty``: the scene holds no pixel here."""

ENOUGH: Final = 0.5
"""Share of the footprint that must be usable for the scene to count as a look at it."""
_WORDS = {
    Reason.OUTSIDE: "outside the scene",
    Reason.FAILED_READ: "failed read",
    Reason.NODATA: "no data",
    Reason.SATURATED: "saturated",
    Reason.DEFECTIVE: "sensor defect",
    Reason.CLOUD: "cloud",
    Reason.SHADOW: "cloud shadow",
    Reason.SNOW: "snow",
}


@dataclass(frozen=True, slots=True)
class View:
    """One scene as seen at one structure. ``index``: its place in the cube. ``note``: what hides the footprint and how
    much, "" where nothing does; ``brief``: the same in a few letters. ``about``: everything else, for pointers."""

    index: int
    days: float
    when: str
    maker: str
    verdict: Verdict
    note: str
    brief: str
    about: str


def views(part: xr.Dataset, footprint: NDArray[np.bool_]) -> list[View]:
    """Every scene of ``part`` (a cube's window around the structure; ``footprint`` Bool[y, x]) judged, in time order."""
    return [view(part, i, footprint) for i in range(part.sizes["time"])]


def view(part: xr.Dataset, index: int, footprint: NDArray[np.bool_]) -> View:
    """One scene judged at ``footprint``, Bool[y, x]."""
    import numpy as np

    codes = part["reason"][index].values
    present = np.isfinite(part[values_name(part)][index].values).all(axis=0)
    verdict, note, brief = _judge(codes, present, footprint, said(part, "alignment", index) == "not aligned")
    when = dated(part, index)
    platform = platform_words(said(part, "platform", index))
    maker = " · ".join(dict.fromkeys(filter(None, (platform, said(part, "provider", index)))))
    facts = (when, maker, note, said(part, "scene_id", index), doubt_of(part, index))
    return View(index, days_of(part, index), when, maker, verdict, note, brief, ". ".join(filter(None, facts)))


def platform_words(name: str) -> str:
    """A STAC platform as its operator writes it: ``sentinel-2b`` -> ``Sentinel-2B``; other names as they are."""
    return f"{name[0].upper()}{name[1:-1]}{name[-1].upper()}" if re.fullmatch(r"(sentinel|landsat)-\w+", name) else name


def share_words(share: float) -> str:
    """A share as a whole per cent, never 0 % or 100 % unless it is exactly that."""
    return f"{min(max(round(100 * share), 1), 99) if 0 < share < 1 else round(100 * share)}\u00a0%"


def _judge(
    codes: NDArray[np.uint8], present: NDArray[np.bool_], footprint: NDArray[np.bool_], misaligned: bool
) -> tuple[Verdict, str, str]:
    import numpy as np

    if not present.any():
        failed = bool((codes == Reason.FAILED_READ).any())
        return ("failed", "failed read", "failed read") if failed else ("empty", "no data here", "no data")
    inside = codes[footprint]
    shares = {reason: float(np.mean(inside == reason)) for reason in _WORDS}
    worst = max(shares, key=lambda reason: shares[reason])
    usable = float(np.mean(inside == Reason.USABLE))
    note = brief = ""
    if shares[worst] > 0:
        note = f"{_WORDS[worst]} over {share_words(shares[worst])}"
        brief = f"{_WORDS[worst]} {share_words(shares[worst])}"
    if usable < ENOUGH:
        return "unusable", note, brief
    if misaligned:
        return "misaligned", f"not aligned; {note}" if note else "not aligned", "not aligned"
    return "usable", note, brief
