"""Trains a small shape classifier on JPEG images that an SPDL pipeline fetches, decodes and batches."""

import argparse
import io
import os
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

# The model is small: one BLAS thread does it, and the cores are left to the decoders. Read when numpy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from PIL import Image
from spdl.pipeline import PipelineBuilder

from make_data import CLASSES, make_data
from model import ShapeClassifier

INPUT_SIZE_PX = 48


class ShuffledFiles:
    """Paths of the images, shuffled anew for each pass, until ``count`` of them were given out."""

    def __init__(self, folder: Path, count: int, seed: int) -> None:
        self.paths = sorted(folder.glob("*.jpg"))
        self.count = count
        self.seed = seed

    def __iter__(self) -> Iterator[Path]:
        rng = np.random.default_rng(self.seed)
        given = 0
        while given < self.count:
            for index in rng.permutation(len(self.paths))[: self.count - given]:
                given += 1
                yield self.paths[index]


def fetch(path: Path) -> bytes:
    """Reads an object as from a remote object store: 12 to 20 ms pass before its bytes are there."""
    time.sleep(0.012 + 0.008 * (zlib.crc32(path.name.encode()) % 1000) / 1000)
    return path.read_bytes()


def decode(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        small = image.convert("RGB").resize((INPUT_SIZE_PX, INPUT_SIZE_PX), Image.Resampling.BILINEAR)
    return np.asarray(small, dtype=np.float32) / 255 - 0.5


def load(path: Path) -> tuple[np.ndarray, int]:
    data = fetch(path)
    image = decode(data)
    return image, CLASSES.index(path.name.split("_")[0])


def collate(samples: list[tuple[np.ndarray, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.stack([image for image, _ in samples]), np.array([label for _, label in samples])


def make_pipeline(folder: Path, *, steps: int, batch_size: int, num_threads: int, seed: int):
    return (
        PipelineBuilder()
        .add_source(ShuffledFiles(folder, steps * batch_size, seed))
        .pipe(load, concurrency=3)
        .aggregate(batch_size, drop_last=True)
        .pipe(collate)
        .add_sink(buffer_size=2)
        .build(num_threads=num_threads)
    )


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=70)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--num-threads", type=int, default=8)
    parser.add_argument("--learning-rate", type=float, default=0.01)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    folder = make_data()
    model = ShapeClassifier(INPUT_SIZE_PX * INPUT_SIZE_PX * 3, len(CLASSES), seed=args.seed)
    pipeline = make_pipeline(
        folder,
        steps=args.steps,
        batch_size=args.batch_size,
        num_threads=args.num_threads,
        seed=args.seed,
    )
    losses: list[float] = []
    num_samples = 0
    start = time.monotonic()
    with pipeline.auto_stop():
        for images, labels in pipeline:
            losses.append(model.train_step(images, labels, learning_rate=args.learning_rate))
            num_samples += len(labels)
            if len(losses) % 10 == 0:
                print(f"step {len(losses)}: loss {np.mean(losses[-10:]):.3f}", flush=True)
    elapsed = time.monotonic() - start
    print(f"trained {num_samples} samples in {elapsed:.2f} s ({num_samples / elapsed:.1f} samples/s)", flush=True)


if __name__ == "__main__":
    main()
