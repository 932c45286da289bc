"""Settings of which the environment has the last word: `ETHOGRAM_PROJECT` and its like."""

from __future__ import annotations

from collections.abc import Mapping


class Settings:
    """The settings of an environment."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str, given: str | None) -> str | None:
        """What the environment says, or what was given."""
        found = self._environ.get(f"ETHOGRAM_{name}")
        return given if found is None or found == "" else found

    def flag(self, name: str, given: bool) -> bool:
        """Whether something is wanted; words as `yes` and `0` say so."""
        choice = self.one_of(name, "1" if given else "0", ("0", "1", "false", "true", "no", "yes"))
        return choice in ("1", "true", "yes")

    def one_of(self, name: str, given: str, choices: tuple[str, ...]) -> str:
        """One of some words.

        Raises:
            ValueError: It is another one.
        """
        found = self.text(name, given)
        if found is None or found.lower() not in choices:
            raise ValueError(
                f"{name.lower()} (or ETHOGRAM_{name}): expected one of {', '.join(choices)}, found {found!r}"
            )
        return found.lower()
