"""What a run says of an environment that lies in RLlib's env runners."""

from __future__ import annotations

from typing import Any, cast

from ethogram import description, remade
from ethogram.run import Run


def describe(run: Run, algorithm: Any) -> None:
    """Ask an env runner of an algorithm what its environment is like, and have the run say it."""
    group, config = algorithm.env_runner_group, algorithm.config
    remote = config.num_env_runners > 0
    answers = group.foreach_env_runner(seen, local_env_runner=not remote, remote_worker_ids=[1] if remote else [])
    found = next((answer for answer in answers if isinstance(answer, tuple)), None)
    if found is None:
        return
    described, faults = found
    if isinstance(config.env, str):
        described["id"] = config.env
        run._env_spec = spec_of(config)
    for what, text in faults:
        run._settle(what, ValueError(text))
    run._describe_env(described)


def spec_of(config: Any) -> dict[str, Any] | None:
    """What makes the environment of an algorithm again, as `ethogram.remade.spec_of` says it; None of one's own."""
    import gymnasium
    from ray.tune.registry import ENV_CREATOR, _global_registry

    if _global_registry.contains(ENV_CREATOR, config.env):
        return None
    try:
        limit = config.env_config.get("max_episode_steps", gymnasium.spec(config.env).max_episode_steps)
    except gymnasium.error.Error:
        return None
    connectors = ("env_to_module_connector", "module_to_env_connector")
    strange = [name for name in connectors if getattr(config, f"_{name}", None) is not None]
    return remade.spec_with(config.env, config.env_config, limit, strange)


def seen(env_runner: Any) -> tuple[dict[str, Any], list[tuple[str, str]]] | None:
    """The description of the environment of one env runner, and what could not be described. Runs in its process."""
    env = env_runner.env
    if env is None:
        return None
    part = description.first_part(env)
    inner = getattr(part, "unwrapped", part)
    faults = _Faults()
    agents = [str(agent) for agent in getattr(inner, "possible_agents", None) or []]
    spaces = [part.observation_space, part.action_space]
    if agents:
        spaces = [_joint(inner, agents, "observation_space"), _joint(inner, agents, "action_space")]
    # What is asked of a run here, it has.
    told = description.describe_env(
        part,
        cast(Run, faults),
        description.Named([], [], [], [], {}, None),
        observation_space=spaces[0],
        action_space=spaces[1],
        num_envs=int(getattr(env_runner, "num_envs", 1)),
        agents=agents or None,
    )
    return told, faults.told


def _joint(env: Any, agents: list[str], what: str) -> Any:
    """The space that all agents share, or a dict of theirs."""
    import gymnasium

    spaces = {agent: getattr(env, f"get_{what}")(agent) for agent in agents}
    first = spaces[agents[0]]
    return first if all(one == first for one in spaces.values()) else gymnasium.spaces.Dict(spaces)


class _Faults:
    """Stands in for the run, which lies in another process."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def _settle(self, what: str, error: BaseException) -> None:
        self.told.append((what, str(error)))

    def _describe_spec(self, env: Any, around: Any = ()) -> None:
        """How RLlib made it is not how Gymnasium makes it again."""
