"""Which addresses are opened: rows 17, 19 and 22, and the address arithmetic of rows 20 and 21."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siteline.guard.addresses import Origin, Trust, check_href, is_public, origin_of, shown
from siteline.model.errors import AddressRefused

NONE = Trust()

REFUSED = {
    "row_17_vrt_text": '<VRTDataset rasterXSize="1"/>',
    "row_17_vrt_text_after_blanks": " <VRTDataset/>",
    "row_19_file": "file:///etc/passwd",
    "row_19_file_one_slash": "file:/etc/passwd",
    "row_19_vsi": "/vsicurl/http://127.0.0.1/a.tif",
    "row_19_vsi_upper": "/VSIZIP/a.zip",
    "row_19_vsi_inside": "https://x.example/vsis3/a",
    "row_19_header_file": "https://x.example/a.tif?header_file=/etc/passwd",
    "row_19_header_file_coated": "https://x.example/a.tif?header%5Ffile=/etc/passwd",
    "row_19_up": "https://x.example/a/../../b.tif",
    "row_19_up_coated": "https://x.example/a/%2e%2e/b.tif",
    "row_19_up_coated_twice": "https://x.example/a/%252e%252e/b.tif",
    "row_19_backslash": "https://x.example\\@127.0.0.1/a.tif",
    "row_19_userinfo": "https://user:word@x.example/a.tif",
    "row_19_empty_userinfo": "https://@x.example/a.tif",
    "row_19_netcdf": "NETCDF:/etc/passwd:x",
    "row_19_hdf5": 'HDF5:"a.h5"://x',
    "row_19_wms": "WMS:https://x.example/?",
    "row_19_gs": "gs://bucket/key",
    "row_19_javascript": "javascript:alert(1)",
    "row_19_data": "data:image/tiff;base64,AAAA",
    "row_19_relative": "a/b.tif",
    "row_19_line_break": "https://x.example/a.tif\r\nHost: y",
    "row_19_coated_line_break": "https://x.example/a.tif%0d%0aHost: y",
    "row_19_turned_text": "https://x.example/a\u202efit.exe",
    "row_19_port": "https://x.example:99999/a",
    "row_19_no_host": "https:///a.tif",
    "row_19_odd_host": "https://x .example/a.tif",
    "row_19_host_percent": "https://x%2eexample/a.tif",
    "row_19_s3_no_key": "s3://bucket",
    "row_19_s3_odd_bucket": "s3://Bu_cket/a.tif",
    "row_19_s3_query": "s3://bucket/a.tif?x=1",
    "row_19_s3_odd_key": "s3://bucket/a|b.tif",
    "row_22_id_as_path": "../../x",
    "other_empty": "",
    "other_too_long": "https://x.example/" + "a" * 9000,
    "other_local_file": "/etc/passwd",
    "other_private": "http://192.168.1.1/a.tif",
    "other_loopback": "http://127.0.0.1/a.tif",
    "other_loopback_v6": "http://[::1]/a.tif",
    "other_localhost": "http://localhost/a.tif",
    "other_sub_localhost": "http://a.localhost./a.tif",
    "other_metadata_service": "http://169.254.169.254/latest/meta-data",
}


def refused(start: str) -> pytest.MarkDecorator:
    named = {name: href for name, href in REFUSED.items() if name.startswith(start)}
    return pytest.mark.parametrize("href", named.values(), ids=named)


def check(href: str) -> None:
    with pytest.raises(AddressRefused):
        check_href(href, NONE)


@refused("row_17")
def test_row_17_a_vrt_as_an_address_is_refused(href: str) -> None:
    check(href)


@refused("row_19")
def test_row_19_local_files_and_options_hidden_in_addresses_are_refused(href: str) -> None:
    check(href)


@refused("row_22")
def test_row_22_an_id_that_climbs_is_refused(href: str) -> None:
    check(href)


@refused("other")
def test_refused(href: str) -> None:
    check(href)


@pytest.mark.parametrize(
    ("href", "opened"),
    [
        ("https://x.example/a.tif", "https://x.example/a.tif"),
        ("HTTPS://X.Example:443/a.tif#part", "https://x.example/a.tif"),
        ("https://x.example/a b.tif?sv=1&sig=a%2Fb%3D", "https://x.example/a%20b.tif?sv=1&sig=a%2Fb%3D"),
        ("https://x.example", "https://x.example/"),
        ("https://bücher.example/ü.tif", "https://xn--bcher-kva.example/%C3%BC.tif"),
        ("http://8.8.8.8:8080/a..b.tif", "http://8.8.8.8:8080/a..b.tif"),
        ("https://[2606:4700::1111]/a", "https://[2606:4700::1111]/a"),
        ("s3://eodata/Sentinel-2/A_B.SAFE/x=1.jp2", "s3://eodata/Sentinel-2/A_B.SAFE/x=1.jp2"),
    ],
)
def test_opened_in_one_form(href: str, opened: str) -> None:
    assert check_href(href, NONE) == opened
    assert check_href(opened, NONE) == opened


def test_a_private_address_is_opened_only_at_the_very_origin_the_user_named() -> None:
    trust = Trust.of(["http://127.0.0.1:8000/stac", "not an address", "s3://bucket/key", "https://x:bad/"])
    assert trust.origins == {Origin("http", "127.0.0.1", 8000)}
    assert check_href("http://127.0.0.1:8000/a.tif", trust) == "http://127.0.0.1:8000/a.tif"
    for other in (
        "http://127.0.0.1:8001/a",
        "https://127.0.0.1:8000/a",
        "http://127.0.0.2:8000/a",
        "http://localhost:8000/a",
    ):
        with pytest.raises(AddressRefused, match="public"):
            check_href(other, trust)


def test_local_files_are_opened_only_inside_the_folders_the_user_named(tmp_path: Path) -> None:
    root, secret = tmp_path / "images", tmp_path / "images-secret"
    root.mkdir()
    secret.mkdir()
    (root / "a.tif").write_bytes(b"a")
    (secret / "b.tif").write_bytes(b"b")
    (root / "out.tif").symlink_to(secret / "b.tif")
    (root / "in.tif").symlink_to(root / "a.tif")
    roots = (root,)
    assert check_href(str(root / "a.tif"), NONE, roots) == os.path.realpath(root / "a.tif")
    assert check_href(str(root / "in.tif"), NONE, roots) == os.path.realpath(root / "a.tif")
    for outside in (secret / "b.tif", root / "out.tif", tmp_path, root / ".." / "images-secret" / "b.tif"):
        with pytest.raises(AddressRefused):
            check_href(str(outside), NONE, roots)


NOT_PUBLIC = """
    10.0.0.1 172.16.0.1 192.168.0.1 127.0.0.1 0.0.0.0 169.254.1.1 100.64.0.1 224.0.0.1 240.0.0.1 255.255.255.255 192.0.0.8
    198.18.0.1 192.0.2.1 :: ::1 fe80::1 fe80::1%eth0 fc00::1 ff02::1 ::ffff:10.0.0.1 ::ffff:127.0.0.1 64:ff9b::10.0.0.1
    64:ff9b:1::1 2002:7f00:1:: 2001:db8::1 ::7f00:1 2001:0:1:2:3:4:5:6
