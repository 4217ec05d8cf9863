"""Pages of a STAC API search, by its own ``next`` links: no page twice, no end of it missed, never without bound."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol
from urllib.parse import SplitResult, urlencode, urljoin, urlsplit

from siteline.model.errors import AddressRefused, BadAnswer
from siteline.model.search import StacItem

MAX_PAGES: Final = 2000
"""Most pages of one search."""

MAX_BARREN: Final = 20
"""Most pages in a row that bring nothing new."""


class JsonClient(Protocol):
    """What is needed of ``guard.http.Client``."""

    def get_json(self, url: str) -> Any:
        """The JSON document at ``url``."""
        ...

    def post_json(self, url: str, body: Any) -> Any:
        """The JSON answer to ``body``."""
        ...


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an API is searched, and how."""

    url: str
    method: Literal["GET", "POST"]


@dataclass(slots=True)
class Walk:
    """What a search brought. ``matched``: the API's count. ``sizes``: items per page. ``stopped``: why
    before its end; ``circular``: a next link led back."""

    items: list[StacItem] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    matched: int | None = None
    sizes: list[int] = field(default_factory=list)
    stopped: str = ""
    circular: bool = False
    distinct: set[tuple[str, str]] = field(default_factory=set)

    def take(self, address: str, features: list[StacItem]) -> int:
        """Keep a page, and say how many of its items are new."""
        before = len(self.distinct)
        self.sizes.append(len(features))
        for item in features:
            self.distinct.add((str(item.get("collection") or ""), str(item.get("id") or "")))
            self.items.append(item)
            self.pages.append(address)
        return len(self.distinct) - before


def walk(client: JsonClient, endpoint: Endpoint, asked: Mapping[str, Any], max_items: int | None = None) -> Walk:
    """Every page of the search ``asked``, until none is left, ``max_items`` are there, or the pages go nowhere.

    Raises ``BadAnswer`` for what is no page of items, ``AddressRefused`` for a next link to another host, and what
    ``client`` raises.
    """
    result = Walk()
    barren = 0
    for number, (address, page) in enumerate(_pages(client, endpoint, asked, result), 1):
        barren = 0 if result.take(address, features_of(address, page)) else barren + 1
        result.matched = _matched(page, result.matched)
        if max_items is not None and len(result.distinct) >= max_items:
            result.stopped = "" if result.matched == len(result.distinct) else f"stopped at {max_items} items, as asked"
            break
        if barren >= MAX_BARREN or number >= MAX_PAGES:
            what = f"{barren} pages in a row brought nothing new" if barren >= MAX_BARREN else f"more than {MAX_PAGES} pages"
            result.stopped = f"its pages do not end: {what}"
            break
    return result


def features_of(address: str, page: Any) -> list[StacItem]:
    """The items of a page. Raises ``BadAnswer`` where it is none."""
    listed = page.get("features") if isinstance(page, Mapping) else None
    if not isinstance(listed, list):
        raise BadAnswer(address, "the answer to the search is no list of items (a FeatureCollection); is this a STAC API?")
    if not all(isinstance(item, dict) for item in listed):
        raise BadAnswer(address, "the answer to the search holds things that are no items")
    return listed


def same_origin(href: str, page: str) -> str:
    """``href`` made absolute against ``page``, on its host. Raises ``AddressRefused`` for any other.

    A plain-HTTP link on a page that came by HTTPS is followed by HTTPS: proxies often write it so.
    """
    try:
        target, here = urlsplit(urljoin(page, href)), urlsplit(page)
        if target.scheme == "http" and here.scheme == "https" and target.hostname == here.hostname:
            target = target._replace(scheme="https", netloc=here.netloc)
        elsewhere = _origin(target) != _origin(here) or target.username is not None
    except ValueError:
        raise AddressRefused(href, "it is no address") from None
    if elsewhere:
        raise AddressRefused(href, f"the search at {here.netloc} leads to another place")
    return target.geturl()


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _pages(client: JsonClient, endpoint: Endpoint, asked: Mapping[str, Any], result: Walk) -> Iterator[tuple[str, Any]]:
    method, body = endpoint.method, dict(asked)
    address = endpoint.url if method == "POST" else _with_parameters(endpoint.url, asked)
    seen: set[str] = set()
    while True:
        seen.add(_key(method, address, body))
        page = client.post_json(address, body) if method == "POST" else client.get_json(address)
        yield address, page
        link = _next_link(page)
        if link is None:
            return
        method, address, body = _follow(link, address, body)
        if _key(method, address, body) in seen:
            result.circular = True
            result.stopped = "its pages go in a circle: a next link leads to a page that was read already"
            return


def _next_link(page: Mapping[str, Any]) -> Mapping[str, Any] | None:
    for link in page.get("links") or ():
        if isinstance(link, Mapping) and link.get("rel") == "next" and isinstance(link.get("href"), str):
            return link
    return None


def _follow(link: Mapping[str, Any], page: str, body: dict[str, Any]) -> tuple[Literal["GET", "POST"], str, dict[str, Any]]:
    address = same_origin(str(link["href"]), page)
    if str(link.get("method", "GET")).upper() != "POST":
        return "GET", address, body
    new = link.get("body")
    if not isinstance(new, Mapping):
        return "POST", address, body  # an empty body would ask for everything there is
    return "POST", address, {**body, **new} if link.get("merge") else dict(new)


def _key(method: str, address: str, body: Mapping[str, Any]) -> str:
    return f"{method} {address} {json.dumps(body, sort_keys=True) if method == 'POST' else ''}"


def _matched(page: Mapping[str, Any], before: int | None) -> int | None:
    context = page.get("context")
    for value in (page.get("numberMatched"), context.get("matched") if isinstance(context, Mapping) else None):
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
    return before


def _with_parameters(url: str, asked: Mapping[str, Any]) -> str:
    flat = {key: value if isinstance(value, str) else _flat(value) for key, value in asked.items()}
    return f"{url}{'&' if '?' in url else '?'}{urlencode(flat)}"


def _flat(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ",".join(map(str, value))
    return str(value) if isinstance(value, (int, float)) else json.dumps(value, separators=(",", ":"))
