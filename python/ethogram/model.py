"""Networks of checkpoints: run them, look into them, explain them. NumPy in, NumPy out, by an engine of our own."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from ethogram import _native
from ethogram.checkpoint import read_checkpoint
from ethogram.errors import ShapeError
from ethogram.live_module import array_of

if TYPE_CHECKING:
    import numpy
    import numpy.typing

    Values = numpy.typing.NDArray[Any]
    Floats = numpy.typing.NDArray[numpy.float32]

Target = str | tuple[str, Any] | tuple[str, Any, Any]
"""What is explained; see `Model.attribute`."""

View = Literal["plain", "probability", "log_probability"]
"""How an output is looked at before it is explained."""


@dataclass(frozen=True)
class Port:
    """An input or output.

    Attributes:
        name: As in the file.
        dtype: NumPy's name of the element type.
        shape: Length of every axis: a number, the name of one that is chosen at each call, or `None`; `None` for an
            open rank.
    """

    name: str
    dtype: str
    shape: tuple[int | str | None, ...] | None


@dataclass(frozen=True)
class Layer:
    """A value inside the network that can be read and explained.

    Attributes:
        name: As in the file.
        operator: The ONNX operator that makes it, for example `Relu`.
        shape: Of one row, without the batch; `None` where it depends on more than the batch.
    """

    name: str
    operator: str
    shape: tuple[int, ...] | None


@dataclass(frozen=True)
class Attribution:
    """What a method found, for B rows.

    Attributes:
        values: Signed numbers, float32, of the shape of the explained value; B×rows×columns for a method with a grid of
            its own.
        at_input: The target's value, B numbers.
        at_baseline: Its value at the baseline, B numbers; `None` for methods without one.
        completeness_error: Σ `values` − (`at_input` − `at_baseline`), B numbers: how far they are from telling the
            whole difference; `None` for methods that do not promise to.
    """

    values: Floats
    at_input: Floats
    at_baseline: Floats | None
    completeness_error: Floats | None


class Model:
    """A network in ONNX. Nothing of the file is run as code.

    Args:
        source: Path of an ONNX file (weights may lie beside it, in its folder), its bytes, or a model with
            `SerializeToString`.

    Raises:
        CorruptError: It is no ONNX file, or does not fit together.
        EthogramError: It is larger than a limit, which is named.

    Example:
        m = eg.Model("policy.onnx")
        m({"obs": x})["logits"]
        m.attribute({"obs": x}, target=("logits", actions), steps=100).values
    """

    def __init__(self, source: str | os.PathLike[str] | bytes | Any) -> None:
        if isinstance(source, str | os.PathLike):
            self._network = _native.Network.open(source)
        else:
            self._network = _native.Network(read_checkpoint(source))

    @property
    def inputs(self) -> list[Port]:
        """What it takes, in the file's order. Whole numbers that it turns into floats at once count as floats."""
        return [_port(*port) for port in self._network.inputs()]

    @property
    def outputs(self) -> list[Port]:
        """What it gives, in the file's order."""
        return [_port(*port) for port in self._network.outputs()]

    @property
    def layers(self) -> list[Layer]:
        """Every value that an operator makes, in the file's order."""
        layers = self._network.layers()
        return [Layer(name, op, None if shape is None else tuple(shape)) for name, op, shape in layers]

    def __call__(self, inputs: Mapping[str, Any] | Any) -> dict[str, Values]:
        """Run it.

        Args:
            inputs: Arrays by name, shaped as `inputs` says, with B rows where an axis is open: NumPy, PyTorch, JAX or
                nested lists. A network with one input takes its array alone. One of a fixed row is run row by row.

        Returns:
            Every output by name.

        Raises:
            ShapeError: An input is missing, not known, or of a shape that the network does not take; the text says
                which it takes.
        """
        return self.activations(inputs, [output.name for output in self.outputs])

    def activations(self, inputs: Mapping[str, Any] | Any, names: Sequence[str]) -> dict[str, Values]:
        """Read any values of the network, `layers` and outputs alike.

        Args:
            inputs: As for a call.
            names: Which.

        Returns:
            B×… arrays by name.

        Raises:
            NotFoundError: There is no value of a name; the text names some that there are.
            ShapeError: As for a call.
        """
        names = [names] if isinstance(names, str) else list(names)
        found = self._network.run(self._inputs(inputs), names)
        return {name: _array(*raw) for name, raw in zip(names, found, strict=True)}

    def attribute(
        self,
        inputs: Mapping[str, Any] | Any,
        *,
        target: Target,
        wrt: str | None = None,
        method: str = "integrated_gradients",
        of: View = "plain",
        baseline: Any = None,
        threads: int = 0,
        **params: float | str,
    ) -> Attribution:
        """Explain a number that the network gives, row by row.

        Args:
            inputs: As for a call.
            target: `"value"`: an output (or layer) of one number a row. `("logits", 3)`: one entry of it, or one a row
                as an array of B. `("logits", 3, 1)`: the first less the second, why 3 and not 1. `("logits", {0: 1.0,
                2: 0.5})`: a weighted sum.
            wrt: Name of the input or layer whose elements are told apart; left out, the first input of floats.
            method: For example `integrated_gradients`, `saliency`, `gradient_times_input`, `smooth_grad`, `occlusion`.
            of: Look at the output as it is (`plain`), as `probability` (softmax over its last axis) or
                `log_probability`.
            baseline: The reference input, of the methods that have one: a word that the method knows (`zero`,
                `row_mean`, `blur`), a number for every element, an array (one row for all, or B rows), or a function
                that makes a row of it from the inputs of a row: their arrays by name, or the array alone where it was
                given alone. Of `expected_gradients` an array of rows to draw from (the B rows themselves
                when left out).
            threads: How many work side by side; 0 for as many as the machine has.
            **params: Settings of the method, for example `steps=100, rule="riemann_trapezoid"`.

        Returns:
            An `Attribution`; its `completeness_error` says how far the numbers are from adding up.

        Raises:
            NotFoundError: The network has no value of that name.
            ShapeError: A shape, entry or setting that does not fit; the text says what would.
        """
        inputs = self._rows_first(inputs)
        given = self._inputs(inputs)
        wrt = wrt or self._explained_input()
        output, weights = weights_of(target, _row_count(given))
        settings = settings_of(params)
        if isinstance(baseline, str):
            settings["baseline"], baseline = baseline, None
        elif callable(baseline):
            baseline = baselines_of(baseline, inputs)
        raw = self._network.attribute(given, output, of, weights, wrt, method, settings, baseline, threads)
        found = attribution_from_raw(raw)
        axis = self._network.axis_of_rows(wrt)
        return found if axis == 0 else replace(found, values=_moved(found.values, 0, axis))

    def __repr__(self) -> str:
        inputs = ", ".join(f"{port.name} {_shape_text(port.shape)}" for port in self.inputs)
        outputs = ", ".join(f"{port.name} {_shape_text(port.shape)}" for port in self.outputs)
        return f"<ethogram.Model ({inputs}) → ({outputs}), opset {self._network.opset()}>"

    def _explained_input(self) -> str:
        floats = [port.name for port in self.inputs if port.dtype == "float32"]
        return (floats or [port.name for port in self.inputs])[0]

    def _rows_first(self, inputs: Mapping[str, Any] | Any) -> Mapping[str, Any] | Any:
        """The same with the rows of recurrent states first, as explanations have them."""
        if not isinstance(inputs, Mapping):
            return inputs
        axes = {name: self._network.axis_of_rows(name) for name in inputs}
        return {name: _moved(given, axes[name], 0) if axes[name] else given for name, given in inputs.items()}

    def _inputs(self, inputs: Mapping[str, Any] | Any) -> dict[str, Any]:
        if isinstance(inputs, Mapping):
            return dict(inputs)
        known = [port.name for port in self.inputs]
        if len(known) != 1:
            raise ShapeError(f"inputs: expected arrays by name, {', '.join(known)}; found {type(inputs).__name__}")
        return {known[0]: inputs}


