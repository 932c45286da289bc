"""Modules of PyTorch, exported by `run.checkpoint` and asked again: by ONNX Runtime, and by Ethogram's own engine."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

import ethogram as eg

EXPORTERS = ("dynamo", "torchscript")
"""The exporters that PyTorch has; the first is tried first where nothing is said."""

# Two networks that add the same products up in another order: single precision.
TOLERANCE = {"rtol": 1e-4, "atol": 1e-5}


class Pixels(nn.Module):
    """The network of Mnih et al. 2015 on small pictures, for a policy and a value."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(4, 8, 8, 4),
            nn.ReLU(),
            nn.Conv2d(8, 16, 4, 2),
            nn.ReLU(),
            nn.Flatten(),
            nn.LazyLinear(32),
            nn.ReLU(),
        )
        self.policy, self.value = nn.Linear(32, 6), nn.Linear(32, 1)
        self(torch.zeros(1, 4, 36, 36))

    def forward(self, frames: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        hidden = self.layers(frames.float() / 255.0)
        return self.policy(hidden), self.value(hidden)


class Vector(nn.Module):
    """Layers of today: normalisation, smooth activations, residuals."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(8, 32), nn.Linear(32, 32)
        self.norm, self.policy, self.value = nn.LayerNorm(32), nn.Linear(32, 4), nn.Linear(32, 1)

    def forward(self, observation: torch.Tensor) -> dict[str, torch.Tensor]:
        hidden = nn.functional.silu(self.norm(self.first(observation)))
        hidden = hidden + torch.tanh(self.second(hidden))
        return {"logits": self.policy(hidden), "value": self.value(hidden)}


class Recurrent(nn.Module):
    """An LSTM whose memory goes in and comes out as a nested tuple."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.memory, self.policy = nn.Linear(8, 16), nn.LSTM(16, 16), nn.Linear(16, 4)

    def forward(
        self, observation: torch.Tensor, memory: tuple[torch.Tensor, torch.Tensor]
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        hidden, memory = self.memory(torch.relu(self.embed(observation)).unsqueeze(0), memory)
        return self.policy(hidden.squeeze(0)), memory


class Nested(nn.Module):
    """A Dict observation: a camera and a vector."""

    def __init__(self) -> None:
        super().__init__()
        self.camera, self.vector = nn.Conv2d(3, 4, 3), nn.Linear(5, 8)
        self.policy = nn.Linear(4 * 36 + 8, 4)

    def forward(self, observation: dict[str, torch.Tensor]) -> torch.Tensor:
        seen = torch.relu(self.camera(observation["camera"])).flatten(1)
        return self.policy(torch.cat([seen, torch.relu(self.vector(observation["vector"]))], 1))


def exported(run: eg.Run, module: nn.Module, example: Any, signature: Any) -> bytes:
    assert run.checkpoint(module, global_step=1, example=example, signature=signature) is None
    run.finish()
    view = eg.open(run)
    return view.blob(view.checkpoints()["hash"].numpy()[0])


def asked(model: bytes, **inputs: torch.Tensor) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(model)
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(None, {name: value.numpy() for name, value in inputs.items()}), strict=True))


def close(found: np.ndarray, expected: torch.Tensor) -> None:
    np.testing.assert_allclose(found, expected.detach().numpy(), **TOLERANCE)


