"""U-3: trajectories and observations far apart are played once, kept, and gone on with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
from conftest import rows

import ethogram as eg
from ethogram.errors import OptionError

ASKED = {"trajectories": 2, "steps": 40, "observations": 12, "environments": 3, "every": 7, "seed": 5}


class Counted(gymnasium.Wrapper[Any, Any, Any, Any]):
    """Counts steps, and breaks at one if told to."""

    steps = 0
    breaks_at: int | None = None

    def step(self, action: Any) -> Any:
        Counted.steps += 1
        if Counted.steps == Counted.breaks_at:
            raise KeyboardInterrupt
        return super().step(action)


def make() -> Any:
    return Counted(gymnasium.make("CartPole-v1", max_episode_steps=25))


@pytest.fixture(autouse=True)
def _counting() -> Iterator[None]:
    Counted.steps, Counted.breaks_at = 0, None
    yield
    Counted.steps, Counted.breaks_at = 0, None


@pytest.fixture
def checkpoint(root: Path) -> str:
    from networks import linear

    # Logits, so that actions are drawn.
    weight = np.array([[0, 0], [0, 0], [-3, 3], [-1, 1]], np.float32)
    with eg.init("tests", root=root, strict=True, capture_code=False) as run:
        run.log({"loss": 0.0}, global_step=0)
        run.checkpoint(linear(weight), global_step=3, signature=eg.signature(observation="x", logits="y"))
    return f"{run.folder}@3"


def content(view: eg.RunView) -> Any:
    """All numbers that were sampled, by trajectory and part, and the observations."""
    found: dict[Any, Any] = {}
    for row in rows(view.episodes()):
        episode = view.episode(row["episode"])
        told = episode.row["extra"].get("sample")
        if episode.row["end"] == "open" or episode.row["extra"].get("reset_early"):
            continue
        key = (told["trajectory"], told["part"], row["seed"])
        found[key] = [episode.field(name).numpy().tolist() for name in ("observation", "action", "reward", "logits")]
    samples = {
        (tag, tensor.step): tensor.numpy().tolist()
        for tag in view.tensor_tags
        for tensor in view.tensors(tag, "sample")
    }
    # Missing rows are NaN, which equals nothing.
    return repr((sorted(found.items()), sorted(samples.items())))


def test_row_u3_a_second_run_takes_no_step(checkpoint: str, root: Path) -> None:
    first = eg.sample(checkpoint, make, root=root, **ASKED)
    taken = Counted.steps
    assert taken == 2 * 40 + 12 * 7
    second = eg.sample(checkpoint, make, root=root, **ASKED)
    assert (Counted.steps, second.folder) == (taken, first.folder)
    other = eg.sample(checkpoint, make, root=root, **(ASKED | {"seed": 6}))
    assert Counted.steps == 2 * taken and other.folder != first.folder
    again = eg.sample(checkpoint, make, root=root, resample=True, **ASKED)
    assert Counted.steps == 3 * taken and again.folder != first.folder
    assert content(again) == content(first) != content(other)


def test_row_u3_trajectories_have_seeds_and_observations_lie_apart(checkpoint: str, root: Path) -> None:
    view = eg.sample(checkpoint, make, root=root, **ASKED)
    table = rows(view.episodes())
    for trajectory in range(2):
        parts = [row for row in table if row["env_index"] == trajectory]
        assert sum(row["length"] for row in parts) == 40 and all(row["length"] <= 25 for row in parts)
        assert parts[-1]["end"] in ("truncated", "terminated")
    seeds = [row["seed"] for row in table]
    assert None not in seeds and len(set(seeds)) == len(seeds)
    # The recorded seed and actions make the same observations again.
    episode = view.episode(table[0]["episode"])
    env = make()
    observation, _ = env.reset(seed=table[0]["seed"])
    for step, action in enumerate(episode.field("action").numpy()[: table[0]["length"]].tolist()):
        np.testing.assert_array_equal(episode.field("observation").numpy()[step], observation)
        observation, *_ = env.step(int(action))
    chunks = view.tensors("samples/decorrelated/observation", "sample")
    assert [(chunk.step, chunk.numpy().shape) for chunk in chunks] == [(0, (4, 4)), (4, (4, 4)), (8, (4, 4))]
    everything = np.concatenate([chunk.numpy() for chunk in chunks])
    assert len(np.unique(everything, axis=0)) == 12
    assert len(view.map(samples="decorrelated", method="pca")) == 12


@pytest.mark.parametrize("breaks_at", [3, 33, 77, 85, 110, 163])
def test_row_u3_what_was_interrupted_goes_on_to_the_same_numbers(checkpoint: str, root: Path, breaks_at: int) -> None:
    whole = content(eg.sample(checkpoint, make, root=root, resample=True, project="whole", **ASKED))
    Counted.steps, Counted.breaks_at = 0, breaks_at
    with pytest.raises(KeyboardInterrupt):
        eg.sample(checkpoint, make, root=root, **ASKED)
    Counted.steps, Counted.breaks_at = 0, None
    view = eg.sample(checkpoint, make, root=root, **ASKED)
    assert Counted.steps <= 164 - breaks_at + 28, "only what was not whole is played again"
    assert len(list((root / "samples").iterdir())) == 1 and content(view) == whole
    taken = Counted.steps
    assert eg.sample(checkpoint, make, root=root, **ASKED).folder == view.folder and Counted.steps == taken


def test_what_cannot_be_sampled_is_told(checkpoint: str, root: Path) -> None:
    for wrong in ({"observations": 10}, {"steps": 0}, {"trajectories": 5_000}, {"every": -1}):
        with pytest.raises(OptionError, match=next(iter(wrong))):
            eg.sample(checkpoint, make, root=root, **(ASKED | wrong))
