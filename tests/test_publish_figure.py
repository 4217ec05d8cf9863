"""Figures: what is drawn is where it should be, nothing overlaps or is cut off, and nothing rests on colour alone."""

import itertools
import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siteline.publish.draw import Pen
from siteline.publish.figure import (
    PAGE,
    PHONE,
    SCREEN,
    decisive,
    key_figure_svg,
    quiet_figure_svg,
    structure_figure_svg,
)
from siteline.publish.look import STATE_STYLES, THEMES, percent
from siteline.publish.panels import Panel, Shelf, fit, text_width
from siteline.publish.rows import line_of, row
from siteline.publish.shifts import shifts_svg
from test_publish_case import NASTY, days, empty_case, small_case

SVG = "{http://www.w3.org/2000/svg}"
WIDTHS = (SCREEN, PAGE, PHONE)


def figures(width, theme="light", case=None):
    data, dating, weighing = case or small_case("Hall")
    yield key_figure_svg(data, dating, weighing, theme=theme, width=width)
    yield structure_figure_svg(data, dating.histories["hall"], weighing, theme=theme, width=width)
    yield quiet_figure_svg(data, [dating.histories["gate"]], weighing, theme=theme, width=width)
    yield shifts_svg(Pen(theme, "l"), weighing.positions[0].lines, width)


def boxes(root):
    """(text, left, top, right, bottom) of every text, with the offsets of the groups it stands in."""
    found = []

    def walk(element, dx, dy):
        move = re.fullmatch(r"translate\(([-\d.]+) ([-\d.]+)\)", element.get("transform", ""))
        if move:
            dx, dy = dx + float(move[1]), dy + float(move[2])
        if element.tag == SVG + "text":
            size = float(element.get("font-size"))
            wide = text_width(element.text, size, bold=element.get("font-weight") == "600")
            x = float(element.get("x")) + dx
            x -= {"middle": wide / 2, "end": wide}.get(element.get("text-anchor", "start"), 0)
            y = float(element.get("y")) + dy
            found.append((element.text, x, y - 0.72 * size, x + wide, y + 0.1 * size))
        for child in element:
            walk(child, dx, dy)

    walk(root, 0.0, 0.0)
    return found


@pytest.mark.parametrize("width", WIDTHS)
def test_no_label_overlaps_another_or_leaves_the_figure(width):
    for svg in figures(width):
        root = ET.fromstring(svg)
        _, _, wide, high = (float(v) for v in root.get("viewBox").split())
        placed = boxes(root)
        assert placed
        for text, left, top, right, bottom in placed:
            assert left >= -0.5 and right <= wide + 0.5, text
            assert top >= -0.5 and bottom <= high + 0.5, text
        for a, b in itertools.combinations(placed, 2):
            apart = a[3] <= b[1] or b[3] <= a[1] or a[4] <= b[2] or b[4] <= a[2]
            assert apart, (a, b)


@pytest.mark.parametrize("theme", ["auto", "light", "dark", "print"])
def test_figures_are_well_formed_and_themes_resolve(theme):
    for svg in figures(PAGE, theme, small_case("Hall " + NASTY)):
        ET.fromstring(svg)
        assert ("var(--" in svg) == (theme == "auto")


def test_every_look_is_marked_with_who_made_it():
    data, dating, weighing = small_case("Hall")
    for width in WIDTHS:
        drawn = ET.fromstring(structure_figure_svg(data, dating.histories["hall"], weighing, width=width))
        hovers = " ".join(t.text for t in drawn.iter(SVG + "title"))
        for look in dating.histories["hall"].looks:
            assert re.search(rf"{look.observation_id}: [^\n]*{look.observer}", hovers)
    shown = row(data, dating.histories["hall"])
    clear = {m.observation_ids: m.clarity for lane in shown.lanes for m in lane.marks}
    assert clear[("o2",)] == "partly" and clear[("o3",)] == "obscured" and clear[("o6",)] == "clear"


def test_who_only_repeats_stands_in_the_line_it_repeats():
    data, dating, _ = small_case("Hall")
    assert line_of(data.sources, "s2") == "Lab One"
    lanes = {
        lane.label: [i for m in lane.marks for i in m.observation_ids] for lane in row(data, dating.histories["hall"]).lanes
    }
    assert set(lanes["Lab One"]) == {"o1", "o2", "o4", "o5"} and set(lanes["Lab Three"]) == {"o3", "o6"}


