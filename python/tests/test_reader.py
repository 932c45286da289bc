"""Runs as NumPy, Arrow, pandas and Polars, nothing changed and nothing made up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import reopened, rows

import ethogram as eg
from ethogram.errors import NotFoundError


@pytest.fixture
def view(run: eg.Run) -> eg.RunView:
    for step in range(5):
        run.log({"loss": step / 3, "count": step}, global_step=step * 10)
    with run.episode(seed=4) as episode:
        for t in range(3):
            said = {"note": "x"} if t == 1 else {}
            episode.step(
                observation=np.full((2, 2), t, np.float32),
                action=t,
                lives=np.uint8(t),
                reward=t + 0.5,
                value=1.0,
                terminated=t == 2,
                **said,
            )
        episode.end(observation=np.full((2, 2), 3, np.float32))
    return reopened(run)


def test_numpy(view: eg.RunView) -> None:
    loss = view.scalars("loss")
    assert loss.rows == 5
    assert loss["value"].numpy().tolist() == [step / 3 for step in range(5)]
    assert np.asarray(loss["step"]).dtype == np.int64
    assert set(loss.numpy()) == {"step", "time_us", "value"}
    assert view.episode(0).field("observation").numpy().shape == (4, 2, 2)


def test_columns_are_read_row_by_row(view: eg.RunView) -> None:
    episode = view.episode(0)
    reward, action, note = episode.field("reward"), episode.field("action"), episode.field("note")
    assert (reward[0], reward[:2].tolist(), np.isnan(reward[-1])) == (0.5, [0.5, 1.5], True)
    assert action[3] is np.ma.masked
    assert list(note) == [None, "x", None, None]
    assert [row.shape for row in episode.field("observation")] == [(2, 2)] * 4
    assert list(view.scalars("loss")["step"][[True, False, True, False, False]]) == [0, 20]


def test_functions_of_numpy_take_no_missing_row_for_a_number(view: eg.RunView) -> None:
    action = view.episode(0).field("action")
    assert np.array_equal(np.asarray(action), [0, 1, 2, np.nan], equal_nan=True)
    assert np.isnan(np.mean(action))
    assert np.nanmean(action) == 1.0


def test_arrow(view: eg.RunView) -> None:
    pa = pytest.importorskip("pyarrow")
    episode = view.episode(0)
    assert episode.field("action").arrow().to_pylist() == [0, 1, 2, None]
    assert episode.field("lives").arrow().type == pa.uint8()
    assert episode.field("observation").arrow().to_pylist()[1] == [[1, 1], [1, 1]]
    assert episode.field("note").arrow().to_pylist() == [None, "x", None, None]
    assert episode.field("terminated").arrow().to_pylist() == [False, False, True, None]
    table = view.episodes().arrow()
    assert table.column("seed").to_pylist() == [4]
    assert pa.table(view.scalars("loss")).num_rows == 5
    assert pa.array(episode.field("reward")).to_pylist() == [0.5, 1.5, 2.5, None]


def test_pandas(view: eg.RunView) -> None:
    pd = pytest.importorskip("pandas")
    frame = view.scalars("loss").pandas()
    assert list(frame.columns) == ["step", "time_us", "value"]
    assert frame["value"].mean() == pytest.approx(2 / 3)
    action = view.episode(0).field("action").pandas()
    assert action.tolist()[:3] == [0, 1, 2]
    assert action.iloc[3] is pd.NA
    reward = view.episode(0).field("reward").pandas()
    assert (reward.sum(), reward.isna().sum()) == (4.5, 1)
    assert view.episode(0).field("terminated").pandas().isna().tolist() == [False, False, False, True]
    assert view.episode(0).field("note").pandas().isna().tolist() == [True, False, True, True]
    assert view.episodes().pandas()["agent"].isna().all()


def test_polars(view: eg.RunView) -> None:
    pl = pytest.importorskip("polars")
    frame = view.scalars("loss").polars()
    assert frame.select(pl.col("value").max()).item() == pytest.approx(4 / 3)
    assert view.episode(0).field("action").polars().to_list() == [0, 1, 2, None]
    assert view.episode(0).field("note").polars().to_list() == [None, "x", None, None]
    assert view.episode(0).field("observation").polars().shape == (4,)
    assert pl.DataFrame(view.episodes()).shape[0] == 1
    assert view.episodes().polars()["seed"].to_list() == [4]


def test_derived_fields_are_read_like_logged_ones(view: eg.RunView) -> None:
    episode = view.episode(0)
    assert "return_to_go" in episode.derived
    discounted = episode.field("return_to_go", gamma=0.5).numpy()[:3]
    np.testing.assert_allclose(discounted, [0.5 + 0.5 * (1.5 + 0.5 * 2.5), 1.5 + 0.5 * 2.5, 2.5], rtol=1e-6)
    # With the value 1 everywhere and lambda 0 it is the one-step error; the last step ended the task.
    errors = episode.field("advantage", gamma=0.9, lambda_=0.0).numpy()[:3]
    np.testing.assert_allclose(errors, [0.5 + 0.9 - 1, 1.5 + 0.9 - 1, 2.5 - 1], rtol=1e-6)
    with pytest.raises(ValueError, match="gamma"):
        episode.field("advantage", gamma=2.0)


def test_what_is_not_there_is_named(view: eg.RunView, root: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no tag 'lose'; there are count, .*loss"):
        view.scalars("lose")
    with pytest.raises(NotFoundError, match="no episode 7"):
        view.episode(7)
    with pytest.raises(NotFoundError, match='no field "obs"'):
        view.episode(0).field("obs")
    with pytest.raises(NotFoundError, match=r"expected a folder with run\.json"):
        eg.open(root / "nothing")
    with pytest.raises(NotFoundError, match="a run that could not start has no folder"):
        eg.open(None)
    with pytest.raises(NotFoundError):
        view.blob("0" * 32)


def test_a_tag_on_two_axes_needs_its_axis(run: eg.Run) -> None:
    run.log({"a": 1.0}, global_step=1)
    run.log({"a": 1.0}, episode=1)
    with pytest.raises(NotFoundError, match=r"lies on the axes .*; pass axis="):
        reopened(run).scalars("a")


def test_returns_of_episodes_are_curves_that_nobody_logged(run: eg.Run) -> None:
    for reward in (1.0, 2.0):
        with run.episode() as episode:
            for _ in range(3):
                episode.step(reward=reward)
    view = reopened(run)
    assert {"episode_return", "episode_length"} <= set(view.tags)
    assert view.scalars("episode_return")["value"].numpy().tolist() == [3.0, 6.0]
    assert view.scalars("episode_length")["step"].numpy().tolist() == [0, 1]


def test_nothing_written_yet_is_said(run: eg.Run) -> None:
    with pytest.raises(NotFoundError, match="nothing was written"):
        eg.open(run)


def test_a_view_shows_itself(view: eg.RunView) -> None:
    assert "tests/" in repr(view)
    assert repr(view.episode(0)) == "<ethogram.EpisodeView 0: 3 steps, return 4.5, terminated>"
    assert repr(view.scalars("loss")) == "<ethogram.Table 5 rows of step, time_us, value>"
    assert repr(view.episode(0).field("observation")) == "<ethogram.Column 'observation' float32 (4, 2, 2)>"


def test_no_library_is_imported_before_it_is_asked_for() -> None:
    import subprocess
    import sys

    libraries = {"numpy", "pyarrow", "pandas", "polars", "gymnasium", "pettingzoo", "torch"}
    script = f"import sys, ethogram; print(sorted({libraries} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_damage_is_told_and_the_rest_is_read(loose: eg.Run) -> None:
    for step in range(3):
        loose.log({"a": float(step)}, global_step=step)
        loose.flush()
    folder = loose.folder
    assert folder is not None
    (segment,) = folder.glob("w-*/scalars/*.arrows")
    data = bytearray(segment.read_bytes())
    data[-40] ^= 1
    segment.write_bytes(data)
    damaged = eg.open(folder)
    values: Any = damaged.scalars("a")["value"].numpy().tolist()
    assert values == [0.0, 1.0]
    assert damaged.lost
    assert rows(damaged.scalars("a"))[0]["step"] == 0
    with pytest.warns(eg.EthogramWarning, match="segments could not be sealed and stay as they are: checksum"):
        loose.finish()
    assert eg.open(folder).scalars("a")["value"].numpy().tolist() == [0.0, 1.0]


def test_missing_rows_are_never_numbers(run: eg.Run) -> None:
    with run.episode() as episode:
        episode.step(observation=[1.0], action=3, reward=1.0)
        episode.step(observation=[2.0], action=4, reward=float("nan"), terminated=True)
        episode.end(observation=[3.0])
    run.finish()
    found = eg.open(run).episode(0)
    actions = found.field("action").numpy()
    assert actions.tolist() == [3, 4, None]
    assert actions.sum() == 7
    rewards = found.field("reward")
    np.testing.assert_array_equal(rewards.numpy(), [1.0, np.nan, np.nan])
    assert rewards.valid.tolist() == [True, True, False]


@pytest.mark.parametrize("index", [-1, "3"])
def test_what_is_no_index_of_an_episode_is_said(run: eg.Run, index: Any) -> None:
    run.log({"loss": 1.0}, global_step=0)
    with pytest.raises(NotFoundError, match=f"episode: expected an index, a whole number from 0, found {index!r}"):
        eg.open(run).episode(index)


def test_a_run_is_found_by_its_id_the_beginning_of_it_and_its_name(root: Path) -> None:
    made = []
    for project, name in (("a", "dqn"), ("a", "ppo pong"), ("b", "dqn")):
        with eg.init(project, name=name, root=root, capture_code=False) as run:
            run.log({"x": 1.0}, global_step=0)
        made.append(run)
    one, two, three = made
    assert eg.open("ppo pong", root=root).info["id"] == two.id
    for run in made:
        assert eg.open(run.id, root=root).info["id"] == run.id
        assert eg.open(run.id[:-1].lower(), root=root).info["id"] == run.id
    with pytest.raises(NotFoundError, match=rf"expected one run 'dqn', found 2 .*{one.id}, {three.id}"):
        eg.open("dqn", root=root)
    told = r"no run 'ppo' \(did you mean 'ppo pong'\?\): expected a folder with run\.json, or the id or the name of"
    with pytest.raises(NotFoundError, match=told):
        eg.open("ppo", root=root)
    with pytest.raises(NotFoundError, match=r"no run 'dqm' \(did you mean 'dqn'\?\)"):
        eg.open("dqm", root=root)
    with pytest.raises(NotFoundError, match=r"no run 'zzzz': expected .* under \S+nowhere, which is no folder"):
        eg.open("zzzz", root=root / "nowhere")
    with pytest.raises(NotFoundError, match=r"or the id of a run"):
        eg.init(resume="ppo pong", root=root)
    with pytest.raises(NotFoundError, match=r"resume: expected a run that was written, found .* nothing is there"):
        eg.init(resume=eg.init(root=root), root=root)
