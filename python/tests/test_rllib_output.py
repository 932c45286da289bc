"""What RLlib writes for offline learning becomes episodes: Parquet of the new API stack, JSON of the old one."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import rows
from rllib_files.make import BATCHES, LENGTH, action, batch, observation

import ethogram as eg
from ethogram import lz4_frames, msgpack_values, rllib_agents, rllib_cast
from ethogram.convert import convert
from ethogram.errors import CorruptError, EthogramError, NotFoundError

FILES = Path(__file__).parent / "rllib_files"


def column(episode: eg.EpisodeView, name: str) -> Any:
    """Values of a field at the steps that have one."""
    field = episode.field(name)
    return field.numpy()[np.asarray(field.valid)]


def episodes(run: eg.RunView) -> list[dict[str, Any]]:
    """Rows of the table of episodes, with `extra` taken apart."""
    return [run.episode(index).row for index in range(run.episodes().rows)]


def test_row_b15_episodes_of_rllib_are_what_it_says_of_them(root: Path, tmp_path: Path) -> None:
    worker = tmp_path / "output" / "cartpoleenv" / "run-000000-00001"
    worker.mkdir(parents=True)
    shutil.copyfile(FILES / "episodes.parquet", worker / "1_000000-0.parquet")
    run = eg.open(convert(tmp_path / "output", root))
    env = run.info["env"]
    assert (run.info["name"], env["id"], env["action_space"]["n"]) == ("output", "cartpoleenv", 2)
    low, high = env["observation_space"]["low"], env["observation_space"]["high"]
    assert low[1] is None and high[2] == pytest.approx(0.41887903)
    reference = json.loads((FILES / "reference.json").read_text())
    assert run.episodes().rows == len(reference) == 2
    for index, told in enumerate(reference):
        episode = run.episode(index)
        np.testing.assert_array_equal(column(episode, "observation"), np.float32(told["observations"]))
        for field, key in (("action", "actions"), ("reward", "rewards"), ("logits", "logits")):
            np.testing.assert_array_equal(column(episode, field), np.array(told[key], column(episode, field).dtype))
        np.testing.assert_array_equal(column(episode, "action_log_probability"), np.float32(told["action_logp"]))
        assert column(episode, "terminated").tolist() == [*[False] * (len(told["rewards"]) - 1), told["terminated"]]
        assert told["terminated"] and episode.row["end"] == "terminated"
        assert episode.row["extra"]["rllib"]["id"] == told["id"]


def test_row_b15_nested_observations_and_episodes_in_parts_of_rllib(root: Path) -> None:
    run = eg.open(convert(FILES / "nested.parquet", root))
    table = rows(run.episodes())
    assert [(row["length"], row["end"]) for row in table] == [(LENGTH, "terminated"), (LENGTH, "truncated")]
    names = [name for name, _ in run.info["env"]["observation_space"]["spaces"]]
    assert names == ["camera", "pose"] and run.info["env"]["action_space"]["high"] == [1, 9]
    for index in range(2):
        episode = run.episode(index)
        seen = [observation(index, at) for at in range(LENGTH + 1)]
        np.testing.assert_array_equal(column(episode, "observation/camera"), [one["camera"] for one in seen])
        np.testing.assert_array_equal(column(episode, "observation/pose/0"), [one["pose"][0] for one in seen])
        assert column(episode, "observation/pose/1").tolist() == [0, 1, 0, 1, 0]
        np.testing.assert_array_equal(column(episode, "action"), [action(at) for at in range(LENGTH)])
        assert column(episode, "reward").tolist() == [0, 0.5, 1, 1.5]
        assert column(episode, "action_mean").tolist() == [[at, 0] for at in range(LENGTH)]
        assert column(episode, "action_log_std").tolist() == [[-1, -2]] * LENGTH
        np.testing.assert_array_equal(column(episode, "value"), np.float32([0, 0.2, 0.4, 0.6]))


@pytest.mark.parametrize("name", ["steps", "packed"])
def test_row_b15_steps_of_rllib_in_columns_packed_or_not(root: Path, name: str) -> None:
    path = FILES / f"{name}.parquet"
    if name == "packed":
        with pytest.raises(EthogramError, match=r"column 'obs' is packed: .*--allow-pickle"):
            convert(path, root)
    run = eg.open(convert(path, root, allow_pickle=name == "packed"))
    table = pq.read_table(path)
    ids = list(dict.fromkeys(table["eps_id"].to_pylist()))
    assert run.episodes().rows == len(ids) == 2
    for index, told in enumerate(ids):
        kept = table.filter(pa.compute.equal(table["eps_id"], told))
        episode = run.episode(index)
        assert column(episode, "action").tolist() == kept["actions"].to_pylist()
        assert column(episode, "reward").tolist() == kept["rewards"].to_pylist()
        np.testing.assert_array_equal(column(episode, "logits"), np.float32(kept["action_dist_inputs"].to_pylist()))
        seen = column(episode, "observation")
        assert (len(seen), seen.dtype) == (kept.num_rows + 1, np.float32)
        if name == "steps":
            np.testing.assert_array_equal(seen[:-1], np.float32(kept["obs"].to_pylist()))
            np.testing.assert_array_equal(seen[1:], np.float32(kept["new_obs"].to_pylist()))
    assert run.info["env"]["action_space"]["n"] == 2


@pytest.mark.parametrize("name", ["batches", "packed_batches"])
def test_row_b15_batches_of_the_old_stack_of_rllib(root: Path, name: str) -> None:
    run = eg.open(convert(FILES / f"{name}.json", root, allow_pickle=name == "packed_batches"))
    ends = [(row["length"], row["end"]) for row in rows(run.episodes())]
    assert ends == [(5, "terminated"), (2, "truncated"), (2, "unknown")], "fragments of an episode are one"
    assert run.info["env"]["action_space"]["n"] == 3
    for index, key in enumerate("abc"):
        parts = [batch(*each) for each in BATCHES if each[0] == key]
        told = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        episode = run.episode(index)
        np.testing.assert_array_equal(column(episode, "observation"), [*told["obs"], told["new_obs"][-1]])
        for field, name in (
            ("action", "actions"), ("reward", "rewards"), ("logits", "action_dist_inputs"), ("value", "vf_preds"),
            ("action_log_probability", "action_logp"),
        ):  # fmt: skip
            np.testing.assert_array_equal(column(episode, field), told[name])


@pytest.mark.parametrize("name", ["agents", "apart"])
def test_row_b15_each_agent_of_rllib_has_an_episode_of_its_own(root: Path, name: str) -> None:
    made = convert(FILES / f"{name}.parquet", root)
    run = eg.open(made)
    env = run.info["env"]
    assert (env["agents"], env["action_space"]["n"], env["observation_space"]["shape"]) == (["0", "1"], 2, [4])
    reference = json.loads((FILES / "agents_reference.json").read_text())
    table = episodes(run)
    assert len(table) == 4
    begun = 0
    for match, told in enumerate(reference):
        for row in table[2 * match : 2 * match + 2]:
            # Replay puts those side by side that share match and global step.
            assert (row["extra"]["match"], row["global_step"], row["end"]) == (match, begun, "terminated")
            assert row["extra"]["rllib"]["id"] == told["id"]
            of = told["agents"][row["agent"]]
            episode = run.episode(row["episode"])
            np.testing.assert_array_equal(column(episode, "observation"), np.float32(of["observations"]))
            assert column(episode, "action").tolist() == of["actions"]
            assert column(episode, "reward").tolist() == of["rewards"]
            np.testing.assert_array_equal(column(episode, "logits"), np.float32(of["logits"]))
            assert of["terminated"] and column(episode, "terminated").tolist()[-1]
        # A step of the environment is one of the run, however many agents took it.
        begun += told["env_t"]
    assert made.global_step == begun


def test_row_b15_agents_of_rllib_with_other_spaces_take_turns(root: Path) -> None:
    made = convert(FILES / "turns.parquet", root)
    run = eg.open(made)
    env = run.info["env"]
    assert env["agents"] == ["white", "black"]
    assert [(name, part["n"]) for name, part in env["action_space"]["spaces"]] == [("white", 3), ("black", 2)]
    expected = {
        # The other's step is answered with one's own next observation; rewards until then are summed.
        "white": ([[0, 0], [2, 2], [4, 4], [6]], [0, 2, 1], [1.5, 3.5, 5.5], [0, 2, 4]),
        "black": ([[1], [3], [5], [6]], [1, 1, 1], [2.5, 4.5, 0.5], [1, 3, 5]),
    }
    for row in episodes(run):
        agent, episode = row["agent"], run.episode(row["episode"])
        seen, done, rewards, times = expected[agent]
        width = len(seen[0])
        wide = [(one * width)[:width] for one in seen]
        np.testing.assert_array_equal(column(episode, f"observation/{agent}"), np.float32(wide))
        assert column(episode, f"action/{agent}").tolist() == done
        assert column(episode, "reward").tolist() == rewards
        assert column(episode, "rllib/env_t").tolist() == times
        assert (row["length"], row["end"], row["extra"]["match"]) == (3, "terminated", 0)
    assert made.global_step == 6


def test_agents_are_bounded_and_a_batch_without_names_has_none(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = {"obs": [[1], [2]], "actions": [0, 1], "rewards": [1, 2], "new_obs": [[2], [3]], "eps_id": [5, 5]}
    (tmp_path / "output.json").write_text(json.dumps({"type": "MultiAgentBatch", "policy_batches": {"p": steps}}))
    [row] = episodes(eg.open(convert(tmp_path / "output.json", root)))
    assert (row["agent"], row["length"], row["extra"]) == (None, 2, {"rllib": {"id": "5"}})
    monkeypatch.setattr(rllib_cast, "AGENTS_MAX", 1)
    with pytest.raises(CorruptError, match=r"turns.parquet: expected at most 1 agents, found 'black'"):
        convert(FILES / "turns.parquet", root)


def test_row_b15_batches_of_several_agents_of_the_old_stack(root: Path) -> None:
    made = convert(FILES / "agents.json", root)
    run = eg.open(made)
    assert run.info["env"]["agents"] == ["0", "1"]
    for row, sign in zip(episodes(run), (1, -1), strict=True):
        episode = run.episode(row["episode"])
        assert (row["length"], row["end"], row["extra"]["match"]) == (4, "terminated", 0)
        assert column(episode, "reward").tolist() == [sign * at / 4 for at in range(4)]
        np.testing.assert_array_equal(column(episode, "observation")[:, 0], np.float32(np.arange(5) / 3))
    assert made.global_step == 4


def test_files_that_are_not_what_they_say_are_told(root: Path, tmp_path: Path) -> None:
    lines = (FILES / "batches.json").read_text().splitlines()
    for text, expected in (
        ('{"type": "SampleBatch", "obs": [[1]], "actions": [1], "rewards": [1, 2]}', "2 rows of 'obs', found 1"),
        ('{"type": "SampleBatch", "obs"', "line 1: expected a SampleBatch"),
        ('{"type": "SampleBatch", "obs": [["a"]], "actions": [1], "rewards": [1]}', "observation: expected numbers"),
        (
            '{"type": "MultiAgentBatch", "policy_batches": {"a": {}, "b": {}}}',
            "line 1: expected a SampleBatch: 'rewards'",
        ),
        ('{"type": "SampleBatch", "obs": "AAAA", "actions": [1], "rewards": [1]}', "expected a frame of LZ4"),
        ('{"type": "SampleBatch", "obs": "?", "actions": [1], "rewards": [1]}', "as base64"),
    ):
        (tmp_path / "output.json").write_text(text)
        with pytest.raises(CorruptError, match=expected):
            convert(tmp_path / "output.json", root, allow_pickle=True)
    (tmp_path / "output.json").write_text("\n".join([lines[0], "{"]))
    with pytest.raises(CorruptError, match=r"output.json, line 2"):
        convert(tmp_path / "output.json", root)

    pq.write_table(pa.table({"item": [b"\x81\xa1a\x01"]}), tmp_path / "item.parquet")
    with pytest.raises(CorruptError, match=r"item.parquet, row 0: expected the state of a SingleAgentEpisode"):
        convert(tmp_path / "item.parquet", root)
    data = pq.read_table(FILES / "nested.parquet")["item"][0].as_py()
    for cut in range(0, len(data), 97):
        with pytest.raises(CorruptError):
            rllib_agents.pieces_in(data[:cut], "it")
    data = pq.read_table(FILES / "turns.parquet")["item"][0].as_py()
    for cut in range(0, len(data), 997):
        with pytest.raises(CorruptError):
            rllib_agents.pieces_in(data[:cut], "it")
    for message, expected in (
        (b"\x81\xaeagent_episodes\xc0", "expected 1 to 1024 pairs in agent_episodes, found None"),
        (b"\x81\xaeagent_episodes\x91\x01", "an agent and its state in agent_episodes, found 1"),
        (b"\x81\xaeagent_episodes\x81\xa1a\x80", "it, agent a: expected the state of a SingleAgentEpisode"),
    ):
        with pytest.raises(CorruptError, match=expected):
            rllib_agents.pieces_in(message, "it")
    for kind, told, expected in (
        (b"ray.data.arrow_tensor_v2", b"[1000000000, 4]", "expected episodes of RLlib"),
        (b"ray.data.arrow_tensor_v2", b"", "expected episodes of RLlib"),
        (b"ray.data.arrow_pickled_object", b"", "column 'obs' is of the kind ray.data.arrow_pickled_object"),
    ):
        metadata = {b"ARROW:extension:name": kind, b"ARROW:extension:metadata": told}
        schema = pa.schema([pa.field("obs", pa.large_list(pa.float32()), metadata=metadata)])
        schema = schema.append(pa.field("actions", pa.int64())).append(pa.field("rewards", pa.float64()))
        table = pa.table([pa.array([[1.0]], pa.large_list(pa.float32())), [1], [1.0]], schema=schema)
        pq.write_table(table, tmp_path / "steps.parquet")
        with pytest.raises(CorruptError, match=expected):
            convert(tmp_path / "steps.parquet", root)
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "other.json").write_text("{}")
    with pytest.raises(NotFoundError, match="expected logs"):
        convert(empty, root)


def test_messages_are_read_as_they_were_packed() -> None:
    long = b"\xdc\x00\x03" + b"\x01\xff\xc0"
    assert msgpack_values.unpacked(long, "it") == [1, -1, None]
    assert msgpack_values.unpacked(b"\x82\xa1a\xcb\x3f\xf8" + bytes(6) + b"\xc4\x01b\xd1\xff\x00", "it") == {
        "a": 1.5,
        b"b": -256,
    }
    array = b"\x85\xc4\x02nd\xc3\xc4\x04type\xa3<f4\xc4\x04kind\xc4\x00\xc4\x05shape\x92\x02\x01\xc4\x04data\xc4\x08"
    np.testing.assert_array_equal(msgpack_values.unpacked(array + np.float32([1, 2]).tobytes(), "it"), [[1], [2]])
    pickled = array.replace(b"kind\xc4\x00", b"kind\xc4\x01O")
    assert isinstance(msgpack_values.unpacked(pickled + bytes(8), "it"), msgpack_values.Pickled)
    for wrong in (
        b"",
        b"\x91",
        b"\xdf\xff\xff\xff\xff",
        b"\xc1",
        b"\x91" * 100,
        array + bytes(8) + b"\x00",
        b"\x81\x90\x01",
    ):
        with pytest.raises(CorruptError, match=r"it, byte \d+: expected"):
            msgpack_values.unpacked(wrong, "it")


def test_frames_of_lz4_are_unpacked_and_bounded() -> None:
    head = b"\x04\x22\x4d\x18\x60\x40\x00"
    block = bytes([0x13]) + b"a" + b"\x01\x00" + bytes([0x20]) + b"bc"
    frame = head + len(block).to_bytes(4, "little") + block + bytes(4)
    assert lz4_frames.unpacked(frame, 100, "it") == b"a" * 8 + b"bc"
    stored = head + (3 | 1 << 31).to_bytes(4, "little") + b"xyz" + bytes(4)
    assert lz4_frames.unpacked(stored, 3, "it") == b"xyz"
    bomb = bytes([0x1F]) + b"a" + b"\x01\x00" + b"\xff" * 1_000 + b"\x00" + bytes([0x20]) + b"bc"
    whole = head + len(bomb).to_bytes(4, "little") + bomb + bytes(4)
    with pytest.raises(CorruptError, match=r"at most 100 bytes|within 100 bytes"):
        lz4_frames.unpacked(whole, 100, "it")
    for at in range(len(frame)):
        with pytest.raises(CorruptError, match="it: expected"):
            lz4_frames.unpacked(frame[:at], 100, "it")


def test_the_command_says_what_it_made_of_rllibs_output(root: Path) -> None:
    given = [str(FILES / "nested.parquet"), str(root), "--env", "Camera-v0"]
    command = [sys.executable, "-m", "ethogram", "convert", *given]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"2 episodes of {2 * LENGTH} steps: ")
