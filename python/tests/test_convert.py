"""R-3, U-24: what other tools kept as pickles becomes runs, and nothing that a file names is run."""

from __future__ import annotations

import io
import pickle
import pickletools
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import rows
from foreign_files.make import nested, observation, picture

import ethogram as eg
from ethogram import convert, inert
from ethogram.errors import CorruptError, NotFoundError

FILES = Path(__file__).parent / "foreign_files"


def converted(name: str, root: Path, **options: Any) -> eg.RunView:
    return eg.open(convert.convert(FILES / name, root, allow_pickle=True, **options))


@pytest.mark.parametrize("suffix", ["", ".dat", ".bak", ".dir"])
def test_row_r3_a_shelf_of_rllib_is_read_by_any_of_its_names(root: Path, suffix: str) -> None:
    run = converted(f"ray_vector{suffix}", root, env="CartPole-v1")
    assert run.info["env"]["id"] == "CartPole-v1"
    table = rows(run.episodes())
    assert [(row["length"], row["episode_return"], row["end"]) for row in table] == [
        (3, 1.5, "terminated"),
        (1, 0.0, "truncated"),
    ]
    episode = run.episode(0)
    # T actions have T + 1 observations: the last is the next one of the last step.
    np.testing.assert_array_equal(episode.field("observation").numpy(), [observation(0, at) for at in range(4)])
    assert episode.field("action").numpy()[:3].tolist() == [0, 1, 0]
    assert episode.field("reward").numpy()[:3].tolist() == [0.0, 0.5, 1.0]


def test_row_r3_dict_observations_of_a_shelf_keep_their_parts(root: Path) -> None:
    run = converted("ray_nested", root)
    episode = run.episode(0)
    assert [name for name, _ in run.info["env"]["observation_space"]["spaces"]] == ["camera", "speed"]
    for part in ("camera", "speed"):
        expected = np.stack([nested(0, at)[part] for at in range(4)])
        np.testing.assert_array_equal(episode.field(f"observation/{part}").numpy(), expected)
    assert episode.field("observation/camera").dtype == "uint8"


def test_row_r3_image_observations_of_a_shelf_are_kept_to_the_bit(root: Path) -> None:
    run = converted("ray_picture", root)
    expected = np.stack([picture(0, at) for at in range(4)])
    np.testing.assert_array_equal(run.episode(0).field("observation").numpy(), expected)
    # Without info nothing says that the second episode was cut.
    assert [row["end"] for row in rows(run.episodes())] == ["terminated", "terminated"]


def test_row_r3_an_rld_file_brings_attributions_titles_and_hotspots(root: Path) -> None:
    run = converted("vector.rld", root)
    assert (run.info["env"]["id"], run.info["name"]) == ("CartPole-v1", "two episodes")
    assert run.info["config"]["at"] == "2021-03-04T05:06:07"
    assert [(row["length"], row["end"]) for row in rows(run.episodes())] == [(3, "terminated"), (2, "truncated")]
    episode = run.episode(0)
    seen = np.stack([observation(0, at) for at in range(3)])
    np.testing.assert_array_equal(episode.field("observation").numpy()[:3], seen)
    np.testing.assert_array_equal(episode.field("rld/picked/raw").numpy()[:3], seen * 2)
    np.testing.assert_allclose(episode.field("rld/top/normalized").numpy()[:3], np.stack([seen, seen * 2], 1) / 100)
    assert episode.field("rld/picked/probability").numpy()[:3].tolist() == [0.5] * 3
    assert episode.row["extra"]["notes"] == {
        "title": "a title",
        "description": "what it is about",
        "hotspots": [{"from": 1, "to": 2, "title": "the turn", "note": ""}],
    }