def methods() -> list[dict[str, Any]]:
    """Every attribution method: `name`, `doc`, `source`, what it `does_not_show`, and its `params`."""
    import json

    return list(json.loads(_native.methods()))


def _row_count(inputs: Mapping[str, Any]) -> int:
    for value in inputs.values():
        shape = getattr(value, "shape", None)
        if shape is not None and len(shape) > 0:
            return int(shape[0])
        if shape is None and hasattr(value, "__len__"):
            return len(value)
    raise ShapeError("inputs: expected arrays with a first axis of rows")


def weights_of(target: Target, rows: int) -> tuple[str, list[list[tuple[int, float]]]]:
    """The output that is explained, and for every row its entries with what each counts."""
    if isinstance(target, str):
        return target, [[(0, 1.0)]] * rows
    if not isinstance(target, tuple) or not 2 <= len(target) <= 3 or not isinstance(target[0], str):
        raise ShapeError(f'target: expected "value", ("logits", 3), or ("logits", 3, 1) for 3 less 1; found {target!r}')
    if isinstance(target[1], Mapping):
        return target[0], [[(int(entry), float(weight)) for entry, weight in target[1].items()]] * rows
    columns = [_entries(entries, rows) for entries in target[1:]]
    signs = [1.0, -1.0]
    return target[0], [list(zip(entries, signs, strict=False)) for entries in zip(*columns, strict=True)]


