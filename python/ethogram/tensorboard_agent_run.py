"""Folders of the TensorBoard plug-in `agent` as a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ethogram.description import describe
from ethogram.tensorboard_agent import read_picture, steps_of
from ethogram.values import Image

if TYPE_CHECKING:
    from ethogram.conversion import Conversion
    from ethogram.run import Run
    from ethogram.tensorboard_agent import Recorded


def converted(played: list[Recorded], asked: Conversion) -> Run:
    """A run of all episodes that the plug-in recorded."""
    described = describe(asked.env or played[0].of)
    with asked.begin("tensorboard_agent", played[0].of, described=described) as run:
        for each in played:
            told = {key: each.told[key] for key in ("name", "cumulative_reward", "end_time") if key in each.told}
            episode = run.episode(extra={"tensorboard_agent": told | {"of": each.of, "episode": each.number}})
            total, length = 0.0, 0
            for fields in steps_of(each):
                reward = fields.pop("reward")
                total, length = total + (reward or 0.0), length + 1
                episode.step(reward=float("nan") if reward is None else float(reward), **fields)
            if each.of != played[0].of:
                episode.note(tags=[each.of])
            if each.map is not None and episode.index is not None:
                run.log({"tsne": Image(read_picture(each.map))}, episode=episode.index)
            # An episode that was still played stays open; of the others the plug-in does not say how they ended.
            if not each.live:
                ended = each.told.get("end_time")
                episode._recorder.outcome(
                    0, episode_return=total, length=length, end="unknown",
                    ended_us=int(ended * 1e6) if isinstance(ended, int | float) else None,
                )  # fmt: skip
    return run
