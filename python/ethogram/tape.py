"""What the recorders of single, vector and multi-agent environments share: schedule, fields, frames, faults."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ethogram import _native
from ethogram.errors import EthogramError
from ethogram.schedule import EpisodeStart, Schedule
from ethogram.space import Leaf

if TYPE_CHECKING:
    from ethogram.record import Frames
    from ethogram.run import Run

FRAME = "frame"
OBSERVATION = "observation"
ACTION = "action"


class Tape:
    """Writes the episodes of one environment, of several side by side, or of several agents.

    Attributes:
        run: Where they go.
        recorder: Counts and keeps the rows; the native half.
        evaluation: Whether the next episodes are evaluation.
    """

    def __init__(
        self,
        run: Run,
        recorder: _native.Recorder,
        *,
        schedule: Schedule,
        frames: Frames,
        fields: Mapping[str, Callable[[Any], Any]],
        omit: frozenset[str],
        evaluation: bool,
    ) -> None:
        self.run, self.recorder, self.evaluation = run, recorder, evaluation
        self.schedule, self.fields, self.omit = schedule, fields, omit
        self.frames: Frames = None if FRAME in omit else frames
        self.begun = 0
        run._attach(recorder)

    def begin(self, slot: int, *, env_index: int, seed: int | None) -> None:
        """Begin the next episode of a slot, recorded if the schedule says so."""
        episode = self.recorder.allot()
        if episode is None:
            return
        start = EpisodeStart(self.begun, episode, env_index, self.run.global_step, self.evaluation, seed)
        self.begun += 1
        self.recorder.begin(slot, episode, recorded=self.chosen(start), seed=seed, evaluation=self.evaluation)

    def chosen(self, start: EpisodeStart) -> bool:
        """Ask the schedule. One that raises chooses nothing."""
        try:
            return bool(self.schedule(start))
        except Exception as error:
            text = (
                f"{_because('the schedule failed', error)}; the episode is not kept step by step. A schedule is called "
                "with an EpisodeStart and says True or False, as ethogram.capped_cubic and ethogram.every(10) do"
            )
            self.run._settle("schedule", EthogramError(text))
            return False

    def put(self, slot: int, leaves: list[Leaf], value: Any) -> None:
        """Put the parts of an observation or action into the row to come."""
        for leaf in leaves:
            try:
                part = leaf.pick(value)
            except Exception as error:
                self.run._settle(
                    leaf.name, _because(f"field {leaf.name!r}: no such part in {type(value).__name__}", error)
                )
            else:
                self.recorder.put(slot, leaf.name, part)

    def put_rows(self, leaves: list[Leaf], batch: Any) -> None:
        """The same for a batch, of which each slot takes its row."""
        for leaf in leaves:
            try:
                part = leaf.pick(batch)
            except Exception as error:
                self.run._settle(
                    leaf.name, _because(f"field {leaf.name!r}: no such part in {type(batch).__name__}", error)
                )
            else:
                self.recorder.put_rows(leaf.name, part)

    def computed(self, env: Any) -> list[tuple[str, Any]]:
        """The user's own fields, of now."""
        found: list[tuple[str, Any]] = []
        for name, function in self.fields.items():
            try:
                found.append((name, function(env)))
            except Exception as error:
                self.run._settle(name, _because(f"field {name!r}: its function failed", error))
        return found

    def draw(self, env: Any) -> Any:
        """Render a picture; `None` where there is none."""
        if self.frames is None:
            return None
        try:
            return self.frames(env) if callable(self.frames) else env.render()
        except Exception as error:
            self.run._settle(FRAME, _because("rendering failed", error))
            return None

    def settle_frames(self, render_mode: str | None) -> None:
        """Decide whether to render: only in the mode `rgb_array`, unless the user brought a function."""
        if callable(self.frames) or self.frames is None or render_mode == "rgb_array":
            return
        if self.frames == "rgb_array":
            text = f'frames: expected an environment made with render_mode="rgb_array", found {render_mode!r}'
            self.run._settle("render_mode", EthogramError(text))
        self.frames = None

    def keep(self, leaves: list[Leaf], root: str) -> list[Leaf]:
        """The leaves that are not to be left out."""
        return [] if root in self.omit else [leaf for leaf in leaves if leaf.name not in self.omit]


ROW_AXES = {
    "logits": 1,
    "action_probabilities": 1,
    "q_values": 1,
    "action_mean": 1,
    "action_log_std": 1,
    "value": 0,
    "action_log_probability": 0,
}
"""How many axes what a policy says of one step has."""


def row_of(name: str, value: Any) -> Any:
    """The same numbers without axes of length one before those of a step: `[1, A]` logits are `[A]`."""
    axes = ROW_AXES.get(name)
    if axes is None:
        return value
    shape = getattr(value, "shape", ())
    if len(shape) <= axes:
        return value
    batch = len(shape) - axes
    return value.reshape(shape[batch:]) if all(length == 1 for length in shape[:batch]) else value


def reported_return(info: Any) -> float | None:
    """The return that `RecordEpisodeStatistics` put into `info`, if it did."""
    try:
        return float(info["episode"]["r"])
    except (KeyError, TypeError, ValueError):
        return None


def _because(what: str, error: Exception) -> EthogramError:
    return EthogramError(f"{what}: {type(error).__name__}: {error}")
