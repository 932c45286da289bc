"""`eg.explain` and checkpoints on devices that are not the processor, and of modules as trainings have them.

The devices are PyTorch's spare backend (`card.py`): what mixes with tensors of the processor fails as on a graphics
card.
"""

from __future__ import annotations

import contextlib
import copy
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import ethogram as eg
from ethogram.errors import EthogramError
from ethogram.model import methods

sys.path.insert(0, str(Path(__file__).parent))
import card

ROWS = 5


@pytest.fixture(scope="module", autouse=True)
def cards(tmp_path_factory: pytest.TempPathFactory) -> None:
    card.register(tmp_path_factory.mktemp("card"))


class Plain(nn.Module):
    """Numbers in, logits and a value out."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(6, 16), nn.LayerNorm(16), nn.Tanh(), nn.Dropout(0.5), nn.Linear(16, 8), nn.ReLU()
        )
        self.actor, self.critic = nn.Linear(8, 4), nn.Linear(8, 1)

    def forward(self, x: Any) -> dict[str, Any]:
        features = self.body(x)
        return {"logits": self.actor(features), "value": self.critic(features)}


class Pictures(nn.Module):
    """Whole numbers of pictures in; batch normalisation that has learned something."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(2, 4, 3, stride=2), nn.BatchNorm2d(4)
        self.actor, self.critic = nn.Linear(36, 4), nn.Linear(36, 1)
        with torch.no_grad():
            self.norm.running_mean.uniform_(-0.2, 0.2)
            self.norm.running_var.uniform_(0.5, 2)

    def forward(self, frame: Any) -> dict[str, Any]:
        features = torch.relu(self.norm(self.conv(frame / 255))).flatten(1)
        return {"logits": self.actor(features), "value": self.critic(features)}


