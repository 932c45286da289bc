"""D-2: what DRLVis logged is read, series, frames and experiments, to the bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from event_file import EventFile

import ethogram as eg
from ethogram.convert import convert
from ethogram.errors import EthogramError

EPISODES, STEPS, STATES = (0, 7), 4, 6


def frame(episode: int, step: int) -> np.ndarray:
    return np.random.default_rng([episode, step]).integers(0, 256, (24, 18, 3), dtype=np.uint8)


def drawn(episode: int, *shape: int) -> np.ndarray:
    return np.random.default_rng([episode, *shape]).normal(size=shape).astype(np.float32)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """All that DRLVis's twelve functions write, under its tags and plug-ins."""
    file = EventFile(tmp_path / "logs")
    file.texts("action_meanings_", 0, ["left", "right", "fire"], "action_meanings")
    for episode in EPISODES:
        file.scalar("episode-rewards", episode, 1.1 * episode)
        file.scalar("action-divergences", episode, 0.1 + episode)
        file.scalar("epsilon", episode, 0.3)
        counts = np.array([[0, 3], [2, 5]], np.int64)
        file.tensor("action_distributions", episode, counts, "action_distributions")
        file.tensor("lives", episode, np.array([[1.5, 2], [3.0, 1]]), "lives")
        experiment = np.concatenate(
            [drawn(episode, STATES, 2), np.arange(STATES)[:, None] % 3, drawn(episode, STATES, 5)], axis=1
        ).astype(np.float32)
        file.tensor(f"experiment-episode-{episode}", 0, experiment, "experiment_random_states")
        bounds = drawn(episode, 2, 4)
        file.tensor(f"experiment-episode-{episode}-bounds", 0, bounds, "experiment_random_states_bounds")
        for step in range(STEPS):
            file.image(f"episode{episode}", step, frame(episode, step))
            file.tensor(f"e{episode}", step, drawn(episode, step + 1, 3)[0], "action_probs")
            file.tensor(f"weights-episode-{episode}", step, drawn(episode, 3, 5) + step, "weights")
            file.scalar(f"reward-e{episode}", step, step / 3)
            file.scalar(f"speed-e{episode}", step, -step / 7)
    file.close()
    return tmp_path / "logs"


def column(view: eg.RunView, episode: int, name: str) -> Any:
    return view.episode(episode).field(name).numpy()[:STEPS]


def by_episode(view: eg.RunView, tag: str) -> dict[int, np.ndarray]:
    return {row.step: row.numpy() for row in view.tensors(tag, "episode")}


def test_row_d2_all_series_frames_and_experiments_come_back_to_the_bit(logs: Path, root: Path) -> None:
    view = eg.open(convert(logs, root, env="Breakout"))
    assert view.info["env"]["action_meanings"] == ["left", "right", "fire"]
    wanted = (
        ("episode_return", lambda e: 1.1 * e),
        ("action_divergence", lambda e: 0.1 + e),
        ("epsilon", lambda e: 0.3),
    )
    for tag, of in wanted:
        table = view.scalars(tag, "episode")
        assert table["step"].numpy().tolist() == list(EPISODES)
        assert table["value"].numpy().tolist() == [float(np.float32(of(episode))) for episode in EPISODES]
    for episode in EPISODES:
        frames = np.stack([frame(episode, step) for step in range(STEPS)])
        np.testing.assert_array_equal(column(view, episode, "frame"), frames)
        chances = np.stack([drawn(episode, step + 1, 3)[0] for step in range(STEPS)])
        np.testing.assert_array_equal(column(view, episode, "action_probabilities"), chances)
        weights = np.stack([drawn(episode, 3, 5) + step for step in range(STEPS)])
        np.testing.assert_array_equal(column(view, episode, "weights"), weights)
        for name, by in (("reward", 3), ("speed", -7)):
            expected = [float(np.float32(step / by)) for step in range(STEPS)]
            assert column(view, episode, name).tolist() == expected, name
        np.testing.assert_array_equal(by_episode(view, "random_states/layout")[episode], drawn(episode, STATES, 2))
        assert by_episode(view, "random_states/action")[episode].tolist() == [0, 1, 2, 0, 1, 2]
        rest = drawn(episode, STATES, 5)
        np.testing.assert_array_equal(by_episode(view, "random_states/entropy")[episode], rest[:, 0])
        np.testing.assert_array_equal(by_episode(view, "random_states/states")[episode], rest[:, 1:])
        np.testing.assert_array_equal(by_episode(view, "random_states/bounds")[episode], drawn(episode, 2, 4))
        assert by_episode(view, "action_distribution")[episode].tolist() == [[0, 2], [3, 5]]
        assert by_episode(view, "lives")[episode].tolist() == [[1.5, 3.0], [2, 1]]


def test_row_d2_states_that_are_pictures_stay_pictures(tmp_path: Path, root: Path) -> None:
    file = EventFile(tmp_path / "logs")
    rows = np.concatenate([drawn(0, 3, 4), np.zeros((3, 2), np.float32)], axis=1)
    file.tensor("experiment-episode-0", 0, rows, "experiment_random_states")
    for index in range(3):
        file.image("random-state-ep-0", index, frame(0, index))
    file.close()
    view = eg.open(convert(tmp_path / "logs", root))
    found = by_episode(view, "random_states/states")[0]
    np.testing.assert_array_equal(found, np.stack([frame(0, index) for index in range(3)]))


def test_event_files_of_others_are_left_to_the_importer(tmp_path: Path, root: Path) -> None:
    file = EventFile(tmp_path / "logs")
    file.scalar("losses/value", 3, 1.0)
    file.close()
    with pytest.raises(EthogramError):
        convert(tmp_path / "logs", root, allow_pickle=True)
