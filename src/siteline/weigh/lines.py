"""Independent lines of evidence: who looked for themselves, and who only passes it on.

A line is the publisher at the root of a chain of ``repeats``. Two reports of one publisher are one line, because the same
people looked; a digest of two publishers belongs to both lines and is a line of its own only for what it adds first hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from siteline.model.records import Observation, Source


class Lines:
    """The lines behind each source of a case. Cycles of ``repeats`` are one line, that of all publishers in them."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        """Trace every source to its roots."""
        self._sources = sources
        self._roots = {source_id: self._trace(source_id) for source_id in sources}

    def behind(self, source_id: str) -> frozenset[str]:
        """Publishers whose looks ``source_id`` carries: its roots; itself where it repeats nobody."""
        return self._roots.get(source_id, frozenset((source_id,) if source_id else ()))

    def own(self, source_id: str) -> frozenset[str]:
        """``behind`` together with the publisher itself: everything not independent of the source."""
        source = self._sources.get(source_id)
        return self.behind(source_id) | (frozenset((publisher(source),)) if source else frozenset())

    def count(self, source_ids: Iterable[str]) -> int:
        """How many independent lines these sources amount to."""
        return len(self.names(source_ids))

    def names(self, source_ids: Iterable[str]) -> list[str]:
        """The lines of these sources, sorted. A digest adds nothing when a line it repeats is there already."""
        behind = [self.behind(source_id) for source_id in source_ids]
        single = {name for roots in behind if len(roots) == 1 for name in roots}
        rest = {name for roots in behind if len(roots) > 1 and not roots & single for name in roots}
        return sorted(single | rest)

    def independent_of(self, source_id: str, observations: Iterable[Observation]) -> tuple[Observation, ...]:
        """The observations that share no line with ``source_id``."""
        own = self.own(source_id)
        return tuple(o for o in observations if not self.own(o.source_id) & own)

    def _trace(self, source_id: str) -> frozenset[str]:
        seen: set[str] = set()
        roots: set[str] = set()
        waiting = [source_id]
        while waiting:
            current = waiting.pop()
            if current in seen:
                continue
            seen.add(current)
            source = self._sources.get(current)
            upstream = [name for name in source.repeats if name in self._sources] if source else []
            if source is not None and not upstream:
                roots.add(publisher(source))
            waiting += upstream
        if not roots:
            roots = {publisher(self._sources[name]) for name in seen if name in self._sources}
        return frozenset(roots)


def publisher(source: Source) -> str:
    """The publisher without what stands in brackets: ``38 North (reposted by Asia Times)`` is 38 North."""
    return source.publisher.partition(" (")[0].strip() or source.source_id
