"""A-2, D-16: what is left of a run when its process forks, is told to stop, is killed, or meets a disk that refuses."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from conftest import reopened, rows

import ethogram as eg

TESTS = Path(__file__).parent


def start(script: str, *arguments: object, **options: Any) -> subprocess.Popen[str]:
    """Start Python on a script in a process of its own."""
    command = [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
    environ = os.environ | {"PYTHONPATH": str(TESTS), "PYTHONUNBUFFERED": "1"}
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environ, **options)


def finished(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def the_run(root: Path) -> eg.RunView:
    (folder,) = root.glob("*/*")
    return eg.open(folder)


ENDLESS = """
    import sys
    import ethogram as eg
    from environments import Counter
    run = eg.init("tests", root=sys.argv[1], capture_code=False)
    env = eg.record(Counter(render_mode="rgb_array"), run, schedule=eg.always)
    env.reset(seed=0)
    step = 0
    while True:
        _, _, over, _, _ = env.step(0)
        run.log({"step": step, "half": step / 2}, global_step=step)
        step += 1
        if step == 2000:
            run.flush()
            print("going", flush=True)
        if over:
            env.reset()
"""


def test_row_a2_a_killed_run_keeps_what_came_before(root: Path) -> None:
    process = start(ENDLESS, root)
    assert process.stdout is not None
    assert process.stdout.readline() == "going\n"
    time.sleep(0.5)
    process.kill()
    process.communicate(timeout=60)
    view = the_run(root)
    steps = view.scalars("step")
    logged = len(steps["step"])
    assert logged >= 2000
    assert steps["value"].numpy().tolist() == list(range(logged))
    assert view.status["state"] in ("running", "crashed")
    found = rows(view.episodes())
    assert {row["end"] for row in found[:-1]} == {"terminated"}
    for row in found[:200]:
        episode = view.episode(row["episode"])
        assert episode.field("reward").numpy()[: row["length"]].tolist() == [t + 1.0 for t in range(row["length"])]
        frames = episode.frames()
        assert frames[:, 0, 0, 1].tolist() == list(range(len(frames)))
    assert view.lost == []


def test_sigterm_finishes_a_run(root: Path) -> None:
    process = start(ENDLESS, root)
    assert process.stdout is not None
    process.stdout.readline()
    process.terminate()
    code, _, err = finished(process)
    assert code == -signal.SIGTERM, err
    view = the_run(root)
    assert view.status["state"] == "crashed"
    assert view.status["ended_us"] is not None
    steps = view.scalars("step")["value"].numpy()
    assert steps.tolist() == list(range(len(steps)))


def test_sigterm_passes_on_to_the_handler_that_was_there(root: Path) -> None:
    process = start(
        """
        import signal, sys, time
        import ethogram as eg
        stop = []
        signal.signal(signal.SIGTERM, lambda *_: stop.append(1))
        run = eg.init("tests", root=sys.argv[1], capture_code=False, flush_secs=3600)
        run.log({"a": 1}, global_step=0)
        print("going", flush=True)
        while not stop:
            time.sleep(0.01)
        assert eg.open(run.folder).tags == ["a"], "the handler flushes"
        run.log({"b": 2}, global_step=1)
        """,
        root,
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.terminate()
    code, _, err = finished(process)
    assert (code, err) == (0, "")
    view = the_run(root)
    assert view.tags == ["a", "b"]
    assert view.status["state"] == "finished"


@pytest.mark.parametrize(
    ("ending", "state"),
    [
        ("pass", "finished"),
        ("sys.exit(3)", "finished"),
        ("raise RuntimeError('x')", "crashed"),
        ("with run: raise RuntimeError('x')", "crashed"),
        ("import os; os._exit(1)", "running"),
    ],
)
def test_how_a_process_ends_is_how_the_run_ends(root: Path, ending: str, state: str) -> None:
    script = f"""
        import sys
        import ethogram as eg
        run = eg.init("tests", root=sys.argv[1], capture_code=False)
        run.log({{"a": 1}}, global_step=0)
        run.flush()
        {ending}
    """
    finished(start(script, root))
    assert the_run(root).status["state"] == state


def test_a_forked_child_writes_nothing_and_says_so_once(root: Path) -> None:
    script = """
        import os, sys, threading
        import ethogram as eg
        run = eg.init("tests", root=sys.argv[1], capture_code=False)
        stop = []
        def busy():
            step = 0
            while not stop:
                run.log({"parent": step}, global_step=step)
                step += 1
        threads = [threading.Thread(target=busy) for _ in range(3)]
        for thread in threads: thread.start()
        # Forked again and again while other threads log: locks are held at any of these moments.
        for child in range(20):
            pid = os.fork()
            if pid == 0:
                for step in range(3):
                    run.log({"child": step}, global_step=step)
                run.flush()
                with run.episode() as episode:
                    episode.step(reward=1.0)
                run.finish()
                assert run.faults["fork"] >= 3
                sys.exit(0)
            _, status = os.waitpid(pid, 0)
            assert os.waitstatus_to_exitcode(status) == 0
        stop.append(1)
        for thread in threads: thread.join()
    """
    code, _, err = finished(start(script, root))
    assert code == 0, err
    assert err.count("this process was forked from the one that writes the run") == 20
    view = the_run(root)
    assert view.tags == ["parent"]
    assert view.status["state"] == "finished"
    assert view.lost == []


def test_a_forked_child_may_continue_the_run(root: Path) -> None:
    script = """
        import os, sys
        import ethogram as eg
        run = eg.init("tests", root=sys.argv[1], capture_code=False)
        run.log({"parent": 1}, global_step=0)
        run.flush()
        pid = os.fork()
        if pid == 0:
            mine = eg.init(root=sys.argv[1], resume=run.id, strict=True)
            mine.log({"child": 2}, global_step=1)
            mine.finish()
            os._exit(0)
        os.waitpid(pid, 0)
        run.log({"parent": 3}, global_step=2)
    """
    code, _, err = finished(start(script, root))
    assert (code, err) == (0, "")
    view = the_run(root)
    assert view.tags == ["child", "parent"]
    assert len(list(view.folder.glob("w-*"))) == 2


def test_a_resumed_run_goes_on(root: Path) -> None:
    first = eg.init("tests", root=root, strict=True, name="one", config={"rate": 1}, capture_code=False)
    first.log({"loss": 1.0}, global_step=10)
    with first.episode() as episode:
        episode.step(reward=1.0, terminated=True)
    first.finish("crashed")
    second = eg.init(root=root, strict=True, resume=first.id, capture_code=False)
    second.log({"more": 1.0})
    second.log({"loss": 2.0}, global_step=20)
    with second.episode() as episode:
        assert episode.index == 1
        episode.step(reward=2.0, terminated=True)
    second.log({"late": 0.5}, episode=0, step=0)
    view = reopened(second)
    assert view.info["name"] == "one"
    assert (view.status["state"], view.status["resumed"]) == ("finished", 1)
    assert view.scalars("more")["step"].numpy().tolist() == [11]
    assert view.scalars("loss")["value"].numpy().tolist() == [1.0, 2.0]
    assert [row["episode_return"] for row in rows(view.episodes())] == [1.0, 2.0]
    assert view.episode(0).field("late").numpy().tolist() == [0.5]


def test_two_processes_that_log_into_one_run_at_once_give_no_episode_index_twice(root: Path) -> None:
    with eg.init(root=root, strict=True, capture_code=False) as run:
        run.past_episode(episode_return=0.0, length=1, global_step=0)
        run.flush()
        beside = start(
            """
            import sys
            import ethogram as eg

            with eg.init(root=sys.argv[1], resume=sys.argv[2], strict=True) as run:
                for value in range(5):
                    print(run.past_episode(episode_return=100.0 + value, length=1, global_step=value), flush=True)
                    sys.stdin.readline()
            """,
            root,
            run.id,
            stdin=subprocess.PIPE,
        )
        assert beside.stdin is not None
        assert beside.stdout is not None
        mine, theirs = [0], []
        for value in range(1, 6):
            theirs.append(int(beside.stdout.readline()))
            index = run.past_episode(episode_return=float(value), length=1, global_step=value)
            assert index is not None
            mine.append(index)
            beside.stdin.write("\n")
            beside.stdin.flush()
        code, _, err = finished(beside)
        assert code == 0, err
    assert (mine, theirs) == ([0, 1, 2, 3, 4, 5], [1000, 1001, 1002, 1003, 1004])
    logged = {row["episode"]: row["episode_return"] for row in rows(the_run(root).episodes())}
    assert logged == {index: float(index) if index < 1000 else index - 900.0 for index in mine + theirs}


def test_there_must_be_a_run_to_resume(root: Path) -> None:
    with pytest.raises(LookupError, match=r"expected a folder with run\.json, or the id of a run under"):
        eg.init(root=root, resume="01ARZ3NDEKTSV4RRFFQ69G5FAV")


def test_two_readers_follow_a_live_run(run: eg.Run) -> None:
    run.log({"a": 0.0}, global_step=0)
    run.flush()
    readers = [eg.open(run.folder), eg.open(run.id, root=run.folder.parent.parent)]
    for step in range(1, 4):
        run.log({"a": float(step)}, global_step=step)
        run.flush()
        for reader in readers:
            assert reader.refresh()
            assert reader.scalars("a")["value"].numpy().tolist() == [float(value) for value in range(step + 1)]
            assert not reader.refresh()


def test_a_root_that_cannot_be_written_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    run = eg.init("tests", root=tmp_path / "file", capture_code=False)
    with pytest.warns(eg.EthogramWarning, match="create failed") as told:
        for step in range(5):
            run.log({"a": 1.0}, global_step=step)
        run.finish()
    assert len(told) == 1
    assert run.disabled


def test_a_disk_that_is_full_is_told_once_and_training_goes_on(root: Path) -> None:
    script = """
        import resource, sys, time, warnings
        import numpy as np
        import ethogram as eg
        run = eg.init("tests", root=sys.argv[1], capture_code=False, flush_secs=0.05)
        run.log({"a": 0.0}, global_step=0)
        run.flush()
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        noise = np.random.default_rng(0)
        for step in range(1, 40):
            run.log({"a": float(step), "x": noise.normal(size=5000)}, global_step=step)
            time.sleep(0.03)
        assert run.counters["dropped"] > 0
        print("trained on", flush=True)
    """
    code, out, err = finished(start(script, root))
    assert (code, out) == (0, "trained on\n"), err
    assert err.count("the disk failed") == 1
    assert the_run(root).scalars("a")["value"].numpy()[0] == 0.0


def test_a_strict_run_raises_what_the_disk_says(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    run = eg.init("tests", root=tmp_path / "file", strict=True, capture_code=False)
    with pytest.raises(OSError, match="create failed"):
        run.log({"a": 1.0}, global_step=0)


def test_settings_of_the_environment_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PROJECT": "theirs", "NAME": "n", "ROOT": tmp_path / "r", "TAGS": "a, b", "GROUP": "g"}.items():
        monkeypatch.setenv(f"ETHOGRAM_{name}", str(value))
    monkeypatch.setenv("ETHOGRAM_STRICT", "1")
    run = eg.init("ours", root=tmp_path / "other", tags=["c"], config={"gamma": 0.5}, capture_code=False)
    assert run.strict
    run.log({"a": 1.0}, global_step=0)
    info = reopened(run).info
    assert (info["project"], info["name"], info["tags"], info["group"]) == ("theirs", "n", ["a", "b"], "g")
    assert (info["gamma"], info["config"]) == (0.5, {"gamma": 0.5})
    assert run.folder.parent.parent == tmp_path / "r"


def test_a_setting_without_such_a_value_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="mode"):
        eg.init(root=root, mode="offline")  # type: ignore[arg-type]
    monkeypatch.setenv("ETHOGRAM_MODE", "disabled")
    assert eg.init(root=root, mode="online").disabled
    monkeypatch.setenv("ETHOGRAM_MODE", "nonsense")
    with pytest.raises(ValueError, match=r"ETHOGRAM_MODE\): expected one of online, disabled, found 'nonsense'"):
        eg.init(root=root)


def test_a_run_remembers_its_surroundings(root: Path) -> None:
    # Chance words: what is committed, or not yet, may hold any other.
    secret = uuid.uuid4().hex
    script = f"""
        import sys
        import ethogram as eg
        with eg.init("tests", root=sys.argv[1], config={{"api_key": "{secret}", "rate": 0.1}}, notes="first") as run:
            run.log({{"a": 1}}, global_step=0)
    """
    code, _, err = finished(start(script, root, f"--token={secret}"))
    assert (code, err) == (0, "")
    view = the_run(root)
    info = view.info
    assert info["config"] == {"api_key": "[hidden]", "rate": 0.1}
    assert info["command"][-1] == "--token=[hidden]"
    assert info["system"]["python"].startswith("3.")
    assert info["host"]
    assert secret not in (view.folder / "run.json").read_text()


def test_row_d16_the_wheel_carries_the_command(root: Path) -> None:
    with eg.init("tests", root=root, name="listed", capture_code=False) as run:
        run.log({"a": 1.0}, global_step=0)
    done = subprocess.run(
        [sys.executable, "-m", "ethogram", "ls", str(root)], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "listed" in done.stdout
    wrong = subprocess.run([sys.executable, "-m", "ethogram", "nonsense"], capture_output=True, text=True, timeout=60)
    assert wrong.returncode == 2


def test_a_run_is_not_sent_to_another_process(run: eg.Run) -> None:
    import pickle

    with pytest.raises(TypeError, match=r"call ethogram.init\(resume=run.id\) there"):
        pickle.dumps(run)


def test_the_state_of_the_scripts_own_folder_is_kept(root: Path, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text("from ethogram import capture\nprint(capture.script_folder())")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, cwd=TESTS)
    assert done.stdout.strip() == str(tmp_path.resolve())
    done = subprocess.run([sys.executable], input=script.read_text(), capture_output=True, text=True, cwd=TESTS)
    assert done.stdout.strip() == str(TESTS)
