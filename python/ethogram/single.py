"""Records a `gymnasium.Env`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import gymnasium

from ethogram import _native, description, notes, tape
from ethogram.films import FilmMakers
from ethogram.final import FinalRows
from ethogram.guard import Guard
from ethogram.seeds import kept_seed

if TYPE_CHECKING:
    from ethogram.run import Run


class RecordedEnv(gymnasium.Wrapper[Any, Any, Any, Any]):
    """An environment whose episodes are written to a run. Made by `ethogram.record`."""

    def __init__(self, env: Any, run: Run, *, named: description.Named, **options: Any) -> None:
        super().__init__(env)
        self._recorder = _native.Recorder(run, 1)
        self._guard = Guard(run)
        self._tape = tape.Tape(run, self._recorder, **options)
        self._notes = notes.Notes(run, self._recorder)
        self._final = FinalRows(run)
        self._tape.settle_frames(env.render_mode)
        self._observation = self._tape.keep(
            description.leaves(run, env.observation_space, tape.OBSERVATION), tape.OBSERVATION
        )
        self._action = self._tape.keep(description.leaves(run, env.action_space, tape.ACTION), tape.ACTION)
        self._film_makers = FilmMakers(run._films)
        # Kept here so that a step of an episode that is not recorded costs one call.
        self._live = False
        self._resets_itself = any(type(part).__name__ == "Autoreset" for part in description.wrappers(env))
        run._describe_env(
            description.describe_env(
                env, run, named, observation_space=env.observation_space, action_space=env.action_space
            )
        )

    @property
    def recording(self) -> bool:
        """Whether the steps of this episode are being recorded; if not, `annotate` does nothing."""
        return self._live

    @property
    def episode(self) -> int:
        """Index in the run of this episode."""
        return self._recorder.episode(0)

    @property
    def evaluation(self) -> bool:
        """Whether the episodes from the next reset on are evaluation."""
        return self._tape.evaluation

    @evaluation.setter
    def evaluation(self, evaluation: bool) -> None:
        self._tape.evaluation = evaluation

    def annotate(self, **fields: Any) -> None:
        """Attach what the policy said of the coming step: `logits=`, `value=`, `q_values=`, `greedy=`, or any name.

        After the step that ends an episode, and before the reset, it is of the final observation. A batch axis of one
        of what policies usually say (`tape.ROW_AXES`) is left out, as the network's input had it and the step has not.
        """
        if self._final.ended:
            self.annotate_final(**fields)
            return
        with self._guard:
            for name, value in fields.items():
                self._final.learn(name)
                self._recorder.put(0, name, tape.row_of(name, value))

    def annotate_final(self, **fields: Any) -> None:
        """Attach what the policy said of the final observation of the episode that ended in the last step.

        With the policy's value there, advantages of a truncated episode bootstrap from it. To be called before the next
        reset or step.
        """
        with self._guard:
            for name, value in fields.items():
                self._final.put(0, name, tape.row_of(name, value))

    def note_episode(
        self, *, title: str | None = None, description: str | None = None, tags: Iterable[str] = ()
    ) -> None:
        """Say something of this episode; after its end, until the next reset. See `Episode.note`."""
        with self._guard:
            self._notes.say(0, title=title, description=description, tags=tags)

    def hotspot(self, title: str = "", *, note: str = "", start: int | None = None, end: int | None = None) -> None:
        """Mark steps of this episode that are worth a look. See `Episode.hotspot`."""
        with self._guard:
            self._notes.hotspot(0, title, note, start, end)

    def render(self) -> Any:
        """Draw the environment. Where a `RecordVideo` around this one asks, its films are looked for."""
        with self._guard:
            self._film_makers.look(self.evaluation)
        return self.env.render()

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Reset the environment and begin an episode."""
        observation, info = self.env.reset(seed=seed, options=options)
        with self._guard:
            self._begin(observation, seed)
        return observation, info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Step the environment and write the row."""
        self._final.ended.clear()
        if self._live:
            with self._guard:
                self._tape.put(0, self._action, action)
        observation, reward, terminated, truncated, info = self.env.step(action)
        with self._guard:
            if self._resets_itself and not self._recorder.is_open(0):
                self._begin(observation, None)
            elif self._recorder.step(reward, terminated, truncated):
                self._observe(observation)
                if self._live:
                    self._final.ended[0] = (self._recorder.episode(0), self._recorder.length(0))
                self._recorder.end(0, tape.reported_return(info))
                self._live = False
            elif self._live:
                self._observe(observation)
        return observation, reward, terminated, truncated, info

    def close(self) -> None:
        """Close the environment; an episode still open stays as far as it came."""
        self._recorder.leave()
        self._live = False
        super().close()

    def _begin(self, observation: Any, seed: int | None) -> None:
        self._final.ended.clear()
        self._tape.begin(0, env_index=0, seed=kept_seed(self._tape.run, seed))
        self._live = self._recorder.is_recording(0)
        self._observe(observation)

    def _observe(self, observation: Any) -> None:
        if not self._live:
            return
        with self._guard:
            self._tape.put(0, self._observation, observation)
            frame = self._tape.draw(self.env)
            if frame is not None:
                self._recorder.put(0, tape.FRAME, frame)
            for name, value in self._tape.computed(self.env):
                self._recorder.put(0, name, value)
