"""Names of weights: an exported file has those that the training has, not numbers."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

HOLDERS_MAX = 64
"""So many values that a function refers to are looked into."""
DEPTH_MAX = 4
"""And so many functions that refer to one another."""


def weights_of(function: Callable[..., Any]) -> dict[str, np.ndarray[Any, Any]]:
    """Arrays of floats that a function holds, by their paths: of its arguments, its closure, or itself.

    `params` in a path is left out; where several things hold arrays, their names come first.
    """
    holders = {name: held for name, tree in _holders(function) if (held := _floats(tree))}
    if len(holders) == 1:
        return next(iter(holders.values()))
    return {f"{name}/{path}": array for name, held in holders.items() for path, array in held.items()}


def _floats(tree: Any) -> dict[str, np.ndarray[Any, Any]]:
    """Its arrays of floats by their paths. Keys of chances are arrays too, which NumPy does not know."""
    import jax

    found: dict[str, np.ndarray[Any, Any]] = {}
    for keys, leaf in jax.tree_util.tree_flatten_with_path(tree)[0]:
        steps = [step for step in map(_step, keys) if step]
        path = "/".join(step for step in steps if step != "params")
        if path and getattr(getattr(leaf, "dtype", None), "kind", "") == "f":
            found[path] = np.asarray(leaf)
    return found


def _holders(function: Any, name: str = "network", depth: int = 0) -> Iterator[tuple[str, Any]]:
    """What may hold arrays, with what it is called: a network itself, or what a function refers to."""
    if isinstance(function, functools.partial):
        yield from ((f"{name}_{at}" if at else name, tree) for at, tree in enumerate(function.args))
        yield from function.keywords.items()
        return
    function = inspect.unwrap(function)
    if not inspect.isfunction(function):
        yield name, function
        return
    known = inspect.getclosurevars(function)
    if depth == DEPTH_MAX:
        return
    for own, value in list({**known.globals, **known.nonlocals}.items())[:HOLDERS_MAX]:
        if isinstance(value, functools.partial) or inspect.isfunction(value):
            yield from _holders(value, own, depth + 1)
        elif isinstance(value, list):
            for at, one in enumerate(value[:HOLDERS_MAX]):
                yield from _holders(one, f"{own}_{at}", depth + 1)
        elif hasattr(value, "params"):
            yield own, value.params
        elif isinstance(value, Mapping) or (callable(value) and not inspect.isroutine(value)):
            yield own, value


def _step(key: Any) -> str:
    """A part of a path; a variable of Flax has its array one step further."""
    for member in ("key", "name", "idx"):
        if hasattr(key, member):
            found = str(getattr(key, member))
            return "" if member == "name" and found in ("value", "_value", "raw_value") else found
    return ""


def name_weights(model: Any, weights: Mapping[str, np.ndarray[Any, Any]]) -> None:
    """Call what a file brings along as the training does, and what is made of it after its layer.

    Weights are known by their numbers, as they are or transposed. Inputs and outputs of the network keep their names.
    """
    from onnx import numpy_helper

    left = dict(weights)
    kept = {value.name for value in (*model.graph.input, *model.graph.output)}
    taken = kept | {initializer.name for initializer in model.graph.initializer}
    names: dict[str, str] = {}
    for initializer in model.graph.initializer:
        if initializer.name in kept:
            continue
        array = numpy_helper.to_array(initializer)
        if array.dtype.kind != "f" or array.ndim == 0:
            continue
        path = next((path for path, weight in left.items() if _same(array, weight)), None)
        if path is not None and path not in taken:
            taken.add(path)
            names[initializer.name] = path
            del left[path]
    for node in model.graph.node:
        layer = next((names[name].rpartition("/")[0] for name in node.input if name in names), "")
        for output in node.output:
            if layer and output not in kept and f"{layer}/{output}" not in taken:
                names[output] = f"{layer}/{output}"
                taken.add(names[output])
    for initializer in model.graph.initializer:
        initializer.name = names.get(initializer.name, initializer.name)
    _rename(model.graph, names)


def _same(array: np.ndarray[Any, Any], weight: np.ndarray[Any, Any]) -> bool:
    if array.size != weight.size:
        return False
    if array.shape == weight.shape and np.array_equal(array, weight):
        return True
    return array.ndim == 2 and array.T.shape == weight.shape and np.array_equal(array.T, weight)


def _rename(graph: Any, names: Mapping[str, str]) -> None:
    for node in graph.node:
        for values in (node.input, node.output):
            values[:] = [names.get(name, name) for name in values]
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                _rename(inner, names)
    for value in graph.value_info:
        value.name = names.get(value.name, value.name)
