"""Seconds that `explain_on_ray` takes by one worker or two, without the start of Ray: `explain_ray.py WORKERS`.

A worker has one processor. Episodes of the published Breakout agent that the tests have; integrated gradients of the
value, one episode a task. Before the clock starts every worker has explained one step, so that it is there and has
read what it imports. The run is a new one each time, for what was explained before is not computed again.
Needs `pip install ray==2.60.0` and the SDK.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 (so Ray reads it): as much of a processor as any process

import ethogram as eg
import numpy as np
import ray

sys.path.insert(0, str(Path(__file__).parents[1] / "python/tests"))
from networks import BREAKOUT, Golden

EPISODES, STEPS, POINTS = 8, 64, 50


def breakout(root: Path, episodes: int, steps: int) -> Path:
    """A run of these episodes."""
    golden = Golden("breakout-a3c-80M-seed000")
    frames = (golden["frame"][:, 0] * 255).round().astype(np.uint8)
    with eg.init("bench", root=root, strict=True, capture_code=False) as run:
        signature = eg.signature(
            observation="frame",
            state={"hx": "hx_next"},
            logits="logits",
            value="value",
            preprocessing=[{"op": "scale", "by": 1 / 255}, {"op": "unsqueeze", "axis": 0}],
        )
        run.checkpoint(BREAKOUT, global_step=0, signature=signature)
        for index in range(episodes):
            with run.episode() as episode:
                for t in range(steps):
                    episode.step(
                        observation=np.roll(frames[t % 2], t + index, axis=1),
                        action=t % 4,
                        reward=0.0,
                        recurrent_state=golden["hx"][t % 2],
                        truncated=t == steps - 1,
                    )
    assert run.folder is not None
    return run.folder


def main(workers: int) -> None:
    """Prints the seconds, and how many processes took part."""
    ray.init(num_cpus=workers, include_dashboard=False, log_to_driver=False, object_store_memory=100 << 20)
    with tempfile.TemporaryDirectory() as folder:
        eg.explain_on_ray(breakout(Path(folder) / "warm", 2 * workers, 1), target="value", steps=2)
        run = breakout(Path(folder) / "run", EPISODES, STEPS)
        began = time.perf_counter()
        found = eg.explain_on_ray(run, target="value", steps=POINTS)
        print(f"{workers} workers: {time.perf_counter() - began:.2f} s, {found.workers} processes took part")
    ray.shutdown()


if __name__ == "__main__":
    main(int(sys.argv[1]))
