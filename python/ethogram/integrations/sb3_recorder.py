"""Records the steps that an algorithm of Stable-Baselines3 takes, from what its callbacks see; nothing is wrapped."""

from __future__ import annotations

from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import numpy as np

from ethogram import _native, description, tape
from ethogram.integrations import sb3_seeds
from ethogram.integrations.adapted import adapted
from ethogram.integrations.asked import Heads, heads_of
from ethogram.integrations.sb3_policy import Layout
from ethogram.last_pictures import LastPictures
from ethogram.record import Frames
from ethogram.run import Run
from ethogram.schedule import Schedule

SQUEEZED = ("value",)
"""Outputs of one number a row, written as numbers."""

FIELDS = {"log_std": "action_log_std"}
"""Fields that are not called as the output's role is."""

MEMORY = ("h", "c", "h_critic", "c_critic")
"""Parts of a recurrent policy's memory, in the order in which the heads take them."""


class StepRecorder:
    """The episodes of the environments side by side of one training."""

    def __init__(self, run: Run, model: Any, *, schedule: Schedule, frames: Frames) -> None:
        self._run, self._model = run, model
        self._env = model.get_env()
        self._count = int(self._env.num_envs)
        self._layout = Layout(model)
        self._recorder = _native.Recorder(run, self._count)
        self._tape = tape.Tape(
            run, self._recorder, schedule=schedule, frames=frames, fields={}, omit=frozenset(), evaluation=False
        )
        self._tape.settle_frames(getattr(self._env, "render_mode", None))
        space = self._layout.recorded_space()
        self._observation = description.leaves(run, space, tape.OBSERVATION)
        self._action = description.leaves(run, self._env.action_space, tape.ACTION)
        self._parts = description.parts(self._env)
        named = description.Named([], [], [], [], {}, self._layout.stack_axis())
        env = self._env if self._parts else _remote(self._env)
        run._describe_spec(
            env, [type(wrapper).__name__ for wrapper in self._layout.wrappers if wrapper is not self._env.unwrapped]
        )
        run._films.watch_env(self._env, False)
        for wrapper in self._layout.wrappers:
            run._films.watch_wrapper(wrapper, False)
        run._describe_env(
            description.describe_env(
                env,
                run,
                named,
                observation_space=space,
                action_space=self._env.action_space,
                num_envs=self._count,
            )
        )
        self._heads = _heads_of(run, model)
        self._leaving = ExitStack()
        self._pictures: LastPictures | None = None

    def begin(self) -> None:
        """Begin an episode in each environment, which the algorithm has just reset."""
        if self._parts and self._tape.frames is not None and not callable(self._tape.frames):
            self._pictures = LastPictures(self._parts, self._draw_part)
            self._leaving.enter_context(self._pictures.within_step())
        # A later `learn` may go on without a reset.
        fresh = self._model.num_timesteps == 0
        for slot, seed in enumerate(sb3_seeds.taken(self._env)):
            self._tape.begin(slot, env_index=slot, seed=int(seed) if fresh and seed is not None else None)
        if self._recorder.recording:
            self._observe(self._seen(self._model._last_obs))

    def step(self, told: dict[str, Any]) -> None:
        """Write the rows of a step that was just taken; `told` are the variables of the algorithm's loop."""
        model = self._model
        infos, dones = told["infos"], np.asarray(told["dones"], bool)
        normalize = model.get_vec_normalize_env()
        rewards = told["rewards"] if normalize is None else normalize.get_original_reward()
        cut = np.array([bool(info.get("TimeLimit.truncated", False)) for info in infos])
        if self._recorder.recording:
            actions = np.asarray(told.get("clipped_actions", told["actions"]))
            self._tape.put_rows(self._action, actions)
            self._say(actions)
        _, ended = self._recorder.step_rows(rewards, dones & ~cut, dones & cut, "same_step")
        for slot in ended:
            if self._recorder.is_recording(slot):
                self._end(slot, infos[slot].get("terminal_observation"), told.get("lstm_states"))
            self._recorder.end(slot, tape.reported_return(infos[slot]))
            self._tape.begin(slot, env_index=slot, seed=None)
        if self._recorder.recording:
            self._observe(self._seen(told["new_obs"]))

    def leave(self) -> None:
        """Write the episodes that are still open, and give the environments back as they were."""
        self._recorder.leave()
        self._leaving.close()
        if self._pictures is not None:
            self._pictures.leave()

    def _seen(self, received: Any) -> Any:
        """What the environments showed, of what the policy receives."""
        if self._layout.normalize is not None:
            return self._layout.normalize.get_original_obs()
        return self._layout.recorded(received)

    def _observe(self, seen: Any) -> None:
        self._tape.put_rows(self._observation, seen)
        if self._tape.frames is None:
            return
        for slot in range(self._count):
            if self._recorder.is_recording(slot):
                self._put_frame(slot, self._draw_part(slot))

    def _draw_part(self, slot: int) -> Any:
        if not self._recorder.is_recording(slot):
            return None
        if self._parts:
            return self._tape.draw(self._parts[slot])
        return self._tape.draw(SimpleNamespace(render=lambda: self._env.env_method("render", indices=[slot])[0]))

    def _put_frame(self, slot: int, frame: Any) -> None:
        if frame is not None:
            self._recorder.put(slot, tape.FRAME, frame)

    def _say(self, actions: Any) -> None:
        """What the policy says of the observations that it acted on."""
        if self._heads is None:
            return
        states = self._memory()
        for name, rows in _remembered(states).items():
            self._recorder.put_rows(name, rows)
        said = self._ask(self._model._last_obs, states)
        for name, rows in said.items():
            self._recorder.put_rows(name, rows)
        worth = said.get("q_values", said["quantiles"].mean(1) if "quantiles" in said else None)
        if worth is not None:
            self._recorder.put_rows("greedy", worth.argmax(1) == actions.reshape(-1))

    def _memory(self) -> dict[str, Any]:
        """The recurrent state before the step, zero where an episode begins; empty for other policies."""
        kept = getattr(self._model, "_last_lstm_states", None)
        if kept is None:
            return {}
        goes_on = 1.0 - np.asarray(self._model._last_episode_starts, np.float32)
        return {name: state * goes_on[None, :, None] for name, state in self._parts_of(kept).items()}

    def _parts_of(self, kept: Any) -> dict[str, Any]:
        """The parts of a memory that the heads take, each layers×environments×width."""
        states = (*kept.pi, *kept.vf)[: 0 if self._heads is None else self._heads.states]
        return {name: state.detach().cpu().numpy() for name, state in zip(MEMORY, states, strict=False)}

    def _ask(self, received: Any, states: dict[str, Any]) -> dict[str, Any]:
        assert self._heads is not None
        said = self._heads.ask(self._layout, received, list(states.values()))
        rows = {FIELDS.get(name, name): value for name, value in said.items() if not name.endswith("_next")}
        return {name: value[:, 0] if name in SQUEEZED and value.ndim > 1 else value for name, value in rows.items()}

    def _end(self, slot: int, final: Any, memory: Any) -> None:
        """Put the final observation of an episode, its picture, and what the policy says of it.

        `memory` is what a recurrent policy kept of the last step: the state with which it would go on from there.
        """
        if final is not None:
            batch = (
                {key: np.asarray(part)[None] for key, part in final.items()}
                if isinstance(final, dict)
                else np.asarray(final)[None]
            )
            shown = self._own(batch)
            if shown is not None:
                row = {key: part[0] for key, part in shown.items()} if isinstance(shown, dict) else shown[0]
                self._tape.put(slot, self._observation, row)
            if self._heads is not None:
                self._say_of_final(slot, batch, memory)
        if self._pictures is not None:
            self._put_frame(slot, self._pictures.take(slot))

    def _say_of_final(self, slot: int, batch: Any, memory: Any) -> None:
        states: dict[str, Any] = {}
        if self._heads is not None and self._heads.states:
            if memory is None:
                return
            states = {name: part[:, slot : slot + 1] for name, part in self._parts_of(memory).items()}
        for name, rows in (_remembered(states) | self._ask(batch, states)).items():
            self._recorder.put(slot, name, rows[0])

    def _own(self, received: Any) -> Any:
        """A final observation as the environment made it; `None` where normalising it lost some of it."""
        vec = self._layout.normalize
        if vec is None:
            return self._layout.recorded(received)
        parts = received.values() if isinstance(received, dict) else [received]
        if any(bool((np.abs(part) >= vec.clip_obs).any()) for part in parts):
            return None
        return self._layout.recorded(vec.unnormalize_obs(received))


def _heads_of(run: Run, model: Any) -> Heads | None:
    """The network that is asked what the policy says; without one its episodes are recorded all the same."""
    try:
        found = adapted(model, None)
    except Exception as error:
        run._settle("policy", error)
        return None
    return None if found is None else heads_of(found.module, model)


def _remembered(states: dict[str, Any]) -> dict[str, Any]:
    """The fields of a memory: a row an environment; a single layer has no axis of its own."""
    rows = {f"recurrent_state/{name}": np.moveaxis(state, 1, 0) for name, state in states.items()}
    return {field: state[:, 0] if state.shape[1] == 1 else state for field, state in rows.items()}


def _remote(env: Any) -> Any:
    """What is known of environments in other processes."""
    try:
        spec = env.get_attr("spec")[0]
    except Exception:
        spec = None
    return SimpleNamespace(spec=spec, metadata=getattr(env, "metadata", {}), num_envs=env.num_envs)
