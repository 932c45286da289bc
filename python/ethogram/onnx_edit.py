"""Puts a linear map after a layer of an ONNX file: what comes after the layer then sees what the map makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ethogram.errors import CorruptError, NotFoundError

if TYPE_CHECKING:
    import numpy.typing

    Values = numpy.typing.NDArray[Any]

# Numbers of fields in onnx.proto.
GRAPH, NODE, INITIALIZER = 7, 1, 5
NODE_INPUT, NODE_OUTPUT, NODE_NAME, NODE_OPERATOR = 1, 2, 3, 4
TENSOR_DIMS, TENSOR_TYPE, TENSOR_NAME, TENSOR_BYTES = 1, 2, 8, 9
FLOAT = 1

VARINT, FIXED_64, BYTES, FIXED_32 = 0, 1, 2, 5
"""Kinds of fields of a protocol buffer."""


def mapped(data: bytes, layer: str, matrix: Values, *, has_places: bool) -> bytes:
    """The file with a map after a layer. All else in it stays as it is, to the byte.

    Args:
        data: ONNX.
        layer: Name of the value that an operator makes.
        matrix: C×C: row i says what channel i becomes of the channels.
        has_places: The layer is B×C×H×W, and the map is done at each place; else it is B×C.

    Raises:
        NotFoundError: No operator of the file's main graph makes a value of that name.
        CorruptError: It is no ONNX file.
    """
    out, found = bytearray(), False
    for number, start, inner, end in _fields(data):
        if number == GRAPH:
            graph, found = _mapped_graph(data[inner:end], layer, matrix, has_places)
            out += _field(GRAPH, graph)
        else:
            out += data[start:end]
    if not found:
        raise NotFoundError(f"checkpoint: no operator of the file's main graph makes {layer!r}")
    return bytes(out)


def _mapped_graph(graph: bytes, layer: str, matrix: Values, has_places: bool) -> tuple[bytes, bool]:
    whole, map_name = f"{layer}/whole", f"{layer}/map"
    out, found = bytearray(), False
    for number, start, inner, end in _fields(graph):
        node = graph[inner:end]
        if number == NODE and not found and layer.encode() in _outputs(node):
            found = True
            out += _field(NODE, _renamed(node, layer, whole))
            out += _field(NODE, _node("Conv" if has_places else "MatMul", whole, map_name, layer))
        else:
            out += graph[start:end]
    # The product of a row with a matrix is by its columns.
    weights = matrix[:, :, None, None] if has_places else matrix.T
    out += _field(INITIALIZER, _tensor(map_name, np.ascontiguousarray(weights, "<f4")))
    return bytes(out), found


def _outputs(node: bytes) -> list[bytes]:
    return [node[inner:end] for number, _, inner, end in _fields(node) if number == NODE_OUTPUT]


def _renamed(node: bytes, output: str, to: str) -> bytes:
    out = bytearray()
    for number, start, inner, end in _fields(node):
        is_it = number == NODE_OUTPUT and node[inner:end] == output.encode()
        out += _field(NODE_OUTPUT, to.encode()) if is_it else node[start:end]
    return bytes(out)


def _node(operator: str, given: str, weights: str, made: str) -> bytes:
    parts = [(NODE_INPUT, given), (NODE_INPUT, weights), (NODE_OUTPUT, made), (NODE_NAME, weights)]
    return b"".join(_field(number, text.encode()) for number, text in [*parts, (NODE_OPERATOR, operator)])


def _tensor(name: str, values: Values) -> bytes:
    dims = b"".join(_field(TENSOR_DIMS, length) for length in values.shape)
    return (
        dims + _field(TENSOR_TYPE, FLOAT) + _field(TENSOR_NAME, name.encode()) + _field(TENSOR_BYTES, values.tobytes())
    )


def _fields(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Number, start, start of what it holds, and end of each field."""
    at = 0
    while at < len(data):
        start = at
        key, at = _number(data, at)
        kind, inner = key & 7, at
        if kind == VARINT:
            _, at = _number(data, at)
        elif kind == BYTES:
            length, inner = _number(data, at)
            at = inner + length
        elif kind in (FIXED_32, FIXED_64):
            at += 4 if kind == FIXED_32 else 8
        else:
            raise CorruptError(f"checkpoint: expected ONNX, found a field of kind {kind} at byte {start}")
        if at > len(data):
            raise CorruptError(f"checkpoint: expected ONNX, found a field at byte {start} that ends beyond the file")
        yield key >> 3, start, inner, at


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise CorruptError(f"checkpoint: expected ONNX, found no number before byte {at}")


def _field(number: int, value: bytes | int) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3 | VARINT) + _varint(value)
    return _varint(number << 3 | BYTES) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])
