"""A script that logs by PyTorch's `SummaryWriter` changes one import."""

from __future__ import annotations

import uuid
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from environments import Counter

import ethogram as eg
from ethogram.summary import SummaryWriter, parameters_of

CLEANRL = "CartPole-v1__ppo__3__1700000000"
# Chance words: what is committed, or not yet, is kept with a run, and may hold any other.
SECRET = uuid.uuid4().hex
TABLE = (
    f"|param|value|\n|-|-|\n|gamma|0.98|\n|env_id|CartPole-v1|\n|anneal_lr|True|\n|target_kl|None|\n|hf_token|{SECRET}|"
)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[SummaryWriter]:
    with SummaryWriter(tmp_path / "runs" / CLEANRL) as writer:
        yield writer


def reopened(writer: SummaryWriter) -> eg.RunView:
    writer.close()
    return eg.open(writer.run)


def test_a_table_of_hyper_parameters_becomes_the_configuration(writer: SummaryWriter) -> None:
    writer.add_text("hyperparameters", TABLE)
    writer.add_scalar("charts/SPS", 100, 8)
    info = reopened(writer).info
    config = info["config"]
    assert (config["gamma"], config["env_id"], config["anneal_lr"], config["target_kl"]) == (
        0.98,
        "CartPole-v1",
        True,
        None,
    )
    assert SECRET not in str(info)
    assert info["gamma"] == 0.98
    assert (info["project"], info["name"], info["group"]) == ("CartPole-v1", CLEANRL, "CartPole-v1__ppo")


def test_a_table_that_comes_late_stays_a_text(writer: SummaryWriter) -> None:
    writer.add_scalar("a", 1, 1)
    writer.add_text("hyperparameters", TABLE, 1)
    view = reopened(writer)
    assert view.info["config"] == {}
    assert view.tensors("hyperparameters")[0].text() == TABLE.replace(SECRET, "[hidden]")


def test_hyper_parameters_that_come_late_lose_their_secrets(writer: SummaryWriter) -> None:
    writer.add_scalar("a", 1, 1)
    writer.add_hparams({"lr": 0.1, "api_key": SECRET, "optimiser": {"token": SECRET}}, {"score": 1.0})
    writer.add_text("run/args", f"Namespace(lr=0.1, api_key='{SECRET}')\n| cfg | {{'password': '{SECRET}'}} |", 1)
    view = reopened(writer)
    hparams, arguments = (view.tensors(tag)[0].text() for tag in ("hparams", "run/args"))
    assert hparams == "|param|value|\n|-|-|\n|lr|0.1|\n|api_key|[hidden]|\n|optimiser|{'token': '[hidden]'}|"
    assert SECRET not in arguments
    assert "lr=0.1" in arguments
    assert view.scalars("score")["value"].numpy().tolist() == [1.0]


def test_what_is_no_table_has_no_parameters() -> None:
    assert parameters_of("just words | and a bar") == {}
    assert parameters_of("|a|[1, 2]|\n|b|x|y|") == {"a": [1, 2], "b": "x|y"}


