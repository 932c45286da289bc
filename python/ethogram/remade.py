"""Makes an environment again as a run describes it: by its id and settings, as Gymnasium registers it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ethogram import capture, description
from ethogram.errors import EthogramError
from ethogram.reader import RunView

Make = Callable[[], Any] | str
"""An environment: the id that Gymnasium registers, or a function that makes it."""

PLAIN_WRAPPERS = {
    "TimeLimit", "OrderEnforcing", "PassiveEnvChecker", "Autoreset", "RecordEpisodeStatistics", "RecordVideo",
    "RenderCollection", "HumanRendering", "Monitor", "VecMonitor", "VecNormalize", "VecTransposeImage", "VecCheckNan",
    "VecVideoRecorder",
}  # fmt: skip
"""Wrappers that Gymnasium adds by itself, or that change nothing of what is recorded."""


def spec_of(env: Any, around: Iterable[str] = ()) -> dict[str, Any] | None:
    """What makes an environment again: id, settings, step limit, and the wrappers that only its script knows.

    Args:
        env: One environment, or several side by side.
        around: Names of more wrappers around it.
    """
    part = description.first_part(env)
    spec = getattr(part, "spec", None)
    if spec is None or not getattr(spec, "id", None):
        return None
    chain = [*description.wrappers(env), *(description.wrappers(part) if part is not env else ())]
    inner = getattr(part, "unwrapped", None)
    names = [type(wrapper).__name__ for wrapper in chain if wrapper is not inner and hasattr(wrapper, "env")]
    strange = [name for name in [*names, *around] if name not in PLAIN_WRAPPERS and not name.startswith("Recorded")]
    return spec_with(
        str(spec.id), getattr(spec, "kwargs", None) or {}, getattr(spec, "max_episode_steps", None), strange
    )


def spec_with(name: str, settings: Mapping[str, Any], step_limit: int | None, strange: Iterable[str]) -> dict[str, Any]:
    """What makes an environment again, as a run keeps it.

    Args:
        name: The id that Gymnasium registers.
        settings: What it is made with; secrets are hidden by name.
        step_limit: Steps of the longest episode, None without a limit.
        strange: What else is around it that only its script knows.
    """
    strange = list(dict.fromkeys(strange))
    plain = {name: value for name, value in settings.items() if name != "render_mode"}
    try:
        plain = json.loads(json.dumps(plain))
    except (TypeError, ValueError):
        plain = capture.jsonable(plain)
        strange.append("settings that are no JSON")
    shown = capture.jsonable(plain)
    if shown != plain:
        strange.append("settings that are secret")
    return {"id": name, "kwargs": shown, "max_episode_steps": step_limit, "wrappers": strange}


def make_env(env: Make | None, view: RunView | None, *, pictures: bool = True) -> Any:
    """Make an environment: by a function, by an id, or as a run describes its own.

    Raises:
        EthogramError: Nothing says which, Gymnasium does not know it, or the run's had wrappers that are unknown here.
    """
    import gymnasium

    mode = "rgb_array" if pictures else None
    if callable(env):
        return env()
    if env is not None:
        return _made(gymnasium, env, {}, mode)
    described = (view.info.get("env") or {}) if view is not None else {}
    spec = (view.info.get("system") or {}).get("env_spec") or {} if view is not None else {}
    name = spec.get("id") or described.get("id")
    if not name:
        raise EthogramError("env: expected an environment's id, found none in the run; pass env=")
    strange = spec.get("wrappers") or []
    if strange:
        raise EthogramError(
            f"env: {name} was wrapped in {', '.join(strange)}, which the run cannot make again; "
            "pass env= with a function that does"
        )
    settings = dict(spec.get("kwargs") or {})
    if spec.get("max_episode_steps") is not None:
        settings["max_episode_steps"] = spec["max_episode_steps"]
    return _made(gymnasium, name, settings, mode)


def _made(gymnasium: Any, name: str, settings: dict[str, Any], mode: str | None) -> Any:
    try:
        try:
            return gymnasium.make(name, render_mode=mode, **settings)
        except TypeError:
            # It does not render.
            return gymnasium.make(name, **settings)
    except gymnasium.error.Error as error:
        module, colon, function = name.partition(":")
        neither = f" {module} has no function {function!r} either." if colon else ""
        raise EthogramError(
            f"env: expected an id that Gymnasium knows, found {name!r}: {error}{neither} What a script registers or "
            "makes by itself is given as a function (--env MODULE:FUNCTION)"
        ) from error
