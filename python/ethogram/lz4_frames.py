"""Frames of LZ4, unpacked without a package: a size is known before anything of it is made.

**Source** LZ4 Frame Format Description 1.6.4, LZ4 Block Format Description.
"""

from __future__ import annotations

from ethogram.errors import CorruptError

_MAGIC = b"\x04\x22\x4d\x18"


def unpacked(data: bytes, most: int, name: str) -> bytes:
    """What a frame holds. Checksums are passed over: what is packed here has its own reader.

    Args:
        data: The frame.
        most: Bytes that it may unpack to.
        name: What to call it where something is wrong.

    Raises:
        CorruptError: It is no frame, one that needs a dictionary, or one that holds more.
    """
    if data[:4] != _MAGIC or len(data) < 7 or data[4] >> 6 != 1 or data[4] & 1:
        raise CorruptError(f"{name}: expected a frame of LZ4 without a dictionary")
    flags = data[4]
    at = 7 + (8 if flags & 8 else 0)
    found = bytearray()
    while True:
        size = int.from_bytes(data[at : at + 4], "little")
        at += 4
        if size == 0 and at <= len(data):
            return bytes(found)
        length = size & 0x7FFFFFFF
        block = data[at : at + length]
        if len(block) < length or not length:
            raise CorruptError(f"{name}: expected a whole block of LZ4, found one that is cut")
        if size >> 31:
            found += block
        else:
            _block(block, found, len(found) if flags & 32 else 0, most, name)
        if len(found) > most:
            raise CorruptError(f"{name}: expected at most {most} bytes")
        at += length + (4 if flags & 16 else 0)


def _block(block: bytes, found: bytearray, first: int, most: int, name: str) -> None:
    """Append what a block holds, whose matches reach back to `first`."""
    at = 0
    try:
        while True:
            token = block[at]
            at += 1
            length, at = _length(block, at, token >> 4)
            if at + length > len(block):
                raise IndexError
            found += block[at : at + length]
            at += length
            if at == len(block):
                return
            back = block[at] | block[at + 1] << 8
            length, at = _length(block, at + 2, token & 15)
            length += 4
            start = len(found) - back
            if not back or start < first or len(found) + length > most:
                raise CorruptError(f"{name}: expected a match within {most} bytes, found one outside of them")
            # A match may reach into what it makes: it is repeated.
            copied = bytes(found[start : start + length])
            found += (copied * (length // back + 1))[:length] if length > back else copied
    except IndexError as error:
        raise CorruptError(f"{name}: expected a whole block of LZ4, found one that is cut") from error


def _length(block: bytes, at: int, length: int) -> tuple[int, int]:
    if length == 15:
        while True:
            more = block[at]
            length, at = length + more, at + 1
            if more < 255:
                break
    return length, at
