"""Networks that policies are made of, as people write them in Flax, Equinox and plain JAX: small and seeded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import equinox
import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax2onnx import onnx_function

rngs = nnx.Rngs(7)


@dataclass(frozen=True)
class Network:
    """A function of inputs of these shapes, rows left out: floats, or whole numbers below so many."""

    function: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...] = ((6,),)
    below: int = 0

    def inputs(self, rows: int) -> list[np.ndarray[Any, Any]]:
        draw = np.random.default_rng(rows)
        if self.below:
            return [draw.integers(0, self.below, (rows, *shape)).astype(np.int32) for shape in self.shapes]
        return [draw.standard_normal((rows, *shape)).astype(np.float32) for shape in self.shapes]


class Chain(nnx.Module):
    """Parts one after the other; plain functions are parts too."""

    def __init__(self, *parts: Any) -> None:
        self.parts = nnx.List(parts)

    def __call__(self, x: Any) -> Any:
        for part in self.parts:
            x = part(x)
        return x


def linear(inputs: int, outputs: int) -> nnx.Linear:
    return nnx.Linear(inputs, outputs, rngs=rngs)


def of_vectors(*parts: Any) -> Network:
    """Between a layer of 8 and a head of 3."""
    return Network(Chain(linear(6, 8), *parts, linear(8, 3)))


def flat(x: Any) -> Any:
    return x.reshape(x.shape[0], -1)


PICTURE = (12, 12, 3)


def of_pictures(*parts: Any) -> Network:
    """Over a picture whose channels come last, and below a head."""
    width = flat(Chain(*parts)(jnp.zeros((1, *PICTURE)))).shape[1]
    return Network(Chain(*parts, flat, linear(width, 3)), (PICTURE,))


def conv(inputs: int, outputs: int, window: int = 3, **settings: Any) -> nnx.Conv:
    return nnx.Conv(inputs, outputs, (window, window), rngs=rngs, **settings)


class ActorCritic(nnx.Module):
    """As PureJaxRL has it: two networks of their own over one observation."""

    def __init__(self) -> None:
        self.actor = Chain(linear(6, 16), nnx.tanh, linear(16, 16), nnx.tanh, linear(16, 4))
        self.critic = Chain(linear(6, 16), nnx.tanh, linear(16, 16), nnx.tanh, linear(16, 1))

    def __call__(self, obs: Any) -> Any:
        return self.actor(obs), jnp.squeeze(self.critic(obs), axis=-1)


class Dueling(nnx.Module):
    """Advantages without their mean, above a value."""

    def __init__(self) -> None:
        self.body, self.advantage, self.value = linear(6, 16), linear(16, 4), linear(16, 1)

    def __call__(self, obs: Any) -> Any:
        x = nnx.relu(self.body(obs))
        advantage = self.advantage(x)
        return self.value(x) + advantage - jnp.mean(advantage, axis=-1, keepdims=True)


class Distribution(nnx.Module):
    """C51: chances of 11 returns an action, and what is expected."""

    def __init__(self) -> None:
        self.body, self.atoms = linear(6, 16), linear(16, 4 * 11)
        self.support = nnx.Variable(jnp.linspace(-10, 10, 11))

    def __call__(self, obs: Any) -> Any:
        chances = nnx.softmax(self.atoms(nnx.relu(self.body(obs))).reshape(-1, 4, 11), axis=-1)
        return jnp.sum(chances * self.support[...], axis=-1), chances


class Quantiles(nnx.Module):
    """QR-DQN."""

    def __init__(self) -> None:
        self.body, self.quantiles = linear(6, 16), linear(16, 4 * 9)

    def __call__(self, obs: Any) -> Any:
        found = self.quantiles(nnx.relu(self.body(obs))).reshape(-1, 4, 9)
        return jnp.mean(found, axis=-1), found


class Squashed(nnx.Module):
    """SAC: the mean of a squashed Gaussian and the log of its deviation, held between two numbers."""

    def __init__(self) -> None:
        self.body, self.mean, self.deviation = linear(6, 16), linear(16, 2), linear(16, 2)

    def __call__(self, obs: Any) -> Any:
        x = nnx.relu(self.body(obs))
        deviation = -5 + 0.5 * (2 + 5) * (jnp.tanh(self.deviation(x)) + 1)
        return jnp.tanh(self.mean(x)), deviation, jnp.exp(deviation)


def smaller(x: Any) -> Any:
    return nnx.max_pool(x, window_shape=(3, 3), strides=(2, 2), padding="SAME")


class Residual(nnx.Module):
    """IMPALA's block."""

    def __init__(self, channels: int) -> None:
        self.one, self.two = conv(channels, channels), conv(channels, channels)

    def __call__(self, x: Any) -> Any:
        return x + self.two(nnx.relu(self.one(nnx.relu(x))))


