"""What the pixels show, drawn and said: read back from the figures and held against the numbers that went in."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import replace

import numpy as np
import pytest

import change_samples as samples
import figure_reading as reading
from siteline.model.changed import Measured, Power, Size, Trust
from siteline.model.dated import Bracket, Posterior
from siteline.model.errors import BadInput
from siteline.model.grid import Grid
from siteline.model.records import Event, Structure
from siteline.model.span import Span
from siteline.publish.changemap import area_name, map_svg, size_text
from siteline.publish.figure import PAGE, PHONE, SCREEN
from siteline.publish.look import THEMES, likelihood
from siteline.publish.mapvalues import ChangeMap, Found, chance_words, date_limits, map_words, size_limit
from siteline.publish.panels import Panel
from siteline.publish.pixelfiles import write_map, write_series, write_trust
from siteline.publish.pixelsection import PixelsShown, pixels_view, straddled
from siteline.publish.placeboplot import placebo_svg
from siteline.publish.powerplot import power_svg, wilson
from siteline.publish.ramps import RAMPS, paint, probability_pixels, value_pixels
from siteline.publish.report import render
from siteline.publish.seriesdata import (
    GAP_DAYS,
    Series,
    extent,
    gaps_of,
    hidden_by,
    levels,
    main_reason,
    measure_words,
    ranked,
    tracks_of,
    unit_of,
)
from siteline.publish.seriesmarks import number, round_numbers
from siteline.publish.seriesplot import series_svg
from siteline.publish.unseen import alarm_words, evidence_words, missed_words, readings, share_text, verdict
from test_publish_case import NASTY, empty_case, small_case
from test_publish_figure import boxes
from test_publish_report import Page

WIDTHS = (SCREEN, PAGE, PHONE)
EVENTS = (Event("e1", Span.parse("2019-02-27/2019-02-28"), "Hanoi (UTC+7)", "Second summit, ended early", "s1"),)
RIGHT = 6.0


def one_sensor(**more):
    rows = samples.optical()
    change = samples.pixel_change(*samples.around(rows), samples.OPTICAL_SIZES)
    return Series(
        "Hall", (samples.detected(samples.OPTICAL, rows, (change,)),), tuple(rows), samples.trust(), EVENTS, **more
    )


def several(made=samples.two_sensors):
    rows, answers = made()
    return Series("Hall", answers, tuple(rows), samples.trust(), EVENTS)


def unchanged():
    rows = samples.optical(step=0.0)
    return Series("Hall", (samples.detected(samples.OPTICAL, rows, ()),), tuple(rows), samples.trust(), EVENTS)


def few(count):
    rows = [m for m in samples.optical() if math.isfinite(m.value)][: 2 * count]
    return Series("Hall", (samples.detected(samples.OPTICAL, rows, ()),), tuple(rows))


def every_case():
    yield one_sensor()
    yield several()
    yield several(samples.at_odds)
    yield unchanged()
    yield few(1)
    yield few(2)
    yield Series("Hall", (), ())
    yield Series(NASTY, one_sensor().detected, one_sensor().measured, events=EVENTS, labels={samples.OPTICAL: NASTY})


def circles(svg, left, right):
    """(x, y) of the dots between ``left`` and ``right``, in the order of the drawing."""
    held = reading.of_class(svg, "dot")
    return [(x, float(d.get("cy"))) for d in held if left - 1 <= (x := float(d.get("cx"))) <= right + 1]


# --- the figure of a series -------------------------------------------------------------------------------------------


def test_every_usable_scene_is_a_dot_at_its_date_and_its_value():
    series = one_sensor()
    svg = series_svg(series, theme="light", width=SCREEN)
    whole = extent(series)
    curve = tracks_of(series, whole)[0].curves[0]
    grid = [float(line.get("x1")) for line in reading.tree(svg).iter() if line.get("stroke-dasharray") == "1 3"]
    left = min(grid)
    right = max(
        float(line.get("x2")) for line in reading.tree(svg).iter() if line.get("x1") == f"{left:g}" and line.get("x2")
    )
    shown = circles(svg, left, right)
    inside = [d for d in curve.dots if curve.low <= d.value <= curve.high]
    overview = Panel(*whole, left, right)
    assert [x for x, _ in shown[: len(inside)]] == pytest.approx([overview.x(d.when) for d in inside], abs=0.01)
    heights, values = np.array([y for _, y in shown[: len(inside)]]), np.array([d.value for d in inside])
    slope, offset = np.polyfit(values, heights, 1)
    assert slope < 0 and np.abs(slope * values + offset - heights).max() < 0.02
    beyond = len(reading.of_class(svg, "beyond"))
    assert (beyond > 0) == any(not c.low <= d.value <= c.high for c in tracks_of(series, whole)[0].curves for d in c.dots)


def test_the_bracket_is_a_band_between_its_two_scenes_which_are_named():
    series = one_sensor()
    change = series.detected[0].changes[0]
    svg = series_svg(series, theme="light", width=SCREEN)
    bands = reading.of_class(svg, "bracket")
    assert len(bands) == len(reading.of_class(svg, "bar")) == 2
    enlarged = max(bands, key=lambda b: float(b.get("width")))
    dots = [(float(d.get("cx")), float(d.get("r"))) for d in reading.of_class(svg, "dot")]
    large = sorted({x for x, r in dots if r > 3})
    edges = float(enlarged.get("x")), float(enlarged.get("x")) + float(enlarged.get("width"))
    assert all(min(abs(x - edge) for x in large) < 0.02 for edge in edges)
    assert not [x for x in large if edges[0] + 0.1 < x < edges[1] - 0.1]
    words = " ".join(reading.texts(svg))
    assert change.after_scene in words and change.by_scene in words
    assert "last without: " in words and "first with it: " in words


def test_a_bracket_that_ends_on_a_poor_scene_says_so_beside_it():
    series = one_sensor()
    change = series.detected[0].changes[0]
    poor_rows = tuple(
        replace(m, usable_share=0.5, reasons="cloud shadow 50 %") if m.scene_id == change.after_scene else m
        for m in series.measured
    )
    clear = series_svg(series, theme="light")
    told = series_svg(replace(series, measured=poor_rows), theme="light")
    assert not reading.of_class(clear, "poor")
    assert [e.text for e in reading.of_class(told, "poor")] == ["partly hidden: cloud shadow 50\u00a0%"]


def test_nothing_is_asserted_where_there_is_no_scene():
    rows = samples.radar()
    series = Series("Hall", (samples.detected(samples.RADAR, rows, ()),), tuple(rows))
    track = tracks_of(series, extent(series))[0]
    (gap,) = track.gaps
    assert gap[1] - gap[0] > GAP_DAYS
    svg = series_svg(series, theme="light", width=SCREEN)
    lines = [(float(x.get("x1")), float(x.get("x2"))) for x in reading.of_class(svg, "level")]
    (told,) = [t for t in reading.texts(svg) if "unseen" in t or t.endswith(" d")]
    assert told.startswith(f"{gap[1] - gap[0]:.0f} d")
    spot = next(float(t.get("x")) for t in reading.of_class(svg, "gap"))
    assert len(lines) == 4 and not [1 for a, b in lines if a < spot < b]


def test_levels_are_the_medians_of_each_side_and_are_not_drawn_over_the_bracket():
    series = one_sensor()
    change = series.detected[0].changes[0]
    dots = [m for m in series.measured if m.measure == "contrast:nir" and math.isfinite(m.value)]
    before, after = levels(dots, [change])
    assert before.value == np.median([d.value for d in dots if d.when <= change.bracket.after])
    assert after.value == np.median([d.value for d in dots if d.when >= change.bracket.by])
    assert before.runs[-1][1] == change.bracket.after and after.runs[0][0] == change.bracket.by
    assert 0 < before.error < 0.02


def test_the_measure_that_carries_most_of_the_change_comes_first():
    series = one_sensor()
    assert [c.measure for c in tracks_of(series, extent(series))[0].curves] == ["contrast:nir", "texture:green"]
    weak = replace(series.detected[0].changes[0], sizes=(Size("contrast:nir", 0.01, 0.01), Size("texture:green", 0.1, 0.01)))
    found = replace(series.detected[0], changes=(weak,))
    assert ranked(found, series.measured) == ["texture:green", "contrast:nir"]
    assert ranked(None, series.measured) == ["contrast:nir", "texture:green"]


def test_unusable_scenes_are_ticks_by_their_main_reason():
    assert main_reason("cloud shadow 10 %; cloud 40 %") == "cloud"
    assert main_reason("snow") == "snow" and main_reason("") == "reason not recorded"
    rows = [replace(samples.optical()[0], reasons=r) for r in ["a", "a", "b", "c", "d", "e"]]
    assert [(reason, len(held)) for reason, held in hidden_by(rows)] == [("a", 2), ("b", 1), ("c", 1), ("other reasons", 2)]
    series = one_sensor()
    svg = series_svg(series, theme="light", width=SCREEN)
    hidden = [m for m in series.measured if m.measure == "contrast:nir" and not math.isfinite(m.value)]
    groups = reading.of_class(svg, "hidden")
    assert sum(len(list(g)) for g in groups) >= len(hidden)
    words = reading.texts(svg)
    assert any(
        re.fullmatch(r"\d+ cloud", w) for w in words
    ) and f"{len(series.measured) // 2 - len(hidden)} of 240 scenes" in " ".join(words)


def test_a_contradiction_is_marked_and_its_date_stands_beside_the_combined_one():
    svg = series_svg(several(samples.at_odds), theme="light", width=SCREEN)
    words = " ".join(reading.texts(svg))
    assert "Contradicts the others: it dates the change seven months earlier" in words
    assert reading.of_class(svg, "contradiction") and reading.of_class(svg, "bracket against")
    alarm = [p for p in reading.of_class(svg, "posterior") if p.get("fill") == THEMES["light"]["event"]]
    assert len(alarm) >= 2
    agreed = series_svg(several(), theme="light", width=SCREEN)
    assert not reading.of_class(agreed, "contradiction") and "Contradicts" not in agreed


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", ["auto", "light", "dark", "print"])
def test_every_figure_is_well_formed_finite_and_the_same_twice(width, theme):
    for series in every_case():
        svg = series_svg(series, theme=theme, width=width)
        assert svg == series_svg(series, theme=theme, width=width)
        reading.tree(svg)
        assert not re.search(r"\bnan\b|\binf\b", re.sub(r">[^<]*<", "><", svg))
        assert ("var(--" in svg) == (theme == "auto") and "<script" not in svg


@pytest.mark.parametrize("width", WIDTHS)
def test_no_label_overlaps_another_or_leaves_the_figure(width):
    for series in (one_sensor(), several(), several(samples.at_odds), unchanged()):
        root = reading.tree(series_svg(series, theme="light", width=width))
        _, _, wide, high = (float(v) for v in root.get("viewBox").split())
        placed = boxes(root)
        for text, left, top, right, bottom in placed:
            assert left >= -0.5 and right <= wide + 0.5, text
            assert top >= -0.5 and bottom <= high + 0.5, text
        for a, b in itertools.combinations(placed, 2):
            assert a[3] <= b[1] or b[3] <= a[1] or a[4] <= b[2] or b[4] <= a[2], (a, b)


def test_one_scene_and_none_are_said_as_they_are():
    assert "nothing to draw" in series_svg(Series("Hall", (), ()))
    svg = series_svg(few(1), theme="light")
    assert len(reading.of_class(svg, "dot")) == 2 and "1 of 1 scene usable" in " ".join(reading.texts(svg))
    hidden = tuple(replace(m, value=math.nan, spread=math.nan, reasons="cloud 100 %") for m in few(2).measured)
    all_hidden = Series("Hall", (samples.detected(samples.OPTICAL, list(hidden), (), note="no usable scene"),), hidden)
    words = " ".join(reading.texts(series_svg(all_hidden, theme="light")))
    assert "0 of 2 scenes usable" in words and "2 cloud" in words


def test_open_brackets_ramps_and_two_changes_are_drawn():
    series = one_sensor()
    (found,) = series.detected
    first = found.changes[0]
    early = Span.parse("2017-05-01").first_day
    second = replace(
        first,
        bracket=Bracket(early, early + 12),
        posterior=Posterior(np.array([early, early + 12]), np.array([1.0])),
        interval50=(early + 3, early + 9),
        interval90=(early + 1, early + 11),
        interval95=(early + 0.5, early + 11.5),
    )
    two = replace(series, detected=(replace(found, changes=(second, first)),))
    svg = series_svg(two, theme="light")
    assert sum(t.startswith("Enlarged: ") for t in reading.texts(svg)) == 2
    assert verdict(two.combined).headline.startswith("Changed twice: after 1 May, by 13 May 2017")
    for bracket in (Bracket(None, first.bracket.by), Bracket(first.bracket.after, None)):
        opened = replace(
            series, detected=(replace(found, changes=(replace(first, bracket=bracket, shape="ramp", ramp_days=40),)),)
        )
        reading.tree(series_svg(opened, theme="light"))
        assert "took about 40 days" in verdict(opened.combined).headline


def test_gaps_count_from_the_period_and_numbers_are_round():
    assert gaps_of([100.0, 130.0, 250.0], (0.0, 260.0)) == ((0.0, 100.0), (130.0, 250.0))
    assert round_numbers(-0.013, 0.17, 4) == [0.0, 0.05, 0.1, 0.15]
    assert number(-9.0, 8.0) == "−9" and number(0.05, 0.18) == "0.05"
    assert measure_words("contrast:nir") == "contrast to the surroundings, near infrared"
    assert measure_words("") == "value" and measure_words("my_own:thing") == "my own, thing"


# --- words ------------------------------------------------------------------------------------------------------------


def test_the_power_sentence_says_what_was_put_in_and_what_would_have_been_missed():
    strong, weak = missed_words(samples.trust())
    assert strong.replace("\u00a0", " ") == (
        "A change with a side of 15 m and a contrast of 4 standard deviations of the series would have been found with "
        "probability 0.9 (of 200 put into these images); one of 8 m with 0.21."
    )
    assert weak.startswith("Not even a change with a side of 30\u00a0m would have been found with probability 0.9 or more")
    brief = tuple(replace(p, days=30.0) for p in samples.trust().power if p.size_m == 30.0 and p.contrast == 2.0)
    faint = replace(samples.trust(), power=(*samples.trust().power, *brief))
    assert len(missed_words(faint)) == 2  # those of one size share a sentence
    assert " or 2 standard deviations of the series for 30 days (" in missed_words(faint)[1]
    assert missed_words(None) == ["How small a change these images would have shown was not tested."]


def test_a_dip_above_a_size_takes_its_reading_away():
    point = Power(10.0, 1.0, "sd", math.inf, 100, 95, 90)
    dip = replace(point, size_m=20.0, found=60)
    top = replace(point, size_m=30.0)
    (read,) = readings((point, dip, top))
    assert read.seen == top and read.missed is None
    assert "contrast of 1 standard deviation of" in missed_words(Trust("h", "a", 0, 0, 0.01, 3, 1, 0.95, 10, (point,)))[0]
    brief = replace(point, days=30.0, unit="dB", contrast=-2.5)
    assert "a contrast of −2.5 dB, lasting 30 days" in missed_words(Trust("h", "a", 0, 0, 0.01, 3, 1, 0.95, 10, (brief,)))[0]


@pytest.mark.parametrize(
    ("placebos", "exceeding", "expected"),
    [
        (400, 3, "of 400 footprints where nothing is known to have changed, 3 show as much (under 1 %)."),
        (400, 1, "of 400 footprints where nothing is known to have changed, 1 shows as much (under 1 %)."),
        (99, 0, "of 99 footprints where nothing is known to have changed, none show as much (fewer than 1 in 99)."),
        (1, 1, "of 1 footprint where nothing is known to have changed, 1 shows as much (over 99 %)."),
    ],
)
def test_false_alarms_in_words(placebos, exceeding, expected):
    told = alarm_words(replace(samples.trust(), placebos=placebos, exceeding=exceeding)).replace("\u00a0", " ")
    assert told == f"False alarms: {expected}"


@pytest.mark.parametrize(
    ("placebos", "exceeding", "expected"),
    [
        (400, 249, "249 of 400 unchanged places look at least this changed, so this is ordinary here."),
        (400, 3, "3 of 400 unchanged places look at least this changed."),
        (400, 1, "1 of 400 unchanged places looks at least this changed."),
        (400, 0, "none of 400 unchanged places look at least this changed."),
    ],
)
def test_where_no_change_is_reported_nothing_is_called_a_false_alarm(placebos, exceeding, expected):
    trust = replace(samples.trust(), placebos=placebos, exceeding=exceeding)
    assert alarm_words(trust, changed=False) == f"For comparison: {expected}"


def test_no_placebos_is_not_no_false_alarms():
    assert "not tested" in alarm_words(None) and "not tested" in alarm_words(replace(samples.trust(), placebos=0))


def test_the_verdict_keeps_evidence_and_prior_apart():
    found = one_sensor().detected[0]
    told = verdict(found, samples.trust())
    assert told.changed and told.headline.startswith("Changed after ") and "(95\u00a0%: " in told.headline
    assert told.likelihood.startswith(likelihood(found.probability))
    even = replace(found, probability=0.9, evidence=math.log(9 * 4))
    assert "by about 36 (log Bayes factor 3.6)" in evidence_words(
        even
    ) and "The prior put a change at 20\u00a0%" in evidence_words(even)
    assert "divide the odds of a change by about 60" in evidence_words(unchanged().detected[0])
    assert "prior" not in evidence_words(replace(found, probability=1.0))


def test_where_the_images_do_not_speak_no_likelihood_word_is_used():
    base = unchanged().detected[0]
    cannot = "It cannot be determined from these images"
    poor = tuple(replace(p, found=10) for p in samples.trust().power)
    for told in (
        verdict(None),
        verdict(replace(base, evidence=0.4, probability=0.1)),
        verdict(replace(base, evidence=math.nan)),
        verdict(replace(base, scenes=0)),
        verdict(replace(base, note="Only one scene is usable")),
        verdict(base, replace(samples.trust(), power=poor)),
    ):
        assert cannot in told.headline and not told.likelihood and not told.changed
    assert verdict(replace(base, note="Only one scene is usable")).headline.endswith(
        "whether it changed: only one scene is usable"
    )
    assert "a side of 15\u00a0m" in verdict(base, samples.trust()).headline
    assert "was not tested" in verdict(base).headline


@pytest.mark.parametrize(("exceeding", "some"), [(3, True), (58, True), (60, False), (148, False), (None, False)])
def test_below_the_threshold_unchanged_places_decide_the_words_and_no_likelihood_does(exceeding, some):
    short = replace(unchanged().detected[0], evidence=1.8, probability=0.86)
    trust = None if exceeding is None else samples.trust(exceeding=exceeding)
    told = verdict(short, trust)
    assert told.headline.startswith("Some evidence" if some else "No change told from chance")
    assert not told.changed and not told.likelihood and "odds" not in told.evidence and "prior" not in told.evidence
    assert "a finding needs 3.0" in told.evidence
    if exceeding == 148:
        assert told.headline.endswith("37\u00a0% of unchanged places show as much")


def test_doubts_and_conflicts_are_sentences_of_their_own_each_once():
    _, answers = samples.at_odds()
    doubtful = replace(answers[0], doubts=("the baseline changes in the same gap", "the baseline changes in the same gap"))
    told = verdict(answers[2], None, (doubtful, answers[1]), {samples.RADAR: "Radar"})
    assert told.doubts == (
        "The baseline changes in the same gap.",
        "Radar contradicts the others: it dates the change seven months earlier, where the optical scenes show none.",
    )


def test_stacks_that_nobody_combined_are_not_combined_here():
    series = several()
    apart = replace(series, detected=series.apart)
    assert apart.combined is None
    assert "its stacks were not weighed together" in verdict(None, None, apart.apart).headline
    assert not [t for t in reading.texts(series_svg(apart, theme="light")) if t == "When"]


def test_a_size_without_a_number_is_left_out():
    series = one_sensor()
    bad = replace(series.detected[0].changes[0], sizes=(Size("contrast:nir", 0.1, math.nan),))
    words = reading.texts(
        series_svg(replace(series, detected=(replace(series.detected[0], changes=(bad,)),)), theme="light")
    )
    assert "Contrast to the surroundings, near infrared (reflectance)" in words


@pytest.mark.parametrize(
    ("measure", "stack", "unit"),
    [
        ("contrast:red", "sentinel-2 10 m", "reflectance"),
        ("level:vv", "sentinel-1 10 m orbit 137", "dB"),
        ("contrast:red", "planetscope 3 m uncalibrated", ""),
        ("contrast:texture", "sentinel-2 10 m", ""),
        ("texture:green", "sentinel-2 10 m", ""),
        ("shadow", "sentinel-2 10 m", ""),
    ],
)
def test_axes_name_the_unit_where_there_is_one(measure, stack, unit):
    assert unit_of(measure, stack) == unit


def test_on_a_telephone_words_give_way_to_numbers():
    for series in (one_sensor(), several()):
        assert not [t for t in reading.texts(series_svg(series, theme="light", width=PHONE)) if "±" in t and "…" in t]


def test_shares_are_never_printed_as_certain():
    assert [share_text(s) for s in (0.0, 0.2, 0.9, 0.354, 1.0)] == ["0.01", "0.2", "0.9", "0.35", "0.99"]
    assert [share_text(s) for s in (0.896, 0.8951, 0.8999)] == ["0.896", "0.895", "just short of 0.9"]


# --- power and placebos -----------------------------------------------------------------------------------------------


def test_the_power_curve_stands_at_its_counts_with_wilson_bands():
    from scipy.stats import binomtest

    for found, of in ((181, 200), (0, 50), (50, 50)):
        interval = binomtest(found, of).proportion_ci(method="wilson")
        assert wilson(found, of) == pytest.approx((interval.low, interval.high), abs=1e-6)
    svg = power_svg(samples.trust(), theme="light", width=SCREEN)
    words = [t.replace("\u00a0", " ") for t in reading.texts(svg)]
    assert "15 m: 0.9" in words and "Found, and dated right" in words
    points = [p for p in reading.of_class(svg, "point") if p.tag.endswith("circle")][:6]
    xs, ys = (np.array([float(p.get(k)) for p in points]) for k in ("cx", "cy"))
    sizes, shares = np.array([5, 8, 11, 15, 20, 30]), np.array([9, 41, 118, 181, 194, 199]) / 200
    assert np.corrcoef(xs, sizes)[0, 1] > 0.999999 and np.corrcoef(ys, shares)[0, 1] < -0.999999


def test_every_duration_put_in_is_drawn_and_so_is_what_chance_finds():
    lasting = samples.trust().power[0]
    brief = tuple(replace(lasting, size_m=20.0, days=days, found=f) for days, f in ((90.0, 60), (30.0, 20)))
    faint = tuple(replace(p, contrast=1.0, found=p.found // 3) for p in samples.trust().power[:6])
    trust = replace(samples.trust(), power=(*samples.trust().power, *faint, *brief))
    svg = power_svg(trust, theme="light", width=SCREEN)
    told = " ".join(reading.texts(svg))
    assert "lasting 90 days" in told and "lasting 30 days" in told
    assert "where nothing was put in: 0.01" in told
    (floor,) = reading.of_class(svg, "floor")
    panel = next(e for e in reading.of_class(svg, "point") if e.get("cy"))
    assert float(floor.get("y1")) > float(panel.get("cy"))


@pytest.mark.parametrize("width", WIDTHS)
def test_power_and_placebo_figures_hold_together(width):
    evidence = list(np.random.default_rng(0).gamma(2, 1.1, 400) - 4)
    lone = replace(samples.trust(), power=samples.trust().power[:1])
    for trust in (samples.trust(), lone, replace(lone, power=(replace(lone.power[0], injected=0, found=0, dated=0),))):
        for svg in (
            power_svg(trust, theme="light", width=width),
            placebo_svg(evidence, 3.3, trust, theme="light", width=width),
        ):
            root = reading.tree(svg)
            assert not re.search(r"\bnan\b|\binf\b", svg)
            for a, b in itertools.combinations(boxes(root), 2):
                assert a[3] <= b[1] or b[3] <= a[1] or a[4] <= b[2] or b[4] <= a[2], (a, b)
    assert "No changes were put into these images" in power_svg(replace(lone, power=()))


def test_the_placebo_strip_counts_every_place_and_marks_those_that_show_as_much():
    evidence = [*np.linspace(-3, 2, 97), 4.0, 5.0, 6.5, math.nan]
    svg = placebo_svg(evidence, 4.5, samples.trust(), theme="light", width=SCREEN)
    counted = [int(re.match(r"\d+", r[0].text)[0]) for r in reading.of_class(svg, "placebo")]
    assert sum(counted) == 100 and len(reading.of_class(svg, "exceeding")) == 2
    assert "this structure: 4.5" in reading.texts(svg)
    assert {"98 places with less evidence than this structure", "2 places with as much or more"} <= set(reading.texts(svg))
    assert "not tested" in placebo_svg([], 4.5, samples.trust())


# --- maps -------------------------------------------------------------------------------------------------------------


def change_map(**more):
    rng = np.random.default_rng(0)
    grid = Grid("EPSG:32631", 670540.0, 5461500.0, 10.0, 60, 40)
    probability, date = rng.uniform(0, 0.2, grid.shape), np.full(grid.shape, np.nan)
    size = np.full(grid.shape, 0.01)
    probability[5:12, 10:20], date[5:12, 10:20], size[5:12, 10:20] = 0.97, 17000.0, 0.2
    probability[25:30, 40:46], date[25:30, 40:46], size[25:30, 40:46] = 0.9, 18000.0, -0.1
    unusable = np.zeros(grid.shape, dtype=bool)
    unusable[:4] = True
    probability[:4] = np.nan
    found = Found("Shed " + NASTY, samples_wkt(grid, 10, 5, 20, 12), 16996.4, 17003.4, 0.97, 0.2)
    hall = Structure("hall", NASTY, geometry_wkt=samples_wkt(grid, 8, 4, 22, 14))
    values = {"unit": "reflectance", "objects": (found,), "structures": (hall,), "credit": "Images: somebody."}
    return ChangeMap(grid, probability, date, size, rng.uniform(0, 1, grid.shape), unusable, **{**values, **more})


def samples_wkt(grid, left, top, right, bottom):
    from pyproj import Transformer

    back = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform
    corners = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    points = [back(grid.left + c * grid.res, grid.top - r * grid.res) for c, r in corners]
    return "POLYGON((" + ",".join(f"{x:.9f} {y:.9f}" for x, y in points) + "))"


def test_the_map_shows_dates_and_sizes_only_where_a_change_is_found():
    values = change_map()
    pictures = [p for p in reading.images(map_svg(values, theme="light")) if p.height > 20]
    probability, date, size = (pictures[i].pixels for i in (1, 3, 5))
    assert np.array_equal(date[..., 3] > 0, values.shown()) and np.array_equal(size[..., 3] > 0, values.shown())
    assert (probability[:4, :, 3] == 0).all() and (probability[6, 12] == [*paint(np.array(0.97), "probability"), 245]).all()
    assert date_limits(values)[0] < 17000 < 18000 < date_limits(values)[1]
    early, late = ("#{:02x}{:02x}{:02x}".format(*date[at][:3]) for at in ((6, 12), (27, 42)))
    assert reading.contrast(early, late) > 2
    assert size_limit(values) == pytest.approx(0.2) and map_words(values) == ("a change is found in 1 area")


def test_the_map_says_what_chance_would_give_and_what_is_only_possible():
    values = change_map(chance=0.01)
    on = "4.6\u00a0% of the ground that is seen"
    chance = "chance alone would give 1\u00a0%, most of that in single pixels."
    assert chance_words(values) == f"On {on}; {chance}" and chance_words(change_map()) == f"On {on}."
    bare = replace(values, objects=())
    assert map_words(bare) == f"a change is found on {on}" and chance_words(bare) == chance.capitalize()
    assert chance_words(nowhere()) == ""
    faint = replace(values.objects[0], name="changed area 2", probability=0.3)
    assert (
        map_words(replace(values, objects=(*values.objects, faint))) == "a change is found in 1 area and possible in 1 more"
    )
    assert map_words(replace(values, objects=(faint,))) == "a change is possible in 1 area"
    assert area_name(faint) == "possible change 2" and area_name(replace(faint, name="Shed")) == "Shed (possible)"
    assert area_name(replace(faint, probability=0.5)) == "changed area 2"


@pytest.mark.parametrize(
    ("size", "limit", "expected"),
    [(-4.2e-05, 0.16, "0.00"), (0.034, 0.16, "+0.03"), (-0.11, 0.16, "−0.11"), (3.21, 12.0, "+3"), (math.nan, 0.1, "")],
)
def test_sizes_of_areas_share_their_decimals(size, limit, expected):
    assert size_text(size, limit) == expected


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_covers_the_map_and_every_panel_has_the_numbers(width):
    plain = change_map()
    hall = Structure("hall", "Hall", geometry_wkt=plain.structures[0].geometry_wkt)
    values = change_map(structures=(hall,), objects=(replace(plain.objects[0], name="Shed"),))
    svg = map_svg(values, theme="light", width=width)
    foot = max(p.y + p.height for p in reading.images(svg) if p.height > 20)
    (bar,) = reading.of_class(svg, "scale-bar")
    assert float(re.match(r"M[\d.]+ ([\d.]+)", bar.get("d"))[1]) > foot
    words = reading.texts(svg)
    assert words.count("Hall") == 1 and words.count("1") >= 3 and "Shed at Hall" in words


def test_outlines_lie_where_the_objects_are():
    svg = map_svg(change_map(structures=()), theme="light", width=SCREEN)
    picture = next(p for p in reading.images(svg) if p.height > 20)
    (first, *_) = reading.of_class(svg, "object")
    points = np.array([[float(n) for n in pair.split()] for pair in first.get("d")[1:-1].split("L")])
    zoom = picture.width / 60
    expected = picture.x + 10 * zoom, picture.y + 5 * zoom, picture.x + 20 * zoom, picture.y + 12 * zoom
    assert np.allclose([*points.min(axis=0), *points.max(axis=0)], expected, atol=0.05)


@pytest.mark.parametrize("width", WIDTHS)
def test_maps_are_safe_say_what_is_hidden_and_list_the_objects(width):
    for values in (change_map(), change_map(objects=(), structures=()), nowhere()):
        svg = map_svg(values, theme="auto", width=width)
        reading.tree(svg)
        words = " ".join(reading.texts(svg)).replace("\u00a0", " ")
        assert "<script" not in svg and "Hatched (" in words and reading.masks(svg)
        assert len(set(re.findall(r' id="([^"]+)"', svg))) == len(re.findall(r' id="([^"]+)"', svg))
    assert "after 14 Jul, by 21 Jul 2016" in " ".join(reading.texts(map_svg(change_map(), width=width)))


def nowhere():
    values = change_map(objects=())
    return replace(values, probability=np.full(values.grid.shape, np.nan), unusable=np.ones(values.grid.shape, dtype=bool))


def test_a_map_without_usable_ground_says_nothing_else():
    assert map_words(nowhere()).startswith("nothing can be said anywhere")
    assert "nothing to show" in reading.texts(map_svg(nowhere(), theme="light"))


def test_layers_must_fit_the_grid():
    with pytest.raises(BadInput, match="'date' is"):
        change_map().__class__(**{**fields_of(change_map()), "date": np.zeros((3, 3))})


def fields_of(values):
    return {name: getattr(values, name) for name in values.__dataclass_fields__}


@pytest.mark.parametrize("kind", ["probability", "date"])
def test_sequential_ramps_run_one_way_in_lightness(kind):
    shades = [0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in paint(np.linspace(0, 1, 40), kind).astype(float)]
    steps = np.diff(shades)
    assert (steps > 0).all() or (steps < 0).all()


def test_the_diverging_ramp_is_palest_in_its_middle_and_nan_is_transparent():
    low, middle, high = (paint(np.array(v), "size").astype(int).sum() for v in (0.0, 0.5, 1.0))
    assert middle > low and middle > high and len(RAMPS["size"]) % 2 == 1
    assert probability_pixels(np.array([[np.nan, 0.0, 1.0]]))[0, :, 3].tolist() == [0, 0, 245]
    assert value_pixels(np.array([[np.nan, 0.3]]), np.array([[True, True]]), "date")[0, :, 3].tolist() == [0, 245]


# --- the report -------------------------------------------------------------------------------------------------------


def shown(**more):
    rows, answers = samples.at_odds()
    quiet = [replace(m, structure_id="gate") for m in samples.optical(5, step=0.0, scenes=60)]
    still = replace(samples.detected(samples.OPTICAL, quiet, ()), structure_id="gate")
    values = {
        "trust": (samples.trust(),),
        "placebos": {"hall": list(np.random.default_rng(0).gamma(2, 1.1, 200) - 4)},
        "chips": {"hall": picture()},
        "maps": (change_map(), change_map(objects=())),
        "labels": {samples.OPTICAL: "Sentinel-2 " + NASTY},
        "credits": ("Contains modified Copernicus Sentinel data",),
    }
    return PixelsShown((*answers, still), (*rows, *quiet), **{**values, **more})


def picture():
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.new("RGB", (400, 120), (120, 160, 120)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def report():
    return render(*small_case(), shown())


def test_the_report_gains_a_section_that_is_whole_linked_and_safe(report):
    text, paper = report
    page = Page(text)
    assert not page.problems and not page.open and page.tags["script"] == 0 and "<script" not in text
    assert {"pixels", "px-hall", "px-gate"} <= set(page.ids)
    assert not [i for i in set(page.ids) if page.ids.count(i) > 1]
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    words = page.text.replace("\u00a0", " ")
    for expected in (
        "What the pixels show",
        "found a change in one of them",
        "would have been found with probability 0.9",
        "False alarms: of 400 footprints",
        f"{samples.RADAR} contradicts the others".capitalize(),
        "falls inside the bracket: these images alone cannot say whether the change came before or after it",
        "Not measured: Pond",
        "How the pixels were read",
        "what was measured in the images themselves has a section of its own",
    ):
        assert expected in words, expected
    assert "did not look at the images itself" not in words and "no image was examined" not in words
    assert paper.startswith(b"%PDF-") and words.index("What the pixels show") < words.index("Structure by structure")


def test_a_report_with_pixels_is_the_same_twice(report):
    assert render(*small_case(), shown()) == report


def test_without_pixels_the_report_says_that_no_image_was_examined():
    text, _ = render(*small_case())
    assert "no image was examined for this report" in text and "What the pixels show" not in text and ".pixels" not in text


def test_a_case_of_pixels_alone_does_not_say_that_it_knows_nothing():
    data, dating, weighing = empty_case()
    text, _ = render(data, dating, weighing, shown(maps=(), chips={}, placebos={}))
    words = Page(text).text
    assert "rests on the pixels alone" in words and "says nothing about the site" not in words


def test_many_unchanged_structures_share_a_table():
    data, *_ = small_case("Hall")
    still = unchanged()
    found = tuple(replace(still.detected[0], structure_id=f"s{i}") for i in range(7))
    rows = tuple(replace(m, structure_id=f"s{i}") for i in range(7) for m in still.measured[:20])
    view = pixels_view(data, PixelsShown(found, rows), lambda draw: {"page": draw(PAGE)})
    assert not view["blocks"] and len(view["quiet"]) == 7 and "found no change" in view["lede"]
    assert view["unmeasured"] == ["Hall", "Gate", "Pond"]
    few_ = pixels_view(data, PixelsShown(found[:2], rows), lambda draw: {"page": draw(PAGE)})
    assert len(few_["blocks"]) == 2


def test_where_no_scene_shows_a_structure_neither_rates_nor_a_scale_are_told():
    data, *_ = small_case("Hall")
    still = unchanged()
    hidden = tuple(replace(m, value=math.nan, spread=math.nan, usable_share=0.0) for m in still.measured)
    nothing = replace(still.detected[0], scenes=0, evidence=math.nan, probability=math.nan, note="no scene shows it")
    shown_ = PixelsShown((nothing,), hidden, (replace(samples.trust(), exceeding=400),), {"hall": [0.0] * 9})
    (block,) = pixels_view(data, shown_, lambda draw: {"page": draw(PAGE)})["blocks"]
    assert not block["alarms"] and not block["placebos"]
    words = reading.texts(block["figure"]["page"])
    assert not [w for w in words if re.fullmatch(r"[−\d.]+", w) and "." in w]


def test_only_events_inside_a_bracket_are_undecided():
    change = one_sensor().detected[0].changes[0]
    outside = replace(EVENTS[0], when=Span.parse("2018-06-12"))
    inside = replace(EVENTS[0], when=Span.parse("2019-02-20"))
    assert straddled([change], [outside]) == [] and len(straddled([change], [inside])) == 1
    assert straddled([replace(change, bracket=Bracket(None, change.bracket.by))], [inside]) == []


def test_figures_as_files_are_the_same_twice_and_carry_their_finding(tmp_path):
    series = replace(one_sensor(), name="Hall " + NASTY)
    made = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        written = [
            *write_series(series, "hall", folder, credit="Images: somebody."),
            *write_trust(series, [0.1, 2.0], "hall", folder, theme="dark"),
            *write_map(change_map(), "Around the site", "site", folder, theme="print"),
        ]
        made.append([p.read_bytes() for p in written])
    assert [p.name for p in written] == [
        f"{stem}.{ending}" for stem in ("series-hall", "trust-hall", "map-site") for ending in ("png", "svg")
    ]
    assert made[0] == made[1]
    words = " ".join(reading.texts(written[1].read_text("utf-8")))
    assert "Changed after " in words and "Images: somebody." in words
    assert reading.png(written[0]).shape[1] == 2 * (SCREEN + 64)
    assert write_trust(replace(series, trust=None), [], "hall", tmp_path) == ()


def test_measured_rows_of_an_unknown_stack_are_shown_without_an_answer():
    rows = tuple(replace(m, stack="other") for m in samples.optical(scenes=20))
    svg = series_svg(Series("Hall", (), rows), theme="light")
    assert reading.of_class(svg, "dot") and not reading.of_class(svg, "posterior")
    assert isinstance(rows[0], Measured) and "it was not measured" in svg
