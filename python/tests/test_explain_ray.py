"""What `ethogram explain --ray` says where there is no Ray, and how it reads episodes; `test_ray.py` has the rest."""

from __future__ import annotations

import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

import ethogram as eg
from ethogram import explain_ray
from ethogram.errors import OptionError
from ethogram.explain_ray import Ranges


@pytest.mark.parametrize(
    ("text", "expected"),
    [("3", [3]), ("0..3,42", [0, 1, 2, 42]), ("5..=6, 48..", [5, 6, 48, 49]), ("..2", [0, 1])],
)
def test_episodes_are_read_as_the_command_reads_them(text: str, expected: list[int]) -> None:
    asked = Ranges(text)
    assert [episode for episode in range(50) if episode in asked] == expected


@pytest.mark.parametrize("text", ["", "x", "3..3", "5..2", "1,,2", "-1", "1...2", "3..="])
def test_what_are_no_episodes_is_said(text: str) -> None:
    with pytest.raises(OptionError, match=r"expected episodes such as 3, 0\.\.10"):
        Ranges(text)


# As where Ray is not installed, also where it is.
WITHOUT_RAY = "import sys; sys.modules['ray'] = None; from ethogram.__main__ import main; sys.exit(main())"


def test_without_ray_it_is_said_how_to_get_it(run: eg.Run) -> None:
    run.log({"loss": 1.0}, global_step=0)
    run.finish()
    line = [sys.executable, "-c", WITHOUT_RAY, "explain", str(run.folder), "--ray"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "pip install ray" in done.stderr, done.stderr


def test_a_cluster_that_is_not_there_is_said_with_what_to_do(
    run: eg.Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def init(**_: Any) -> None:
        raise ConnectionError("Could not find any running Ray instance.\nmore of it")

    def tried(*_: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess([], 0, "", "")

    def recorded(_folder: Path, _chosen: Any) -> list[int]:
        return [0]

    run.log({"loss": 1.0}, global_step=0)
    run.finish()
    monkeypatch.setitem(sys.modules, "ray", types.SimpleNamespace(is_initialized=lambda: False, init=init))
    monkeypatch.setattr(explain_ray, "_command", tried)
    monkeypatch.setattr(explain_ray, "_recorded", recorded)
    assert explain_ray.main([str(run.folder), "--ray", "auto"]) == 1
    said = capsys.readouterr().err
    assert "expected a Ray cluster at 'auto', found none (Could not find any running Ray instance.)" in said
    assert "`ray start --head`" in said


@pytest.mark.parametrize("option", ["--dry-run", "--forget", "--threads=2"])
def test_options_that_go_without_a_cluster_are_said(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        explain_ray.main(["runs/x", "--ray", option])
    assert f"{option.partition('=')[0]} goes without --ray" in capsys.readouterr().err
