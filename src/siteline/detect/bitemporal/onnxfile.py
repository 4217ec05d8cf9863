"""Which other files an ONNX file asks for, read from its bytes before anything opens them.

ONNX is a protocol buffer (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto). Only the fields on the way to a tensor's
``external_data`` are followed; everything else is stepped over. No library of ONNX is needed, nor trusted with the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from siteline.model.errors import BadInput

_DEEPEST: Final = 60
_ENTRY_KEY, _ENTRY_VALUE = 1, 2
_INSIDE: Final = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "entry"},
}
"""By kind of message: the numbers of the fields to follow, and the kind of message in each."""


def other_files(path: Path, content: bytes) -> tuple[Path, ...]:
    """The files beside the model at ``path`` that its ``content`` takes weights from, resolved.

    Raises ``BadInput`` for one outside the model's folder, links followed, and for content that is no ONNX model.
    """
    folder = path.parent.resolve()
    found = []
    try:
        names = sorted(set(_locations(memoryview(content), "model", 0)))
    except (ValueError, IndexError) as error:
        raise BadInput(f"{path.name} is damaged or not an ONNX model ({error}); export or fetch it again") from error
    for name in names:
        target = (folder / name).resolve()
        if not target.is_relative_to(folder):
            raise BadInput(
                f"{path.name} wants to read weights from {name!r}, outside its own folder, and was not opened; "
                "save the model with its weights inside, or in a file beside it"
            )
        found.append(target)
    return tuple(found)


def _locations(message: memoryview, kind: str, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        raise ValueError(f"messages lie more than {_DEEPEST} deep in one another")
    inside = _INSIDE[kind]
    for number, value in _fields(message):
        child = inside.get(number)
        if child is None:
            continue
        if not isinstance(value, memoryview):
            raise ValueError(f"field {number} of a {kind} is a number")
        if child != "entry":
            yield from _locations(value, child, depth + 1)
            continue
        entry = {key: bytes(part) for key, part in _fields(value) if isinstance(part, memoryview)}
        if entry.get(_ENTRY_KEY) == b"location":
            name = entry.get(_ENTRY_VALUE, b"").decode("utf-8")
            if "\0" in name:
                raise ValueError("a file name holds a zero byte")
            yield name


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """(field number, value) in order; a value is a number or the bytes of a string or message."""
    place = 0
    while place < len(message):
        tag, place = _varint(message, place)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, place = _varint(message, place)
            yield number, value
            continue
        if wire == 2:
            size, place = _varint(message, place)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError(f"wire type {wire} at byte {place}")
        if place + size > len(message):
            raise ValueError("it ends too early")
        yield number, message[place : place + size]
        place += size


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise ValueError(f"a number without end at byte {place}")
