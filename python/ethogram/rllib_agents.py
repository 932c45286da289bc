"""A row of RLlib's offline output on the new API stack: the state of an episode of one agent, or of several.

RLlib itself writes episodes of one agent. Those of several are what a script of its user packs in the same way: a
`MultiAgentEpisode`, without the function and spaces that no file can hold, or the `SingleAgentEpisode` of each agent.

**Source** `ray/rllib/env/multi_agent_episode.py`.
"""

from __future__ import annotations

from typing import Any

from ethogram.errors import CorruptError
from ethogram.msgpack_values import unpacked
from ethogram.rllib_episodes import piece_of
from ethogram.rllib_steps import Piece

AGENTS_MAX = 1_024
"""Most agents of an episode."""


def pieces_in(data: bytes, name: str) -> list[Piece]:
    """The episode in a state, or the part of one; of several agents, one each.

    Raises:
        CorruptError: It is no state of an episode.
    """
    state = unpacked(data, name)
    if not isinstance(state, dict) or not ("observations" in state or "agent_episodes" in state):
        raise CorruptError(
            f"{name}: expected the state of a SingleAgentEpisode or MultiAgentEpisode, found something else"
        )
    if "agent_episodes" in state:
        return _of_several(state, name)
    piece = piece_of(state, name)
    if state.get("multi_agent_episode_id"):
        _place(piece, str(state["multi_agent_episode_id"]), str(state.get("agent_id")))
    return [piece]


def _of_several(state: dict[str, Any], name: str) -> list[Piece]:
    told = state["agent_episodes"]
    pairs = list(told.items()) if isinstance(told, dict) else told
    if not isinstance(pairs, list) or not 0 < len(pairs) <= AGENTS_MAX:
        raise CorruptError(f"{name}: expected 1 to {AGENTS_MAX} pairs in agent_episodes, found {told!r:.80}")
    found = []
    for pair in pairs:
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not isinstance(pair[1], dict):
            raise CorruptError(f"{name}: expected an agent and its state in agent_episodes, found {pair!r:.80}")
        agent, own = pair
        where = f"{name}, agent {agent!s:.80}"
        if "observations" not in own:
            raise CorruptError(f"{where}: expected the state of a SingleAgentEpisode, found none")
        piece = piece_of(own, where)
        _place(piece, str(state.get("id_")), str(agent))
        if not (piece.terminated or piece.truncated):
            # What ends for all ends for each that had not ended before.
            piece.terminated, piece.truncated = bool(state.get("is_terminated")), bool(state.get("is_truncated"))
        piece.times = _times(state, agent, piece, where)
        found.append(piece)
    return found


def _place(piece: Piece, match: str, agent: str) -> None:
    piece.match, piece.agent = match, agent
    piece.episode = f"{match} {agent}"


def _times(state: dict[str, Any], agent: Any, piece: Piece, name: str) -> list[int]:
    """Steps of the environment before each of the agent's: an agent that waits for others has fewer of its own."""
    mapping = state.get("env_t_to_agent_t")
    buffer = mapping.get(agent) if isinstance(mapping, dict) else None
    if not isinstance(buffer, dict):
        return piece.times
    told, back, started = buffer.get("data"), buffer.get("lookback", 0), state.get("env_t_started") or 0
    if not isinstance(told, list) or not isinstance(back, int) or not isinstance(started, int):
        raise CorruptError(f"{name}: expected env_t_to_agent_t in a buffer, found {buffer!r:.80}")
    at = {own: started + place - back for place, own in enumerate(told) if isinstance(own, int)}
    times = [at.get(own) for own in range(piece.first, piece.first + len(piece.rows))]
    if None in times:
        raise CorruptError(f"{name}: expected a place of each of the {len(times)} steps in env_t_to_agent_t")
    return [time for time in times if time is not None]
