"""Writes `nodes/`: the node tests of the `onnx` package for every operator that the engine lists.

`make_nodes.py` with onnx 1.23.2 and numpy 2.4. Operators are those named in `src/lower`. Integers that say shapes and axes become constants of the file, for the engine wants to know them before it runs. What is left out, and why, is printed.
"""

import collections
import json
import re
import warnings
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case.node import collect_testcases

FOLDER = Path(__file__).parent / "nodes"
# A file, and its inputs and outputs; and cases of one operator.
BYTES_MAX, CASES_MAX = 32_000, 12
# Operators of more settings than others.
MORE_CASES = {"Resize": 48}
FLOATS = (np.float32,)
INTEGERS = (np.int64, np.int32, np.uint8, np.int8)
# Operators whose small floats besides the first input must be constants.
CONSTANT_FLOATS = {"Pad": (2,), "Range": (0, 1, 2), "Resize": (1, 2), "OneHot": (1,)}
# Operators with graphs of their own.
WITH_GRAPHS = {"If", "Loop", "Scan"}
# Operators that are the same in version 13 as in older ones.
UNCHANGED = {"And", "Or", "Xor", "Not", "Scan", "Shrink"}
# Cases in which onnxruntime and PyTorch compute otherwise: they take the whole length of the result, not length times scale.
LEFT_OUT = {"test_resize_downsample_scales_linear_align_corners", "test_resize_downsample_scales_cubic_align_corners"}
# Operators of which only the first output is given out.
FIRST_ALONE = {"LayerNormalization", "Dropout"}
# Operators whose integers are data.
DATA = {
    "Equal",
    "Less",
    "Greater",
    "LessOrEqual",
    "GreaterOrEqual",
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Mod",
    "Max",
    "Min",
    "Pow",
}


def fits(value) -> bool:
    """Whether the engine computes with it."""
    return isinstance(value, np.ndarray | np.generic) and np.asarray(value).dtype in (*FLOATS, *INTEGERS, np.bool_)


def constants(model: onnx.ModelProto, operator: str, given: list) -> tuple[onnx.ModelProto, list[int]]:
    """The model with some inputs as constants, and the places of those that stay."""
    kept = []
    for place, (port, value) in enumerate(zip(list(model.graph.input), given, strict=True)):
        value = np.asarray(value)
        fixed = place > 0 and value.dtype in INTEGERS and operator not in DATA
        # How often a loop turns, and which branch is taken.
        fixed |= operator in WITH_GRAPHS and value.dtype in (np.int64, np.bool_)
        fixed |= place in CONSTANT_FLOATS.get(operator, ()) or operator == "ConstantOfShape"
        if fixed:
            model.graph.initializer.append(numpy_helper.from_array(value, port.name))
            model.graph.input.remove(port)
        else:
            kept.append(place)
    return model, kept


def listed() -> set[str]:
    """The operators of the engine."""
    sources = (Path(__file__).parent.parent / "src/lower").glob("*.rs")
    lowered = {name for source in sources for name in re.findall(r'\("([A-Z][A-Za-z]+)",\s', source.read_text())}
    return lowered | WITH_GRAPHS


def main() -> None:
    """Writes the files."""
    operators = listed()
    warnings.simplefilter("ignore")
    FOLDER.mkdir(exist_ok=True)
    blob = bytearray()
    cases, left_out = [], collections.Counter()
    counts: collections.Counter = collections.Counter()
    for case in sorted(collect_testcases(None), key=lambda case: case.name):
        model = case.model
        if model is None or len(model.graph.node) != 1 or case.name.endswith("_expanded"):
            continue
        operator = model.graph.node[0].op_type
        if operator not in operators or model.graph.node[0].domain not in ("", "ai.onnx"):
            continue
        if case.name in LEFT_OUT:
            left_out[f"{operator}: onnxruntime and PyTorch compute otherwise"] += 1
            continue
        if operator == "Scan" and model.opset_import[0].version < 9:
            left_out["Scan: of version 8, which had batches"] += 1
            continue
        given, expected = case.data_sets[0]
        if not all(map(fits, [*given, *expected])):
            left_out[f"{operator}: a type that is not computed with"] += 1
            continue
        model, kept = constants(onnx.ModelProto.FromString(model.SerializeToString()), operator, given)
        # These have not changed since, and the engine begins at 11.
        for opset in model.opset_import:
            opset.version = max(opset.version, 13 if operator in UNCHANGED else 0)
        if operator in FIRST_ALONE:
            del model.graph.node[0].output[1:], model.graph.output[1:]
            expected = expected[:1]
        names = [port.name for port in model.graph.input]
        arrays = [given[place] for place in kept]
        encoded = model.SerializeToString()
        size = len(encoded) + sum(np.asarray(value).nbytes for value in [*arrays, *expected])
        if size > BYTES_MAX or counts[operator] == MORE_CASES.get(operator, CASES_MAX):
            left_out[f"{operator}: large, or one of many"] += 1
            continue
        counts[operator] += 1

        def put(value) -> dict:
            value = np.asarray(value)
            kind = "f32" if value.dtype in FLOATS else "bool" if value.dtype == np.bool_ else "i64"
            data = value.astype({"f32": np.float32, "i64": np.int64, "bool": np.uint8}[kind]).tobytes()
            blob.extend(data)
            return {"kind": kind, "shape": list(value.shape), "at": len(blob) - len(data), "bytes": len(data)}

        blob.extend(encoded)
        place = {"at": len(blob) - len(encoded), "bytes": len(encoded)}
        cases.append(
            {
                "name": case.name,
                "operator": operator,
                "model": place,
                "tolerance": float(case.rtol),
                "inputs": {name: put(value) for name, value in zip(names, arrays, strict=True)},
                "outputs": {port.name: put(value) for port, value in zip(model.graph.output, expected, strict=True)},
            }
        )
    (FOLDER / "nodes.bin").write_bytes(blob)
    lines = ",\n".join(json.dumps(case) for case in cases)
    (FOLDER / "nodes.json").write_text(f"[\n{lines}\n]\n")
    for reason, count in sorted(left_out.items()):
        print(f"left out: {count} of {reason}")
    print(
        f"{len(cases)} cases of {len(counts)} operators, {len(blob)} bytes; none of {sorted(operators - set(counts))}"
    )


if __name__ == "__main__":
    main()
