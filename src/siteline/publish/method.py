"""Method and limits in plain words, with the case's own settings; printed at the end of every report."""

from __future__ import annotations

from typing import Any

from siteline.model.dated import Dating
from siteline.model.records import CaseData
from siteline.publish.glyphs import clean
from siteline.publish.ownlooks import own_looks
from siteline.publish.words import plural

LIKELIHOOD = (
    ("almost no chance", "1–5 %"),
    ("very unlikely", "5–20 %"),
    ("unlikely", "20–45 %"),
    ("roughly even chance", "45–55 %"),
    ("likely", "55–80 %"),
    ("very likely", "80–95 %"),
    ("almost certain", "95–99 %"),
)

_BLIND = (
    "siteline did not look at the images itself: every look here was written by a person or taken from a published source."
)
_SIGHTED = (
    "Every look was written by a person or taken from a published source; what siteline measured in the images itself is "
    "kept apart from it."
)
_OWN = (
    "Looks were written by a person or taken from a published source, but for those that siteline added itself: these are "
    "drawn as diamonds and called “siteline, from pixels”. Where siteline found a change in the pixels, and people name one "
    "state before it and another after it, the two scenes that enclose the change count as looks: their dates are measured, "
    "their states are the ones that people name, and they check no claim of those people. Everything else that siteline "
    "measured is kept apart."
)
_PIXELS = (
    (
        "How the pixels were read",
        "In every scene the structure's footprint is measured against its surroundings and against places that behaved "
        "alike before. Scenes that may be compared form a stack: one sensor, or one radar orbit. Each stack is searched for "
        "steps and ramps on top of its seasons; the evidence is a Bayes factor, which the prior does not enter. Stacks add "
        "up their evidence; where one contradicts another it is shown and not averaged away. Dates lie between two scenes, "
        "and the curve over them holds the true date as often as it says: that was set with changes put into these images.",
    ),
    (
        "How often the pixels mislead",
        "The same footprint is laid in many places where nothing is known to have changed; the share that shows as much is "
        "the rate of false alarms. Changes of known size, contrast and date are put into these images; the share found says "
        "what would have been missed. Both speak of these images alone, and only of changes like those put in.",
    ),
)
_TEXTS = (
    (
        "What a look is",
        "Somebody looked at one structure in one image and wrote down its state and how sure the label is. A look "
        "that could not tell, because the ground was hidden or the state was not reported, is kept and shown as such; "
        "it counts neither for nor against a change. " + _BLIND,
    ),
    (
        "What a bracket is",
        "A change lies after the last look without it and by the first look with it. The bracket is evidence alone. "
        "Its first date is not the start of the change: it is the last image without it.",
    ),
    (
        "Where the dates inside a bracket come from",
        "Within a bracket the images say nothing more. The 50 % and 90 % intervals come from a model of how "
        "structures change (a hidden Markov model over states, with declared rates and label errors). Every "
        "probability that leans on those rates is given with the range it takes when all rates are divided and "
        "multiplied by five. Where an event falls inside a bracket, the report says first that the images cannot "
        "decide, and only then gives the number.",
    ),
    (
        "How claims are checked",
        "Each published claim is held against the looks of others: its own source, and sources that only repeat it, "
        "are left out. What changes when they count is shown beside it. Articles that repeat one another are one line "
        "of evidence. A claim that goes further than the evidence may still be true; the evidence here does not carry "
        "it.",
    ),
    (
        "What the hypotheses matrix is not",
        "It shows which explanation has the least against it, by readings that somebody made and signed. It is never "
        "a verdict on intentions, and an explanation nobody wrote down is not in it.",
    ),
    (
        "Likelihood and confidence",
        "Likelihood words stand for the ranges in the table (Intelligence Community Directive 203). Confidence is about the "
        "quality of the evidence and is kept in a sentence of its own.",
    ),
    (
        "What this report cannot know",
        "What no image shows; images that nobody published or wrote down; and errors that all sources share. A date "
        "is only as good as the acquisition date its source gives. Days are calendar days in UTC unless a time is "
        "given.",
    ),
)


def _with_pixels(*, own: bool) -> tuple[tuple[str, str], ...]:
    """The same, where siteline also measured the images: what it did not look at is corrected, what it did is added.

    ``own``: whether looks of its own are among the observations.
    """
    corrected = tuple((title, text.replace(_BLIND, _OWN if own else _SIGHTED)) for title, text in _TEXTS)
    return *corrected[:-1], *_PIXELS, corrected[-1]


def method(data: CaseData, dating: Dating, *, measured: bool = False) -> dict[str, Any]:
    """Paragraphs, the table of likelihood words, and what this case sets differently from the defaults.

    ``measured``: whether siteline measured the images itself, which is then explained.
    """
    undated = sum(len(h.undated) for h in dating.histories.values())
    notes = []
    if undated:
        notes.append(f"{plural(undated, 'look')} without a usable date could not enter the dating.")
    settings = data.settings
    for label, chosen in (("Prior rates per year", settings.rates), ("Share of wrong labels", settings.noise)):
        if chosen:
            listed = "; ".join(f"{name} {value:g}" for name, value in sorted(chosen.items()))
            notes.append(clean(f"{label} set in this case: {listed}."))
    if settings.vocabulary:
        listed = "; ".join(f"{word} = {state}" for word, state in sorted(settings.vocabulary.items()))
        notes.append(clean(f"State words of this case: {listed}."))
    texts = _with_pixels(own=bool(own_looks(data))) if measured else _TEXTS
    return {
        "texts": [{"title": title, "text": clean(text)} for title, text in texts],
        "words": [{"word": word, "range": share} for word, share in LIKELIHOOD],
        "notes": notes,
    }
