"""The contact sheet: what is drawn, read back from its files and held against the numbers that went in."""

from __future__ import annotations

import re
from datetime import date, timedelta

import numpy as np
import pytest

import cube_samples as samples
import figure_reading as reading
from siteline.model.errors import NoArea
from siteline.model.reasons import Reason
from siteline.model.records import Structure
from siteline.publish.canvas import lines
from siteline.publish.chipgrid import size_of
from siteline.publish.chips import chip_pages, write_chips
from siteline.publish.cubeview import ground_of, shape_of, window_around
from siteline.publish.glyphs import UnprintableText
from siteline.publish.look import THEMES
from siteline.publish.panels import text_width
from siteline.publish.pixels import reduced
from siteline.publish.scalebar import length_words, round_length
from siteline.publish.stretch import choose_bands, stretch_of

LEFT, TOP = 670540.0, 5461500.0


def structure(
    px: tuple[float, float, float, float] = (14, 14, 12, 12), res: float = 10.0, name: str = "Test stand"
) -> Structure:
    """A footprint given in pixels of the sample grid: left, top, width, height."""
    left, top, width, height = (v * res for v in px)
    return Structure("stand", name, geometry_wkt=samples.box(32631, LEFT + left, TOP - top, width, height))


def ground(n: int = 4, side: int = 40) -> np.ndarray:
    """Reflectance with structure: a red slope, a green slope and a flat blue, the same in every scene."""
    slope = np.linspace(0.02, 0.30, side, dtype=np.float32)
    one = np.stack([np.tile(slope, (side, 1)), np.tile(slope[:, None], (1, side)), np.full((side, side), 0.05, np.float32)])
    return np.repeat(one[None], n, axis=0)


def one_page(cube, where: Structure | None = None, theme="light") -> str:
    (page,) = chip_pages(cube, where or structure(), theme=theme)
    return page.svg


def test_row_41_the_same_input_twice_gives_the_same_bytes(tmp_path):
    """Row 41."""
    cube = samples.cube(ground())
    first = write_chips(cube, structure(), tmp_path / "a")
    second = write_chips(cube, structure(), tmp_path / "b")
    assert [p.name for p in first] == ["chips-stand.png", "chips-stand.svg"]
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]


def test_equal_reflectance_is_the_same_colour_in_every_chip_and_follows_the_stated_stretch():
    values = ground(3)
    values[1] *= 1.5
    cube = samples.cube(values)
    a, b, c = reading.images(one_page(cube))
    assert np.array_equal(a.pixels, c.pixels)
    assert not np.array_equal(a.pixels, b.pixels)
    rows, columns = window_around(cube, shape_of(ground_of(cube), structure()))
    part = values[:, :, rows, columns]
    pooled = part.transpose(1, 0, 2, 3).reshape(3, -1).astype(np.float64)
    low = min(np.percentile(band, 2) for band in pooled)
    high = max(np.percentile(band, 98) for band in pooled)
    expected = np.rint(np.clip((part[0] - low) / (high - low), 0, 1) ** (1 / 1.5) * 255)
    assert np.abs(a.pixels[..., :3].astype(int) - np.moveaxis(expected, 0, -1)).max() <= 1
    assert (a.pixels[..., 3] == 255).all()


def test_the_png_shows_the_pixels_of_the_svg_unsmoothed(tmp_path):
    cube = samples.cube(ground(1))
    picture, drawing = write_chips(cube, structure((19, 19, 2, 2)), tmp_path)
    shown = reading.png(picture)
    (chip,) = reading.images(drawing.read_text("utf-8"))
    zoom = chip.width / chip.pixels.shape[1]
    assert zoom == 16 and chip.pixels.shape == (16, 16, 4)
    for row, column in ((1, 2), (3, 13), (14, 8)):  # away from the outline
        top, left = int(2 * (chip.y + row * zoom)), int(2 * (chip.x + column * zoom))
        block = shown[top : top + 32, left : left + 32]
        assert (block == chip.pixels[row, column, :3]).all()


def test_a_clouded_scene_is_small_grey_and_says_why():
    reason = np.zeros((3, 40, 40), np.uint8)
    reason[1] = Reason.CLOUD
    svg = one_page(samples.cube(ground(3), reason))
    a, cloudy, c = reading.images(svg)
    assert reading.saturation(cloudy.pixels) < 0.05 * reading.saturation(a.pixels)
    assert cloudy.width < 0.6 * a.width and c.width == a.width
    assert "cloud 100\u00a0%" in reading.texts(svg)


