"""B-10: a clip with a table of its steps, and clips that Bootstrapped DQN kept."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from conftest import reopened
from PIL import Image

import ethogram as eg
from ethogram import convert, space
from ethogram.errors import CorruptError, NotFoundError

STEPS = 12
NAMES = ["NOOP", "UP", "DOWN"]


@pytest.fixture
def episode(tmp_path: Path) -> eg.EpisodeView:
    env = eg.describe("Clips-v0", fps=20, action_space=space.discrete(3), action_meanings=NAMES)
    with eg.init(root=tmp_path / "runs", env=env, strict=True, capture_code=False) as run, run.episode() as episode:
        for t in range(STEPS):
            lives = {} if t == 3 else {"lives": np.int64(3 - t // 5)}
            episode.step(
                frame=np.full((36, 48, 3), 8 * t, np.uint8), action=t % 3, reward=float("nan") if t == 7 else t / 10,
                q_values=np.array([t, -1, 3], np.float32), terminated=t == STEPS - 1, **lives,
            )  # fmt: skip
    return reopened(run).episode(0)


def test_row_b10_a_clip_has_a_table_of_its_steps(episode: eg.EpisodeView, tmp_path: Path) -> None:
    episode.video(tmp_path / "clip.mp4", steps=(2, 10), fps=10, table=tmp_path / "clip.csv")
    assert (tmp_path / "clip.mp4").read_bytes()[4:8] == b"ftyp"
    rows = list(csv.DictReader((tmp_path / "clip.csv").open()))
    assert [int(row["frame"]) for row in rows] == list(range(8)), "a row a frame"
    assert [float(row["time"]) for row in rows] == [at / 10 for at in range(8)]
    assert [int(row["step"]) for row in rows] == list(range(2, 10))
    assert [int(row["action"]) for row in rows] == [t % 3 for t in range(2, 10)]
    assert [row["action_name"] for row in rows] == [NAMES[t % 3] for t in range(2, 10)]
    assert [row["reward"] for row in rows] == [str(t / 10) if t != 7 else "NaN" for t in range(2, 10)]
    assert [row["lives"] for row in rows] == ["3", "", "3", "2", "2", "2", "2", "2"], "what was not logged is empty"
    assert [float(row["q_values[0]"]) for row in rows] == list(range(2, 10))
    assert "frame[0]" not in rows[0]

    episode.video(tmp_path / "clip.gif", steps=range(2, 10), table=tmp_path / "clip.json")
    told = json.loads((tmp_path / "clip.json").read_text())
    assert [(row["frame"], row["time"], row["step"]) for row in told] == [(at, at / 20, at + 2) for at in range(8)]
    assert (told[1]["lives"], told[5]["reward"]) == (None, "NaN")


def test_row_b10_steps_are_exported_in_every_kind(episode: eg.EpisodeView, tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    parquet = pq.read_table(episode.export(tmp_path / "steps.parquet")).to_pydict()
    rewards = [t / 10 for t in range(STEPS)]
    assert parquet["step"] == list(range(STEPS)) and parquet["lives"][3] is None
    assert np.isnan(parquet["reward"][7]) and parquet["reward"][:7] == rewards[:7]
    with np.load(episode.export(tmp_path / "steps.npz")) as npz:
        assert npz["reward"].dtype == np.float64 and npz["action"].tolist() == [t % 3 for t in range(STEPS)]
        assert npz["lives/valid"].tolist() == [t != 3 for t in range(STEPS)]
        assert npz["action_name"].tolist() == [NAMES[t % 3] for t in range(STEPS)]
    text = episode.export(tmp_path / "steps.md", fields=["reward"]).read_text()
    assert text.splitlines()[:3] == ["| step | reward |", "| ---: | ---: |", "| 0 | 0 |"]
    with pytest.raises(ValueError, match=r"ends in \.csv"):
        episode.export(tmp_path / "steps.xls")
    with pytest.raises(NotFoundError, match="no field"):
        episode.export(tmp_path / "steps.csv", fields=["nothing"])


def test_row_b10_clips_of_bootstrapped_dqn_come_back_as_they_were(tmp_path: Path) -> None:
    stem = tmp_path / "MsPacman_step0000250000_r0021_testcolor"
    frames = [Image.new("P", (32, 32), at) for at in range(4)]
    for at, frame in enumerate(frames):
        frame.putpalette([40 * at, 10, 200] * 256)
    frames[0].save(stem.with_suffix(".gif"), save_all=True, append_images=frames[1:], duration=33, disposal=2)
    lines = ["2, 0.0, 0, 0", "1, 10.0, 0, 0", "0, 0.0, 1, 0", "3, 11.0, 1, 1"]
    stem.with_suffix(".txt").write_text("\n".join(lines) + "\n")
    view = eg.open(convert.convert(stem.with_suffix(".txt"), tmp_path / "runs"))
    episode = view.episode(0)
    assert (episode.row["global_step"], episode.row["episode_return"], episode.row["end"]) == (
        250_000,
        21.0,
        "terminated",
    )
    assert (episode.row["evaluation"], view.info["env"]["id"]) == (True, "MsPacman")
    assert [int(pixels[0, 0, 0]) for pixels in episode.field("frame").numpy()] == [0, 40, 80, 120]
    back = list(csv.DictReader(episode.export(tmp_path / "back.csv").open()))
    told = [
        f"{row['action']}, {row['reward']}, {int(row['life_lost'] == 'true')}, {int(row['terminated'] == 'true')}"
        for row in back
    ]
    assert told == lines

    (tmp_path / "other.txt").write_text("1, 2.0, 0, 0\nnot a line\n")
    with pytest.raises(CorruptError, match=r"other.txt, line 2: expected action, reward, life_lost, terminal"):
        convert.convert(tmp_path / "other.txt", tmp_path / "runs")
