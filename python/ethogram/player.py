"""A saved policy that plays: observation in, action out, by the network and the signature of a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ethogram import space
from ethogram.errors import EthogramError, ShapeError

if TYPE_CHECKING:
    from ethogram.model import Model

ANNOTATED = {
    "logits": "logits",
    "action_probabilities": "action_probabilities",
    "q_values": "q_values",
    "value": "value",
    "action_mean": "action_mean",
    "log_std": "action_log_std",
    "quantiles": "quantiles",
    "atoms": "atoms",
    "atom_probabilities": "atom_probabilities",
    "q_heads": "q_heads",
}
"""Roles of outputs that are recorded, and the fields that they become."""


class Player:
    """Asks a network what to do, one observation at a time, and keeps its memory.

    Args:
        model: The network.
        signature: What its inputs and outputs mean, as `ethogram.signature` made it.
        action_space: Of the environment that it plays.
        greedy: Take the likeliest action rather than draw one. Policies that say values (DQN, C51, QR-DQN) always do.
        beside: Another network of the same signature that is asked the same: `decides_otherwise` is annotated, whether
            its likeliest action is another; of actions that are numbers it is not.

    Raises:
        EthogramError: The signature is missing, or tells of no output that says what to do.
    """

    def __init__(
        self,
        model: Model,
        signature: Mapping[str, Any] | None,
        action_space: Any,
        *,
        greedy: bool = False,
        beside: Model | None = None,
    ) -> None:
        if not signature:
            raise EthogramError(
                "checkpoint: expected a signature, found none; log it with run.checkpoint(…, signature=…)"
            )
        self._model, self._space, self.greedy, self._beside = model, action_space, greedy, beside
        self._inputs: Mapping[str, Any] = signature["inputs"]
        self._roles = {told["role"]: name for name, told in signature["outputs"].items()}
        self._next = {name: told["next"] for name, told in self._inputs.items() if told["role"] == "state"}
        self._shapes = {port.name: port.shape for port in model.inputs}
        self._memory: dict[str, Any] = {}
        self._random = np.random.default_rng(0)
        if not any(role in self._roles for role in ANNOTATED if role not in ("value", "log_std", "atoms")) and (
            "atom_logits" not in self._roles
        ):
            raise EthogramError(
                f"checkpoint: expected an output that says what to do, found {', '.join(self._roles) or 'none'}"
            )

    def begin(self, seed: int | Sequence[int] | None) -> None:
        """Forget, and draw actions from `seed` on."""
        self._random = np.random.default_rng(seed)
        self._memory = {name: self._zeros(name) for name in self._next}

    def act(self, observation: Any) -> tuple[Any, dict[str, Any]]:
        """What to do.

        Returns:
            The action as the environment takes it, and what to annotate the step with.
        """
        rows = {
            name: self._row(name, told, observation) for name, told in self._inputs.items() if told["role"] != "state"
        }
        given = {**rows, **self._memory}
        said = self._model(given)
        fields = self._fields(said)
        if self._beside is not None and "action_mean" not in fields:
            # Means always differ by a little.
            likeliest, _ = self._choose(fields, True)
            other, _ = self._choose(self._fields(self._beside(given)), True)
            fields["decides_otherwise"] = not np.array_equal(likeliest, other)
        for name, memory in self._memory.items():
            field = "recurrent_state" if len(self._memory) == 1 else f"recurrent_state/{name}"
            # Row 0 of [B, H], or of torch's [layers, B, H] of which a single layer has no axis of its own.
            fields[field] = memory[0] if memory.ndim == 2 or memory.shape[0] == 1 else memory[:, 0]
            if memory.ndim == 3 and memory.shape[0] == 1:
                fields[field] = memory[0, 0]
        self._memory = {name: said[following] for name, following in self._next.items()}
        action, greedy = self._choose(fields, self.greedy)
        fields["greedy"] = greedy
        return action, {name: value for name, value in fields.items() if value is not None}

    def _fields(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """What outputs are recorded as."""
        fields = {
            field: _single(role, said[self._roles[role]]) for role, field in ANNOTATED.items() if role in self._roles
        }
        if "atom_logits" in self._roles:
            fields["atom_probabilities"] = _softmax(said[self._roles["atom_logits"]][0])
        return fields

    def _choose(self, fields: Mapping[str, Any], likeliest: bool) -> tuple[Any, bool]:
        """An action, and whether it is the likeliest; it is drawn where that is not asked for."""
        worth = _worth(fields)
        if worth is not None:
            return self._discrete(int(np.argmax(worth))), True
        if "action_mean" in fields:
            mean = np.asarray(fields["action_mean"], np.float64)
            log_std = fields.get("action_log_std")
            drawn = not likeliest and log_std is not None
            if drawn:
                mean = mean + np.exp(np.asarray(log_std, np.float64)) * self._random.normal(size=mean.shape)
            clipped = np.clip(mean.reshape(self._space.shape), self._space.low, self._space.high)
            return clipped.astype(self._space.dtype), not drawn
        kind = space._kind(self._space)
        logits = fields["logits"] if "logits" in fields else np.log(np.maximum(fields["action_probabilities"], 1e-38))
        logits = np.asarray(logits, np.float64).reshape(-1)
        if kind == "MultiBinary":
            chance = 1 / (1 + np.exp(-logits))
            greedy = (chance > 0.5).astype(np.int8)
            taken = greedy if likeliest else (self._random.random(logits.shape) < chance).astype(np.int8)
            return taken.reshape(self._space.shape), bool((taken == greedy).all())
        counts = [int(n) for n in self._space.nvec.reshape(-1)] if kind == "MultiDiscrete" else [len(logits)]
        if sum(counts) != len(logits):
            raise ShapeError(f"checkpoint: expected {sum(counts)} logits for {self._space}, found {len(logits)}")
        parts = np.split(logits, np.cumsum(counts)[:-1])
        best = [int(np.argmax(part)) for part in parts]
        drawn_ = best if likeliest else [int(self._random.choice(len(part), p=_softmax(part))) for part in parts]
        if kind == "MultiDiscrete":
            taken = np.asarray(drawn_).reshape(self._space.shape) + self._space.start
            return taken.astype(self._space.dtype), drawn_ == best
        return self._discrete(drawn_[0]), drawn_ == best

    def _discrete(self, index: int) -> Any:
        kind = space._kind(self._space)
        if kind != "Discrete":
            raise ShapeError(f"checkpoint: it chooses one of several actions, the environment expects {self._space}")
        return int(index + self._space.start)

    def _row(self, name: str, told: Mapping[str, Any], observation: Any) -> Any:
        """What an input takes of an observation: its part, then the signature's steps."""
        part = observation
        for key in told["field"].split("/")[1:]:
            key = key.replace("%2F", "/").replace("%25", "%")
            part = part[int(key)] if isinstance(part, tuple) else part[key]
        return prepare(np.asarray(part), told.get("preprocessing", ()))[None]

    def _zeros(self, name: str) -> Any:
        shape = self._shapes[name]
        if shape is None:
            raise ShapeError(f"checkpoint: input {name!r} has no known shape")
        return np.zeros([axis if isinstance(axis, int) else 1 for axis in shape], np.float32)


