"""Records a `pettingzoo.ParallelEnv`: an episode an agent, from reset to the agent's own end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pettingzoo.utils.wrappers import BaseParallelWrapper

from ethogram import _native, description, notes, space, tape
from ethogram.errors import EthogramError
from ethogram.final import FinalRows
from ethogram.guard import Guard
from ethogram.schedule import EpisodeStart
from ethogram.seeds import kept_seed

if TYPE_CHECKING:
    from ethogram.run import Run


class RecordedParallelEnv(BaseParallelWrapper[Any, Any, Any]):  # type: ignore[misc]
    """A parallel environment whose episodes are written to a run. Made by `ethogram.record`.

    Each agent has an episode of its own; those of one reset share `match` in `extra`, and are all recorded or none.
    Where the spaces of the agents differ, fields are named by agent: `observation/adversary_0`.
    """

    def __init__(self, env: Any, run: Run, *, named: description.Named, **options: Any) -> None:
        super().__init__(env)
        self._agents = [str(agent) for agent in env.possible_agents]
        self._slots = {agent: slot for slot, agent in enumerate(env.possible_agents)}
        self._recorder = _native.Recorder(run, len(self._agents), agents=self._agents)
        self._guard = Guard(run)
        self._tape = tape.Tape(run, self._recorder, **options)
        self._notes = notes.Notes(run, self._recorder)
        self._final = FinalRows(run)
        self._tape.settle_frames(getattr(env, "render_mode", None))
        observation, action = self._joint(env.observation_space), self._joint(env.action_space)
        self._observation = self._plan(run, env.observation_space, tape.OBSERVATION)
        self._action = self._plan(run, env.action_space, tape.ACTION)
        run._describe_env(
            description.describe_env(
                env, run, named, observation_space=observation, action_space=action, agents=self._agents
            )
        )

    @property
    def recording(self) -> bool:
        """Whether the steps of this match are being recorded."""
        return self._recorder.recording > 0

    @property
    def episode(self) -> dict[str, int]:
        """Index in the run of the newest episode of each agent."""
        return {agent: self._recorder.episode(slot) for agent, slot in self._slots.items()}

    @property
    def evaluation(self) -> bool:
        """Whether the episodes from the next reset on are evaluation."""
        return self._tape.evaluation

    @evaluation.setter
    def evaluation(self, evaluation: bool) -> None:
        self._tape.evaluation = evaluation

    def annotate(self, **fields: Any) -> None:
        """Attach what the policies said of the coming step: each value maps agents to theirs.

        What is said of an agent whose episode ended in the last step is of its final observation.
        """
        with self._guard:
            for name, agent, value in self._said(fields):
                slot = self._slots[agent]
                self._final.learn(name)
                if slot in self._final.ended:
                    self._final.put(slot, name, value)
                else:
                    self._recorder.put(slot, name, value)

    def annotate_final(self, **fields: Any) -> None:
        """Attach what the policies said of the final observations of the agents whose episodes ended in the last step.

        With the policy's value there, advantages of a truncated episode bootstrap from it. Each value maps agents to
        theirs; those that go on are passed over. To be called before the next step or reset.
        """
        with self._guard:
            for name, agent, value in self._said(fields):
                self._final.put(self._slots[agent], name, value)

    def note_episode(
        self, agent: Any, *, title: str | None = None, description: str | None = None, tags: Iterable[str] = ()
    ) -> None:
        """Say something of the newest episode of an agent, also after its end. See `Episode.note`."""
        with self._guard:
            self._notes.say(self._slots[agent], title=title, description=description, tags=tags)

    def hotspot(
        self, agent: Any, title: str = "", *, note: str = "", start: int | None = None, end: int | None = None
    ) -> None:
        """Mark steps of the newest episode of an agent that are worth a look. See `Episode.hotspot`."""
        with self._guard:
            self._notes.hotspot(self._slots[agent], title, note, start, end)

    def reset(
        self, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[Any, Any], dict[Any, dict[str, Any]]]:
        """Reset the environment and begin an episode for each agent."""
        observations, infos = self.env.reset(seed=seed, options=options)
        self._final.ended.clear()
        with self._guard:
            self._begin_match(observations, seed)
        return observations, infos

    def step(
        self, actions: dict[Any, Any]
    ) -> tuple[dict[Any, Any], dict[Any, float], dict[Any, bool], dict[Any, bool], dict[Any, dict[str, Any]]]:
        """Step the environment and write a row an agent."""
        self._final.ended.clear()
        if self._recorder.recording:
            with self._guard:
                for agent, action in actions.items():
                    self._tape.put(self._slots[agent], self._action[agent], action)
        observations, rewards, terminated, truncated, infos = self.env.step(actions)
        with self._guard:
            self._write(observations, rewards, terminated, truncated, infos)
        return observations, rewards, terminated, truncated, infos

    def close(self) -> None:
        """Close the environment; episodes still open stay as far as they came."""
        self._recorder.leave()
        super().close()

    def _said(self, fields: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
        """What was said of each known agent: name, agent, value. What is no mapping of agents is told."""
        for name, values in fields.items():
            if isinstance(values, Mapping):
                yield from ((name, agent, value) for agent, value in values.items() if agent in self._slots)
                continue
            text = f"field {name!r}: expected a mapping from agents to values, found {type(values).__name__}"
            self._tape.run._settle(name, EthogramError(text))

    def _begin_match(self, observations: dict[Any, Any], seed: Any) -> None:
        kept = kept_seed(self._tape.run, seed)
        start = EpisodeStart(self._tape.begun, 0, 0, self._tape.run.global_step, self._tape.evaluation, kept)
        recorded = self._tape.chosen(start)
        for agent in observations:
            self._begin(agent, recorded, kept)
        self._tape.begun += 1
        self._observe(observations)

    def _write(
        self,
        observations: dict[Any, Any],
        rewards: dict[Any, float],
        terminated: dict[Any, bool],
        truncated: dict[Any, bool],
        infos: dict[Any, dict[str, Any]],
    ) -> None:
        """Write a row an agent, and end the episodes of those that are done."""
        ended = []
        counts = True
        for agent in rewards:
            slot = self._slots[agent]
            if not self._recorder.is_open(slot):
                continue
            done = terminated.get(agent, False), truncated.get(agent, False)
            # One step of the environment is one global step, however many agents took it.
            if self._recorder.step(rewards[agent], *done, slot, counts):
                ended.append(agent)
            counts = False
        if self._recorder.recording:
            self._observe(observations)
        for agent in ended:
            slot = self._slots[agent]
            if self._recorder.is_recording(slot):
                self._final.ended[slot] = (self._recorder.episode(slot), self._recorder.length(slot))
            self._recorder.end(slot, tape.reported_return(infos.get(agent)))

    def _begin(self, agent: Any, recorded: bool, seed: int | None) -> None:
        episode = self._recorder.allot()
        if episode is None:
            return
        extra = json.dumps({"match": self._tape.begun})
        evaluation = self._tape.evaluation
        slot = self._slots[agent]
        self._recorder.begin(slot, episode, recorded=recorded, seed=seed, evaluation=evaluation, extra=extra)

    def _observe(self, observations: dict[Any, Any]) -> None:
        if not self._recorder.recording:
            return
        with self._guard:
            frame = self._tape.draw(self.env)
            for agent, observation in observations.items():
                slot = self._slots[agent]
                self._tape.put(slot, self._observation[agent], observation)
                if frame is not None:
                    self._recorder.put(slot, tape.FRAME, frame)
            for name, values in self._tape.computed(self.env):
                for slot in self._slots.values():
                    self._recorder.put(slot, name, values)

    def _shared(self, of: Any) -> bool:
        spaces = [of(agent) for agent in self._slots]
        return all(part == spaces[0] for part in spaces)

    def _joint(self, of: Any) -> Any:
        """The space that all agents share, or a dict of theirs."""
        if self._shared(of):
            return of(next(iter(self._slots)))
        import gymnasium

        return gymnasium.spaces.Dict({str(agent): of(agent) for agent in self._slots})

    def _plan(self, run: Run, of: Any, root: str) -> dict[Any, list[space.Leaf]]:
        shared = self._shared(of)
        plan = {}
        for agent in self._slots:
            name = root if shared else f"{root}/{space.escape(str(agent))}"
            leaves = description.leaves(run, of(agent), name)
            plan[agent] = (
                [] if root in self._tape.omit else [leaf for leaf in leaves if leaf.name not in self._tape.omit]
            )
        return plan
