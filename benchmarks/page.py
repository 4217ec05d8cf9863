"""A benchmark's page in docs/benchmarks: parts measured one by one, the text of the others kept."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "docs" / "benchmarks"
Parts = Mapping[str, tuple[str, Callable[[], str]]]


def write(name: str, head: str, parts: Parts, chosen: list[str]) -> None:
    """Run the parts ``chosen`` (all if none) and write ``name`` below ``head``; each has its title and what measures it.

    Between ``<!-- note part -->`` marks a part may have words of its own, which are kept.
    """
    page = FOLDER / name
    for part in chosen or parts:
        print(f"measuring: {parts[part][0]}", file=sys.stderr)
        told = parts[part][1]().strip()
        # read anew for every part: another may have been measured meanwhile
        old = page.read_text(encoding="utf-8") if page.exists() else ""
        texts = dict(re.findall(r"<!-- (\w+) -->\n(.*?)\n<!-- end -->", old, re.DOTALL)) | {part: told}
        notes = dict(re.findall(r"<!-- note (\w+) -->\n(.*?)\n<!-- end note -->", old, re.DOTALL))
        body = "".join(
            f"\n## {title}\n"
            + (f"\n<!-- note {key} -->\n{notes[key]}\n<!-- end note -->\n" if notes.get(key) else "")
            + f"\n<!-- {key} -->\n{texts.get(key, 'Not measured.')}\n<!-- end -->\n"
            for key, (title, _) in parts.items()
        )
        page.write_text(head + body, encoding="utf-8")
