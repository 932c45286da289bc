"""Records the steps that RLlib's env runners take, from what their callbacks see, as they are taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ethogram import description, space, tape
from ethogram.episode import Episode, PastEnd
from ethogram.integrations import rllib_memory
from ethogram.integrations.rllib_actions import ActionUnits, is_squashed
from ethogram.run import Run
from ethogram.schedule import EpisodeStart, Schedule

SAID = ("action_dist_inputs", "vf_preds", "qf_preds")
"""What RLlib's modules say of a step, of all that their outputs hold."""


@dataclass
class _Player:
    """One agent of an episode; the only one has no name."""

    name: str | None
    written: Episode | None
    leaves: list[space.Leaf]
    root: str
    units: ActionUnits
    seen: Any = None
    memory: dict[str, Any] = field(default_factory=dict)
    steps: int = 0
    total: float = 0.0
    end: PastEnd = "unknown"


@dataclass
class _Match:
    """What one reset began."""

    recorded: bool
    env_index: int
    global_step: int
    players: dict[Any, _Player] = field(default_factory=dict)
    picture: Any = None


class StepRecorder:
    """Episodes of the environments of one process. Those that are cut between two rollouts go on where they were."""

    def __init__(self, run: Run, schedule: Schedule) -> None:
        self._run, self._schedule = run, schedule
        self._matches: dict[str, _Match] = {}
        self._begun = 0
        self._draws = True
        # Steps that all had taken when the weights came that are played now, and those that were taken here since.
        self._known, self._since, self._runners = 0, 0, 1

    def begin(self, episode: Any, env: Any, env_index: int, runner: Any = None) -> None:
        """An environment was reset."""
        self._count(runner)
        # Of episodes that RLlib gave up (between rollouts of whole ones all are reset) only what is written is kept.
        for stale in [id for id, match in self._matches.items() if match.env_index == env_index]:
            given_up = self._matches.pop(stale)
            if given_up.recorded:
                self._close(given_up, stale)
        steps = self._known + self._since * self._runners
        start = EpisodeStart(self._begun, self._begun, env_index, steps, False, None)
        self._begun += 1
        match = _Match(bool(self._schedule(start)), env_index, steps)
        self._matches[episode.id_] = match
        match.picture = self._picture(match, env)
        self._look(episode, match, runner)

    def step(self, episode: Any, env: Any, runner: Any = None) -> None:
        """An environment took a step."""
        self._count(runner)
        self._since += 1
        match = self._matches.get(episode.id_)
        if match is None:
            return
        counts = True
        for agent, own in agents_of(episode):
            player = match.players.get(agent)
            if player is None or own.t <= player.steps:
                continue
            player.steps += 1
            reward = float(own.get_rewards(-1))
            player.total += reward
            terminated = bool(own.is_terminated or episode.is_terminated)
            truncated = bool(not terminated and (own.is_truncated or episode.is_truncated))
            player.end = "terminated" if terminated else "truncated" if truncated else "unknown"
            if player.written is not None:
                player.written.annotate(**self._told(player, match, own))
                player.written._took(reward, terminated, truncated, counts=counts)
                counts = False
        match.picture = self._picture(match, env)
        self._look(episode, match, runner)

    def end(self, episode: Any) -> None:
        """An episode is over."""
        match = self._matches.pop(episode.id_, None)
        if match is not None:
            self._close(match, episode.id_)

    def _count(self, runner: Any) -> None:
        """The env runner is told the steps of all env runners with each new weights."""
        known = int(getattr(runner, "num_env_steps_sampled_lifetime", 0) or 0)
        self._runners = int(getattr(getattr(runner, "config", None), "num_env_runners", 0) or 1)
        if known != self._known:
            self._known, self._since = known, 0

    def _close(self, match: _Match, id: str) -> None:
        for player in match.players.values():
            if player.written is not None:
                player.written.end(**self._shown(player, match))
                continue
            self._run.past_episode(
                episode_return=player.total,
                length=player.steps,
                global_step=match.global_step,
                end=player.end,
                env_index=match.env_index,
                extra=_extra(player.name, id),
                agent=player.name,
            )

    def _look(self, episode: Any, match: _Match, runner: Any) -> None:
        """Keep what each agent sees, for the step to come; agents may join later."""
        for agent, own in agents_of(episode):
            player = match.players.get(agent)
            if player is None:
                player = match.players[agent] = self._player(episode, agent, own, match, runner)
            if player.written is not None:
                player.seen = own.get_observations(-1)
                if player.memory and player.steps:
                    player.memory = rllib_memory.kept(own) or {}

    def _player(self, episode: Any, agent: Any, own: Any, match: _Match, runner: Any) -> _Player:
        name = None if agent is None else str(agent)
        written = None
        if match.recorded:
            written = self._run.episode(
                env_index=match.env_index,
                global_step=match.global_step,
                agent=name,
                extra=_extra(name, episode.id_),
            )
        root = tape.OBSERVATION
        if name is not None and not alike(episode):
            root = f"{root}/{space.escape(name)}"
        observed = own.observation_space
        leaves = description.leaves(self._run, observed, root) if match.recorded and observed is not None else []
        module = module_of(episode, agent, runner)
        units = ActionUnits(own.action_space, getattr(runner, "config", None), is_squashed(module))
        return _Player(name, written, leaves, root, units, memory=rllib_memory.begun(module))

    def _told(self, player: _Player, match: _Match, own: Any) -> dict[str, Any]:
        """A step's fields: what was seen, done, and said."""
        action = "action" if player.root == tape.OBSERVATION else f"action/{space.escape(str(player.name))}"
        done = np.asarray(player.units.action(own.get_actions(-1)))
        return {**self._shown(player, match), action: done, **said(own, player.units)}

    def _shown(self, player: _Player, match: _Match) -> dict[str, Any]:
        if player.leaves:
            fields = {leaf.name: leaf.pick(player.seen) for leaf in player.leaves}
        else:
            fields = {player.root: np.asarray(player.seen)}
        fields |= rllib_memory.fields(player.memory)
        return fields if match.picture is None else {**fields, tape.FRAME: match.picture}

    def _picture(self, match: _Match, env: Any) -> Any:
        """The environment drawn, if it is recorded and draws pictures; a fault is told once, and ends that."""
        if not (match.recorded and self._draws):
            return None
        parts = getattr(env, "envs", None)
        # Environments in processes of their own are drawn by all at once.
        drawn = parts[match.env_index] if isinstance(parts, list | tuple) else env
        if getattr(drawn, "render_mode", None) != "rgb_array":
            return None
        try:
            return np.asarray(drawn.render() if drawn is not env else drawn.render()[match.env_index])
        except Exception as error:
            self._draws = False
            self._run._settle(tape.FRAME, error)
            return None


