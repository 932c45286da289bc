"""TensorBoard's data server for the bench `query`: from its start until it has answered with all points.

`query.py LOGDIR RUNS STEPS` prints a line of JSON.
"""

import json
import sys
import time

from data_server import curves_are_there, serving


def main(logdir: str, runs: int, steps: int) -> None:
    """Start the server, and ask until every run is there to its last step."""
    began = time.perf_counter()
    with serving(logdir) as provider:
        while not curves_are_there(provider, runs, steps):
            time.sleep(0.05)
        print(json.dumps({"secs": time.perf_counter() - began}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