def prepare(row: Any, steps: Sequence[Mapping[str, Any]]) -> Any:
    """The steps of a signature, of one observation in NumPy: what the network takes, in single precision.

    Raises:
        EthogramError: A step that is not known.
    """
    for step in steps:
        match step["op"]:
            case "scale":
                row = row * _like(step["by"], row)
            case "shift":
                row = row + _like(step["by"], row)
            case "clip":
                row = np.clip(row, step["low"], step["high"])
            case "one_hot":
                row = np.eye(int(step["count"]), dtype=np.float32)[np.asarray(row, np.int64)].reshape(-1)
            case "transpose":
                row = np.transpose(row, step["axes"])
            case "unsqueeze":
                row = np.expand_dims(row, step["axis"])
            case "flatten":
                row = row.reshape(-1)
            case other:
                raise EthogramError(f"preprocessing: expected a step that docs/python.md names, found {other!r}")
    return np.ascontiguousarray(row, np.float32)


def _like(given: Any, row: Any) -> Any:
    return given if np.ndim(given) == 0 else np.reshape(given, row.shape)


def _single(role: str, rows: Any) -> Any:
    """The only row; a value is a number. Atoms may be the same for all rows, and have none."""
    if role == "atoms" and rows.ndim == 1:
        return rows
    return rows[0].reshape(()) if role == "value" else rows[0]


def _worth(fields: Mapping[str, Any]) -> Any:
    """What each action is worth, where the policy chooses by that."""
    if "q_values" in fields:
        return fields["q_values"]
    if "quantiles" in fields:
        return fields["quantiles"].mean(0)
    if "atom_probabilities" in fields and "atoms" in fields:
        return (fields["atom_probabilities"] * fields["atoms"]).sum(-1)
    if "q_heads" in fields:
        # As bootstrapped DQN evaluates: a vote of the heads, the first of equals.
        heads = fields["q_heads"]
        return np.bincount(heads.argmax(-1), minlength=heads.shape[-1])
    return None


def _softmax(logits: Any) -> Any:
    shifted = np.exp(np.asarray(logits, np.float64) - np.max(logits, -1, keepdims=True))
    return shifted / shifted.sum(-1, keepdims=True)
