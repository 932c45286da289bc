"""Networks that policies are made of, as people write them in PyTorch: small, seeded, with inputs of any size."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

Inputs = Callable[[int, torch.Generator], tuple[torch.Tensor, ...]]
"""Tensors of so many rows."""


@dataclass(frozen=True)
class Network:
    """A network, its inputs, and a layer whose activations the exported file keeps under some name, if there is one."""

    module: nn.Module
    inputs: Inputs
    layer: str | None = None


class Does(nn.Module):
    """Modules, and what is done with them."""

    def __init__(self, forward: Callable[..., Any], **parts: nn.Module) -> None:
        super().__init__()
        self.parts = nn.ModuleDict(parts)
        self._forward = forward

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self._forward(self.parts, *inputs)


def numbers(*shapes: Sequence[int]) -> Inputs:
    return lambda rows, seed: tuple(torch.randn(rows, *shape, generator=seed) for shape in shapes)


def whole(most: int, *shape: int, dtype: torch.dtype = torch.int64) -> Inputs:
    return lambda rows, seed: (torch.randint(0, most, (rows, *shape), generator=seed, dtype=dtype),)


PICTURE = (3, 12, 12)


def of_pictures(*layers: nn.Module, layer: str | None = "0") -> Network:
    """Layers over a picture, and a head."""
    body = nn.Sequential(*layers, nn.Flatten())
    with torch.no_grad():
        width = body.eval()(torch.zeros(1, *PICTURE)).shape[1]
    return Network(nn.Sequential(*layers, nn.Flatten(), nn.Linear(width, 3)), numbers(PICTURE), layer)


def of_vectors(*layers: nn.Module, layer: str | None = "0") -> Network:
    return Network(nn.Sequential(*layers), numbers((6,)), layer)


def last_step(kind: type[nn.RNNBase], depth: int, both_ways: bool, batch_first: bool) -> Network:
    cell = kind(5, 6, depth, batch_first=batch_first, bidirectional=both_ways)

    def forward(parts: nn.ModuleDict, x: torch.Tensor) -> torch.Tensor:
        if batch_first:
            return parts["head"](parts["cell"](x)[0][:, -1])
        return parts["head"](parts["cell"](x.transpose(0, 1))[0][-1])

    return Network(Does(forward, cell=cell, head=nn.Linear(6 * (1 + both_ways), 3)), numbers((4, 5)))


def one_step(cell: nn.Module, states: int) -> Network:
    """A cell that is given its memory and returns the next."""

    def forward(parts: nn.ModuleDict, x: torch.Tensor, *before: torch.Tensor) -> tuple[torch.Tensor, ...]:
        after = parts["cell"](x, before if states > 1 else before[0])
        after = after if states > 1 else (after,)
        return parts["head"](after[0]), *after

    return Network(Does(forward, cell=cell, head=nn.Linear(6, 3)), numbers((5,), *[(6,)] * states))


class GatedTransformer(nn.Module):
    """A layer of GTrXL: attention whose output passes a gate."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.norm, self.gate, self.head = nn.LayerNorm(8), nn.GRUCell(8, 8), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n = self.norm(x)
        y = functional.relu(self.attention(n, n, n, need_weights=False)[0])
        gated = self.gate(y.reshape(-1, 8), x.reshape(-1, 8)).reshape(x.shape)
        return self.head(gated[:, -1])


def keypoints(parts: nn.ModuleDict, x: torch.Tensor) -> torch.Tensor:
    maps = parts["conv"](x)
    share = torch.softmax(maps.flatten(2), -1).reshape(maps.shape)
    across, down = torch.linspace(-1, 1, maps.shape[3]), torch.linspace(-1, 1, maps.shape[2])
    return parts["head"](torch.cat([(share.sum(2) * across).sum(-1), (share.sum(3) * down).sum(-1)], 1))


def implicit_quantiles(parts: nn.ModuleDict, x: torch.Tensor) -> torch.Tensor:
    taus = torch.linspace(0.05, 0.95, 8)
    embedded = functional.relu(parts["cosines"](torch.cos(math.pi * taus[:, None] * torch.arange(1, 17))))
    return parts["head"](functional.relu(parts["body"](x))[:, None] * embedded[None]).mean(1)


def squeezed(parts: nn.ModuleDict, x: torch.Tensor) -> torch.Tensor:
    y = parts["conv"](x)
    gates = torch.sigmoid(parts["up"](functional.relu(parts["down"](functional.adaptive_avg_pool2d(y, 1)))))
    return parts["head"]((y * gates).flatten(1))


def masked(rows: int, seed: torch.Generator) -> tuple[torch.Tensor, ...]:
    return torch.randn(rows, 6, generator=seed), (torch.arange(4)[None] + torch.arange(rows)[:, None]) % 3 > 0


def dueling(parts: nn.ModuleDict, x: torch.Tensor) -> torch.Tensor:
    h = functional.relu(parts["body"](x))
    advantage = parts["advantage"](h)
    return parts["value"](h) + advantage - advantage.mean(-1, keepdim=True)


