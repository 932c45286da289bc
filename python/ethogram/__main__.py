"""The `ethogram` command: `ethogram serve runs`, or `python -m ethogram serve runs`."""

from __future__ import annotations

import signal
import sys

from ethogram import _native

ADDED = {
    "rollout": "Play episodes with a saved policy, replay one from its seed and actions, or fork it",
    "reproduce": "Print the script that makes a run again",
    "convert": "Make a run of what other tools keep: pickles, HDF5, clips, projector folders, W&B, RLlib",
}
"""Commands that need Python, and what each does."""


def main() -> int:
    """Run the command with the arguments of this process and return its exit status."""
    if sys.argv[1:2] == ["rollout"]:
        from ethogram.rollout_command import main as rollout

        return rollout(sys.argv[2:])
    if sys.argv[1:2] == ["convert"]:
        from ethogram.convert import main as convert

        return convert(sys.argv[2:])
    if sys.argv[1:2] == ["explain"] and any(word == "--ray" or word.startswith("--ray=") for word in sys.argv):
        from ethogram.explain_ray import main as explain_on_ray

        return explain_on_ray(sys.argv[2:])
    if sys.argv[1:2] == ["reproduce"]:
        from ethogram.reproduce_command import main as reproduce

        return reproduce(sys.argv[2:])
    # However it was started, it is called by one name.
    words = ["ethogram", *sys.argv[1:]]
    if sys.argv[1:] in ([], ["--help"], ["-h"]):
        code = _native.run_cli(words)
        told = "".join(f"  {name:9} {does}\n" for name, does in ADDED.items())
        print(f"\nCommands of the Python package (`ethogram COMMAND --help`):\n{told}", end="", flush=True)
        return code
    # Ctrl-C is the command's: Python would raise KeyboardInterrupt once the command has ended in order.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _native.run_cli(words)


if __name__ == "__main__":
    sys.exit(main())
