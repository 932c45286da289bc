"""B-15: films of the real `gymnasium.wrappers.RecordVideo` are attached to the episodes they show. Needs moviepy."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import gymnasium
import pytest

import ethogram as eg
from ethogram import films
from ethogram.summary import SummaryWriter


def extras(run: eg.Run) -> list[dict[str, Any]]:
    view = eg.open(run)
    return [
        view.episode(at).row["extra"] | {"length": view.episode(at).row["length"]} for at in range(view.episodes().rows)
    ]


def test_row_b15_recordvideo_inside_a_recorded_environment(tmp_path: Path) -> None:
    run = eg.init(root=tmp_path / "runs", strict=True, capture_code=False)
    env = gymnasium.make("CartPole-v1", render_mode="rgb_array")
    env = gymnasium.wrappers.RecordVideo(
        env, str(tmp_path / "films"), step_trigger=lambda step: step in (5, 40), video_length=9
    )
    env = eg.record(env, run, schedule=eg.never)
    env.reset(seed=1)
    for _ in range(90):
        _, _, terminated, truncated, _ = env.step(1)
        if terminated or truncated:
            env.reset()
    env.close()
    run.finish()
    rows = extras(run)
    begins = [sum(row["length"] for row in rows[:at]) for at in range(len(rows))]
    found = {
        row["video"]: (begin + row["video_first_step"])
        for row, begin in zip(rows, begins, strict=True)
        if "video" in row
    }
    assert found == {"rl-video-step-5.mp4": 5, "rl-video-step-40.mp4": 40}, "frame 0 is after so many steps"


def test_row_b15_a_cleanrl_script_changes_one_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    name = "CartPole-v1__ppo__1__1700000000"

    def make() -> Any:
        env = gymnasium.make("CartPole-v1", render_mode="rgb_array")
        return gymnasium.wrappers.RecordVideo(env, f"videos/{name}", episode_trigger=lambda episode: episode in (0, 2))

    envs = gymnasium.vector.SyncVectorEnv([make])
    writer = SummaryWriter(f"runs/{name}")
    writer.add_text("hyperparameters", "|param|value|\n|-|-|\n|seed|1|")
    envs.reset(seed=1)
    for step in range(120):
        envs.step([step % 2])
        writer.add_scalar("charts/SPS", 1.0, step)
    envs.close()
    writer.close()
    view = eg.open(writer.run)
    rows = [view.episode(int(at)) for at in view.episodes()["episode"].numpy()]
    assert [row.row["extra"]["video"] for row in rows] == ["rl-video-episode-0.mp4", "rl-video-episode-2.mp4"]
    assert all((view.folder / "blobs" / row.row["extra"]["video_blob"]).read_bytes()[4:8] == b"ftyp" for row in rows)
    assert json.dumps(view.info["config"]) == '{"seed": 1}'


def test_row_b15_recordvideo_around_a_recorded_environment_while_it_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(films, "INTERVAL_SECS", 0.2)
    run = eg.init(root=tmp_path / "runs", strict=True, capture_code=False)
    inner = eg.record(gymnasium.make("CartPole-v1", render_mode="rgb_array"), run, schedule=eg.never)
    env = gymnasium.wrappers.RecordVideo(inner, str(tmp_path / "films"), episode_trigger=lambda at: at % 2 == 0)
    for episode in range(5):
        env.reset(seed=episode)
        ended = False
        while not ended:
            *_, terminated, truncated, _ = env.step(1)
            ended = terminated or truncated
    until = time.monotonic() + 30
    while ["video" in row for row in extras(run)] != [True, False, True, False, False]:
        assert time.monotonic() < until
        time.sleep(0.1)
    env.close()
    run.finish()
    assert [row.get("video") for row in extras(run)] == [
        "rl-video-episode-0.mp4", None, "rl-video-episode-2.mp4", None, "rl-video-episode-4.mp4",
    ]  # fmt: skip


def test_row_b15_films_of_stable_baselines3(tmp_path: Path) -> None:
    from stable_baselines3 import PPO
    from stable_baselines3.common.env_util import make_vec_env
    from stable_baselines3.common.vec_env import VecVideoRecorder

    from ethogram.integrations.stable_baselines3 import EthogramCallback

    run = eg.init(root=tmp_path / "runs", strict=True, capture_code=False)
    venv = make_vec_env("CartPole-v1", n_envs=1, env_kwargs={"render_mode": "rgb_array"})
    venv = VecVideoRecorder(venv, str(tmp_path / "films"), lambda step: step in (0, 100), video_length=9)
    model = PPO("MlpPolicy", venv, n_steps=128, batch_size=64, seed=1)
    model.learn(256, callback=EthogramCallback(run, record=eg.never))
    venv.close()
    run.finish()
    rows = extras(run)
    begins = [sum(row["length"] for row in rows[:at]) for at in range(len(rows))]
    found = {
        row["video"]: begin + row["video_first_step"] for row, begin in zip(rows, begins, strict=True) if "video" in row
    }
    assert found == {"rl-video-step-0-to-step-9.mp4": 0, "rl-video-step-100-to-step-109.mp4": 100}
