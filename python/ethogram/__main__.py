"""The `ethogram` command: `ethogram serve runs`, or `python -m ethogram serve runs`."""

from __future__ import annotations

import signal
import sys

from ethogram import _native


def main() -> int:
    """Run the command with the arguments of this process and return its exit status."""
    # Ctrl-C is the command's: Python would raise KeyboardInterrupt once the command has ended in order.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _native.run_cli(sys.argv)


if __name__ == "__main__":
    sys.exit(main())
