"""Credentials: where they are found, where they are sent, and that nothing shows them."""

from __future__ import annotations

import base64
import json
import logging
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fault_server import FaultServer, status
from siteline.guard import access, credentials
from siteline.guard.access import credentials_state, request_for
from siteline.guard.bytesource import RemoteBytes
from siteline.guard.sigv4 import signed_headers
from siteline.model.errors import AddressRefused, BadAnswer, CredentialsMissing, SourceTrouble

VARIABLES = (
    "PC_SDK_SUBSCRIPTION_KEY",
    "CDSE_S3_ACCESS_KEY",
    "CDSE_S3_SECRET_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_S3_ENDPOINT",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "EARTHDATA_TOKEN",
    "PL_API_KEY",
)
HUSH = "h-u-s-h"
BLOB = "https://acc1.blob.core.windows.net/sentinel2/a/b.tif"
CDSE = "s3://eodata/Sentinel-2/MSI/A.SAFE/B04 1.jp2"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A home without credentials, and no tokens from the test before."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setattr(access, "_tokens", access._Tokens())
    return tmp_path


class Desk:
    """Hands out tokens, counted."""

    def __init__(self, life_s: float = 3600.0, answer: Any = None) -> None:
        self.life_s, self.answer = life_s, answer
        self.asked: list[tuple[str, dict[str, str]]] = []

    def get_json(self, url: str, *, headers: Mapping[str, str] | None = None) -> Any:
        self.asked.append((url, dict(headers or {})))
        expiry = datetime.now(UTC) + timedelta(seconds=self.life_s)
        return self.answer or {"token": f"sv=1&sig=T{len(self.asked)}", "msft:expiry": expiry.strftime("%Y-%m-%dT%H:%M:%SZ")}

    def post_json(self, url: str, body: Any, *, headers: Mapping[str, str] | None = None) -> Any:
        self.asked.append((url, dict(headers or {})))
        return self.answer or {"access_token": f"T{len(self.asked)}", "token_type": "Bearer"}


# ---- signature version 4, against the examples AWS publishes in "Signature Calculations for the Authorization Header"

