import json
import pathlib

import numpy as np
import pytest

from ethogram import stats
from ethogram.errors import ShapeError

GOLDEN = pathlib.Path(__file__).parents[2] / "crates/ethogram_analysis/testdata/benchmark.json"


@pytest.fixture(scope="module")
def golden():
    return json.loads(GOLDEN.read_text())


def test_row_b14_statistics_are_those_of_rliable(golden):
    for case in golden["cases"].values():
        scores = {"x": np.array(case["x"]["scores"]), "y": np.array(case["y"]["scores"])}
        for at, statistic in enumerate([stats.iqm, stats.median, stats.mean, stats.optimality_gap]):
            found, intervals = statistic(scores), stats.interval(scores, statistic, seed=3)
            for name in scores:
                assert found[name] == pytest.approx(case[name]["aggregates"][at], abs=1e-9)
                assert intervals[name].value == found[name]
                low, high = case[name]["intervals"][at]
                # Bootstraps of 50,000 repetitions differ by less than 3 % of the interval, or by one of few scores.
                room = 0.03 * (high - low) + (1 / scores[name].size if scores[name].shape[1] == 4 else 0)
                assert intervals[name].low == pytest.approx(low, abs=room)
                assert intervals[name].high == pytest.approx(high, abs=room)
        improvement = stats.probability_of_improvement(scores["x"], scores["y"])
        assert improvement.value == pytest.approx(case["improvement"]["value"], abs=1e-9)
        profile = stats.performance_profile(scores["x"], golden["thresholds"], of="tasks")
        np.testing.assert_allclose(profile.share, case["x"]["profile_tasks"]["share"], atol=1e-9)
        assert (profile.low <= profile.share + 1e-9).all() and (profile.high >= profile.share - 1e-9).all()


def test_row_b14_efficiency_curves_are_those_of_rliable(golden):
    case = golden["cases"]["26 tasks, 5 runs"]
    curve = np.stack([np.array(case["x"]["scores"]) * share for share in case["curve"]["share"]], axis=-1)
    found = stats.efficiency_curve(curve)
    np.testing.assert_allclose(found.value, case["curve"]["iqm"], atol=1e-9)
    assert (found.low < found.value).all() and (found.value < found.high).all()


def test_runs_that_were_never_made_are_left_out():
    masked = np.ma.MaskedArray([[1.0, 10.0], [3.0, 99.0]], mask=[[False, False], [False, True]])
    for scores in (masked, [[1.0, 10.0], [3.0, None]]):
        assert stats.mean(scores) == 6.0
        assert stats.iqm(scores) == pytest.approx(14 / 3)
    assert np.isnan(stats.mean([[1.0, np.nan]]))
    assert stats.interval([1.0, np.nan])[1:] == (None, None)


def test_one_run_has_no_interval_and_equal_seeds_give_equal_bits():
    assert stats.interval([[0.5, 0.7]]) == stats.Estimate(0.6, None, None)
    scores = np.random.default_rng(0).normal(size=(5, 6))
    first = stats.interval(scores, reps=2000, seed=4)
    assert first == stats.interval(scores, reps=2000, seed=4) != stats.interval(scores, reps=2000, seed=5)
    worse = stats.difference(scores, scores + 1, "mean", reps=2000)
    assert worse.value == pytest.approx(-1) and worse.high < 0
    assert np.isnan(stats.performance_profile([1.0], [0.5]).low).all()


def test_row_b13_scores_of_atari_games_are_scaled_from_chance_to_people():
    found = stats.human_normalized([[-20.7, 30.5], [14.6, None]], ["ALE/Pong-v5", "BreakoutNoFrameskip-v4"])
    assert found[0, 0] == 0 and found[1, 0] == 1 and found[0, 1] == 1 and found.mask[1, 1]
    assert stats.iqm(found) == pytest.approx(2 / 3)
    with pytest.raises(ShapeError, match="expected Atari games with scores of people, found 'CartPole-v1'"):
        stats.human_normalized([[1.0]], ["CartPole-v1"])


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: stats.iqm([]), "scores expected 1 to 1,000,000 of them, found 0"),
        (lambda: stats.iqm(np.zeros((2, 2, 2))), r"expected runs by tasks, found shape \[2, 2, 2\]"),
        (lambda: stats.iqm([["a"]]), "expected numbers, runs by tasks"),
        (lambda: stats.interval([1.0, 2.0], "mode"), "expected iqm, median, mean or optimality_gap, found \"mode\""),
        (lambda: stats.interval([1.0, 2.0], reps=0), "reps expected 1 to 1,000,000, found 0"),
        (lambda: stats.probability_of_improvement([[1.0, 2.0]], [1.0]), "y has 1 rows, expected 2"),
        (lambda: stats.performance_profile([1.0, 2.0], [0.0], of="seeds"), "of: expected runs or tasks"),
        (lambda: stats.efficiency_curve([1.0]), "expected runs by tasks by points"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_named(call, says):
    with pytest.raises(ShapeError, match=says):
        call()


def test_differences_are_of_the_same_tasks() -> None:
    with pytest.raises(ShapeError, match="y: expected 2 tasks, as many as x, found 1"):
        stats.difference([[1.0, 2.0]], [[1.0]])