"""


@pytest.mark.parametrize("address", NOT_PUBLIC.split())
def test_row_20_what_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "8.8.8.8", "52.95.110.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]
)
def test_row_20_what_is_public(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_row_20_an_address_wrapped_in_v6_is_what_it_wraps(address: ipaddress.IPv4Address) -> None:
    plain = is_public(str(address))
    assert plain <= address.is_global
    for wrapped in (
        f"::ffff:{address}",
        f"64:ff9b::{address}",
        str(ipaddress.IPv6Address((0x2002 << 112) | (int(address) << 80))),
    ):
        assert is_public(wrapped) == plain


@given(
    st.text(max_size=60), st.sampled_from(["", "https://", "https://x.example/", "s3://bucket/", "/", "http://[", "file:"])
)
def test_any_text_is_refused_or_becomes_a_plain_address(text: str, start: str) -> None:
    try:
        opened = check_href(start + text, NONE)
    except AddressRefused:
        return
    assert opened.startswith(("https://", "http://", "s3://")) and opened.isprintable() and "\\" not in opened.split("?")[0]
    assert check_href(opened, NONE) == opened
    if opened.startswith("http"):
        assert opened.isascii() and origin_of(opened).host


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (
            "https://x.example/a.tif?sv=2021&se=2026-01-01&sig=SECRET",
            "https://x.example/a.tif?sv=2021&se=2026-01-01&sig=...",
        ),
        ("https://u:SECRET@x.example/a.tif#SECRET", "https://x.example/a.tif"),
        ("https://x.example/?X-Amz-Signature=SECRET&X-Amz-Credential=SECRET", None),
        ("https://x.example/?api_key=SECRET&access_token=SECRET&subscription-key=SECRET&AWSAccessKeyId=SECRET", None),
        ("https://x.example/?h=" + "SECRET" * 10, None),
        ("https://x.example:bad/a?sig=SECRET", None),
        ("https://[x/a?sig=SECRET", None),
        (
            "https://x.example/search?bbox=1,2,3,4&collections=a&limit=5",
            "https://x.example/search?bbox=1,2,3,4&collections=a&limit=5",
        ),
    ],
)
def test_what_is_shown_of_an_address_holds_no_secret(url: str, told: str | None) -> None:
    assert "SECRET" not in shown(url)
    assert told is None or shown(url) == told


def test_addresses_that_differ_in_no_secret_are_shown_as_different() -> None:
    assert shown("https://x.example/a?id=1&sig=A") != shown("https://x.example/a?id=2&sig=A")
    assert shown("https://x.example/a?id=1&sig=A") == shown("https://x.example/a?id=1&sig=B")


def test_a_refusal_shows_no_secret() -> None:
    with pytest.raises(AddressRefused) as caught:
        check_href("http://10.0.0.1/a?sig=SECRET", NONE)
    assert "SECRET" not in str(caught.value) and "--trust" in str(caught.value)
