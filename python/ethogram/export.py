"""Exports one module of PyTorch to ONNX: `python -m ethogram.export MODULE.pickle TARGET.onnx`.

The pickle was written a moment ago by `ethogram.checkpoint.Exporter` of the same user; nothing else calls this.
"""

from __future__ import annotations

import pickle
import sys
from pathlib import Path


def main(source: str, target: str) -> None:
    """Load the module and its example, and write the ONNX beside them."""
    import torch

    module, example = pickle.loads(Path(source).read_bytes())
    inputs = example if isinstance(example, tuple) else (example,)
    tensors = tuple(torch.as_tensor(part) for part in inputs)
    module.cpu().eval()
    torch.onnx.export(module, tensors, target)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
