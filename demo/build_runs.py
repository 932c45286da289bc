"""Builds the demo runs from `demo/sources` with the Python SDK: `python demo/build_runs.py FOLDER`.

What each run holds, and where it comes from, is in `demo/README.md`. Runs that are there already are made anew.
"""

import csv
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ethogram as eg
import numpy as np
from ethogram import space
from ethogram.known_names import known_names

SOURCES = Path(__file__).parent / "sources"

# What a stored array is called as a field, where the names differ.
FIELD_FROM_ARRAY = {"obs": "observation", "obs_u8": "observation", "hx_in": "recurrent_state"}
# Arrays that are no step field: they describe the file, or hold for the whole episode.
NOT_FIELDS = {"meta", "palette", "frames_idx", "frames", "obs_low", "obs_high", "action_low", "action_high", "log_std"}
# The same through an episode, and logged at every step nevertheless, as a policy whose spread changes would log it.
CONSTANTS = {"log_std": "action_log_std"}


@dataclass
class Rollout:
    """One recorded episode of a source file."""

    path: Path
    meta: dict[str, Any]
    arrays: dict[str, np.ndarray] = field(repr=False)

    @classmethod
    def read(cls, path: Path) -> "Rollout":
        with np.load(path) as stored:
            arrays = {name: stored[name] for name in stored.files}
        return cls(path, json.loads(str(arrays["meta"])), arrays)

    def rows(self) -> Iterator[dict[str, np.ndarray]]:
        """The fields of each step."""
        columns = {
            FIELD_FROM_ARRAY.get(name, name): values
            for name, values in self.arrays.items()
            if name not in NOT_FIELDS and not name.startswith("final_")
        }
        for step in range(len(self.arrays["action"])):
            row = {name: values[step] for name, values in columns.items()}
            row |= {name: self.arrays[array] for array, name in CONSTANTS.items() if array in self.arrays}
            if (frame := self.frame(step)) is not None:
                row["frame"] = frame
            yield row

    def frame(self, step: int) -> np.ndarray | None:
        """The rendered picture at a step, H×W×3 uint8."""
        if "frames_idx" in self.arrays:
            return self.arrays["palette"][self.arrays["frames_idx"][step]]
        return self.arrays["frames"][step] if "frames" in self.arrays else None

    def final(self) -> dict[str, np.ndarray]:
        """What held after the last step."""
        row = {
            FIELD_FROM_ARRAY.get(name, name): self.arrays[f"final_{name}"]
            for name in ("obs", "obs_u8", "value", "q_values", "quantiles")
            if f"final_{name}" in self.arrays
        }
        if "final_hx" in self.arrays:
            row["recurrent_state"] = self.arrays["final_hx"]
        if "final_frame_idx" in self.arrays:
            row["frame"] = self.arrays["palette"][self.arrays["final_frame_idx"]]
        return row


@dataclass
class Past:
    """An episode of which only the outcome is known."""

    global_step: int
    episode_return: float
    length: int
    env_index: int
    started: float | None
    ended: float | None


def rollouts(agent: str) -> list[Rollout]:
    return [Rollout.read(path) for path in sorted((SOURCES / "rollouts" / agent).glob("*.npz"))]


def monitor(log: str) -> list[Past]:
    """Episodes of Stable-Baselines3 Monitor files, one file an environment, in the order in which they ended.

    The files do not say at which global step an episode began: it is the sum of the lengths of all that ended before.
    """
    rows = []
    for path in sorted((SOURCES / "logs" / log).glob("*.monitor.csv"), key=lambda p: int(p.name.split(".")[0])):
        with path.open() as lines:
            began = start = json.loads(lines.readline().lstrip("#"))["t_start"]
            for row in csv.DictReader(lines):
                env_index = int(path.name.split(".")[0])
                ended = start + float(row["t"])
                rows.append((ended, began, env_index, float(row["r"]), int(row["l"])))
                # The reset follows at once, so an episode begins when the one before it ends.
                began = ended
    rows.sort()
    past, step = [], 0
    for ended, began, env_index, episode_return, length in rows:
        past.append(Past(step, episode_return, length, env_index, began, ended))
        step += length
    return past


