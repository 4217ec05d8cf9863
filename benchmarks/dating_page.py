"""The page docs/benchmarks/dating.md and its figure, from the figures measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from benchmarks.dating_forecast import ELAPSED, HORIZONS, METHODS, Cases, reliability
from benchmarks.dating_score import Score
from benchmarks.dating_text import AFTER_FORECAST, AFTER_THINNING, GOLDEN, INTRO, THINNING

Row = tuple[str, Score, Score, Score]
Rows = Mapping[tuple[float, int, bool], Sequence[Row]]
TARGET = {0.5: 1.00, 0.2: 0.92, 0.05: 0.88}
SHARES = (0.5, 0.2, 0.05)


@dataclass(frozen=True, slots=True)
class Results:
    """Everything the page tells."""

    sites: int
    looks: int
    golden: int
    differing: Sequence[tuple[str, str, str, str]]
    contradictions: tuple[int, int]
    main: Rows
    strict: Rows
    countries: Rows
    bare: Rows
    skipped: int
    cases: Cases
    bare_cases: Cases


def pick(rows: Rows, share: float, closed: bool | None, change: int | None = None) -> list[Row]:
    """All rows of one share, of one kind of gap and one change where asked."""
    return [
        row
        for (s, c, k), part in rows.items()
        if s == share and (closed is None or k == closed) and (change is None or c == change)
        for row in part
    ]


def table(header: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in body])


def verdict(met: bool) -> str:
    return "met" if met else "**missed**"


def targets(rows: Rows) -> str:
    """Each target beside the figure reached."""
    body = []
    for share in SHARES:
        for closed in (True, False):
            part = pick(rows, share, closed)
            ours, flat, peer = (np.mean([r[i] for r in part], axis=0) for i in (1, 2, 3))
            goal = TARGET[share] if closed else 0.70
            ratio, inside = ours[2] / flat[2], ours[0]
            name = f"{share:.0%}, {'closed' if closed else 'a side missing'}"
            body.append([name, f"{inside:.3f}", ".88-.92", verdict(0.88 <= inside <= 0.92)])
            body[-1] += [f"{ratio:.2f}", f"<= {goal:.2f}", verdict(ratio <= goal)]
            body[-1] += [f"{peer[2] / flat[2]:.2f} ({peer[0]:.3f})", str(len(part))]
    head = ("kept, gap", "inside 90 %", "target", "", "CRPS / uniform", "target", "", "Markov chain (inside)", "n")
    return table(head, body)


def detail(rows: Rows) -> str:
    """Per change: share inside, width, CRPS and log score, ours and the uniform's."""
    body = []
    for share in SHARES:
        for change, name in ((0, "onset"), (1, "completion")):
            for closed in (True, False):
                part = pick(rows, share, closed, change)
                if not part:
                    continue
                o, u = (np.mean([r[i] for r in part], axis=0) for i in (1, 2))
                cells = [f"{o[0]:.3f} ({u[0]:.3f})", f"{o[1]:.0f} ({u[1]:.0f})", f"{o[2]:.1f} ({u[2]:.1f})"]
                gap = "closed" if closed else "open"
                body.append([f"{share:.0%} {name}, {gap}", *cells, f"{o[3]:.2f} ({u[3]:.2f})", str(len(part))])
    return table(("kept, change, gap", "inside", "width, days", "CRPS, days", "log score", "n"), body)


def sensitivity(results: Results) -> str:
    """CRPS ratio and share inside of the checks."""
    body = []
    for name, rows in (("whole countries held out", results.countries), ("without `Unknown` looks", results.bare)):
        cells = []
        for share in SHARES:
            for closed in (True, False):
                part = pick(rows, share, closed)
                o, u = (np.mean([r[i] for r in part], axis=0) for i in (1, 2))
                cells.append(f"{o[2] / u[2]:.2f} ({o[0]:.3f})")
        body.append([name, *cells])
    head = ["check", *(f"{s:.0%} {g}" for s in SHARES for g in ("closed", "open"))]
    return table(head, body)


def regions(rows: Rows) -> str:
    """Share inside by region at 20 % kept, regions with 60 datings or more."""
    found: dict[str, list[float]] = {}
    for region, ours, _, _ in pick(rows, 0.2, None):
        found.setdefault(region, []).append(ours[0])
    kept = sorted((float(np.mean(v)), k) for k, v in found.items() if len(v) >= 60)
    return ", ".join(f"{name} {value:.2f}" for value, name in kept)