def test_a_partly_clouded_footprint_stays_large_with_the_share_in_words():
    reason = np.zeros((1, 40, 40), np.uint8)
    reason[0, 14:17] = Reason.CLOUD  # 3 of the footprint's 12 rows
    svg = one_page(samples.cube(ground(1), reason), structure((14.1, 14.1, 11.8, 11.8)))
    assert "cloud over 25\u00a0%" in reading.texts(svg)
    (chip,) = reading.images(svg)
    rows = reason[0, 2:38, 2:38] > 0
    assert reading.saturation(chip.pixels[rows]) < 8 < 40 < reading.saturation(chip.pixels[~rows])


def test_scenes_without_data_are_ticks_and_words_but_no_chips():
    values = ground(6)
    values[[1, 2, 4]] = np.nan
    reason = np.zeros((6, 40, 40), np.uint8)
    reason[[1, 2, 4]] = Reason.NODATA
    svg = one_page(samples.cube(values, reason))
    assert len(reading.images(svg)) == 3
    assert any("3 hold no data here" in text for text in reading.texts(svg))
    (lane,) = reading.of_class(svg, "rug empty")
    assert [t.text for t in lane.iter("{http://www.w3.org/2000/svg}title")] == [
        f"{day} Mar 2019, 10:58 UTC" for day in (2, 3, 5)
    ]


def test_row_05_missing_pixels_are_transparent_over_a_pale_ground_and_never_black(tmp_path):
    """Row 5: what was not read must not pass for black ground."""
    values = ground(1)
    values[0, :, :, :20] = np.nan
    reason = np.zeros((1, 40, 40), np.uint8)
    reason[0, :, :20] = Reason.NODATA
    picture, drawing = write_chips(samples.cube(values, reason), structure(), tmp_path)
    (chip,) = reading.images(drawing.read_text("utf-8"))
    half = 18
    assert (chip.pixels[:, :half, 3] == 0).all() and (chip.pixels[:, half:, 3] == 255).all()
    x, y = int(2 * chip.x), int(2 * chip.y)
    zoom = 2 * chip.width / chip.pixels.shape[1]
    missing = reading.png(picture)[y + 4 : y + 60, x + 4 : x + int(zoom * half) - 4]
    assert missing.min() > 150


def test_a_failed_read_is_shown_as_such():
    values = ground(2)
    values[1] = np.nan
    reason = np.zeros((2, 40, 40), np.uint8)
    reason[1] = Reason.FAILED_READ
    svg = one_page(samples.cube(values, reason))
    assert "failed read" in reading.texts(svg)
    assert any("1 could not be read" in text for text in reading.texts(svg))
    assert (reading.images(svg)[1].pixels[..., 3] == 0).all()


def test_row_33_a_scene_that_is_not_aligned_is_greyed():
    """Row 33: it stays large, since it shows the structure, but its pixels do not look like the others'."""
    svg = one_page(samples.cube(ground(2), alignment=["reference", "not aligned"]))
    a, b = reading.images(svg)
    assert "not aligned" in reading.texts(svg) and a.width == b.width
    assert "2 scenes show it, 1–2 Mar 2019. 1 of them could not be aligned." in reading.texts(svg)
    assert reading.saturation(b.pixels) < 0.05 * reading.saturation(a.pixels)


@pytest.mark.parametrize(
    ("when", "shown"),
    [
        ("2019-03-02T02:11Z", "2 Mar 2019, 02:11 UTC"),
        ("2019-03-02T00:00Z", "2 Mar 2019, 00:00 UTC"),
        ("2019-03-02", "2 Mar 2019"),
        ("../2019-03-02", "not later than 2 Mar 2019"),
        ("2019-02-16/2019-03-02", "16 Feb – 2 Mar 2019"),
    ],
)
def test_row_30_a_date_shows_what_is_known_and_no_more(when, shown):
    """Rows 30 and 31: no time of day is invented, and a limit is called one."""
    assert shown in reading.texts(one_page(samples.cube(ground(1), when=[when])))


def test_row_31_a_release_date_is_not_later_than():
    """Row 31."""
    cube = samples.cube(ground(1), when=["2019-03-02"], when_kind=["not_later_than"])
    assert "not later than 2 Mar 2019" in reading.texts(one_page(cube))


