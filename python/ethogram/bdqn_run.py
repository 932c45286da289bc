"""An evaluation of Bootstrapped DQN as a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ethogram.bdqn_clips import frames_of
from ethogram.description import describe

if TYPE_CHECKING:
    from ethogram.bdqn_clips import Clip
    from ethogram.conversion import Conversion
    from ethogram.run import Run


def converted(clip: Clip, asked: Conversion) -> Run:
    """A run of the one episode, with its pictures where there are some."""
    described = describe(asked.env or clip.of or "bdqn", fps=30)
    with asked.begin("bdqn", asked.source.stem, described=described) as run:
        frames = iter(()) if clip.film is None else frames_of(clip.film)
        with run.episode(evaluation=True, global_step=clip.global_step) as episode:
            for line in clip.lines:
                frame = next(frames, None)
                episode.step(
                    action=line.action, reward=line.reward, terminated=line.terminal, life_lost=line.life_lost,
                    **({} if frame is None else {"frame": frame}),
                )  # fmt: skip
                if line.terminal:
                    break
            final = next(frames, None)
            episode.end(**({} if final is None else {"frame": final}))
    return run
