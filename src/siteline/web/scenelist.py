"""Every scene of a case in one list: those that somebody looked at and those with pixels, each acquisition once."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from siteline.cube.load import WAVELENGTHS
from siteline.model.imagery import FoundScene
from siteline.model.records import Observation, Scene
from siteline.model.scene import ImageScene
from siteline.model.span import Span
from siteline.model.states import NO_STATE
from siteline.web.live import Held

USABLE: Final = 0.9
"""Share of what is to be seen from which on a scene counts as usable."""

HIDDEN: Final = 0.1
"""Share below which it counts as not usable."""

Row = dict[str, Any]


def same_scene(found: Mapping[str, FoundScene], looked: Mapping[str, Scene]) -> dict[str, str]:
    """Ids of looked-at scenes -> ids of found ones that are the same acquisition: by the id, or the item's id in it."""
    items: dict[str, str] = {}
    for scene_id in found:
        items.setdefault(scene_id.partition("/")[2], scene_id)
    return {name: name if name in found else items[name] for name in looked if name in found or name in items}


def scene_rows(held: Held) -> list[Row]:
    """All scenes by time, those without a date last."""
    found = {scene.scene_id: scene for scene in held.found}
    looked = held.data.scenes
    same = same_scene(found, looked)
    by_scene: dict[str, list[Observation]] = {}
    for look in held.data.observations:
        by_scene.setdefault(same.get(look.scene_id, look.scene_id), []).append(look)
    back = {scene_id: name for name, scene_id in same.items()}
    rows = [
        _with_pixels(scene, held.images[key], looked.get(back.get(key, "")), by_scene.get(key, []), held.shares.get(key))
        for key, scene in found.items()
    ]
    rows += [_looked_at(scene, by_scene.get(name, [])) for name, scene in looked.items() if name not in same]
    return sorted(rows, key=lambda row: (math.inf if row["first"] is None else row["first"], row["id"]))


def bands_of(image: ImageScene) -> list[str]:
    """The bands of a scene by wavelength; those without a common name last."""
    held = dict.fromkeys(asset.band for asset in image.assets if asset.role == "data")
    return sorted(held, key=lambda band: WAVELENGTHS.index(band) if band in WAVELENGTHS else len(WAVELENGTHS))


def can_be_drawn(scene: FoundScene, image: ImageScene) -> bool:
    """Whether it names files with pixels, and may be loaded."""
    return scene.status != "quarantined" and not image.quarantined and any(a.role == "data" for a in image.assets)


def span_cells(span: Span) -> Row:
    """``first`` and ``last`` (days, None where not known) and ``text`` of a time."""
    first, last = span.first_day, span.last_day
    return {
        "first": first if math.isfinite(first) else None,
        "last": last if math.isfinite(last) else None,
        "text": span.text,
    }


def _with_pixels(
    scene: FoundScene, image: ImageScene, looked: Scene | None, looks: list[Observation], share: tuple[float, str] | None
) -> Row:
    pixels = can_be_drawn(scene, image)
    status, why = _status(scene, looks, share) if pixels else ("not", scene.why or "; ".join(image.problems))
    return {
        "id": scene.scene_id,
        "looked": looked is not None,
        "pixels": pixels,
        **span_cells(image.when),
        "provider": scene.provider or image.provider,
        "platform": scene.platform or image.platform,
        "sensor": image.sensor,
        "credit": scene.credit or image.credit,
        "gsd_m": image.gsd_m,
        "cloud_percent": scene.cloud_percent if scene.site_cloud_percent is None else scene.site_cloud_percent,
        "bounds": _bounds(image.footprint_wkt),
        "bands": bands_of(image),
        "masks": bool(image.masks),
        "status": status,
        "why": why,
        "off_nadir": image.off_nadir,
        "licence": scene.licence or image.licence,
        "duplicate": scene.status == "duplicate",
        "quantity": image.quantity,
    }


def _looked_at(scene: Scene, looks: list[Observation]) -> Row:
    status, why = _by_looks(looks) or ("usable", "")
    return {
        "id": scene.scene_id,
        "looked": True,
        "pixels": False,
        **span_cells(scene.when),
        "provider": scene.provider,
        "platform": scene.sensor,
        "sensor": "",
        "credit": scene.credit,
        "gsd_m": None,
        "cloud_percent": None,
        "bounds": None,
        "bands": [],
        "masks": False,
        "status": status,
        "why": why,
        "off_nadir": None,
        "licence": "",
        "duplicate": False,
        "quantity": "",
    }


def _status(scene: FoundScene, looks: list[Observation], share: tuple[float, str] | None) -> tuple[str, str]:
    """What it can be used for: by its measured footprints, else by those who looked, else by its clouds."""
    if scene.status == "duplicate":
        return "not", scene.why or "the same acquisition as another scene"
    if share is not None:
        part, reasons = share
        said = "" if part >= USABLE else reasons or f"{100 * part:.0f} % of the footprints could be measured"
        return _word(part), said
    if (told := _by_looks(looks)) is not None:
        return told
    for percent, where in ((scene.site_cloud_percent, "the site"), (scene.cloud_percent, "the whole product")):
        if percent is not None:
            clear = 1 - percent / 100
            return _word(clear), "" if clear >= USABLE else f"cloud over {percent:.0f} % of {where}"
    return "usable", ""


def _by_looks(looks: list[Observation]) -> tuple[str, str] | None:
    """What those who looked could tell; None where nobody did."""
    if not looks:
        return None
    blind = Counter(look.state for look in looks if look.state in NO_STATE)
    if not blind:
        return "usable", ""
    said = "; ".join(f"{word.replace('_', ' ')} in {count} of {len(looks)} looks" for word, count in blind.most_common())
    return ("not" if blind.total() == len(looks) else "partly"), said


def _word(share: float) -> str:
    return "usable" if share >= USABLE else "not" if share < HIDDEN else "partly"


def _bounds(wkt: str | None) -> list[float] | None:
    if not wkt:
        return None
    import shapely

    return [float(side) for side in shapely.from_wkt(wkt).bounds]


def looked_ids(held: Held) -> Iterator[tuple[str, str]]:
    """(id of a looked-at scene, id of its row in ``scene_rows``)."""
    same = same_scene({scene.scene_id: scene for scene in held.found}, held.data.scenes)
    for name in held.data.scenes:
        yield name, same.get(name, name)
