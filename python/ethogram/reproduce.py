"""The commands that make a run again: its commit, its changes, its packages, its command line."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from ethogram import capture

OWN_PACKAGES = {"ethogram", "pip", "setuptools", "wheel"}
"""Packages that are not pinned."""


def reproduce(info: Mapping[str, Any]) -> str:
    """Write a shell script that makes a run again, from what `run.json` says.

    It fetches the code at its commit, applies what was changed, installs the packages of the time into `.venv` (unless
    `NO_INSTALL=1`), and starts the same command in the same folder. What cannot be known is said in comments.

    Args:
        info: As `RunView.info` gives it.
    """
    code, system = info.get("code") or {}, info.get("system") or {}
    launch = system.get("launch") or {}
    lines = [
        "#!/bin/sh",
        f"# Makes the run {info.get('project')}/{info.get('id')} ({info.get('name')}) again.",
        "set -eu",
    ]
    if code.get("commit"):
        remote = launch.get("remote")
        lines += [
            f': "${{REPOSITORY:={remote or ""}}}"',
            *([] if remote else ["# The repository had no remote: set REPOSITORY to where it lies."]),
            'git clone --quiet "$REPOSITORY" code',
            "cd code",
            f"git checkout --quiet {code['commit']}",
        ]
        diff = code.get("diff") or ""
        if diff:
            if capture.HIDDEN in diff:
                lines.append("# Secrets in the changes were not kept; they read [hidden].")
            if len(diff) >= capture.DIFF_BYTES_MAX:
                lines.append("# The changes were too many to be kept whole: this fails.")
            lines += ["git apply --whitespace=nowarn <<'END_OF_CHANGES'", diff.rstrip("\n"), "END_OF_CHANGES"]
        if launch.get("folder") not in (None, "", "."):
            lines.append(f"cd {shlex.quote(launch['folder'])}")
    else:
        lines.append("# The code was in no git repository: start this where it lies.")
    packages = {name: version for name, version in (system.get("packages") or {}).items() if name not in OWN_PACKAGES}
    lines.append(': "${PYTHON:=python3}"')
    if packages:
        lines += [
            'if [ -z "${NO_INSTALL:-}" ]; then',
            f"  # It was Python {system.get('python')}.",
            '  "$PYTHON" -m venv .venv',
            "  PYTHON=.venv/bin/python",
            "  \"$PYTHON\" -m pip install --quiet -r /dev/stdin <<'END_OF_PACKAGES'",
            *[f"{name}=={version}" for name, version in sorted(packages.items())],
            "END_OF_PACKAGES",
            "fi",
        ]
    arguments = launch.get("arguments") or ["", *info.get("command", [])]
    if capture.HIDDEN in " ".join(arguments):
        lines.append("# Secrets on the command line were not kept; put them in place of [hidden].")
    lines.append('exec "$PYTHON" ' + " ".join(shlex.quote(argument) for argument in arguments[1:]))
    return "\n".join(lines) + "\n"
