"""A real local Ray cluster: finished runs as Ray Data, and explanations by two workers of which one is killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import ray

import ethogram as eg
from ethogram import _native
from ethogram.errors import EthogramError

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from networks import BREAKOUT, Golden

EPISODES = 8
STEPS = 32


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """Two workers of one processor each, which have as much of it as any process: Ray would put them last."""
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 (so Ray reads it)
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100 << 20)
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def breakout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A published agent, and eight episodes that it is asked about."""
    golden = Golden("breakout-a3c-80M-seed000")
    frames = (golden["frame"][:, 0] * 255).round().astype(np.uint8)
    root = tmp_path_factory.mktemp("runs")
    with eg.init("tests", root=root, strict=True, capture_code=False) as run:
        run.checkpoint(
            BREAKOUT, global_step=0,
            signature=eg.signature(
                observation="frame", state={"hx": "hx_next"}, logits="logits", value="value",
                preprocessing=[{"op": "scale", "by": 1 / 255}, {"op": "unsqueeze", "axis": 0}],
            ),
        )  # fmt: skip
        for index in range(EPISODES):
            with run.episode() as episode:
                for t in range(STEPS):
                    episode.step(
                        observation=np.roll(frames[t % 2], t + index, axis=1),
                        action=t % 4,
                        reward=0.0,
                        recurrent_state=golden["hx"][t % 2],
                        truncated=t == STEPS - 1,
                    )
        assert run.folder is not None
    return run.folder


def records(folder: Path) -> int:
    return sum(path.stat().st_size // 64 for path in (folder / "derived/attribution").glob("*/steps.log"))


def attributions(folder: Path) -> np.ndarray:
    before = records(folder)
    view = eg.open(folder)
    fields = [
        view.episode(index).field("attribution/integrated_gradients", target="value", steps=5).numpy()
        for index in range(EPISODES)
    ]
    assert records(folder) == before, "all of it was kept, nothing is computed when it is read"
    return np.stack(fields)


def kill_a_worker(folder: Path, stop: threading.Event, killed: list[int]) -> None:
    """Kills the process of a Ray task, once some steps are explained."""
    while not stop.is_set():
        if records(folder) >= STEPS // 2:
            found = subprocess.run(["pgrep", "-f", "ray::explain_episode"], capture_output=True, text=True, check=False)
            for pid in map(int, found.stdout.split()):
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
                return
        time.sleep(0.01)


def test_an_explanation_by_two_workers_outlives_one_of_them(cluster: None, breakout: Path, tmp_path: Path) -> None:
    local = tmp_path / "local"
    shutil.copytree(breakout, local)
    arguments = ["--target", "value", "--steps", "5"]
    assert _native.run_cli(["ethogram", "explain", str(local), *arguments]) == 0

    stop, killed = threading.Event(), list[int]()
    killer = threading.Thread(target=kill_a_worker, args=(breakout, stop, killed))
    killer.start()
    try:
        found = eg.explain_on_ray(breakout, target="value", steps=5)
    finally:
        stop.set()
        killer.join()
    assert killed, "a worker was killed while it explained"
    assert sorted(found.episodes) == list(range(EPISODES))
    assert found.workers >= 2
    np.testing.assert_array_equal(attributions(breakout), attributions(local))

    again = eg.explain_on_ray(breakout, target="value", steps=5)
    assert all("explained 0 steps, 32 were kept already" in text for text in again.episodes.values()), again.episodes


def test_the_command_does_the_same_and_says_what_is_wrong(cluster: None, breakout: Path) -> None:
    address = ray.get_runtime_context().gcs_address

    def explain(*arguments: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "ethogram", "explain", str(breakout), "--ray", address, *arguments]
        return subprocess.run(line, capture_output=True, text=True, check=False)

    done = explain("--method", "saliency", "--episodes", "1,3..5")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("explained 3 episodes"), done.stdout
    wrong = explain("--method", "tea_leaves")
    assert wrong.returncode == 1 and "expected one of saliency" in wrong.stderr, wrong.stderr
    none = explain("--episodes", "99..")
    assert none.returncode == 1 and "no recorded episode" in none.stderr, none.stderr


def test_a_folder_that_workers_do_not_see_is_said(cluster: None, tmp_path: Path) -> None:
    with pytest.raises(EthogramError, match="run"):
        eg.explain_on_ray(tmp_path / "nowhere")


def test_ray_data_reads_finished_runs_unchanged(cluster: None, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    for seed in range(2):
        with eg.init("tests", root=root, strict=True, capture_code=False) as run:
            for step in range(2000):
                run.log({"loss": seed + step / 7}, global_step=step)
        assert _native.run_cli(["ethogram", "compact", str(run.folder)]) == 0
    files = [str(path) for path in root.glob("*/*/w-*/scalars/*[0-9].parquet")]
    assert len(files) == 2
    table = ray.data.read_parquet(files).filter(lambda row: row["tag"] == "loss" and row["step"] >= 1000)
    assert table.count() == 2000
    assert table.max("value") == 1 + 1999 / 7
