"""Films that somebody else made are attached to the episodes that they show."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from conftest import rows
from environments import Counter

import ethogram as eg
from ethogram import films, space
from ethogram.summary import SummaryWriter


@pytest.fixture
def film(tmp_path: Path) -> bytes:
    """An mp4 as any player takes it."""
    env = eg.describe("Films-v0", fps=20, action_space=space.discrete(2))
    with eg.init(root=tmp_path / "made", env=env, strict=True, capture_code=False) as run, run.episode() as episode:
        for step in range(4):
            episode.step(frame=np.full((32, 32, 3), 40 * step, np.uint8), action=0, reward=0.0)
    return eg.open(run).episode(0).video(tmp_path / "film.mp4").read_bytes()


class Filmed(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Keeps films where and as `gymnasium.wrappers.RecordVideo` does; the real one is tried in `tests_heavy`."""

    def __init__(self, env: Any, folder: Path, film: bytes) -> None:
        super().__init__(env)
        self.video_folder, self._film, self._episode = str(folder), film, -1
        folder.mkdir(parents=True)

    def reset(self, **kwargs: Any) -> Any:
        self._episode += 1
        Path(self.video_folder, f"rl-video-episode-{self._episode}.mp4").write_bytes(self._film)
        return self.env.reset(**kwargs)


Filmed.__name__ = "RecordVideo"


def test_row_b15_films_of_a_recorded_environment_belong_to_its_episodes(tmp_path: Path, film: bytes) -> None:
    run = eg.init(root=tmp_path / "runs", strict=True, capture_code=False)
    env = eg.record(Filmed(Counter(), tmp_path / "films", film), run, schedule=eg.never)
    for _ in range(3):
        play(env)
    env.close()
    run.finish()
    extras = _extras(run)
    assert [row["video"] for row in extras] == [f"rl-video-episode-{at}.mp4" for at in range(3)]
    assert {(row["video_bytes"], row["video_first_step"]) for row in extras} == {(len(film), 0)}
    assert run.folder is not None
    assert {(run.folder / "blobs" / row["video_blob"]).read_bytes() for row in extras} == {film}
    assert all(row["length"] > 0 for row in rows(eg.open(run).episodes())), "what was counted stays"


