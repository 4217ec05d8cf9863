"""The section "What the pixels show" as plain values: one block per structure, maps, and structures that did not change."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from siteline.model.changed import ALL, Detected, Measured, PixelChange, Trust
from siteline.model.records import CaseData, Event
from siteline.publish.anchors import anchor
from siteline.publish.changemap import map_svg
from siteline.publish.glyphs import clean
from siteline.publish.look import day_only
from siteline.publish.mapvalues import ChangeMap, chance_words, map_words
from siteline.publish.ownlooks import own_looks
from siteline.publish.placeboplot import placebo_svg
from siteline.publish.powerplot import power_svg
from siteline.publish.rows import structure_name
from siteline.publish.sections import Figures, View
from siteline.publish.seriesdata import Series, poor
from siteline.publish.seriesplot import series_svg
from siteline.publish.svg import document, tag
from siteline.publish.unseen import Verdict, alarm_words, missed_words, verdict
from siteline.publish.words import event_phrase, plural

FEW: Final = 4
"""Up to so many structures each has a block of its own, changed or not."""
_PIXELS_PER_UNIT: Final = 2


@dataclass(frozen=True, slots=True)
class PixelsShown:
    """What the pixels of a case show, as a report takes it.

    ``detected``: the answers about every structure, stack by stack and for all stacks together. ``measured``: the rows
    they rest on. ``trust``: of each structure, that for all stacks, else the first. ``placebos``: log Bayes factors of the
    placebos by structure. ``chips``: a contact sheet (PNG) by structure. ``maps``: of change. ``labels``: what a stack is
    called. ``credits``: who made the images.
    """

    detected: tuple[Detected, ...]
    measured: tuple[Measured, ...] = ()
    trust: tuple[Trust, ...] = ()
    placebos: Mapping[str, Sequence[float]] = field(default_factory=dict)
    chips: Mapping[str, bytes] = field(default_factory=dict)
    maps: tuple[ChangeMap, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    credits: tuple[str, ...] = ()


def pixels_view(data: CaseData, shown: PixelsShown, figures: Figures) -> View:
    """The section's values: ``lede``, ``blocks``, ``quiet`` (structures in one line), ``maps``, ``credits``."""
    ids = list(dict.fromkeys([*data.structures, *(d.structure_id for d in shown.detected)]))
    measured = {d.structure_id for d in shown.detected} | {m.structure_id for m in shown.measured}
    series = {i: series_of(data, shown, i) for i in ids if i in measured}
    told = {i: verdict(s.combined, s.trust, s.apart, shown.labels) for i, s in series.items()}
    full = [
        i for i in series if told[i].changed or told[i].doubts or i in data.settings.key_structures or len(series) <= FEW
    ]
    full.sort(key=lambda i: not told[i].changed)
    return {
        "lede": _lede(shown, list(told.values()), own=bool(own_looks(data))),
        "blocks": [_block(data, shown, i, series[i], told[i], figures, n) for n, i in enumerate(full)],
        "quiet": [_line(data, i, series[i], told[i]) for i in series if i not in full],
        "unmeasured": [structure_name(data, i) for i in ids if i not in measured],
        "maps": [_map(values, figures, n) for n, values in enumerate(shown.maps)],
        "credits": clean(" ".join(_stop(c) for c in dict.fromkeys(shown.credits))),
    }


def series_of(data: CaseData, shown: PixelsShown, structure_id: str) -> Series:
    """Everything about one structure, for ``series_svg``; events are the key events of the case."""
    trust = [t for t in shown.trust if t.structure_id == structure_id]
    return Series(
        structure_name(data, structure_id),
        tuple(d for d in shown.detected if d.structure_id == structure_id),
        tuple(m for m in shown.measured if m.structure_id == structure_id),
        next(iter(sorted(trust, key=lambda t: t.stack != ALL)), None),
        tuple(data.events[e] for e in data.settings.key_events if e in data.events),
        data.settings.period_span(),
        shown.labels,
    )