def _entries(entries: Any, rows: int) -> list[int]:
    import numpy as np

    array = array_of(entries)
    if array.dtype.kind not in "iu" or array.ndim > 1 or (array.ndim == 1 and len(array) != rows) or (array < 0).any():
        raise ShapeError(
            f"target: expected an entry from 0, or {rows} of them, one a row; "
            f"found {array.dtype} of shape {list(array.shape)}"
        )
    return [int(entry) for entry in np.broadcast_to(array, (rows,))]


def baselines_of(baseline: Callable[[Any], Any], inputs: Any) -> Floats:
    """A baseline for every row, by a function of the row's inputs: by name, as a tuple or alone, as they were given."""
    import numpy as np

    if isinstance(inputs, Mapping):
        named = {name: array_of(value) for name, value in inputs.items()}
        rows: Sequence[Any] = [dict(zip(named, row, strict=True)) for row in zip(*named.values(), strict=True)]
    elif isinstance(inputs, tuple):
        rows = list(zip(*map(array_of, inputs), strict=True))
    else:
        rows = list(array_of(inputs))
    made = [array_of(baseline(row)).astype(np.float32) for row in rows]
    if len({row.shape for row in made}) != 1:
        raise ShapeError(f"baseline: expected rows of one shape, found {sorted({str(list(r.shape)) for r in made})}")
    return np.stack(made)


def settings_of(params: Mapping[str, object]) -> dict[str, str]:
    """Settings of a method as the engine reads them; `lambda_` stands for `lambda`."""
    return {
        name.removesuffix("_"): str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in params.items()
    }


def attribution_from_raw(raw: _native._RawAttribution) -> Attribution:
    """What the engine found, in NumPy."""
    values, at_input, at_baseline, error = raw
    return Attribution(_array(*values), _floats(at_input), _some(at_baseline), _some(error))


def _port(name: str, dtype: str, shape: list[int | str | None] | None) -> Port:
    return Port(name, dtype, None if shape is None else tuple(shape))


def _array(dtype: str, shape: list[int], data: bytearray) -> Values:
    import numpy as np

    return np.frombuffer(data, dtype=np.dtype(dtype).newbyteorder("<")).reshape(shape)


def _moved(given: Any, source: int, destination: int) -> Values:
    import numpy as np

    array: Values = array_of(given)
    if array.ndim <= max(source, destination):
        return array  # Too few axes: the network says which it takes.
    return np.moveaxis(array, source, destination)


def _floats(values: list[float]) -> Floats:
    import numpy as np

    return np.array(values, dtype=np.float32)


def _some(values: list[float]) -> Floats | None:
    return _floats(values) if values else None


def _shape_text(shape: tuple[int | str | None, ...] | None) -> str:
    return "of any shape" if shape is None else f"[{', '.join('?' if axis is None else str(axis) for axis in shape)}]"