@pytest.fixture(params=EXPORTERS)
def exporter(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("ETHOGRAM_EXPORTER", request.param)
    torch.manual_seed(7)
    return str(request.param)


def test_a_network_on_pixels_with_batches_of_any_size(run: eg.Run, exporter: str) -> None:
    module = Pixels()
    frames = torch.randint(0, 256, (3, 4, 36, 36), dtype=torch.uint8)
    signature = eg.signature(observation="frames", logits="logits", value="value")
    model = exported(run, module, frames[:1], signature)
    logits, value = module(frames)
    for rows in (slice(0, 1), slice(0, 3)):
        found = asked(model, frames=frames[rows])
        close(found["logits"], logits[rows])
        close(found["value"], value[rows])


def test_outputs_in_a_dict_are_named_by_their_keys(run: eg.Run, exporter: str) -> None:
    module, observation = Vector(), torch.rand(2, 8)
    model = exported(run, module, observation[:1], eg.signature(observation="obs", value="value", logits="logits"))
    expected = module(observation)
    found = asked(model, obs=observation)
    assert set(found) == {"logits", "value"}
    close(found["logits"], expected["logits"])
    close(found["value"], expected["value"])


def test_a_recurrent_module_hands_its_memory_on(run: eg.Run, exporter: str) -> None:
    module, observations = Recurrent(), torch.rand(5, 1, 8)
    memory = (torch.zeros(1, 1, 16), torch.zeros(1, 1, 16))
    signature = eg.signature(observation="obs", state={"h": "h_next", "c": "c_next"}, logits="logits")
    model = exported(run, module, (observations[0], memory), signature)
    h, c = memory
    for observation in observations:
        expected, memory = module(observation, memory)
        found = asked(model, obs=observation, h=h, c=c)
        close(found["logits"], expected)
        h, c = torch.from_numpy(found["h_next"]), torch.from_numpy(found["c_next"])
        close(found["h_next"], memory[0])
        close(found["c_next"], memory[1])
        memory = (memory[0].detach(), memory[1].detach())


def test_a_dict_observation_is_named_by_its_keys(run: eg.Run, exporter: str) -> None:
    module = Nested()
    observation = {"camera": torch.rand(2, 3, 8, 8), "vector": torch.rand(2, 5)}
    fields = {"observation/vector": "vector", "observation/camera": "camera"}
    example = {name: part[:1] for name, part in observation.items()}
    model = exported(run, module, example, eg.signature(observation=fields, logits="logits"))
    close(asked(model, **observation)["logits"], module(observation))


def test_training_goes_on_while_a_module_is_exported(run: eg.Run) -> None:
    module, observation = Vector(), torch.rand(1, 8)
    before = {name: part.detach().clone() for name, part in module(observation).items()}
    run.checkpoint(module, global_step=1, example=observation)
    with torch.no_grad():
        for weight in module.parameters():
            weight.zero_()
    assert module.training, "the export leaves the module of the training loop as it is"
    run.finish()
    view = eg.open(run)
    found = asked(view.blob(view.checkpoints()["hash"].numpy()[0]), obs=observation)
    close(found["logits"], before["logits"])


def test_a_signature_that_does_not_fit_is_told(tmp_path: Path) -> None:
    with (
        pytest.warns(eg.EthogramWarning, match=r"names 2 inputs \(obs, h\), the network has 1 \(observation\)"),
        eg.init("tests", root=tmp_path, capture_code=False) as run,
    ):
        signature = eg.signature(observation="obs", state={"h": "h_next"}, logits="logits")
        run.checkpoint(Vector(), global_step=1, example=torch.rand(1, 8), signature=signature)
        run.finish()


@contextmanager
def serving(root: Path) -> Iterator[str]:
    command = [sys.executable, "-m", "ethogram", "serve", str(root), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip().rstrip("/")
        finally:
            server.terminate()


def columns(url: str) -> dict[str, np.ndarray]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=60) as answer:
        body = answer.read()
    length = int.from_bytes(body[4:8], "little")
    header, data = json.loads(body[8 : 8 + length]), body[8 + length :]
    return {
        column["name"]: np.frombuffer(
            data, column["dtype"], count=int(np.prod(column["shape"])), offset=column["offset"]
        )
        for column in header["columns"]
        if column["dtype"] != "text"
    }


@pytest.mark.parametrize("which", ["pixels", "vector"])
def test_the_own_engine_says_what_pytorch_says(run: eg.Run, tmp_path: Path, exporter: str, which: str) -> None:
    """From a module in a training loop, over the export and the run, to what Replay shows of each step."""
    if which == "pixels":
        module: nn.Module = Pixels()
        observations = torch.randint(0, 256, (4, 4, 36, 36), dtype=torch.uint8)
        signature = eg.signature(observation="frames", logits="logits", value="value")
        logits, value = module(observations)
    else:
        module, observations = Vector(), torch.rand(4, 8)
        signature = eg.signature(observation="obs", logits="logits", value="value")
        said = module(observations)
        logits, value = said["logits"], said["value"]
    run.checkpoint(module, global_step=0, example=observations[:1], signature=signature)
    if run._exporter is not None:
        run._exporter.wait()
    with run.episode() as episode:
        for t in range(4):
            episode.step(observation=observations[t].numpy(), action=0, reward=0.0, terminated=t == 3)
    run.finish()
    with serving(tmp_path / "runs") as url:
        for target, expected in [("1", logits[:, 1]), ("value", value[:, 0])]:
            query = urllib.parse.urlencode({"method": "saliency", "target": target, "checkpoint": 0})
            found = columns(f"{url}/api/runs/{run.id}/episodes/0/attribution?{query}")
            close(found["at_input"], expected)


def test_the_environment_names_an_exporter(run: eg.Run, exporter: str) -> None:
    model = exported(run, Vector(), torch.rand(1, 8), None)
    producer = re.search(rb"pytorch", model)
    assert producer, "the model says who made it"
    # Only the newer one keeps where each node came from.
    assert (b"pkg.torch" in model) == (exporter == "dynamo")