@pytest.mark.parametrize(("days", "marked"), [(60, False), (61, True)])
def test_a_gap_of_more_than_sixty_days_is_marked(days, marked):
    second = date(2019, 3, 1) + timedelta(days=days)
    svg = one_page(samples.cube(ground(2), when=["2019-03-01", second.isoformat()]))
    assert (f"{days} days unseen" in reading.texts(svg)) is marked


def test_the_scale_bar_measures_the_ground():
    from pyproj import Geod, Transformer

    svg = one_page(samples.cube(ground(1)))
    (bar,) = reading.of_class(svg, "scale-bar")
    start, end = (float(v) for v in re.search(r"M([\d.]+) [\d.]+H([\d.]+)", bar.get("d")).groups())
    (chip,) = reading.images(svg)
    pixels = (end - start) / chip.width * chip.pixels.shape[1]
    back = Transformer.from_crs(32631, 4326, always_xy=True)
    (lon_a, lon_b), (lat_a, lat_b) = back.transform([LEFT + 200, LEFT + 200 + 10 * pixels], [TOP - 200] * 2)
    _, _, metres = Geod(ellps="WGS84").inv(lon_a, lat_a, lon_b, lat_b)
    stated = next(text for text in reading.texts(svg) if re.fullmatch(r"\d+ m", text))
    assert metres == pytest.approx(float(stated.split()[0]), rel=2e-3)


def test_the_arrow_points_to_true_north():
    from pyproj import Proj, Transformer

    svg = one_page(samples.cube(ground(1)))
    (arrow,) = reading.of_class(svg, "north")
    turn = float(re.search(r"rotate\(([-\d.]+)\)", arrow.get("transform"))[1])
    lon, lat = Transformer.from_crs(32631, 4326, always_xy=True).transform(LEFT + 200, TOP - 200)
    assert -turn == pytest.approx(Proj("EPSG:32631").get_factors(lon, lat).meridian_convergence, abs=0.01)
    assert any("true north lies 1.8° to the left" in text for text in reading.texts(svg))


def test_the_outline_lies_on_the_footprint():
    svg = one_page(samples.cube(ground(1)), structure((14, 15, 12, 10)))
    (chip,) = reading.images(svg)
    zoom = chip.width / chip.pixels.shape[1]
    closed = [
        p.get("d") for p in reading.tree(svg).iter("{http://www.w3.org/2000/svg}path") if (p.get("d") or "").endswith("Z")
    ]
    numbers = np.array([float(v) for v in re.findall(r"[\d.]+", closed[-1])]).reshape(-1, 2)
    assert numbers.min(axis=0) == pytest.approx([chip.x + (14 - 2) * zoom, chip.y + (15 - 2) * zoom], abs=0.3)
    assert numbers.max(axis=0) == pytest.approx([chip.x + (26 - 2) * zoom, chip.y + (25 - 2) * zoom], abs=0.3)


@pytest.mark.parametrize(("side", "pixels"), [(2, 16), (10, 30), (60, 128), (150, 165), (300, 200)])
def test_the_window_is_three_times_the_footprint_within_limits(side, pixels):
    cube = samples.cube(np.zeros((1, 3, 200, 200)))
    where = structure((100 - side / 2, 100 - side / 2, side, side))
    rows, columns = window_around(cube, shape_of(ground_of(cube), where))
    assert rows.stop - rows.start == pytest.approx(pixels, abs=1) and rows.stop <= 200
    assert columns.stop - columns.start == pytest.approx(pixels, abs=1)


@pytest.mark.parametrize("count", [1, 2, 5, 12, 60, 300])
@pytest.mark.parametrize("side", [16, 33, 128, 700])
def test_chips_never_leave_the_sheet_and_pixels_stay_whole(count, side):
    size = size_of(count, side, side)
    assert size.columns * max(size.width, 1) <= 1056.01 or size.columns == 1
    assert size.width <= 530
    assert (2 * size.zoom).is_integer() or (0.5 / size.zoom).is_integer()
    assert size.zoom <= 16


def test_every_scene_of_a_long_series_is_on_one_of_the_pages():
    days = [(date(2015, 1, 1) + timedelta(days=7 * i)).isoformat() for i in range(300)]
    pages = chip_pages(samples.cube(ground(300, 16), when=days), structure((6, 6, 4, 4)))
    assert len(pages) > 1
    shown = [text for page in pages for text in reading.texts(page.svg)]
    wanted = [f"{d.day} {d:%b} {d.year}" for d in map(date.fromisoformat, days)]
    assert [text for text in shown if text in set(wanted)] == wanted
    assert f"page 1 of {len(pages)}" in shown
    assert all(page.height < 6000 for page in pages)


