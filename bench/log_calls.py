"""What one call of a logger costs, for the bench `logging`.

`log_calls.py LOGGER WORK FRAMES CALLS [busy]` prints a line of JSON. One logger and one work a process, so that no
background thread of one is paid by another. `busy` adds a second Python thread that never rests. CPU is that of the
process, until everything is written; wandb's core is another process, and not in it.
"""

import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

Call = Callable[[int], None]
SHAPE = (210, 160, 3)
WARM_UP = 20


class Work:
    """The values of step `i`."""

    def __init__(self, frames: str) -> None:
        self.frames = np.fromfile(frames, np.uint8).reshape(-1, *SHAPE)[:500]
        rng = np.random.default_rng(1)
        self.logits = rng.standard_normal((500, 18)).astype(np.float32)
        # Floats of Python, as `loss.item()` gives them: taking one out of an array costs as much as a call of ours.
        self.values: list[float] = rng.standard_normal(500).tolist()
        self.dicts = [{f"charts/scalar_{k}": self.values[(i + k) % 500] for k in range(10)} for i in range(500)]
        small = self.frames[:, ::2, ::2, 1][:, :84, :80]
        self.planes = np.ascontiguousarray(np.pad(small, ((0, 0), (0, 0), (2, 2))))

    def dict10(self, i: int) -> dict[str, float]:
        """Ten scalars."""
        return self.dicts[i % 500]

    def observation(self, i: int) -> Any:
        """A stack of four planes."""
        return self.planes[np.arange(i, i + 4) % 500]

    def frame(self, i: int) -> Any:
        """A picture."""
        return self.frames[i % 500]


@contextmanager
def ethogram(work: Work, folder: str) -> Iterator[dict[str, Call]]:
    """Ours."""
    import ethogram as eg

    with eg.init("bench", root=folder, strict=True, capture_code=False) as run:
        # One episode for all steps: where it ends is not what is measured.
        episode = run.episode(seed=1)
        stacks = [work.observation(i) for i in range(500)]
        yield {
            "scalar": lambda i: run.log({"loss": work.values[i % 500]}, global_step=i),
            "dict10": lambda i: run.log(work.dict10(i), global_step=i),
            "frame": lambda i: episode.step(frame=work.frame(i)),
            "image": lambda i: run.log({"picture": eg.Image(work.frame(i))}, global_step=i),
            "step": lambda i: episode.step(
                observation=stacks[i % 500],
                logits=work.logits[i % 500],
                value=work.values[i % 500],
                action=i % 18,
                reward=1.0,
                frame=work.frame(i),
            ),
        }


@contextmanager
def summary_writer(work: Work, folder: str) -> Iterator[dict[str, Call]]:
    """PyTorch's writer of TensorBoard events; it has no place for an observation."""
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(folder) as writer:

        def dict10(i: int) -> None:
            for name, value in work.dict10(i).items():
                writer.add_scalar(name, value, i)

        def frame(i: int) -> None:
            writer.add_image("frame", work.frame(i), i, dataformats="HWC")

        def step(i: int) -> None:
            frame(i)
            writer.add_histogram("logits", work.logits[i % 500], i)
            for name, value in (("value", work.values[i % 500]), ("reward", 1.0), ("action", i % 18)):
                writer.add_scalar(name, value, i)

        scalar: Call = lambda i: writer.add_scalar("loss", work.values[i % 500], i)  # noqa: E731
        yield {"scalar": scalar, "dict10": dict10, "frame": frame, "image": frame, "step": step}


@contextmanager
def rerun(work: Work, folder: str) -> Iterator[dict[str, Call]]:
    """Rerun, to a file."""
    import rerun as rr

    rr.init("bench")
    rr.save(os.path.join(folder, "bench.rrd"))

    def scalar(i: int) -> None:
        rr.set_time("step", sequence=i)
        rr.log("loss", rr.Scalars(work.values[i % 500]))

    def dict10(i: int) -> None:
        rr.set_time("step", sequence=i)
        for name, value in work.dict10(i).items():
            rr.log(name, rr.Scalars(value))

    def frame(i: int) -> None:
        rr.set_time("step", sequence=i)
        rr.log("frame", rr.Image(work.frame(i)))

    def step(i: int) -> None:
        frame(i)
        rr.log("observation", rr.Tensor(work.observation(i)))
        rr.log("logits", rr.BarChart(work.logits[i % 500]))
        for name, value in (("value", work.values[i % 500]), ("reward", 1.0), ("action", float(i % 18))):
            rr.log(name, rr.Scalars(value))

    yield {"scalar": scalar, "dict10": dict10, "frame": frame, "image": frame, "step": step}
    rr.disconnect()


@contextmanager
def wandb(work: Work, folder: str) -> Iterator[dict[str, Call]]:
    """Weights & Biases, offline."""
    import wandb

    run = wandb.init(project="bench", mode="offline", dir=folder, settings=wandb.Settings(silent=True))

    def step(i: int) -> None:
        record = {"value": work.values[i % 500], "reward": 1.0, "action": i % 18}
        logits = wandb.Histogram(work.logits[i % 500].tolist())
        run.log({**record, "logits": logits, "frame": wandb.Image(work.frame(i))})

    frame: Call = lambda i: run.log({"frame": wandb.Image(work.frame(i))})  # noqa: E731
    yield {
        "scalar": lambda i: run.log({"loss": work.values[i % 500]}),
        "dict10": lambda i: run.log(work.dict10(i)),
        "frame": frame,
        "image": frame,
        "step": step,
    }
    run.finish()


@contextmanager
def copy(work: Work, folder: str) -> Iterator[dict[str, Call]]:
    """No logger: NumPy copies the picture."""
    del folder
    target: Any = np.empty(SHAPE, np.uint8)
    yield {"frame": lambda i: np.copyto(target, work.frame(i))}


LOGGERS = {"ethogram": ethogram, "summary_writer": summary_writer, "rerun": rerun, "wandb": wandb, "copy": copy}


def main(logger: str, what: str, frames: str, calls: int, busy: bool) -> None:
    """Time every call."""
    work = Work(frames)
    stop = threading.Event()

    def spin() -> None:
        while not stop.is_set():
            sum(range(100))

    nanos = []
    with tempfile.TemporaryDirectory() as folder:
        with LOGGERS[logger](work, folder) as works:
            call = works[what]
            for i in range(WARM_UP):
                call(i)
            if busy:
                threading.Thread(target=spin, daemon=True).start()
            cpu = time.process_time()
            for i in range(WARM_UP, WARM_UP + calls):
                began = time.perf_counter_ns()
                call(i)
                nanos.append(time.perf_counter_ns() - began)
            stop.set()
        cpu = time.process_time() - cpu
    result: dict[str, Any] = {
        "median_us": statistics.median(nanos) / 1e3,
        "p99_us": statistics.quantiles(nanos, n=100)[98] / 1e3,
        "cpu_us": cpu * 1e6 / calls,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    # wandb and rerun leave threads of their own behind, which must not keep this process.
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), "busy" in sys.argv[5:])
    sys.stdout.flush()
    os._exit(0)