def test_row_r3_an_rld_file_of_pictures_and_one_of_parts(root: Path) -> None:
    pictures = converted("picture.rld", root).episode(0)
    np.testing.assert_array_equal(pictures.field("observation").numpy()[:3], [picture(0, at) for at in range(3)])
    episode = converted("parts.rld", root).episode(0)
    assert episode.field("action").numpy()[:2].tolist() == [[1, 2], [1, 2]]
    # One attribution for each part of the action, each with the observation's structure.
    assert episode.field("rld/picked/raw/camera").shape == (2, 6, 5, 3)
    expected = np.stack([[observation(0, at)[:2] * part for part in (1, 2)] for at in range(2)])
    np.testing.assert_array_equal(episode.field("rld/picked/raw/speed").numpy()[:2], expected)


def test_row_r3_a_pickle_of_rllib_and_newer_steps_are_read(root: Path, tmp_path: Path) -> None:
    step = [observation(0, 0), np.int64(1), observation(0, 1), 2.0, False, True, {"key": np.float32(1)}]
    (tmp_path / "rollouts.pkl").write_bytes(pickle.dumps([[step], [step, step]]))
    run = eg.open(convert.convert(tmp_path / "rollouts.pkl", root, allow_pickle=True))
    assert [(row["length"], row["end"]) for row in rows(run.episodes())] == [(1, "truncated"), (2, "truncated")]


@pytest.mark.parametrize("name", ["rl-clarity", "rl-clarity/checkpoint.metadata.jd"])
def test_row_u24_artefacts_beside_a_checkpoint_become_a_run(root: Path, name: str) -> None:
    run = converted(name, root)
    assert run.info["env"]["id"] == "coinrun"
    assert run.info["env"]["action_meanings"] == ["LEFT", "noop", "RIGHT+UP"]
    assert (run.info["gamma"], run.info["config"]["gae_lambda"]) == (0.999, 0.95)
    table = rows(run.episodes())
    found = [(row["env_index"], row["length"], row["episode_return"], row["end"]) for row in table]
    assert found == [(0, 2, 10.0, "terminated"), (0, 3, 5.0, "truncated"), (1, 5, 1.0, "truncated")]
    middle = run.episode(1)
    np.testing.assert_array_equal(middle.field("observation").numpy()[:3], [picture(0, at) for at in (2, 3, 4)])
    assert middle.field("action").numpy()[:3].tolist() == [2, 0, 1]
    assert [tensor.numpy().shape for tensor in run.tensors("samples/observations/observation")] == [(7, 6, 5, 3)]
    assert "observation" in repr(run.map(samples="observations", method="pca"))
    assert run.checkpoint("checkpoint").read() == b"\x0a\x05graph"


def test_row_u24_older_trajectories_say_dones_instead_of_firsts(root: Path) -> None:
    ends = [(row["length"], row["end"]) for row in rows(converted("older.trajectories.jd", root).episodes())]
    assert ends == [(2, "terminated"), (3, "terminated"), (5, "terminated")]