PUBLISHED = {
    "get_object": ("test.txt", {"range": "bytes=0-9"}, "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
    "get_lifecycle": ("?lifecycle", {}, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
    "list_objects": ("?max-keys=2&prefix=J", {}, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
}


@pytest.mark.parametrize(("target", "headers", "signature"), PUBLISHED.values(), ids=PUBLISHED)
def test_signatures_are_those_aws_publishes(target: str, headers: dict[str, str], signature: str) -> None:
    signed = signed_headers(
        f"https://examplebucket.s3.amazonaws.com/{target}",
        "AKIAIOSFODNN7EXAMPLE",
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
        region="us-east-1",
        now=datetime(2013, 5, 24, tzinfo=UTC),
        headers=headers,
    )
    assert signed["Authorization"].endswith(f"Signature={signature}")
    assert signed["x-amz-date"] == "20130524T000000Z"


def test_a_signature_is_of_the_name_not_of_how_it_is_written() -> None:
    def signed(path: str) -> str:
        url = f"https://h.example{path}"
        return signed_headers(url, "K", "S", region="r", now=datetime(2020, 1, 1, tzinfo=UTC))["Authorization"]

    assert signed("/b/a%20b=c.jp2") == signed("/b/a b%3Dc.jp2") != signed("/b/ab=c.jp2")


# ---- open files


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("https://x.example/a.tif", "https://x.example/a.tif"),
        ("s3://sentinel-cogs/a/b c.tif", "https://sentinel-cogs.s3.amazonaws.com/a/b%20c.tif"),
        ("s3://my.bucket/a~b.tif", "https://s3.amazonaws.com/my.bucket/a~b.tif"),
    ],
)
def test_open_files_are_read_without_headers(href: str, url: str) -> None:
    assert request_for(href, "", Desk()) == (url, {})


@pytest.mark.parametrize("href", ["s3://usgs-landsat/a.tif", "https://sentinel-s2-l1c.s3.eu-central-1.amazonaws.com/a.jp2"])
def test_storage_where_the_reader_pays_is_refused_with_a_way_out(href: str) -> None:
    with pytest.raises(CredentialsMissing, match=r"reader pays.*planetary-computer"):
        request_for(href, "", Desk())


def test_an_access_nobody_knows_is_refused() -> None:
    with pytest.raises(AddressRefused, match="does not know"):
        request_for("https://x.example/a.tif", "magic", Desk())


# ---- Planetary Computer


def test_a_token_serves_its_container_until_shortly_before_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    first = request_for(BLOB, "planetary-computer", desk)
    assert first == (f"{BLOB}?sv=1&sig=T1", {})
    assert request_for(BLOB.replace("b.tif", "c.tif"), "planetary-computer", desk)[0].endswith("c.tif?sv=1&sig=T1")
    request_for(BLOB.replace("acc1", "acc2"), "planetary-computer", desk)
    assert [url for url, _ in desk.asked] == [f"{access.PC_TOKENS}/acc1/sentinel2", f"{access.PC_TOKENS}/acc2/sentinel2"]
    soon = time.time() + 3500
    monkeypatch.setattr(access.time, "time", lambda: soon)
    assert request_for(BLOB, "planetary-computer", desk)[0].endswith("sig=T3")


def test_many_threads_ask_for_one_token() -> None:
    desk = Desk()
    with ThreadPoolExecutor(8) as pool:
        urls = set(pool.map(lambda n: request_for(BLOB, "planetary-computer", desk)[0], range(40)))
    assert len(desk.asked) == 1 and len(urls) == 1


def test_a_refused_token_is_renewed_but_not_by_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    request_for(BLOB, "planetary-computer", desk)
    request_for(BLOB, "planetary-computer", desk, renew=True)
    assert len(desk.asked) == 1, "it was made just now: another thread renewed it"
    later = time.time() + 60
    monkeypatch.setattr(access.time, "time", lambda: later)
    assert request_for(BLOB, "planetary-computer", desk, renew=True)[0].endswith("sig=T2")


@pytest.mark.parametrize(
    "href",
    ["https://evil.example/acc1.blob.core.windows.net/a", "http://acc1.blob.core.windows.net/c/a", "https://x.example/a"],
)
def test_a_token_goes_to_its_storage_only(href: str) -> None:
    desk = Desk()
    assert request_for(href, "planetary-computer", desk) == (href, {})
    assert not desk.asked


def test_the_subscription_key_goes_to_the_token_desk_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PC_SDK_SUBSCRIPTION_KEY", "SECRET")
    desk = Desk()
    assert "SECRET" not in str(request_for(BLOB, "planetary-computer", desk))
    assert desk.asked[0][1] == {"Ocp-Apim-Subscription-Key": "SECRET"}


@pytest.mark.parametrize(
    "answer", [{"token": "x"}, [1], {"token": "x", "msft:expiry": "soon"}, {"msft:expiry": "2030-01-01"}]
)
def test_a_token_that_cannot_be_read_is_a_bad_answer(answer: Any) -> None:
    with pytest.raises(BadAnswer, match="token"):
        request_for(BLOB, "planetary-computer", Desk(answer=answer))


def test_a_403_is_answered_with_a_new_token_over_a_real_server(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {"token": "sig=SECRET", "msft:expiry": "2999-01-01T00:00:00Z"}
    with (
        FaultServer({"tokens/acc1/sentinel2": json.dumps(told).encode(), "a.tif": b"pixels"}) as server,
        server.client() as client,
    ):
        clock = iter(range(1_000_000, 9_000_000, 60))
        monkeypatch.setattr(access.time, "time", lambda: float(next(clock)))

        def request(renew: bool) -> tuple[str, dict[str, str]]:
            url, headers = request_for(BLOB, "planetary-computer", client, renew=renew, pc_tokens=server.url("tokens"))
            return f"{server.url('a.tif')}?{url.partition('?')[2]}&n={renew}", headers

        server.fault("a.tif", status(403))
        assert RemoteBytes(client, "a.tif", request).read(0, 6) == b"pixels"
        assert (server.count("tokens/acc1/sentinel2"), server.count("a.tif")) == (2, 2)


# ---- Copernicus Data Space


def test_cdse_reads_are_signed_path_style(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDSE_S3_ACCESS_KEY", "KEYID")
    monkeypatch.setenv("CDSE_S3_SECRET_KEY", "SECRET")
    url, headers = request_for(CDSE, "cdse-s3", Desk())
    assert url == "https://eodata.dataspace.copernicus.eu/eodata/Sentinel-2/MSI/A.SAFE/B04%201.jp2"
    assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=KEYID/") and "SECRET" not in str(headers)
    assert request_for(url, "cdse-s3", Desk())[1].keys() == headers.keys()
    assert request_for("https://x.example/a", "cdse-s3", Desk()) == ("https://x.example/a", {})
    assert request_for(url.replace("https", "http"), "cdse-s3", Desk())[1] == {}


def test_cdse_keys_come_from_their_own_variables_then_the_profile_then_aws(
    monkeypatch: pytest.MonkeyPatch, bare: Path
) -> None:
    def key() -> str | None:
        found = credentials.cdse()
        return found and found.key_id

    assert key() is None
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "generic")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "SECRET")
    assert key() is None, "keys of AWS are nobody's business elsewhere"
    monkeypatch.setenv("AWS_S3_ENDPOINT", "eodata.dataspace.copernicus.eu")
    assert key() == "generic"
    profile = "[default]\naws_access_key_id = other\naws_secret_access_key = SECRET\n"
    (bare / "credentials").write_text(f"{profile}[cdse]\naws_access_key_id = profile\naws_secret_access_key = SEC%RET\n")
    assert key() == "profile"
    monkeypatch.setenv("CDSE_S3_ACCESS_KEY", "own")
    assert key() == "profile", "half a pair is none"
    monkeypatch.setenv("CDSE_S3_SECRET_KEY", "SECRET")
    assert key() == "own"


def test_cdse_without_keys_says_what_to_set(bare: Path) -> None:
    for text in ("", "[cdse]\naws_access_key_id = x\n", "no ini at all", "[cdse"):
        (bare / "credentials").write_text(text)
        with pytest.raises(CredentialsMissing, match=r"CDSE_S3_ACCESS_KEY.*\[cdse\]"):
            request_for(CDSE, "cdse-s3", Desk())


# ---- Earthdata and Planet

GRANULE = "https://datapool.asf.alaska.edu/RTC/OPERA-S1/a.tif"


def test_an_earthdata_token_goes_to_earthdata_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARTHDATA_TOKEN", "SECRET")
    assert request_for(GRANULE, "earthdata", Desk()) == (GRANULE, {"Authorization": "Bearer SECRET"})
    for href in ("https://x.example/a", "http://datapool.asf.alaska.edu/a", "https://asf.alaska.edu.evil.example/a"):
        assert request_for(href, "earthdata", Desk()) == (href, {})


def test_a_netrc_entry_gets_a_token_once(bare: Path) -> None:
    with pytest.raises(CredentialsMissing, match=r"EARTHDATA_TOKEN.*netrc"):
        request_for(GRANULE, "earthdata", Desk())
    (bare / "netrc").write_text("machine urs.earthdata.nasa.gov login me password SECRET\n")
    desk = Desk()
    for _ in range(3):
        assert request_for(GRANULE, "earthdata", desk)[1] == {"Authorization": "Bearer T1"}
    basic = "Basic " + base64.b64encode(b"me:SECRET").decode()
    assert desk.asked == [(access.EARTHDATA_TOKENS, {"Authorization": basic})]
    with pytest.raises(BadAnswer, match="token"):
        access._tokens._held.clear()
        request_for(GRANULE, "earthdata", Desk(answer={"error": "x"}))


def test_a_planet_key_goes_to_planet_only(monkeypatch: pytest.MonkeyPatch) -> None:
    href = "https://api.planet.com/data/v1/download?token=x"
    with pytest.raises(CredentialsMissing, match="PL_API_KEY"):
        request_for(href, "planet", Desk())
    monkeypatch.setenv("PL_API_KEY", "SECRET")
    assert request_for(href, "planet", Desk())[1] == {"Authorization": "Basic " + base64.b64encode(b"SECRET:").decode()}
    assert request_for("https://storage.example/a", "planet", Desk())[1] == {}


# ---- what is told


def test_the_state_names_places_and_never_values(monkeypatch: pytest.MonkeyPatch, bare: Path) -> None:
    assert [(state.access, state.ready) for state in credentials_state()] == [
        ("planetary-computer", True),
        ("cdse-s3", False),
        ("earthdata", False),
        ("planet", False),
    ]
    assert all(state.note.startswith("set ") for state in credentials_state() if not state.ready)
    for name in VARIABLES:
        monkeypatch.setenv(name, HUSH)
    states = credentials_state()
    assert all(state.ready for state in states) and HUSH not in str(states)
    notes = {state.access: state.note for state in states}
    assert "CDSE_S3_ACCESS_KEY" in notes["cdse-s3"] and "EARTHDATA_TOKEN" in notes["earthdata"]
    monkeypatch.delenv("EARTHDATA_TOKEN")
    (bare / "netrc").write_text("machine urs.earthdata.nasa.gov login me password x\n")
    assert str(bare / "netrc") in {s.access: s.note for s in credentials_state()}["earthdata"]


def test_no_credential_in_errors_reprs_or_logs(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in VARIABLES:
        monkeypatch.setenv(name, HUSH)
    told = [repr(credentials.cdse()), str(credentials.cdse())]
    with FaultServer({}) as server, server.client(deadline_s=0.2) as client:
        for fault in (status(401, HUSH.encode()), status(403), status(404), status(500), status(400, b"bad")):
            server.fault("tokens/acc1/sentinel2", fault, times=3)
            with pytest.raises(SourceTrouble) as caught:
                request_for(BLOB, "planetary-computer", client, pc_tokens=server.url("tokens"))
            told += [str(caught.value), repr(caught.value), str(vars(caught.value))]
            server._planned.clear()
        assert server.asked[0][2]["ocp-apim-subscription-key"] == HUSH
    assert HUSH not in "".join(told) + caplog.text
