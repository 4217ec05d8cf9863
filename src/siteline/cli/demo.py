"""The command that shows what siteline does: ``demo``, a real case first, then a simulated site with the truth beside it."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from siteline.cli.ending import ending, print_json, print_paths
from siteline.cli.options import Json, Out


@ending
def demo(out: Out = Path("siteline-demo"), as_json: Json = False) -> None:
    """Build the bundled case (Sohae 2018-2019), print what it shows, write the report; then the same on a simulated site."""
    from siteline import flow
    from siteline.cli import show, simulated
    from siteline.cli.progress import Steps
    from siteline.guard.files import make_folder
    from siteline.store.importing import import_folder

    make_folder(out)
    case = out / "sohae.gpkg"
    with Steps(quiet=as_json) as steps:
        if case.exists():
            steps.tell(f"using the case that is there (delete {case} to build it anew)")
        else:
            steps.tell("importing the bundled ledger into a case")
            with resources.as_file(resources.files("siteline") / "data" / "sohae") as folder:
                import_folder(folder, case, who="siteline demo", progress=steps.rows)
        answer = flow.answer(flow.read(case), steps.tell)
        html, pdf = flow.publish(answer, out, steps.tell)
    if not as_json:
        show.show(show.everything(answer))
        print_paths({"report": html, "for print": pdf, "case file": case})
    with Steps(quiet=as_json) as steps:
        second = simulated.answered(out / "simulated", steps)
    if as_json:
        paths = {"html": str(html), "pdf": str(pdf), "case": str(case)}
        verdicts = [v.to_json() for v in answer.weighing.claims]
        print_json({**answer.dating.to_json(), "claims": verdicts, "files": paths, "simulated": second.to_json()})
        return
    show.show(simulated.beside(second))
    files = second.files
    print_paths({"report": files["html"], "for print": files["pdf"], "case file": files["case"], "truth": files["truth"]})
