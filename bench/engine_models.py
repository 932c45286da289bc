"""The networks of the benches `engine`, `attribution` and `interface`, the same weights for every candidate.

`engine_models.py FOLDER` writes them as ONNX files, once. As a module it gives them to the peers.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

SEED = 7
# Shape of one row of the input.
SHAPES = {"nature": (4, 84, 84), "impala": (3, 64, 64), "mlp": (17,), "gru": (8, 32), "a3c": (1, 80, 80)}
SHAPES["vision"] = SHAPES["impala"]
MEMORY = 256


class Residual(nn.Module):
    """Two convolutions round which the input is carried."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(torch.relu(self.first(torch.relu(x))))


def impala() -> nn.Module:
    """Espeholt et al. (2018), figure 3, right."""
    layers: list[nn.Module] = []
    before = 3
    for channels in (16, 32, 32):
        layers += [nn.Conv2d(before, channels, 3, padding=1), nn.MaxPool2d(3, 2, padding=1)]
        layers += [Residual(channels), Residual(channels)]
        before = channels
    return nn.Sequential(*layers, nn.ReLU(), nn.Flatten(), nn.Linear(2_048, 256), nn.ReLU(), nn.Linear(256, 15))


class Vision(nn.Module):
    """The same with a critic beside the actor, as Understanding RL Vision looks into."""

    def __init__(self) -> None:
        super().__init__()
        *trunk, actor = impala()
        self.trunk, self.actor = nn.Sequential(*trunk), actor
        self.critic = nn.Linear(256, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.trunk(x)
        return self.actor(x), self.critic(x)[:, 0]


def nature() -> nn.Module:
    """Mnih et al. (2015)."""
    convolutions = [nn.Conv2d(4, 32, 8, 4), nn.ReLU(), nn.Conv2d(32, 64, 4, 2), nn.ReLU(), nn.Conv2d(64, 64, 3)]
    return nn.Sequential(*convolutions, nn.ReLU(), nn.Flatten(), nn.Linear(3_136, 512), nn.ReLU(), nn.Linear(512, 6))


def mlp() -> nn.Module:
    """17-64-64 with tanh, as for MuJoCo."""
    return nn.Sequential(nn.Linear(17, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, 6))


class Gru(nn.Module):
    """Eight steps of a GRU, then logits of the last."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(32, 128, batch_first=True)
        self.head = nn.Linear(128, 6)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.gru(x)[0][:, -1])


class Recurrent(nn.Module):
    """Four small convolutions and a GRU cell of 256, actor and critic: Greydanus's agents, and those of the demo."""

    def __init__(self) -> None:
        super().__init__()
        channels = [1, 32, 32, 32, 32]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(channels[i], channels[i + 1], 3, stride=2, padding=1) for i in range(4)
        )
        self.from_input = nn.Linear(800, 3 * MEMORY)
        self.from_memory = nn.Linear(MEMORY, 3 * MEMORY)
        self.actor = nn.Linear(MEMORY, 4)
        self.critic = nn.Linear(MEMORY, 1)

    def forward(self, frame: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        x = frame
        for convolution in self.convolutions:
            x = nn.functional.elu(convolution(x))
        new, old = self.from_input(x.flatten(1)), self.from_memory(memory)
        reset = torch.sigmoid(new[:, :MEMORY] + old[:, :MEMORY])
        update = torch.sigmoid(new[:, MEMORY : 2 * MEMORY] + old[:, MEMORY : 2 * MEMORY])
        candidate = torch.tanh(new[:, 2 * MEMORY :] + reset * old[:, 2 * MEMORY :])
        h = (1 - update) * candidate + update * memory
        return self.actor(h), self.critic(h)


BUILDERS = {"nature": nature, "impala": impala, "mlp": mlp, "gru": Gru, "a3c": Recurrent, "vision": Vision}


def network(name: str) -> nn.Module:
    """One network with its weights, which are constants."""
    torch.manual_seed(SEED)
    module = BUILDERS[name]().eval()
    for parameter in module.parameters():
        parameter.requires_grad_(False)
    return module


def wave(*shape: int) -> np.ndarray:
    """Numbers from 0 to 1 that every candidate makes alike."""
    count = int(np.prod(shape))
    return ((np.arange(count, dtype=np.int64) * 7_919 % 1_009) / 1_009).astype(np.float32).reshape(shape)


def export(folder: Path) -> None:
    """Every network as `NAME.onnx`."""
    for name, shape in SHAPES.items():
        path = folder / f"{name}.onnx"
        if path.exists():
            continue
        inputs = {"obs": torch.from_numpy(wave(2, *shape))}
        outputs = ["logits"]
        if name == "a3c":
            inputs["memory"] = torch.from_numpy(wave(2, MEMORY))
        if name in ("a3c", "vision"):
            outputs = ["logits", "value"]
        torch.onnx.export(
            network(name),
            tuple(inputs.values()),
            path,
            input_names=list(inputs),
            output_names=outputs,
            dynamic_axes={name: {0: "batch"} for name in [*inputs, *outputs]},
            opset_version=17,
            dynamo=False,
        )


if __name__ == "__main__":
    export(Path(sys.argv[1]))
