"""Finished runs are tables to DuckDB and Polars as they lie: many runs in one question, without Ethogram."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import numpy as np
import polars
import pytest

import ethogram as eg
from ethogram import _native

SCALARS = "*/*/w-*/scalars/*[0-9].parquet"
"""Scalars of every run below a root; their rollups end otherwise."""
STEPS = "*/*/w-*/steps/*[0-9].parquet"
EPISODES = "*/*/w-*/episodes/*[0-9].parquet"
RUN_OF_FILE = r"([^/]+)/w-[^/]+/[a-z]+/[^/]+$"
"""The id of a run is the folder above its writers'."""


@pytest.fixture
def packed(root: Path) -> Path:
    """Three finished, packed runs, of which the last went on in a second process."""
    for seed in range(3):
        with eg.init("tests", root=root, strict=True, capture_code=False, config={"seed": seed}) as run:
            for step in range(2000):
                run.log({"loss": seed + step / 7, "odd": float("nan") if step % 2 else 1.0}, global_step=step)
            with run.episode(seed=seed) as episode:
                for t in range(10 + seed):
                    episode.step(observation=np.full((3, 2), t, np.float32), action=t % 3, reward=0.5)
                episode.end(observation=np.zeros((3, 2), np.float32))
            assert run.folder is not None
        assert _native.run_cli(["ethogram", "compact", str(run.folder)]) == 0
    return root


def ids(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "tests").iterdir())


def test_duckdb_asks_all_runs_at_once(packed: Path) -> None:
    found = duckdb.execute(
        "SELECT regexp_extract(filename, ?, 1) AS run, count(*), max(value), arg_max(value, step)"
        " FROM read_parquet(?, filename = true) WHERE tag = 'loss' GROUP BY run ORDER BY run",
        [RUN_OF_FILE, str(packed / SCALARS)],
    ).fetchall()
    assert [row[0] for row in found] == ids(packed)
    last = [seed + 1999 / 7 for seed in range(3)]
    assert sorted(row[1:] for row in found) == [(2000, value, value) for value in last]
    [(missing, rows)] = duckdb.execute(
        "SELECT count(*) FILTER (isnan(value)), count(*) FROM read_parquet(?) WHERE tag = 'odd'",
        [str(packed / SCALARS)],
    ).fetchall()
    assert (missing, rows) == (3000, 6000), "NaN is NaN, not NULL and not zero"


def test_duckdb_joins_steps_with_their_episodes(packed: Path) -> None:
    found = duckdb.execute(
        f"""WITH steps AS (SELECT *, regexp_extract(filename, '{RUN_OF_FILE}', 1) AS run
              FROM read_parquet(?, filename = true)),
            episodes AS (SELECT *, regexp_extract(filename, '{RUN_OF_FILE}', 1) AS run
              FROM read_parquet(?, filename = true))
        SELECT episodes.seed, any_value(episodes.episode_return), sum(steps.reward), count(steps.action)
        FROM steps JOIN episodes USING (run, episode) GROUP BY episodes.seed ORDER BY episodes.seed""",
        [str(packed / STEPS), str(packed / EPISODES)],
    ).fetchall()
    assert found == [(seed, (10 + seed) / 2, (10 + seed) / 2, 10 + seed) for seed in range(3)]


def test_polars_scans_all_runs_lazily(packed: Path) -> None:
    loss = (
        polars.scan_parquet(packed / SCALARS, include_file_paths="file")
        .filter(polars.col("tag") == "loss", polars.col("step") >= 1000)
        .with_columns(run=polars.col("file").str.extract(RUN_OF_FILE))
        .group_by("run")
        .agg(polars.len(), first=polars.col("value").min())
        .sort("run")
        .collect()
    )
    assert loss["run"].to_list() == ids(packed)
    assert loss["len"].to_list() == [1000] * 3
    assert sorted(loss["first"].to_list()) == [seed + 1000 / 7 for seed in range(3)]
    steps = polars.read_parquet(packed / STEPS)
    assert steps["action"].null_count() == 3, "no action was taken at the last observation of an episode"
    assert steps["reward"].sum() == (10 + 11 + 12) / 2


def test_row_b13_the_table_of_a_benchmark_is_the_same_to_all(root: Path, tmp_path: Path) -> None:
    returns = {("=ppo", "Pong"): [14.5, -3.25, 1.0], ("dqn", "Pong"): [0.1], ("dqn", "Breakout"): [1.7, 30.5]}
    for (algorithm, task), all_seeds in returns.items():
        for seed, reward in enumerate(all_seeds):
            config = {"algo": algorithm, "env_id": task, "seed": seed}
            run = eg.init("atari", root=root, strict=True, capture_code=False, config=config)
            with run, run.episode(seed=seed) as episode:
                episode.step(observation=np.zeros(2, np.float32), action=0, reward=reward)
                episode.end(observation=np.zeros(2, np.float32), terminated=True)
    asked = ["ethogram", "compare", str(root), "--reps", "200", "-o"]
    paths = {kind: tmp_path / f"table.{kind}" for kind in ("json", "parquet", "npz", "csv")}
    for path in paths.values():
        assert _native.run_cli([*asked, str(path)]) == 0
    told = json.loads(paths["json"].read_text())

    table = polars.read_parquet(paths["parquet"])
    assert table.to_dicts() == told
    names = ", ".join(table.columns)
    assert duckdb.execute(f"SELECT {names} FROM read_parquet(?)", [str(paths["parquet"])]).fetchall() == [
        tuple(row.values()) for row in told
    ]
    arrays = np.load(paths["npz"])
    for name in ("runs", "mean", "sd_population"):
        assert arrays[name].tolist() == table[name].to_list()
    assert polars.read_csv(paths["csv"]).drop("algorithm").rows() == table.drop("algorithm").rows()

    assert [(row["algorithm"], row["task"]) for row in told] == [("=ppo", "Pong"), ("dqn", "Breakout"), ("dqn", "Pong")]
    for row in told:
        scores = returns[row["algorithm"], row["task"]]
        np.testing.assert_allclose(row["mean"], np.mean(scores), rtol=1e-6)
        np.testing.assert_allclose(row["sd_population"], np.std(scores), rtol=1e-6)
        if len(scores) == 1:
            assert row["sd"] is row["mean_low"] is row["iqm_high"] is None
        else:
            np.testing.assert_allclose(row["sd"], np.std(scores, ddof=1), rtol=1e-6)
            assert row["mean_low"] <= row["mean"] <= row["mean_high"]
