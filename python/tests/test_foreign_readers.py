"""Packed runs are read by other people's libraries as they lie, without Ethogram."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars
import pyarrow
import pyarrow.parquet
import pytest

import ethogram as eg
from ethogram import _native


@pytest.fixture
def packed(run: eg.Run) -> Path:
    for step in range(3000):
        run.log({"loss": step / 7, "epsilon": 1 - step / 3000}, global_step=step)
    with run.episode(seed=5) as episode:
        for t in range(20):
            episode.step(observation=np.full((3, 2), t, np.float32), action=t % 3, reward=0.5, note="x" if t else None)
        episode.end(observation=np.zeros((3, 2), np.float32))
    run.finish()
    assert run.folder is not None
    assert _native.run_cli(["ethogram", "compact", str(run.folder)]) == 0
    return run.folder


def only(folder: Path, pattern: str) -> Path:
    [found] = [path for path in folder.glob(pattern) if ".rollup." not in path.name]
    return found


def test_scalars_are_plain_parquet_sorted_by_tag_and_step(packed: Path) -> None:
    table = pyarrow.parquet.read_table(only(packed, "w-*/scalars/*.parquet"))
    assert table.column_names == ["axis", "tag", "step", "time_us", "value"]
    rows = list(zip(table["axis"].to_pylist(), table["tag"].to_pylist(), table["step"].to_pylist(), strict=True))
    assert rows == sorted(rows)
    loss = polars.read_parquet(only(packed, "w-*/scalars/*.parquet")).filter(polars.col("tag") == "loss")
    np.testing.assert_array_equal(loss["step"].to_numpy(), np.arange(3000))
    np.testing.assert_array_equal(loss["value"].to_numpy(), np.arange(3000) / 7)


def test_rollups_hold_the_extremes_of_each_tag(packed: Path) -> None:
    [path] = packed.glob("w-*/scalars/*.rollup.parquet")
    loss = polars.read_parquet(path).filter(polars.col("tag") == "loss")
    assert loss["count"].sum() == 3000
    assert (loss["min"].min(), loss["max"].max()) == (0.0, 2999 / 7)


def test_steps_and_episodes_are_plain_parquet_with_shapes(packed: Path) -> None:
    steps = pyarrow.parquet.read_table(only(packed, "w-*/steps/*.parquet"))
    assert steps["action"].to_pylist() == [t % 3 for t in range(20)] + [None]
    assert steps["note"].to_pylist() == [None] + ["x"] * 19 + [None]
    observation = steps.schema.field("observation")
    assert isinstance(observation.type, pyarrow.FixedShapeTensorType)
    assert observation.type.shape == [3, 2]
    episodes = pyarrow.parquet.read_table(only(packed, "w-*/episodes/*.parquet")).to_pylist()
    assert [(row["episode"], row["length"], row["episode_return"], row["seed"]) for row in episodes] == [
        (0, 20, 10.0, 5)
    ]
