"""Exports one function of JAX to ONNX: `python -m ethogram.export_jax FUNCTION.pickle TARGET.onnx`.

The pickle was written a moment ago by `ethogram.checkpoint.Exporter` of the same user; nothing else calls this.
"""

from __future__ import annotations

import contextlib
import inspect
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ethogram.jax_names import name_weights, weights_of
from ethogram.nested import leaves, mapped, named


def main(source: str, target: str) -> None:
    """Load the function, its example and its signature, and write the ONNX beside them."""
    import jax
    from jax2onnx import to_onnx

    function, example, signature = pickle.loads(Path(source).read_bytes())
    arguments = example if isinstance(example, tuple) else (example,)
    arguments = mapped(arguments, canonical)
    inputs = leaves(arguments, parameters_of(function.call, len(arguments)))
    outputs = leaves(jax.eval_shape(function, *arguments), [])
    input_names = named("input", inputs, signature.get("inputs", {}))
    output_names = named("output", outputs, signature.get("outputs", {}))

    def flat(*given: Any) -> Any:
        rest = iter(given)
        said = function(*mapped(arguments, lambda _: next(rest)))
        return tuple(leaf for _, leaf in leaves(said, []))

    failures = []
    for function_now, shapes in attempts(jax, flat, [leaf for _, leaf in inputs]):
        try:
            # Not as a file: the weights of a large network would lie beside it.
            made = to_onnx(function_now, inputs=shapes, input_names=input_names, output_names=output_names)
            with contextlib.suppress(Exception):  # names are for people: what a closure holds may be anything
                name_weights(made, weights_of(function.call))
            Path(target).write_bytes(made.SerializeToString())
            return
        except Exception as error:
            failures.append(f"{type(error).__name__}: {error}".strip().splitlines()[0])
    raise RuntimeError(" / ".join(dict.fromkeys(failures)))


def attempts(jax: Any, flat: Any, arrays: list[Any]) -> Iterator[tuple[Any, list[Any]]]:
    """Ways to export, the best first: batches of any size before those of the example's, the function before its trace.

    The exporter puts its own functions in place of Flax's and NumPy's while it traces, so that layers keep their
    operators. Distributions do not survive that: what was traced before does. Those of TensorFlow Probability must know
    how many rows there are: each row is a batch of one then.
    """
    from jax.export import symbolic_shape
    from jax.extend.core import jaxpr_as_fun

    rows = arrays[0].shape[:1]
    each_has_rows = all(leaf.shape[:1] == rows for leaf in arrays)

    def row_by_row(*given: Any) -> Any:
        return jax.vmap(lambda *row: tuple(said[0] for said in flat(*(part[None] for part in row))))(*given)

    for batch in (*symbolic_shape("batch"), None) if rows else (None,):
        shapes = [
            jax.ShapeDtypeStruct(
                (batch, *leaf.shape[1:]) if batch is not None and leaf.shape[:1] == rows else leaf.shape, leaf.dtype
            )
            for leaf in arrays
        ]
        yield flat, shapes
        for function in (flat, row_by_row) if batch is not None and each_has_rows else (flat,):
            try:
                traced = jaxpr_as_fun(jax.make_jaxpr(function)(*shapes))
            except Exception:
                continue  # another way may do, and the function itself says why it does not
            yield lambda *given, traced=traced: tuple(traced(*given)), shapes


def canonical(leaf: Any) -> np.ndarray[Any, Any]:
    """An input in the type that JAX gives it."""
    from jax.dtypes import canonicalize_dtype

    array = np.asarray(leaf)
    return array.astype(canonicalize_dtype(array.dtype))


def parameters_of(function: Any, count: int) -> list[str]:
    """Names of the first parameters of a function, where it says them."""
    try:
        names = list(inspect.signature(function).parameters)[:count]
    except (TypeError, ValueError):
        names = []
    return names + [f"input_{at}" for at in range(len(names), count)]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
