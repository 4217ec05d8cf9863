"""Which scenes may lie in one series: optical ones together, radar only of one relative orbit and direction."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from siteline.model.errors import MixedStack
from siteline.model.scene import ImageScene

OPTICAL = "optical"


def stacks(scenes: Sequence[ImageScene]) -> dict[str, list[ImageScene]]:
    """Scenes by the series they may lie in: ``optical``, or ``radar 137 ascending``; in the order they came.

    Radar backscatter depends on the direction it is looked at from: each relative orbit and direction is a stack of its own.
    Where the orbit is not known, one tile or burst is (``radar unknown orbit T137-292319-IW2``): one burst is seen from one
    orbit; without a tile either, each scene stands alone.
    """
    found: dict[str, list[ImageScene]] = {}
    for scene in scenes:
        found.setdefault(_name(scene), []).append(scene)
    return found


def one_stack(scenes: Sequence[ImageScene]) -> str:
    """The name of the one stack that ``scenes`` form. Raises ``MixedStack`` where they form several."""
    names = list(stacks(scenes))
    if len(names) > 1:
        raise MixedStack(names)
    return names[0]


def changes(scenes: Sequence[ImageScene]) -> dict[str, str]:
    """Doubts by scene id: where platform or processor differ from those of the radar scene before, in the order given."""
    doubts: dict[str, str] = {}
    for before, scene in pairwise(scenes):
        if scene.sensor != "radar":
            continue
        said = [
            f"{word} changes from {old or 'unknown'} to {new or 'unknown'} here"
            for word, old, new in (
                ("platform", before.platform, scene.platform),
                ("processor", before.baseline, scene.baseline),
            )
            if old != new
        ]
        if said:
            doubts[scene.scene_id] = "; ".join(said)
    return doubts


def _name(scene: ImageScene) -> str:
    if scene.sensor != "radar":
        return OPTICAL
    direction = scene.orbit_state.casefold()
    if scene.relative_orbit is not None:
        return " ".join(filter(None, ("radar", str(scene.relative_orbit), direction)))
    return " ".join(filter(None, ("radar unknown orbit", scene.tile or scene.scene_id, direction)))
