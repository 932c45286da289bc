"""Makes this folder: small files of formats that Pillow writes, and what it reads of them. Pillow 12.3.0, NumPy."""

import json
from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).parent


def main() -> None:
    """Write every file, and beside it its shape and pixels."""
    draw = np.random.default_rng(3)
    noise = draw.integers(0, 256, (5, 7, 4), np.uint8)
    noise[..., 3] |= 1
    rows, columns = np.mgrid[:16, :24]
    smooth = np.stack([rows * 12, columns * 9, 255 - rows * 8], -1).astype(np.uint8)
    Image.fromarray(noise[..., :3]).save(HERE / "colour.bmp")
    Image.fromarray(noise[..., 0]).save(HERE / "grey.bmp")
    Image.fromarray(noise).save(HERE / "clear.bmp")
    Image.fromarray(noise[..., :3]).save(HERE / "exact.webp", lossless=True)
    Image.fromarray(noise).save(HERE / "clear.webp", lossless=True, exact=True)
    Image.fromarray(smooth).save(HERE / "lossy.webp", quality=80)
    frames = [Image.fromarray(noise[..., :3]), Image.fromarray(255 - noise[..., :3])]
    frames[0].save(HERE / "moving.webp", save_all=True, append_images=frames[1:], lossless=True)
    for file in sorted(HERE.iterdir()):
        if file.suffix not in (".bmp", ".webp"):
            continue
        picture = Image.open(file)
        mode = "RGBA" if "A" in picture.getbands() else "RGB"
        pixels = np.asarray(picture.convert(mode))
        told = {"shape": list(pixels.shape), "pixels": pixels.reshape(-1).tolist()}
        Path(f"{file}.json").write_text(json.dumps(told, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
