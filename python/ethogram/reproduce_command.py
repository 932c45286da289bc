"""`ethogram reproduce RUN`: the script that makes a run again."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ethogram.errors import EthogramError


def main(arguments: Sequence[str]) -> int:
    """Print the script of a run and return the exit status: 0, or 2 when there is no such run."""
    parser = argparse.ArgumentParser(
        prog="ethogram reproduce",
        description="Print the shell script that makes a run again: its code, changes, packages and command line.",
    )
    parser.add_argument(
        "run", metavar="RUN", help="a run: its folder, or its id in ./runs, the beginning of that, or its name"
    )
    given = parser.parse_args(arguments)
    from ethogram.reader import open_run

    try:
        print(open_run(given.run).reproduce(), end="")
    except (EthogramError, OSError) as error:
        print(f"ethogram reproduce: {error}", file=sys.stderr)
        return 2
    return 0
