"""Datasets of the real Minari in HDF5, and what becomes of them. Needs minari[hdf5,create] and h5py."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import ethogram as eg
from ethogram import convert
from ethogram.errors import CorruptError

DATA = Path(__file__).parents[2] / "crates/ethogram_import/tests/data/minari-cartpole-hdf5"


def test_row_b15_a_dataset_of_minari_in_hdf5_is_a_run(tmp_path: Path) -> None:
    reference = json.loads((DATA / "reference.json").read_text())
    view = eg.open(convert.convert(DATA, tmp_path))
    table = view.episodes()
    assert table["episode_return"].numpy().tolist() == reference["returns"]
    assert int(table["length"].numpy().sum()) == reference["total_steps"]
    assert all(table["recorded"].numpy())
    assert view.info["env"]["id"].startswith("CartPole") and view.info["env"]["observation_space"]["shape"] == [4]
    assert view.episode(0).field("observation").numpy().shape == (501, 4), "the final observation is there"


def test_row_b15_nested_spaces_pictures_and_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    minari = pytest.importorskip("minari")
    pytest.importorskip("jax")
    import gymnasium
    from gymnasium import spaces

    class Nested(gymnasium.Env):
        observation_space = spaces.Dict(
            camera=spaces.Box(0, 255, (32, 40, 3), np.uint8),
            pair=spaces.Tuple((spaces.Box(-1, 1, (2,)), spaces.Discrete(3))),
            words=spaces.Text(10),
        )
        action_space = spaces.Dict(a=spaces.Discrete(3), b=spaces.Box(-1, 1, (2,)))

        def seen(self) -> dict:
            return {
                "camera": np.full((32, 40, 3), 20 * self.t, np.uint8),
                "pair": (np.array([self.t / 10, 0], np.float32), self.t % 3),
                "words": f"w{self.t}",
            }

        def reset(self, *, seed=None, options=None):
            self.t = 0
            return self.seen(), {}

        def step(self, action):
            self.t += 1
            return self.seen(), float(self.t), self.t >= 5, False, {}

    monkeypatch.setenv("MINARI_DATASETS_PATH", str(tmp_path))
    env = minari.DataCollector(Nested(), data_format="hdf5")
    for seed in range(2):
        env.reset(seed=seed)
        over = False
        while not over:
            _, _, over, _, _ = env.step({"a": 1, "b": np.array([0.5, -0.5], np.float32)})
    env.create_dataset("nested/all-v0", algorithm_name="hand")
    view = eg.open(convert.convert(tmp_path / "nested" / "all-v0", tmp_path / "runs"))
    episode = view.episode(1)
    assert (episode.row["length"], episode.row["episode_return"], episode.row["end"]) == (5, 15.0, "terminated")
    cameras = episode.field("observation/camera").numpy()
    assert cameras.shape == (6, 32, 40, 3)
    assert np.abs(cameras[:, 0, 0, 0].astype(int) - 20 * np.arange(6)).max() <= 2, "as near as JPEG is"
    assert episode.field("observation/pair/0").numpy()[:, 0].tolist() == pytest.approx([t / 10 for t in range(6)])
    assert episode.field("observation/pair/1").numpy().tolist() == [0, 1, 2, 0, 1, 2]
    assert list(episode.field("observation/words").numpy()) == [f"w{t}" for t in range(6)]
    assert episode.field("action/b").numpy()[0].tolist() == [0.5, -0.5]


def test_row_b15_what_is_no_dataset_is_said(tmp_path: Path) -> None:
    (tmp_path / "main_data.hdf5").write_bytes(b"not a dataset")
    with pytest.raises(CorruptError, match="expected a file of HDF5"):
        convert.convert(tmp_path, tmp_path / "runs")
