"""A small case made by hand from the contracts, with nasty text in it; the other publish tests build on it."""

from dataclasses import replace

import numpy as np

from siteline.model.dated import Bracket, Dating, History, Look, Posterior, Transition
from siteline.model.records import (
    CaseData,
    Claim,
    Event,
    Hypothesis,
    Observation,
    Scene,
    Source,
    Structure,
)
from siteline.model.settings import Settings
from siteline.model.span import Span
from siteline.model.states import STATES
from siteline.model.weighed import (
    Assessment,
    ClaimVerdict,
    Disagreement,
    EventPosition,
    LineShift,
    Matrix,
    MatrixRow,
    Weighing,
)

NASTY = "<script>alert('x')</script> & \"quoted\" #emph[typst] $x$ {{ 1 + 1 }}"


def days(text):
    return Span.parse(text).first_day


def uniform(after, by):
    return Posterior(np.linspace(after, by, 11), np.full(10, 0.1))


def small_case(name="Hall " + NASTY):
    """Case data, its dating and its weighing: a hall rebuilt around a summit, a gate only ever hidden, a pond never seen."""
    sources = {
        "s1": Source(
            "s1", "Lab One", "A. Author; B. Author", NASTY, "https://example.org/a?b=1&c=2", Span.parse("2019-03-05")
        ),
        "s2": Source("s2", "Daily Two", url="javascript:alert(1)", repeats=("s1",)),
        "s3": Source("s3", "Lab Three", url="http://example.org/3"),
    }
    structures = {
        "hall": Structure("hall", name, "building"),
        "gate": Structure("gate", "Gate"),
        "pond": Structure("pond", "Pond"),
    }
    scenes = {"i1": Scene("i1", "Provider", when=Span.parse("2019-03-02"), credit="© Provider 2019")}
    seen = [
        ("o1", "hall", "2018-08-16", "partly_dismantled", "high", "s1"),
        ("o2", "hall", "2019-02-16", "partly_dismantled", "low", "s1"),
        ("o3", "hall", "2019-02-20", "obscured", "high", "s3"),
        ("o4", "hall", "2019-03-02", "being_rebuilt", "high", "s1"),
        ("o5", "hall", "2019-03-02", "being_rebuilt", "medium", "s2"),
        ("o6", "hall", "2019-03-06", "complete", "high", "s3"),
        ("o7", "gate", "2019-03-02", "obscured", "high", "s1"),
    ]
    observations = tuple(
        Observation(o, s, Span.parse(d), state, c, "", NASTY, src, "i1" if o == "o4" else "", sources[src].publisher)
        for o, s, d, state, c, src in seen
    )
    claims = (
        Claim("c1", "hall", "began", Span.parse("2019-02-02"), Span.parse("2019-03-02"), "rebuilding", NASTY, "s2"),
        Claim(
            "c2", "hall", "began", Span.parse("2019-02"), Span("", None, None), "rebuilding", "Officials: February.", "s3"
        ),
    )
    event = Event("e1", Span.parse("2019-02-27/2019-02-28"), "Hanoi (UTC+7)", "Second summit, ended early", "s1")
    settings = Settings(title=name, period=("2018-06-01", "2019-05-31"), key_events=("e1",), key_structures=("hall",))
    hypotheses = (Hypothesis("h1", "Signal " + NASTY), Hypothesis("h2", "Routine"))
    data = CaseData(settings, structures, scenes, sources, observations, claims, {"e1": event}, (), hypotheses, ())
    dating = small_dating(observations)
    return data, dating, small_weighing(data, dating, event)


def small_dating(observations):
    looks = {"hall": [], "gate": [], "pond": []}
    for o in observations:
        state = o.state if o.state in STATES else None
        looks[o.structure_id].append(
            Look(
                o.observation_id,
                o.structure_id,
                o.when.first_day,
                o.when.last_day,
                state,
                o.state,
                o.confidence,
                o.observer,
                o.source_id,
                "" if state else "obscured",
            )
        )
    began = transition("partly_dismantled", "being_rebuilt", "rebuilding", "2019-02-16", "2019-03-02", ("o3",))
    ended = transition("being_rebuilt", "complete", "rebuilding", "2019-03-02", "2019-03-06", ())
    edges = np.array([days("2018-06-01"), days("2019-05-31")])
    states = np.full((1, len(STATES)), 1 / len(STATES))
    return Dating(
        {
            "hall": History("hall", tuple(looks["hall"]), edges, states, (began, ended)),
            "gate": History("gate", tuple(looks["gate"]), edges, states, ()),
            "pond": History("pond", (), edges[:0], states[:0], (), (), "never observed"),
        }
    )


def transition(before, after_state, direction, after, by, unusable):
    a, b = days(after), days(by)
    post = uniform(a, b)
    return Transition(
        "hall",
        before,
        after_state,
        before,
        after_state,
        direction,
        Bracket(a, b),
        post,
        post,
        post,
        post.interval(0.5),
        post.interval(0.9),
        0.97,
        ("o2", "o4"),
        (),
        unusable,
    )


def small_weighing(data, dating, event):
    change = dating.histories["hall"].transitions[0]
    text = "Rebuilding began after 16 February. " + NASTY
    found = Assessment(text, "Confidence is medium.", 0.97, 0.9, 0.99, ("o2", "o4"), ("s1",))
    open_ = Assessment("It cannot be determined from these images.", "", 0.62, 0.5, 0.7, ("o2",), ("s1",))
    lines = (LineShift("images alone", (), 0.62, 0.5, 0.7), LineShift("officials", ("c2",), 0.9, 0.8, 0.95))
    position = EventPosition(event, change, (0.5, 0.62, 0.7), (0.1, 0.14, 0.2), (0.2, 0.24, 0.3), False, open_, lines)
    verdicts = (
        ClaimVerdict(data.claims[1], "consistent", "supported", 0.6, 0.9, 1, "The bracket allows it.", ("o4",)),
        ClaimVerdict(data.claims[0], "goes further than the evidence", "supported", 0.4, None, 0, NASTY, ("o2",)),
    )
    row = MatrixRow("t1", "A statement " + NASTY, ("s1",), {"h1": "consistent", "h2": "inconsistent"}, {"h2": NASTY}, 1.0)
    matrix = Matrix(data.hypotheses, (row,), {"h1": 0.0, "h2": 1.0}, ("h1",), replace(open_, text="Least inconsistent: h1."))
    quarrel = Disagreement("hall", "When it began", (("February", ("c2",), ("s3",)), ("March " + NASTY, ("o4",), ("s1",))))
    return Weighing((found,), (position,), verdicts, matrix, (quarrel,))


def empty_case():
    """A case with nothing in it."""
    data = CaseData(Settings(), {}, {}, {}, (), (), {}, (), (), ())
    return data, Dating({}), Weighing((), (), (), None, ())


def test_the_case_is_what_it_says():
    data, dating, _ = small_case()
    assert {h: len(v.looks) for h, v in dating.histories.items()} == {"hall": 6, "gate": 1, "pond": 0}
    assert all(t.bracket.closed for t in dating.transitions)
    assert data.settings.key_structures[0] in data.structures
