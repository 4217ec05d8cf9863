"""The command that opens the workbench: ``serve``."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import typer

from siteline.cli.ending import ending, print_json
from siteline.cli.options import CasePath, Json, Who, named, who_is


@ending
def serve(
    case: CasePath,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port on this machine; 0: a free one.")] = 0,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Print the address only.")] = False,
    who: Who = "",
    as_json: Json = False,
) -> None:
    """Open the workbench in the browser: map, time line, looks, claims; on this machine only, until Ctrl-C."""
    from siteline.store.case import Case
    from siteline.web.serving import Served, open_browser

    with Case.open(case):
        pass  # what is wrong with it is told here, not in the browser
    served = Served(case, port=port, who=who_is(who), named=named(who))

    def ready() -> None:
        if as_json:
            print_json({"case": str(case), "address": served.address, "port": served.port})
        else:
            typer.echo(f"The workbench is at {served.address}\nIt runs on this machine only; Ctrl-C ends it.")
        if not no_browser:
            open_browser(served.address)

    with suppress(KeyboardInterrupt):  # the way to end it
        served.run(ready)