class Recurrent(nnx.Module):
    """A cell that is given its memory and returns the next."""

    def __init__(self, cell: Any, states: int) -> None:
        self.cell, self.head, self.states = cell, linear(8, 3), states

    def __call__(self, obs: Any, *before: Any) -> Any:
        after, x = self.cell(before if self.states > 1 else before[0], obs)
        return self.head(x), *(after if self.states > 1 else (after,))


def over_time(step: Callable[[Any, Any], Any], states: int) -> Callable[[Any], Any]:
    """A cell scanned over steps from zeros on, as PureJaxRL does it; what it says last counts."""

    def network(steps: Any) -> Any:
        zeros = jnp.zeros((steps.shape[0], 6))
        before = (zeros,) * states
        after, _ = jax.lax.scan(step, before, jnp.swapaxes(steps, 0, 1))
        return after[0] @ MATRIX

    return network


def gru(before: Any, x: Any) -> Any:
    (h,) = before
    kept = jax.nn.sigmoid(x @ MATRIX + h @ MATRIX.T)
    new = jnp.tanh(x @ MATRIX.T + (kept * h) @ MATRIX)
    after = (1 - kept) * new + kept * h
    return (after,), after


def lstm(before: Any, x: Any) -> Any:
    h, c = before
    taken, kept, new, told = jnp.split(x @ WIDE + h @ WIDE[::-1], 4, axis=-1)
    c = jax.nn.sigmoid(kept) * c + jax.nn.sigmoid(taken) * jnp.tanh(new)
    h = jax.nn.sigmoid(told) * jnp.tanh(c)
    return (h, c), h


class Transformer(nnx.Module):
    """One block, before whose parts numbers are normed, over five things."""

    def __init__(self, masked: bool) -> None:
        self.enter, self.head = linear(6, 8), linear(8, 3)
        self.look = nnx.MultiHeadAttention(2, 8, decode=False, rngs=rngs)
        self.one, self.two = nnx.LayerNorm(8, rngs=rngs), nnx.LayerNorm(8, rngs=rngs)
        self.mlp = Chain(linear(8, 16), nnx.gelu, linear(16, 8))
        self.masked = masked

    def __call__(self, things: Any) -> Any:
        x = self.enter(things)
        mask = nnx.make_causal_mask(jnp.ones((1, 5))) if self.masked else None
        x = x + self.look(self.one(x), mask=mask)
        x = x + self.mlp(self.two(x))
        return self.head(jnp.mean(x, axis=1))


class Ensemble(nnx.Module):
    """Five heads over one body, and their least: REDQ, TQC."""

    def __init__(self) -> None:
        self.body = linear(6, 8)
        draw = np.random.default_rng(5)
        self.weights = nnx.Variable(jnp.asarray(draw.standard_normal((5, 8, 3)), jnp.float32))

    def __call__(self, obs: Any) -> Any:
        x = nnx.elu(self.body(obs))
        each = jax.vmap(lambda weights: x @ weights)(self.weights[...])
        return jnp.min(each, axis=0), jnp.std(each, axis=0)


