"""What a first run says on stderr."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import ethogram as eg

SCRIPT = """
import ethogram as eg
for project in ("pong", "other"):
    with eg.init(project) as run:
        run.log({"x": 1.0}, global_step=0)
"""


def told(script: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    path = folder / "train.py"
    path.write_text(script)
    inherited = {name: value for name, value in os.environ.items() if name not in ("ETHOGRAM_QUIET", "RANK")}
    done = subprocess.run(
        [sys.executable, path], cwd=folder, env=inherited | environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done


def test_the_first_run_says_where_it_lies_and_how_it_is_seen(tmp_path: Path) -> None:
    done = told(SCRIPT, tmp_path)
    (folder,) = (tmp_path / "runs" / "pong").iterdir()
    assert done.stderr == (f"ethogram: the run lies in runs/pong/{folder.name}; see it with `ethogram serve runs`\n")
    assert done.stdout == ""
    assert eg.open(folder).console("stderr") == "", "what we say is not what the script printed"


def test_each_root_is_told_as_a_shell_takes_it(tmp_path: Path) -> None:
    away = tmp_path / "my runs"
    script = f"""
import ethogram as eg
for root in ({str(away)!r}, "runs", {str(away)!r}):
    with eg.init("p", root=root) as run:
        run.log({{"x": 1.0}}, global_step=0)
"""
    work = tmp_path / "work"
    work.mkdir()
    first, second = told(script, work).stderr.splitlines()
    assert first.startswith(f"ethogram: the run lies in '{away}/p/")
    assert first.endswith(f"see it with `ethogram serve '{away}'`")
    assert second.endswith("see it with `ethogram serve runs`")


def test_nothing_is_said_when_quiet_in_workers_and_of_runs_without_a_folder(tmp_path: Path) -> None:
    assert told(SCRIPT, tmp_path, ETHOGRAM_QUIET="1").stderr == ""
    assert told(SCRIPT.replace("init(project)", "init(project, quiet=True)"), tmp_path).stderr == ""
    assert told(SCRIPT, tmp_path, RANK="3").stderr == ""
    assert told(SCRIPT, tmp_path, RANK="0").stderr.count("\n") == 1
    assert told("import ethogram as eg\neg.init('pong').finish()", tmp_path).stderr == ""
    spawned = """
import multiprocessing
import ethogram as eg

def log() -> None:
    with eg.init("spawned") as run:
        run.log({"x": 1.0}, global_step=0)

if __name__ == "__main__":
    for method in ("spawn", "fork"):
        child = multiprocessing.get_context(method).Process(target=log)
        child.start()
        child.join()
"""
    assert told(spawned, tmp_path).stderr == ""
    assert len(list((tmp_path / "runs" / "spawned").iterdir())) == 2


def test_a_stream_that_is_gone_does_no_harm(tmp_path: Path) -> None:
    told("import sys\nsys.stderr.close()\n" + SCRIPT, tmp_path)
    told("import sys\nsys.stderr = None\n" + SCRIPT, tmp_path)
    assert len(list((tmp_path / "runs" / "pong").iterdir())) == 2
