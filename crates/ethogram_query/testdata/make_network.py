"""Writes `network/`: three networks of one training, and what NumPy says of their weights.

`make_network.py` with onnx 1.23.2 and numpy 2.4. The networks are `residual.onnx` of `ethogram_model/testdata/policies` as it is, and twice with
noise added to its weights, as if it had been trained on.
"""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

HERE = Path(__file__).parent
FOLDER = HERE / "network"
SOURCE = HERE.parent.parent / "ethogram_model" / "testdata" / "policies" / "residual.onnx"
STEPS = (0, 100, 250)
BINS = 12


def later(model, random):
    """The same network with other weights."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    for tensor in made.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32:
            values = values + random.normal(scale=0.1, size=values.shape).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    return made


def filters(values):
    """Filters beside each other, a cell apart: outputs are rows of pictures, inputs their columns."""
    outputs, inputs, height, width = values.shape
    sheet = np.full((outputs * (height + 1) - 1, inputs * (width + 1) - 1), np.nan, np.float32)
    for o in range(outputs):
        for i in range(inputs):
            top, left = o * (height + 1), i * (width + 1)
            sheet[top : top + height, left : left + width] = values[o, i]
    return sheet


def listed(values):
    return [None if np.isnan(value) else float(value) for value in np.ravel(values)]


def main():
    FOLDER.mkdir(exist_ok=True)
    random = np.random.default_rng(7)
    models = [onnx.load(SOURCE)]
    for _ in STEPS[1:]:
        models.append(later(models[-1], random))
    for step, model in zip(STEPS[1:], models[1:], strict=True):
        onnx.save(model, FOLDER / f"residual-{step}.onnx")
    weights = []
    for model in models:
        arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
        weights.append({name: values for name, values in arrays.items() if values.dtype == np.float32})
    told = []
    for name, newest in weights[-1].items():
        every = np.stack([each[name] for each in weights]).astype(np.float64)
        variance = every.var(axis=0)
        entry = {
            "name": name,
            "shape": list(newest.shape),
            "low": [float(values.min()) for values in every],
            "high": [float(values.max()) for values in every],
            "mean": [float(values.mean()) for values in every],
            "deviation": [float(values.std()) for values in every],
            "variance_mean": float(variance.mean()),
            "variance_high": float(variance.max()),
        }
        # Over common bins, of some weights: the file shall stay small.
        if newest.ndim in (1, 4):
            edges = np.linspace(every.min(), every.max(), BINS + 1)
            entry["edges"] = edges.tolist()
            entry["histograms"] = [np.histogram(values, edges)[0].tolist() for values in every]
        if newest.ndim == 4:
            entry["sheet"] = listed(filters(newest))
            entry["variance_of_two"] = listed(filters(every[1:].var(axis=0).astype(np.float32)))
        if newest.ndim == 1:
            entry["strip"] = [listed(values) for values in every]
        told.append(entry)
    (FOLDER / "weights.json").write_text(json.dumps({"steps": STEPS, "weights": told}) + "\n")


if __name__ == "__main__":
    main()
