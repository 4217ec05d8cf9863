"""What the bundled case must answer, asserted on values and not on sentences."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from siteline import flow
from siteline.model.span import iso
from siteline.store.importing import read_folder
from siteline.weigh.lines import Lines


@pytest.fixture(scope="module")
def answer() -> flow.Answer:
    with resources.as_file(resources.files("siteline") / "data" / "sohae") as folder:
        return flow.answer(read_folder(Path(folder)))


@pytest.fixture(scope="module")
def verdicts(answer: flow.Answer) -> dict[str, str]:
    return {v.claim.claim_id: v.verdict for v in answer.weighing.claims}


@pytest.mark.parametrize("structure", ["rail_transfer_building", "vets_superstructure"])
def test_the_summit_falls_inside_the_bracket_and_images_cannot_decide(answer: flow.Answer, structure: str) -> None:
    (p,) = [p for p in answer.weighing.positions if p.event.event_id == "e034" and p.transition.structure_id == structure]
    bracket = p.transition.bracket
    assert (iso(bracket.after or 0), iso(bracket.by or 0)) == ("2019-02-16", "2019-03-02")
    assert p.transition.to_state == "being_rebuilt"
    assert not p.decided
    low, centre, high = p.before
    assert 0.05 < low < centre < high < 0.95
    assert p.assessment.probability == pytest.approx(centre)


def test_further_lines_move_the_number_upwards_and_name_their_claims(answer: flow.Answer) -> None:
    for p in answer.weighing.positions:
        if p.event.event_id != "e034" or p.transition.structure_id != "rail_transfer_building":
            continue
        alone, images, materials, officials = p.lines
        assert alone.claim_ids == ()
        assert images.claim_ids == ("f032",)  # Planet's images, as VICE News cites them
        assert materials.claim_ids == ("f035",)
        assert set(officials.claim_ids) >= {"f037", "f038", "f039", "f040", "f041", "f086"}
        shares = [line.probability for line in p.lines]
        assert shares == sorted(shares) and shares[-1] > shares[0] + 0.02
        assert all(line.low <= line.probability <= line.high for line in p.lines)


def test_claims_that_went_further_are_caught(verdicts: dict[str, str]) -> None:
    caught = {claim for claim, verdict in verdicts.items() if verdict == "goes further than the evidence"}
    assert "f044" in caught  # 2 February as the lower bound
    assert "f045" in caught  # 16 February as the start
    assert {"f046", "f047", "f048"} <= caught  # a start after the summit
    careful = {"f029", "f030", "f031", "f033", "f080", "f081", "f082", "f083"}
    assert not careful & caught


def test_every_claim_has_a_verdict_and_a_reason(answer: flow.Answer) -> None:
    assert len(answer.weighing.claims) == 91
    assert {v.claim.claim_id for v in answer.weighing.claims} == {c.claim_id for c in answer.data.claims}
    for v in answer.weighing.claims:
        assert v.because
        assert v.verdict == "not testable" or v.observation_ids
        assert v.probability is None or 0.0 <= v.probability <= 1.0 + 1e-9


def test_repeaters_do_not_count_as_lines(answer: flow.Answer) -> None:
    lines = Lines(answer.data.sources)
    guardian = next(c for c in answer.data.claims if c.claim_id == "f080")
    assert lines.behind(guardian.source_id) == {"38 North"}
    assert max(v.independent_lines for v in answer.weighing.claims) < len(answer.data.sources) / 4


def test_own_line_never_supports_a_claim(answer: flow.Answer) -> None:
    lines = Lines(answer.data.sources)
    source_of = {o.observation_id: o.source_id for o in answer.data.observations}
    for v in answer.weighing.claims:
        if v.verdict in ("not testable", v.with_own):
            continue
        own = lines.own(v.claim.source_id)
        assert not any(lines.own(source_of[i]) & own for i in v.observation_ids)


def test_dormancy_is_shown_as_a_disagreement_not_resolved(answer: flow.Answer) -> None:
    (quiet,) = [
        d for d in answer.weighing.disagreements if d.structure_id == "site" and any("f025" in ids for _, ids, _ in d.sides)
    ]
    one, other = (set(ids) for _, ids, _ in quiet.sides)
    assert {"f025", "f091"} <= one and {"f021", "f026"} <= other


def test_contested_looks_of_6_march_are_shown(answer: flow.Answer) -> None:
    sides = [{i for _, ids, _ in d.sides for i in ids} for d in answer.weighing.disagreements]
    assert {"o098", "o099", "o102", "o103"} in sides


def test_hypotheses_end_in_least_inconsistent(answer: flow.Answer) -> None:
    matrix = answer.weighing.matrix
    assert matrix is not None and len(matrix.hypotheses) == 6
    assert set(matrix.least) < {h.hypothesis_id for h in matrix.hypotheses}
    assert matrix.assessment.probability is None
    lowest = min(matrix.inconsistency.values())
    assert all(matrix.inconsistency[h] == pytest.approx(lowest) for h in matrix.least)


def test_no_change_after_8_march(answer: flow.Answer, verdicts: dict[str, str]) -> None:
    assert verdicts["f067"] == "supported"
    for name in ("rail_transfer_building", "vets_superstructure"):
        last = answer.dating.histories[name].transitions[-1]
        assert last.to_state == "complete" and iso(last.bracket.by or 0) <= "2019-03-08"
