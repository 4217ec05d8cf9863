"""Row 28 and its relatives: one acquisition is one scene, by a rule that is written down and does not depend on order."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from catalogue_server import FIXTURES, item, needs_data
from siteline.catalogue.duplicates import SAME_INSTANT, Resolved, resolve
from siteline.catalogue.items import scene_of
from siteline.model.scene import Asset, ImageScene
from siteline.model.span import Span

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SITE = box(124.70, 39.65, 124.72, 39.67).wkt
NEAR, HALF = box(124.0, 39.0, 125.0, 40.0).wkt, box(124.71, 39.0, 125.0, 40.0).wkt
BAND = (Asset("red", "https://x.example/red.tif", "red"),)


def at(text: str) -> Span:
    return Span.parse(text)


def sentinel(name: str, **more: object) -> ImageScene:
    """A Sentinel-2 scene of tile 51SYD, datatake S2A_20190312T022551."""
    plain = ImageScene(
        f"s/{name}", "s", at("2019-03-12T02:25:51Z"), platform="sentinel-2a", quantity="surface_reflectance", gsd_m=10.0,
        tile="51SYD", datatake="S2A_20190312T022551", footprint_wkt=NEAR, assets=BAND,
    )  # fmt: skip
    return replace(plain, **more)  # type: ignore[arg-type]


def kept(resolved: Resolved) -> list[str]:
    return [scene.scene_id for scene in resolved.kept]


def test_row_28_one_datatake_in_two_baselines_keeps_the_newer_and_says_why() -> None:
    old, new = sentinel("old", baseline="02.11"), sentinel("new", baseline="02.12")
    resolved = resolve([old, new])
    assert kept(resolved) == ["s/new"]
    assert resolved.dropped == (("s/old", "s/new", "same acquisition listed twice; kept by: newer processing baseline"),)


def test_row_28_collection_1_is_preferred_whatever_its_number() -> None:
    c1 = sentinel("c1", collection="sentinel-2-c1-l2a", baseline="05.00")
    assert resolve([sentinel("old", baseline="04.00"), c1]).dropped[0][2].endswith("before earlier processing")
    # a late baseline is Collection-1 too, wherever it is listed; then the newer one
    assert kept(resolve([c1, sentinel("late", baseline="05.10")])) == ["s/late"]


def test_row_28_baselines_are_numbers_not_text() -> None:
    assert kept(resolve([sentinel("a", baseline="05.09"), sentinel("b", baseline="05.10")])) == ["s/b"]


@needs_data
def test_row_28_real_listings_of_one_product_by_two_catalogues() -> None:
    name = "S2A_MSIL2A_20230625T234621_N0509_R073_T01WCP_20230626T022158.SAFE"
    ours = json.loads((FIXTURES / "stactools_sentinel2" / name / "expected_output.json").read_text())
    ours["links"].append({"rel": "self", "href": "https://a.example/item.json"})
    other = {
        **ours,
        "id": "S2A_MSIL2A_20230625T234621_R073_T01WCP_20241005T022158",  # the Planetary Computer's way to name it
        "properties": {"datetime": "2023-06-25T23:46:21.024Z", "s2:processing_baseline": "05.10", "platform": "Sentinel-2A"},
    }
    neighbour = name.replace("022158", "022157").replace("T01WCP", "T01WCS")
    next_tile = json.loads((FIXTURES / "stactools_sentinel2" / neighbour / "expected_output.json").read_text())
    scenes = [scene_of(ours, "a", now=NOW), scene_of(other, "b", now=NOW), scene_of(next_tile, "a", now=NOW)]
    resolved = resolve(scenes)
    assert {(lost, won) for lost, won, _ in resolved.dropped} == {(scenes[0].scene_id, scenes[1].scene_id)}
    assert len(resolved.kept) == 2, "the neighbouring tile of the same datatake is another place"


def test_what_can_be_read_is_preferred_to_what_is_newer() -> None:
    gone = sentinel("gone", baseline="05.10", assets=())
    resolved = resolve([gone, sentinel("there", baseline="02.11")])
    assert kept(resolved) == ["s/there"] and "cannot be read" in resolved.dropped[0][2]


def test_surface_reflectance_is_preferred_to_top_of_atmosphere() -> None:
    assert kept(resolve([sentinel("l1c", quantity="toa_reflectance", baseline="05.10"), sentinel("l2a")])) == ["s/l2a"]


def test_a_provider_that_lists_a_scene_twice_with_different_clouds() -> None:
    early = sentinel("a", cloud_percent=10.0, properties={"updated": "2019-04-01T00:00:00Z"})
    late = sentinel("a", cloud_percent=90.0, properties={"updated": "2019-05-01T00:00:00Z"})
    for order in ([early, late], [late, early]):
        resolved = resolve(order)
        assert [scene.cloud_percent for scene in resolved.kept] == [90.0] and "newer listing" in resolved.dropped[0][2]


def test_a_tile_without_datatake_is_matched_by_platform_tile_and_pass() -> None:
    # one catalogue gives the start of the datatake, another the time of the tile, minutes later
    plain = sentinel("plain", datatake="", when=at("2019-03-12T02:40:07Z"), source="t", scene_id="t/plain")
    assert len(resolve([sentinel("a"), plain]).kept) == 1
    later = replace(plain, when=at("2019-03-12T04:06:00Z"))  # the next orbit, 100 minutes on
    assert len(resolve([sentinel("a"), later]).kept) == 2


def test_landsat_tiers_and_real_time() -> None:
    def landsat(name: str) -> ImageScene:
        return scene_of(item(name, "2019-03-12T02:10:07.5Z"), "s", now=NOW)

    early, final = landsat("LC08_L2SP_119032_20190312_20190312_02_RT"), landsat("LC08_L2SP_119032_20190312_20200829_02_T1")
    assert kept(resolve([early, final])) == [final.scene_id] and "tier" in resolve([early, final]).dropped[0][2]


def test_scenes_without_product_names_are_one_when_platform_instant_and_outline_are() -> None:
    def plain(name: str, when: str, outline: str | None = NEAR, platform: str = "ps-24") -> ImageScene:
        return ImageScene(f"{name[0]}/{name}", name[0], at(when), platform=platform, footprint_wkt=outline, assets=BAND)

    first = plain("a", "2019-03-12T02:25:51Z")
    assert len(resolve([first, plain("b", "2019-03-12T02:25:54Z")]).kept) == 1
    assert len(resolve([first, plain("b", "2019-03-12T02:25:57Z")]).kept) == 2, "more than five seconds"
    assert len(resolve([first, plain("b", "2019-03-12T02:25:51Z", HALF)]).kept) == 2, "another frame"
    assert len(resolve([first, plain("b", "2019-03-12T02:25:51Z", None)]).kept) == 2, (
        "an unknown place is not the same place"
    )
    assert len(resolve([first, plain("b", "2019-03-12T02:25:51Z", platform="ps-25")]).kept) == 2
    assert len(resolve([plain("a", "2019-03"), plain("b", "2019-03-12")]).kept) == 2, "a month and a day in it"


def test_radar_of_two_bursts_stays_two() -> None:
    radar = sentinel("iw2", sensor="radar", platform="sentinel-1a", tile="T137-292319-IW2", datatake="S1A_20211119T015858")
    other = replace(radar, scene_id="s/iw1", tile="T137-292319-IW1")
    assert len(resolve([radar, other], SITE).kept) == 2


# ---- tiles of one pass


def test_of_two_tiles_that_cover_the_site_the_one_of_its_zone_is_kept() -> None:
    # 124.7 E is in zone 51 (120 to 126 E)
    own, edge = sentinel("own", tile="51SYD"), sentinel("edge", tile="52SBJ")
    resolved = resolve([edge, own], SITE)
    assert kept(resolved) == ["s/own"] and "UTM zone 51" in resolved.dropped[0][2]
    assert len(resolve([edge, own]).kept) == 2, "without a site nothing says that the other tile is not needed"


def test_a_tile_that_covers_the_whole_site_makes_the_others_needless() -> None:
    part, whole = sentinel("part", tile="51SYD", footprint_wkt=HALF), sentinel("whole", tile="52SBJ")
    resolved = resolve([part, whole], SITE)
    assert kept(resolved) == ["s/whole"] and "covers the whole site" in resolved.dropped[0][2]


def test_tiles_that_only_together_cover_the_site_are_both_kept() -> None:
    left = box(124.0, 39.0, 124.715, 40.0).wkt
    scenes = [sentinel("left", tile="51SYD", footprint_wkt=left), sentinel("right", tile="52SBJ", footprint_wkt=HALF)]
    assert len(resolve(scenes, SITE).kept) == 2


def test_a_tile_of_unknown_outline_or_unreadable_never_displaces_or_is_displaced_silently() -> None:
    unknown, whole = sentinel("unknown", tile="52SBJ", footprint_wkt=None), sentinel("whole", tile="51SYD")
    assert len(resolve([unknown, whole], SITE).kept) == 2
    gone, part = sentinel("gone", tile="52SBJ", assets=()), sentinel("part", tile="51SYD", footprint_wkt=HALF)
    assert "s/part" in kept(resolve([gone, part], SITE))


def test_neighbouring_rows_of_one_landsat_pass() -> None:
    def row(number: int, second: int) -> ImageScene:
        name = f"LC08_L2SP_1190{number}_20190312_20200829_02_T1"
        return replace(scene_of(item(name, f"2019-03-12T02:10:{second:02d}.5Z"), "s", now=NOW), footprint_wkt=NEAR)

    assert len(resolve([row(32, 7), row(33, 31)], SITE).kept) == 1


# ---- properties

_STARTS = [datetime(2019, 3, 12, 2, 25, 51, tzinfo=UTC) + timedelta(seconds=s) for s in (0, 2, 4, 8, 3000, 6000)]
_scenes = st.lists(
    st.builds(
        lambda n, source, start, platform, tile, take, base, outline, cloud: ImageScene(
            f"{source}/{n}", source, Span(start.isoformat(), start, start), platform=platform, tile=tile, baseline=base,
            datatake=f"{platform}{take}" if take else "", footprint_wkt=outline, cloud_percent=cloud, assets=BAND,
        ),
        st.integers(0, 3), st.sampled_from("st"), st.sampled_from(_STARTS),
        st.sampled_from(["sentinel-2a", "sentinel-2b", ""]),
        st.sampled_from(["51SYD", "52SBJ", ""]), st.sampled_from(["", "x", "y"]), st.sampled_from(["", "02.11", "05.10"]),
        st.sampled_from([NEAR, HALF, None]), st.sampled_from([None, 1.0, 2.0]),
    ),
    max_size=7,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(_scenes, st.randoms(use_true_random=False), st.sampled_from(["", SITE]))
def test_the_answer_does_not_depend_on_order_loses_nothing_and_never_merges_platforms(
    scenes: list[ImageScene], random: object, area: str
) -> None:
    before = resolve(scenes, area)
    shuffled = list(scenes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert resolve(shuffled, area) == before
    assert len(before.kept) + len(before.dropped) == len(scenes), "every scene is kept or dropped with a reason"
    by_id: dict[str, set[tuple[str, datetime | None]]] = {}
    for scene in scenes:
        by_id.setdefault(scene.scene_id, set()).add((scene.platform, scene.when.start))
    for lost, won, rule in before.dropped:
        assert rule and won in {scene.scene_id for scene in before.kept} | {lost for lost, _, _ in before.dropped}
        close = [
            abs(a - b) <= SAME_INSTANT for _, a in by_id[lost] for _, b in by_id[won] if a is not None and b is not None
        ]
        platforms = {platform for platform, _ in by_id[lost]} & {platform for platform, _ in by_id[won]}
        assert platforms or any(close), "scenes of different platforms at different instants were merged"


def test_resolving_again_changes_nothing() -> None:
    scenes = [sentinel("a", baseline="02.11"), sentinel("b", baseline="05.10"), sentinel("c", tile="52SBJ")]
    once = resolve(scenes, SITE)
    assert resolve(once.kept, SITE) == Resolved(once.kept, ())


@pytest.mark.parametrize("count", [0, 1])
def test_few_scenes(count: int) -> None:
    scenes = [sentinel("a")][:count]
    assert resolve(scenes, SITE) == Resolved(tuple(scenes), ())
