"""The whole case as one JSON value for the page. Pure: what is known goes in, a dict comes out.

Times are days since 1970-01-01T00:00Z beside their ISO text; None stands for what is not known, never a number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from siteline.dating.factors import posteriors
from siteline.model.changed import known
from siteline.model.dated import History, Posterior, Transition
from siteline.model.records import Observation
from siteline.model.settings import Settings
from siteline.model.span import iso
from siteline.model.states import KNOWN_WORDS, STATES, canonical
from siteline.model.tables import CONFIDENCES
from siteline.model.weighed import EventPosition
from siteline.publish.look import DARK, LIGHT, STATE_STYLES, bracket_words, day_range, likelihood, percent, state_word
from siteline.publish.rows import bands
from siteline.web.answers import detection, posterior_cells, version_of, weighed
from siteline.web.live import Held
from siteline.web.scenelist import looked_ids, scene_rows, span_cells

FACTORS: Final = tuple(float(factor) for factor in np.geomspace(0.2, 5.0, 21))
"""On all prior rates: from a fifth to five times, evenly in the logarithm; the middle one is 1."""

Json = dict[str, Any]


def state(held: Held, *, case: str, read_only: bool, memory: Memory) -> Json:
    """The page's picture of the case ``case`` (its file name). ``memory``: of the earlier states of the same case."""
    data, settings = held.evidence, held.data.settings
    words = {word: canonical(word, settings.vocabulary) for word in (*KNOWN_WORDS, *settings.vocabulary)}
    return {
        "revision": held.revision,
        "title": settings.title,
        "subtitle": settings.subtitle,
        "case": case,
        "read_only": read_only,
        "period": _period(held),
        "styles": _styles(),
        "words": [{"word": word, "state": found} for word, found in words.items()],
        "confidences": list(CONFIDENCES),
        "structures": _structures(held),
        "scenes": scene_rows(held),
        "observations": memory.observations(held, words, dict(looked_ids(held))),
        "events": [
            {
                "id": e.event_id,
                **span_cells(e.when),
                "what": e.what,
                "place": e.place,
                "source": e.source_id,
                "key": e.event_id in settings.key_events,
                "version": version_of(held, "events", e.event_id),
            }
            for e in data.events.values()
        ],
        **weighed(held),
        "positions": [_position(p, held, memory) for p in held.weighing.positions],
        "sources": [
            {
                "id": s.source_id,
                "publisher": s.publisher,
                "authors": s.authors,
                "title": s.title,
                "url": s.url,
                "published": s.published.text,
                "repeats": list(s.repeats),
                "version": version_of(held, "sources", s.source_id),
            }
            for s in data.sources.values()
        ],
        "detections": [detection(found) for found in held.detected],
    }


class Memory:
    """What need not be worked out again for the next state of the same case: most of it is as it was."""

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self._curves: dict[str, tuple[tuple[Observation, ...], Settings, list[list[Posterior]]]] = {}
        self._words: Mapping[str, str | None] = {}
        self._rows: dict[str, tuple[Observation, Json]] = {}

    def before(self, held: Held, transition: Transition, number: int, day: float) -> list[float]:
        """P(the change ``number`` of its structure came before ``day``), for each of ``FACTORS``."""
        name, settings = transition.structure_id, held.data.settings
        looks = tuple(o for o in held.evidence.observations if o.structure_id == name)
        known = self._curves.get(name)
        if known is None or known[:2] != (looks, settings):
            known = self._curves[name] = (looks, settings, posteriors(looks, settings, name, FACTORS))
        return [round(posterior.cdf(day), 6) for posterior in known[2][number]]

    def observations(self, held: Held, words: Mapping[str, str | None], scenes: Mapping[str, str]) -> list[Json]:
        """All looks, those from pixels last. ``words``: the states; ``scenes``: ids of looked-at scenes -> in the list."""
        if words != self._words:
            self._words, self._rows = dict(words), {}
        versions, own, rows = held.versions["observations"], len(held.data.observations), []
        for n, o in enumerate(held.evidence.observations):
            known = self._rows.get(o.observation_id)
            if known is None or known[0] is not o:
                known = self._rows[o.observation_id] = (o, _observation(o, words, machine=n >= own))
            row = known[1]
            row["scene"], row["version"] = scenes.get(o.scene_id, o.scene_id), versions.get(o.observation_id, 0)
            rows.append(row)
        return rows


def _styles() -> Json:
    return {
        name: {
            "label": style.label,
            "height": style.height,
            "hatch": style.hatch,
            "light": LIGHT[name],
            "dark": DARK[name],
        }
        for name, style in STATE_STYLES.items()
    }


def _period(held: Held) -> list[float] | None:
    """That of the settings, else the extent of looks, scenes with pixels and key events; None where there is nothing."""
    if (set_ := held.data.settings.period_span()) is not None:
        return [*set_]
    key = held.data.settings.key_events
    spans = [o.when for o in held.data.observations]
    spans += [image.when for image in held.images.values()]
    spans += [held.data.events[name].when for name in key if name in held.data.events]
    days = [day for span in spans for day in (span.first_day, span.last_day) if math.isfinite(day)]
    return [min(days), max(days)] if days else None


