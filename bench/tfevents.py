"""TensorBoard's readers for the bench `tfevents`: seconds until all of a folder of event files was read.

`tfevents.py server|accumulator LOGDIR RUNS STEPS IMAGES` prints a line of JSON. The server is the one that `tensorboard
--load_fast=true` starts, and is asked as ours is; the accumulator reads the first run alone, with its usual limits.
"""

import json
import sys
import time
from pathlib import Path

from data_server import TAG, curves_are_there, serving
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.context import RequestContext
from tensorboard.data.provider import DataProvider
from tensorboard.plugins.image import metadata as images_metadata

IMAGE_TAG = "frames/noise"


def server(logdir: str, runs: int, steps: int, last_image: int) -> float:
    """From the start of the server until its answers hold the last step of a curve and of the pictures of each run."""
    began = time.perf_counter()
    with serving(logdir) as provider:
        while not (curves_are_there(provider, runs, steps) and images_are_there(provider, runs, last_image)):
            time.sleep(0.02)
        return time.perf_counter() - began


def images_are_there(provider: DataProvider, runs: int, last_image: int) -> bool:
    """Whether the last picture of every run is listed."""
    answer = provider.list_blob_sequences(RequestContext(), experiment_id="", plugin_name=images_metadata.PLUGIN_NAME)
    last = [tags[IMAGE_TAG].max_step for tags in answer.values() if IMAGE_TAG in tags]
    return len(last) == runs and all(step >= last_image for step in last)


def accumulator(logdir: str, steps: int) -> float:
    """One run by the reader that Python scripts use."""
    run = sorted(path for path in Path(logdir).iterdir() if path.is_dir())[0]
    began = time.perf_counter()
    events = EventAccumulator(str(run)).Reload()
    secs = time.perf_counter() - began
    assert events.Scalars(TAG)[-1].step == steps - 1
    return secs


if __name__ == "__main__":
    what, logdir, runs, steps, images = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
    last_image = (images - 1) * (steps // images)
    secs = server(logdir, runs, steps, last_image) if what == "server" else accumulator(logdir, steps)
    print(json.dumps({"secs": secs}))
