"""Episodes of one seed, played by a policy as it is and without some features: `outcome_pairs`."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ethogram.errors import EthogramError, NotFoundError
from ethogram.replays import opened

if TYPE_CHECKING:
    from ethogram.reader import EpisodeView, RunView
    from ethogram.run import Run

KINDS = ("loop", "state_revisits", "cyclic_reward", "one_reward_source")
"""Events that tell what became of an episode: the policy went round in circles, or gained in one way only."""


@dataclass(frozen=True)
class Outcome:
    """What became of an episode.

    Attributes:
        episode: Its index in the run.
        episode_return: Sum of its rewards.
        length: Its steps.
        end: How it ended: `terminated`, `truncated`, `both`, …
        last_reward: The reward of its last step, which often tells why it ended; `None` where it was not recorded.
        events: Kinds of events found in it that tell of a degenerate policy, see `KINDS`.
    """

    episode: int
    episode_return: float
    length: int
    end: str
    last_reward: float | None
    events: tuple[str, ...]


@dataclass(frozen=True)
class OutcomePair:
    """Two episodes that began alike.

    Attributes:
        seed: Of both resets.
        before: Of the policy as it is.
        after: Of the policy without the features.
        first_other_action: The first step at which another action was taken; `None` where all that both took are the
            same.
        decides_otherwise: Of the steps of the second episode, the share at which the policy as it is would have chosen
            another action; `None` where that was not recorded.
    """

    seed: int | None
    before: Outcome
    after: Outcome
    first_other_action: int | None
    decides_otherwise: float | None


def outcome_pairs(run: RunView | Run | str | os.PathLike[str]) -> list[OutcomePair]:
    """Compare the episodes of a run that `eg.rollout(…, without=…, compare=True)` made.

    Raises:
        NotFoundError: The run has no such episodes.
    """
    view = opened(run)
    sides: dict[int, dict[bool, EpisodeView]] = {}
    for index in view.episodes()["episode"].numpy().tolist():
        episode = view.episode(index)
        extra = episode.row.get("extra") or {}
        if isinstance(extra.get("pair"), int):
            sides.setdefault(extra["pair"], {})["without" in extra] = episode
    pairs = [_pair(found[False], found[True]) for _, found in sorted(sides.items()) if len(found) == 2]
    if not pairs:
        raise NotFoundError("outcome_pairs: no episodes were played twice; pass without= and compare=True to rollout")
    return pairs


def outcome_text(pairs: list[OutcomePair]) -> str:
    """The pairs as lines for people: one a seed, then how the ends changed."""
    rows = [("seed", "return", "steps", "ended", "last reward", "otherwise", "first other action", "events")]
    for pair in pairs:
        before, after = pair.before, pair.after
        first, share = pair.first_other_action, pair.decides_otherwise
        rows.append(
            (
                "" if pair.seed is None else str(pair.seed),
                f"{before.episode_return:g} → {after.episode_return:g}",
                f"{before.length} → {after.length}",
                _changed(before.end, after.end),
                _changed(_number(before.last_reward), _number(after.last_reward)),
                "none" if share is None else f"{100 * share:.1f} %",
                "none" if first is None else f"step {first}",
                _changed(", ".join(before.events) or "none", ", ".join(after.events) or "none"),
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    means = [np.mean([getattr(pair, side).episode_return for pair in pairs]) for side in ("before", "after")]
    lines.append(f"mean return {means[0]:g} → {means[1]:g}; ended: {_ends(pairs)}")
    return "\n".join(lines)


def _pair(before: EpisodeView, after: EpisodeView) -> OutcomePair:
    otherwise = _field(after, "decides_otherwise")
    return OutcomePair(
        before.row.get("seed"),
        _outcome(before),
        _outcome(after),
        _first_other_action(before, after),
        None if otherwise is None or len(otherwise) == 0 else float(np.mean(otherwise)),
    )


def _outcome(episode: EpisodeView) -> Outcome:
    row = episode.row
    rewards = _field(episode, "reward")
    try:
        events = tuple(sorted({event.kind for event in episode.events(*KINDS)}))
    except EthogramError:
        # An episode of which no steps were recorded has none.
        events = ()
    last = None if rewards is None or len(rewards) == 0 else float(rewards[-1])
    return Outcome(episode.index, float(row["episode_return"]), int(row["length"]), str(row["end"]), last, events)


def _first_other_action(before: EpisodeView, after: EpisodeView) -> int | None:
    names = [name for name in before.fields if name.split("/")[0] == "action"]
    steps = min(int(before.row["length"]), int(after.row["length"]))
    first = steps
    for name in names:
        one, other = _field(before, name), _field(after, name)
        if one is None or other is None:
            continue
        apart = [at for at in range(min(first, len(one), len(other))) if not np.array_equal(one[at], other[at])]
        first = min([first, *apart[:1]])
    return first if first < steps else None


def _field(episode: EpisodeView, name: str) -> Any:
    """Rows of the steps; `None` where there are none of that name."""
    if name not in episode.fields:
        return None
    column = episode.field(name)
    steps = int(episode.row["length"])
    return np.ma.getdata(column.numpy())[:steps][column.valid[:steps]]


def _changed(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:g}"


def _ends(pairs: list[OutcomePair]) -> str:
    before, after = Counter(pair.before.end for pair in pairs), Counter(pair.after.end for pair in pairs)
    return ", ".join(f"{end} {before[end]} → {after[end]}" for end in sorted({*before, *after}))
