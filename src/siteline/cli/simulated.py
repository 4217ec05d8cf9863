"""The second part of ``siteline demo``: a site whose truth is known goes the whole way, and the truth stands beside the
answer.

One site shows how the parts fit together; it says nothing about how often the answer is right.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from siteline.cli.plain import clean
from siteline.model.changed import Detected, PixelChange
from siteline.model.doubts import NotAligned
from siteline.model.span import Span, iso

if TYPE_CHECKING:
    from rich.console import RenderableType

    from siteline.cli.progress import Steps
    from siteline.model.records import Claim
    from siteline.model.weighed import ClaimVerdict
    from siteline.simulate import Plan

SEED: Final = 4
PERIOD: Final = (date(2021, 1, 1), date(2022, 12, 31))
BUILT_ON: Final = date(2022, 4, 12)
WHO: Final = "siteline demo"

Outcome = Literal["right", "wrong", "missed", "false alarm"]


@dataclass(frozen=True, slots=True)
class Works:
    """What was really done to a structure: ``what`` (built, dismantled, ...), from ``start`` to ``end``, days since 1970."""

    what: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Beside:
    """One structure: the ``truth``, and what the pixels show of it."""

    name: str
    truth: tuple[Works, ...]
    found: Detected

    @property
    def outcome(self) -> Outcome:
        """Right where there are as many changes as there were works, and each bracket meets its works."""
        changes = self.found.changes
        if not changes:
            return "missed" if self.truth else "right"
        if not self.truth:
            return "false alarm"
        same = len(changes) == len(self.truth)
        return "right" if same and all(map(_meets, changes, self.truth)) else "wrong"

    def to_json(self) -> dict[str, Any]:
        """As ``siteline demo --json`` has it."""
        changes = [change.to_json() for change in self.found.changes]
        return {
            "structure_id": self.found.structure_id,
            "truth": [{"what": w.what, "start": iso(w.start), "end": iso(w.end)} for w in self.truth],
            "found": [{key: change[key] for key in ("after", "by", "interval95")} for change in changes],
            "probability": round(self.found.probability, 4),
            "outcome": self.outcome,
        }


@dataclass(frozen=True, slots=True)
class SecondPart:
    """The simulated site, answered: ``structures`` and ``claims`` (each with whether it is true), ``files`` by name."""

    structures: tuple[Beside, ...]
    claims: tuple[tuple[ClaimVerdict, bool], ...]
    files: dict[str, Path]

    def to_json(self) -> dict[str, Any]:
        """As ``siteline demo --json`` has it under ``simulated``."""
        return {
            "structures": [each.to_json() for each in self.structures],
            "claims": [{"claim_id": v.claim.claim_id, "true": true, "verdict": v.verdict} for v, true in self.claims],
            "files": {name: str(path) for name, path in self.files.items()},
        }


def plan() -> Plan:
    """The site: a hall that is built on one day, a barn to which nothing happens, two years of Sentinel-2."""
    from siteline.simulate import Built, Plan, Work
    from siteline.simulate.defaults import roof

    hall = Built("hall", _box(-60, 35, 46, 24), 8.0, roof("light metal"), (Work(BUILT_ON, "built"),))
    barn = Built("barn", _box(70, -45, 40, 24), 6.0, roof("tiles"))
    return Plan(SEED, 5.4, 43.7, 900.0, PERIOD, structures=(hall, barn), cloudiness=0.35)


def answered(out: Path, steps: Steps) -> SecondPart:
    """Simulate, import, find, detect, date, weigh and publish in the folder ``out``; what is there already is used."""
    from siteline import flow
    from siteline.guard.files import make_folder, read_text
    from siteline.model.search import Query
    from siteline.simulate import simulate
    from siteline.store.importing import import_folder

    make_folder(out)
    site, case = out / "site", out / "site.gpkg"
    if not site.exists():
        steps.tell("simulating two years of a site")
        simulate(plan(), site, steps.part)
    if not case.exists():
        import_folder(site / "ledger", case, who=WHO)
    with warnings.catch_warnings():
        # most scenes of two years are too cloudy to align; the report says so where it matters
        warnings.simplefilter("ignore", NotAligned)
        if not flow.detections(case):
            flow.find(case, [str(site / "catalog.json")], lambda where: Query(where.bbox), WHO, steps.tell)
            flow.detect(case, told=steps.tell, progress=steps.part, who=WHO)
        answer = flow.answer(flow.with_images(case, flow.read(case)), steps.tell)
        html, pdf = flow.publish(answer, out, steps.tell, flow.shown(case, steps.tell))
    truth = {
        each["structure_id"]: tuple(Works(w["what"], _days(w["start"]), _days(w["end"])) for w in each["changes"])
        for each in json.loads(read_text(site / "truth.json"))["structures"]
    }
    names = {key: structure.name for key, structure in answer.data.structures.items()}
    structures = tuple(Beside(names[f.structure_id], truth[f.structure_id], f) for f in flow.detections(case))
    claims = tuple((v, _is_true(v.claim, truth[v.claim.structure_id])) for v in answer.weighing.claims)
    files = {"html": html, "pdf": pdf, "case": case, "truth": site / "truth.json"}
    return SecondPart(structures, claims, files)


def beside(done: SecondPart) -> list[RenderableType]:
    """Truth beside answer, for the terminal."""
    from rich.padding import Padding
    from rich.text import Text

    from siteline.cli.show import heading

    told = (
        "Two years of Sentinel-2 images were simulated and went the whole way: find, detect, date, weigh, publish. siteline "
        "was given the images, and what an analyst saw in the first and the last clear one. One site shows how the parts "
        "fit together, not how often the answer is right."
    )
    rows = [(clean(each.name), _happened(each.truth), _found(each.found), each.outcome) for each in done.structures]
    said = [
        (f"{v.claim.claim_id}: {clean(v.claim.paraphrase)}", "true" if true else "not true", v.verdict)
        for v, true in done.claims
    ]
    return [
        heading("Truth beside answer, on a simulated site"),
        Padding(Text(told, style="dim"), (0, 0, 0, 1)),
        Padding(_table(("structure", "in truth", "found in the pixels", ""), rows), (0, 0, 0, 1)),
        Padding(_table(("claim", "in truth", "siteline's verdict"), said), (0, 0, 0, 1)),
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> RenderableType:
    from rich import box
    from rich.table import Table

    table = Table(*head, box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", expand=False)
    for row in rows:
        table.add_row(*row)
    return table


def _happened(truth: Sequence[Works]) -> str:
    from siteline.publish.look import day_range

    return "; ".join(f"{works.what} {day_range(works.start, works.end)}" for works in truth) or "nothing changed"


def _found(found: Detected) -> str:
    from siteline.publish.look import day_range, percent
    from siteline.publish.unseen import dates

    told = [f"{dates(change)}\n95 %: {day_range(*change.interval95)}" for change in found.changes]
    return "\n".join(told) or f"no change found\nP(a change): {percent(found.probability)}"


def _meets(change: PixelChange, works: Works) -> bool:
    after, by = change.bracket.after, change.bracket.by
    return (after is None or after <= works.end) and (by is None or by >= works.start)


def _is_true(claim: Claim, truth: Sequence[Works]) -> bool:
    """Whether the works that a claim is about began, or ended, between its days."""
    if claim.claim_type == "no_change":
        return not truth
    moments = [works.start if claim.claim_type == "began" else works.end for works in truth]
    return any(claim.after.first_day <= moment < claim.before.last_day for moment in moments)


def _box(x: float, y: float, width: float, height: float) -> tuple[tuple[float, float], ...]:
    """Corners of a rectangle around a point, metres east and north of the site's centre."""
    w, h = width / 2, height / 2
    return (x - w, y - h), (x + w, y - h), (x + w, y + h), (x - w, y + h)


def _days(text: str) -> float:
    return Span.parse(text).first_day