def describe(rollout: Rollout) -> dict[str, Any]:
    """What the agent acts in, from the metadata and the shapes of a rollout."""
    meta, arrays = rollout.meta, rollout.arrays
    observation = arrays.get("obs", arrays.get("obs_u8"))
    image = observation.dtype == np.uint8
    low, high = (0, 255) if image else (arrays.get("obs_low", -np.inf), arrays.get("obs_high", np.inf))
    # What the rollouts call the legs of Lunar Lander is the wrong way round.
    names = () if image else known_names(meta["env"]).observation
    if "action_low" in arrays:
        action = space.box(arrays["action_low"], arrays["action_high"], arrays["action"].shape[1:], "float32")
    else:
        action = space.discrete(len(meta["action_meanings"]))
    return eg.describe(
        meta["env"],
        observation_space=space.box(low, high, observation.shape[1:], str(observation.dtype)),
        action_space=action,
        action_meanings=meta["action_meanings"],
        observation_names=[name for name, _ in names],
        observation_units=[unit for _, unit in names],
        fps=meta["fps"],
    )


def config(rollout: Rollout, **more: Any) -> dict[str, Any]:
    keys = ("agent", "gamma", "policy", "trained_on", "frameskip")
    return {key: rollout.meta[key] for key in keys if key in rollout.meta} | more


def record(run: eg.Run, rollout: Rollout, *, global_step: int) -> None:
    """Records one rollout, step by step, under the newest checkpoint."""
    extra = {"source": f"{rollout.path.parent.name}/{rollout.path.name}", "policy": rollout.meta["policy"]}
    if rollout.meta.get("cut_by_recorder"):
        extra["cut"] = f"only the first {len(rollout.arrays['action'])} steps are kept"
    episode = run.episode(global_step=global_step, seed=rollout.meta["seed"], evaluation=True, extra=extra)
    for row in rollout.rows():
        episode.step(**row)
    episode.end(**rollout.final())


def outcome(run: eg.Run, past: Past, *, evaluation: bool = False) -> None:
    """An episode of which only return and length are known."""
    run.past_episode(
        episode_return=past.episode_return, length=past.length, global_step=past.global_step,
        env_index=past.env_index, started=past.started, ended=past.ended, evaluation=evaluation,
    )  # fmt: skip


def atari(root: Path, game: str) -> None:
    """Two checkpoints of one training, an episode and 16 evaluation returns each."""
    scores = json.loads((SOURCES / "models" / "scores.json").read_text())
    first = rollouts(f"{game}-a3c-40M")[0]
    with start(root, f"{game}-a3c", first, tags=["atari", "a3c", "recurrent"], config=config(first)) as run:
        for label, step in (("40M", 40_000_000), ("80M", 80_000_000)):
            agent = f"{game}-a3c-{label}"
            publish(run, SOURCES / "models" / f"{agent}.onnx", step, label)
            for rollout in rollouts(agent):
                record(run, rollout, global_step=step)
            returns, lengths = scores[agent]["returns"], scores[agent]["lengths"]
            for episode_return, length in zip(returns, lengths, strict=True):
                outcome(run, Past(step, episode_return, length, 0, None, None), evaluation=True)
            run.log(
                {"evaluation/mean_return": np.mean(returns), "evaluation/mean_length": np.mean(lengths)},
                global_step=step,
            )


def lunar_lander(root: Path, agent: str, log: str | None, model: str) -> None:
    """A published agent with its authors' training log, where there is one."""
    episodes = rollouts(agent)
    past = monitor(log) if log else []
    with start(
        root,
        agent.replace("lunarlandercontinuous", "lunarlander-continuous"),
        episodes[0],
        tags=["box2d"],
        config=config(episodes[0]),
    ) as run:
        for row in past:
            outcome(run, row)
            run.log({"rollout/episode_return": row.episode_return, "rollout/episode_length": row.length},
                    global_step=row.global_step + row.length, time=row.ended)  # fmt: skip
        if log:
            with np.load(SOURCES / "logs" / log / "evaluations.npz") as evaluations:
                for at, results, lengths in zip(
                    *(evaluations[k] for k in ("timesteps", "results", "ep_lengths")), strict=True
                ):
                    run.log({"evaluation/mean_return": results.mean(), "evaluation/return_std": results.std(),
                             "evaluation/mean_length": lengths.mean()}, global_step=int(at))  # fmt: skip
                    run.log({"evaluation/returns": eg.Distribution(results)}, global_step=int(at))
                end = int(evaluations["timesteps"][-1])
        else:
            end = 0
        publish(run, SOURCES / "models" / f"{model}.onnx", end, "final")
        for rollout in episodes:
            record(run, rollout, global_step=end)


