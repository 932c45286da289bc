"""B-2, B-3, N-28: what a run keeps without being asked, and the script that makes it again."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from test_capture import git

import ethogram as eg
from ethogram import capture, console, machine

SCRIPT = """
import pathlib, sys
import ethogram as eg

with eg.init("tests", config={"rate": RATE, "api_key": sys.argv[3]}, root=sys.argv[1]) as run:
    for step in range(5):
        run.log({"loss": RATE * step}, global_step=step)
    print("loss is", RATE * 4)
    print(f"password={sys.argv[3]}", file=sys.stderr)
"""


@pytest.fixture(autouse=True)
def system_metrics(plain_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ETHOGRAM_SYSTEM")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "upstream"
    (folder / "scripts").mkdir(parents=True)
    git(folder, "init")
    (folder / "scripts/train.py").write_text(SCRIPT.replace("RATE", "0.5"))
    git(folder, "add", ".")
    git(folder, "commit", "-m", "first")
    # What is not committed is kept, too.
    (folder / "scripts/train.py").write_text(SCRIPT.replace("RATE", "0.25"))
    git(folder, "config", "remote.origin.url", str(folder))
    return folder


def environment() -> dict[str, str]:
    found = {name: value for name, value in os.environ.items() if not name.startswith("ETHOGRAM_")}
    return found | {"PYTHONPATH": str(Path(eg.__file__).parents[1])}


def only_run(root: Path) -> eg.RunView:
    (folder,) = root.glob("tests/*")
    return eg.open(folder)


def test_row_b2_row_n28_a_run_is_made_again_by_the_script_that_it_tells(repository: Path, tmp_path: Path) -> None:
    first = tmp_path / "first"
    command = [sys.executable, "train.py", str(first), "--hf-token", "hunter2"]
    subprocess.run(command, cwd=repository / "scripts", env=environment(), check=True, capture_output=True)
    view = only_run(first)
    assert view.info["code"]["dirty"]
    assert view.info["config"]["rate"] == 0.25
    assert view.info["system"]["launch"]["folder"] == "scripts"
    assert view.info["system"]["packages"]["numpy"]
    assert view.console() == "loss is 1.0\n"
    assert view.console("stderr") == f"password={capture.HIDDEN}\n"
    files = [path for path in view.folder.rglob("*") if path.is_file()]
    assert not any(b"hunter2" in path.read_bytes() for path in files)
    script = view.reproduce()
    assert "hunter2" not in script
    assert f"git checkout --quiet {view.info['code']['commit']}" in script
    # Made again elsewhere, with the packages that are here.
    again, second = tmp_path / "again", tmp_path / "second"
    again.mkdir()
    script = script.replace(str(first), str(second))
    settings = environment() | {"NO_INSTALL": "1", "PYTHON": sys.executable}
    subprocess.run(["sh", "-s"], input=script.encode(), cwd=again, env=settings, check=True, capture_output=True)
    made = only_run(second)
    assert made.info["config"] == view.info["config"]
    assert made.scalars("loss")["value"].numpy().tolist() == view.scalars("loss")["value"].numpy().tolist()
    told = subprocess.run(
        [sys.executable, "-m", "ethogram", "reproduce", str(made.folder)],
        env=environment(),
        check=True,
        capture_output=True,
    )
    assert told.stdout.decode() == made.reproduce()


def test_row_b3_the_machine_is_looked_at(root: Path) -> None:
    with eg.init("tests", root=root, strict=True, capture_code=False, capture_system=0.05) as run:
        run.log({"a": 1.0}, global_step=1)
        until = time.monotonic() + 20
        step = 1
        while time.monotonic() < until and len(run.counters) and step < 400:
            step += 1
            run.log({"a": 1.0}, global_step=step)
            time.sleep(0.01)
            if step > 60 and "system/sps" in eg.open(run).tags:
                break
    view = eg.open(run)
    values = {tag: view.scalars(tag)["value"].numpy() for tag in view.tags if tag.startswith("system/")}
    assert {"system/process_memory_bytes", "system/memory_bytes", "system/sps"} <= set(values)
    assert (values["system/process_memory_bytes"] > 1e6).all()
    assert (values["system/sps"] > 0).all()
    assert ((values["system/cpu_percent"] >= 0) & (values["system/cpu_percent"] <= 100)).all()
    assert run.faults == {}


def test_usage_counts_the_process_itself() -> None:
    usage = machine.Usage()
    until = time.process_time() + 0.2
    while time.process_time() < until:
        pass
    found = usage.read()
    assert 1 < found["process_cpu_percent"] < 400
    assert "gpu0/percent" not in found or 0 <= found["gpu0/percent"] <= 100


def test_cards_are_read_by_the_drivers_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    class Driver:
        """What `libnvidia-ml` does, for one card that is 25 % busy."""

        def nvmlInit_v2(self) -> int:  # noqa: N802
            return 0

        def nvmlDeviceGetCount_v2(self, count: Any) -> int:  # noqa: N802
            count._obj.value = 1
            return 0

        def nvmlDeviceGetHandleByIndex_v2(self, index: int, card: Any) -> int:  # noqa: N802
            card._obj.value = 0xBEEF
            return 0

        def nvmlDeviceGetUtilizationRates(self, card: Any, use: Any) -> int:  # noqa: N802
            use[0], use[1] = 25, 10
            return 0 if card.value == 0xBEEF else 1

        def nvmlDeviceGetMemoryInfo(self, card: Any, memory: Any) -> int:  # noqa: N802
            memory[0], memory[1], memory[2] = 100 << 30, 60 << 30, 40 << 30
            return 0

        def nvmlDeviceGetTemperature(self, card: Any, sensor: int, number: Any) -> int:  # noqa: N802
            return 3

        def nvmlDeviceGetPowerUsage(self, card: Any, number: Any) -> int:  # noqa: N802
            number._obj.value = 71_500
            return 0

    monkeypatch.setattr(machine.ctypes, "CDLL", lambda name: Driver())
    found = {name: value for name, value in machine.Usage().read().items() if name.startswith("gpu")}
    total = {"gpu0/memory_bytes": float(40 << 30), "gpu0/memory_total_bytes": float(100 << 30)}
    assert found == {"gpu0/percent": 25.0, **total, "gpu0/watts": 71.5}, "what the driver refuses is left out"


def test_a_run_that_nothing_was_logged_into_is_left_alone(root: Path) -> None:
    with eg.init("tests", root=root, strict=True, capture_code=False, capture_system=0.02) as run:
        print("hello")
        time.sleep(0.2)
    assert run.folder is None
    assert not root.exists()


def test_what_is_printed_is_still_printed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stdout", shown)
    with eg.init("tests", root=root, strict=True, capture_code=False) as run:
        run.log({"a": 1}, global_step=1)
        print("one")
        sys.stdout.write("10%\r50%\r100%\nno end")
        sys.stdout.flush()
    assert sys.stdout is shown
    assert shown.getvalue() == "one\n10%\r50%\r100%\nno end"
    assert eg.open(run).console() == "one\n100%\nno end"


def test_threads_and_forked_children_print_as_before(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    monkeypatch.setattr(console, "CHUNK_SECS", 0.0)
    with eg.init("tests", root=root, strict=True, capture_code=False) as run:
        run.log({"a": 1}, global_step=1)

        def say(name: str) -> None:
            for line in range(50):
                print(f"{name} {line}\n", end="")

        threads = [threading.Thread(target=say, args=(name,)) for name in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        child = os.fork()
        if child == 0:
            with sys.stdout._lock:  # type: ignore[attr-defined]
                print("from the child")
            os._exit(0 if run.faults == {} else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        print("after")
    kept = eg.open(run).console().splitlines()
    assert sorted(kept) == sorted([f"{name} {line}" for name in "ab" for line in range(50)] + ["after"])
    assert [line for line in kept if line.startswith("a ")] == [f"a {line}" for line in range(50)]


def test_a_flood_is_bounded(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "BYTES_MAX", 1000)
    monkeypatch.setattr(console, "TAIL_MAX", 100)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    with eg.init("tests", root=root, strict=True, capture_code=False) as run:
        run.log({"a": 1}, global_step=1)
        for line in range(1000):
            print(f"line {line}")
    kept = eg.open(run).console()
    assert kept.startswith("line 0\nline 1\n")
    assert kept.endswith("line 998\nline 999\n")
    assert "characters are not kept]" in kept
    assert len(kept) < 1300


@pytest.mark.parametrize("how", ["argument", "environment"])
def test_nothing_is_captured_where_that_is_said(root: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    before = sys.stdout
    given = {"capture_console": False, "capture_system": False} if how == "argument" else {}
    if how == "environment":
        monkeypatch.setenv("ETHOGRAM_CONSOLE", "0")
        monkeypatch.setenv("ETHOGRAM_SYSTEM", "0")
    with eg.init("tests", root=root, strict=True, capture_code=False, **given) as run:
        assert sys.stdout is before
        run.log({"a": 1}, global_step=1)
        print("unseen")
    assert eg.open(run).console() == ""
