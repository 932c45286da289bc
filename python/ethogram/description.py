"""What a run says of its environment: spaces, names, units, speed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ethogram import known_names, space
from ethogram.errors import EthogramError

if TYPE_CHECKING:
    from ethogram.run import Run

WRAPPERS_MAX = 64
"""Deepest chain of wrappers that is looked through."""


@dataclass(frozen=True, slots=True)
class Named:
    """Names that the user gave, where the environment has none."""

    observation_names: list[str]
    observation_units: list[str]
    action_meanings: list[str]
    action_glyphs: list[str]
    action_groups: dict[str, list[int]]
    stack_axis: int | None


def describe(
    id: str,
    *,
    observation_space: Mapping[str, Any] | None = None,
    action_space: Mapping[str, Any] | None = None,
    action_meanings: Sequence[str] = (),
    action_glyphs: Sequence[str] = (),
    action_groups: Mapping[str, Sequence[int]] | None = None,
    observation_names: Sequence[str] = (),
    observation_units: Sequence[str] = (),
    fps: float | None = None,
    num_envs: int = 1,
    agents: Sequence[str] = (),
) -> dict[str, Any]:
    """Describe what an agent acts in, for `init(env=…)`, where there is no Gymnasium environment to ask.

    Args:
        id: Its name, for example `Pong-v4`.
        observation_space: What the policy receives: `box` or `discrete` of `ethogram.space`, or a space as
            docs/format.md writes it.
        action_space: What it chooses from, likewise.
        action_meanings: One name an action.
        action_glyphs: How each action is drawn, where its name does not tell: `joystick:up-right+fire`, `arrow:left`,
            `turn:left`, `engine:main`, `keys:A+LEFT`, `chip:JMP`, `none`; empty to go by the name.
        action_groups: Actions that are shown as one, by name, for example `{"left": [1, 4]}`.
        observation_names: One name an element of a vector observation.
        observation_units: One unit an element; empty where it has none.
        fps: Steps a second at which people should watch it.
        num_envs: Environments side by side.
        agents: Who acts, where there are several.
    """
    return {
        "id": id,
        "observation_space": observation_space,
        "action_space": action_space,
        "action_meanings": list(action_meanings),
        "action_glyphs": list(action_glyphs),
        "action_groups": _groups(action_groups or {}),
        "observation_names": list(observation_names),
        "observation_units": list(observation_units),
        "fps": fps,
        "num_envs": num_envs,
        "agents": list(agents),
    }


def describe_env(
    env: Any,
    run: Run,
    named: Named,
    *,
    observation_space: Any,
    action_space: Any,
    num_envs: int = 1,
    agents: list[str] | None = None,
) -> dict[str, Any]:
    """Describe an environment as `run.json` holds it. Parts that cannot be described are told once and left out."""
    part = first_part(env)
    run._describe_spec(env)
    stack = named.stack_axis if named.stack_axis is not None else space.stack_axis(part)
    name = env_id(env)
    names, units = named.observation_names, named.observation_units
    if not names:
        names, known_units = known_names.observation_names(name, env, observation_space)
        units = units or known_units
    described: dict[str, Any] = {
        "id": name,
        "observation_space": _space(run, "observation", observation_space, stack),
        "action_space": _space(run, "action", action_space, None),
        "action_meanings": named.action_meanings
        or _meanings(run, part)
        or known_names.action_names(name, action_space),
        "action_glyphs": named.action_glyphs,
        "action_groups": _groups(named.action_groups),
        "observation_names": names,
        "observation_units": units,
        "fps": _fps(env),
        "num_envs": num_envs,
        "agents": agents or [],
    }
    return described


def leaves(run: Run, of: Any, root: str) -> list[space.Leaf]:
    """The arrays within a space; none, told once, where it has parts of an unknown kind."""
    try:
        return space.leaves(of, root)
    except Exception as error:
        run._settle(root, error)
        return []


def wrappers(env: Any) -> Iterator[Any]:
    """The environment and all that it wraps, outermost first."""
    for _ in range(WRAPPERS_MAX):
        if env is None:
            return
        yield env
        env = getattr(env, "__dict__", {}).get("env")


def parts(env: Any) -> list[Any]:
    """The environments side by side, where they are in this process; else none."""
    found = getattr(getattr(env, "unwrapped", env), "envs", None)
    return found if isinstance(found, list) and len(found) == getattr(env, "num_envs", -1) else []


def first_part(env: Any) -> Any:
    """The first of the environments side by side, or the environment itself."""
    return next(iter(parts(env)), env)


def env_id(env: Any) -> str:
    """For example `Breakout-v5`; the name of the class where none is registered."""
    for candidate in (env, first_part(env)):
        found = getattr(getattr(candidate, "spec", None), "id", None)
        if found:
            return str(found)
    metadata = getattr(env, "metadata", None) or {}
    return str(metadata.get("name") or type(getattr(env, "unwrapped", env)).__name__)


def _space(run: Run, what: str, of: Any, stack_axis: int | None) -> dict[str, Any] | None:
    try:
        return space.describe(of, stack_axis)
    except Exception as error:
        run._settle(what, error)
        return None


def _meanings(run: Run, env: Any) -> list[str]:
    try:
        return space.action_meanings(env)
    except Exception as error:
        run._settle("action_meanings", EthogramError(f"get_action_meanings failed: {error}"))
        return []


def _groups(groups: Mapping[str, Sequence[int]]) -> list[dict[str, Any]]:
    return [{"name": str(name), "actions": [int(a) for a in actions]} for name, actions in groups.items()]


def _fps(env: Any) -> float | None:
    fps = (getattr(first_part(env), "metadata", None) or {}).get("render_fps")
    return float(fps) if isinstance(fps, int | float) and fps > 0 else None
