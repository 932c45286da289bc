"""Writes event files of TensorBoard as TensorFlow 2 does: records with checksums, each a message of protobuf."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import PIL.Image

TYPES = {"float32": 1, "float64": 2, "int32": 3, "int64": 9}
"""`DataType` of tensorflow/core/framework/types.proto."""


class EventFile:
    """One file, which is written when it is closed."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "events.out.tfevents.1612345678.host.v2"
        self.records = [double(1, 1.0) + text(3, b"brain.Event:2")]

    def scalar(self, tag: str, step: int, value: float) -> None:
        """As `tf.summary.scalar`: a tensor for the plug-in `scalars`."""
        self._event(tag, step, array(np.float32(value)), b"scalars")

    def tensor(self, tag: str, step: int, values: np.ndarray, plugin: str) -> None:
        """As `tf.summary.write` with a plug-in of its own."""
        self._event(tag, step, array(values), plugin.encode())

    def texts(self, tag: str, step: int, texts: list[str], plugin: str) -> None:
        """A tensor of strings."""
        packed = number(1, 7) + text(2, text(2, number(1, len(texts))))
        self._event(tag, step, packed + b"".join(text(8, one.encode()) for one in texts), plugin.encode())

    def image(self, tag: str, step: int, pixels: np.ndarray) -> None:
        """As `tf.summary.image`: width, height and an encoded picture."""
        file = io.BytesIO()
        PIL.Image.fromarray(pixels).save(file, "PNG")
        height, width = pixels.shape[:2]
        parts = [str(width).encode(), str(height).encode(), file.getvalue()]
        packed = number(1, 7) + text(2, text(2, number(1, len(parts)))) + b"".join(text(8, part) for part in parts)
        self._event(tag, step, packed, b"images")

    def _event(self, tag: str, step: int, tensor: bytes, plugin: bytes) -> None:
        metadata = text(1, text(1, plugin))
        value = text(1, tag.encode()) + text(8, tensor) + text(9, metadata)
        time = double(1, 1612345678.0 + len(self.records))
        self.records.append(time + number(2, step) + text(5, text(1, value)))

    def close(self) -> None:
        with self.path.open("wb") as file:
            for record in self.records:
                length = struct.pack("<Q", len(record))
                file.write(length + masked(length) + record + masked(record))


def array(values: np.ndarray | np.generic) -> bytes:
    axes = b"".join(text(2, number(1, length)) for length in values.shape)
    packed = np.ascontiguousarray(values).tobytes()
    return number(1, TYPES[str(values.dtype)]) + text(2, axes) + text(4, packed)


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def text(field: int, value: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(value)) + value


def double(field: int, value: float) -> bytes:
    return varint(field << 3 | 1) + struct.pack("<d", value)


def varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _table() -> list[int]:
    found = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        found.append(byte)
    return found


TABLE = _table()


def masked(data: bytes) -> bytes:
    """CRC-32C as TFRecord masks it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ TABLE[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)
