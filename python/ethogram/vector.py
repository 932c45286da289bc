"""Records a `gymnasium.vector.VectorEnv` in any of the three autoreset modes of Gymnasium 1.0 and later.

* `next_step`: the step that ends an episode returns its final observation. The step after it is a reset: its action is
  ignored, its reward is not of any episode, and it returns the first observation of the next episode.
* `same_step`: the step that ends an episode returns the first observation of the next one; the final one is in
  `info["final_obs"]`. The final frame is drawn right before the reset where the parts are in this process
  (`SyncVectorEnv`); elsewhere it is gone, for the part has been reset when it could be rendered.
* `disabled`: parts that ended stay ended until `reset(options={"reset_mask": mask})`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, cast

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode

from ethogram import _native, description, notes, tape
from ethogram.errors import EthogramError
from ethogram.films import FilmMakers
from ethogram.final import FinalRows
from ethogram.guard import Guard
from ethogram.infos import final_observation, final_return
from ethogram.last_pictures import LastPictures
from ethogram.seeds import kept_seed, seed_of_part

if TYPE_CHECKING:
    from ethogram.run import Run

_MODES = {
    AutoresetMode.NEXT_STEP: "next_step",
    AutoresetMode.SAME_STEP: "same_step",
    AutoresetMode.DISABLED: "disabled",
}


if TYPE_CHECKING:
    _Wrapper = gymnasium.vector.VectorWrapper[Any, Any, Any, Any, Any]
else:
    # It takes no types before Gymnasium 1.3, which RLlib pins.
    _Wrapper = gymnasium.vector.VectorWrapper


class RecordedVectorEnv(_Wrapper):
    """A vector environment whose episodes are written to a run. Made by `ethogram.record`."""

    def __init__(self, env: Any, run: Run, *, autoreset: str | None, named: description.Named, **options: Any) -> None:
        super().__init__(env)
        self._recorder = _native.Recorder(run, env.num_envs)
        self._guard = Guard(run)
        self._tape = tape.Tape(run, self._recorder, **options)
        self._notes = notes.Notes(run, self._recorder)
        self._final = FinalRows(run)
        self._film_makers = FilmMakers(run._films)
        self._tape.settle_frames(env.render_mode)
        self._mode = _autoreset_mode(env, run, autoreset)
        observation_space, action_space = env.single_observation_space, env.single_action_space
        self._observation = self._tape.keep(
            description.leaves(run, observation_space, tape.OBSERVATION), tape.OBSERVATION
        )
        self._action = self._tape.keep(description.leaves(run, action_space, tape.ACTION), tape.ACTION)
        self._parts = description.parts(env)
        self._last_pictures = self._watch_resets()
        run._describe_env(
            description.describe_env(
                env,
                run,
                named,
                observation_space=observation_space,
                action_space=action_space,
                num_envs=env.num_envs,
            )
        )

    @property
    def recording(self) -> list[bool]:
        """Of which environments the steps are being recorded."""
        return [self._recorder.is_recording(slot) for slot in range(self.num_envs)]

    @property
    def episode(self) -> list[int]:
        """Index in the run of the newest episode of each environment."""
        return [self._recorder.episode(slot) for slot in range(self.num_envs)]

    @property
    def evaluation(self) -> bool:
        """Whether the episodes that begin from now on are evaluation."""
        return self._tape.evaluation

    @evaluation.setter
    def evaluation(self, evaluation: bool) -> None:
        self._tape.evaluation = evaluation

    def annotate(self, **fields: Any) -> None:
        """Attach what the policy said of the coming step; the first axis of each value is the environments.

        Between the step that ends an episode and its reset, an environment shows its final observation: what is said
        then of an environment is of that observation. Where resets happen within the step (`same_step`), say it with
        `annotate_final`.
        """
        late = bool(self._final.ended) and self._mode != "same_step"
        with self._guard:
            for name, value in fields.items():
                self._final.learn(name)
                self._recorder.put_rows(name, value)
                if late:
                    self._final.put_rows(name, value, self.num_envs)

    def annotate_final(self, index: int | None = None, /, **fields: Any) -> None:
        """Attach what the policy said of the final observations of the episodes that ended in the last step.

        With the policy's value there, advantages of a truncated episode bootstrap from it. To be called before the next
        step; nothing happens where no recorded episode just ended.

        Args:
            index: Of which environment the fields are; left out, the first axis of each value is the environments, and
                the rows of those that go on are not looked at.
            **fields: `value=`, `logits=`, `q_values=`, or any name.

        Example:
            >>> observations, rewards, terminated, truncated, infos = env.step(actions)
            >>> for index in np.flatnonzero(truncated):  # the mode same_step
            ...     env.annotate_final(index, value=value_of(infos["final_obs"][index]))
        """
        with self._guard:
            for name, value in fields.items():
                if index is None:
                    self._final.put_rows(name, value, self.num_envs)
                else:
                    self._final.put(int(index), name, value)

    def note_episode(
        self, index: int, *, title: str | None = None, description: str | None = None, tags: Iterable[str] = ()
    ) -> None:
        """Say something of the newest episode of an environment, also after its end. See `Episode.note`."""
        with self._guard:
            self._notes.say(index, title=title, description=description, tags=tags)

    def hotspot(
        self, index: int, title: str = "", *, note: str = "", start: int | None = None, end: int | None = None
    ) -> None:
        """Mark steps of the newest episode of an environment that are worth a look. See `Episode.hotspot`."""
        with self._guard:
            self._notes.hotspot(index, title, note, start, end)

    def reset(
        self, *, seed: int | Sequence[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Reset the environments, or those of `options["reset_mask"]`, and begin their episodes."""
        # Gymnasium takes a list of seeds too, which its types do not say; and it takes the mask out of the options.
        mask = (options or {}).get("reset_mask")
        observations, infos = self.env.reset(seed=cast("int | None", seed), options=options)
        with self._guard:
            slots = [slot for slot in range(self.num_envs) if mask is None or bool(mask[slot])]
            for slot in slots:
                self._final.ended.pop(slot, None)
                self._begin(slot, seed_of_part(seed, slot))
            self._observe(observations, set(slots))
        return observations, infos

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        """Step the environments and write the rows."""
        self._final.ended.clear()
        if self._recorder.recording:
            with self._guard:
                self._tape.put_rows(self._action, actions)
        with self._last_pictures.within_step() if self._last_pictures else nullcontext():
            observations, rewards, terminated, truncated, infos = self.env.step(actions)
        with self._guard:
            restarted, ended = self._recorder.step_rows(rewards, terminated, truncated, self._mode)
            if ended:
                self._end(ended, observations, infos)
            for slot in ended if self._mode == "same_step" else restarted:
                self._begin(slot, None)
            if self._recorder.recording:
                self._observe(observations, None)
        return observations, rewards, terminated, truncated, infos

    def render(self) -> Any:
        """Draw the environments. Where a `RecordVideo` around them asks, its films are looked for."""
        with self._guard:
            self._film_makers.look(self.evaluation)
        return self.env.render()

    def close(self, **kwargs: Any) -> None:
        """Close the environments; episodes still open stay as far as they came."""
        self._recorder.leave()
        if self._last_pictures:
            self._last_pictures.leave()
        super().close(**kwargs)

    def _watch_resets(self) -> LastPictures | None:
        """Keep what is gone when a step returns: in the mode `same_step`, with a picture of each part."""
        if self._mode != "same_step" or self._tape.frames is None or callable(self._tape.frames):
            return None

        def draw(slot: int) -> Any:
            with self._guard:
                picture = self._tape.draw(self._parts[slot]) if self._recorder.is_recording(slot) else None
                return None if picture is None else np.asarray(picture)
            return None  # what was drawn is no picture

        return LastPictures(self._parts, draw) if self._parts else None

    def _begin(self, slot: int, seed: Any) -> None:
        self._tape.begin(slot, env_index=slot, seed=kept_seed(self._tape.run, seed))

    def _end(self, ended: list[int], observations: Any, infos: Any) -> None:
        """Write the final observations of the episodes that ended, and their rows."""
        recorded = [slot for slot in ended if self._recorder.is_recording(slot)]
        with self._guard:
            self._observe_final(recorded, observations, infos)
        for slot in recorded:
            self._final.ended[slot] = (self._recorder.episode(slot), self._recorder.length(slot))
        for slot in ended:
            self._recorder.end(slot, final_return(infos, slot))

    def _observe_final(self, recorded: list[int], observations: Any, infos: Any) -> None:
        if recorded and self._mode == "same_step":
            for slot in recorded:
                final = final_observation(infos, slot)
                if final is None:
                    text = f'environment {slot}: expected its final observation in info["final_obs"], found none'
                    self._tape.run._settle("final_obs", EthogramError(text))
                else:
                    self._tape.put(slot, self._observation, final)
                if self._last_pictures:
                    self._put_frame(slot, self._last_pictures.take(slot))
        elif recorded:
            # Rows of slots that go on are put too, and put again below: the newest value of a row counts.
            self._tape.put_rows(self._observation, observations)
            self._draw(set(recorded))
            self._compute()

    def _observe(self, observations: Any, only: set[int] | None) -> None:
        """Put what is seen now into the rows to come; `only` where a partial reset leaves the others as they were."""
        if not self._recorder.recording:
            return
        self._tape.put_rows(self._observation, observations)
        self._draw(only)
        self._compute()

    def _draw(self, only: set[int] | None) -> None:
        frames = self._tape.frames
        if frames is None:
            return
        slots = [
            slot
            for slot in range(self.num_envs)
            if self._recorder.is_recording(slot) and (only is None or slot in only)
        ]
        if not slots:
            return
        if self._parts and not callable(frames):
            for slot in slots:
                self._put_frame(slot, self._tape.draw(self._parts[slot]))
            return
        pictures = self._tape.draw(self.env)
        if pictures is None:
            return
        for slot in slots:
            self._put_frame(slot, pictures[slot] if slot < len(pictures) else None)

    def _put_frame(self, slot: int, frame: Any) -> None:
        if frame is not None:
            self._recorder.put(slot, tape.FRAME, frame)

    def _compute(self) -> None:
        for name, rows in self._tape.computed(self.env):
            self._recorder.put_rows(name, rows)


def _autoreset_mode(env: Any, run: Run, given: str | None) -> str:
    if given is not None:
        if given not in _MODES.values():
            raise ValueError(f"autoreset: expected one of {', '.join(_MODES.values())}, found {given!r}")
        return given
    mode = env.metadata.get("autoreset_mode")
    known = _MODES.get(mode)
    if known is None:
        text = (
            f'autoreset: expected a gymnasium.vector.AutoresetMode in metadata["autoreset_mode"], found {mode!r}; '
            "next_step is assumed, pass autoreset= to say otherwise"
        )
        run._settle("autoreset", EthogramError(text))
        return "next_step"
    return known