class Remembers(nn.Module):
    """A window and two memories in, by name."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm, self.cell = nn.LSTM(6, 8, batch_first=True), nn.GRUCell(8, 8)
        self.actor, self.critic = nn.Linear(8, 4), nn.Linear(8, 1)

    def forward(self, window: Any, hx: Any, cx: Any) -> dict[str, Any]:
        out, _ = self.lstm(window, (hx[None], cx[None]))
        features = self.cell(out[:, -1], hx)
        return {"logits": self.actor(features), "value": self.critic(features)}


class Parts(nn.Module):
    """A Dict observation."""

    def __init__(self) -> None:
        super().__init__()
        self.eye, self.skin, self.head = nn.Conv1d(1, 3, 3), nn.Embedding(7, 4), nn.Linear(3 * 6 + 4, 8)
        self.actor, self.critic = nn.Linear(8, 4), nn.Linear(8, 1)

    def forward(self, camera: Any, place: Any) -> dict[str, Any]:
        seen = torch.relu(self.eye(camera[:, None])).flatten(1)
        features = torch.tanh(self.head(torch.cat([seen, self.skin(place)], 1)))
        return {"logits": self.actor(features), "value": self.critic(features)}


def asked(kind: type[Any]) -> tuple[Any, Any, str]:
    """A module in evaluation, inputs in NumPy, and a submodule whose output is explained."""
    torch.manual_seed(3)
    random = np.random.default_rng(3)
    module = kind().eval()
    if kind is Plain:
        return module, random.normal(size=(ROWS, 6)).astype(np.float32), "body.0"
    if kind is Pictures:
        return module, random.integers(0, 256, (ROWS, 2, 8, 8), dtype=np.uint8), "norm"
    if kind is Remembers:
        shapes = {"window": (ROWS, 5, 6), "hx": (ROWS, 8), "cx": (ROWS, 8)}
        return module, {name: random.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}, "cell"
    camera = random.normal(size=(ROWS, 8)).astype(np.float32)
    return module, {"camera": camera, "place": random.integers(0, 7, ROWS)}, "head"


KINDS = [Plain, Pictures, Remembers, Parts]
METHODS = [found["name"] for found in methods()]
ACTIONS = np.array([0, 3, 1, 2, 2])
SETTINGS: dict[str, dict[str, Any]] = {
    "integrated_gradients": {"steps": 5},
    "smooth_grad": {"samples": 3},
    "expected_gradients": {"samples": 3},
    "multi_path": {"paths": 2, "steps": 3},
}


def same(found: eg.Attribution, expected: eg.Attribution, least: float = 1e-4) -> None:
    scale = max(np.abs(expected.values).max(), 1e-6)
    assert found.values.shape == expected.values.shape
    np.testing.assert_allclose(found.values, expected.values, atol=least * scale, rtol=0)
    np.testing.assert_allclose(found.at_input, expected.at_input, atol=least * 10, rtol=least)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("method", METHODS)
def test_row_u23_every_method_gives_the_same_on_another_device(kind: type[Any], method: str) -> None:
    module, inputs, layer = asked(kind)
    there = copy.deepcopy(module).to("card:1")
    settings = SETTINGS.get(method, {})
    for target, of, wrt in [
        (("logits", ACTIONS), "plain", None),
        ("value", "plain", layer),
        (("logits", 2, 1), "plain", None),
        (("logits", 1), "log_probability", layer),
    ]:
        question: dict[str, Any] = {"target": target, "of": of, "wrt": wrt, "method": method, "batch": 64, **settings}
        try:
            expected = eg.explain(module, inputs, **question)
        except EthogramError as error:
            # For example, what perturbs pictures says that there are none.
            with pytest.raises(type(error), match=re.escape(str(error))):
                eg.explain(there, inputs, **question)
            continue
        same(eg.explain(there, inputs, **question), expected)
        if wrt is None:
            same(eg.explain(there, inputs, devices=["card:0", "card:1"], **question), expected)
    assert {tensor.device for tensor in there.state_dict().values()} == {torch.device("card:1")}


def test_row_u23_numbers_travel_once_a_batch() -> None:
    module, inputs, _ = asked(Plain)
    module.to("card:0")
    calls: list[int] = []
    module.register_forward_pre_hook(lambda _module, given: calls.append(len(given[0])))
    card.moved.clear()
    eg.explain(module, np.repeat(inputs, 20, axis=0), target=("logits", 1), method="saliency", batch=25)
    assert sum(calls) >= 100 and len(calls) <= 8, calls
    # Outputs of each come back, gradients of some, and the explained rows once.
    assert card.moved["to_processor"] <= 2 * len(calls) + 1, card.moved


def test_tensors_of_a_device_are_taken_wherever_numbers_are() -> None:
    module, inputs, _ = asked(Plain)
    question: dict[str, Any] = {"method": "integrated_gradients", "steps": 5}
    near = torch.as_tensor(inputs).bfloat16().float()
    expected = eg.explain(module, near, target=("logits", ACTIONS), baseline=near.flip(0), **question)
    module.to("card:1")
    far, actions = near.to("card:0"), torch.as_tensor(ACTIONS).to("card:1")
    found = eg.explain(
        module, far, target=("logits", actions), baseline=near.flip(0).bfloat16().to("card:1"), **question
    )
    same(found, expected)
    each = eg.explain(
        module, far, target=("logits", actions), baseline=lambda row: torch.zeros(6).to("card:1"), **question
    )
    same(each, eg.explain(module, near, target=("logits", ACTIONS), baseline=np.zeros(6, np.float32), **question))
    # A function has no device of its own: its inputs have one. A method has its module's.
    value = eg.explain(module, near, target="value", **question)
    same(eg.explain(lambda x: module(x), near.to("card:1"), target="value", **question), value)
    same(eg.explain(module.forward, near, target="value", **question), value)


@pytest.mark.parametrize("device", ["cpu", "card:1"])
def test_a_module_in_training_is_asked_in_evaluation_and_goes_on_as_it_was(device: str) -> None:
    for kind in (Plain, Pictures):
        module, inputs, layer = asked(kind)
        expected = [
            eg.explain(module, inputs, target=("logits", 1), wrt=wrt, method="saliency") for wrt in (None, layer)
        ]
        module.to(device).train()
        frozen = next(part for part in module.modules() if isinstance(part, nn.Dropout | nn.BatchNorm2d)).eval()
        before = {name: tensor.clone().cpu() for name, tensor in module.state_dict().items()}
        for wrt, known in zip((None, layer), expected, strict=True):
            same(eg.explain(module, inputs, target=("logits", 1), wrt=wrt, method="saliency"), known)
        assert module.training and all(part.training for part in module.modules() if part is not frozen)
        assert not frozen.training
        assert all(torch.equal(tensor.cpu(), before[name]) for name, tensor in module.state_dict().items())
        assert all(weight.grad is None and weight.requires_grad for weight in module.parameters())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_modules_of_other_types_take_what_numpy_has(dtype: Any) -> None:
    module, inputs, layer = asked(Plain)
    for method, wrt in [("integrated_gradients", None), ("saliency", layer), ("occlusion", None)]:
        expected = eg.explain(module.float(), inputs, target=("logits", ACTIONS), wrt=wrt, method=method)
        for given in (inputs, inputs.astype(np.float64)):
            for device in ("cpu", "card:0"):
                there = copy.deepcopy(module).to(device, dtype)
                found = eg.explain(there, given, target=("logits", ACTIONS), wrt=wrt, method=method)
                # The mantissa of float16 has 11 bits, that of bfloat16 8.
                same(found, expected, {torch.float16: 1e-2, torch.bfloat16: 8e-2}.get(dtype, 1e-4))


def test_compiled_and_wrapped_modules_are_asked_as_they_were_written() -> None:
    module, inputs, layer = asked(Plain)
    in_place = copy.deepcopy(module)
    in_place.compile(backend="eager")
    compiled = torch.compile(copy.deepcopy(module), backend="eager")
    for made in (in_place, compiled):
        # Compiled before anybody asks for a hook.
        made(torch.as_tensor(inputs))
    wrapped = nn.DataParallel(module)
    with group():
        spread = nn.parallel.DistributedDataParallel(copy.deepcopy(module))
        for wrt in (None, layer):
            question: dict[str, Any] = {"target": ("logits", ACTIONS), "wrt": wrt, "steps": 5}
            expected = eg.explain(module, inputs, **question)
            for live in (in_place, compiled, wrapped, spread, torch.compile(wrapped, backend="eager")):
                same(eg.explain(live, inputs, **question), expected)
                same(eg.explain(live, inputs, devices=["cpu", "cpu"], **question), expected)
    whole = compiled(torch.as_tensor(inputs))["logits"]
    assert torch.allclose(whole, module(torch.as_tensor(inputs))["logits"]), "it is compiled as before"


@contextlib.contextmanager
def group() -> Iterator[None]:
    """One process alone, as a group of processes."""
    store = torch.distributed.HashStore()
    torch.distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    try:
        yield
    finally:
        torch.distributed.destroy_process_group()


def test_what_the_caller_does_around_it_does_not_hinder() -> None:
    module, inputs, layer = asked(Plain)
    frozen = copy.deepcopy(module).requires_grad_(False)
    for wrt in (None, layer):
        question: dict[str, Any] = {"target": ("logits", ACTIONS), "wrt": wrt, "steps": 5}
        expected = eg.explain(module, inputs, **question)
        same(eg.explain(frozen, inputs, **question), expected)
        for around in (torch.no_grad, torch.inference_mode):
            with around():
                same(eg.explain(module, torch.as_tensor(inputs).clone(), **question), expected)
                same(eg.explain(frozen, inputs, devices=["cpu", "cpu"], **question), expected)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            cast = eg.explain(module, inputs, **question)
            shared = eg.explain(module, inputs, devices=["cpu", "cpu"], **question)
        same(cast, expected, 8e-2)
        same(shared, cast, 2e-2)
        assert np.abs(cast.at_input - expected.at_input).max() > 1e-4, "it was cast"
        assert np.abs(shared.at_input - cast.at_input).max() < 1e-6, "in other threads, too"


def test_an_output_without_a_gradient_is_said() -> None:
    module, inputs, _ = asked(Plain)

    @torch.no_grad()
    def chosen(x: Any) -> Any:
        return module(x)["logits"]

    with pytest.raises(EthogramError, match=r"expected an output with a gradient.*no_grad"):
        eg.explain(chosen, inputs, target=1, method="saliency")
    expected = eg.explain(module, inputs, target=("logits", 1), method="occlusion")
    same(eg.explain(chosen, inputs, target=1, method="occlusion"), expected)


def hooked(module: Any) -> Any:
    """With a function in it that has no name by which another process could find it."""
    module.register_forward_hook(lambda _module, _inputs, _output: None)
    return module


MADE: dict[str, Callable[[Any], Any]] = {
    "on a card": lambda module: module.to("card:1"),
    "half": lambda module: module.half(),
    "bfloat16 on a card": lambda module: module.to("card:0", torch.bfloat16),
    "compiled": lambda module: torch.compile(module, backend="eager"),
    "wrapped": nn.DataParallel,
    "in training": lambda module: module.train(),
    "with a hook": hooked,
}


@pytest.mark.parametrize("made", MADE)
def test_checkpoints_are_taken_of_modules_as_they_are(
    made: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ETHOGRAM_EXPORTER", "torchscript")  # the quicker one: what is copied is the same
    module, inputs, _ = asked(Pictures if "card" in made or "training" in made else Plain)
    rows = torch.as_tensor(inputs).float()
    weights = copy.deepcopy(module)
    live = MADE[made](module)
    before = {name: (tensor.device, tensor.dtype, tensor.cpu().clone()) for name, tensor in live.state_dict().items()}
    modes = [part.training for part in live.modules()]
    parts = {name: id(weight) for name, weight in live.named_parameters()}
    with eg.init("tests", root=tmp_path, strict=True, capture_code=False) as run:
        signature = eg.signature(observation="x", logits="logits", value="value")
        run.checkpoint(live, example=rows[:1].to(next(live.parameters()).device), global_step=1, signature=signature)
        assert {name: id(weight) for name, weight in live.named_parameters()} == parts
        assert [part.training for part in live.modules()] == modes
        for name, tensor in live.state_dict().items():
            device, dtype, numbers = before[name]
            assert (tensor.device, tensor.dtype) == (device, dtype) and torch.equal(tensor.cpu(), numbers)
        with torch.no_grad():
            for weight in live.parameters():
                weight.add_(1)  # training goes on
    said = eg.open(run).checkpoint(1).model(rows.numpy())
    half = {"half": torch.float16, "bfloat16 on a card": torch.bfloat16}.get(made)
    weights = weights if half is None else weights.to(half).float()
    with torch.no_grad():
        expected = weights(rows)
    for name in ("logits", "value"):
        np.testing.assert_allclose(said[name], expected[name].numpy(), rtol=1e-3, atol=1e-4)
