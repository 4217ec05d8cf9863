"""The command: what it prints, how it ends, what it refuses."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from siteline.cli.commands import app
from siteline.store.importing import import_folder
from siteline.web import serving
from store_folders import small, write

SCHEMA = Path(__file__).parents[1] / "docs" / "schema" / "serve.schema.json"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    import_folder(write(tmp_path / "in", small()), tmp_path / "c.gpkg", who="importer")
    return tmp_path / "c.gpkg"


def started(*args: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from siteline.cli import main; main()", "serve", *map(str, args), "--no-browser"]
    # a session of its own: shells let processes in the background ignore the signal
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_an_address_that_works_and_ends_quietly(path: Path, sign: signal.Signals):
    with started(path, "--json") as child:
        assert child.stdout is not None
        text = ""
        while not text.endswith("}\n"):
            text += child.stdout.readline()
        told = json.loads(text)
        Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(told)
        with socket.create_connection(("127.0.0.1", told["port"]), timeout=10):
            pass
        child.send_signal(sign)
        out, err = child.communicate(timeout=30)
    assert (out, err) == ("", "")
    assert child.returncode in (0, -sign)
    assert not list(path.parent.glob("*-wal"))


def test_a_port_that_is_taken_and_a_file_that_is_no_case_are_refused_in_words(path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = CliRunner().invoke(app, ["serve", str(path), "--no-browser", "--port", str(port), "--json"])
    assert result.exit_code == 3
    assert json.loads(result.stdout)["error"]["kind"] == "FileTrouble"
    assert "--port" in result.stderr
    (path.parent / "x.gpkg").write_bytes(b"nothing")
    result = CliRunner().invoke(app, ["serve", str(path.parent / "x.gpkg"), "--no-browser"])
    assert result.exit_code == 3
    assert "is not a siteline case" in result.stderr


def test_the_browser_is_opened_at_the_address_with_the_token(path: Path, monkeypatch: pytest.MonkeyPatch):
    opened: list[str] = []
    monkeypatch.setattr(serving.webbrowser, "open", opened.append)
    made: list[serving.Served] = []
    run = serving.Served.run

    def once(self: serving.Served, ready: object) -> None:
        made.append(self)

        def then() -> None:
            ready()  # type: ignore[operator]
            self.stop()

        run(self, then)

    monkeypatch.setattr(serving.Served, "run", once)
    result = CliRunner().invoke(app, ["serve", str(path), "--who", "Ana"])
    assert result.exit_code == 0, result.output
    assert opened == [made[0].address]
    assert made[0].address in result.stdout
    assert len(made[0].token) >= 32