def test_sheet_of_nothing_says_so():
    reason = np.full((5, 40, 40), int(Reason.NODATA), np.uint8)
    svg = one_page(samples.cube(np.full((5, 3, 40, 40), np.nan), reason))
    assert reading.images(svg) == []
    assert "None of 5 scenes shows it. 5 hold no data here." in reading.texts(svg)


def test_credits_are_named_once_each():
    svg = one_page(samples.cube(ground(4), credit=["© A", "© B", "© A", ""], provider=["", "", "", "Agency"]))
    assert "Images: © A; © B; Agency." in reading.texts(svg)


def test_row_42_names_are_inert_and_other_scripts_stay_text(tmp_path):
    """Row 42: markup in a name is text; a script the fonts lack is code points in the PNG, itself in the SVG."""
    where = structure(name="엔진 <script>alert(1)</script>")
    with pytest.warns(UnprintableText):
        _, drawing = write_chips(samples.cube(ground(1)), where, tmp_path)
    svg = drawing.read_text("utf-8")
    assert "<script" not in svg
    assert where.name in reading.texts(svg)
    with pytest.warns(UnprintableText):
        (page,) = chip_pages(samples.cube(ground(1)), where)
    assert reading.texts(page.plain)[0].startswith("[U+C5D4 U+C9C4] <script>")


def test_row_22_a_structure_id_cannot_leave_the_folder(tmp_path):
    """Row 22."""
    where = Structure("../../x y", "x", geometry_wkt=structure().geometry_wkt)
    paths = write_chips(samples.cube(ground(1)), where, tmp_path / "out")
    assert {p.parent for p in paths} == {tmp_path / "out"} and paths[0].name == "chips-x_y-e76b0d.png"


def test_ids_of_any_script_have_files_of_their_own(tmp_path):
    names = []
    for key in ("дом 1", "кран 1", "北", "Halle-2"):
        where = Structure(key, "x", geometry_wkt=structure().geometry_wkt)
        names.append(write_chips(samples.cube(ground(1)), where, tmp_path)[0].name)
    assert len(set(names)) == 4
    assert names[0].startswith("chips-дом_1-") and names[2:] == ["chips-北.png", "chips-Halle-2.png"]


def test_doubts_about_scenes_stand_on_the_sheet_once_each():
    cube = samples.cube(ground(3))
    cube["doubt"] = ("time", ["no mask layer, clouds are not known"] * 3)
    (page,) = chip_pages(cube, structure())
    told = " ".join(reading.texts(page.plain))
    assert told.count("clouds are not known") == 1 and "(every scene)" in told


def test_why_a_scene_is_not_aligned_is_no_doubt_of_its_own():
    cube = samples.cube(ground(3))
    alone = "not aligned: 2 windows see a shift that both scenes share; 3 are needed"
    cube["doubt"] = ("time", [alone, f"{alone}; clouds are not known", ""])
    (page,) = chip_pages(cube, structure())
    told = " ".join(reading.texts(page.plain))
    assert "are needed" not in told and "Doubtful: clouds are not known (1 of 3 scenes)." in told


def test_words_under_small_chips_are_whole():
    reason = np.zeros((30, 40, 40), np.uint8)
    reason[[1, 3, 4, 5]] = Reason.SHADOW
    told = reading.texts(one_page(samples.cube(ground(30), reason)))
    assert not [t for t in told if "…" in t]
    assert "cloud shadow 100\u00a0%" in told  # alone, it has the room of two
    assert told.count("shadow") == 3 and told.count("100\u00a0%") == 3


@pytest.mark.parametrize("wkt", [None, "POINT (100 10)", "POLYGON EMPTY"])
def test_a_structure_without_a_place_in_the_cube_is_refused(wkt):
    with pytest.raises(NoArea):
        chip_pages(samples.cube(ground(1)), Structure("x", geometry_wkt=wkt))


