"""A peer of the benches `engine` and `attribution`: a process that lives through the whole bench.

`engine_peer.py PEER THREADS FOLDER`. PEER is `torch`, `torch_channels_last` or `onnxruntime`. Each line of its input
asks for a burst, `{"task", "net", "batch", "seconds"}`; each line of its output is the median time of a call in the
burst and some numbers of the result, `{"ms", "check"}`, by which candidates are compared. Where `ETHOGRAM_ISA` holds
ours to AVX2, all are held to it.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch

PEER, THREADS, FOLDER = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
os.environ["OMP_NUM_THREADS"] = str(THREADS)
os.environ["MKL_NUM_THREADS"] = str(THREADS)
AVX2 = os.environ.get("ETHOGRAM_ISA") == "avx2"
if AVX2:
    os.environ |= {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "MKL_ENABLE_INSTRUCTIONS": "AVX2"}

import onnxruntime_avx2  # noqa: E402
from engine_models import MEMORY, SHAPES, network, wave  # noqa: E402

Call = Callable[[], np.ndarray]
# The explained entry of the output.
ENTRY = 1
STEPS = 50
# Names of the layers whose output is the hidden value: the last convolution's, after its function.
HIDDEN = {"nature": 5, "impala": 12, "mlp": 3}


def onnxruntime(task: str, net: str, batch: int) -> Call:
    """The forward pass of an exported file."""
    if AVX2 and "onnxruntime" not in sys.modules:
        onnxruntime_avx2.install(FOLDER)
    import onnxruntime as ort

    assert task == "forward"
    options = ort.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    session = ort.InferenceSession(FOLDER / f"{net}.onnx", options, providers=["CPUExecutionProvider"])
    given = {"obs": wave(batch, *SHAPES[net])}
    return lambda: session.run(["logits"], given)[0]


def pytorch(task: str, net: str, batch: int) -> Call:
    """Eager PyTorch, and captum on it."""
    import torch

    torch.set_num_threads(THREADS)
    module = network(net)
    x = torch.from_numpy(wave(batch, *SHAPES[net]))
    if PEER == "torch_channels_last" and x.dim() == 4:
        module = module.to(memory_format=torch.channels_last)
        x = x.to(memory_format=torch.channels_last)

    def forward() -> np.ndarray:
        with torch.inference_mode():
            return module(x).numpy()

    def gradient() -> np.ndarray:
        at = x.detach().requires_grad_()
        (grad,) = torch.autograd.grad(module(at)[:, ENTRY].sum(), at)
        return grad.contiguous().numpy()

    def hidden() -> np.ndarray:
        with torch.no_grad():
            at = module[: HIDDEN[net] + 1](x)
        at.requires_grad_()
        (grad,) = torch.autograd.grad(module[HIDDEN[net] + 1 :](at)[:, ENTRY].sum(), at)
        return grad.contiguous().numpy()

    tasks: dict[str, Callable[[], Call]] = {
        "forward": lambda: forward,
        "gradient": lambda: gradient,
        "hidden": lambda: hidden,
        "integrated_gradients": lambda: integrated_gradients(module, x),
        "layer_integrated_gradients": lambda: layer_integrated_gradients(module, net, x),
        "occlusion": lambda: occlusion(module, net, x),
        "perturbation": lambda: perturbation(module, x),
    }
    return tasks[task]()


def integrated_gradients(module: "torch.nn.Module", x: "torch.Tensor") -> Call:
    from captum.attr import IntegratedGradients

    method = IntegratedGradients(module)
    return lambda: method.attribute(x, target=ENTRY, n_steps=STEPS).detach().contiguous().numpy()


def layer_integrated_gradients(module: "torch.nn.Module", net: str, x: "torch.Tensor") -> Call:
    from captum.attr import LayerIntegratedGradients

    method = LayerIntegratedGradients(module, module[HIDDEN[net]])
    return lambda: method.attribute(x, target=ENTRY, n_steps=STEPS).detach().contiguous().numpy()


def occlusion(module: "torch.nn.Module", net: str, x: "torch.Tensor") -> Call:
    from captum.attr import Occlusion

    method = Occlusion(module)
    shape = SHAPES[net]
    window, stride = ((shape[0], 8, 8), (shape[0], 4, 4)) if len(shape) == 3 else ((1,), (1,))
    return lambda: (
        method.attribute(x, target=ENTRY, sliding_window_shapes=window, strides=stride, perturbations_per_eval=64)
        .contiguous()
        .numpy()
    )


def perturbation(module: "torch.nn.Module", x: "torch.Tensor") -> Call:
    """Greydanus et al. (2018), all 256 places of the frame in one batch.

    Masks are made beforehand, the frame is blurred each time.
    """
    import torch
    from scipy.ndimage import gaussian_filter

    masks = np.zeros((256, 80, 80), np.float32)
    y, z = np.mgrid[:80, :80]
    for place, mask in enumerate(masks):
        row, column = place // 16 * 5, place % 16 * 5
        disc = ((y - row) ** 2 + (z - column) ** 2 <= 1).astype(np.float32)
        mask[:] = gaussian_filter(disc, sigma=5)
        mask /= mask.max()
    soft = torch.from_numpy(masks)[:, None]
    clear = 1 - soft
    memory = torch.from_numpy(wave(1, MEMORY))
    many = memory.expand(256, -1)

    def call() -> np.ndarray:
        with torch.inference_mode():
            blurred = torch.from_numpy(gaussian_filter(x[0, 0].numpy(), sigma=3))
            frames = x * clear + blurred * soft
            actor, critic = module(x, memory)
            actors, critics = module(frames, many)
            scores = [((new - old) ** 2).sum(1) / 2 for new, old in ((actors, actor), (critics, critic))]
            return torch.stack(scores).reshape(2, 16, 16).numpy()

    return call


def burst(call: Call, seconds: float) -> float:
    """Median time of a call, in ms."""
    times = []
    end = time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


def main() -> None:
    """Answers until its input ends."""
    make = onnxruntime if PEER == "onnxruntime" else pytorch
    calls: dict[tuple[str, str, int], Call] = {}
    checks: dict[tuple[str, str, int], list[float]] = {}
    for line in sys.stdin:
        ask = json.loads(line)
        case = (ask["task"], ask["net"], ask["batch"])
        if case not in calls:
            calls[case] = make(*case)
            for _ in range(3):
                result = calls[case]().ravel()
            checks[case] = [float(value) for value in result[:: max(1, len(result) // 4_000)]]
        print(json.dumps({"ms": burst(calls[case], ask["seconds"]), "check": checks[case]}), flush=True)


if __name__ == "__main__":
    main()
