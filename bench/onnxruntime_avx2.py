"""ONNX Runtime that knows of no AVX-512: the peer of our engine under `ETHOGRAM_ISA=avx2`.

It chooses its kernels by what the processor says, and has no switch. This takes a copy of the installed package in
which the question what the system saves of registers (XGETBV) is answered by 7: x87, SSE and AVX, nothing wider.
"""

import importlib.util
import shutil
import sys
from pathlib import Path

# `xgetbv; mov eax, eax; shl rdx, 32`, as its choice of kernels asks; then `mov eax, 7` in place of the first two.
ASKED = bytes.fromhex("0f01d089c048c1e220")
TOLD = bytes.fromhex("b80700000048c1e220")


def install(folder: Path) -> None:
    """Lets `import onnxruntime` take the copy, which is made in `folder` where there is none."""
    spec = importlib.util.find_spec("onnxruntime")
    assert spec and spec.origin
    installed = Path(spec.origin).parent
    copy = folder / "onnxruntime-avx2"
    if not copy.exists():
        making = folder / "onnxruntime-avx2.making"
        shutil.rmtree(making, ignore_errors=True)
        shutil.copytree(installed, making / "onnxruntime")
        asked = sum(answer_for_system(library) for library in (making / "onnxruntime/capi").glob("*.so*"))
        if not asked:
            sys.exit(f"{installed}: nothing there asks for registers as ONNX Runtime 1.31 does, so it cannot be capped")
        making.rename(copy)
    sys.path.insert(0, str(copy))


def answer_for_system(library: Path) -> int:
    """Changes a library, and says in how many places."""
    code = library.read_bytes()
    library.write_bytes(code.replace(ASKED, TOLD))
    return code.count(ASKED)