@pytest.mark.parametrize("theme", ["light", "dark", "print"])
def test_every_theme_has_its_paper_and_legible_text(theme, tmp_path):
    picture, drawing = write_chips(samples.cube(ground(2)), structure(), tmp_path, theme=theme)
    paper = THEMES[theme]["paper"]
    assert "#{:02x}{:02x}{:02x}".format(*reading.png(picture)[3, 3]) == paper
    root = reading.tree(drawing.read_text("utf-8"))
    fills = {element.get("fill") for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert min(contrast for contrast in (reading.contrast(fill, paper) for fill in fills)) >= 4.5


def test_bands_are_natural_else_false_colour_else_grey():
    assert choose_bands(("nir", "red", "green", "blue")) == ("natural", ("red", "green", "blue"))
    assert choose_bands(("red", "green", "nir08")) == ("false", ("nir08", "red", "green"))
    assert choose_bands(("swir16", "red")) == ("grey", ("swir16",))
    assert choose_bands(("vh", "vv"), radar=True) == ("radar", ("vv",))
    false = samples.cube(ground(1), bands=("nir", "red", "green"))
    assert "False colour (nir, red and green)" in " ".join(reading.texts(one_page(false)))


def test_radar_is_grey_in_decibels_from_minus_twenty_to_nought():
    values = np.array([0.001, 0.01, 0.1, 1.0, 10.0, 0.0], np.float32).reshape(1, 1, 1, 6).repeat(6, axis=2)
    stretch = stretch_of(samples.cube(values, bands=("vv",), name="gamma0"))
    grey = stretch.colours(values[0])[0]
    assert grey[:, 0].tolist() == [0, 0, 128, 255, 255, 0]
    assert (grey == grey[:, :1]).all()
    assert "from −20 to 0 dB" in stretch.words()


def test_a_bright_minority_does_not_darken_the_rest():
    calm = ground(10)
    snowy = calm.copy()
    snowy[3] = 0.9
    assert stretch_of(samples.cube(snowy)).high == pytest.approx(stretch_of(samples.cube(calm)).high)
    assert "One scene over four times as bright" in stretch_of(samples.cube(snowy)).words()
    speck = calm.copy()
    speck[:, :, :4, :4] = 5.0  # 1 % of the pixels
    assert stretch_of(samples.cube(speck)).high < 0.31


def test_clouds_and_flat_images_do_not_upset_the_stretch():
    values = ground(2)
    reason = np.zeros((2, 40, 40), np.uint8)
    values[1], reason[1] = 0.95, Reason.CLOUD
    assert stretch_of(samples.cube(values, reason)).high < 0.31
    flat = stretch_of(samples.cube(np.full((2, 3, 8, 8), 0.2)))
    assert flat.low < 0.2 < flat.high
    nothing = stretch_of(samples.cube(np.full((1, 3, 8, 8), np.nan), np.full((1, 8, 8), 3, np.uint8)))
    assert (nothing.low, nothing.high, nothing.given) == (0.0, 0.3, True)


def test_reduction_averages_what_is_there():
    rgba = np.zeros((4, 4, 4), np.uint8)
    rgba[:2, :2] = [100, 50, 0, 255]
    rgba[0, 0] = 0  # missing: must not darken its block
    small, by = reduced(rgba, 2)
    assert by == 2 and small[0, 0].tolist() == [100, 50, 0, 255] and small[1, 1, 3] == 0


def test_round_lengths_and_line_breaks():
    assert [round_length(v) for v in (0.7, 1, 99.9, 100, 450, 7300)] == [0.5, 1, 50, 100, 200, 5000]
    assert [length_words(v) for v in (0.5, 50, 2000, 1500)] == ["0.5 m", "50 m", "2 km", "1.5 km"]
    text = "one two three four five sixteencharacters seven"
    broken = lines(text, 60, 12)
    assert " ".join(broken) == text and "sixteencharacters" in broken
    assert all(text_width(line, 12) <= 60 or " " not in line for line in broken)


def test_the_whole_of_verdun(tmp_path):
    """187 real dates: 90 hold nothing and are only ticks; the rest are chips, large or small."""
    cube = samples.verdun()
    where = Structure("core", "Spruce stand", geometry_wkt=samples.box(32631, 670820, 5461180, 160, 140))
    paths = write_chips(cube, where, tmp_path)
    svg = paths[1].read_text("utf-8")
    empty = int((~np.isfinite(cube.reflectance.values).any(axis=(1, 2, 3))).sum())
    assert empty == 90
    assert len(reading.images(svg)) == 187 - empty
    assert any("90 hold no data here." in text for text in reading.texts(svg))
    assert paths[0].stat().st_size < 3_000_000
