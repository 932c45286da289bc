"""Films: B-5 from Python."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from conftest import reopened
from PIL import Image

import ethogram as eg

STEPS = 30


@pytest.fixture
def episode(run: eg.Run) -> eg.EpisodeView:
    with run.episode() as episode:
        for t in range(STEPS):
            frame = np.full((36, 48, 3), 8 * t, np.uint8)
            episode.step(frame=frame, action=t % 3, reward=1.0, q_values=np.array([t, -1, 3], np.float32))
    return reopened(run).episode(0)


def table(film: bytes, kind: bytes) -> tuple[int, ...]:
    """The numbers in a box of an mp4 file, flags left out."""
    at = film.index(kind) - 4
    (size,) = struct.unpack(">I", film[at : at + 4])
    return struct.unpack(f">{(size - 12) // 4}I", film[at + 12 : at + 12 + (size - 12) // 4 * 4])


def test_row_b5_an_episode_becomes_a_film(episode: eg.EpisodeView, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    path = episode.video(
        tmp_path / "film.mp4",
        fps=10,
        scale=2,
        layout="below",
        progress=lambda done, frames: told.append((done, frames)),
    )
    film = path.read_bytes()
    assert film[4:8] == b"ftyp"
    assert table(film, b"stsz")[1] == STEPS
    assert table(film, b"stts")[1:] == (STEPS, 1000)
    assert table(film, b"mdhd")[2] == 10_000
    assert told == [(16, STEPS), (STEPS, STEPS)]

    gif = episode.video(str(tmp_path / "film.gif"), steps=range(5, 25), bars="q_values", axis="auto", fps=20, scale=2)
    with Image.open(gif) as pictures:
        assert pictures.n_frames == 20
        assert pictures.size[0] % 2 == 0
        for index in (0, 7, 19):
            pictures.seek(index)
            # The picture lies sixteen pixels from the corner.
            assert pictures.convert("RGB").getpixel((40, 40)) == (8 * (5 + index),) * 3
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["film.gif", "film.mp4"]


def test_what_cannot_be_filmed_is_an_exception(episode: eg.EpisodeView, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    with pytest.raises(ValueError, match=r"expected 0.5 to 120 frames a second"):
        episode.video(film, fps=1000)
    with pytest.raises(ValueError, match="expected side or below"):
        episode.video(film, layout="left")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="range of step 1"):
        episode.video(film, steps=range(0, 10, 2))
    with pytest.raises(ValueError, match=r"a name that ends in \.mp4 or \.gif"):
        episode.video(tmp_path / "film.avi")
    with pytest.raises(LookupError, match="nothing_there"):
        episode.video(film, bars="nothing_there")
    with pytest.raises(LookupError, match="pass frame= or q_values="):
        episode.video(film, picture="none", bars="none")
    with pytest.raises(OSError, match="no/such/folder"):
        episode.video(tmp_path / "no/such/folder/film.mp4")

    def stop(done: int, frames: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        episode.video(film, progress=stop)
    assert not [path for path in tmp_path.iterdir() if path.is_file()]


def test_a_run_without_pictures_is_filmed_as_bars(run: eg.Run, tmp_path: Path) -> None:
    with run.episode() as episode:
        for t in range(5):
            episode.step(observation=[t, -t], action=0, reward=0.0, logits=np.array([0.0, t], np.float32))
    path = reopened(run).episode(0).video(tmp_path / "bars.mp4")
    assert table(path.read_bytes(), b"stsz")[1] == 5
