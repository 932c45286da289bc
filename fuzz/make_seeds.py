"""Writes `fuzz/seeds/model`: small files to begin with, an operator each, from the node tests of `ethogram_model`."""

import json
import shutil
from pathlib import Path

HERE = Path(__file__).parent
TESTDATA = HERE.parent / "crates/ethogram_model/testdata"
BYTES_MAX = 4_000


def main() -> None:
    """Writes the files."""
    folder = HERE / "seeds/model"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    blob = (TESTDATA / "nodes/nodes.bin").read_bytes()
    written: set[str] = set()
    for case in json.loads((TESTDATA / "nodes/nodes.json").read_text()):
        place = case["model"]
        if case["operator"] in written or place["bytes"] > BYTES_MAX:
            continue
        written.add(case["operator"])
        (folder / f"{case['name']}.onnx").write_bytes(blob[place["at"] :][: place["bytes"]])


if __name__ == "__main__":
    main()