class Experts(nnx.Module):
    """A gate mixes what four experts say."""

    def __init__(self) -> None:
        draw = np.random.default_rng(5)
        self.gate = linear(6, 4)
        self.weights = nnx.Variable(jnp.asarray(draw.standard_normal((4, 6, 3)), jnp.float32))

    def __call__(self, obs: Any) -> Any:
        return jnp.einsum("be,bi,eio->bo", nnx.softmax(self.gate(obs)), obs, self.weights[...])


@onnx_function
class Block(nnx.Module):
    """A part that is a function of the file."""

    def __init__(self, width: int) -> None:
        self.body, self.norm = linear(width, width), nnx.LayerNorm(width, rngs=rngs)

    def __call__(self, x: Any) -> Any:
        return x + nnx.gelu(self.norm(self.body(x)))


@onnx_function
class Tower(nnx.Module):
    """A function that calls functions."""

    def __init__(self, width: int) -> None:
        self.one, self.two = Block(width), Block(width)

    def __call__(self, x: Any) -> Any:
        return self.two(nnx.relu(self.one(x)))


class Embeds(nnx.Module):
    """A grid of kinds, as MiniGrid's."""

    def __init__(self) -> None:
        self.kinds, self.head = nnx.Embed(7, 4, rngs=rngs), linear(4 * 9, 3)

    def __call__(self, grid: Any) -> Any:
        return self.head(flat(self.kinds(grid)))


class Held(nnx.Module):
    """Means and deviations of training stand in for those of the rows."""

    def __init__(self) -> None:
        self.body, self.head = linear(6, 8), linear(8, 3)
        self.norm = nnx.BatchNorm(8, use_running_average=True, rngs=rngs)
        self.norm.mean[...] = jnp.linspace(-1, 1, 8)
        self.norm.var[...] = jnp.linspace(0.5, 2, 8)

    def __call__(self, obs: Any) -> Any:
        return self.head(nnx.relu(self.norm(self.body(obs))))


def several(left: Any, right: Any) -> Any:
    """Two observations side by side."""
    return jnp.concatenate([jnp.tanh(left @ MATRIX), right * 2], axis=-1) @ jnp.concatenate([MATRIX, MATRIX], axis=0)


MATRIX = jnp.asarray(np.random.default_rng(3).standard_normal((6, 6)), jnp.float32)
WIDE = jnp.asarray(np.random.default_rng(4).standard_normal((6, 24)), jnp.float32) / 3
equinox_mlp = equinox.nn.MLP(6, 3, 16, 2, activation=jax.nn.silu, key=jax.random.key(3))
equinox_cnn = equinox.nn.Sequential(
    [
        equinox.nn.Conv2d(3, 4, 3, 2, key=jax.random.key(1)),
        equinox.nn.Lambda(jax.nn.relu),
        equinox.nn.MaxPool2d(2, 1),
        equinox.nn.Lambda(jnp.ravel),
        equinox.nn.Linear(4 * 16, 3, key=jax.random.key(2)),
    ]
)

ACTIVATIONS = {
    name: getattr(jax.nn, name)
    for name in (
        "relu", "tanh", "sigmoid", "silu", "gelu", "elu", "selu", "celu", "softplus", "leaky_relu", "relu6", "mish",
        "hard_tanh", "hard_sigmoid", "hard_silu", "log_sigmoid", "soft_sign", "squareplus", "log_softmax",
        "standardize",
    )
}  # fmt: skip

