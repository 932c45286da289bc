"""The `ethogram` command of the package, beside what the native one does."""

from __future__ import annotations

from pathlib import Path

import pytest

from ethogram import _native
from ethogram.__main__ import ADDED, main


@pytest.mark.parametrize("words", [[], ["--help"]])
def test_help_lists_what_the_package_adds(
    words: list[str], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["__main__.py", *words])
    assert main() == (0 if words else 2)
    told = "".join(capfd.readouterr())
    for command in ("serve", "export", "rollout", "reproduce", "convert"):
        assert f"\n  {command} " in told
    assert "Usage: ethogram " in told
    assert "__main__" not in told


@pytest.mark.parametrize("command", ADDED)
def test_the_native_command_says_where_the_others_are(command: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert _native.run_cli(["ethogram", command, "run"]) == 2
    assert capfd.readouterr().err.endswith(f"python -m ethogram {command}\n")


def test_a_run_that_is_not_there_cannot_be_reproduced(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["ethogram", "reproduce", "nosuch"])
    assert main() == 2
    out, told = capfd.readouterr()
    assert out == ""
    assert told.startswith("ethogram reproduce: no run 'nosuch'")
    assert told.count("\n") == 1
    monkeypatch.setattr("sys.argv", ["ethogram", "reproduce", "--help"])
    with pytest.raises(SystemExit, match="0"):
        main()
    assert "usage: ethogram reproduce [-h] RUN" in capfd.readouterr().out
