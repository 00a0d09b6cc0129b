"""Trains a small sound classifier on WAV clips that an SPDL pipeline fetches and turns into features."""

import argparse
import json
import os
import time
from pathlib import Path

# The model is small: one BLAS thread does it, and the cores are left to the pipeline. Read when numpy is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from clips.features import NUM_FEATURES
from clips.loader import ClipLoader, LoaderSettings
from make_data import SOUNDS, make_data
from model import SoundClassifier


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", type=Path, default=Path(__file__).with_name("settings.json"))
    parser.add_argument("--steps", type=int, default=64)
    parser.add_argument("--seed", type=int, help="of the order of clips and of the weights; that of the settings by default")
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    settings = json.loads(args.settings.read_text())
    training = settings["training"]
    seed = training["seed"] if args.seed is None else args.seed
    loader = ClipLoader(make_data(), LoaderSettings(**settings["loader"]), steps=args.steps, seed=seed)
    model = SoundClassifier(NUM_FEATURES, len(SOUNDS), seed=seed)

    num_samples = 0
    recent_losses: list[float] = []
    start = time.monotonic()
    for step, (features, labels) in enumerate(loader, start=1):
        recent_losses.append(model.train_step(features, labels, learning_rate=training["learning_rate"]))
        num_samples += len(labels)
        if step % 10 == 0:
            print(f"step {step}: loss {sum(recent_losses) / len(recent_losses):.3f}", flush=True)
            recent_losses.clear()
    elapsed = time.monotonic() - start
    print(f"trained {num_samples} samples in {elapsed:.2f} s ({num_samples / elapsed:.1f} samples/s)", flush=True)


if __name__ == "__main__":
    main()
