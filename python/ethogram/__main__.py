"""The `ethogram` command: `ethogram serve runs`, or `python -m ethogram serve runs`."""

from __future__ import annotations

import sys

from ethogram import _native


def main() -> int:
    """Run the command with the arguments of this process and return its exit status."""
    return _native.run_cli(sys.argv)


if __name__ == "__main__":
    sys.exit(main())
