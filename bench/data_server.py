"""TensorBoard's data server, the one that `tensorboard --load_fast=true` starts, and what the benches ask of it."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import tensorboard_data_server
from tensorboard.context import RequestContext
from tensorboard.data import server_ingester
from tensorboard.data.provider import DataProvider, RunTagFilter
from tensorboard.plugins.scalar import metadata
from tensorboard.util import grpc_util

TAG = "losses/scalar_07"
POINTS = 1_000


@contextmanager
def serving(logdir: str) -> Iterator[DataProvider]:
    """A server that reads a folder once, from its start on; it may not have read all of it yet."""
    with tempfile.TemporaryDirectory() as folder:
        port_file = Path(folder) / "port"
        command = [tensorboard_data_server.server_binary(), f"--logdir={logdir}", "--reload=once", "--port=0"]
        process = subprocess.Popen([*command, f"--port-file={port_file}", "--die-after-stdin"], stdin=subprocess.PIPE)
        try:
            while not (port_file.exists() and port_file.read_text().endswith("\n")):
                time.sleep(0.005)
            address = f"localhost:{int(port_file.read_text())}"
            credentials = grpc_util.ChannelCredsType.LOCAL
            yield server_ingester.ExistingServerDataIngester(address, channel_creds_type=credentials).data_provider
        finally:
            process.kill()


def curves_are_there(provider: DataProvider, runs: int, steps: int) -> bool:
    """Whether one answer holds the last step of every run."""
    answer = provider.read_scalars(
        RequestContext(),
        experiment_id="",
        plugin_name=metadata.PLUGIN_NAME,
        downsample=POINTS,
        run_tag_filter=RunTagFilter(tags=[TAG]),
    )
    last = [tags[TAG][-1].step for tags in answer.values() if tags.get(TAG)]
    return len(last) == runs and all(step == steps - 1 for step in last)
