"""What `ethogram explain --ray` says where there is no Ray, and how it reads episodes; `test_ray.py` has the rest."""

from __future__ import annotations

import subprocess
import sys

import pytest

import ethogram as eg
from ethogram.errors import OptionError
from ethogram.explain_ray import Ranges


@pytest.mark.parametrize(
    ("text", "expected"),
    [("3", [3]), ("0..3,42", [0, 1, 2, 42]), ("5..=6, 48..", [5, 6, 48, 49]), ("..2", [0, 1])],
)
def test_episodes_are_read_as_the_command_reads_them(text: str, expected: list[int]) -> None:
    asked = Ranges(text)
    assert [episode for episode in range(50) if episode in asked] == expected


@pytest.mark.parametrize("text", ["", "x", "3..3", "5..2", "1,,2", "-1", "1...2", "3..="])
def test_what_are_no_episodes_is_said(text: str) -> None:
    with pytest.raises(OptionError, match=r"expected episodes such as 3, 0\.\.10"):
        Ranges(text)


# As where Ray is not installed, also where it is.
WITHOUT_RAY = "import sys; sys.modules['ray'] = None; from ethogram.__main__ import main; sys.exit(main())"


def test_without_ray_it_is_said_how_to_get_it(run: eg.Run) -> None:
    run.log({"loss": 1.0}, global_step=0)
    run.finish()
    line = [sys.executable, "-c", WITHOUT_RAY, "explain", str(run.folder), "--ray"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "pip install ray" in done.stderr, done.stderr