def test_row_b15_films_arrive_while_the_training_runs(
    tmp_path: Path, film: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(films, "INTERVAL_SECS", 0.05)
    run = eg.init(root=tmp_path / "runs", strict=True, capture_code=False)
    folder = tmp_path / "films"
    env = eg.record(Filmed(Counter(), folder, film), run, schedule=eg.never)
    play(env)
    wait_for(lambda: [row.get("video") for row in _extras(run)] == ["rl-video-episode-0.mp4"])
    # Half a film is none yet, nor is one of an episode that is still played.
    whole = folder / "rl-video-episode-2.mp4"
    play(env)
    env.reset()
    whole.write_bytes(film[: len(film) // 2])
    time.sleep(0.3)
    assert ["video" in row for row in _extras(run)] == [True, True, False]
    env.step(1)
    whole.write_bytes(film)
    play(env, reset=False)
    wait_for(lambda: [row.get("video", "")[-5:] for row in _extras(run)] == ["0.mp4", "1.mp4", "2.mp4"])
    env.close()
    run.finish()
    assert [row["video"][-5:] for row in _extras(run)] == ["0.mp4", "1.mp4", "2.mp4"], "none is attached twice"
    assert run.faults == {}


def test_row_b15_films_beside_a_summary_writer_arrive_at_the_step_of_their_time(
    tmp_path: Path, film: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    writer = SummaryWriter("runs/CartPole-v1__dqn__1")
    folder = Path("videos/CartPole-v1__dqn__1")
    folder.mkdir(parents=True)
    for episode, step in ((0, 1), (8, 500), (27, 2000)):
        writer.add_scalar("charts/SPS", 1.0, step)
        writer.run._films.look()
        (folder / f"rl-video-episode-{episode}.mp4").write_bytes(film)
        writer.run._films.look()
        table = eg.open(writer.run).episodes().numpy()
        assert (table["episode"][-1], table["global_step"][-1]) == (episode, step)
    writer.close()
    assert eg.open(writer.run).episodes().numpy()["episode"].tolist() == [0, 8, 27]
    assert writer.run.faults == {}


def test_row_b15_a_recordvideo_around_a_recorded_environment_is_found(tmp_path: Path, film: bytes) -> None:
    class Around(Filmed):
        def step(self, action: Any) -> Any:
            result = self.env.step(action)
            self.render()
            return result

        def render(self) -> Any:
            return self.env.render()

    Around.__name__ = "RecordVideo"
    run = eg.init(root=tmp_path / "runs", strict=True, capture_code=False)
    env = Around(gymnasium.Wrapper(eg.record(Counter(), run, schedule=eg.never)), tmp_path / "films", film)
    for _ in range(2):
        play(env)
    run.finish()
    assert [row["video"] for row in _extras(run)] == [f"rl-video-episode-{at}.mp4" for at in range(2)]


def play(env: Any, *, reset: bool = True) -> None:
    """To the end of an episode."""
    if reset:
        env.reset()
    ended = False
    while not ended:
        *_, terminated, truncated, _ = env.step(1)
        ended = terminated or truncated


def wait_for(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until, "films arrive within seconds"
        time.sleep(0.02)


def test_row_b15_films_beside_a_summary_writer_stand_for_their_episodes(
    tmp_path: Path, film: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = "CartPole-v1__ppo__1__1700000000"
    with SummaryWriter(f"runs/{name}") as writer:
        writer.add_scalar("charts/episodic_return", 20.0, 100)
        folder = tmp_path / "videos" / name
        folder.mkdir(parents=True)
        for episode in (0, 8):
            (folder / f"rl-video-episode-{episode}.mp4").write_bytes(film)
    table = rows(eg.open(writer.run).episodes())
    assert [row["episode"] for row in table] == [0, 8]
    assert all(np.isnan(row["episode_return"]) for row in table), "the return of an episode is not known"
    assert [row["video"] for row in _extras(writer.run)] == ["rl-video-episode-0.mp4", "rl-video-episode-8.mp4"]


def test_row_b15_what_is_no_film_of_the_run_is_left_and_told(tmp_path: Path, film: bytes) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    (folder / "rl-video-episode-7.mp4").write_bytes(film)
    os.utime(folder / "rl-video-episode-7.mp4", (1, 1))
    (folder / "rl-video-episode-0.mp4").write_text("<script>alert(1)</script>")
    (tmp_path / "elsewhere.mp4").write_bytes(film)
    (folder / "rl-video-episode-2.mp4").symlink_to(tmp_path / "elsewhere.mp4")
    (folder / "rl-video-step-3.mp4").write_bytes(film)
    (folder / "notes.txt").write_text("no film")
    run = eg.init(root=tmp_path / "runs", capture_code=False)
    for _ in range(2):
        with run.episode() as episode:
            for _ in range(2):
                episode.step(action=0, reward=1.0)
    for path in folder.glob("*-[03].mp4"):
        path.touch()
    with pytest.warns(eg.EthogramWarning, match="rl-video-episode-0.mp4 was not attached: expected an mp4"):
        assert run.attach_films(folder) == 1
    assert run.faults == {"films": 1}
    assert run.attach_films(folder) == 0, "what is attached stays"
    run.finish()
    first, second = _extras(run)
    assert "video" not in first
    assert (second["video"], second["video_first_step"]) == ("rl-video-step-3.mp4", 1), "after two steps of the first"
    assert len(list((run.folder or tmp_path).glob("blobs/*"))) == 1, "links and old films stay where they are"


def test_row_b15_of_two_films_of_an_episode_the_first_stays_and_the_other_is_told(tmp_path: Path, film: bytes) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    run = eg.init(root=tmp_path / "runs", capture_code=False)
    with run.episode() as episode:
        for _ in range(2):
            episode.step(action=0, reward=1.0)
    (folder / "rl-video-episode-0.mp4").write_bytes(film)
    (folder / "rl-video-step-0.mp4").write_bytes(film)
    with pytest.warns(eg.EthogramWarning, match="rl-video-step-0.mp4 was not attached: its episode has another film"):
        assert run.attach_films(folder) == 1
    run.finish()
    assert [row["video"] for row in _extras(run)] == ["rl-video-episode-0.mp4"]


def _extras(run: eg.Run) -> list[dict[str, Any]]:
    return [json.loads(row["extra"] or "{}") for row in rows(eg.open(run).episodes())]
