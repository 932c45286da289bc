"""Attributions as fields of an episode: the same numbers by every way, kept beside the run, long after training."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import numpy as np
import pytest
from conftest import reopened
from networks import BREAKOUT, LUNAR_LANDER, Golden, lander_observations, log_lander

import ethogram as eg
from ethogram.errors import NotFoundError, ShapeError


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "ethogram", *map(str, arguments)]


def explain(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command("explain", folder, *arguments), capture_output=True, text=True, check=False)


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "derived/attribution").glob("*/question.json"))


def test_a_field_is_what_the_network_says_of_each_step(run: eg.Run) -> None:
    observations = log_lander(run)
    episode = reopened(run).episode(0)
    field = episode.field("attribution/integrated_gradients", target="action", steps=50)
    assert field.dtype == "float32" and field.shape == (8,)
    values, actions = field.numpy(), episode.field("action").numpy()
    expected = eg.Model(LUNAR_LANDER).attribute(
        observations[:-1], target=("q_values", np.ma.getdata(actions)[:24].astype(int)), steps=50
    )
    assert np.allclose(values[:24], expected.values, rtol=1e-4, atol=1e-5 * np.abs(expected.values).max())
    assert not field.valid[24] and np.isnan(values[24]).all(), "no action was taken at the last observation"
    other = episode.field("attribution/integrated_gradients", target=3, steps=50)
    assert other.valid.all() and not np.allclose(other.numpy()[:24], values[:24])
    assert np.array_equal(
        episode.field("derived/attribution/integrated_gradients", target=3, steps=50).numpy(), other.numpy()
    )


def served(folder: Path, question: str) -> dict[str, np.ndarray]:
    """Columns of the web API's answer about episode 0, by a server of its own."""
    process = subprocess.Popen(
        command("serve", folder, "--port", 0, "--json"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        address = json.loads(process.stdout.readline())["url"]
        run = eg.open(folder).info["id"]
        with urlopen(f"{address}api/runs/{run}/episodes/0/attribution?{question}", timeout=60) as answer:
            body = answer.read()
    finally:
        process.terminate()
        process.wait()
    assert body[:4] == b"ETHC"
    start = 8 + int.from_bytes(body[4:8], "little")
    header = json.loads(body[8:start])
    return {
        column["name"]: np.frombuffer(
            body[start + column["offset"] :][: column["bytes"]], np.dtype(column["dtype"]).newbyteorder("<")
        ).reshape(column["shape"])
        for column in header["columns"]
    }


def test_server_command_and_python_give_the_same_numbers(run: eg.Run) -> None:
    log_lander(run)
    view = reopened(run)
    assert run.folder is not None
    done = explain(run.folder, "--target", "greedy", "--steps", 20, "--episodes", 0)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("explained 24 steps, 0 were kept already\ncompleteness error: median ")
    log = kept(run.folder)[0].with_name("steps.log")
    before = log.stat().st_size
    values = view.episode(0).field("attribution/integrated_gradients", target="greedy", steps=20).numpy()
    assert log.stat().st_size == before + 64, "only the final observation, which the command left out, was computed"
    columns = served(run.folder, "method=integrated_gradients&target=greedy&steps=20&from=0&to=25&as=float32")
    assert np.array_equal(columns["values"], values)
    assert log.stat().st_size == before + 64, "the server computed nothing"
    again = explain(run.folder, "--target", "greedy", "--steps", 20)
    assert again.stdout.startswith("explained 0 steps, 24 were kept already"), again.stdout
    described = json.loads(kept(run.folder)[0].read_text())
    assert described["question"]["asked"]["params"]["steps"] == "20"


def test_what_is_kept_is_removed_when_asked(run: eg.Run) -> None:
    log_lander(run)
    run.finish()
    assert run.folder is not None
    assert explain(run.folder, "--steps", 5, "--target", "action,greedy").returncode == 0
    assert len(kept(run.folder)) == 2
    done = explain(run.folder, "--forget")
    assert done.returncode == 0 and done.stdout.endswith("of attributions, 2 questions\n"), done.stdout
    assert kept(run.folder) == []
    assert explain(run.folder, "--forget").stdout == "removed 0 B of attributions, 0 questions\n"
    assert explain(run.folder, "--steps", 5).stdout.startswith("explained 24 steps, 0 were kept already")


def test_what_the_server_computed_is_kept_for_others(run: eg.Run) -> None:
    log_lander(run)
    run.finish()
    assert run.folder is not None
    columns = served(run.folder, "method=saliency&target=1&from=3&to=9")
    assert columns["values"].shape == (6, 8)
    assert _records(run.folder) == 6
    done = explain(run.folder, "--method", "saliency", "--target", 1)
    assert done.stdout.startswith("explained 18 steps, 6 were kept already"), done.stdout


def test_numbers_do_not_depend_on_which_steps_are_asked_for_together(run: eg.Run) -> None:
    log_lander(run, steps=40)
    view = reopened(run)
    assert run.folder is not None
    for method in ("smooth_grad", "expected_gradients", "integrated_gradients"):
        whole = view.episode(0).field(f"attribution/{method}", target=2).numpy()
        for path in kept(run.folder):
            path.unlink()
        done = explain(run.folder, "--method", method, "--target", 2, "--threads", 2)
        assert done.returncode == 0, done.stderr
        by_command = view.episode(0).field(f"attribution/{method}", target=2).numpy()
        assert np.allclose(by_command, whole, rtol=1e-4, atol=1e-6 * np.abs(whole).max()), method


def test_what_is_wrong_with_a_question_is_said(run: eg.Run) -> None:
    log_lander(run)
    view = reopened(run)
    episode = view.episode(0)
    for name, params, error, text in [
        ("attribution/tea_leaves", {}, ShapeError, "expected one of saliency, "),
        ("attribution/saliency", {"steps": 5}, ShapeError, "steps"),
        ("attribution/integrated_gradients", {"steps": "many"}, ShapeError, "whole number from 1"),
        ("attribution/saliency", {"target": "fame"}, ShapeError, "expected action, greedy, value"),
        ("attribution/saliency", {"target": 9}, ShapeError, "index 9 of 4"),
        ("attribution/saliency", {"wrt": "eyes"}, NotFoundError, "eyes"),
    ]:
        with pytest.raises(error, match=text):
            episode.field(name, **params)
    assert run.folder is not None
    done = explain(run.folder, "--method", "tea_leaves")
    assert done.returncode == 1 and "expected one of saliency" in done.stderr
    assert not (run.folder / "derived").exists(), "a question that makes no sense leaves nothing"
    assert "no episode 7" in explain(run.folder, "--episodes", "7").stderr
    assert "no checkpoint" in explain(run.folder, "--checkpoint", "3").stderr


def test_without_a_checkpoint_it_is_said_what_to_log(run: eg.Run) -> None:
    with run.episode() as episode:
        episode.step(observation=lander_observations(1)[0], action=0, reward=1.0, terminated=True)
    view = reopened(run)
    with pytest.raises(NotFoundError, match=r"run\.checkpoint\(policy, global_step=t, signature=eg\.signature"):
        view.episode(0).field("attribution/saliency")


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(run: eg.Run) -> None:
    log_lander(run)
    run.finish()
    assert run.folder is not None
    done = explain(run.folder, "--dry-run", "--steps", 20)
    assert done.returncode == 0, done.stderr
    assert "would explain 24 steps of 1 episode" in done.stdout and "integrated_gradients" in done.stdout
    assert not (run.folder / "derived").exists()


def test_a_run_that_cannot_be_written_goes_without(run: eg.Run) -> None:
    log_lander(run)
    view = reopened(run)
    assert run.folder is not None
    # A file where the folder would be: what the root user of a container cannot write either.
    (run.folder / "derived").write_text("in the way")
    assert view.episode(0).field("attribution/saliency", target=0).valid.all()
    done = explain(run.folder)
    assert done.returncode == 1 and "cannot keep attributions beside" in done.stderr and "copy the run" in done.stderr


RECORD = """
import sys
sys.path.insert(0, sys.argv[2])
import ethogram as eg
from networks import log_lander
run = eg.init("tests", root=sys.argv[1], strict=True, capture_code=False)
log_lander(run)
run.finish()
print(run.folder)
"""

READ = """
import sys
import ethogram as eg
field = eg.open(sys.argv[1]).episode(0).field("attribution/saliency", target="action")
sys.stdout.buffer.write(field.numpy().tobytes())
"""


def _explained_afterwards(root: Path) -> None:
    """Records in one process, explains in another, and compares with the network itself in a third, this one."""
    here = str(Path(__file__).parent)
    recorded = subprocess.run(
        [sys.executable, "-c", RECORD, str(root), here], capture_output=True, text=True, check=True
    ).stdout.strip()
    read = subprocess.run([sys.executable, "-c", READ, recorded], capture_output=True, check=True).stdout
    values = np.frombuffer(read, np.float32).reshape(25, 8)
    view = eg.open(recorded)
    actions = np.ma.getdata(view.episode(0).field("action").numpy())[:24].astype(int)
    observations = view.episode(0).field("observation").numpy()[:24]
    assert view.episode(0).row["checkpoint"] == 100, "the episode names the weights that acted"
    expected = view.checkpoint(view.episode(0).row["checkpoint"]).model.attribute(
        observations, target=("q_values", actions), method="saliency"
    )
    assert np.allclose(values[:24], expected.values, rtol=1e-4, atol=1e-6)
    assert np.isnan(values[24]).all()


def test_row_a20_a_stored_checkpoint_explains_when_the_recorder_is_gone(root: Path) -> None:
    _explained_afterwards(root)


def test_row_n23_a_recorded_episode_is_explained_by_its_frozen_network(root: Path) -> None:
    _explained_afterwards(root)


def _log_breakout(root: Path, steps: int) -> Path:
    golden = Golden("breakout-a3c-80M-seed000")
    frames = (golden["frame"][:, 0] * 255).round().astype(np.uint8)
    with eg.init("tests", root=root, strict=True, capture_code=False) as run:
        run.checkpoint(
            BREAKOUT, global_step=0,
            signature=eg.signature(
                observation="frame", state={"hx": "hx_next"}, logits="logits", value="value",
                preprocessing=[{"op": "scale", "by": 1 / 255}, {"op": "unsqueeze", "axis": 0}],
            ),
        )  # fmt: skip
        with run.episode() as episode:
            for t in range(steps):
                frame = np.roll(frames[t % 2], t, axis=1)
                episode.step(
                    observation=frame,
                    action=t % 4,
                    reward=0.0,
                    recurrent_state=golden["hx"][t % 2],
                    truncated=t == steps - 1,
                )
        assert run.folder is not None
        return run.folder


def _records(folder: Path) -> int:
    return sum(path.stat().st_size // 64 for path in (folder / "derived/attribution").glob("*/steps.log"))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_row_u23_explaining_goes_on_where_it_was_ended(root: Path, how: signal.Signals) -> None:
    folder = _log_breakout(root, steps=160)
    arguments = ("--steps", 10, "--threads", 2, "--target", "value")
    process = subprocess.Popen(
        command("explain", folder, *arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 120
    while _records(folder) < 32 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(process.pid, how)
    _out, err = process.communicate()
    done = _records(folder)
    assert 32 <= done < 160, (done, err)
    if how == signal.SIGINT:
        assert process.returncode == 130 and "run the same command again to go on" in err

    again = explain(folder, *arguments)
    assert again.returncode == 0, again.stderr
    said = again.stdout.splitlines()[0]
    assert said == f"explained {160 - done} steps, {done} were kept already", said
    episode = eg.open(folder).episode(0)
    params = {"target": "value", "steps": 10}
    resumed = episode.field("attribution/integrated_gradients", **params).numpy()

    for path in (folder / "derived/attribution").glob("*/*"):
        path.unlink()
    fresh = episode.field("attribution/integrated_gradients", **params).numpy()
    assert np.allclose(resumed, fresh, rtol=1e-4, atol=1e-6 * np.abs(fresh).max()), "as if it had never been ended"