def brier(cases: Cases) -> str:
    """Brier scores by horizon and method, by elapsed time, and the difference with its range over regions."""
    body = []
    for horizon in HORIZONS:
        for method in METHODS:
            each = " / ".join(f"{cases.brier(method, horizon, e):.3f}" for e in ELAPSED)
            if method == "climatology":
                change = "-"
            else:
                low, high = cases.difference(method, horizon)
                change = f"{low:+.3f} to {high:+.3f}"
            body.append([f"{horizon:.0f} d", method, f"{cases.brier(method, horizon):.3f}", each, change])
    return table(("within", "method", "Brier", "at 180 / 365 / 730 d", "against climatology, 90 % over regions"), body)


def svg(cases: Cases) -> str:
    """Reliability of the regression, one panel per horizon."""
    parts = []
    for n, horizon in enumerate(HORIZONS):
        x0, y0, size = 50 + n * 230, 30, 180
        parts.append(f'<text x="{x0}" y="20">within {horizon:.0f} days</text>')
        parts.append(f'<rect x="{x0}" y="{y0}" width="{size}" height="{size}" fill="none" stroke="#999"/>')
        parts.append(f'<line x1="{x0}" y1="{y0 + size}" x2="{x0 + size}" y2="{y0}" stroke="#bbb" stroke-dasharray="4 3"/>')
        for method, colour in (("durations", "#c60"), ("regression", "#06c")):
            points = [(x0 + size * p, y0 + size * (1 - o)) for p, o, _ in reliability(cases, method, horizon)]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}"/>')
            parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points]
        for value in (0.0, 0.5, 1.0):
            parts.append(f'<text x="{x0 + size * value}" y="{y0 + size + 15}" text-anchor="middle">{value:g}</text>')
            parts.append(f'<text x="{x0 - 5}" y="{y0 + size * (1 - value) + 4}" text-anchor="end">{value:g}</text>')
        parts.append(f'<text x="{x0 + size / 2}" y="{y0 + size + 30}" text-anchor="middle">forecast</text>')
    parts.append('<text x="14" y="125" transform="rotate(-90 14 125)" text-anchor="middle">observed</text>')
    parts.append('<text x="50" y="262" fill="#06c">regression</text><text x="130" y="262" fill="#c60">durations</text>')
    title = "<title>Reliability of the completion forecasts: observed frequency against forecast probability</title>"
    body = "\n".join(parts)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 710 272" font-family="sans-serif" font-size="11">'
        f'{title}\n<rect width="710" height="272" fill="#fff"/>\n{body}\n</svg>\n'
    )


def write(folder: Path, r: Results) -> None:
    """Write dating.md and dating-reliability.svg into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dating-reliability.svg").write_text(svg(r.cases), encoding="utf-8")
    if r.differing:
        rows = [list(row) for row in r.differing]
        differing = table(("site", "column", "from the looks", "golden"), rows)
    else:
        differing = "No date differs, so no difference of release has to be explained."
    against, telling = r.contradictions
    page = [
        INTRO.format(sites=r.sites, looks=r.looks),
        GOLDEN.format(golden=r.golden, dates=5 * r.golden, differing=differing),
        THINNING.format(against=against, telling=telling, skipped=r.skipped),
        "A missing side reaches to the end of the region's period:",
        targets(r.main),
        "A missing side reaches to the site's own `start_date` or `end_date`, for all alike (strict):",
        targets(r.strict),
        "The first reading in detail, mean of ours, the uniform's in brackets:",
        detail(r.main),
        "The checks, as CRPS ratio to the uniform (share inside):",
        sensitivity(r),
        f"Share inside by region, 20 % kept, 60 datings or more: {regions(r.main)}.",
        AFTER_THINNING,
        brier(r.cases),
        "![Reliability diagram](dating-reliability.svg)",
        "Without the `Unknown` looks the regression has Brier "
        + " / ".join(f"{r.bare_cases.brier('regression', h):.3f}" for h in HORIZONS)
        + " against climatology's "
        + " / ".join(f"{r.bare_cases.brier('climatology', h):.3f}" for h in HORIZONS)
        + ".",
        AFTER_FORECAST,
    ]
    (folder / "dating.md").write_text("\n\n".join(part.strip() for part in page) + "\n", encoding="utf-8")
