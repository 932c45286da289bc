"""Films: B-5 from Python."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from conftest import reopened
from networks import BREAKOUT
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


@pytest.fixture
def explained(run: eg.Run) -> eg.EpisodeView:
    """Four steps of a ball over which a published agent of Breakout is asked."""
    signature = eg.signature(observation="frame", state={"hx": "hx_next"}, logits="logits", value="value")
    run.checkpoint(BREAKOUT, global_step=80, signature=signature)
    with run.episode() as episode:
        for t in range(4):
            drawn = np.zeros((1, 80, 80), np.float32)
            drawn[0, 10 * t + 20 : 10 * t + 24, 40:44] = 1
            episode.step(observation=drawn, action=t % 4, reward=0.0, recurrent_state=np.zeros(256, np.float32))
    return reopened(run).episode(0)


def pictures(film: Path) -> list[np.ndarray]:
    """The picture in each frame of a gif whose pixels were doubled."""
    with Image.open(film) as frames:
        found = []
        for index in range(frames.n_frames):
            frames.seek(index)
            found.append(np.asarray(frames.convert("RGB"))[16 : 16 + 160 : 2, 16 : 16 + 160 : 2].astype(int))
    return found


def test_row_a8_films_have_colour_maps_and_both_heads(explained: eg.EpisodeView, tmp_path: Path) -> None:
    asked = {"overlay": "saliency", "bars": "none", "scale": 2, "opacity": 1.0}
    heat = {
        target: np.abs(explained.field("attribution/saliency", target=target).numpy()[:4, 0])
        for target in ("action", "value")
    }
    lit = [frame[0] * 255 for frame in explained.field("observation").numpy()]

    maps = {
        "viridis": [[0x44, 0x01, 0x54], [0xFD, 0xE7, 0x25]],
        "magma": [[0, 0, 4], [0xFC, 0xFD, 0xBF]],
        "grey": [[0] * 3, [255] * 3],
    }
    for name, (low, high) in maps.items():
        film = explained.video(tmp_path / f"{name}.gif", blend="alone", colours=name, **asked)
        frames = pictures(film)
        assert len(frames) == 4
        for frame, numbers in zip(frames, heat["action"], strict=True):
            # 256 colours of a gif are shared with the words beside the picture.
            assert np.abs(frame[numbers == 0] - low).max(initial=0) <= 12
            assert np.abs(frame[np.unravel_index(numbers.argmax(), numbers.shape)] - high).max() <= 12

    frames = pictures(explained.video(tmp_path / "heads.gif", blend="heads", **asked))
    assert len(frames) == 4
    for frame, action, value, seen in zip(frames, heat["action"], heat["value"], lit, strict=True):
        dark = seen == 0
        assert frame[dark & (action == action.max())][:, 2].min(initial=255) >= 243, "the policy in blue"
        assert frame[dark & (value == value.max())][:, 0].min(initial=255) >= 243, "the value in red"
        assert np.abs(frame[~dark][:, 1] - 255).max() <= 12, "the picture lies beneath, without colours"
        # A gif has no colour of its own for each mixture.
        assert frame[dark][:, 1].mean() <= 12

    page = explained.video(tmp_path / "page.mp4", **asked).read_bytes()
    other = explained.video(tmp_path / "other.mp4", colours="red-blue", sign="negative", outliers=0, **asked)
    assert table(page, b"stsz")[1] == table(other.read_bytes(), b"stsz")[1] == 4
    assert page != other.read_bytes()


def test_looks_that_there_are_not_are_told(explained: eg.EpisodeView, tmp_path: Path) -> None:
    film = tmp_path / "film.gif"
    with pytest.raises(ValueError, match=r"one of page, red-blue, .*found \"jet\""):
        explained.video(film, overlay="saliency", colours="jet")
    with pytest.raises(ValueError, match="over or grey or alone or multiply or heads"):
        explained.video(film, overlay="saliency", blend="under")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="none beside blend=heads"):
        explained.video(film, overlay="saliency", blend="heads", target="value")
    with pytest.raises(ValueError, match="overlay= beside it"):
        explained.video(film, colours="viridis")
    assert not film.exists()
