"""RLlib: one callback class keeps results, episodes and what the policy said.

    from ethogram.integrations.rllib import ethogram_callbacks

    config = PPOConfig().environment("CartPole-v1").callbacks(ethogram_callbacks(record=eg.every(20)))

Results are logged by the driver; episodes by the env runners that played them, each a writer of the same run.
For RLlib's new API stack (`SingleAgentEpisode`); episodes of several agents have their rows, not their steps.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from ray.rllib.algorithms.algorithm_config import AlgorithmConfig
from ray.rllib.callbacks.callbacks import RLlibCallback

from ethogram import description
from ethogram.run import Run, init
from ethogram.schedule import EpisodeStart, Schedule, capped_cubic

STEPS = "num_env_steps_sampled_lifetime"
"""How RLlib calls the environment steps of a result."""

DEPTH_MAX = 8
"""Deeper parts of a result are left out."""


def ethogram_callbacks(
    run: Run | None = None,
    *,
    record: Schedule = capped_cubic,
    project: str = "rllib",
    root: str | os.PathLike[str] = "runs",
) -> type[RLlibCallback]:
    """Make the class that `AlgorithmConfig.callbacks` takes.

    Args:
        run: Where it goes; left out, one is made, with the algorithm's settings as its configuration.
        record: Which episodes are recorded step by step, see `ethogram.schedule`. Asked in the env runners, so that it
            must be a function that can be sent there.
        project: Of the run that is made.
        root: Where runs lie; env runners must see the same folder.
    """
    if run is None:
        run = init(project, root=root)
    # The folder is made now: env runners continue the run, and its settings are written with the first value.
    made = run

    class EthogramCallbacks(RLlibCallback):  # type: ignore[misc, unused-ignore] # not installed where types are checked
        """Writes a training by RLlib into one run."""

        folder = str(made.folder or Path(root).absolute() / made.project / made.id)
        schedule = staticmethod(record)
        _writer: Run | None = None
        _begun = 0

        def on_algorithm_init(self, *, algorithm: Any, **_: Any) -> None:
            """Write the configuration."""
            driver = _driver_run(self.folder)
            if driver is not None:
                driver.update_config(settings(algorithm.config))
                driver.log({"rllib/iteration": 0.0}, global_step=0)
                driver.flush()

        def on_train_result(self, *, algorithm: Any, result: Mapping[str, Any], **_: Any) -> None:
            """Log the numbers of a result."""
            driver = _driver_run(self.folder)
            if driver is None:
                return
            step = _steps_of(result)
            driver.log(flat(result), global_step=step)

        def on_episode_end(self, *, episode: Any, env: Any = None, env_index: int = 0, **_: Any) -> None:
            """Write an episode, with its steps where the schedule says so."""
            writer = self._writer_here()
            try:
                steps = writer.global_step
                start = EpisodeStart(self._begun, self._begun, env_index, steps, False, None)
                type(self)._begun += 1
                if hasattr(episode, "agent_episodes") or not self.schedule(start):
                    writer.past_episode(
                        episode_return=float(episode.get_return()),
                        length=len(episode),
                        global_step=steps,
                        end=_end_of(episode),
                        env_index=env_index,
                    )
                else:
                    write_episode(writer, episode, env_index, env)
            except Exception as error:
                writer._settle("rllib", error)

        def _writer_here(self) -> Run:
            """The run in this process: the driver's own, or a writer that continues it."""
            here = _driver_run(self.folder)
            if here is not None:
                return here
            if type(self)._writer is None:
                type(self)._writer = init(resume=self.folder, capture_console=False, capture_system=False, quiet=True)
            writer = type(self)._writer
            assert writer is not None
            return writer

    _driver[EthogramCallbacks.folder] = made
    return EthogramCallbacks


_driver: dict[str, Run] = {}
"""Runs of this process, by their folders: env runners in it write through them."""


def _driver_run(folder: str) -> Run | None:
    return _driver.get(folder)


def write_episode(run: Run, episode: Any, env_index: int, env: Any = None) -> int | None:
    """Write a `SingleAgentEpisode` of RLlib step by step, with its logits or Gaussian."""
    observations = list(episode.get_observations())
    outputs = {name: list(episode.get_extra_model_outputs(name)) for name in episode.extra_model_outputs}
    actions = outputs.get("actions_for_env") or list(episode.get_actions())
    rewards = list(episode.get_rewards())
    if len(observations) != len(rewards) + 1:
        return run.past_episode(
            episode_return=float(episode.get_return()),
            length=len(episode),
            global_step=run.global_step,
            end=_end_of(episode),
            env_index=env_index,
            extra={"rllib": "its first steps were sent to the learner before it ended"},
        )
    said = [_said(episode, outputs, at) for at in range(len(rewards))]
    written = run.episode(env_index=env_index)
    leaves = description.leaves(run, episode.observation_space, "observation") if episode.observation_space else []
    for at, reward in enumerate(rewards):
        last = at == len(rewards) - 1
        written.step(
            reward=float(reward),
            terminated=last and bool(episode.is_terminated),
            truncated=last and bool(episode.is_truncated),
            action=np.asarray(actions[at]),
            **_seen(leaves, observations[at]),
            **said[at],
        )
    written.end(**_seen(leaves, observations[-1]))
    return written.index


def _seen(leaves: Any, observation: Any) -> dict[str, Any]:
    if not leaves:
        return {"observation": np.asarray(observation)}
    return {leaf.name: leaf.pick(observation) for leaf in leaves}


def _said(episode: Any, outputs: Mapping[str, Any], at: int) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if "action_dist_inputs" in outputs:
        given = np.asarray(outputs["action_dist_inputs"][at])
        if type(episode.action_space).__name__ == "Box" and given.shape[-1] == 2 * int(
            np.prod(episode.action_space.shape)
        ):
            said["action_mean"], said["action_log_std"] = np.split(given, 2, -1)
        elif type(episode.action_space).__name__ != "Box":
            said["logits"] = given
    if "vf_preds" in outputs:
        said["value"] = float(np.asarray(outputs["vf_preds"][at]))
    if "qf_preds" in outputs:
        said["q_values"] = np.asarray(outputs["qf_preds"][at])
    return said


def settings(config: AlgorithmConfig) -> dict[str, Any]:
    """The settings of an algorithm, as configuration: its plain values."""
    return {
        "algorithm": type(config).__name__.removesuffix("Config"),
        **{
            name: value
            for name, value in sorted(config.to_dict().items())
            if value is None or isinstance(value, bool | int | float | str)
        },
    }


def flat(result: Mapping[str, Any], prefix: str = "", depth: int = 0) -> dict[str, float]:
    """The numbers of a nested result, by their paths; `config` and all else that is no number is left out."""
    found: dict[str, float] = {}
    for name, value in result.items():
        path = f"{prefix}/{name}" if prefix else str(name)
        if isinstance(value, Mapping):
            if path != "config" and depth < DEPTH_MAX:
                found |= flat(value, path, depth + 1)
        elif isinstance(value, bool):
            continue
        elif isinstance(value, int | float | np.number):
            found[path] = float(value)
    return found


def _steps_of(result: Mapping[str, Any]) -> int:
    found = result.get(STEPS)
    if found is None:
        found = (result.get("env_runners") or {}).get(STEPS, result.get("timesteps_total", 0))
    return int(found or 0)


def _end_of(episode: Any) -> Any:
    if getattr(episode, "is_terminated", False):
        return "terminated"
    return "truncated" if getattr(episode, "is_truncated", False) else "unknown"
