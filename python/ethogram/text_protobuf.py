"""The text format of Protocol Buffers, as far as configurations are written in it: no schema, no `Any`, no extensions.

**Source** Protocol Buffers, Text Format Language Specification.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ethogram.errors import CorruptError

DEPTH_MAX = 16
"""Deepest messages within messages."""

TOKENS_MAX = 1_000_000
"""Most words and signs of a text."""

Message = dict[str, list["str | Message"]]
"""What each field holds, in the order of the text: texts and numbers as text, or messages."""

_TOKEN = re.compile(
    r"""(?P<space>[\s,;]+|\#[^\n]*)
    |(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<word>[-+.\w]+)
    |(?P<sign>[:{}<>\[\]])""",
    re.VERBOSE,
)
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_SIGNS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}
_CLOSING = {"{": "}", "<": ">"}


def parsed(text: str, name: str) -> Message:
    """The fields of a message.

    Args:
        text: The message.
        name: What to call it where something is wrong.

    Raises:
        CorruptError: It is none; the text says in which line.
    """
    reader = _Reader(text, name)
    return reader.message(None, 0)


class _Reader:
    def __init__(self, text: str, name: str) -> None:
        self._name = name
        self._line = 1
        self._tokens = self._of(text)
        self._next = next(self._tokens, None)

    def message(self, closing: str | None, depth: int) -> Message:
        """Fields up to the sign that closes the message."""
        if depth > DEPTH_MAX:
            raise self._wrong(f"messages nested at most {DEPTH_MAX} deep", "deeper ones")
        found: Message = {}
        while True:
            kind, token = self._take(closing)
            if (kind, token) == ("sign", closing) or kind == "end":
                return found
            if kind != "word":
                raise self._wrong("the name of a field", token)
            values = found.setdefault(token, [])
            is_scalar = self._skip(":")
            if self._skip("["):
                while not self._skip("]"):
                    values.append(self._value(depth, is_scalar))
            else:
                values.append(self._value(depth, is_scalar))

    def _value(self, depth: int, is_scalar: bool) -> str | Message:
        kind, token = self._take("a value")
        if token in _CLOSING and kind == "sign":
            return self.message(_CLOSING[token], depth + 1)
        if not is_scalar:
            raise self._wrong("a colon or a message", token)
        if kind == "word":
            return token
        if kind != "text":
            raise self._wrong("a value", token)
        bytes_ = _unescaped(token)
        # Texts that follow each other are one.
        while self._next is not None and self._next[0] == "text":
            bytes_ += _unescaped(self._take(None)[1])
        return bytes_.decode(errors="replace")

    def _take(self, expected: str | None) -> tuple[str, str]:
        if self._next is None:
            if expected is not None:
                raise self._wrong(expected, "the end")
            return "end", ""
        kind, token, self._line = self._next
        self._next = next(self._tokens, None)
        return kind, token

    def _skip(self, sign: str) -> bool:
        if self._next is None or self._next[:2] != ("sign", sign):
            return False
        self._take(None)
        return True

    def _of(self, text: str) -> Iterator[tuple[str, str, int]]:
        at, line = 0, 1
        for count in range(TOKENS_MAX + 1):
            if at >= len(text):
                return
            match = _TOKEN.match(text, at)
            if match is None:
                self._line = line
                raise self._wrong("text of a protocol buffer", text[at : at + 20])
            if count == TOKENS_MAX:
                raise self._wrong(f"at most {TOKENS_MAX} words", "more")
            if match.lastgroup != "space":
                yield str(match.lastgroup), match.group(), line
            line += match.group().count("\n")
            at = match.end()

    def _wrong(self, expected: str, found: str) -> CorruptError:
        return CorruptError(f"{self._name}, line {self._line}: expected {expected}, found {found[:80]!r}")


def _unescaped(token: str) -> bytes:
    def sign(match: re.Match[bytes]) -> bytes:
        octal, hexadecimal, short, long, other = match.groups()
        if octal is not None:
            return bytes([int(octal, 8) & 255])
        if hexadecimal is not None:
            return bytes([int(hexadecimal, 16)])
        point = short or long
        if point is not None:
            code = int(point, 16)
            return chr(code).encode(errors="replace") if code <= 0x10FFFF else b"?"
        return _SIGNS.get(other, bytes(other))

    return _ESCAPE.sub(sign, token[1:-1].encode(errors="replace"))
