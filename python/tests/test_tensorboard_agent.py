"""A-3: folders of the TensorBoard plug-in `agent`: frames, saliency, metadata and a picture of t-SNE."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from conftest import rows

import ethogram as eg
from ethogram import png
from ethogram.convert import convert
from ethogram.errors import CorruptError


def frame(episode: int, step: int) -> np.ndarray:
    random = np.random.default_rng([episode, step])
    return random.integers(0, 256, (20, 30, 3), dtype=np.uint8)


def written(folder: Path, pixels: np.ndarray) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    PIL.Image.fromarray(pixels.squeeze()).save(folder)


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A log folder with two whole episodes and one that is still played, named and laid out as the plug-in does."""
    home = tmp_path / "logs" / "plugins" / "agent"
    for number, name in enumerate(("Enduro-v0expert-1541000000-ep000000", "Enduro-v0expert-1541000000-ep000050")):
        for step in range(3):
            written(home / name / "renders" / f"{step:08}.png", frame(number, step))
            written(home / name / "saliency" / f"{step:08}.png", frame(number, step)[..., :1])
        told = {
            "rewards": [0.0, 1.5, -1.0],
            "actions": [1, 0, 7],
            "end_time": 1541000100.5 + number,
            "cumulative_reward": 0.5,
            "frame_count": 3,
            "episode_count": number * 50,
            "name": name,
        }
        (home / name / "metadata.json").write_text(json.dumps(told))
    written(home / "Enduro-v0expert-1541000000-ep000050" / "tsne.png", frame(9, 9))
    written(home / "_LIVE__Enduro-v0expert-1541000000-ep000100" / "renders" / "00000000.png", frame(2, 0))
    # The plug-in's settings are a pickle, which nobody opens.
    (home / "config.pkl").write_bytes(b"cos\nabort\n(tR.")
    return tmp_path / "logs"


@pytest.mark.parametrize("at", ["", "plugins/agent"])
def test_row_a3_frames_saliency_metadata_and_tsne_are_read(logs: Path, root: Path, at: str) -> None:
    run = eg.open(convert(logs / at, root, env="Enduro-v0"))
    assert run.info["env"]["id"] == "Enduro-v0"
    table = rows(run.episodes())
    found = [(row["length"], row["episode_return"], row["end"]) for row in table]
    assert found[:2] == [(3, 0.5, "unknown"), (3, 0.5, "unknown")] and found[2][2] == "open"
    for index in range(2):
        episode = run.episode(index)
        frames = np.stack([frame(index, step) for step in range(3)])
        np.testing.assert_array_equal(episode.field("frame").numpy()[:3], frames)
        np.testing.assert_array_equal(episode.field("saliency").numpy()[:3], frames[..., :1])
        assert episode.field("action").numpy()[:3].tolist() == [1, 0, 7]
        assert episode.field("reward").numpy()[:3].tolist() == [0.0, 1.5, -1.0]
        told = episode.row["extra"]["tensorboard_agent"]
        assert (told["episode"], told["of"], told["cumulative_reward"]) == (index * 50, "Enduro-v0expert", 0.5)
    np.testing.assert_array_equal(run.episode(2).field("frame").numpy()[0], frame(2, 0))
    [layout] = run.tensors("tsne")
    assert layout.step == 1
    np.testing.assert_array_equal(layout.numpy(), frame(9, 9))


def test_row_a3_one_episode_and_damage_are_told(logs: Path, root: Path) -> None:
    home = logs / "plugins" / "agent"
    one = home / "Enduro-v0expert-1541000000-ep000050"
    assert eg.open(convert(one, root)).episodes().rows == 1
    (one / "metadata.json").write_text('{"rewards": [1, "x"]}')
    with pytest.raises(CorruptError, match=r"metadata.json, rewards, step 1: expected a number, found 'x'"):
        convert(one, root)
    (one / "metadata.json").write_text("{")
    with pytest.raises(CorruptError, match=r"metadata.json: expected JSON"):
        convert(one, root)
    (one / "metadata.json").unlink()
    (one / "renders" / "00000001.png").write_bytes(b"\x89PNG\r\n\x1a\nrest")
    with pytest.raises(CorruptError, match=r"renders/00000001.png"):
        convert(one, root)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P"])
@pytest.mark.parametrize("shape", [(1, 1), (7, 5), (64, 48)])
def test_pictures_of_other_writers_are_decoded_to_the_bit(mode: str, shape: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    ramp = np.add.outer(np.arange(shape[0]), np.arange(shape[1]))[..., None] + random.integers(0, 9, (*shape, 3))
    image = PIL.Image.fromarray(ramp.astype(np.uint8)).convert(mode)
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    wanted = "L" if mode in ("L", "LA") else "RGB"
    expected = np.asarray(image.convert(wanted)).reshape(*shape, -1)
    np.testing.assert_array_equal(png.decoded(file.getvalue(), "a.png"), expected)


def filtered(kind: int, pixels: np.ndarray) -> bytes:
    """A file in which every line went through one filter, as section 9.2 of the specification has it."""
    import struct
    import zlib

    height, width, channels = pixels.shape
    rows = pixels.reshape(height, -1).astype(int)
    left = np.pad(rows, ((0, 0), (channels, 0)))[:, : rows.shape[1]]
    above = np.pad(rows, ((1, 0), (0, 0)))[:height]
    corner = np.pad(rows, ((1, 0), (channels, 0)))[:height, : rows.shape[1]]
    far = left + above - corner
    paths = np.abs(far[None] - np.stack([left, above, corner])).argmin(0)
    guess: Any = [0, left, above, (left + above) // 2, np.choose(paths, [left, above, corner])][kind]
    lines = np.concatenate([np.full((height, 1), kind), (rows - guess) % 256], axis=1).astype(np.uint8).tobytes()

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2 if channels == 3 else 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", range(5))
@pytest.mark.parametrize("channels", [1, 3])
def test_every_filter_is_undone(kind: int, channels: int) -> None:
    pixels = np.random.default_rng(kind).integers(0, 256, (9, 11, channels), dtype=np.uint8)
    data = filtered(kind, pixels)
    np.testing.assert_array_equal(png.decoded(data, "a.png"), pixels)
    np.testing.assert_array_equal(np.asarray(PIL.Image.open(io.BytesIO(data))).reshape(pixels.shape), pixels)


def test_a_picture_that_is_cut_changed_or_too_large_is_an_error() -> None:
    data = png.encoded(frame(0, 0))
    np.testing.assert_array_equal(np.asarray(PIL.Image.open(io.BytesIO(data))), frame(0, 0))
    for end in range(len(data) - 1):
        with pytest.raises(CorruptError):
            png.decoded(data[:end], "cut.png")
    for at in range(0, len(data), 5):
        changed = bytearray(data)
        changed[at] ^= 0x10
        with pytest.raises(CorruptError):
            png.decoded(bytes(changed), "changed.png")
    deep = io.BytesIO()
    PIL.Image.fromarray(np.zeros((4, 4), np.uint16)).save(deep, "PNG")
    with pytest.raises(CorruptError, match="16 bits"):
        png.decoded(deep.getvalue(), "deep.png")
