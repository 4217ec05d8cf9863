"""The documentation says what the program does: commands, options, codes, words, examples, links."""

from __future__ import annotations

import doctest
import json
import re
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from siteline.cli.commands import app
from siteline.model import errors
from siteline.store.importing import import_folder
from siteline.weigh.words import SCALE, likelihood
from store_folders import SOHAE

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")])
COMMANDS: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
MANUAL = (DOCS / "commands.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## siteline (\w+)\n(.*?)(?=^## )", MANUAL, re.DOTALL | re.MULTILINE))
SAME_FIELDS = {"demo": ("date", "claims"), "trust": ("detect",)}
"""Commands whose answer holds that of others, which are not described twice."""


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as it is after ``siteline demo``."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / "siteline-demo").mkdir()
    import_folder(SOHAE, folder / "siteline-demo" / "sohae.gpkg", who="test")
    return folder


def rows(text: str) -> list[list[str]]:
    """Cells of the table rows of ``text``, heads and rules left out."""
    found = [[c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]] for line in text.splitlines() if line.startswith("|")]
    return [cells for k, cells in enumerate(found) if k > 1 and not set(cells[0]) <= {"-", " "}]


def test_every_command_is_described_and_none_invented():
    assert set(SECTIONS) == set(COMMANDS)
    listed = {re.search(r"`(\w+)`", cells[0])[1] for cells in rows(MANUAL.split("## siteline")[0])}  # type: ignore[index]
    assert listed == set(COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_arguments_and_options_are_those_of_the_program(name: str):
    params = [p for p in COMMANDS[name].params if p.name != "help"]
    expected = {p.opts[0] if p.param_type_name == "option" else p.metavar or p.name.upper() for p in params}
    told = {re.search(r"`([^` ]+)", cells[0])[1].replace("\\|", "|") for cells in rows(SECTIONS[name])}  # type: ignore[index]
    assert told == expected


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_json_fields_are_described(name: str):
    shape = json.loads((DOCS / "schema" / f"{name}.schema.json").read_text(encoding="utf-8"))
    text = "".join(SECTIONS[part] for part in (name, *SAME_FIELDS.get(name, ())))
    assert f"(schema/{name}.schema.json)" in SECTIONS[name]
    for part in [shape, *shape.get("$defs", {}).values(), *shape["properties"].values()]:
        for field in part.get("properties", {}):
            assert f"`{field}`" in text, field


def test_exit_codes_and_failures_are_those_of_the_program():
    tree = {k: v for k, v in vars(errors).items() if isinstance(v, type) and issubclass(v, errors.SitelineError)}
    del tree["SitelineError"]
    end = MANUAL.split("## How a command ends")[1]
    codes = {int(cells[0]) for cells in rows(end) if cells[0].isdigit()}
    assert codes == {0, 1, 130} | {kind.exit_code for kind in tree.values()}
    told = {cells[0].strip("`"): int(cells[1]) for cells in rows(end) if cells[0].startswith("`")}
    assert told == {name: kind.exit_code for name, kind in tree.items()}
    shown = CliRunner().invoke(app, ["--help"]).stdout
    assert all(str(code) in shown for code in codes - {1})


def test_likelihood_words_are_those_of_the_code():
    table = rows((DOCS / "concepts" / "likelihood.md").read_text(encoding="utf-8").split("The directive's words")[0])
    assert [cells[0] for cells in table] == [word for _, word in SCALE] + [likelihood(1.0)]
    bounds = [[float(x) / 100 for x in re.findall(r"\d+", cells[1])] for cells in table]
    assert [b[-1] for b in bounds[:-1]] == [bound for bound, _ in SCALE]
    assert all(likelihood(b[0]) == cells[0] for b, cells in list(zip(bounds, table, strict=True))[1:])


@pytest.mark.parametrize("page", [DOCS / "python.md", ROOT / "README.md"], ids=lambda p: p.name)
def test_python_examples_run(page: Path, workplace: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(workplace)
    failed, tried = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert tried > 0
    assert failed == 0


def test_the_readme_shows_what_the_program_prints(demo: tuple[Path, Result]):
    shown = re.findall(r"```text\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert shown
    told = CliRunner(env={"COLUMNS": "80"}).invoke(app, ["demo", "--out", str(demo[0])]).stdout
    lines = set(told.splitlines())
    assert [line for block in shown for line in block.splitlines() if line.strip("[. ]") and line not in lines] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_relative_links_lead_somewhere(page: Path):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src(?:set)?="([^"]+)"', text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        if anchor:
            heads = re.findall(r"^#+ (.*)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}, target


def test_decisions_are_numbered_and_complete():
    records = sorted(p for p in (DOCS / "decisions").glob("*.md") if p.name != "README.md")
    assert [int(p.name[:4]) for p in records] == list(range(1, len(records) + 1))
    for path in records:
        heads = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert heads[0].startswith(f"{int(path.name[:4])}. ")
        assert heads[1:] == ["Context", "Decision", "Consequences"]


def test_make_targets_that_pages_name_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in PAGES:
        assert set(re.findall(r"`make ([a-z-]+)`", page.read_text(encoding="utf-8"))) <= targets


def test_no_page_names_a_machine():
    for page in PAGES:
        assert not re.search(r"(?<![\w.])/(?:work|root|tmp|home)/", page.read_text(encoding="utf-8")), page
