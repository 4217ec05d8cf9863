"""What the pixels say in sentences: the verdict on one structure, what would have been missed, how often this is wrong.

Likelihood words stand for numbers and only where the images speak; the evidence is told apart from the prior.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from siteline.model.changed import Detected, PixelChange, Power, Trust
from siteline.publish.glyphs import clean
from siteline.publish.look import bracket_words, day_range, likelihood, percent
from siteline.publish.words import join, plural

BARE: Final = math.log(3.0)
"""Log Bayes factor below which evidence is not worth more than a bare mention (Kass and Raftery 1995, section 3.2)."""
RELIABLE: Final = 0.9
UNRELIABLE: Final = 0.5
ORDINARY: Final = 0.15
"""Share of unchanged places that show as much, from which on a structure's evidence is told from chance no longer."""
UNDETERMINED: Final = "It cannot be determined from these images whether it changed"
_SD: Final = ("sd", "sigma", "standard deviations")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the images say of one structure. ``headline``: the finding, without a full stop; ``likelihood``: word and number
    of a change, "" where the images do not speak; ``evidence``: what they weigh apart from the prior; ``doubts``: one
    sentence each, conflicts between stacks among them; ``changed``: whether a change was found."""

    headline: str
    likelihood: str
    evidence: str
    doubts: tuple[str, ...]
    changed: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """A power curve read off: ``seen`` is the smallest size from which on changes are found with at least 0.9, ``missed``
    the largest below it found with less than 0.5; None where no size put in is such. ``curve``: its points by size."""

    curve: tuple[Power, ...]
    seen: Power | None
    missed: Power | None


def verdict(
    detected: Detected | None,
    trust: Trust | None = None,
    others: Sequence[Detected] = (),
    labels: Mapping[str, str] = MappingProxyType({}),
) -> Verdict:
    """The verdict of ``detected`` (of several stacks: of all together).

    ``others``: the stacks by themselves, whose doubts count too; ``labels``: what they are called.
    """
    if detected is None:
        why = "its stacks were not weighed together" if others else "it was not measured"
        return Verdict(f"{UNDETERMINED}: {why}", "", "", (), changed=False)
    doubts = tuple(_sentence(clean(d)) for d in _each(detected, others, labels))
    if detected.scenes == 0 or detected.note:
        why = clean(detected.note).strip().rstrip(".") or "no scene shows it"
        return Verdict(f"{UNDETERMINED}: {_lower(why)}", "", "", doubts, changed=False)
    weight = evidence_words(detected)
    told = f"{likelihood(detected.probability)} ({percent(detected.probability)})"
    if detected.changes:
        return Verdict(changed_words(detected.changes), told, weight, doubts, changed=True)
    if not math.isfinite(detected.evidence) or abs(detected.evidence) < BARE:
        return Verdict(f"{UNDETERMINED}; they weigh neither for nor against it", "", weight, doubts, changed=False)
    if detected.evidence > 0:
        return Verdict(_below(trust), "", _short_of(detected), doubts, changed=False)
    if trust is not None and trust.power and not any(r.seen for r in readings(trust.power)):
        lost = f"No change found, but few would have been. {UNDETERMINED}"
        return Verdict(lost, "", weight, doubts, changed=False)
    return Verdict(f"No change found; {_tested(trust)}", told, weight, doubts, changed=False)


def changed_words(changes: Sequence[PixelChange]) -> str:
    """``Changed after 16 Feb, by 2 Mar 2019 (95 %: 20 Feb – 1 Mar 2019)``."""
    told = [f"{dates(c)} (95\u00a0%: {day_range(*c.interval95)})" for c in changes]
    if len(changes) == 1 and changes[0].shape == "ramp":
        took = plural(max(1, round(changes[0].ramp_days)), "day")
        return f"Began to change {told[0]}, and took about {took}"
    if len(changes) == 1:
        return f"Changed {told[0]}"
    times = {2: "twice", 3: "three times"}.get(len(changes), f"{len(changes)} times")
    return f"Changed {times}: {join(told)}"


def dates(change: PixelChange) -> str:
    """A bracket by its calendar days; with the time of day where both looks are of one day."""
    after, by = change.bracket.after, change.bracket.by
    if after is not None and by is not None and math.floor(after) == math.floor(by):
        return bracket_words(after, by)
    return bracket_words(*(None if at is None else float(math.floor(at)) for at in (after, by)))


def evidence_words(detected: Detected) -> str:
    """What the images alone weigh, and what the prior adds: two numbers that are never folded into one."""
    weight = detected.evidence
    if not math.isfinite(weight):
        return ""
    says = f"log Bayes factor {weight:.1f}".replace("-", "−")
    if abs(weight) < BARE:
        told = f"The images hardly move the odds of a change ({says}), whatever one believed before."
    else:
        verb = "multiply" if weight > 0 else "divide"
        told = f"The images {verb} the odds of a change by {_factor(abs(weight))} ({says}), whatever one believed before."
    prior = _prior(detected)
    return told if prior is None else f"{told} The prior put a change at {percent(prior)}."


def _below(trust: Trust | None) -> str:
    """Evidence that is no finding: what it is worth is how rarely unchanged places show as much, not its own odds."""
    if trust is None or trust.placebos == 0:
        return "No change told from chance: how often unchanged places show as much was not tested"
    often = f"{percent(trust.false_alarm)} of unchanged places show as much"
    if trust.false_alarm >= ORDINARY:
        return f"No change told from chance: {often}"
    return f"Some evidence of a change, below the threshold for a finding: {often}"


def _short_of(detected: Detected) -> str:
    says = f"The images give a log Bayes factor of {detected.evidence:.1f} for a change"
    if not math.isfinite(detected.threshold):
        return f"{says}."
    return f"{says}; a finding needs {detected.threshold:.1f}, which unchanged places rarely reach."


def readings(power: Sequence[Power]) -> list[Reading]:
    """Each curve (one contrast and duration) read off; strongest contrast first, lasting changes before passing ones."""
    groups: dict[tuple[float, str, float], list[Power]] = {}
    for point in power:
        groups.setdefault((point.contrast, point.unit, point.days), []).append(point)
    ordered = sorted(groups.values(), key=lambda g: (-g[0].days, -abs(g[0].contrast), g[0].unit))
    return [_read(sorted(group, key=lambda p: p.size_m)) for group in ordered]


def missed_words(trust: Trust | None) -> list[str]:
    """What would have been missed, a sentence for each curve; says so where it was not tested."""
    if trust is None or not trust.power:
        return ["How small a change these images would have shown was not tested."]
    told = readings(trust.power)
    return [_missed(reading) for reading in told if reading.seen] + _never([reading for reading in told if not reading.seen])


def alarm_words(trust: Trust | None, *, changed: bool = True) -> str:
    """``False alarms: of 400 footprints where nothing is known to have changed, 3 show as much (about 1 %).``

    ``changed``: whether a change is reported. Where none is, nothing can be a false alarm, and the same count is told as a
    comparison: ``For comparison: 249 of 400 unchanged places look at least this changed, so this is ordinary here.``
    """
    if trust is None or trust.placebos == 0:
        return "How often nothing at all looks like this was not tested."
    count = "none" if trust.exceeding == 0 else f"{trust.exceeding:,}"
    if not changed:
        looks = "looks" if trust.exceeding == 1 else "look"
        places = f"{trust.placebos:,} unchanged place{'' if trust.placebos == 1 else 's'}"
        so = ", so this is ordinary here" if trust.false_alarm >= ORDINARY else ""
        return f"For comparison: {count} of {places} {looks} at least this changed{so}."
    shows = "shows" if trust.exceeding == 1 else "show"
    of = plural(trust.placebos, "footprint")
    share = percent(trust.false_alarm) if trust.exceeding else f"fewer than 1 in {trust.placebos:,}"
    return f"False alarms: of {of} where nothing is known to have changed, {count} {shows} as much ({share})."


def contrast_words(point: Power, lasting: Literal["lasting", "for"] = "lasting") -> str:
    """``4 standard deviations of the series``, ``0.05 reflectance, lasting 30 days``: how long, unless for good."""
    unit = f"standard deviation{'' if point.contrast == 1 else 's'} of the series" if point.unit in _SD else point.unit
    joint = ", lasting" if lasting == "lasting" else " for"
    passing = "" if math.isinf(point.days) else f"{joint} {plural(round(point.days), 'day')}"
    return f"{point.contrast:g} {clean(unit)}".strip().replace("-", "−") + passing


def share_text(share: float) -> str:
    """A share found as a reader expects it, never 0 or 1: ``0.9``, ``0.35``; what falls just short of ``RELIABLE`` does not
    read like it: ``0.896``."""
    told = f"{min(max(share, 0.01), 0.99):.2f}"
    if share < RELIABLE <= float(told):
        told = f"{share:.3f}"
    return f"just short of {RELIABLE:g}" if share < RELIABLE <= float(told) else told.rstrip("0")


def _never(lost: Sequence[Reading]) -> list[str]:
    """What is found reliably at no size, a sentence for each largest size that was put in."""
    largest = [reading.curve[-1] for reading in lost]
    told = []
    for size in dict.fromkeys(point.size_m for point in largest):
        same = [point for point in largest if point.size_m == size]
        *most, last = [f"{contrast_words(point, 'for')} ({share_text(point.share)})" for point in same]
        listed = f"{', '.join(most)} or {last}" if most else last
        each = "each " if most else ""
        told.append(
            f"Not even a change with a side of {metres(size)} would have been found with probability {RELIABLE:g} or more "
            f"at a contrast of {listed}, {each}of {same[0].injected:,} put into these images."
        )
    return told


def _missed(reading: Reading) -> str:
    seen, lost = reading.seen, reading.missed
    assert seen is not None
    first = reading.curve[0]
    text = (
        f"A change with a side of {metres(seen.size_m)} and a contrast of {contrast_words(first)} would have been "
        f"found with probability {share_text(seen.share)} (of {seen.injected:,} put into these images)"
    )
    if lost is not None:
        return f"{text}; one of {metres(lost.size_m)} with {share_text(lost.share)}."
    return f"{text}; no smaller one was put in." if seen is first else f"{text}."


def _tested(trust: Trust | None) -> str:
    """The reading of the middle contrast that some size reaches 0.9 with, for a headline."""
    held = [r for r in readings(trust.power) if r.seen] if trust is not None else []
    if not held or (seen := held[len(held) // 2].seen) is None:
        return "how large a change would have been missed was not tested"
    size = f"one with a side of {metres(seen.size_m)} and a contrast of {contrast_words(seen)}"
    return f"{size} would have been, with probability {share_text(seen.share)}"


def metres(size: float) -> str:
    """``15 m``, ``7.5 m``: with a decimal below ten metres only."""
    return f"{round(size, 1 if size < 10 else 0):g}\u00a0m"


def _read(curve: list[Power]) -> Reading:
    seen = None
    for point in reversed(curve):
        if point.share < RELIABLE:
            break
        seen = point
    lost = [p for p in curve if p.share < UNRELIABLE and (seen is None or p.size_m < seen.size_m)]
    return Reading(tuple(curve), seen, lost[-1] if lost else None)


def _each(detected: Detected, others: Sequence[Detected], labels: Mapping[str, str]) -> list[str]:
    """Conflicts, by the stack that contradicts, and doubts, each once, in the order of the stacks."""
    told = []
    for one in (detected, *others):
        name = labels.get(one.stack, one.stack)
        if one.conflict:
            told.append(f"{name} contradicts the others: {one.conflict}" if one in others else one.conflict)
        told += one.doubts
    return list(dict.fromkeys(told))


def _prior(detected: Detected) -> float | None:
    """P(change) before the images, from posterior odds and Bayes factor; None where the posterior is numerically certain."""
    share = detected.probability
    if not 1e-12 < share < 1 - 1e-12 or abs(detected.evidence) > 500:
        return None
    odds = share / (1 - share) * math.exp(-detected.evidence)
    return odds / (1 + odds)


def _factor(weight: float) -> str:
    if weight > math.log(1e6):
        return "more than a million"
    return f"about {float(f'{math.exp(weight):.2g}'):,.0f}"


def _sentence(text: str) -> str:
    text = text.strip()
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


def _lower(text: str) -> str:
    return text if text[:2].isupper() else f"{text[:1].lower()}{text[1:]}"