NETWORKS: dict[str, Network] = {
    "actor and critic": Network(ActorCritic()),
    "dueling": Network(Dueling()),
    "distribution of returns": Network(Distribution()),
    "quantiles": Network(Quantiles()),
    "squashed Gaussian": Network(Squashed()),
    "ensemble": Network(Ensemble()),
    "mixture of experts": Network(Experts()),
    "two observations": Network(several, ((6,), (6,))),
    "batch norm": Network(Held()),
    "layer norm": of_vectors(nnx.LayerNorm(8, rngs=rngs), nnx.relu),
    "root mean square norm": of_vectors(nnx.RMSNorm(8, rngs=rngs), nnx.relu),
    "group norm": of_pictures(conv(3, 8), nnx.GroupNorm(8, num_groups=4, rngs=rngs), nnx.relu),
    "blocks that are functions": of_vectors(Block(8), Block(8)),
    "functions of functions": of_vectors(Tower(8), Block(8), Tower(8)),
    "nature": of_pictures(
        conv(3, 8, 4, strides=2, padding="VALID"), nnx.relu, conv(8, 8, 3, padding="VALID"), nnx.relu
    ),
    "residual network": of_pictures(conv(3, 6), smaller, Residual(6), Residual(6), nnx.relu),
    "same padding, strides": of_pictures(conv(3, 4, 3, strides=2), nnx.silu),
    "dilated": of_pictures(conv(3, 4, 3, kernel_dilation=2), nnx.relu),
    "grouped": of_pictures(conv(3, 6, 3, feature_group_count=3), nnx.relu),
    "transposed": of_pictures(nnx.ConvTranspose(3, 4, (3, 3), strides=(2, 2), rngs=rngs), nnx.relu),
    "average pool": of_pictures(conv(3, 4), lambda x: nnx.avg_pool(x, window_shape=(2, 2), strides=(2, 2))),
    "mean of places": of_pictures(conv(3, 4), nnx.relu, lambda x: jnp.mean(x, axis=(1, 2))),
    "largest of places": of_pictures(conv(3, 4), lambda x: jnp.max(x, axis=(1, 2))),
    "bytes": Network(lambda frame: flat(frame.astype(jnp.float32) / 255.0)[:, :6] @ MATRIX, ((4, 4),), 256),
    "frame stack": Network(lambda frames: flat(jnp.transpose(frames, (0, 2, 3, 1)))[:, :6] @ MATRIX, ((4, 5, 5),)),
    "GRU cell": Network(Recurrent(nnx.GRUCell(6, 8, rngs=rngs), 1), ((6,), (8,))),
    "LSTM cell": Network(Recurrent(nnx.OptimizedLSTMCell(6, 8, rngs=rngs), 2), ((6,), (8,), (8,))),
    "simple cell": Network(Recurrent(nnx.SimpleCell(6, 8, rngs=rngs), 1), ((6,), (8,))),
    "GRU over steps": Network(over_time(gru, 1), ((5, 6),)),
    "LSTM over steps": Network(over_time(lstm, 2), ((5, 6),)),
    "attention": Network(Transformer(masked=False), ((5, 6),)),
    "causal attention": Network(Transformer(masked=True), ((5, 6),)),
    "embedding": Network(Embeds(), ((3, 3),), 7),
    "one hot": Network(lambda state: jax.nn.one_hot(state, 6) @ MATRIX, ((),), 6),
    "Equinox's MLP": Network(jax.vmap(equinox_mlp)),
    "Equinox's pictures": Network(jax.vmap(equinox_cnn), ((3, 12, 12),)),
    "clipped and chosen": Network(lambda x: jnp.where(x > 0, jnp.clip(x, -1, 1), 0.1 * x) @ MATRIX),
    "masked logits": Network(lambda x: jax.nn.softmax(jnp.where(x < 1.5, x @ MATRIX, -1e9))),
    "waves of positions": Network(lambda x: jnp.concatenate([jnp.sin(x), jnp.cos(3 * x)], axis=-1)[:, 2:8] @ MATRIX),
    "powers and roots": Network(lambda x: (x**2 + jnp.sqrt(jnp.abs(x) + 1) + jnp.square(x) ** 1.5) @ MATRIX),
    "logarithm of a sum": Network(lambda x: jax.nn.logsumexp((x @ MATRIX)[:, :, None] + MATRIX[None], axis=2)),
    "norms of rows": Network(lambda x: (x / (jnp.linalg.norm(x, axis=-1, keepdims=True) + 1e-3)) @ MATRIX),
    "running sums": Network(lambda x: jnp.cumsum(x, axis=-1) @ MATRIX),
    "symmetric logarithm": Network(lambda x: jnp.sign(x) * jnp.log1p(jnp.abs(x @ MATRIX))),
} | {f"activation {name}": of_vectors(function) for name, function in ACTIVATIONS.items()}
