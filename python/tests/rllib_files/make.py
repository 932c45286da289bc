"""Writes the files beside it as RLlib does for offline learning, from agents that were not trained.

    pip install "ray[rllib]==2.60.0" torch==2.15.0 msgpack-numpy==0.4.8 gymnasium==1.4.0 numpy==2.4.6
    python make.py runner && python make.py by_hand && python make.py agents

`runner` writes what `OfflineSingleAgentEnvRunner` does: `episodes`, and a step a row `steps` and `packed`, the latter
with the columns packed that are packed unless told otherwise. Ray makes a file of each row; they are joined here.
`by_hand` fills `SingleAgentEpisode` (`nested.parquet`) and `SampleBatch` (`batches.json`, `packed_batches.json`, by
RLlib's `JsonWriter`) with numbers that tests repeat: see `observation`, `action` and `batch`. `reference.json` is what
RLlib's own `SingleAgentEpisode.from_state` says of `episodes`; it needs no torch.
`python make.py agents` writes episodes of several agents, of which RLlib has no writer on the new API stack: `agents`
is what its `MultiAgentEnvRunner` sampled, `apart` the same with a row an agent, `turns` a `MultiAgentEpisode` that is
filled by hand, in two parts; `agents.json` is a `MultiAgentBatch` by `JsonWriter`. `agents_reference.json` is what
RLlib's getters say of the first, before it was packed.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
LENGTH = 4
"""Steps of the episodes that are filled by hand."""

BATCHES = (("a", 0, 3, ""), ("b", 0, 2, "truncateds"), ("a", 3, 2, "terminateds"), ("c", 0, 2, ""))
"""Fragments of the old stack: episode, first step, steps, how it ended with the last."""


def observation(episode: int, step: int) -> dict[str, Any]:
    pixels = np.full((20, 20, 3), 10 * step + episode, np.uint8) + np.arange(3, dtype=np.uint8)
    return {"camera": pixels, "pose": (np.float32([step / 3, episode]), np.int64(step % 2))}


def action(step: int) -> Any:
    return np.float32([step / 7, -step])


def batch(episode: str, first: int, steps: int, end: str) -> dict[str, Any]:
    at = np.arange(first, first + steps)
    seen = np.stack([np.arange(first, first + steps + 1) / 3, np.full(steps + 1, ord(episode))], 1).astype(np.float32)
    return {
        "obs": seen[:-1], "new_obs": seen[1:], "actions": at % 3, "rewards": (at / 4).astype(np.float32),
        "terminateds": np.array([end == "terminateds" and step == at[-1] for step in at]),
        "truncateds": np.array([end == "truncateds" and step == at[-1] for step in at]),
        "eps_id": np.full(steps, ord(episode)), "agent_index": np.zeros(steps, np.int64), "t": at,
        "vf_preds": (at / 5).astype(np.float32), "action_logp": (-at / 7).astype(np.float32),
        "action_dist_inputs": np.stack([at, -at, at * 0], 1).astype(np.float32),
    }  # fmt: skip


def runner() -> None:
    import ray
    from ray.rllib.algorithms.ppo import PPOConfig
    from ray.rllib.offline.offline_env_runner import OfflineSingleAgentEnvRunner

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=200 * 2**20)
    for name, episodes, packed in (("episodes", True, []), ("steps", False, []), ("packed", False, ["obs", "new_obs"])):
        folder = tempfile.mkdtemp()
        config = PPOConfig().environment("CartPole-v1").env_runners(num_env_runners=0).debugging(seed=3)
        config.rl_module(model_config={"fcnet_hiddens": [8]}).offline_data(
            output=folder, output_write_method="write_parquet", output_write_episodes=episodes,
            output_compress_columns=packed,
        )  # fmt: skip
        runner = OfflineSingleAgentEnvRunner(config=config, worker_index=0)
        runner.sample(num_episodes=2, random_actions=False)
        runner.stop()
        joined(folder, name)
        shutil.rmtree(folder)


def joined(folder: str, name: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables = [pq.ParquetFile(path).read() for path in sorted(Path(folder).rglob("*.parquet"))]
    pq.write_table(pa.concat_tables(tables), HERE / f"{name}.parquet", compression="zstd")


def nested() -> list[Any]:
    """Two episodes with dicts, pictures and a Gaussian policy; the second in two parts, the latter looking back."""
    import gymnasium
    from ray.rllib.env.single_agent_episode import SingleAgentEpisode

    space = gymnasium.spaces
    pose = space.Tuple([space.Box(-1, 1, (2,)), space.Discrete(2)])
    spaces = {
        "observation_space": space.Dict(camera=space.Box(0, 255, (20, 20, 3), np.uint8), pose=pose),
        "action_space": space.Box(np.float32([-1, -9]), np.float32([1, 9])),
    }
    found = []
    for index in range(2):
        episode = SingleAgentEpisode(id_=f"episode {index}", **spaces)
        episode.add_env_reset(observation(index, 0), {"info": "of the reset"})
        for step in range(LENGTH):
            if index == 1 and step == 2:
                found.append(episode)
                episode = episode.cut(len_lookback_buffer=1)
            last = step == LENGTH - 1
            said = {
                "action_dist_inputs": np.float32([step, 0, -1, -2]), "vf_preds": np.float32(step / 5),
                "action_logp": np.float32(-step),
            }  # fmt: skip
            episode.add_env_step(
                observation(index, step + 1), action(step), step / 2, {}, extra_model_outputs=said,
                terminated=last and index == 0, truncated=last and index == 1,
            )  # fmt: skip
        found.append(episode)
    return found


def by_hand() -> None:
    import msgpack
    import msgpack_numpy
    import pyarrow as pa
    import pyarrow.parquet as pq
    from ray.rllib.env.single_agent_episode import SingleAgentEpisode
    from ray.rllib.offline.json_writer import JsonWriter
    from ray.rllib.policy.sample_batch import SampleBatch

    rows = [msgpack.packb(episode.get_state(), default=msgpack_numpy.encode) for episode in nested()]
    pq.write_table(pa.table({"item": rows}), HERE / "nested.parquet", compression="zstd")

    for name, packed in (("batches", []), ("packed_batches", ["obs", "new_obs"])):
        folder = tempfile.mkdtemp()
        writer = JsonWriter(folder, compress_columns=packed)
        for each in BATCHES:
            writer.write(SampleBatch(batch(*each)))
        [made] = Path(folder).glob("*.json")
        shutil.copyfile(made, HERE / f"{name}.json")
        shutil.rmtree(folder)

    reference = []
    for row in pq.ParquetFile(HERE / "episodes.parquet").read()["item"].to_pylist():
        state = msgpack.unpackb(row, object_hook=msgpack_numpy.decode, strict_map_key=False)
        episode = SingleAgentEpisode.from_state(state)
        outputs = episode.get_extra_model_outputs
        reference.append({
            "id": episode.id_, "observations": [seen.tolist() for seen in episode.get_observations()],
            "actions": [int(one) for one in episode.get_actions()], "rewards": list(episode.get_rewards()),
            "logits": [one.tolist() for one in outputs("action_dist_inputs")],
            "action_logp": [float(one) for one in outputs("action_logp")],
            "terminated": bool(episode.is_terminated), "truncated": bool(episode.is_truncated),
        })  # fmt: skip
    (HERE / "reference.json").write_text(json.dumps(reference))


def agents() -> None:
    from ray.rllib.algorithms.ppo import PPOConfig
    from ray.rllib.env.multi_agent_env_runner import MultiAgentEnvRunner
    from ray.rllib.examples.envs.classes.multi_agent import MultiAgentCartPole
    from ray.rllib.offline.json_writer import JsonWriter
    from ray.rllib.policy.sample_batch import MultiAgentBatch, SampleBatch

    config = PPOConfig().environment(MultiAgentCartPole, env_config={"num_agents": 2})
    config.env_runners(num_env_runners=0).debugging(seed=3).rl_module(model_config={"fcnet_hiddens": [8]})
    config.multi_agent(policies={"p0", "p1"}, policy_mapping_fn=lambda agent, *_, **__: f"p{agent}")
    runner = MultiAgentEnvRunner(config=config, worker_index=0)
    episodes = runner.sample(num_episodes=2, random_actions=False)
    runner.stop()
    reference = []
    for episode in episodes:
        told: dict[str, Any] = {"id": episode.id_, "env_t": episode.env_t, "agents": {}}
        for agent, own in episode.agent_episodes.items():
            told["agents"][str(agent)] = {
                "observations": own.get_observations().tolist(), "actions": own.get_actions().tolist(),
                "rewards": own.get_rewards().tolist(), "terminated": bool(own.is_terminated),
                "logits": own.get_extra_model_outputs("action_dist_inputs").tolist(),
            }  # fmt: skip
        reference.append(told)
    (HERE / "agents_reference.json").write_text(json.dumps(reference))
    write_states("agents", [plain(episode) for episode in episodes])
    write_states("apart", [own.get_state() for episode in episodes for own in episode.agent_episodes.values()])
    write_states("turns", [plain(part) for part in turns()])

    folder = tempfile.mkdtemp()
    writer = JsonWriter(folder, compress_columns=[])
    for first, end in ((0, ""), (2, "terminateds")):
        parts = {name: batch("a", first, 2, end) for name in ("left", "right")}
        parts["right"] |= {"agent_index": np.ones(2, np.int64), "rewards": -parts["right"]["rewards"]}
        writer.write(MultiAgentBatch({name: SampleBatch(part) for name, part in parts.items()}, 2))
    [made] = Path(folder).glob("*.json")
    shutil.copyfile(made, HERE / "agents.json")
    shutil.rmtree(folder)


def turns() -> list[Any]:
    """Two agents take turns, with other spaces each; a part ends while the second has not been answered."""
    import gymnasium
    from ray.rllib.env.multi_agent_episode import MultiAgentEpisode

    box, choices = gymnasium.spaces.Box, gymnasium.spaces.Discrete
    episode = MultiAgentEpisode(
        id_="match", observation_space={"black": box(-9, 9, (1,)), "white": box(-9, 9, (2,))},
        action_space={"black": choices(2), "white": choices(3)},
    )  # fmt: skip
    episode.add_env_reset(observations={"white": np.float32([0, 0])})
    parts = []
    for at in range(6):
        if at == 4:
            parts.append(episode)
            episode = episode.cut(len_lookback_buffer=1)
        mover, other = ("white", "black") if at % 2 == 0 else ("black", "white")
        last = at == 5
        seen = {other: np.float32([at + 1] * (1 + (other == "white")))}
        if last:
            seen[mover] = np.float32([at + 1])
        episode.add_env_step(
            seen, {mover: at % 3 if mover == "white" else at % 2}, {mover: 0.5, other: float(at)}, {},
            terminateds={"__all__": last} | ({"white": True, "black": True} if last else {}),
        )  # fmt: skip
    return [*parts, episode]


def plain(episode: Any) -> dict[str, Any]:
    """The state of a `MultiAgentEpisode` without what no file can hold; the agents' own states have the spaces."""
    return episode.get_state() | dict.fromkeys(("agent_to_module_mapping_fn", "observation_space", "action_space"))


def write_states(name: str, states: list[Any]) -> None:
    import msgpack
    import msgpack_numpy
    import pyarrow as pa
    import pyarrow.parquet as pq

    def packed(value: Any) -> Any:
        return value.get_state() if hasattr(value, "get_state") else msgpack_numpy.encode(value)

    rows = [msgpack.packb(state, default=packed) for state in states]
    pq.write_table(pa.table({"item": rows}), HERE / f"{name}.parquet", compression="zstd")


if __name__ == "__main__":
    {"runner": runner, "by_hand": by_hand, "agents": agents}[sys.argv[1]]()
