"""Finished runs are tables to DuckDB and Polars as they lie: many runs in one question, without Ethogram."""

from __future__ import annotations

import itertools
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


@pytest.fixture
def seeds(root: Path) -> dict[tuple[str, str], list[float]]:
    """Runs of one episode each; their returns by algorithm and task."""
    returns = {("=ppo", "Pong"): [14.5, -3.25, 1.0], ("dqn", "Pong"): [0.1], ("dqn", "Breakout"): [1.7, 30.5]}
    for (algorithm, task), all_seeds in returns.items():
        for seed, reward in enumerate(all_seeds):
            config = {"algo": algorithm, "env_id": task, "seed": seed}
            run = eg.init("atari", root=root, strict=True, capture_code=False, config=config)
            with run, run.episode(seed=seed) as episode:
                episode.step(observation=np.zeros(2, np.float32), action=0, reward=reward)
                episode.end(observation=np.zeros(2, np.float32), terminated=True)
    return returns


def compared(root: Path, folder: Path, part: str) -> tuple[list[dict[str, object]], polars.DataFrame]:
    """A table as JSON and as Polars reads it from Parquet, once it is the same to DuckDB, NumPy and as CSV."""
    paths = {kind: folder / f"{part}.{kind}" for kind in ("json", "parquet", "npz", "csv")}
    for path in paths.values():
        asked = ["ethogram", "compare", str(root), "--reps", "200", "--part", part, "--points", "5", "-o", str(path)]
        assert _native.run_cli(asked) == 0
    told = json.loads(paths["json"].read_text())
    table = polars.read_parquet(paths["parquet"])
    assert table.to_dicts() == told
    names = ", ".join(table.columns)
    assert duckdb.execute(f"SELECT {names} FROM read_parquet(?)", [str(paths["parquet"])]).fetchall() == [
        tuple(row.values()) for row in told
    ]
    arrays = np.load(paths["npz"])
    # Spreadsheets would take `=ppo` for a formula: in CSV a sign stands before it.
    csv = polars.read_csv(paths["csv"], schema_overrides=dict(table.schema))
    for name, column in table.to_dict().items():
        if column.null_count() == 0:
            assert arrays[name].tolist() == column.to_list(), name
        if column.dtype != polars.String:
            assert csv[name].to_list() == column.to_list(), name
    return told, table


def test_row_b13_the_table_of_a_benchmark_is_the_same_to_all(
    root: Path, tmp_path: Path, seeds: dict[tuple[str, str], list[float]]
) -> None:
    told, _ = compared(root, tmp_path, "scores")
    assert [(row["algorithm"], row["task"]) for row in told] == [("=ppo", "Pong"), ("dqn", "Breakout"), ("dqn", "Pong")]
    for row in told:
        scores = seeds[str(row["algorithm"]), str(row["task"])]
        np.testing.assert_allclose(row["mean"], np.mean(scores), rtol=1e-6)
        np.testing.assert_allclose(row["sd_population"], np.std(scores), rtol=1e-6)
        if len(scores) == 1:
            assert row["sd"] is row["mean_low"] is row["iqm_high"] is None
        else:
            np.testing.assert_allclose(row["sd"], np.std(scores, ddof=1), rtol=1e-6)
            assert row["mean_low"] <= row["mean"] <= row["mean_high"]


def test_row_b14_the_other_parts_of_a_benchmark_are_the_same_to_all(
    root: Path, tmp_path: Path, seeds: dict[tuple[str, str], list[float]]
) -> None:
    _, runs = compared(root, tmp_path, "runs")
    assert sorted(runs["score"]) == pytest.approx(sorted(itertools.chain(*seeds.values())), rel=1e-6)

    # On the common scale, of each task from the lowest to the highest, as `eg.stats` has it of the same numbers.
    def scores(algorithm: str, *tasks: str) -> list[tuple[float | None, ...]]:
        of = [runs.filter(polars.col("algorithm") == algorithm, polars.col("task") == task) for task in tasks]
        return list(itertools.zip_longest(*(one["normalized"] for one in of)))

    _, aggregates = compared(root, tmp_path, "aggregates")
    for row in aggregates.iter_rows(named=True):
        for name in ("iqm", "median", "mean", "optimality_gap"):
            found = eg.stats.interval(scores(row["algorithm"], "Breakout", "Pong"), name, reps=200, seed=0)
            assert found == (row[name], row[f"{name}_low"], row[f"{name}_high"]), (row, name)
    [pair], _ = compared(root, tmp_path, "pairs")
    found = eg.stats.probability_of_improvement(scores("=ppo", "Pong"), scores("dqn", "Pong"), reps=200, seed=0)
    assert (pair["x"], pair["y"], pair["tasks"]) == ("=ppo", "dqn", 1)
    assert found == (pair["improvement"], pair["improvement_low"], pair["improvement_high"])
    _, profiles = compared(root, tmp_path, "profiles")
    of_ppo = profiles.filter(polars.col("algorithm") == "=ppo", polars.col("share_of") == "runs")
    profile = eg.stats.performance_profile(scores("=ppo", "Pong"), of_ppo["threshold"].to_numpy(), reps=200, seed=0)
    assert profile.share.tolist() == of_ppo["share"].to_list()
    assert profile.low.tolist() == of_ppo["share_low"].to_list()
    _, curves = compared(root, tmp_path, "curves")
    last = curves.filter(polars.col("task") == "Pong", polars.col("algorithm") == "=ppo").sort("step")[-1]
    assert last["value"].item() == pytest.approx(np.mean(seeds["=ppo", "Pong"]), rel=1e-6)
    assert set(curves["statistic"]) == {"iqm", "mean"}


def test_row_b13_importance_of_parameters_is_the_same_to_all(root: Path, tmp_path: Path) -> None:
    for seed in range(12):
        config = {"lr": 10.0 ** -(seed % 3), "port": seed * 7 % 12, "seed": seed, "env_id": "Pong"}
        run = eg.init("sweep", root=root, strict=True, capture_code=False, config=config)
        with run, run.episode(seed=seed) as episode:
            episode.step(observation=np.zeros(2, np.float32), action=0, reward=float(seed % 3))
            episode.end(observation=np.zeros(2, np.float32), terminated=True)
    [lr, port], table = compared(root, tmp_path, "parameters")
    assert (lr["parameter"], port["parameter"]) == ("lr", "port")
    assert table["permutation"][0] > 1 > table["permutation"][1]
    assert lr["permutation_sd"] > 0
    assert lr["impurity"] + port["impurity"] == pytest.approx(1)
    assert lr["rank_correlation"] == pytest.approx(-1)
