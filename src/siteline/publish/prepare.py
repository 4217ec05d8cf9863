"""Everything the report says, as plain values: one preparation for the HTML and the PDF, so that they cannot differ."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from siteline.model.dated import Dating, History, Transition
from siteline.model.records import CaseData, Observation
from siteline.model.weighed import Assessment, Weighing
from siteline.publish.anchors import anchor, web_address
from siteline.publish.figure import key_figure_svg, key_histories, key_positions, quiet_figure_svg, structure_figure_svg
from siteline.publish.glyphs import clean
from siteline.publish.look import bracket_words, day, day_range, likelihood, percent, span_words, state_word
from siteline.publish.method import method
from siteline.publish.ownlooks import OWN, is_own, look_names, own_looks, own_sources, side_words
from siteline.publish.pixelsection import PixelsShown, pixels_view
from siteline.publish.rows import structure_name
from siteline.publish.sections import claims, disagreements, matrix, positions, source_refs
from siteline.publish.words import event_phrase, join, plural, source_label

View = dict[str, Any]
Figures = Callable[[Callable[[int], str]], dict[str, str]]
"""Draws one figure at the widths a document needs: takes ``width -> svg``, gives ``{name: svg}``."""


def prepare(data: CaseData, dating: Dating, weighing: Weighing, figures: Figures, pixels: PixelsShown | None = None) -> View:
    """The view of a report. Values are text, numbers, lists and dicts; ``to`` holds the anchor of a record, or "".

    ``pixels`` is a key of the view only where pixels were measured.
    """
    known = look_names(data)
    key = [h.structure_id for h in key_histories(data, dating)]
    ordered = [*key, *(s for s in dating.histories if s not in key)]
    histories = [dating.histories[s] for s in ordered]
    seen = [h for h in histories if h.looks]
    changed = [h for h in seen if h.transitions]
    view = {
        "title": clean(data.settings.title) or "What changed, and when",
        "subtitle": clean(data.settings.subtitle),
        "facts": _facts(data, dating, pixels),
        "empty": "" if seen else _emptiness(data, measured=pixels is not None),
        "findings": [_assessment(data, a, known) for a in weighing.findings],
        "headline": headline(data, weighing),
        "key": figures(lambda width: key_figure_svg(data, dating, weighing, theme="auto", width=width)) if seen else {},
        "key_names": join([structure_name(data, s) for s in key]),
        "positions": positions(data, weighing, figures, lambda a: _assessment(data, a, known)),
        "structures": [_structure(data, h, weighing, figures, i, known) for i, h in enumerate(changed)],
        "quiet": _quiet(data, [h for h in seen if not h.transitions], weighing, figures),
        "unseen": [_unseen(data, h) for h in histories if not h.looks],
        "claims": claims(data, weighing, known),
        "matrix": matrix(data, weighing, lambda a: _assessment(data, a, known)),
        "disagreements": disagreements(data, weighing, known),
        "observations": [_observation(data, o) for o in data.observations],
        "sources": [_source(data, s) for s in data.sources],
        "own": bool(own_looks(data)),
        "method": method(data, dating, measured=pixels is not None),
    }
    return view if pixels is None else {**view, "pixels": pixels_view(data, pixels, figures)}


def headline(data: CaseData, weighing: Weighing) -> list[str]:
    """What the key figure shows, in one or two sentences; [] where nothing is left open."""
    open_ones = [p for p in key_positions(data, weighing) if not p.decided and p.transition.bracket.closed]
    if not open_ones:
        return []
    first = open_ones[0]
    same = [p for p in open_ones if p.transition.bracket == first.transition.bracket and p.event == first.event]
    names = {p.transition.structure_id for p in same}
    where = "" if len(names) > 1 or not names else f" of the {structure_name(data, first.transition.structure_id)}"
    what = first.transition.direction or state_word(first.transition.after_state)
    dates = bracket_words(first.transition.bracket.after, first.transition.bracket.by).replace(", by", " and by")
    return [
        f"{what.capitalize()}{where} began {dates}.",
        f"These images alone cannot say whether that was before or after {event_phrase(first.event)}.",
    ]


def observation_refs(ids: Iterable[str], known: Mapping[str, str]) -> list[dict[str, str]]:
    """Links to observations by what they are called (``look_names``); an id the case does not hold has no link."""
    return [{"text": known.get(i) or clean(i), "to": anchor("o", i) if i in known else ""} for i in dict.fromkeys(ids)]


def _assessment(data: CaseData, assessment: Assessment, known: Mapping[str, str]) -> View:
    number = ""
    if assessment.probability is not None:
        number = percent(assessment.probability)
        if assessment.low is not None and assessment.high is not None:
            number += f" (between {percent(assessment.low)} and {percent(assessment.high)} over prior rates)"
    return {
        "text": clean(assessment.text),
        "confidence": clean(assessment.confidence),
        "number": number,
        "observations": observation_refs(assessment.observation_ids, known),
        "sources": source_refs(data, assessment.source_ids),
    }


def _unseen(data: CaseData, history: History) -> View:
    undated = f"{plural(len(history.undated), 'look')}, none with a date." if history.undated else "No look at all."
    return {
        "name": structure_name(data, history.structure_id),
        "note": undated,
        "to": anchor("s", history.structure_id),
    }


def _about(data: CaseData, history: History) -> View:
    structure = data.structures.get(history.structure_id)
    usable = [look.word for look in history.looks if look.state is not None]
    told = f"{len(usable)} could tell the state" if usable else "none could tell the state: all obscured or not stated"
    span = day_range(history.looks[0].first, history.looks[-1].first)
    return {
        "name": structure_name(data, history.structure_id),
        "to": anchor("s", history.structure_id),
        "notes": clean(structure.notes) if structure else "",
        "looks": f"{plural(len(history.looks), 'look')}, {told}; {span}.",
        "undated": f"{plural(len(history.undated), 'further look')} without a date." if history.undated else "",
        "note": clean(history.note),
        "states": join([state_word(w) for w in dict.fromkeys(usable)]),
    }


def _structure(
    data: CaseData, history: History, weighing: Weighing, figures: Figures, index: int, known: Mapping[str, str]
) -> View:
    return {
        **_about(data, history),
        "figure": figures(
            lambda width: structure_figure_svg(data, history, weighing, theme="auto", width=width, prefix=f"s{index}-")
        ),
        "transitions": [_transition(n, t, known) for n, t in enumerate(history.transitions, 1)],
    }


def _quiet(data: CaseData, histories: list[History], weighing: Weighing, figures: Figures) -> View:
    if not histories:
        return {"figure": {}, "items": []}
    return {
        "figure": figures(lambda width: quiet_figure_svg(data, histories, weighing, theme="auto", width=width)),
        "items": [_about(data, h) for h in histories],
    }


def _transition(number: int, change: Transition, known: Mapping[str, str]) -> View:
    after, by = change.bracket.after, change.bracket.by
    return {
        "number": number,
        "from": state_word(change.before),
        "to_state": state_word(change.after_state),
        "state": change.to_state,
        "after": day(after) if after is not None else "no earlier look",
        "by": day(by) if by is not None else "no later look",
        "half": day_range(*change.interval50),
        "ninety": day_range(*change.interval90),
        "likelihood": f"{likelihood(change.probability)} ({percent(change.probability)})",
        "deciding": observation_refs(change.deciding, known),
        "dissenting": observation_refs(change.dissenting, known),
        "unusable": observation_refs(change.unusable, known),
    }


def _observation(data: CaseData, o: Observation) -> View:
    scene = data.scenes.get(o.scene_id)
    source = data.sources.get(o.source_id)
    own = is_own(o.observation_id, o.observer)
    provider = scene.provider if scene and scene.provider != "not stated" else ""
    return {
        "id": side_words(o) if own else clean(o.observation_id),
        "to": anchor("o", o.observation_id),
        "structure": structure_name(data, o.structure_id),
        "structure_to": anchor("s", o.structure_id) if o.structure_id in data.structures else "",
        "when": span_words(o.when) or "not stated",
        "state": clean(state_word(o.state)),
        "confidence": clean(o.confidence),
        "text": clean(o.paraphrase),
        "who": OWN if own else clean(o.observer or (source.publisher if source else "")),
        "scene": clean(" · ".join(filter(None, (provider, scene.credit if scene else "")))),
        "source": source_refs(data, [o.source_id] if o.source_id else []),
    }


def _source(data: CaseData, source_id: str) -> View:
    source = data.sources[source_id]
    return {
        "id": clean(source_id),
        "to": anchor("d", source_id),
        "label": source_label(data.sources, source_id),
        "authors": clean(source.authors.replace(";", ",")),
        "title": clean(source.title),
        "url": web_address(source.url) or "",
        "address": clean(source.url),
        "repeats": source_refs(data, source.repeats),
    }


def _facts(data: CaseData, dating: Dating, pixels: PixelsShown | None) -> str:
    looks = [look for h in dating.histories.values() for look in h.looks]
    period = data.settings.period_span()
    own = len(own_looks(data))
    parts = [
        plural(len(data.observations) - own, "observation"),
        plural(own, "look of siteline’s own, from pixels", "looks of siteline’s own, from pixels") if own else "",
        plural(len({m.scene_id for m in pixels.measured}), "scene measured", "scenes measured")
        if pixels is not None
        else plural(len(data.scenes), "scene"),
        plural(len(data.sources) - len(own_sources(data)), "source"),
        plural(len(data.claims), "published claim"),
    ]
    if period:
        parts.append(day_range(period[0], period[1] - 1))
    elif looks:
        parts.append(day_range(min(x.first for x in looks), max(x.first for x in looks)))
    return " · ".join(filter(None, parts))


def _emptiness(data: CaseData, *, measured: bool) -> str:
    if measured:
        return "No observation by people carries a date that can be used. What follows rests on the pixels alone."
    if not data.observations:
        return "This case holds no observations yet. There is nothing to date, and this report says nothing about the site."
    return "None of the observations carries a date that can be used, so nothing can be placed in time."
