"""Episodes recorded by hand, for loops without a Gymnasium environment."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from ethogram import _native, capture, notes, tape
from ethogram.errors import EthogramError
from ethogram.guard import Guard
from ethogram.seeds import kept_seed

if TYPE_CHECKING:
    from ethogram.run import Run

PastEnd = Literal["terminated", "truncated", "both", "unknown"]
"""How an episode ended that somebody else counted."""


class Episode:
    """One episode, recorded step by step. Made by `Run.episode`.

    Attributes:
        index: Its index in the run; `None` when nothing is written.
    """

    def __init__(
        self,
        run: Run,
        *,
        seed: int | None,
        env_index: int,
        evaluation: bool,
        global_step: int | None,
        extra: Mapping[str, Any] | None,
        agent: str | None = None,
    ) -> None:
        self._run = run
        self._recorder = _native.Recorder(run, 1, first=env_index, agents=None if agent is None else [str(agent)])
        self._notes = notes.Notes(run, self._recorder)
        self._guard = Guard(run)
        self._ended = False
        self.index = self._recorder.allot()
        if self.index is not None:
            with self._guard:
                self._recorder.begin(
                    0,
                    self.index,
                    recorded=True,
                    seed=kept_seed(run, seed),
                    evaluation=evaluation,
                    extra=_kept(run, extra),
                    global_step=None if global_step is None else int(global_step),
                )
            run._attach(self._recorder)

    def annotate(self, **fields: Any) -> None:
        """Attach what the policy said of the coming step: `value=`, `logits=`, `greedy=`, or any name.

        A batch axis of one of what policies usually say (`tape.ROW_AXES`) is left out, as `env.annotate` does.
        """
        with self._guard:
            for name, value in fields.items():
                row = tape.row_of(name, value)
                if name in tape.ROW_AXES and name not in self._run._said and value is not None:
                    self._run._said[name] = _numbers_in(row)
                self._recorder.put(0, name, row)

    def step(self, *, reward: float = 0.0, terminated: bool = False, truncated: bool = False, **fields: Any) -> None:
        """Add a step: what was observed, what was done, and what came back.

        Args:
            reward: What came back for this step's action.
            terminated: The task ended with it.
            truncated: It was cut from outside after it.
            **fields: `observation=`, `action=`, `frame=`, or any name.
        """
        self.annotate(**fields)
        self._took(reward, terminated, truncated)

    def _took(self, reward: float, terminated: bool, truncated: bool, *, counts: bool = True) -> None:
        """A step whose fields are annotated. One that does not count is of a step of the run that did already."""
        with self._guard:
            self._ended = self._recorder.step(reward, terminated, truncated, 0, counts)

    def note(self, *, title: str | None = None, description: str | None = None, tags: Iterable[str] = ()) -> None:
        """Say something of the episode, also after its end. What people write in the web app wins over it.

        Args:
            title: A few words, in place of those before.
            description: Free text, in place of that before.
            tags: Free words, added to those before.
        """
        if self.index is not None:
            with self._guard:
                self._notes.say(0, title=title, description=description, tags=tags)

    def hotspot(self, title: str = "", *, note: str = "", start: int | None = None, end: int | None = None) -> None:
        """Mark steps that are worth a look.

        Args:
            title: A few words.
            note: Free text.
            start: The first step; the one to come when left out.
            end: The last step, which belongs to it; `start` when left out.
        """
        if self.index is not None:
            with self._guard:
                self._notes.hotspot(0, title, note, start, end)

    def end(self, *, env_return: float | None = None, **fields: Any) -> None:
        """End the episode; one whose last step said neither `terminated` nor `truncated` counts as truncated.

        Args:
            env_return: The return as the environment itself reports it, for the self-check.
            **fields: The final observation and what goes with it: `observation=`, `frame=`.
        """
        self.annotate(**fields)
        with self._guard:
            if self._ended:
                self._recorder.end(0, env_return)
            else:
                self._recorder.abandon(0)
        self._run._detach(self._recorder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._recorder.is_open(0):
            self.end()


def _kept(run: Run, extra: Any) -> str | None:
    """What is kept with an episode, as JSON; `None`, told once, of what has no names for its parts."""
    written = capture.jsonable(extra)
    if isinstance(written, dict):
        return json.dumps(written)
    if extra is not None:
        text = f"extra: expected a mapping, found {type(extra).__name__}; it is not kept"
        run._settle("extra", EthogramError(text))
    return None


def _numbers_in(row: Any) -> int | None:
    """How many numbers an array, list or number has; `None` of what is none of them, which is told elsewhere."""
    try:
        if hasattr(row, "shape"):
            return int(math.prod(row.shape))
        import numpy as np

        return int(np.size(row))
    except Exception:
        return None


def past_episode(
    run: Run,
    *,
    episode_return: float,
    length: int,
    end: PastEnd,
    global_step: int,
    env_index: int,
    seed: int | None,
    evaluation: bool,
    started: float | None,
    ended: float | None,
    extra: Mapping[str, Any] | None,
    agent: str | None,
) -> int | None:
    """Write the row of an episode that somebody else counted. See `Run.past_episode`."""
    recorder = _native.Recorder(run, 1, first=env_index, agents=None if agent is None else [str(agent)])
    index = recorder.allot()
    if index is not None:
        recorder.begin(
            0,
            index,
            recorded=False,
            seed=kept_seed(run, seed),
            evaluation=evaluation,
            extra=_kept(run, extra),
            global_step=global_step,
        )
        recorder.outcome(
            0,
            episode_return=episode_return,
            length=length,
            end=end,
            started_us=None if started is None else int(started * 1e6),
            ended_us=None if ended is None else int(ended * 1e6),
        )
    return index