def mountain_car(root: Path) -> None:
    """A published distributional agent: no curve of its training came with the weights."""
    episodes = rollouts("mountaincar-qrdqn")
    tags = ["classic-control", "qr-dqn", "distributional"]
    with start(root, "mountaincar-qrdqn", episodes[0], tags=tags, config=config(episodes[0])) as run:
        publish(run, SOURCES / "models" / "mountaincar-qrdqn.onnx", 0, "final")
        for rollout in episodes:
            record(run, rollout, global_step=0)


def cartpole(root: Path) -> None:
    """One DQN training: its curves, and what it did at six of its steps."""
    log = "sb3-dqn-cartpole-seed1"
    stages: dict[int, list[Rollout]] = {}
    for rollout in rollouts("cartpole-dqn-stages-seed1"):
        stages.setdefault(rollout.meta["trained_steps"], []).append(rollout)
    first = next(iter(stages.values()))[0]
    with start(root, "cartpole-dqn", first, tags=["classic-control", "dqn"], config=config(first, seed=1)) as run:
        with (SOURCES / "logs" / log / "progress.csv").open() as lines:
            for row in csv.DictReader(lines):
                step = int(float(row.pop("time/total_timesteps")))
                run.log({tag: float(value) for tag, value in row.items() if value}, global_step=step)
        waiting = sorted(stages.items())
        for row in monitor(log):
            while waiting and waiting[0][0] <= row.global_step:
                stage(run, *waiting.pop(0))
            outcome(run, row)
        for step, episodes in waiting:
            stage(run, step, episodes)


def stage(run: eg.Run, step: int, episodes: list[Rollout]) -> None:
    publish(run, SOURCES / "models" / "cartpole-dqn-stages-seed1" / f"step{step:06}.onnx", step, f"step {step}")
    for rollout in episodes:
        record(run, rollout, global_step=step)


def publish(run: eg.Run, path: Path, step: int, name: str) -> None:
    """Keeps a checkpoint, with what its inputs and outputs mean."""
    if "a3c" in path.name:
        signature = eg.signature(
            observation="frame", preprocessing=[{"op": "scale", "by": 1 / 255}, {"op": "unsqueeze", "axis": 0}],
            state={"hx": "hx_next"}, region=(0, 35, 160, 160), logits="logits", value="value",
        )  # fmt: skip
    elif "qrdqn" in path.name:
        signature = eg.signature(observation="obs", quantiles="quantiles", q_values="q_values")
    elif "dqn" in str(path):
        signature = eg.signature(observation="obs", q_values="q_values")
    elif "continuous" in path.name:
        signature = eg.signature(observation="obs", action_mean="action_mean", value="value")
    else:
        signature = eg.signature(observation="obs", logits="logits", value="value")
    run.checkpoint(path, global_step=step, name=name, signature=signature)


def start(root: Path, name: str, rollout: Rollout, *, tags: list[str], config: dict[str, Any]) -> eg.Run:
    return eg.init(
        root=root, project="demo", name=name, config=config, tags=tags, env=describe(rollout), when_full="block",
        strict=True, capture_code=False, notes="demo/README.md says where these episodes and curves come from.",
    )  # fmt: skip


def main() -> None:
    if len(sys.argv) != 2:
        raise SystemExit("usage: python demo/build_runs.py FOLDER")
    root = Path(sys.argv[1])
    shutil.rmtree(root / "demo", ignore_errors=True)
    for name, build in {
        "breakout-a3c": lambda: atari(root, "breakout"),
        "pong-a3c": lambda: atari(root, "pong"),
        "lunarlander-dqn": lambda: lunar_lander(
            root, "lunarlander-dqn", "sb3-zoo-dqn-lunarlander-v2", "lunarlander-dqn"
        ),
        "lunarlander-ppo": lambda: lunar_lander(
            root, "lunarlander-ppo", "sb3-zoo-ppo-lunarlander-v2", "lunarlander-ppo"
        ),
        "lunarlander-continuous-ppo": lambda: lunar_lander(
            root, "lunarlandercontinuous-ppo", None, "lunarlandercontinuous-ppo"
        ),
        "mountaincar-qrdqn": lambda: mountain_car(root),
        "cartpole-dqn": lambda: cartpole(root),
    }.items():
        build()
        print(f"built {name}", flush=True)


if __name__ == "__main__":
    main()
