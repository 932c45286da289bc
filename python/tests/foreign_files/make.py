"""Writes the files beside it as RLlib's `rollout`, rld and Understanding RL Vision write theirs.

    pip install numpy==2.4.6 joblib==1.5.2 && python make.py

The classes have the names, modules and attributes of rld's data classes, for that is what its pickles hold. Numbers
follow a rule that tests repeat: see `observation` and `picture`.
"""

from __future__ import annotations

import dataclasses
import datetime
import dbm.dumb
import pickle
import shelve
import sys
import types
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent


def observation(episode: int, step: int) -> np.ndarray:
    return np.arange(4, dtype=np.float32) / 8 + 10 * episode + step


def picture(episode: int, step: int) -> np.ndarray:
    return np.full((6, 5, 3), 40 * episode + step, np.uint8) + np.arange(3, dtype=np.uint8)


def nested(episode: int, step: int) -> OrderedDict[str, np.ndarray]:
    return OrderedDict(camera=picture(episode, step), speed=observation(episode, step)[:2])


def shelf(name: str, observe: Any, info: bool) -> None:
    """Two episodes of three steps and one, each entry the list of its steps; a count beside them."""
    with shelve.Shelf(dbm.dumb.open(str(HERE / name), "n")) as kept:
        for episode, length in enumerate((3, 1)):
            steps = []
            for step in range(length):
                done = step == length - 1
                entry = [observe(episode, step), np.int64(step % 2), observe(episode, step + 1), 0.5 * step, done]
                steps.append([*entry, {"TimeLimit.truncated": episode == 1}] if info else entry)
            kept[str(episode)] = steps
        kept["num_episodes"] = 2


def rld_classes() -> types.ModuleType:
    """A module `rld.rollout` with classes of rld's names."""
    module = types.ModuleType("rld.rollout")
    sys.modules["rld"], sys.modules["rld.rollout"] = types.ModuleType("rld"), module
    told: dict[str, list[Any]] = {
        "Attributation": ["picked", "top"],
        "DiscreteActionAttributation": ["action", "prob", "raw", "normalized"],
        "MultiDiscreteActionAttributation": ["action", "prob", "raw", "normalized"],
        "Timestep": ["obs", "action", "reward", "done", "info", "attributations"],
        "Hotspot": ["start", "end", "title"],
        "Trajectory": ["timesteps", "normalized", "title", "description", "hotspots"],
        "Rollout": ["trajectories", "env", "title", "description", "recorded_at"],
    }
    for name, fields in told.items():
        made = dataclasses.make_dataclass(name, fields)
        made.__module__ = "rld.rollout"
        setattr(module, name, made)
    return module


def rld_files() -> None:
    rld = rld_classes()

    def explained(action: int, episode: int, step: int) -> Any:
        raw = observation(episode, step) * (action + 1)
        return rld.DiscreteActionAttributation(action, 0.75 - 0.25 * action, raw, raw / 100)

    def step(episode: int, at: int, observe: Any) -> Any:
        found = rld.Attributation(explained(1, episode, at), [explained(0, episode, at), explained(1, episode, at)])
        return rld.Timestep(observe(episode, at), at % 2, 1.5 * at, at == 2, {}, found)

    moment = datetime.datetime(2021, 3, 4, 5, 6, 7)
    for name, observe in (("vector", observation), ("picture", picture)):
        spots = [rld.Hotspot(1, 2, "the turn")]
        played = [
            rld.Trajectory([step(0, at, observe) for at in range(3)], True, "a title", "what it is about", spots),
            rld.Trajectory([step(1, at, observe) for at in range(2)], True, None, None, []),
        ]
        rollout = rld.Rollout(played, "CartPole-v1", "two episodes", None, moment)
        (HERE / f"{name}.rld").write_bytes(pickle.dumps(rollout))

    def parts(at: int) -> Any:
        both = [{"camera": picture(0, at) / 255.0, "speed": observation(0, at)[:2] * part} for part in (1, 2)]
        found = rld.MultiDiscreteActionAttributation((1, 2), 0.5, both, both)
        return rld.Timestep(dict(nested(0, at)), np.array([1, 2]), 1.0, at == 1, {}, rld.Attributation(found, []))

    rollout = rld.Rollout(
        [rld.Trajectory([parts(at) for at in range(2)], None, None, None, [])], None, None, None, None
    )
    (HERE / "parts.rld").write_bytes(pickle.dumps(rollout))


def clarity_files() -> None:
    """Two environments of five steps. That of the first ends between steps 1 and 2."""
    # Tests take the numbers from here, and have no joblib.
    import joblib

    folder = HERE / "rl-clarity"
    folder.mkdir(exist_ok=True)
    trajectories = {
        "observations": np.stack([np.stack([picture(env, step) for step in range(5)]) for env in range(2)]),
        "actions": np.array([[0, 1, 2, 0, 1], [2, 2, 2, 2, 2]]),
        "rewards": np.array([[0, 10, 0, 0, 5], [0, 0, 0, 0, 1]], np.float32),
        "firsts": np.array([[False, False, True, False, False], [True, False, False, False, False]]),
    }
    metadata = {
        "policy_logits_name": "ppo2_model/pi/add",
        "value_function_name": "ppo2_model/vf/add",
        "env_name": "coinrun",
        "gae_gamma": 0.999,
        "gae_lambda": 0.95,
        "action_combos": [("LEFT",), (), ("RIGHT", "UP")],
    }
    joblib.dump(metadata, folder / "checkpoint.metadata.jd")
    joblib.dump(trajectories, folder / "checkpoint.trajectories.jd")
    many = np.stack([picture(0, at) for at in range(7)])
    joblib.dump({"observations": many}, folder / "checkpoint.observations.jd")
    (folder / "checkpoint.model.pb").write_bytes(b"\x0a\x05graph")
    older = dict(trajectories)
    older["dones"] = np.concatenate([older.pop("firsts")[:, 1:], np.ones((2, 1), bool)], axis=1)
    joblib.dump(older, folder.parent / "older.trajectories.jd")


if __name__ == "__main__":
    shelf("ray_vector", observation, info=True)
    shelf("ray_nested", nested, info=False)
    shelf("ray_picture", picture, info=False)
    rld_files()
    clarity_files()
