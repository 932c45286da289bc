"""Policies written in Keras or TensorFlow, whatever holds their weights."""

from __future__ import annotations

import importlib.util
import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ethogram.errors import EthogramError
from ethogram.jax_function import JaxFunction
from ethogram.nested import leaves, mapped, named

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class TensorFlowFunction:
    """A function of a batch of each input, with its weights inside.

    Attributes:
        call: Traced, not run.
        title: What people call it.
        output_names: What a model calls its outputs; none where it does not.
    """

    call: Callable[..., Any]
    title: str
    output_names: tuple[str, ...] = ()

    def __call__(self, *inputs: Any) -> Any:
        """What it returns, without what only training does."""
        return self.call(*inputs)

    def shapes(self, *inputs: Any) -> Any:
        """What it returns, nested as it is, as tensors without numbers: it is traced, and neither runs nor changes."""
        import tensorflow as tf

        specs = [tf.TensorSpec(one.shape, one.dtype) for one in inputs]
        return tf.function(self.call, autograph=False).get_concrete_function(*specs).structured_outputs


def function_of(source: Any) -> TensorFlowFunction | JaxFunction | None:
    """A model of Keras, a module or a function of TensorFlow as a function; `None` where it is none of them.

    A model of Keras on JAX becomes a function of JAX; one on PyTorch is a module of PyTorch.
    """
    if isinstance(source, TensorFlowFunction):
        return source
    libraries = {base.__module__.split(".")[0] for base in type(source).__mro__}
    title = type(source).__name__
    if "torch" in libraries or isinstance(source, type) or not callable(source):
        return None
    if libraries & {"keras", "tf_keras"}:
        if "keras" in libraries and _backend() == "jax":
            return JaxFunction(_Stateless(source), title, output_names_of(source))
        return TensorFlowFunction(_Evaluated(source), title, output_names_of(source))
    if "tensorflow" in libraries:
        return TensorFlowFunction(source, getattr(source, "__name__", title))
    return None


def output_names_of(model: Any) -> tuple[str, ...]:
    """What a model of Keras calls its outputs; none where it does not."""
    names = tuple(str(name) for name in getattr(model, "output_names", None) or ())
    # Two outputs of one layer are called alike.
    return names if len(set(names)) == len(names) else ()


def _backend() -> str:
    return str(sys.modules["keras"].config.backend())


class _Evaluated:
    """A model of Keras as it is asked when nothing is learned. Several inputs are a list to it."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def __call__(self, *inputs: Any) -> Any:
        return self.model(inputs[0] if len(inputs) == 1 else list(inputs), training=False)


class _Stateless:
    """A model of Keras on JAX, with its weights as they are now."""

    def __init__(self, model: Any) -> None:
        import numpy as np

        self.model = model
        self.weights = [np.asarray(weight.value) for weight in model.trainable_variables]
        self.statistics = [np.asarray(weight.value) for weight in model.non_trainable_variables]

    def __call__(self, *inputs: Any) -> Any:
        given = inputs[0] if len(inputs) == 1 else list(inputs)
        return self.model.stateless_call(self.weights, self.statistics, given, training=False)[0]


def frozen(function: TensorFlowFunction, example: Any, signature: Any) -> bytes:
    """The graph of a function with its weights as constants, for `ethogram.export_tensorflow`.

    Args:
        function: Traced once with rows of any number, or as many as the example has where it does not go otherwise.
        example: A batch of one, of several inputs a tuple.
        signature: As `ethogram.signature` makes it.

    Raises:
        EthogramError: What exports is not installed.
        ValueError: The signature names other inputs or outputs than there are.
    """
    if importlib.util.find_spec("tf2onnx") is None:
        raise EthogramError(
            "checkpoint: a policy of Keras or TensorFlow is exported by the package tf2onnx; install it"
        )
    arguments = mapped(example if isinstance(example, tuple) else (example,), canonical)
    inputs = leaves(arguments, [f"input_{at}" for at in range(len(arguments))])
    input_names = named("input", inputs, signature.get("inputs", {}))
    rows = {leaf.shape[:1] for _, leaf in inputs}
    first: Exception | None = None
    for batch in (None, *sorted(rows)) if len(rows) == 1 and rows != {()} else (-1,):
        kinds = [
            (leaf.shape if batch == -1 else (batch and batch[0], *leaf.shape[1:]), leaf.dtype) for _, leaf in inputs
        ]
        try:
            graph, places, said = _graph(function, arguments, kinds)
        except Exception as error:
            first = first or error
            continue
        output_names = named("output", leaves(said, list(_titles(function, said))), signature.get("outputs", {}))
        return pickle.dumps((graph, places[0], places[1], input_names, output_names))
    assert first is not None
    raise first


def _titles(function: TensorFlowFunction, said: Any) -> tuple[str, ...]:
    return function.output_names if isinstance(said, tuple | list) and len(said) == len(function.output_names) else ()


def _graph(
    function: TensorFlowFunction, arguments: Any, kinds: list[tuple[Any, Any]]
) -> tuple[bytes, tuple[list[str], list[str]], Any]:
    """The graph, where its inputs and outputs are in it, and its outputs as they are nested."""
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    kept: list[Any] = []

    def flat(*given: Any) -> Any:
        rest = iter(given)
        said = function(*mapped(arguments, lambda _: next(rest)))
        kept.append(mapped(said if not isinstance(said, list) else tuple(said), lambda leaf: leaf))
        return [tf.identity(leaf) for _, leaf in leaves(said, [])]

    specs = [tf.TensorSpec(shape, dtype, name=f"given_{at}") for at, (shape, dtype) in enumerate(kinds)]
    concrete = tf.function(flat, autograph=False).get_concrete_function(*specs)
    constant = convert_variables_to_constants_v2(concrete, lower_control_flow=False, aggressive_inlining=True)
    graph = constant.graph.as_graph_def()
    held = dict(zip([one.op.name for one in concrete.inputs[len(specs) :]], concrete.captured_inputs, strict=True))
    for node in graph.node:
        # Arrays that a layer holds, as `Normalization` its mean, are left as inputs that nobody can give.
        if node.op == "Placeholder" and node.name in held:
            value = tf.make_tensor_proto(held[node.name].numpy())
            node.op = "Const"
            kind = node.attr["dtype"].type
            node.attr.clear()
            node.attr["dtype"].type = kind
            node.attr["value"].tensor.CopyFrom(value)
    given = [one.name for one in constant.inputs if one.op.name not in held][: len(specs)]
    return graph.SerializeToString(), (given, [one.name for one in constant.outputs]), kept[-1]


def canonical(leaf: Any) -> np.ndarray[Any, Any]:
    """An input in the type that models take: wide floats are single."""
    import numpy as np

    array = np.asarray(leaf)
    return array.astype(np.float32) if array.dtype == np.float64 else array
