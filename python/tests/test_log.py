"""D-1, B-1: what a call of `log` keeps, and what it does with what cannot be kept."""

from __future__ import annotations

import argparse
import array
import enum
import json
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import reopened

import ethogram as eg
from ethogram.errors import ClosedError, ShapeError, StepError, UnsupportedValueError


class Torchlike:
    """What a tensor of PyTorch answers to: no buffer, `__array__` only once detached and on the CPU."""

    def __init__(self, values: Any, free: bool = False, brain: bool = False) -> None:
        self.values, self.free, self.brain = np.asarray(values), free, brain

    def __len__(self) -> int:
        return len(self.values)

    def __float__(self) -> float:
        return float(self.values)

    def detach(self) -> Torchlike:
        return Torchlike(self.values, free=False, brain=self.brain)

    def cpu(self) -> Torchlike:
        return Torchlike(self.values, free=True, brain=self.brain)

    def float(self) -> Torchlike:
        return Torchlike(self.values, self.free)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        if not self.free:
            raise RuntimeError("can't convert a tensor that requires grad, or of a GPU")
        if self.brain:
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self.values


class Variable:
    """What a variable of TensorFlow answers to: axes, but no length."""

    def __init__(self, values: Any) -> None:
        self.values = np.asarray(values)
        self.shape = self.values.shape

    def __float__(self) -> float:
        return float(self.values)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self.values


class Dlpacked:
    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def __dlpack__(self, **options: Any) -> Any:
        return self.values.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.values.__dlpack_device__()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.5, 1.5),
        (3, 3.0),
        (True, 1.0),
        (2**62, 2.0**62),
        (math.inf, math.inf),
        (np.float64(0.1), 0.1),
        (np.float32(0.1), float(np.float32(0.1))),
        (np.float16(0.5), 0.5),
        (np.int8(-3), -3.0),
        (np.bool_(True), 1.0),
        (np.array(2.5), 2.5),
        (np.array([7], np.int32), 7.0),
        (np.array([[0.25]], np.float32), 0.25),
        (Torchlike([2.5]), 2.5),
        (Variable(1.5), 1.5),
        ([4.5], 4.5),
    ],
    ids=repr,
)
def test_row_d1_a_number_of_any_kind_is_a_scalar(run: eg.Run, value: Any, expected: float) -> None:
    run.log({"loss": value}, global_step=7)
    points = reopened(run).scalars("loss")
    assert points["step"].numpy().tolist() == [7]
    assert points["value"].numpy().tolist() == [expected]


ARRAYS = [
    *(
        np.arange(6).astype(dtype)
        for dtype in ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")
    ),
    *(np.linspace(-1, 1, 6).astype(dtype) for dtype in ("float16", "float32", "float64")),
    np.array([True, False, True]),
    np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    np.arange(24, dtype=np.float32).reshape(2, 3, 4).transpose(2, 0, 1),
    np.arange(4000, dtype=np.float64).reshape(40, 100),
    np.arange(8000, dtype=np.float64).reshape(80, 100)[::2, ::-1],
    np.zeros((2, 0, 3), np.float32),
    np.array([True, False] * 3).reshape(3, 2).T,
    np.array([math.nan, -0.0, math.inf], np.float32),
]


@pytest.mark.parametrize("values", ARRAYS, ids=lambda values: f"{values.dtype}{values.shape}")
def test_row_d1_an_array_is_kept_to_the_bit(run: eg.Run, values: np.ndarray) -> None:
    run.log({"weights": values}, global_step=1)
    (found,) = reopened(run).tensors("weights")
    assert (found.step, found.kind) == (1, "tensor")
    kept = found.numpy()
    assert (kept.dtype, kept.shape) == (values.dtype, values.shape)
    assert kept.tobytes() == np.ascontiguousarray(values).tobytes()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Torchlike([1.0, 2.0]), np.array([1.0, 2.0])),
        (Torchlike(np.array([1.0, 2.0], np.float32), brain=True), np.array([1, 2], np.float32)),
        (Dlpacked(np.array([1, 2], np.int16)), np.array([1, 2], np.int16)),
        (Variable(np.ones((2, 3), np.float32)), np.ones((2, 3), np.float32)),
        (array.array("f", [1, 2]), np.array([1, 2], np.float32)),
        (memoryview(b"\x01\x02"), np.array([1, 2], np.uint8)),
        ([[1, 2], [3, 4]], np.array([[1, 2], [3, 4]], np.int64)),
        ((1, 2.5), np.array([1, 2.5])),
    ],
    ids=lambda value: type(value).__name__,
)
def test_row_d1_arrays_of_other_frameworks_are_kept(run: eg.Run, value: Any, expected: np.ndarray) -> None:
    run.log({"x": value}, global_step=1)
    (found,) = reopened(run).tensors("x")
    np.testing.assert_array_equal(found.numpy(), expected, strict=True)