ACTIVATIONS = [
    nn.ReLU, nn.LeakyReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU, nn.SiLU, nn.Mish,
    nn.Hardswish, nn.Hardsigmoid, nn.Hardtanh, nn.ReLU6, nn.Softplus, nn.Softsign, nn.Tanh, nn.Sigmoid,
    nn.LogSigmoid, nn.Tanhshrink, nn.Softshrink, nn.PReLU,
]  # fmt: skip


def all_networks() -> dict[str, Network]:
    """Every network by its name, made anew."""
    torch.manual_seed(0)
    conv, linear = nn.Conv2d, nn.Linear
    found = {f"activation {kind.__name__}": of_vectors(linear(6, 8), kind(), linear(8, 3)) for kind in ACTIVATIONS}
    found |= {
        f"{kind.__name__} of {depth}{' both ways' * both}{' batch first' * first}": last_step(kind, depth, both, first)
        for kind in (nn.LSTM, nn.GRU, nn.RNN)
        for depth, both, first in [(1, False, True), (1, True, False), (2, True, True)]
    }
    return found | {
        "convolutions in groups": of_pictures(conv(3, 6, 3, groups=3), nn.ReLU(), conv(6, 4, 3, groups=2, dilation=2)),
        "convolution, reflected": of_pictures(conv(3, 6, 3, padding=1, padding_mode="reflect"), nn.ReLU()),
        "convolution, circular": of_pictures(conv(3, 6, 3, padding=1, padding_mode="circular"), nn.ReLU()),
        "transposed convolution": of_pictures(
            nn.ConvTranspose2d(3, 6, 3, 2, 1, output_padding=1, groups=3), nn.ReLU(), conv(6, 2, 3, 2)
        ),
        "overlapping max-pool": of_pictures(conv(3, 4, 3), nn.MaxPool2d(3, 2, 1)),
        "max-pool that rounds up": of_pictures(conv(3, 4, 3), nn.MaxPool2d(3, 2, 1, ceil_mode=True)),
        "mean-pool that rounds up": of_pictures(conv(3, 4, 3), nn.AvgPool2d(3, 2, 1, ceil_mode=True)),
        "mean-pool of what is there": of_pictures(conv(3, 4, 3), nn.AvgPool2d(3, 2, 1, count_include_pad=False)),
        "adaptive pool": of_pictures(conv(3, 4, 3, padding=1), nn.AdaptiveAvgPool2d(4)),
        "batch norm": of_pictures(conv(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()),
        "layer norm": of_pictures(conv(3, 4, 3), nn.LayerNorm([4, 10, 10]), nn.ReLU()),
        "group norm": of_pictures(conv(3, 4, 3), nn.GroupNorm(2, 4), nn.ReLU()),
        "instance norm": of_pictures(conv(3, 4, 3), nn.InstanceNorm2d(4, affine=True), nn.ReLU()),
        "root mean square norm": of_vectors(linear(6, 8), nn.RMSNorm(8), linear(8, 3)),
        "weight and spectral norm": of_vectors(
            nn.utils.parametrizations.weight_norm(linear(6, 8)),
            nn.Tanh(),
            nn.utils.parametrizations.spectral_norm(linear(8, 3)),
            layer=None,
        ),
        "pixel shuffle": of_pictures(conv(3, 8, 3), nn.PixelShuffle(2)),
        "upsampled, nearest": of_pictures(conv(3, 2, 3), nn.Upsample(scale_factor=2)),
        "upsampled, bilinear": of_pictures(conv(3, 2, 3), nn.Upsample(scale_factor=2, mode="bilinear")),
        "upsampled, corners aligned": of_pictures(
            conv(3, 2, 3), nn.Upsample(size=(7, 17), mode="bilinear", align_corners=True)
        ),
        "depthwise, norm over channels": Network(
            Does(
                lambda parts, x: parts["head"](
                    (
                        x
                        + parts["out"](
                            functional.gelu(parts["into"](parts["norm"](parts["depth"](x).permute(0, 2, 3, 1))))
                        ).permute(0, 3, 1, 2)
                    ).mean((-2, -1))
                ),
                depth=conv(3, 3, 7, padding=3, groups=3),
                norm=nn.LayerNorm(3),
                into=linear(3, 12),
                out=linear(12, 3),
                head=linear(3, 3),
            ),
            numbers(PICTURE),
        ),
        "squeeze and excitation": Network(
            Does(squeezed, conv=conv(3, 4, 3), down=conv(4, 2, 1), up=conv(2, 4, 1), head=linear(400, 3)),
            numbers(PICTURE),
        ),
        "keypoints": Network(Does(keypoints, conv=conv(3, 4, 3), head=linear(8, 3)), numbers(PICTURE), "parts.conv"),
        "convolution over time": Network(
            nn.Sequential(
                nn.Conv1d(4, 8, 3, padding=2, dilation=2), nn.ELU(), nn.MaxPool1d(2), nn.Flatten(), linear(80, 2)
            ),
            numbers((4, 20)),
            "0",
        ),
        "convolution over a volume": Network(
            nn.Sequential(nn.Conv3d(2, 4, 3), nn.ReLU(), nn.MaxPool3d(2), nn.Flatten(), linear(32, 3)),
            numbers((2, 6, 6, 6)),
            "0",
        ),
        "LSTM cell": one_step(nn.LSTMCell(5, 6), 2),
        "GRU cell": one_step(nn.GRUCell(5, 6), 1),
        "attention": Network(
            Does(
                lambda parts, x: parts["head"](parts["attention"](x, x, x)[0].mean(1)),
                attention=nn.MultiheadAttention(8, 2, batch_first=True),
                head=linear(8, 3),
            ),
            numbers((5, 8)),
        ),
        "transformer layer": Network(
            Does(
                lambda parts, x: parts["head"](parts["layer"](x)[:, 0]),
                layer=nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=True),
                head=linear(8, 3),
            ),
            numbers((5, 8)),
        ),
        "causal attention": Network(
            Does(
                lambda parts, x: parts["head"](
                    functional.scaled_dot_product_attention(x, x, x, is_causal=True).flatten(1)
                ),
                head=linear(80, 3),
            ),
            numbers((2, 5, 8)),
        ),
        "gated transformer": Network(GatedTransformer(), numbers((5, 8))),
        "dueling": Network(
            Does(dueling, body=linear(6, 8), value=linear(8, 1), advantage=linear(8, 4)), numbers((6,)), "parts.body"
        ),
        "categorical returns": Network(
            Does(
                lambda parts, x: (
                    torch.softmax(parts["atoms"](x).reshape(-1, 3, 11), -1) * torch.linspace(-5, 5, 11)
                ).sum(-1),
                atoms=linear(6, 33),
            ),
            numbers((6,)),
        ),
        "quantiles of returns": Network(
            Does(lambda parts, x: parts["quantiles"](x).view(-1, 3, 11).mean(2), quantiles=linear(6, 33)), numbers((6,))
        ),
        "implicit quantiles": Network(
            Does(implicit_quantiles, body=linear(6, 8), cosines=linear(16, 8), head=linear(8, 3)), numbers((6,))
        ),
        "squashed Gaussian": Network(
            Does(
                lambda parts, x: (torch.tanh(parts["mean"](x)), parts["std"](x).clamp(-5, 2).exp()),
                mean=linear(6, 3),
                std=linear(6, 3),
            ),
            numbers((6,)),
        ),
        "actor and critic": Network(
            Does(
                lambda parts, x: (lambda h: (functional.log_softmax(parts["actor"](h), -1), parts["critic"](h)))(
                    torch.tanh(parts["body"](x))
                ),
                body=linear(6, 8),
                actor=linear(8, 4),
                critic=linear(8, 1),
            ),
            numbers((6,)),
            "parts.body",
        ),
        "an ensemble": Network(
            Does(
                lambda parts, x: torch.stack([parts[name](x) for name in ("a", "b", "c")], 1).mean(1),
                a=linear(6, 3),
                b=linear(6, 3),
                c=linear(6, 3),
            ),
            numbers((6,)),
        ),
        "masked actions": Network(
            Does(lambda parts, x, legal: torch.where(legal, parts["head"](x), torch.tensor(-1e8)), head=linear(6, 4)),
            masked,
        ),
        "the best two actions": Network(
            Does(lambda parts, x: parts["head"](torch.topk(x, 3, -1)[0]), head=linear(3, 3)), numbers((6,))
        ),
        "several parts of an observation": Network(
            Does(
                lambda parts, x, y: parts["head"](
                    torch.cat([functional.relu(parts["conv"](x)).flatten(1), torch.tanh(parts["numbers"](y))], 1)
                ),
                conv=conv(3, 2, 3),
                numbers=linear(6, 8),
                head=linear(208, 3),
            ),
            numbers(PICTURE, (6,)),
        ),
        "numbered cells": Network(
            Does(
                lambda parts, x: parts["head"](
                    functional.relu(
                        parts["conv"](functional.one_hot(x, 6).flatten(3).permute(0, 3, 1, 2).float())
                    ).flatten(1)
                ),
                conv=conv(18, 4, 3),
                head=linear(100, 3),
            ),
            whole(6, 7, 7, 3),
        ),
        "embedded observation": Network(
            Does(
                lambda parts, x: parts["head"](parts["embedding"](x).flatten(1)),
                embedding=nn.Embedding(10, 8),
                head=linear(32, 3),
            ),
            whole(10, 4),
        ),
        "pictures in bytes": Network(
            Does(
                lambda parts, x: parts["head"](
                    functional.relu(parts["conv"](x.permute(0, 3, 1, 2).float() / 255)).flatten(1)
                ),
                conv=conv(3, 4, 3),
                head=linear(400, 3),
            ),
            whole(256, 12, 12, 3, dtype=torch.uint8),
        ),
        "double precision": Network(
            Does(lambda parts, x: parts["head"](x.double()).float(), head=linear(6, 3).double()), numbers((6,))
        ),
    }
