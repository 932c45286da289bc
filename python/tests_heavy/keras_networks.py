"""Networks that policies are made of, as people write them in Keras and TensorFlow: small and seeded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

keras.utils.set_random_seed(7)


@dataclass(frozen=True)
class Network:
    """A model that makes itself, its inputs' shapes without rows, and below which whole number they are if they are."""

    make: Callable[[], Any]
    shapes: tuple[tuple[int, ...], ...] = ((6,),)
    below: int = 0
    # Largest rounding beside TensorFlow, of the largest number.
    tolerance: float = 3e-4

    def inputs(self, rows: int) -> list[np.ndarray[Any, Any]]:
        draw = np.random.default_rng(rows)
        if self.below:
            return [draw.integers(0, self.below, (rows, *shape)).astype(np.int32) for shape in self.shapes]
        return [draw.standard_normal((rows, *shape)).astype(np.float32) for shape in self.shapes]


PICTURE = (12, 12, 3)
SERIES = (5, 4)


def of_vectors(*parts: Any) -> Network:
    """Between a layer of 8 and a head of 3."""
    return Network(lambda: keras.Sequential([keras.Input((6,)), layers.Dense(8), *parts, layers.Dense(3)]))


def of_pictures(*parts: Any) -> Network:
    """Pictures whose channels are last, then a head of 3."""
    return Network(
        lambda: keras.Sequential([keras.Input(PICTURE), *parts, layers.Flatten(), layers.Dense(3)]), (PICTURE,)
    )


def of_series(*parts: Any) -> Network:
    """Five steps of four numbers each, then a head of 3."""
    return Network(
        lambda: keras.Sequential([keras.Input(SERIES), *parts, layers.Flatten(), layers.Dense(3)]), (SERIES,)
    )


def varied(model: Any) -> Any:
    """The model, with statistics and scales that are not those of the beginning."""
    draw = np.random.default_rng(3)
    for weight in getattr(model, "weights", ()):
        if weight.name in ("gamma", "beta", "moving_mean", "moving_variance", "alpha", "scale"):
            weight.assign(draw.uniform(0.5, 1.5, weight.shape))
    return model


def residual() -> Any:
    given = keras.Input(PICTURE)
    x = layers.Conv2D(4, 3, padding="same")(given)
    for _ in range(2):
        y = layers.Conv2D(4, 3, padding="same")(layers.ReLU()(x))
        x = layers.Add()([x, layers.Conv2D(4, 3, padding="same")(layers.ReLU()(y))])
    return keras.Model(given, layers.Dense(3)(layers.Flatten()(layers.MaxPooling2D()(x))))


def duelling() -> Any:
    given = keras.Input((6,))
    x = layers.Dense(8, "relu")(given)
    value, advantage = layers.Dense(1)(x), layers.Dense(3)(x)
    return keras.Model(given, value + advantage - ops.mean(advantage, axis=1, keepdims=True))


def distributional() -> Any:
    given = keras.Input((6,))
    x = layers.Reshape((3, 11))(layers.Dense(33)(layers.Dense(8, "relu")(given)))
    atoms = np.linspace(-1, 1, 11, dtype=np.float32)
    return keras.Model(given, ops.sum(layers.Softmax()(x) * atoms, axis=2))


def actor_critic() -> Any:
    given = keras.Input((6,))
    x = layers.Dense(8, "tanh")(given)
    return keras.Model(given, [layers.Dense(3, name="logits")(x), layers.Dense(1, name="value")(x)])


def several_inputs() -> Any:
    picture, vector = keras.Input(PICTURE), keras.Input((6,))
    x = layers.Flatten()(layers.Conv2D(4, 4, 2, activation="relu")(picture))
    x = layers.Concatenate()([x, layers.Dense(8, "relu")(vector)])
    return keras.Model([picture, vector], layers.Dense(3)(x))