def _extra(agent: str | None, match: str) -> dict[str, str] | None:
    """Episodes of one reset share their match."""
    return None if agent is None else {"match": match}


def agents_of(episode: Any) -> Iterator[tuple[Any, Any]]:
    """Agents with an episode each that has begun; of an episode of one agent, itself without a name."""
    own = getattr(episode, "agent_episodes", None)
    if own is None:
        yield None, episode
        return
    yield from ((agent, part) for agent, part in own.items() if len(part.observations) > 0)


def alike(episode: Any) -> bool:
    """Whether all agents see and do the same kind of things."""
    kinds: list[Callable[[Any], Any]] = [lambda part: part.observation_space, lambda part: part.action_space]
    parts = list(episode.agent_episodes.values())
    return all(kind(part) == kind(parts[0]) for kind in kinds for part in parts)


def module_of(episode: Any, agent: Any, runner: Any) -> Any:
    """The module that acts for an agent, None where it cannot be told."""
    module = getattr(runner, "module", None)
    if module is None or agent is None:
        return module
    try:
        return module[episode.module_for(agent)]
    except (KeyError, TypeError):
        return None


def said(episode: Any, units: ActionUnits) -> dict[str, Any]:
    """What the policy said of the newest step, in units of the environment: logits or Gaussian, value, Q-values."""
    outputs = {name: episode.get_extra_model_outputs(name, -1) for name in SAID if name in episode.extra_model_outputs}
    told: dict[str, Any] = {}
    if "action_dist_inputs" in outputs:
        given = np.asarray(outputs["action_dist_inputs"])
        acts = episode.action_space
        if type(acts).__name__ != "Box":
            told["logits"] = given
        elif given.shape[-1] == 2 * int(np.prod(acts.shape)):
            told |= units.gaussian(*np.split(given, 2, -1))
    if "vf_preds" in outputs:
        told["value"] = float(np.asarray(outputs["vf_preds"]))
    if "qf_preds" in outputs:
        told["q_values"] = np.asarray(outputs["qf_preds"])
    return told
