"""Seeds with which environments side by side of Stable-Baselines3 were reset: it forgets them at once."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from stable_baselines3.common.vec_env import VecEnv

_newest: WeakKeyDictionary[Any, list[int | None]] = WeakKeyDictionary()


def taken(env: Any) -> list[int | None]:
    """The seeds of the newest reset, one an environment, for once; `None` where there was none, or nobody knows."""
    return _newest.pop(env.unwrapped, None) or [None] * int(env.num_envs)


def _watch() -> None:
    """Keep what `VecEnv` had for a reset when it forgets it, from now on."""
    forget = getattr(VecEnv, "_reset_seeds", None)
    if forget is None:
        return

    def kept(env: Any) -> None:
        _newest[env] = list(env._seeds)
        forget(env)

    VecEnv._reset_seeds = kept


_watch()
