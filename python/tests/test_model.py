"""Networks: run, looked into, explained; against the numbers of PyTorch and captum."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import reopened
from networks import (
    BREAKOUT,
    LUNAR_LANDER,
    LUNAR_LANDER_PPO,
    Golden,
    lander_observations,
    log_lander,
    published_agents,
    worst,
)

import ethogram as eg
from ethogram.errors import CorruptError, EthogramError, NotFoundError, ShapeError, UnsupportedValueError


def test_a_network_says_what_it_takes_gives_and_is_made_of() -> None:
    model = eg.Model(BREAKOUT)
    assert [(port.name, port.dtype) for port in model.inputs] == [("frame", "float32"), ("hx", "float32")]
    assert model.inputs[0].shape is not None
    assert model.inputs[0].shape[1:] == (1, 80, 80) and isinstance(model.inputs[0].shape[0], str)
    assert {port.name for port in model.outputs} == {"value", "logits", "hx_next"}
    convolutions = [layer for layer in model.layers if layer.operator == "Conv"]
    assert convolutions and all(layer.shape is not None and len(layer.shape) == 3 for layer in convolutions)
    assert repr(model).startswith("<ethogram.Model (frame ")


def test_calls_equal_pytorch_and_layers_can_be_read() -> None:
    golden = Golden("breakout-a3c-80M-seed000")
    found = golden.model(golden.inputs)
    assert worst(found["logits"], golden["logits"]) < 1e-4
    assert found["logits"].dtype == np.float32 and found["value"].shape[0] == 2
    layer = next(layer for layer in golden.model.layers if layer.operator == "Conv")
    read = golden.model.activations(golden.inputs, [layer.name, "logits"])
    assert read[layer.name].shape == (2, *layer.shape)
    assert np.array_equal(read["logits"], found["logits"])


def test_one_input_needs_no_name_and_bytes_are_a_source() -> None:
    x = lander_observations(3)
    by_name = eg.Model(LUNAR_LANDER)({"obs": x})["q_values"]
    assert np.array_equal(eg.Model(LUNAR_LANDER.read_bytes())(x)["q_values"], by_name)
    assert np.array_equal(eg.Model(str(LUNAR_LANDER))(x.tolist())["q_values"], by_name)
    assert np.allclose(eg.Model(LUNAR_LANDER)(x.astype(np.float64))["q_values"], by_name)


def test_row_r5_integrated_gradients_equal_captum_and_add_up() -> None:
    golden = Golden("lunarlander-dqn-seed000")
    for entry in range(4):
        for rule, name in [("gauss_legendre", "ig_gausslegendre"), ("riemann_trapezoid", "ig_riemann_trapezoid")]:
            found = golden.model.attribute(golden.inputs, target=("q_values", entry), steps=50, rule=rule)
            # Points of the path that lie within rounding of a kink of relu may fall on the other side.
            assert worst(found.values, golden[f"q{entry}__{name}"]) < 2e-3, (entry, rule)
            assert np.allclose(found.at_input, golden[f"q{entry}__f_x"], rtol=1e-5)
            assert np.allclose(found.at_baseline, golden[f"q{entry}__f_baseline"], rtol=1e-4)
        found = golden.model.attribute(golden.inputs, target=("q_values", entry), steps=500)
        difference = found.at_input - found.at_baseline
        assert np.abs(found.values.sum(axis=1) - difference).max() < 1e-3 * np.abs(difference).max()
        assert np.allclose(found.completeness_error, found.values.sum(axis=1) - difference, atol=1e-4)


def test_row_r5_adaptive_points_add_up_on_every_agent_of_the_demo() -> None:
    seen = 0
    for name, model, inputs in published_agents(states=4):
        for output in (port.name for port in model.outputs if port.name not in {"hx_next", "quantiles"}):
            settings = {"target": (output, 0), "steps": 500}
            found = model.attribute(inputs, rule="adaptive_trapezoid", **settings)
            scale = np.maximum(1, np.maximum(np.abs(found.at_input), np.abs(found.at_baseline)))
            difference = found.at_input - found.at_baseline
            assert np.allclose(
                found.completeness_error, found.values.reshape(4, -1).sum(axis=1) - difference, atol=2e-3
            )
            assert (np.abs(found.completeness_error) < 1e-3 * scale).all(), (name, output, found.completeness_error)
            seen += 1
    assert seen >= 12


def test_attributions_of_pictures_equal_captum() -> None:
    golden = Golden("breakout-a3c-80M-seed000")
    actions = golden["action"].astype(np.int64)
    found = golden.model.attribute(golden.inputs, target=("logits", actions), wrt="frame", method="saliency")
    assert worst(found.values[:, 0], golden["action__saliency_abs"]) < 1e-4
    assert found.completeness_error is None and found.at_baseline is None
    value = golden.model.attribute(golden.inputs, target="value", steps=50)
    assert worst(value.values[:, 0], golden["value__ig_gausslegendre"]) < 1e-3


@pytest.mark.parametrize("target", ["value", ("logits", 2), ("logits", {0: 1.0, 1: 1.0, 3: 1.0})], ids=str)
def test_row_u6_hidden_layers_are_explained_completely(target: str | tuple[str, object]) -> None:
    model = eg.Model(LUNAR_LANDER_PPO)
    inputs = {"obs": lander_observations(5)}
    hidden = [layer.name for layer in model.layers if layer.operator in ("Tanh", "Relu", "Gemm") and layer.shape]
    explained = 0
    for layer in hidden:
        try:
            found = model.attribute(inputs, target=target, wrt=layer, steps=200)
        except EthogramError:
            continue  # This output does not depend on that layer.
        assert found.values.shape == (5, *model.activations(inputs, [layer])[layer].shape[1:])
        difference = found.at_input - found.at_baseline
        assert np.abs(found.values.reshape(5, -1).sum(axis=1) - difference).max() < 1e-3 * max(
            1, np.abs(difference).max()
        )
        explained += bool(np.abs(found.values).max() > 0)
    assert explained >= 2, hidden


def test_row_u8_gradients_equal_finite_differences() -> None:
    model = eg.Model(LUNAR_LANDER_PPO)
    x = lander_observations(4, seed=2) + 1.0
    for target in ("value", ("logits", 3), ("logits", 0, 2)):
        found = model.attribute(x, target=target, method="gradient_times_input").values / x
        size = model.attribute(x, target=target, method="saliency").values
        assert np.allclose(np.abs(found), size, rtol=1e-4, atol=1e-6)
        for element in range(8):

            def at(shift: float, element: int = element, target: object = target) -> np.ndarray:
                moved = x.astype(np.float64)
                moved[:, element] += shift
                found = model(moved)
                if target == "value":
                    return found["value"].reshape(4).astype(np.float64)
                logits = found["logits"].astype(np.float64)
                return logits[:, 3] if target == ("logits", 3) else logits[:, 0] - logits[:, 2]

            slope = (at(0.01) - at(-0.01)) / 0.02
            assert np.allclose(found[:, element], slope, rtol=2e-2, atol=2e-2 * np.abs(size).max()), (target, element)


def test_targets_may_be_differences_sums_probabilities_and_an_entry_a_row() -> None:
    model, x = eg.Model(LUNAR_LANDER_PPO), lander_observations(3)

    def of(target: object, **more: str) -> np.ndarray:
        return model.attribute(x, target=target, method="gradient_times_input", **more).values

    assert np.allclose(of(("logits", 1, 2)), of(("logits", 1)) - of(("logits", 2)), atol=1e-5)
    assert np.allclose(of(("logits", {1: 2.0, 2: 1.0})), 2 * of(("logits", 1)) + of(("logits", 2)), atol=1e-5)
    rows = of(("logits", np.array([0, 1, 2])))
    assert all(np.allclose(rows[row], of(("logits", row))[row], atol=1e-6) for row in range(3))
    # Probabilities add up to one, so what they are due to adds up to nothing.
    shares = sum(of(("logits", entry), of="probability") for entry in range(4))
    assert np.abs(shares).max() < 1e-5


def test_baselines_may_be_words_numbers_and_arrays() -> None:
    model, x = eg.Model(LUNAR_LANDER), lander_observations(3)
    q = model(x)["q_values"][:, 0]
    for baseline, at in [
        (0.5, np.full_like(x, 0.5)),
        (x[:1] * 0.1, np.repeat(x[:1] * 0.1, 3, 0)),
        (-x, -x),
        ("zero", 0 * x),
    ]:
        found = model.attribute(x, target=("q_values", 0), baseline=baseline, steps=3_000)
        assert np.allclose(found.at_baseline, model(at)["q_values"][:, 0], rtol=1e-4, atol=1e-4)
        assert np.allclose(found.values.sum(axis=1), q - found.at_baseline, atol=2e-3 * np.abs(q).max())
    with pytest.raises(ShapeError, match=r"baseline.*\[3, 8\]"):
        model.attribute(x, target=("q_values", 0), baseline=np.zeros((2, 8), np.float32))


def test_what_does_not_fit_is_said_with_what_would() -> None:
    model, x = eg.Model(LUNAR_LANDER_PPO), lander_observations(3)
    with pytest.raises(ShapeError, match=r'input "obs": expected float32 \[.*8\], found shape \[3, 7\]'):
        model(x[:, :7])
    with pytest.raises(ShapeError, match="expected one of obs, found pixels"):
        model({"pixels": x})
    with pytest.raises(ShapeError, match=r"expected arrays by name, frame, hx"):
        eg.Model(BREAKOUT)(x)
    with pytest.raises(NotFoundError, match=r"no value named .middle."):
        model.activations(x, ["middle"])
    with pytest.raises(NotFoundError, match=r"no value named .q."):
        model.attribute(x, target=("q", 0))
    with pytest.raises(NotFoundError, match=r"no value named .eyes."):
        model.attribute(x, target="value", wrt="eyes")
    with pytest.raises(ShapeError, match="entry below 4"):
        model.attribute(x, target=("logits", 4))
    with pytest.raises(ShapeError, match="3 of them, one a row"):
        model.attribute(x, target=("logits", np.array([0, 1])))
    with pytest.raises(ShapeError, match="integrated_gradients"):
        model.attribute(x, target="value", method="tea_leaves")
    with pytest.raises(ShapeError, match="steps"):
        model.attribute(x, target="value", steps=0)
    with pytest.raises(ShapeError, match=r"stpes.*steps"):
        model.attribute(x, target="value", stpes=3)
    with pytest.raises(UnsupportedValueError):
        model({"obs": object()})


def test_what_is_no_network_is_said(tmp_path: Path) -> None:
    with pytest.raises(CorruptError, match="not an ONNX model"):
        eg.Model(b"\xff" * 100)
    with pytest.raises(OSError, match=r"none\.onnx"):
        eg.Model(tmp_path / "none.onnx")
    for cut in range(0, 2000, 37):
        with pytest.raises(EthogramError):
            eg.Model(LUNAR_LANDER.read_bytes()[:cut] or b"\x08")(lander_observations(1))


def test_row_r7_a_baseline_may_be_a_function_of_the_structured_observation() -> None:
    golden = Golden("breakout-a3c-80M-seed000")
    seen: list[tuple[str, ...]] = []

    def faded(inputs: dict[str, np.ndarray]) -> np.ndarray:
        seen.append(tuple(inputs))
        return inputs["frame"] * abs(inputs["hx"][0])

    found = golden.model.attribute(golden.inputs, target="value", wrt="frame", baseline=faded, steps=5)
    rows = golden["frame"] * np.abs(golden["hx"][:, 0])[:, None, None, None]
    expected = golden.model.attribute(golden.inputs, target="value", wrt="frame", baseline=rows, steps=5)
    assert np.array_equal(found.values, expected.values) and np.array_equal(found.at_baseline, expected.at_baseline)
    assert seen == [tuple(golden.inputs)] * len(rows)
    model, x = eg.Model(LUNAR_LANDER), lander_observations(3)
    alone = model.attribute(x, target=("q_values", 0), baseline=lambda row: row * 0.5, steps=5)
    assert np.array_equal(alone.values, model.attribute(x, target=("q_values", 0), baseline=x * 0.5, steps=5).values)
    widths = iter([8, 1, 8])
    with pytest.raises(ShapeError, match="rows of one shape"):
        model.attribute(x, target=("q_values", 0), baseline=lambda _row: np.zeros(next(widths)))
    with pytest.raises(ShapeError, match="baseline"):
        model.attribute(x, target=("q_values", 0), baseline=lambda row: row[:3])


def test_other_threads_go_on_and_an_interrupt_ends_it() -> None:
    golden = Golden("breakout-a3c-80M-seed000")
    ticks: list[float] = []
    done = threading.Event()

    def tick() -> None:
        while not done.is_set():
            ticks.append(time.monotonic())
            time.sleep(0.01)

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    thread = threading.Thread(target=tick)
    before = signal.signal(signal.SIGALRM, interrupt)
    thread.start()
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.5)
        start = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            golden.model.attribute(golden.inputs, target="value", steps=10_000)
        assert time.monotonic() - start < 20
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        done.set()
        thread.join()
    assert len(ticks) > 10, "the interpreter was free meanwhile"


def test_a_runs_checkpoint_is_a_network(run: eg.Run) -> None:
    observations = log_lander(run)
    view = reopened(run)
    checkpoint = view.checkpoint("best")
    assert (checkpoint.global_step, checkpoint.name, checkpoint.format) == (100, "best", "onnx")
    assert checkpoint.signature == eg.signature(observation="obs", q_values="q_values")
    assert checkpoint.read() == LUNAR_LANDER.read_bytes()
    found = checkpoint.model(observations[:-1])["q_values"]
    assert np.allclose(found, view.episode(0).field("q_values").numpy()[: len(found)], atol=1e-4)
    assert view.checkpoint(100).hash == view.checkpoint().hash == view.checkpoint("100").hash
    with pytest.raises(NotFoundError, match=r"no checkpoint 7; there are 100 \(best\)"):
        view.checkpoint(7)


def test_methods_describe_themselves() -> None:
    from ethogram.model import methods

    found = {method["name"]: method for method in methods()}
    assert {"saliency", "integrated_gradients", "smooth_grad", "occlusion", "perturbation"} <= found.keys()
    steps = next(param for param in found["integrated_gradients"]["params"] if param["name"] == "steps")
    assert steps["default"] == 50 and steps["doc"]


def test_recurrent_states_are_shaped_as_the_file_has_them() -> None:
    folder = Path(__file__).parents[2] / "crates" / "ethogram_model" / "testdata" / "policies"
    model = eg.Model(folder / "lstm.onnx")
    shapes = {port.name: port.shape for port in model.inputs}
    random = np.random.default_rng(0)
    rows = 3
    inputs = {
        name: random.normal(size=[rows if isinstance(n, str | None) else n for n in shape]).astype(np.float32)
        for name, shape in shapes.items()
    }
    state = next(name for name, shape in shapes.items() if not isinstance(shape[1], int))
    assert inputs[state].shape[1] == rows, "rows are the second axis"
    output = next(port.name for port in model.outputs if port.name in ("logits", "value"))
    called = model(inputs)[output]
    found = model.attribute(inputs, target=(output, 0), wrt=state, method="gradient")
    assert np.allclose(found.at_input, called.reshape(rows, -1)[:, 0], atol=1e-6)
    assert found.values.shape == inputs[state].shape
    # Central differences along one entry of one row's state.
    moved = {sign: inputs[state].copy() for sign in (1, -1)}
    for sign, state_of in moved.items():
        state_of[0, 1, 2] += sign * 1e-2
    up, down = (model({**inputs, state: moved[sign]})[output].reshape(rows, -1)[:, 0] for sign in (1, -1))
    expected = np.array([0, (up - down)[1] / 2e-2, 0])
    assert np.allclose(found.values[0, :, 2] * [0, 1, 0], expected, atol=1e-3)
    assert np.allclose(up[[0, 2]], down[[0, 2]])
