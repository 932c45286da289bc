"""TensorBoard's data server for the bench `query`: from its start until it has answered with all points.

`query.py LOGDIR RUNS STEPS` prints a line of JSON. The server is the one that `tensorboard --load_fast=true` starts.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import tensorboard_data_server
from tensorboard.context import RequestContext
from tensorboard.data import server_ingester
from tensorboard.data.provider import RunTagFilter
from tensorboard.plugins.scalar import metadata
from tensorboard.util import grpc_util

TAG = "losses/scalar_07"
POINTS = 1_000


def main(logdir: str, runs: int, steps: int) -> None:
    """Start the server, and ask until every run is there to its last step."""
    with tempfile.TemporaryDirectory() as folder:
        port_file = Path(folder) / "port"
        command = [tensorboard_data_server.server_binary(), f"--logdir={logdir}", "--reload=once", "--port=0"]
        began = time.perf_counter()
        server = subprocess.Popen([*command, f"--port-file={port_file}", "--die-after-stdin"], stdin=subprocess.PIPE)
        try:
            while not (port_file.exists() and port_file.read_text().endswith("\n")):
                time.sleep(0.005)
            address = f"localhost:{int(port_file.read_text())}"
            credentials = grpc_util.ChannelCredsType.LOCAL
            ingester = server_ingester.ExistingServerDataIngester(address, channel_creds_type=credentials)
            while not complete(ingester.data_provider, runs, steps):
                time.sleep(0.05)
            print(json.dumps({"secs": time.perf_counter() - began}))
        finally:
            server.kill()


def complete(provider: object, runs: int, steps: int) -> bool:
    """Whether one answer holds the last step of every run."""
    answer = provider.read_scalars(  # type: ignore[attr-defined]
        RequestContext(),
        experiment_id="",
        plugin_name=metadata.PLUGIN_NAME,
        downsample=POINTS,
        run_tag_filter=RunTagFilter(tags=[TAG]),
    )
    last = [tags[TAG][-1].step for tags in answer.values() if tags.get(TAG)]
    return len(last) == runs and all(step == steps - 1 for step in last)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