def attending(layer: Any, *, twice: bool = True) -> Network:
    """A layer that takes a query and what it asks, over a series."""

    def make() -> Any:
        given = keras.Input(SERIES)
        x = layers.Dense(8)(given)
        y = layer(x, x) if twice else layer([x, x])
        return keras.Model(given, layers.Dense(3)(layers.Flatten()(y)))

    return Network(make, (SERIES,))


def transformer() -> Any:
    given = keras.Input(SERIES)
    x = layers.Dense(8)(given)
    y = layers.LayerNormalization()(x)
    x = x + layers.MultiHeadAttention(2, 4)(y, y, use_causal_mask=True)
    y = layers.LayerNormalization()(x)
    x = x + layers.Dense(8)(layers.Dense(16, "gelu")(y))
    return keras.Model(given, layers.Dense(3)(x[:, -1]))


def remembering(layer: Callable[..., Any], states: int) -> Network:
    """One step of a recurrent policy, whose state goes in and comes out."""

    def make() -> Any:
        given, state = keras.Input((6,)), [keras.Input((8,)) for _ in range(states)]
        y, after = layer(8)(layers.Dense(4)(given), state)
        return keras.Model([given, *state], [layers.Dense(3)(y), *after])

    return Network(make, ((6,), *((8,) for _ in range(states))))


@keras.saving.register_keras_serializable("ethogram")
class Subclassed(keras.Model):
    """As examples of Keras write policies: layers made in `__init__`, called in `call`."""

    def __init__(self) -> None:
        super().__init__()
        self.common = layers.Dense(8, activation="relu")
        self.actor, self.critic = layers.Dense(3), layers.Dense(1)

    def call(self, inputs: Any) -> Any:
        x = self.common(inputs)
        return self.actor(x), self.critic(x)


class Categorical(tf.Module):
    """A policy without Keras: variables and functions of TensorFlow."""

    def __init__(self) -> None:
        super().__init__()
        draw = np.random.default_rng(5)
        self.body = tf.Variable(draw.standard_normal((6, 8)).astype(np.float32))
        self.head = tf.Variable(draw.standard_normal((8, 3)).astype(np.float32))

    def __call__(self, obs: Any) -> Any:
        x = tf.nn.leaky_relu(tf.linalg.matmul(obs, self.body), alpha=0.1)
        x = tf.math.l2_normalize(x, axis=-1)
        return tf.nn.log_softmax(tf.einsum("bi,ij->bj", x, self.head))


def of_function(function: Callable[[Any], Any], shape: tuple[int, ...] = (6,)) -> Network:
    """A function of `keras.ops` between dense layers."""

    def make() -> Any:
        given = keras.Input(shape)
        return keras.Model(given, layers.Dense(3)(layers.Flatten()(function(given))))

    return Network(make, (shape,))


ACTIVATIONS = [
    "relu", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "softplus", "softsign", "tanh",
    "sigmoid", "hard_sigmoid", "hard_silu", "hard_tanh", "exponential", "softmax", "log_softmax", "log_sigmoid",
    "tanh_shrink", "squareplus", "soft_shrink", "hard_shrink", "sparse_plus", "sparse_sigmoid", "sparsemax",
]  # fmt: skip

