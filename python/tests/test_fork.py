"""What becomes of a run when the process that writes it forks, spawns, or plays environments in other processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from conftest import rows
from test_process import TESTS, finished, start, the_run

import ethogram as eg

TOLD = "this process was forked from the one that writes the run"


def play(folder: Path, root: Path, script: str, *arguments: str) -> str:
    """Run a script from a file, for `spawn` and `forkserver` import it again. Returns what it said of its faults."""
    path = folder / "train.py"
    path.write_text(textwrap.dedent(script))
    sources = [str(TESTS), str(Path(eg.__file__).parents[1])]
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(sources)}
    command = [sys.executable, str(path), str(root), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environ, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr


def is_whole(view: eg.RunView, tag: str, count: int) -> None:
    assert view.scalars(tag)["value"].numpy().tolist() == [float(value) for value in range(count)]
    assert view.lost == []


def test_no_method_of_a_run_hangs_in_a_forked_child(root: Path, tmp_path: Path) -> None:
    """Forked while other threads log, record and begin the run: any lock may be held at that moment."""
    told = play(
        tmp_path,
        root,
        """
        import faulthandler, os, sys, threading
        import numpy as np
        import ethogram as eg
        from environments import Counter

        run = eg.init("tests", root=sys.argv[1], capture_code=False, capture_system=0.01)
        begin, stop, logged = threading.Event(), [], [0, 0, 0]

        def log(number):
            begin.wait()
            while not stop:
                run.log({f"parent/{number}": logged[number]}, global_step=logged[number])
                logged[number] += 1

        # What is imported when it is first needed: Python itself hangs where a thread was importing during a fork.
        eg.record(Counter(render_mode="rgb_array"), run)

        def record():
            env = eg.record(Counter(render_mode="rgb_array"), run, schedule=eg.always)
            begin.wait()
            while not stop:
                env.reset(seed=0)
                while not stop and not env.step(0)[2]:
                    pass

        threads = [threading.Thread(target=log, args=[number]) for number in range(3)]
        threads.append(threading.Thread(target=record))
        for thread in threads:
            thread.daemon = True
            thread.start()

        def child():
            run.log({"child": 1}, global_step=1)
            run.log({"child": np.ones(9)})
            run.update_config({"rate": 1})
            run.past_episode(episode_return=1.0, length=1, global_step=0)
            run.checkpoint(b"weights", global_step=1)
            run.attach_films(".")
            env = eg.record(Counter(render_mode="rgb_array"), run, schedule=eg.always)
            env.reset(seed=0)
            env.annotate(value=1.0)
            env.step(0)
            with run.episode() as episode:
                episode.step(reward=1.0)
            print("in the child")
            run.flush()
            run.finish()
            assert run.faults["fork"] >= 6, run.faults

        for number in range(40):
            pid = os.fork()
            if pid == 0:
                faulthandler.dump_traceback_later(20, exit=True)
                child()
                os._exit(0)
            if number == 1:
                begin.set()
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, number
        stop.append(1)
        for thread in threads: thread.join()
        run.log({"logged": np.array(logged)})
        """,
    )
    assert told.count(TOLD) == 40
    view = the_run(root)
    (logged,) = view.tensors("logged")
    for number, count in enumerate(logged.numpy().tolist()):
        is_whole(view, f"parent/{number}", int(count))
    assert "child" not in view.tags
    assert view.status["state"] == "finished"
    assert view.info["config"] == {}
    assert rows(view.checkpoints()) == []


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_children_of_multiprocessing_log_by_a_writer_of_their_own(root: Path, tmp_path: Path, method: str) -> None:
    told = play(
        tmp_path,
        root,
        """
        import multiprocessing, sys
        import ethogram as eg

        # Imported again by `spawn` and `forkserver`: a run that nothing is logged into leaves nothing behind.
        run = eg.init("tests", root=sys.argv[1], capture_code=False, capture_console=False)

        def inherit(run):
            run.log({"child": 1}, global_step=1)

        def work(number, id, root):
            with eg.init(root=root, resume=id, strict=True, capture_console=False) as mine:
                for step in range(50):
                    mine.log({f"child/{number}": step}, global_step=step)
                mine.past_episode(episode_return=float(number), length=1, global_step=0)

        if __name__ == "__main__":
            context = multiprocessing.get_context(sys.argv[2])
            run.log({"parent": 0}, global_step=0)
            run.past_episode(episode_return=-1.0, length=1, global_step=0)
            run.flush()
            try:
                child = context.Process(target=inherit, args=[run])
                child.start()
                child.join(60)
                assert child.exitcode == 0
            except TypeError as error:
                print(error, file=sys.stderr)
            children = [context.Process(target=work, args=[number, run.id, sys.argv[1]]) for number in range(2)]
            for child in children: child.start()
            for step in range(1, 50):
                run.log({"parent": step}, global_step=step)
            for child in children:
                child.join(60)
                assert child.exitcode == 0
            run.past_episode(episode_return=-2.0, length=1, global_step=0)
        """,
        method,
    )
    assert told.count(TOLD if method == "fork" else "a run cannot be sent to another process") == 1
    view = the_run(root)
    assert {"child/0", "child/1", "parent"} <= set(view.tags)
    assert "child" not in view.tags
    for tag in ("child/0", "child/1", "parent"):
        is_whole(view, tag, 50)
    found = {row["episode"]: row["episode_return"] for row in rows(view.episodes())}
    assert sorted(found.values()) == [-2.0, -1.0, 0.0, 1.0]
    assert (found[0], found[1]) == (-1.0, -2.0), "children number from blocks of their own"
    assert view.status["state"] == "finished"


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
def test_vector_environments_in_other_processes_are_recorded_around(root: Path, tmp_path: Path, method: str) -> None:
    told = play(
        tmp_path,
        root,
        """
        import sys
        import gymnasium
        import ethogram as eg
        from environments import Counter

        def make():
            return Counter(longest=4)

        if __name__ == "__main__":
            run = eg.init("tests", root=sys.argv[1], capture_code=False, capture_console=False)
            run.log({"parent": 0}, global_step=0)
            # Within: there is nobody who could write it.
            try:
                envs = gymnasium.vector.AsyncVectorEnv([lambda: eg.record(make(), run)] * 2, context=sys.argv[2])
                envs.reset(seed=0)
                for _ in range(9):
                    envs.step([0, 0])
                envs.close()
            except TypeError as error:
                print(error, file=sys.stderr)
            envs = gymnasium.vector.AsyncVectorEnv([make, make], context=sys.argv[2])
            envs = eg.record(envs, run, schedule=eg.always)
            envs.reset(seed=1)
            for _ in range(30):
                envs.step([0, 0])
            envs.close()
        """,
        method,
    )
    if method == "fork":
        assert told.count(TOLD) == 2, "once a child"
    else:
        assert "a run cannot be sent to another process" in told
        assert "record around the vector environment" in told
    view = the_run(root)
    episodes = [row for row in rows(view.episodes()) if row["end"] == "terminated"]
    assert len(episodes) >= 10
    assert {row["env_index"] for row in episodes} == {0, 1}
    for row in episodes:
        reward = view.episode(row["episode"]).field("reward").numpy()[: row["length"]]
        assert reward.tolist() == [step + 1.0 for step in range(row["length"])]
    assert view.lost == []
    assert view.status["state"] == "finished"


def test_a_child_that_outlives_a_killed_parent_holds_nothing_of_the_run(root: Path) -> None:
    """Workers of a data loader, for example: a lock lives for as long as anybody has its file open."""
    script = """
        import os, sys, time
        import ethogram as eg
        run = eg.init("tests", root=sys.argv[1], capture_code=False)
        run.past_episode(episode_return=0.0, length=1, global_step=0)
        run.log({"a": 0}, global_step=0)
        run.flush()
        child = os.fork()
        if child == 0:
            os.close(1)
            os.close(2)
            time.sleep(60)
            os._exit(0)
        print(child, flush=True)
        time.sleep(60)
    """
    process = start(script, root)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    try:
        process.kill()
        finished(process)
        os.kill(child, 0)
        (folder,) = root.glob("*/*")
        files = [os.readlink(f"/proc/{child}/fd/{number}") for number in os.listdir(f"/proc/{child}/fd")]
        assert not [file for file in files if file.startswith(str(folder))]
        with eg.init(root=root, resume=folder.name, strict=True, capture_code=False) as run:
            assert run.past_episode(episode_return=1.0, length=1, global_step=1) == 1, "the block of the dead is free"
            run.log({"a": 1}, global_step=1)
    finally:
        os.kill(child, signal.SIGKILL)
    is_whole(the_run(root), "a", 2)


def test_other_programs_inherit_no_file_and_a_child_that_is_told_to_end_ends_nothing(root: Path) -> None:
    script = """
        import multiprocessing, os, subprocess, sys, time
        import ethogram as eg
        run = eg.init("tests", root=sys.argv[1], capture_code=False, capture_console=False)
        run.log({"a": 0}, global_step=0)
        run.flush()
        for options in [{}, {"preexec_fn": os.getpid}, {"close_fds": False}]:
            options |= {"capture_output": True, "text": True, "check": True}
            listed = subprocess.run(["ls", "-l", "/proc/self/fd"], **options)
            assert sys.argv[1] not in listed.stdout, listed.stdout
        child = multiprocessing.get_context("fork").Process(target=time.sleep, args=[60])
        child.start()
        child.terminate()
        child.join(20)
        assert child.exitcode == -15, child.exitcode
        assert eg.open(run.folder).status["state"] == "running"
        run.log({"a": 1}, global_step=1)
    """
    code, _, err = finished(start(script, root))
    assert code == 0, err
    view = the_run(root)
    is_whole(view, "a", 2)
    assert view.status["state"] == "finished"
