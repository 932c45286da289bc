"""`record` wraps an environment so that its episodes are written to a run."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal

from ethogram.errors import EthogramError
from ethogram.run import Run
from ethogram.schedule import Schedule, capped_cubic

Frames = Literal["auto", "rgb_array"] | Callable[[Any], Any] | None
Autoreset = Literal["next_step", "same_step", "disabled"]


def record(
    env: Any,
    run: Run,
    *,
    schedule: Schedule = capped_cubic,
    frames: Frames = "auto",
    fields: Mapping[str, Callable[[Any], Any]] | None = None,
    omit: Collection[str] = (),
    evaluation: bool = False,
    autoreset: Autoreset | None = None,
    stack_axis: int | None = None,
    observation_names: Collection[str] = (),
    observation_units: Collection[str] = (),
    action_meanings: Collection[str] = (),
    action_glyphs: Collection[str] = (),
    action_groups: Mapping[str, Collection[int]] | None = None,
) -> Any:
    """Wrap an environment of Gymnasium or a parallel environment of PettingZoo; it is used as it was.

    Every episode gets a row: return, length, seed, how it ended, which environment. The episodes that `schedule`
    chooses also get all their steps: observation, action, reward, flags, frame, and what `env.annotate` said.
    A vector environment is wrapped as a whole, outside all its other wrappers.

    Args:
        env: A `gymnasium.Env`, a `gymnasium.vector.VectorEnv` or a `pettingzoo.ParallelEnv`.
        run: Where the episodes go.
        schedule: Which episodes are recorded step by step, see `ethogram.schedule`. Asked at every reset.
        frames: `auto` renders where `render_mode` is `rgb_array`; `rgb_array` says so if it is not; a function of the
            environment returns the picture; `None` keeps none. Vector environments of Gymnasium that run in this
            process render only the parts that are being recorded; a function of theirs returns one picture each.
        fields: More fields, each a function of the environment asked at every observation, for example
            `{"ram": lambda env: env.unwrapped.ale.getRAM()}`. Of a vector environment: one row an environment.
        omit: Standard fields to leave out, for example `{"observation"}`.
        evaluation: Whether its episodes are evaluation; `env.evaluation` may be set between episodes. Their steps do
            not count for `Run.global_step`.
        autoreset: How a vector environment starts the next episode, where its metadata does not say.
        stack_axis: Which axis of the observation is a stack of frames, where the wrapper is not Gymnasium's.
        observation_names: One name an element of a vector observation. Those of Gymnasium's own environments are known
            (`ethogram.known_names`) if left out.
        observation_units: One unit an element of a vector observation, likewise.
        action_meanings: One name an action; asked of the environment if left out, likewise.
        action_glyphs: How each action is drawn, see `ethogram.describe`; by its name if left out.
        action_groups: Actions that are shown as one, by name, for example `{"left": [1, 4]}`.

    Returns:
        The wrapped environment, with `annotate(**fields)`, `recording`, `episode` and `evaluation` beside its own.

    Raises:
        TypeError: `env` is none of these, `run` is no run, or `schedule` cannot be called.
    """
    from ethogram.description import Named

    if not isinstance(run, Run):
        raise TypeError(
            f"record: expected an environment and then the run, as ethogram.init returns it, found {type(run).__name__}"
        )
    if not callable(schedule):
        raise TypeError(
            "record: expected a schedule, for example ethogram.capped_cubic, ethogram.always or ethogram.every(10), "
            f"found {schedule!r}"
        )
    if type(env).__module__.startswith("ethogram.") and getattr(getattr(env, "_tape", None), "run", None) is run:
        run._settle(
            "record", EthogramError("record: the environment is recorded to this run already; it is left as it is")
        )
        return env
    named = Named(
        observation_names=list(observation_names),
        observation_units=list(observation_units),
        action_meanings=list(action_meanings),
        action_glyphs=list(action_glyphs),
        action_groups={name: list(actions) for name, actions in (action_groups or {}).items()},
        stack_axis=stack_axis,
    )
    options: dict[str, Any] = {
        "schedule": schedule,
        "frames": frames,
        "fields": dict(fields or {}),
        "omit": frozenset(omit),
        "evaluation": evaluation,
        "named": named,
    }
    bases = {
        base.__name__ for base in type(env).__mro__ if base.__module__.split(".")[0] in ("gymnasium", "pettingzoo")
    }
    if not run.disabled and ("VectorEnv" in bases or "Env" in bases):
        run._films.watch_env(env, evaluation)
    if "VectorEnv" in bases:
        from ethogram.vector import RecordedVectorEnv

        return RecordedVectorEnv(env, run, autoreset=autoreset, **options)
    if "ParallelEnv" in bases:
        from ethogram.parallel import RecordedParallelEnv

        return RecordedParallelEnv(env, run, **options)
    if "Env" in bases:
        from ethogram.single import RecordedEnv

        return RecordedEnv(env, run, **options)
    hint = "; use pettingzoo.utils.aec_to_parallel first" if "AECEnv" in bases else ""
    raise TypeError(
        "record: expected a gymnasium.Env, a gymnasium.vector.VectorEnv or a pettingzoo.ParallelEnv, "
        f"found {type(env).__name__}{hint}; for other loops see Run.episode"
    )
