"""Fetching windows of many files: planned from their headers, then copied in parallel; what fails does not stop the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import TypeVar

from siteline.guard.pieces import Piece
from siteline.guard.pixels import Pixels, Request
from siteline.guard.reader import Reader
from siteline.model.errors import DigestMismatch, ReadFailed

__all__ = ["Plan", "Progress", "Request", "Result", "fetch", "plan"]

T = TypeVar("T")
Progress = Callable[[int, int, str], None]
"""Called with how many are done, how many there are, and a word beside it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a fetch would do. ``due``: windows to copy, with their bytes; ``held``: windows copied already."""

    due: tuple[tuple[Request, int], ...]
    held: int
    outside: int
    failed: tuple[tuple[Request, ReadFailed | DigestMismatch], ...]

    @property
    def bytes_due(self) -> int:
        """Bytes to fetch, as far as headers tell."""
        return sum(length for _, length in self.due)


@dataclass(frozen=True, slots=True)
class Result:
    """What a fetch did."""

    done: int
    bytes_got: int
    failed: tuple[tuple[Request, ReadFailed | DigestMismatch], ...]


def plan(reader: Reader, requests: Sequence[Request], *, workers: int, progress: Progress) -> Plan:
    """Read headers and see what each request needs. Nothing is kept."""
    due: list[tuple[Request, int]] = []
    held = outside = 0
    failed = []
    for request, told in _each(requests, reader.needs, workers, progress):
        if isinstance(told, ReadFailed | DigestMismatch):
            failed.append((request, told))
        elif told is None:
            held += 1
        elif isinstance(told, Pixels):
            outside += 1
        else:
            due.append((request, told.length if isinstance(told, Piece) else told))
    order = {request: n for n, request in enumerate(requests)}
    due.sort(key=lambda pair: order[pair[0]])
    return Plan(tuple(due), held, outside, tuple(failed))


def fetch(reader: Reader, planned: Plan, *, workers: int, progress: Progress) -> Result:
    """Copy what is due; on Ctrl-C what is whole stays, and the parts of the rest. Raises ``KeyboardInterrupt``."""
    sizes = dict(planned.due)
    got, done = 0, 0
    failed = []
    for request, told in _each([r for r, _ in planned.due], reader.fetch, workers, progress):
        if isinstance(told, ReadFailed | DigestMismatch):
            failed.append((request, told))
        else:
            done += 1
            got += sizes[request] if told else 0
    return Result(done, got, tuple(failed))


def _each(
    requests: Sequence[Request], work: Callable[[Request], T], workers: int, progress: Progress
) -> Iterator[tuple[Request, T | ReadFailed | DigestMismatch]]:
    """Each request with what ``work`` gives for it, as they finish; what has not begun is dropped on Ctrl-C."""
    with ThreadPoolExecutor(workers, thread_name_prefix="siteline-fetch") as pool:
        running = {pool.submit(work, request): request for request in requests}
        try:
            for done, future in enumerate(as_completed(running), 1):
                request = running[future]
                progress(done, len(running), "")
                try:
                    yield request, future.result()
                except (ReadFailed, DigestMismatch) as error:
                    yield request, error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
