"""Writes films as GIFs whose pictures cover each other, and what Pillow reads in them.

pip install pillow==13.0.0 && python make.py
"""

from __future__ import annotations

import json
import zlib
from pathlib import Path

from PIL import Image, ImageSequence

HERE = Path(__file__).parent
SIZE = (12, 8)


def pictures(see_through: bool) -> list[Image.Image]:
    """Squares that move over a ground, of four colours or see-through around them."""
    found = []
    for at in range(5):
        picture = Image.new("P", SIZE, 3 if see_through and at else 0)
        picture.putpalette([10, 20, 30, 200, 40, 50, 60, 210, 70, 80, 90, 220])
        picture.paste(1 + at % 2, (2 * at, at, 2 * at + 3, at + 3))
        found.append(picture)
    return found


def main() -> None:
    told = {}
    for disposal in (0, 1, 2, 3):
        for see_through in (False, True):
            name = f"disposal-{disposal}{'-see-through' if see_through else ''}.gif"
            first, *others = pictures(see_through)
            more = {"transparency": 3} if see_through else {}
            first.save(
                HERE / name, save_all=True, append_images=others, disposal=disposal, optimize=False, duration=40, **more
            )
            with Image.open(HERE / name) as film:
                frames = [frame.convert("RGB").tobytes() for frame in ImageSequence.Iterator(film)]
            told[name] = [zlib.crc32(frame) for frame in frames]
    (HERE / "reference.json").write_text(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
