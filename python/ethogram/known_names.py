"""Names of actions and observations of Gymnasium's own environments, which do not say them themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

CHAIN_MAX = 64
"""Deepest chain of wrappers that is looked through."""


@dataclass(frozen=True, slots=True)
class KnownNames:
    """What Gymnasium's documentation calls actions and elements of an observation, and in what these are measured."""

    discrete: tuple[str, ...] = ()
    """One name an action, where there is a choice of some."""
    continuous: tuple[str, ...] = ()
    """One name an element of the action, where it is a vector."""
    observation: tuple[tuple[str, str], ...] = ()
    """Name and unit of each element of a vector observation; without a unit an empty text."""


_CAR = (("position", "m"), ("velocity", ""))
_LEG = (
    ("hip {} angle", "rad"),
    ("hip {} speed", "normalised"),
    ("knee {} angle", "rad"),
    ("knee {} speed", "normalised"),
    ("leg {} contact", "0/1"),
)

KNOWN: dict[str, KnownNames] = {
    "CartPole": KnownNames(
        discrete=("push left", "push right"),
        # Metres and seconds are those of its gravity, 9.8, and of its step, 0.02.
        observation=(
            ("cart position", "m"),
            ("cart velocity", "m/s"),
            ("pole angle", "rad"),
            ("pole angular velocity", "rad/s"),
        ),
    ),
    "MountainCar": KnownNames(discrete=("accelerate left", "nothing", "accelerate right"), observation=_CAR),
    "MountainCarContinuous": KnownNames(continuous=("force",), observation=_CAR),
    "Acrobot": KnownNames(
        discrete=("torque -1", "torque 0", "torque +1"),
        observation=(
            ("cos(theta1)", ""),
            ("sin(theta1)", ""),
            ("cos(theta2)", ""),
            ("sin(theta2)", ""),
            ("angular velocity of theta1", "rad/s"),
            ("angular velocity of theta2", "rad/s"),
        ),
    ),
    "Pendulum": KnownNames(
        continuous=("torque",),
        observation=(("x = cos(theta)", ""), ("y = sin(theta)", ""), ("angular velocity", "rad/s")),
    ),
    "LunarLander": KnownNames(
        discrete=("nothing", "left engine", "main engine", "right engine"),
        continuous=("main engine", "lateral engines"),
        # Its first leg stands at the larger x.
        observation=(
            ("x", "normalised"),
            ("y", "normalised"),
            ("x velocity", "normalised"),
            ("y velocity", "normalised"),
            ("angle", "rad"),
            ("angular velocity", "normalised"),
            ("right leg contact", "0/1"),
            ("left leg contact", "0/1"),
        ),
    ),
    "BipedalWalker": KnownNames(
        continuous=("hip 1", "knee 1", "hip 2", "knee 2"),
        observation=(
            ("hull angle", "rad"),
            ("hull angular velocity", "normalised"),
            ("horizontal speed", "normalised"),
            ("vertical speed", "normalised"),
            *((name.format(leg), unit) for leg in (1, 2) for name, unit in _LEG),
            *((f"lidar {ray}", "fraction") for ray in range(1, 11)),
        ),
    ),
    "CarRacing": KnownNames(
        discrete=("nothing", "steer right", "steer left", "gas", "brake"), continuous=("steering", "gas", "braking")
    ),
    "Taxi": KnownNames(discrete=("south", "north", "east", "west", "pick up", "drop off")),
    "FrozenLake": KnownNames(discrete=("left", "down", "right", "up")),
    "FrozenLake8x8": KnownNames(discrete=("left", "down", "right", "up")),
    "CliffWalking": KnownNames(discrete=("up", "right", "down", "left")),
    "CliffWalkingSlippery": KnownNames(discrete=("up", "right", "down", "left")),
    "Blackjack": KnownNames(discrete=("stick", "hit")),
}
KNOWN["LunarLanderContinuous"] = KnownNames(
    continuous=KNOWN["LunarLander"].continuous, observation=KNOWN["LunarLander"].observation
)
KNOWN["BipedalWalkerHardcore"] = KNOWN["BipedalWalker"]


def known_names(env_id: str) -> KnownNames:
    """Those of the environment of that id, whatever its version; empty where it is not one of Gymnasium's."""
    return KNOWN.get(re.sub(r"-v\d+$", "", env_id), KnownNames())


def action_names(env_id: str, action_space: Any) -> list[str]:
    """One name an action, or an element of the action, where the space is that of the environment."""
    known = known_names(env_id)
    if getattr(action_space, "n", None) == len(known.discrete) and getattr(action_space, "start", 0) == 0:
        return list(known.discrete)
    return list(known.continuous) if _is_vector(action_space, len(known.continuous)) else []


def observation_names(env_id: str, env: Any, observation_space: Any) -> tuple[list[str], list[str]]:
    """Names and units of the elements of the observation, where the space is like that of the environment.

    There are no units where something between the environment and the recording may scale what it says.

    Args:
        env_id: Of the environment.
        env: It, or one of those side by side, or what holds these, with its wrappers.
        observation_space: Of what is recorded.
    """
    known = known_names(env_id).observation
    if not _is_vector(observation_space, len(known)):
        return [], []
    units = [] if _is_scaled(env, observation_space) else [unit for _, unit in known]
    return [name for name, _ in known], units if any(units) else []


def _is_vector(space: Any, length: int) -> bool:
    return length > 0 and type(space).__name__ == "Box" and tuple(space.shape) == (length,)


def _is_scaled(env: Any, observation_space: Any) -> bool:
    for _ in range(CHAIN_MAX):
        kinds = [kind.__name__ for kind in type(env).__mro__]
        if any(kind.endswith("ObservationWrapper") or "Normalize" in kind for kind in kinds):
            return True
        members = vars(env) if hasattr(env, "__dict__") else {}
        # Wrappers of Gymnasium, those of Stable-Baselines3 for several, and the environments side by side.
        inside = [members.get("env"), members.get("venv"), *(members.get("envs") or ())]
        inner = next((part for part in inside if part is not None), None)
        if inner is None:
            break
        env = inner
    own = getattr(env, "single_observation_space", None) or getattr(env, "observation_space", None)
    return bool(own != observation_space)
