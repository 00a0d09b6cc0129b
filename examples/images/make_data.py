"""Draws the example's data set: small JPEG photographs of six kinds of shapes, the same ones on every machine.

Runs on its own (``python make_data.py``) or on the first training run. The folder appears whole or not at all.
"""

import os
import shutil
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

DATA_DIR = Path(__file__).resolve().parent / "data"
CLASSES = ("circle", "square", "triangle", "cross", "stripes", "rings")
IMAGES_PER_CLASS = 64
IMAGE_SIZE_PX = 256


def draw_image(kind: str, rng: np.random.Generator) -> Image.Image:
    """Draws one shape of that kind with a random place, size and colour over a noisy background."""
    size = IMAGE_SIZE_PX
    background = rng.integers(0, 110, (size // 8, size // 8, 3), dtype=np.uint8)
    image = Image.fromarray(background).resize((size, size), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    r = int(rng.integers(size // 5, size // 3))
    x, y = (int(v) for v in rng.integers(size // 2 - size // 10, size // 2 + size // 10, 2))
    color = tuple(int(v) for v in rng.integers(150, 256, 3))
    if kind == "circle":
        draw.ellipse((x - r, y - r, x + r, y + r), fill=color)
    elif kind == "square":
        draw.rectangle((x - r, y - r, x + r, y + r), fill=color)
    elif kind == "triangle":
        draw.polygon(((x, y - r), (x - r, y + r), (x + r, y + r)), fill=color)
    elif kind == "cross":
        draw.rectangle((x - r, y - r // 4, x + r, y + r // 4), fill=color)
        draw.rectangle((x - r // 4, y - r, x + r // 4, y + r), fill=color)
    elif kind == "stripes":
        for offset in range(-r, r, max(r // 3, 1)):
            draw.rectangle((x - r, y + offset, x + r, y + offset + r // 7), fill=color)
    else:
        for radius in range(r, 4, -max(r // 4, 1)):
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), outline=color, width=5)
    return image.filter(ImageFilter.GaussianBlur(1.0))


def make_data(folder: Path = DATA_DIR) -> Path:
    """Returns the folder with the images, after drawing them if it is not there yet."""
    if folder.is_dir():
        return folder
    # Several jobs may find no data at once: each draws its own copy, and the first rename wins.
    draft = folder.with_name(f"{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    rng = np.random.default_rng(20260)
    for index in range(IMAGES_PER_CLASS * len(CLASSES)):
        kind = CLASSES[index % len(CLASSES)]
        draw_image(kind, rng).save(draft / f"{kind}_{index:04d}.jpg", quality=90)
    try:
        draft.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
        shutil.rmtree(draft, ignore_errors=True)
    return folder


if __name__ == "__main__":
    folder = make_data()
    print(f"{len(list(folder.glob('*.jpg')))} images in {folder}")
