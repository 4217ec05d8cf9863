"""The before/after figure and its animation, read back and held against the numbers that went in."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageSequence

import cube_samples as samples
import figure_reading as reading
from siteline.model.errors import NoArea
from siteline.model.reasons import Reason
from siteline.model.records import Structure
from siteline.publish.compare import compare_page, write_compare
from siteline.publish.labels import place
from siteline.publish.pair import alignment_words, apart_words, pair_of

LEFT, TOP = 670540.0, 5461500.0
SIDE = 80


def structure(left: float, top: float, side: float, name: str) -> Structure:
    """A square footprint given in pixels of the sample grid."""
    wkt = samples.box(32631, LEFT + 10 * left, TOP - 10 * top, 10 * side, 10 * side)
    return Structure(name.lower(), name, geometry_wkt=wkt)


def two(side: int = SIDE, **changes):
    """Two scenes of the same ground, but for a square that stands in the second only."""
    values = np.random.default_rng(3).uniform(0.03, 0.2, (1, 3, side, side)).astype(np.float32).repeat(2, axis=0)
    values[1, :, 34:40, 34:40] = 0.35
    return samples.cube(values, **changes)


def page(cube, structures=(), theme="light", title=""):
    return compare_page(pair_of(cube, 0, 1, structures), theme=theme, title=title)


def words(cube, structures=()) -> str:
    return " ".join(reading.texts(page(cube, structures).svg))


def test_row_41_the_same_input_twice_gives_the_same_bytes(tmp_path):
    """Row 41."""
    cube, stand = two(), [structure(34, 34, 6, "Stand")]
    first = write_compare(cube, 0, 1, stand, tmp_path / "a")
    second = write_compare(cube, 0, 1, stand, tmp_path / "b")
    stem = "compare-2019-03-01-2019-03-02"
    assert [p.name for p in first] == [f"{stem}.png", f"{stem}.svg", f"{stem}-flicker.webp", f"{stem}-flicker.gif"]
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]


def test_what_did_not_change_has_the_same_colour_in_both_panels(tmp_path):
    picture, drawing, *_ = write_compare(two(), 0, 1, [], tmp_path)
    a, b = reading.images(drawing.read_text("utf-8"))
    changed = np.zeros((SIDE, SIDE), bool)
    changed[34:40, 34:40] = True
    assert (a.pixels[~changed] == b.pixels[~changed]).all()
    assert (a.pixels[changed] != b.pixels[changed]).any(axis=-1).all()
    shown, zoom = reading.png(picture), round(2 * a.width / SIDE)
    panels = [shown[int(2 * i.y) :, int(2 * i.x) :][: SIDE * zoom : zoom, : SIDE * zoom : zoom] for i in (a, b)]
    assert (panels[0][:60] == a.pixels[:60, :, :3]).all() and (panels[1][:60] == b.pixels[:60, :, :3]).all()


def test_unusable_pixels_are_grey_and_hatched_and_missing_ones_hold_nothing():
    cube = two()
    cube["reason"][1, :, :20] = Reason.CLOUD
    cube["reason"][1, :, 70:] = Reason.NODATA
    cube["valid"][1] = cube["reason"][1] == 0
    cube["reflectance"][1, :, :, 70:] = np.nan
    svg = page(cube).svg
    a, b = reading.images(svg)
    assert (b.pixels[:, 70:, 3] == 0).all() and (b.pixels[:, :70, 3] == 255).all()
    assert reading.saturation(b.pixels[:, :20]) < 8 < reading.saturation(a.pixels[:, :20])
    (hatched,) = reading.masks(svg)
    assert (hatched.x, hatched.width) == (b.x, b.width)
    assert ((hatched.pixels[..., 0] > 0) == (cube["reason"][1].values == Reason.CLOUD)).all()
    text = " ".join(reading.texts(svg))
    assert "Cloud over 25\u00a0% of the ground shown." in text
    assert "Grey, hatched areas cannot be used. Pale areas without pixels hold no data." in text


def test_row_04_a_scene_that_could_not_be_read_shows_nothing_and_says_so():
    """Row 4: a typed failure, seen as one."""
    cube = two(alignment=["reference", "not tried"])
    cube["reflectance"][1] = np.nan
    cube["reason"][1], cube["valid"][1] = Reason.FAILED_READ, False
    svg = page(cube).svg
    assert (reading.images(svg)[1].pixels[..., 3] == 0).all()
    assert "The file could not be read: nothing is shown" in " ".join(reading.texts(svg))


def test_a_structure_under_cloud_cannot_be_judged():
    cube = two()
    cube["reason"][1, 30:50, 30:50] = Reason.CLOUD
    cube["valid"][1] = cube["reason"][1] == 0
    said = words(cube, [structure(34, 34, 6, "Stand"), structure(10, 10, 6, "Gate")])
    assert "Cannot be judged in the image of 2 Mar 2019: Stand (cloud over 100\u00a0%)." in said


def test_dates_providers_credits_and_title_are_text():
    cube = two(credit=["© One", "© Two"], platform=["Sentinel-2A", "Pléiades"], when=["2019-02-27T10:58Z", "2019-03-19"])
    said = reading.texts(page(cube, title="A yard is cleared").svg)
    for text in ("A yard is cleared", "27 Feb 2019, 10:58 UTC", "19 Mar 2019", "Pléiades · THEIA", "© One", "© Two"):
        assert text in said
    assert "27 Feb 2019 and 19 Mar 2019, 20 days apart." in said


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (["2019-03-02T02:11Z", "2019-03-02T05:20Z"], "3 hours apart"),
        (["2019-03-02", "2019-03-02"], "same day"),
        (["2019-03-02T23:00Z", "2019-03-04T23:30Z"], "2 days apart"),
        (["2019-03-02", "../2019-04-02"], ""),
        (["2000-01-01", "2019-01-01"], "6,940 days apart"),
    ],
)
def test_row_31_days_between_are_not_claimed_where_a_date_is_a_limit(when, expected):
    """Row 31."""
    assert apart_words(pair_of(two(when=when), 0, 1, [])) == expected


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (
            ["reference", "aligned"],
            "The image of 2 Mar 2019 was aligned to that of 1 Mar 2019, within 0.08 px (0.8 m; 14 votes) af",
        ),
        (["aligned", "aligned"], "Both images were aligned to a third: within 0.08 px"),
        (["reference", "not aligned"], "Not aligned: no reliable match was found for the image of 2 Mar 2019."),
        (["not tried", "not tried"], "Whether the two images lie exactly on each other was not checked"),
    ],
)
def test_row_33_alignment_is_told_in_plain_words(states, expected):
    """Row 33."""
    cube = two(alignment=states, residual=[0.08, 0.08], votes=[14, 14])
    assert alignment_words(pair_of(cube, 0, 1, [])).startswith(expected)
    assert expected[:40] in words(cube)


def test_doubts_of_a_scene_are_on_the_figure():
    assert "Doubt about the image of 2 Mar 2019: baseline and pixels disagree." in words(
        two(doubt=["", "baseline and pixels disagree"])
    )


def test_doubts_are_published_without_the_folders_of_this_machine_and_not_at_any_length():
    doubt = "red not read: /home/someone/secret case/B4.tif: refused; see https://host.example/a/b; " + "again " * 200
    said = words(two(doubt=["/srv/data/x/B4.tif is damaged.", doubt]))
    assert "1 Mar 2019: B4.tif is damaged." in said and "someone" not in said
    assert "https://host.example/a/b" in said and said.count("again") < 40


def test_the_scale_bar_measures_the_ground():
    from pyproj import Geod, Transformer

    svg = page(two()).svg
    (bar,) = reading.of_class(svg, "scale-bar")
    start, end = (float(v) for v in re.search(r"M([\d.]+) [\d.]+H([\d.]+)", bar.get("d")).groups())
    panel = reading.images(svg)[0]
    metres_drawn = (end - start) / panel.width * SIDE * 10
    back = Transformer.from_crs(32631, 4326, always_xy=True)
    (lon_a, lon_b), (lat_a, lat_b) = back.transform([LEFT, LEFT + metres_drawn], [TOP - 400] * 2)
    _, _, metres = Geod(ellps="WGS84").inv(lon_a, lat_a, lon_b, lat_b)
    stated = next(text for text in reading.texts(svg) if re.fullmatch(r"\d+ m", text))
    assert metres == pytest.approx(float(stated.split()[0]), rel=2e-3)


def test_the_ground_shown_is_that_around_the_structures():
    cube = two(200)
    shown = pair_of(cube, 0, 1, [structure(90, 90, 30, "Hall")]).part
    assert (shown.sizes["y"], shown.sizes["x"]) == pytest.approx((90, 90), abs=1)
    assert float(shown.x[0]) < LEFT + 900 and float(shown.x[-1]) > LEFT + 1200
    assert pair_of(cube, 0, 1, []).part.sizes["x"] == 200
    with pytest.raises(NoArea):
        pair_of(cube, 0, 1, [structure(900, 900, 30, "Elsewhere")])


def test_large_images_are_averaged_and_it_says_so():
    cube = two(1100)
    drawn = page(cube)
    assert reading.images(drawn.svg)[0].pixels.shape[:2] == (550, 550)
    assert "Drawn at 1:2, pixels averaged." in " ".join(reading.texts(drawn.svg))
    assert drawn.width <= 1120


def test_a_lazy_cube_gives_the_same_figure_as_one_in_memory():
    lazy = two().chunk({"time": 1, "y": 32, "x": 32})
    assert page(lazy, [structure(34, 34, 6, "Stand")]).svg == page(two(), [structure(34, 34, 6, "Stand")]).svg


def test_labels_touch_neither_one_another_nor_a_footprint_nor_the_scale():
    import shapely

    rng = np.random.default_rng(11)
    corners = rng.uniform(5, 60, (9, 2))
    shapes = [(f"Building {i}", shapely.box(a, b, a + 4, b + 4)) for i, (a, b) in enumerate(corners)]
    scale = (8.0, 440.0, 200.0, 472.0)
    labels, unnamed = place(shapes, 6.0, 480.0, 480.0, [scale])
    assert len(labels) + len(unnamed) == 9 and len(labels) >= 6
    boxes = [shapely.box(*label.box) for label in labels]
    assert all(not a.intersects(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])
    footprints = [shapely.box(*(np.array(shape.bounds) * 6)) for _, shape in shapes]
    assert not any(box.intersects(other) for box in boxes for other in [*footprints, shapely.box(*scale)])
    assert all(shapely.box(0, 0, 480, 480).contains(box) for box in boxes)


def test_names_stand_on_both_panels():
    said = reading.texts(page(two(), [structure(34, 34, 6, "Stand"), structure(10, 12, 6, "Gate")]).svg)
    assert said.count("Stand") == 2 and said.count("Gate") == 2 and said[0] == "Before and after"


@pytest.mark.parametrize("kind", ["webp", "gif"])
@pytest.mark.parametrize("side", [80, 700])
def test_the_animation_has_two_dated_frames_of_equal_colours(kind, side, tmp_path):
    paths = write_compare(two(side), 0, 1, [], tmp_path)
    with Image.open(next(p for p in paths if p.suffix == f".{kind}")) as opened:
        assert opened.n_frames == 2 and max(opened.size) <= 1200 and opened.info["loop"] == 0
        frames, shown_ms = [], []
        for frame in ImageSequence.Iterator(opened):
            frame.load()
            frames.append(np.asarray(frame.convert("RGB")).astype(int))
            shown_ms.append(frame.info["duration"])
    assert shown_ms == [800, 800]
    rows, columns = np.nonzero((frames[0] != frames[1]).any(axis=-1))
    date = rows < 80
    assert date.any() and (~date).any()
    unit = (frames[0].shape[0] - 2 * (44 + 32)) / side  # frame pixels per pixel of the cube
    rows, columns = (rows[~date] - 88) / unit, (columns[~date] - 32) / unit
    for found in (rows, columns):  # beside the date only the square that changed differs
        assert (found.min(), found.max() + 1 / unit) == pytest.approx((34, 40), abs=0.1)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_is_legible_on_its_ground(theme):
    from siteline.publish.look import THEMES

    svg = page(two(), [structure(34, 34, 6, "Stand")], theme).svg
    fills = [t.get("fill") for t in reading.tree(svg).iter("{http://www.w3.org/2000/svg}text")]
    plate = "#575757"  # black at 66 % over white, the worst ground a label can have
    for fill in fills:
        assert reading.contrast(fill, plate if fill == "#ffffff" else THEMES[theme]["paper"]) >= 4.5


def test_lines_of_text_keep_apart():
    """No line is set over another: baselines that share a column differ by at least a line's height."""
    svg = page(two(credit=["© " + "long credit " * 20, "© B"]), [structure(34, 34, 6, "Stand")]).svg
    column: dict[float, list[float]] = {}
    for text in reading.tree(svg).iter("{http://www.w3.org/2000/svg}text"):
        column.setdefault(float(text.get("x")), []).append(float(text.get("y")))
    for baselines in column.values():
        assert all(b - a >= 12 for a, b in pairwise(sorted(baselines)))


def test_verdun_before_and_after_differs_where_the_stand_was_removed():
    """Removed after 29 March and by 18 April 2019: the core turns from forest to bare ground under one stretch."""
    cube = samples.verdun()
    days = [str(t)[:10] for t in cube.time.values]
    full = np.isfinite(cube.reflectance.values).all(axis=(1, 2, 3))
    a, b = (next(i for i, d in enumerate(days) if d == day and full[i]) for day in ("2019-03-29", "2019-04-18"))
    core = Structure("core", "Core", geometry_wkt=samples.box(32631, 670820, 5461180, 160, 140))
    pair = pair_of(cube, a, b, [core])
    before, after = (pair.pixels(side, "light")[0].astype(int) for side in (0, 1))
    left, top, right, bottom = (round(v) for v in pair.shapes[0][1].bounds)
    inside = (slice(top, bottom), slice(left, right))
    assert after[inside][..., 0].mean() > 2 * before[inside][..., 0].mean()
