"""Any STAC API: searched page by page, and counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from siteline.catalogue.asking import asked_of, interval
from siteline.catalogue.filters import chosen, one_of_each
from siteline.catalogue.hrefs import settled
from siteline.catalogue.paging import Endpoint, JsonClient, Walk, same_origin, walk
from siteline.model.errors import BadAnswer, IncompleteSearch
from siteline.model.scene import Asset, ImageScene
from siteline.model.search import Found, Query, StacItem

_FIRST_IMAGE: Final = datetime(1957, 10, 4, tzinfo=UTC)  # Sputnik; air photographs of before have no STAC API yet
_SUSPECT: Final = 10  # the smallest page size that a server imposes without saying so
_MAX_SLICES: Final = 400
_FINEST: Final = timedelta(seconds=1)


class StacApi:
    """A STAC API (``url``: its landing page) under a short ``name``. ``collections``: searched where a query names none."""

    def __init__(
        self,
        name: str,
        url: str,
        client: JsonClient,
        collections: Sequence[str] = (),
        landing: Mapping[str, Any] | None = None,
    ) -> None:
        """``landing``: its landing page, where it was read already."""
        self.name, self.url, self.collections = name, url, tuple(collections)
        self._client, self._landing = client, landing

    def search(self, query: Query) -> Found:
        """See ``Source``. Complete where the API counts its matches and as many came, "unknown" where it does not count.

        Raises ``IncompleteSearch`` where fewer came, ``BadAnswer``, ``ServerUnavailable``, ``AddressRefused``.
        """
        query = query if query.collections or query.ids else replace(query, collections=self.collections)
        endpoint = self._endpoint()
        items: list[StacItem] = []
        notes: list[str] = []
        counts: list[int | None] = []
        for asked in asked_of(query, endpoint.method):
            answer = walk(self._client, endpoint, asked, query.max_items)
            notes += self._checked(answer, query.max_items)
            if answer.matched is None and _may_be_cut(answer, query):
                notes += self._recount(answer, endpoint, asked, query)
            counts.append(answer.matched if not answer.stopped or len(answer.distinct) == answer.matched else None)
            items += [settled(item, page) for item, page in zip(answer.items, answer.pages, strict=True)]
        distinct, repeats = one_of_each(items)
        kept, passed = chosen(distinct, query)
        known = [count for count in counts if count is not None]
        complete = len(known) == len(counts)
        if not complete and not notes:
            notes.append("the source does not say how many scenes it has; some may be missing from its answer")
        matched = None if not complete else known[0] if len(known) == 1 else len(distinct)
        return Found(
            self.name,
            tuple(kept[: query.max_items]),
            "complete" if complete else "unknown",
            matched,
            (*notes, *repeats, *passed),
        )

    def asset(self, scene: ImageScene, band: str) -> Asset | None:
        """See ``Source``."""
        return scene.bands((band,))[0]

    def _endpoint(self) -> Endpoint:
        if self._landing is None:
            self._landing = self._client.get_json(self.url)
        endpoint = search_link(self._landing, self.url)
        if endpoint is None:
            raise BadAnswer(
                self.url, "has no search; give the landing page of a STAC API, or a static catalogue's catalog.json"
            )
        return endpoint

    def _checked(self, answer: Walk, max_items: int | None) -> list[str]:
        """Notes on a walk. Raises ``IncompleteSearch`` where the API counted more than came."""
        got, matched = len(answer.distinct), answer.matched
        capped = max_items is not None and got >= max_items
        if matched is not None and got < matched and not capped:
            raise IncompleteSearch(self.name, got, matched)
        return [answer.stopped] if answer.stopped else []

    def _recount(self, answer: Walk, endpoint: Endpoint, asked: Mapping[str, Any], query: Query) -> list[str]:
        """Search again in date slices, until each is answered by less than a page; add what was missed to ``answer``."""
        page, before = max(answer.sizes), len(answer.distinct)
        now = datetime.now(UTC) + timedelta(days=1)
        start, end = query.start or _FIRST_IMAGE, query.end or now
        unclear, left = False, _MAX_SLICES

        def slice_of(first: datetime, last: datetime) -> None:
            nonlocal unclear, left
            left -= 1
            part = walk(self._client, endpoint, {**asked, "datetime": interval(first, last)})
            for address, item in zip(part.pages, part.items, strict=True):
                answer.take(address, [item])
            if part.stopped and not part.circular:
                unclear, left = True, 0
            if (len(part.distinct) if part.stopped else part.sizes[-1]) < page:
                return
            if last - first <= _FINEST or left <= 1:
                unclear = True
                return
            _halved(first, last, slice_of)

        if start < end:
            _halved(start, end, slice_of)
        return _told(len(answer.distinct) - before, unclear)


def search_link(landing: object, url: str) -> Endpoint | None:
    """Where a landing page says its API is searched, by POST where it can; None where it has no search."""
    links = landing.get("links") if isinstance(landing, Mapping) else None
    found: dict[str, str] = {}
    for link in links if isinstance(links, list) else ():
        if isinstance(link, Mapping) and link.get("rel") == "search" and isinstance(link.get("href"), str):
            if "opensearch" in str(link.get("type", "")):
                continue
            found.setdefault(str(link.get("method", "GET")).upper(), same_origin(link["href"], url))
    if "POST" in found:
        return Endpoint(found["POST"], "POST")
    return Endpoint(found["GET"], "GET") if "GET" in found else None


def _may_be_cut(answer: Walk, query: Query) -> bool:
    """Whether more could follow though no link leads there: the last page is full, or empty after others, or a circle."""
    if query.max_items is not None and len(answer.distinct) >= query.max_items:
        return False
    last, most = answer.sizes[-1], max(answer.sizes)
    full = last == most and last >= min(query.limit, _SUSPECT)
    return answer.circular or (not answer.stopped and (full or last == 0 < most))


def _halved(first: datetime, last: datetime, each: Callable[[datetime, datetime], None]) -> None:
    middle = (first + (last - first) / 2).replace(microsecond=0)
    each(first, max(middle, first))
    each(max(middle, first), last)


def _told(gained: int, unclear: bool) -> list[str]:
    notes = []
    if gained:
        notes.append(f"its pages ended too early: {gained} more items were found by searching again in date slices")
    if unclear:
        notes.append("searching again in date slices did not settle how many there are: some may be missing")
    return notes