def test_what_is_logged_is_copied_at_once(run: eg.Run) -> None:
    values = np.zeros(1000, np.float32)
    run.log({"x": values}, global_step=1)
    values[:] = 1
    assert not reopened(run).tensors("x")[0].numpy().any()


def test_missing_is_missing_and_nan_is_a_value(run: eg.Run) -> None:
    run.log({"a": None, "b": math.nan}, global_step=1)
    view = reopened(run)
    assert view.tags == ["b"]
    assert math.isnan(view.scalars("b")["value"].numpy()[0])


def test_a_nested_dict_is_flattened(run: eg.Run) -> None:
    run.log({"losses": {"td": 1.0, "aux": {"kl": np.float32(2)}}, "lr": 3}, global_step=1)
    assert reopened(run).tags == ["losses/aux/kl", "losses/td", "lr"]


def test_texts_pictures_and_distributions(run: eg.Run) -> None:
    run.log(
        {
            "note": "began",
            "long": eg.Text("x"),
            "weights": eg.Tensor(np.ones((1, 1), np.float32), meta={"layer": 2}),
            "actions": eg.Distribution([0, 1, 1, 3]),
            "returns": eg.Distribution(np.arange(1000), bins=10),
            "given": eg.Histogram(counts=[2, 0, 1], edges=[0, 1, 2, 4]),
            "grey": eg.Image(np.full((2, 3), 0.5)),
            "rgb": eg.Image(np.zeros((2, 3, 3), np.uint8), caption="dark"),
        },
        global_step=5,
    )
    view = reopened(run)
    found = {tag: view.tensors(tag)[0] for tag in view.tensor_tags}
    assert {tag: tensor.kind for tag, tensor in found.items()} == {
        "note": "text", "long": "text", "weights": "tensor", "actions": "distribution", "returns": "distribution",
        "given": "distribution", "grey": "image", "rgb": "image",
    }  # fmt: skip
    assert found["note"].text() == "began"
    assert (found["weights"].numpy().shape, found["weights"].meta) == ((1, 1), {"layer": 2})
    assert found["actions"].numpy().tolist() == [[0, 1, 3], [1, 2, 1]]
    assert found["returns"].numpy()[1].tolist() == [100] * 10
    assert found["returns"].meta["edges"] == np.histogram(np.arange(1000), bins=10)[1].tolist()
    assert (found["given"].numpy().tolist(), found["given"].meta["edges"]) == ([[0, 1, 2], [2, 0, 1]], [0, 1, 2, 4])
    assert found["grey"].numpy().tolist() == [[[128]] * 3] * 2
    assert (found["rgb"].numpy().shape, found["rgb"].meta) == ((2, 3, 3), {"caption": "dark"})


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "?"])
def test_a_byte_order_that_is_written_out_is_no_matter(run: eg.Run, dtype: str) -> None:
    values = np.arange(6).reshape(2, 3).astype(np.dtype(dtype).newbyteorder("<"))
    run.log({"whole": values, "turned": values.T, "large": np.tile(values, (1, 1000))}, global_step=1)
    view = reopened(run)
    for name, expected in [("whole", values), ("turned", values.T), ("large", np.tile(values, (1, 1000)))]:
        assert np.array_equal(view.tensors(name)[0].numpy(), expected), name


