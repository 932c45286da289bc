"""Exports one graph of TensorFlow to ONNX: `python -m ethogram.export_tensorflow GRAPH.pickle TARGET.onnx`.

The pickle was written a moment ago by `ethogram.checkpoint.Exporter` of the same user; nothing else calls this.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

OPSET = 18
"""The newest that tf2onnx writes."""


def main(source: str, target: str) -> None:
    """Load the graph, and write the ONNX beside it."""
    import tensorflow as tf
    import tf2onnx

    graph, given, said, input_names, output_names = pickle.loads(Path(source).read_bytes())
    definition = tf.compat.v1.GraphDef.FromString(graph)
    made, _ = tf2onnx.convert.from_graph_def(definition, input_names=given, output_names=said, opset=OPSET)
    renamed(made.graph, dict(zip([*given, *said], [*input_names, *output_names], strict=True)))
    Path(target).write_bytes(made.SerializeToString())


def renamed(graph: Any, names: dict[str, str]) -> None:
    """Give inputs and outputs the names of the signature; another value that has one of them makes way."""
    taken = set(names.values())

    def of(name: str) -> str:
        return names.get(name) or (f"{name}:inner" if name in taken else name)

    for value in (*graph.input, *graph.output, *graph.initializer, *graph.value_info):
        value.name = of(value.name)
    for node in graph.node:
        node.input[:] = [of(name) if name else name for name in node.input]
        node.output[:] = [of(name) if name else name for name in node.output]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