def picture_svg(png: bytes) -> str:
    """A finished PNG (two pixels per unit) as a figure that a page or the PDF can hold."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        width, height = (side / _PIXELS_PER_UNIT for side in image.size)
    address = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    return document("Contact sheet", tag("image", width=width, height=height, href=address), width, height)


def straddled(changes: Sequence[PixelChange], events: Sequence[Event]) -> list[str]:
    """A sentence for every event that lies inside a bracket: the images cannot say on which side of it the change lies."""
    out = []
    for event in events:
        start, end = event.when.first_day, event.when.last_day
        for change in changes:
            after, by = change.bracket.after, change.bracket.by
            if after is not None and by is not None and after < end and by > start:
                phrase = event_phrase(event)
                out.append(
                    f"{phrase[:1].upper()}{phrase[1:]} falls inside the bracket: "
                    "these images alone cannot say whether the change came before or after it."
                )
    return out


def _block(
    data: CaseData, shown: PixelsShown, structure_id: str, series: Series, told: Verdict, figures: Figures, index: int
) -> View:
    trust, found = series.trust, series.combined
    placebos = shown.placebos.get(structure_id, ())
    png = shown.chips.get(structure_id)
    has_power = trust is not None and bool(trust.power)
    evidence = found.evidence if found else float("nan")
    spoke = found is not None and math.isfinite(evidence) and found.scenes > 0  # else no place can show as much
    return {
        "name": series.name,
        "to": anchor("px", structure_id),
        "structure_to": anchor("s", structure_id) if structure_id in data.structures else "",
        "headline": clean(told.headline),
        "weight": clean(_weight(told)),
        "scenes": _scenes(series),
        "straddled": [clean(text) for text in straddled(found.changes if found else (), series.events)],
        "doubts": [clean(text) for text in (*told.doubts, *_hidden_ends(series))],
        "figure": figures(lambda width: series_svg(series, width=width, prefix=f"px{index}-")),
        "missed": [clean(text) for text in missed_words(trust)],
        "power": figures(lambda width: power_svg(trust, width=width, prefix=f"pw{index}-")) if trust and has_power else {},
        "alarms": clean(alarm_words(trust, changed=told.changed)) if spoke else "",
        "placebos": figures(
            lambda width: placebo_svg(placebos, evidence, trust, changed=told.changed, width=width, prefix=f"pl{index}-")
        )
        if trust and spoke and len(placebos)
        else {},
        "note": clean(trust.note) if trust else "",
        "chips": figures(lambda width: picture_svg(png)) if png else {},
        "tall": _is_tall(png) if png else False,
    }


def _line(data: CaseData, structure_id: str, series: Series, told: Verdict) -> View:
    return {
        "name": series.name,
        "to": anchor("px", structure_id),
        "headline": clean(told.headline),
        "weight": clean(_weight(told)),
        "scenes": _scenes(series),
        "missed": [clean(text) for text in missed_words(series.trust)[:1]],
    }


def _map(values: ChangeMap, figures: Figures, index: int) -> View:
    words = map_words(values)
    return {
        "headline": f"{words[:1].upper()}{words[1:]}.",
        "chance": chance_words(values),
        "figure": figures(lambda width: map_svg(values, width=width, prefix=f"map{index}-")),
    }


def _lede(shown: PixelsShown, told: Sequence[Verdict], *, own: bool) -> str:
    changed = sum(t.changed for t in told)
    scenes = len({(m.stack, m.scene_id) for m in shown.measured})
    stacks = len({d.stack for d in shown.detected if d.stack != ALL} | {m.stack for m in shown.measured})
    took = f"siteline measured {plural(len(told), 'structure')} in {plural(scenes, 'scene')} of {plural(stacks, 'stack')}"
    found = {0: "found no change", 1: "found a change in one of them"}.get(changed, f"found a change in {changed} of them")
    found = "found a change" if changed == len(told) == 1 else found
    beside = "it is evidence beside what people wrote."
    if own:
        beside = (
            "where people name the states before and after a change, its dates also stand in the timelines, as looks of "
            "siteline’s own."
        )
    return f"{took} and {found}. Nobody’s reading of the images enters here; {beside}"


def _hidden_ends(series: Series) -> list[str]:
    """A sentence for every scene that bounds a change of all stacks together and shows only a part of the footprint."""
    out = []
    for change in series.combined.changes if series.combined else ():
        for what, at, scene in (
            ("last scene without it", change.bracket.after, change.after_scene),
            ("first scene with it", change.bracket.by, change.by_scene),
        ):
            if at is not None and (hides := poor(series.measured, scene)):
                out.append(f"The {what} ({day_only(at)}) is partly hidden: {hides}.")
    return out


def _weight(told: Verdict) -> str:
    return " ".join(filter(None, (f"A change: {told.likelihood}." if told.likelihood else "", told.evidence)))


def _scenes(series: Series) -> str:
    found = series.combined
    return f"{plural(found.scenes, 'date')} used." if found and found.scenes else ""


def _is_tall(png: bytes) -> bool:
    """Whether a sheet of the full width would not fit on a printed page."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        return bool(image.size[1] > 1.25 * image.size[0])


def _stop(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
