"""Who plays in the episodes of several agents, and which of their fields share a name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ethogram.errors import CorruptError
from ethogram.rllib_agents import AGENTS_MAX
from ethogram.rllib_steps import Piece
from ethogram.space import escape, seen_space

ROOTS = ("observation", "action")
"""Fields that have a space each."""


@dataclass(frozen=True)
class Cast:
    """The agents of all episodes.

    Attributes:
        agents: Their names, in the order in which they came; none where there is one that has no name.
        spaces: Of observation and action: the one that all share, or a dict of theirs.
        apart: Roots of which the agents' spaces differ. Their fields are named by agent: `observation/adversary_0`.
    """

    agents: list[str]
    spaces: dict[str, dict[str, Any] | None]
    apart: frozenset[str]

    def named(self, agent: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Fields of a step of an agent by the names that they have in the run."""
        if not self.apart:
            return fields
        return {self._name(agent, field): value for field, value in fields.items()}

    def _name(self, agent: str, field: str) -> str:
        root, slash, rest = field.partition("/")
        return f"{root}/{escape(agent)}{slash}{rest}" if root in self.apart else field


def cast_of(pieces: Iterable[Piece], name: str) -> Cast:
    """Everybody who plays in some pieces, which are called `name` where something is wrong.

    Raises:
        CorruptError: They are too many.
    """
    spaces: dict[str, dict[str, Any]] = {}
    for piece in pieces:
        if piece.rows and piece.agent not in spaces:
            spaces[piece.agent] = {root: _space(piece, root) for root in ROOTS}
            if len(spaces) > AGENTS_MAX:
                raise CorruptError(f"{name}: expected at most {AGENTS_MAX} agents, found {piece.agent!r} beyond them")
    of = {root: {agent: told[root] for agent, told in spaces.items()} for root in ROOTS}
    apart = frozenset(
        root for root in ROOTS if any(space != next(iter(of[root].values())) for space in of[root].values())
    )
    joint = {root: _joint(of[root]) if root in apart else next(iter(of[root].values()), None) for root in ROOTS}
    return Cast([agent for agent in spaces if agent], joint, apart)


def _space(piece: Piece, root: str) -> dict[str, Any] | None:
    """As it is told, else as far as the values show it; of actions they do not show those that were never taken."""
    told = piece.spaces[root]
    return told if told is not None or root == "action" else seen_space(piece.rows[0], root)


def _joint(spaces: dict[str, dict[str, Any] | None]) -> dict[str, Any] | None:
    parts = [[agent, space] for agent, space in spaces.items()]
    return None if any(space is None for _, space in parts) else {"type": "dict", "spaces": parts}