NETWORKS = {
    **{f"activation {name}": of_vectors(layers.Activation(name)) for name in ACTIVATIONS},
    "activation prelu": of_vectors(layers.PReLU()),
    "activation gelu by tanh": of_vectors(layers.Lambda(lambda x: keras.activations.gelu(x, approximate=True))),
    "activation glu": of_vectors(layers.Lambda(lambda x: keras.activations.glu(x))),
    "activation threshold": of_vectors(layers.Lambda(lambda x: keras.activations.threshold(x, 0.3, -1.0))),
    "layer norm": of_vectors(layers.LayerNormalization()),
    "batch norm": of_vectors(layers.BatchNormalization()),
    "group norm": of_vectors(layers.GroupNormalization(4)),
    "rms norm": of_vectors(layers.RMSNormalization()),
    "unit norm": of_vectors(layers.UnitNormalization()),
    "spectral norm": of_vectors(layers.SpectralNormalization(layers.Dense(8, "relu"))),
    "dropout and noise": of_vectors(layers.Dropout(0.5), layers.GaussianNoise(1.0), layers.AlphaDropout(0.2)),
    "normalised observations": Network(
        lambda: keras.Sequential(
            [
                keras.Input((6,)),
                layers.Normalization(mean=np.arange(6.0), variance=np.arange(1.0, 7.0)),
                layers.Rescaling(0.5, offset=-1.0),
                layers.Dense(3),
            ]
        )
    ),
    "convolutions of Atari": of_pictures(
        layers.Rescaling(1 / 255), layers.Conv2D(8, 4, 2, activation="relu"), layers.Conv2D(8, 3, activation="relu")
    ),
    "convolution padded": of_pictures(layers.Conv2D(4, 3, 2, padding="same", activation="elu")),
    "convolution with an even window, padded": of_pictures(layers.Conv2D(4, 4, 3, padding="same")),
    "convolution dilated": of_pictures(layers.Conv2D(4, 3, dilation_rate=2)),
    "convolution depthwise": of_pictures(layers.DepthwiseConv2D(3, depth_multiplier=2)),
    "convolution depthwise with strides": of_pictures(layers.DepthwiseConv2D(3, 2, padding="same")),
    "convolution separable": of_pictures(layers.SeparableConv2D(5, 3, activation="relu")),
    "convolution transposed": of_pictures(layers.Conv2D(4, 3, 2), layers.Conv2DTranspose(3, 3, 2)),
    "convolution transposed and padded": of_pictures(layers.Conv2DTranspose(3, 3, 2, padding="same")),
    "convolutions with channels first": of_pictures(
        layers.Permute((3, 1, 2)), layers.Permute((2, 3, 1)), layers.Conv2D(4, 3)
    ),
    "convolution over time": of_series(layers.Conv1D(4, 3, padding="causal")),
    "convolution over time, separable": of_series(layers.SeparableConv1D(4, 3)),
    "largest of windows": of_pictures(layers.Conv2D(4, 3), layers.MaxPooling2D(3, 2, padding="same")),
    "mean of windows": of_pictures(layers.AveragePooling2D(2)),
    "mean of windows, padded": of_pictures(layers.AveragePooling2D(3, 2, padding="same")),
    "largest of all": of_pictures(layers.Conv2D(4, 3), layers.GlobalMaxPooling2D()),
    "mean of all": of_pictures(layers.Conv2D(4, 3), layers.GlobalAveragePooling2D(keepdims=True)),
    "pooling over time": of_series(layers.MaxPooling1D(2), layers.AveragePooling1D(2)),
    "padding and cropping": of_pictures(layers.ZeroPadding2D((1, 2)), layers.Cropping2D(((0, 3), (1, 1)))),
    "enlarged": of_pictures(layers.Conv2D(2, 3, 2), layers.UpSampling2D(2)),
    "enlarged smoothly": of_pictures(layers.Conv2D(2, 3, 2), layers.UpSampling2D(2, interpolation="bilinear")),
    "batch norm of pictures": of_pictures(
        layers.Conv2D(4, 3, use_bias=False), layers.BatchNormalization(), layers.ReLU(max_value=2.0)
    ),
    "group norm of pictures": of_pictures(layers.Conv2D(4, 3), layers.GroupNormalization(2)),
    "residual": Network(residual, (PICTURE,)),
    "duelling": Network(duelling),
    "distributional": Network(distributional),
    "actor and critic": Network(actor_critic),
    "subclassed": Network(Subclassed),
    "several inputs": Network(several_inputs, (PICTURE, (6,))),
    "embedding": Network(
        lambda: keras.Sequential(
            [keras.Input((2,), dtype="int32"), layers.Embedding(9, 4), layers.Flatten(), layers.Dense(3)]
        ),
        ((2,),),
        9,
    ),
    "one-hot": Network(
        lambda: keras.Sequential(
            [keras.Input((1,), dtype="int32"), layers.CategoryEncoding(9, output_mode="one_hot"), layers.Dense(3)]
        ),
        ((1,),),
        9,
    ),
    "attention": attending(layers.MultiHeadAttention(2, 4)),
    "attention in groups": attending(layers.GroupQueryAttention(4, 4, 2)),
    "attention by dots": attending(layers.Attention(use_scale=True), twice=False),
    "attention by sums": attending(layers.AdditiveAttention(), twice=False),
    "transformer": Network(transformer, (SERIES,)),
    "einsum": of_series(layers.EinsumDense("btf,fg->btg", output_shape=(5, 6), bias_axes="g")),
    "a layer a step": of_series(layers.TimeDistributed(layers.Dense(4, "relu"))),
    "LSTM": of_series(layers.LSTM(8)),
    "LSTM of every step": of_series(layers.LSTM(8, return_sequences=True)),
    "GRU": of_series(layers.GRU(8)),
    "GRU reset before": of_series(layers.GRU(8, reset_after=False)),
    "simple recurrent": of_series(layers.SimpleRNN(8)),
    "both ways": of_series(layers.Bidirectional(layers.LSTM(4))),
    "unrolled": of_series(layers.LSTM(8, unroll=True)),
    "one step of an LSTM": remembering(layers.LSTMCell, 2),
    "one step of a GRU": remembering(layers.GRUCell, 1),
    "functions of an axis": of_function(
        lambda x: ops.concatenate([ops.max(x, 1, True), ops.logsumexp(x, 1, True), ops.norm(x, axis=1, keepdims=True),
                                   ops.var(x, 1, True), ops.prod(x[:, :3], 1, True)], 1)
    ),
    "functions of numbers": of_function(
        lambda x: ops.sin(x) + ops.sqrt(ops.abs(x) + 1) * ops.exp(-ops.square(x)) - ops.arctan(x) + ops.expm1(x / 4)
    ),
    "choices": of_function(lambda x: ops.where(x > 0, x, 0.3 * x) + ops.clip(x, -0.5, 0.5) + ops.minimum(x, 0.2)),
    "parts": of_function(lambda x: ops.stack(ops.split(x, 3, axis=1), axis=1)[:, ::-1, 1:]),
    "sorted": of_function(lambda x: ops.sort(x, axis=1)),
    "the largest ones": of_function(lambda x: ops.top_k(x, 3)[0]),
    "sums so far": of_function(lambda x: ops.cumsum(x, axis=1)),
    "rolled and repeated": of_function(
        lambda x: ops.concatenate([ops.roll(x, 2, axis=1), ops.repeat(x, 2, axis=1)], 1)
    ),
    "padded by reflection": of_function(lambda x: ops.pad(x, ((0, 0), (2, 2), (1, 1), (0, 0)), "reflect"), PICTURE),
    "pictures resized": of_function(lambda x: ops.image.resize(x, (6, 6), "bilinear"), PICTURE),
    "einsum of three": of_function(lambda x: ops.einsum("bi,bj->bij", x, x)),
    "quantiles": of_function(lambda x: ops.cos(ops.expand_dims(x, -1) * np.pi * np.arange(1, 5, dtype=np.float32))),
    "module of TensorFlow": Network(Categorical),
}  # fmt: skip
"""Each with a head of three numbers first. (Keras compiles convolutions in groups: tf2onnx cannot write them.)"""

LEFT_BY_TF2ONNX = {"activation gelu", "activation celu", "transformer", "functions of numbers"}
"""Written with operators of TensorFlow (`Erfc`, `Expm1`) that no standard has: ONNX Runtime refuses them."""

HOLDS_ARRAYS = "normalised observations"
"""A layer of it holds arrays that are no variables: tf2onnx makes inputs of them that nobody can give."""