def test_a_picture_of_pillow_is_kept(run: eg.Run) -> None:
    image = pytest.importorskip("PIL.Image")
    run.log({"shot": eg.Image(image.new("RGB", (4, 2), (1, 2, 3)))}, global_step=1)
    assert reopened(run).tensors("shot")[0].numpy().tolist() == [[[1, 2, 3]] * 4] * 2


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (np.array([1 + 2j]), UnsupportedValueError, 'field "x": expected elements of a boolean'),
        (np.array([1.0, 2.0], ">f4"), UnsupportedValueError, "native byte order"),
        (np.array([object()]), UnsupportedValueError, 'field "x"'),
        (object(), UnsupportedValueError, 'field "x": expected a number, a text or an array, found object'),
        ([[1, 2], [3]], ShapeError, "ragged list: expected 2 elements, found 1"),
        ([1, [2]], ShapeError, "ragged"),
        (eg.Image(np.zeros((3, 2, 2), np.uint8)), ShapeError, "put channels last"),
        (eg.Histogram([1, 2], [0, 1]), ShapeError, "K \\+ 1 edges, found 2 and 2"),
        (eg.Distribution([1.0], bins=0), ShapeError, "found 0"),
    ],
)
def test_what_cannot_be_kept_is_named(run: eg.Run, value: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        run.log({"x": value}, global_step=1)


def test_a_fault_is_told_once_and_counted_and_the_rest_is_kept(loose: eg.Run) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for step in range(5):
            loose.log({"good": step, "bad": object(), 3: 1.0}, global_step=step)
    assert [str(warning.message).split(" (")[0] for warning in told] == [
        'field "bad": expected a number, a text or an array, found object; convert it with numpy.asarray first',
        "expected names that are strings, found 3",
    ]
    assert all(warning.category is eg.EthogramWarning for warning in told)
    assert loose.faults == {"bad": 5, "name": 5}
    assert len(reopened(loose).scalars("good")["step"]) == 5


def test_four_reasons_of_a_kind_are_told_and_numbers_in_them_make_no_new_one(loose: eg.Run) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for step in range(100):
            loose._settle("checkpoint", eg.EthogramError(f"step {step}: the disk was full"))
        for letter in "abcdef":
            loose._settle("checkpoint", eg.EthogramError(f"the layer {letter} is unknown"))
    assert [str(warning.message).split(" (")[0] for warning in told] == [
        "step 0: the disk was full",
        *(f"the layer {letter} is unknown" for letter in "abc"),
    ]
    assert loose.faults == {"checkpoint": 106}


def test_a_fault_does_not_raise_where_warnings_are_errors(loose: eg.Run, capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loose.log({"x": object()}, global_step=1)
    assert 'field "x"' in capsys.readouterr().err


def test_a_bad_name_costs_only_its_own_value(loose: eg.Run) -> None:
    with pytest.warns(eg.EthogramWarning, match="control"):
        loose.log({"a": 1.0, "b\n": 2.0, "c": 3.0}, global_step=1)
    assert reopened(loose).tags == ["a", "c"]


@pytest.mark.parametrize("values", [3.0, [1.0], "loss", None])
def test_log_wants_a_dict(run: eg.Run, values: Any) -> None:
    with pytest.raises(UnsupportedValueError, match="expected a dict of names and values"):
        run.log(values, global_step=1)


def test_a_call_without_a_step_lies_at_the_last(run: eg.Run) -> None:
    with pytest.raises(StepError, match="pass global_step="):
        run.log({"a": 1.0})
    run.log({"a": 1.0}, global_step=10)
    run.log({"b": 2.0})
    run.log({"a": 3.0}, global_step=np.int64(20))
    run.log({"b": 4.0})
    assert run.global_step == 20
    assert reopened(run).scalars("b")["step"].numpy().tolist() == [10, 20]


def test_calls_without_any_step_are_numbered(loose: eg.Run) -> None:
    for value in range(3):
        loose.log({"a": value})
    assert reopened(loose).scalars("a")["step"].numpy().tolist() == [0, 1, 2]


def test_calls_before_the_first_step_of_an_environment_are_no_steps_of_it(loose: eg.Run) -> None:
    for value in range(2):
        loose.log({"a": value})
    with loose.episode() as episode:
        for _ in range(3):
            episode.step(reward=1.0)
    assert loose.global_step == 3


@pytest.mark.parametrize("step", ["3", 1.5, math.nan, object()])
def test_a_step_that_is_none_is_refused(run: eg.Run, step: Any) -> None:
    with pytest.raises(StepError, match="expected an integer for global_step"):
        run.log({"a": 1.0}, global_step=step)


def test_values_measured_earlier_keep_their_time(run: eg.Run) -> None:
    run.log({"a": 1.0}, global_step=1, time=1_700_000_000.5)
    with pytest.raises(TypeError, match="real number"):
        run.log({"a": 1.0}, global_step=2, time="noon")
    assert reopened(run).scalars("a")["time_us"].numpy().tolist() == [1_700_000_000_500_000]


def test_the_newest_of_a_step_wins(run: eg.Run) -> None:
    run.log({"a": 1.0}, global_step=1)
    run.log({"a": 2.0}, global_step=1)
    assert reopened(run).scalars("a")["value"].numpy().tolist() == [2.0]


def test_the_axis_of_episodes(run: eg.Run) -> None:
    run.log({"eval": 1.0}, episode=4)
    run.log({"eval": 2.0}, global_step=100)
    view = reopened(run)
    assert view.scalars("eval", axis="episode")["step"].numpy().tolist() == [4]
    assert view.scalars("eval", axis="global_step")["step"].numpy().tolist() == [100]


def test_a_finished_run_takes_nothing_and_says_so_once(loose: eg.Run) -> None:
    loose.log({"a": 1.0}, global_step=1)
    loose.finish()
    with pytest.warns(eg.EthogramWarning, match="the run is finished") as told:
        for step in range(3):
            loose.log({"a": 2.0}, global_step=step)
    assert len(told) == 1
    assert eg.open(loose.folder).scalars("a")["value"].numpy().tolist() == [1.0]


def test_a_strict_finished_run_raises(run: eg.Run) -> None:
    run.log({"a": 1.0}, global_step=1)
    run.finish()
    with pytest.raises(ClosedError):
        run.log({"a": 1.0}, global_step=2)


def test_a_disabled_run_writes_nothing(root: Any) -> None:
    run = eg.init("tests", root=root, mode="disabled", strict=True)
    run.log({"a": object()})
    with run.episode() as episode:
        episode.step(observation=[1.0], reward=1.0)
    assert run.checkpoint(b"x") is None
    run.finish()
    assert run.folder is None
    assert not root.exists()


def test_many_threads_log_at_once(run: eg.Run) -> None:
    import threading

    def work(number: int) -> None:
        for step in range(500):
            run.log({f"t{number}": step, "array": np.full(10, step)}, global_step=step)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    view = reopened(run)
    for number in range(8):
        assert view.scalars(f"t{number}")["value"].numpy().tolist() == list(range(500))


def test_a_full_queue_that_blocks_loses_nothing(root: Any) -> None:
    run = eg.init("tests", root=root, strict=True, when_full="block", queue_bytes=100_000, capture_code=False)
    for step in range(300):
        run.log({"x": np.full(2000, step, np.float32)}, global_step=step)
    assert len(reopened(run).tensors("x")) == 300


def test_a_full_queue_that_drops_counts(root: Any) -> None:
    run = eg.init("tests", root=root, queue_bytes=10_000, capture_code=False)
    run.log({"a": 1.0}, global_step=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for step in range(3000):
            run.log({"x": np.full(2000, step, np.float32)}, global_step=step)
    dropped = run.counters["dropped"]
    assert dropped == run.faults["storage"] > 0
    assert len(reopened(run).tensors("x")) == 3000 - dropped


def test_a_tag_alone_is_one_tag(root: Path) -> None:
    with eg.init("tests", root=root, tags="baseline", capture_code=False) as run:
        run.log({"a": 1.0}, global_step=0)
    assert run.folder is not None
    assert json.loads((run.folder / "run.json").read_text())["tags"] == ["baseline"]
    with pytest.raises(ValueError, match=r"tags: expected texts, .* found 3"):
        eg.init("tests", root=root, tags=3)  # type: ignore[arg-type]


def test_what_belongs_to_the_run_is_found_there() -> None:
    with pytest.raises(
        AttributeError, match=r"no attribute 'log'; it is a method of the run that ethogram\.init returns"
    ):
        eg.log({"a": 1.0})  # type: ignore[attr-defined]
    with pytest.raises(AttributeError, match=r"no attribute 'sweep'$"):
        eg.sweep  # type: ignore[attr-defined] # noqa: B018


def test_a_configuration_without_names_is_told_once(root: Path) -> None:
    with pytest.warns(
        eg.EthogramWarning, match="config: expected a mapping.*found Path; it is not kept by name"
    ) as told:
        run = eg.init("tests", root=root, config=type("Path", (), {})(), capture_code=False)
    assert len(told) == 1
    assert list(run.config) == ["value"]
    run.finish()


def test_a_configuration_that_is_added_may_be_a_namespace(loose: eg.Run) -> None:
    assert loose.update_config(argparse.Namespace(gamma=0.9, lr=0.1))
    with pytest.warns(eg.EthogramWarning, match="found int"):
        assert not loose.update_config(3)
    loose.log({"a": 1.0}, global_step=0)
    info = reopened(loose).info
    assert (info["config"], info["gamma"]) == ({"gamma": 0.9, "lr": 0.1}, 0.9)


@pytest.mark.parametrize("strange", [{"global_step": "abc"}, {"signature": "logits"}, {"name": 5}])
def test_what_a_checkpoint_cannot_be_called_does_not_stop_training(loose: eg.Run, strange: dict[str, Any]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = loose.checkpoint(b"onnx", format="other", **strange)
    assert (found is None) == ("name" not in strange)
    assert loose.faults.get("checkpoint", 0) == ("name" not in strange)


class Move(enum.Enum):
    LEFT = "left"
    RIGHT = "right"


def test_details_of_other_types_do_not_stop_a_run(root: Path) -> None:
    env = eg.describe(
        "x",
        fps=np.float32(30),  # type: ignore[arg-type]
        num_envs=np.int64(4),  # type: ignore[arg-type]
        action_meanings=list(Move),  # type: ignore[arg-type]
        observation_space=eg.space.box(np.float32(-np.inf), np.array([1.0, np.inf]), (2,)) | {"stack_axis": np.int8(0)},
    )
    run = eg.init(
        "tests",
        root=root,
        name=5,  # type: ignore[arg-type]
        group=3,  # type: ignore[arg-type]
        notes=Path("a\udcff"),  # type: ignore[arg-type]
        gamma=np.float32(0.5),  # type: ignore[arg-type]
        config={"path": "data/\udcff"},
        env=env,
        strict=True,
        capture_code=False,
    )
    run.log({"a": 1.0}, global_step=0)
    info = reopened(run).info
    assert (info["name"], info["group"], info["notes"], info["gamma"]) == ("5", "3", "a\\udcff", 0.5)
    assert info["config"] == {"path": "data/\\udcff"}
    described = info["env"]
    assert (described["fps"], described["num_envs"], described["action_meanings"]) == (30.0, 4, ["LEFT", "RIGHT"])
    box = {"type": "box", "shape": [2], "dtype": "float32", "low": [None], "high": [1.0, None], "stack_axis": 0}
    assert described["observation_space"] == box


@pytest.mark.parametrize(
    ("strange", "name", "text"),
    [
        ({"gamma": float("nan")}, "gamma", "gamma: cannot be written into run.json.*expected a finite number"),
        ({"gamma": "much"}, "gamma", "gamma: cannot be written"),
        ({"env": {"id": "x", "fps": "fast"}}, "env.fps", r"env\.fps: cannot be written"),
        ({"env": {"id": "x", "num_envs": -1}}, "env.num_envs", r"env\.num_envs: cannot be written"),
        ({"env": {"id": "x", "action_space": {"type": "odd"}}}, "env.action_space", r"env\.action_space: .*odd"),
        ({"env": {"id": "x", "observation_space": 3}}, "env.observation_space", r"env\.observation_space: .*int"),
        ({"env": {"num_envs": -1, "action_space": {"type": "odd"}}}, "env", "env: cannot be written"),
        ({"env": 3}, "env", "env: expected what ethogram.describe returns, found int"),
    ],
)
def test_a_detail_that_cannot_be_written_is_left_out(root: Path, strange: Any, name: str, text: str) -> None:
    with pytest.warns(eg.EthogramWarning, match=text) as told:
        run = eg.init("tests", root=root, config={"a": 1}, capture_code=False, **strange)
        run.log({"a": 1.0}, global_step=0)
    assert len(told) == 1
    assert not run.disabled
    assert sum(run.faults.values()) == 1
    info = reopened(run).info
    assert info["config"] == {"a": 1}
    found: Any = info
    for part in name.split("."):
        found = (found or {}).get(part)
    assert found in (None, 0), "what stands where nothing was said"
    if name.startswith("env."):
        assert info["env"]["id"] == "x"


def test_a_folder_that_cannot_be_made_is_told_as_before(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("no folder")
    run = eg.init("tests", root=tmp_path / "runs", gamma=0.5, env={"id": "x"}, capture_code=False)
    with pytest.warns(eg.EthogramWarning):
        run.log({"a": 1.0}, global_step=0)
    assert run.disabled
    assert list(run.faults) == ["start"]