def test_bands_stop_at_brackets():
    data, dating, _ = small_case("Hall")
    bands = row(data, dating.histories["hall"]).bands
    assert [b.state for b in bands] == ["partly_dismantled", "being_rebuilt", "complete"]
    assert bands[0].end == days("2019-02-16") + 1 and bands[1].start == days("2019-03-02")
    assert bands[2].start == days("2019-03-06")


def test_the_enlarged_weeks_hold_the_bracket_and_the_event():
    data, _, weighing = small_case("Hall")
    first, last = decisive(data, weighing)
    assert first < days("2019-02-16") and last > days("2019-03-06")
    assert last - first < 60


def test_a_bracket_is_drawn_to_scale():
    data, dating, weighing = small_case("Hall")
    root = ET.fromstring(structure_figure_svg(data, dating.histories["hall"], weighing, theme="light"))
    bars = [
        sorted((float(line.get("x1")), float(line.get("x2"))))
        for g in root.iter(SVG + "g")
        for line in g.findall(SVG + "line")
        if g.find(SVG + "title") is not None and line.get("y1") == line.get("y2")
    ]
    lengths = [b - a for a, b in bars]
    assert lengths[0] / lengths[1] == pytest.approx(14 / 4, rel=0.01)


def test_states_do_not_rest_on_colour_alone():
    """Pairs that share height and texture must stay apart for colour-blind readers (Machado et al. 2009)."""
    protan = ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998))
    deutan = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881))
    for a, b in itertools.combinations(STATE_STYLES, 2):
        if (STATE_STYLES[a].height, STATE_STYLES[a].hatch) != (STATE_STYLES[b].height, STATE_STYLES[b].hatch):
            continue
        for theme, matrix in itertools.product(THEMES.values(), (protan, deutan)):
            seen = [[sum(w * c for w, c in zip(r, rgb(theme[s]), strict=True)) for r in matrix] for s in (a, b)]
            assert sum((p - q) ** 2 for p, q in zip(*seen, strict=True)) ** 0.5 > 0.15, (a, b)


def rgb(colour):
    return [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]


def luminance(colour):
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb(colour)]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("theme", THEMES)
def test_text_has_contrast(theme):
    """WCAG 2.2: 4.5 to 1 for text, 7 to 1 for the body."""
    colours = THEMES[theme]
    pairs = [("ink", "paper", 7.0), ("muted", "paper", 4.5), ("muted", "wash", 4.5), ("link", "paper", 4.5)]
    for front, back, least in [*pairs, ("event", "paper", 4.5), ("on_complete", "complete", 4.5)]:
        a, b = sorted((luminance(colours[front]), luminance(colours[back])), reverse=True)
        assert (a + 0.05) / (b + 0.05) >= least, (front, back)


def test_nothing_to_draw_is_said():
    data, dating, weighing = empty_case()
    assert "nothing to draw" in key_figure_svg(data, dating, weighing)


@given(st.floats(-3e5, 8e5), st.floats(0.5, 9e5), st.floats(90, 1100))
@settings(max_examples=150, deadline=None)
def test_ticks_lie_inside_and_keep_their_room(start, length, wide):
    panel = Panel(start, start + length, 0, wide)
    at = [panel.x(t) for t, _, _ in panel.ticks()]
    assert all(panel.holds(t) for t, _, _ in panel.ticks())
    assert all(b - a >= 0.9 * 44 for a, b in itertools.pairwise(at))


@given(st.lists(st.tuples(st.floats(0, 500), st.floats(1, 200)), max_size=30))
def test_a_shelf_never_lets_labels_touch(labels):
    shelf = Shelf(3)
    placed = [(row_, left, left + wide) for left, wide in labels if (row_ := shelf.place(left, left + wide)) is not None]
    for (r1, a1, b1), (r2, a2, b2) in itertools.combinations(placed, 2):
        assert r1 != r2 or b1 <= a2 or b2 <= a1


@given(st.text(max_size=60), st.floats(5, 300))
def test_fitted_text_fits(text, room):
    short = fit(text, room, 12)
    assert text_width(short, 12) <= max(room, text_width(text[:1] + "…", 12)) or len(short) <= 2


def test_a_probability_is_never_printed_as_certain():
    assert [percent(p).replace("\u00a0", " ") for p in (0.0, 0.5, 1.0)] == ["under 1 %", "50 %", "over 99 %"]