def test_pickles_are_refused_unless_asked_for_and_the_text_says_why(root: Path) -> None:
    with pytest.raises(eg.EthogramError, match=r"--allow-pickle"):
        convert.convert(FILES / "vector.rld", root)
    command = [sys.executable, "-m", "ethogram.convert", str(FILES / "vector.rld"), str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "calls nothing" in done.stderr and not root.exists()
    command = [sys.executable, "-m", "ethogram", "convert", str(FILES / "vector.rld"), str(root), "--allow-pickle"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "2 episodes of 5 steps" in done.stdout


class Evil:
    """Runs a command when it is unpickled by Python's own reader."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self.path,))


def protocols() -> range:
    return range(pickle.HIGHEST_PROTOCOL + 1)


@pytest.mark.parametrize("protocol", protocols())
def test_nothing_that_a_pickle_names_is_run(tmp_path: Path, protocol: int) -> None:
    mark = tmp_path / "mark"
    data = pickle.dumps([[1, Evil(mark)]], protocol)
    with pytest.raises(CorruptError, match=r"nothing of the file was run"):
        inert.read(io.BytesIO(data), "evil.rld")
    assert not mark.exists()
    pickle.loads(data)
    assert mark.exists(), "the file would have run something"


@pytest.mark.parametrize("protocol", protocols())
def test_values_of_every_protocol_come_back(protocol: int) -> None:
    array = np.arange(24, dtype=">f4").reshape(2, 3, 4)
    value = {
        "numbers": [1, -(2**70), 2.5, True, None, np.float32(1.5), np.bool_(True)],
        "texts": ("é", b"\x00\xff", ""),
        "arrays": [array, np.asfortranarray(array), array[:, ::2], np.zeros((0, 3)), np.array(["a", "bc"])],
        "sets": {1, 2},
        3: {"shared": array},
    }
    found = inert.read(io.BytesIO(pickle.dumps(value, protocol)), "a file")
    assert found["numbers"] == value["numbers"] and found["texts"] == value["texts"] and found["sets"] == {1, 2}
    for ours, theirs in zip(found["arrays"], value["arrays"], strict=True):
        assert ours.dtype == theirs.dtype.newbyteorder("=")
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(found[3]["shared"], array)


def test_a_file_that_is_cut_or_changed_is_an_error_and_no_crash() -> None:
    data = (FILES / "parts.rld").read_bytes()
    for end in range(0, len(data) - 1, 7):
        with pytest.raises(CorruptError):
            inert.read(io.BytesIO(data[:end]), "cut.rld")
    random = np.random.default_rng(0)
    for _ in range(500):
        changed = bytearray(data)
        changed[random.integers(len(data))] ^= 1 << int(random.integers(8))
        try:
            inert.read(io.BytesIO(bytes(changed)), "changed.rld")
        except CorruptError as error:
            assert "changed.rld" in str(error) or "expected" in str(error)


def test_sizes_that_a_file_claims_are_not_believed() -> None:
    # An array of 2^60 numbers, of which none follow; and bytes of 2^60.
    claim = pickle.dumps(np.zeros(3)).replace(b"K\x03\x85", b"\x8a\x08" + (2**60).to_bytes(8, "little") + b"\x85")
    for data in (
        claim,
        b"\x80\x05\x8e" + (2**60).to_bytes(8, "little") + b".",
        b"\x80\x05\x96" + b"\xff" * 7 + b"\x0f.",
    ):
        with pytest.raises(CorruptError):
            inert.read(io.BytesIO(data), "huge.rld")
    # Lists that hold one list ten times, forty deep: 10^40 entries if anybody wrote them out.
    deep: list[Any] = []
    for _ in range(40):
        deep = [deep] * 10
    assert pickletools.dis(pickle.dumps(deep), io.StringIO()) is None
    with pytest.raises(CorruptError):
        convert_of([[[deep, 1, deep, 0.0, True]]])


def convert_of(value: Any) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "some.pkl").write_bytes(pickle.dumps(value))
        convert.convert(Path(folder) / "some.pkl", folder, allow_pickle=True)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([], "an episode with a step"),
        ([[[1, 2, 3]]], "step 0: expected 5 to 7 entries"),
        ([[[{"a": 1}, {"a": 1}, {"a": 1}, {"a": 1.0}, {"a": False}]]], "several agents"),
        ({"a": 1}, "expected a Rollout of rld"),
        ([[[np.array(["x"]), 1, None, 0.0, True]]], "observation: expected numbers"),
    ],
)
def test_what_is_no_rollout_is_told_by_its_place(value: Any, said: str) -> None:
    with pytest.raises(CorruptError, match=said):
        convert_of(value)


def test_what_is_not_there_is_told(root: Path, tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.rld", tmp_path):
        with pytest.raises(NotFoundError):
            convert.convert(path, root, allow_pickle=True)
    for name in ("a.observations.jd", "b.observations.jd"):
        shutil.copy(FILES / "rl-clarity" / "checkpoint.observations.jd", tmp_path / name)
    with pytest.raises(NotFoundError, match="a, b"):
        convert.convert(tmp_path, root, allow_pickle=True)
