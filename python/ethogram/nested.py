"""Inputs and outputs of networks, nested as they may be, one after another and by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def leaves(tree: Any, names: Sequence[str]) -> list[tuple[str, Any]]:
    """Arrays of nested dicts, tuples and lists, in their order, each with what it is called there; `None` is none."""
    found: list[tuple[str, Any]] = []

    def walk(node: Any, name: str) -> None:
        if isinstance(node, Mapping):
            for key, part in node.items():
                walk(part, str(key))
        elif isinstance(node, tuple | list):
            for at, part in enumerate(node):
                walk(part, f"{name}_{at}" if name else f"output_{at}")
        elif node is not None:
            found.append((name or f"output_{len(found)}", node))

    if names and isinstance(tree, tuple | list):
        for name, part in zip(names, tree, strict=True):
            walk(part, name)
    else:
        walk(tree, "")
    return found


def mapped(tree: Any, of: Any) -> Any:
    """The same nested dicts and tuples with other leaves. A list is numbers: it is one leaf."""
    if isinstance(tree, Mapping):
        return {key: mapped(part, of) for key, part in tree.items()}
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return type(tree)(*(mapped(part, of) for part in tree))
    if isinstance(tree, tuple):
        return tuple(mapped(part, of) for part in tree)
    return None if tree is None else of(tree)


def named(kind: str, found: list[tuple[str, Any]], signature: Mapping[str, Any]) -> list[str]:
    """Names of inputs or outputs: those of the signature, matched by name where all are known, else by order.

    Raises:
        ValueError: The signature names more or fewer of them than there are.
    """
    own, wanted = [name for name, _ in found], list(signature)
    if not wanted or set(own) == set(wanted):
        return own
    if len(own) != len(wanted):
        raise ValueError(
            f"the signature names {len(wanted)} {kind}s ({', '.join(wanted)}), "
            f"the network has {len(own)} ({', '.join(own)})"
        )
    return wanted
