"""What an HTTP answer must be before anything is made of it. Pure: no socket here."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from siteline.guard.addresses import shown
from siteline.guard.connections import Answer
from siteline.model.errors import BadAnswer, CredentialsMissing, NotThere

MAX_JSON: Final = 64 * 1024 * 1024
"""Longest JSON, in bytes, unpacked."""

MAX_WAIT_S: Final = 60.0
"""Most seconds of a server's ``Retry-After`` that are granted."""

_FOR_GOOD: Final = frozenset({501, 505})
_FOR_NOW: Final = frozenset({408, 425, 429})


class Again(Exception):
    """The answer is no good but the next may be. ``wait_s``: seconds the server asked to wait."""

    def __init__(self, reason: str, wait_s: float | None = None) -> None:
        """Keep why, in plain words."""
        self.reason, self.wait_s = reason, wait_s
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class RangeAnswer:
    """Bytes of a file. ``etag`` tells its versions apart ("" if the server does not); ``total``: its length.

    ``whole``: all of the file, where the server sent that instead of a part.
    """

    data: bytes
    etag: str
    total: int | None
    whole: bytes | None = field(default=None, repr=False)


def check_status(answer: Answer, url: str) -> None:
    """Pass a success. Raises ``Again`` for a busy server, ``CredentialsMissing``, ``NotThere``, ``BadAnswer``."""
    status = answer.status
    if 200 <= status < 300:
        if not answer.whole:
            raise Again(f"the answer broke off after {len(answer.body):,} bytes")
        return
    if status in _FOR_NOW or (status >= 500 and status not in _FOR_GOOD):
        raise Again(f"the server answered {status}", _retry_after(answer.headers.get("retry-after", "")))
    if status in (401, 403):
        remedy = "set the credentials of this provider (siteline doctor says which), or check that they may read this"
        raise CredentialsMissing(shown(url), f"the server answered {status}: not allowed", remedy)
    if status in (404, 410):
        raise NotThere(shown(url), status)
    words = " ".join(answer.body[:300].decode("utf-8", "replace").split())
    told = f": {words}" if words and words.isprintable() and words[0] != "<" else ""
    raise BadAnswer(shown(url), f"the server answered {status}{told}")


def document(answer: Answer, url: str) -> Any:
    """The JSON of an answer. Raises ``Again``, ``BadAnswer`` and what ``check_status`` raises."""
    check_status(answer, url)
    text = _unpacked(answer, url)
    if text[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        raise BadAnswer(shown(url), "a web page or XML came where JSON was due; is this the address of an API?")
    try:
        return json.loads(text)
    except RecursionError:
        raise BadAnswer(shown(url), "its JSON is nested too deeply to be read") from None
    except ValueError as error:
        raise Again(f"the answer is not JSON ({error})") from None


def part(answer: Answer, url: str, offset: int, length: int) -> RangeAnswer:
    """``length`` bytes from ``offset``, fewer only at the end of the file.

    Raises ``Again`` where other bytes came, or a web page, ``BadAnswer``, and what ``check_status`` raises.
    """
    headers, body = answer.headers, answer.body
    if answer.status == 416 and (total := headers.get("content-range", "").rpartition("bytes */")[2]).isdecimal():
        return RangeAnswer(b"", _version(headers), int(total))
    check_status(answer, url)
    if headers.get("content-type", "").lower().startswith(("text/html", "application/xhtml")) or _is_page(body):
        raise Again("a web page came where bytes of an image were due")
    if headers.get("content-encoding", "identity") not in ("identity", ""):
        raise BadAnswer(shown(url), "its bytes came packed for the transfer, though plain ones were asked for")
    if answer.status != 206:
        return RangeAnswer(body[offset : offset + length], _version(headers), len(body), body)
    first, last, size = _content_range(headers.get("content-range", ""), url)
    if first != offset or last - first + 1 != len(body):
        raise Again(f"bytes {first} to {last} came where {offset} to {offset + length - 1} were asked for")
    if len(body) > length or (len(body) < length and last + 1 != size):
        raise Again(f"{len(body):,} bytes came where {length:,} were asked for")
    return RangeAnswer(body, _version(headers), size)


def _is_page(body: bytes) -> bool:
    return body[:1] in b"<\xef \t\r\n" and body[:64].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(
        (b"<!doctype html", b"<html")
    )


def _version(headers: Mapping[str, str]) -> str:
    """A strong ETag, else the time of the last change: a weak ETag does not promise the same bytes."""
    etag = headers.get("etag", "")
    return etag if etag and not etag.startswith("W/") else headers.get("last-modified", "")


def _content_range(text: str, url: str) -> tuple[int, int, int | None]:
    unit, _, rest = text.partition(" ")
    span, _, total = rest.partition("/")
    first, _, last = span.partition("-")
    if unit != "bytes" or not (first.isdecimal() and last.isdecimal() and (total == "*" or total.isdecimal())):
        raise BadAnswer(shown(url), f"its Content-Range cannot be read: {text[:80]!r}")
    return int(first), int(last), None if total == "*" else int(total)


def _unpacked(answer: Answer, url: str) -> bytes:
    if answer.headers.get("content-encoding", "") not in ("gzip", "x-gzip"):
        return answer.body
    unpacker = zlib.decompressobj(wbits=31)
    try:
        text = unpacker.decompress(answer.body, MAX_JSON)
    except zlib.error:
        raise Again("the answer's gzip is damaged") from None
    if unpacker.unconsumed_tail:
        raise BadAnswer(shown(url), f"its JSON unpacks to more than {MAX_JSON:,} bytes")
    return text


def _retry_after(text: str) -> float | None:
    """Seconds that a ``Retry-After`` asks for (RFC 9110, 10.2.3: seconds or a date), at most ``MAX_WAIT_S``."""
    if text.isdecimal():
        return min(float(text[:9]), MAX_WAIT_S)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    left = (until if until.tzinfo else until.replace(tzinfo=UTC)) - datetime.now(UTC)
    return min(max(left.total_seconds(), 0.0), MAX_WAIT_S)