def _structures(held: Held) -> list[Json]:
    import shapely
    from shapely.geometry import mapping

    made = []
    for key, structure in held.data.structures.items():
        history = held.dating.histories[key]
        wkt = structure.geometry_wkt
        made.append(
            {
                "id": key,
                "name": structure.name or key,
                "kind": structure.kind,
                "aliases": structure.aliases,
                "notes": structure.notes,
                "key": key in held.data.settings.key_structures,
                "geometry": mapping(shapely.from_wkt(wkt)) if wkt else None,
                "version": version_of(held, "structures", key),
                "segments": _segments(history),
                "transitions": [_transition(key, n, t) for n, t in enumerate(history.transitions)],
                "sentence": _sentence(history),
            }
        )
    return made


def _segments(history: History) -> list[Json]:
    """What is held between looks that agree, with the mean P(state) over that time."""
    made = []
    for band in bands(history):
        low, high = history.edges[:-1], history.edges[1:]
        shared = np.clip(np.minimum(high, band.end) - np.maximum(low, band.start), 0.0, None)
        inside = (low <= band.start) & (high >= band.end) if not shared.any() else shared > 0
        weights = np.where(inside, np.maximum(shared, 1e-9), 0.0)
        told = history.states[:, STATES.index(band.state)] if band.state in STATES else None
        share = None if told is None or not weights.any() else round(float((told * weights).sum() / weights.sum()), 4)
        made.append({"first": band.start, "last": band.end, "state": band.state, "probability": share})
    return made


def transition_id(structure_id: str, number: int) -> str:
    """The id of a structure's change, counted from 0 in time order."""
    return f"{structure_id}#{number}"


def _transition(key: str, number: int, t: Transition) -> Json:
    after, by = t.bracket.after, t.bracket.by
    return {
        "id": transition_id(key, number),
        "from": t.before,
        "to": t.after_state,
        "from_state": t.from_state,
        "to_state": t.to_state,
        "direction": t.direction,
        "after": after,
        "by": by,
        "after_iso": None if after is None else iso(after),
        "by_iso": None if by is None else iso(by),
        "interval50": list(t.interval50),
        "interval90": list(t.interval90),
        "probability": round(t.probability, 4),
        "by_pixels": t.by_pixels,
        "posterior": posterior_cells(t.posterior),
        "deciding": list(t.deciding),
        "dissenting": list(t.dissenting),
        "unusable": list(t.unusable),
    }


def _sentence(history: History) -> str:
    """What is known of a structure, in one line."""
    if not history.looks:
        return history.note[:1].upper() + history.note[1:] + "." if history.note else ""
    usable = [look for look in history.looks if look.state is not None]
    span = day_range(history.looks[0].first, history.looks[-1].first)
    if not usable:
        return f"{len(history.looks)} looks, {span}; none could tell the state."
    if not history.transitions:
        words = " or ".join(dict.fromkeys(state_word(look.word) for look in usable))
        return f"{words.capitalize()} in all {len(usable)} looks that could tell, {span}; no change between them."
    last = history.transitions[-1]
    chance = f"{likelihood(last.probability)}, {percent(last.probability)}"
    change = f"{state_word(last.before)} to {state_word(last.after_state)}"
    origin = " The date is from pixels, the states are from people." if last.by_pixels else ""
    return f"{change.capitalize()} {bracket_words(last.bracket.after, last.bracket.by)} ({chance}).{origin}"


def _observation(o: Observation, words: Mapping[str, str | None], *, machine: bool) -> Json:
    return {
        "id": o.observation_id,
        "structure": o.structure_id,
        "scene": o.scene_id,
        "image_id": o.scene_id,
        **span_cells(o.when),
        "state": o.state,
        "canonical": words.get(o.state),
        "activity": o.activity,
        "confidence": o.confidence,
        "observer": o.observer,
        "source": o.source_id,
        "paraphrase": o.paraphrase,
        "machine": machine,
        "version": 0,
    }


def _position(p: EventPosition, held: Held, memory: Memory) -> Json:
    name = p.transition.structure_id
    number = _index(held.dating.histories[name].transitions, p.transition)
    return {
        "event": p.event.event_id,
        "structure": name,
        "transition": transition_id(name, number),
        "decided": p.decided,
        "by_pixels": p.transition.by_pixels,
        "text": p.assessment.text,
        "confidence": p.assessment.confidence,
        "factors": [round(factor, 4) for factor in FACTORS],
        "before": memory.before(held, p.transition, number, p.event.when.first_day),
        "lines": [
            {"label": line.label, "claims": list(line.claim_ids), "probability": known(line.probability)} for line in p.lines
        ],
    }


def _index(transitions: Sequence[Transition], wanted: Transition) -> int:
    return next(n for n, transition in enumerate(transitions) if transition is wanted)