def test_every_kind_of_value_arrives(writer: SummaryWriter) -> None:
    writer.add_scalar("losses/value_loss", np.float32(0.5), 10, 1_700_000_000.0)
    writer.add_scalars("both", {"a": 1, "b": 2.0}, global_step=11)
    writer.add_histogram("weights", np.arange(1000.0), 10)
    writer.add_histogram_raw("counted", 0, 3, 6, 0, 0, [1, 2, 3], [1, 2, 3], 10)
    pixels = np.random.default_rng(0).integers(0, 256, (3, 4, 5), np.uint8)
    writer.add_image("picture", pixels, 10)
    writer.add_images("pictures", pixels[None].repeat(2, 0), 10)
    writer.add_image("plain", pixels[0], 10, dataformats="HW")
    writer.add_text("note", "hello", 10)
    writer.add_tensor("tensor", np.arange(3), 10)
    writer.add_hparams({"lr": 1e-3}, {"hparam/return": 5.0})
    view = reopened(writer)
    points = view.scalars("losses/value_loss")
    assert (points["step"].numpy().tolist(), points["value"].numpy().tolist()) == ([10], [0.5])
    assert points["time_us"].numpy().tolist() == [1_700_000_000_000_000]
    assert view.scalars("both/b")["value"].numpy().tolist() == [2.0]
    assert view.scalars("hparam/return")["value"].numpy().tolist() == [5.0]
    _, counts = view.tensors("weights")[0].numpy()
    assert counts.sum() == 1000
    assert view.tensors("counted")[0].meta["edges"] == [0, 1, 2, 3]
    np.testing.assert_array_equal(view.tensors("picture")[0].numpy(), pixels.transpose(1, 2, 0))
    np.testing.assert_array_equal(view.tensors("pictures/1")[0].numpy(), pixels.transpose(1, 2, 0))
    np.testing.assert_array_equal(view.tensors("plain")[0].numpy()[..., 0], pixels[0])
    assert view.tensors("note")[0].text() == "hello"
    assert "|lr|0.001|" in view.tensors("hparams")[0].text()


def test_a_call_without_a_step_has_the_last(writer: SummaryWriter) -> None:
    writer.add_scalar("a", 1, 10)
    writer.add_scalar("b", 2)
    assert reopened(writer).scalars("b")["step"].numpy().tolist() == [10]


def test_calls_without_a_step_are_points_of_their_own(writer: SummaryWriter) -> None:
    for value in range(5):
        writer.add_scalar("loss", float(value))
    assert writer.run.global_step == 0
    env = eg.record(Counter(), writer.run)
    env.reset(seed=0)
    env.step(0)
    writer.add_scalar("loss", 5.0)
    writer.add_scalar("late", 0.0, 100)
    writer.add_scalar("late", 1.0)
    writer.add_scalar("other", 2.0)
    view = reopened(writer)
    points = {
        tag: (view.scalars(tag)["step"].numpy().tolist(), view.scalars(tag)["value"].numpy().tolist())
        for tag in ("loss", "late", "other")
    }
    assert points["loss"] == ([0, 1, 2, 3, 4, 5], [0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    assert points["late"] == ([100, 101], [0.0, 1.0])
    assert points["other"] == ([100], [2.0])


def test_what_has_no_meaning_is_told_once_and_counted(writer: SummaryWriter) -> None:
    with pytest.warns(eg.EthogramWarning, match="add_graph is not kept") as told:
        for _ in range(3):
            writer.add_graph(object(), verbose=True)
    assert len(told) == 1
    with pytest.warns(eg.EthogramWarning, match="add_image is not kept; ValueError"):
        writer.add_image("picture", np.zeros((2, 2, 2, 2)), 1)
    with pytest.warns(eg.EthogramWarning, match="kept as an array"):
        writer.add_video("video", np.zeros((1, 2, 3, 4, 5), np.uint8), 1, fps=30)
    assert dict(writer.skipped) == {"add_graph": 3, "add_image": 1, "add_video as a film": 1}
    with pytest.raises(AttributeError):
        writer.no_such_thing()
    view = reopened(writer)
    assert (view.tensors("video")[0].meta["fps"], view.tensors("video")[0].numpy().shape) == (30, (1, 2, 3, 4, 5))


def test_where_warnings_are_errors_nothing_is_raised(writer: SummaryWriter) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        writer.add_graph(None)
    assert writer.skipped["add_graph"] == 1


def test_a_run_of_ones_own_is_not_finished(run: eg.Run) -> None:
    with SummaryWriter(run=run) as writer:
        writer.add_scalar("a", 1, 1)
    run.log({"a": 2}, global_step=2)
    run.finish()
    assert eg.open(run).scalars("a")["value"].numpy().tolist() == [1, 2]


def test_an_exception_marks_the_run_as_crashed(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), SummaryWriter(tmp_path / "runs" / "x") as writer:
        writer.add_scalar("a", 1, 1)
        raise RuntimeError
    assert eg.open(writer.run).status["state"] == "crashed"
