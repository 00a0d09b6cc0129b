"""Trains in several ranks, each on its shard. The disk of rank 2 is slow."""

import argparse
import os
import time

import numpy as np
from spdl.pipeline import PipelineBuilder

RANK = int(os.environ.get("RANK", 0))
WORLD_SIZE = int(os.environ.get("WORLD_SIZE", 1))
SLOW_RANK = 2


def shard(size):
    return range(RANK, size, WORLD_SIZE)


def decode(index):
    time.sleep(0.015 if RANK == SLOW_RANK else 0.005)
    return np.full((16,), index, dtype=np.float32)


def collate(samples):
    return np.stack(samples)


def build(args):
    return (
        PipelineBuilder()
        .add_source(shard(args.samples))
        .pipe(decode, concurrency=args.num_workers)
        .aggregate(args.batch_size, drop_last=True)
        .pipe(collate)
        .add_sink(3)
        .build(num_threads=args.num_workers + 2)
    )


def train_step(weights, batch):
    time.sleep(0.002)
    return weights * 0.9 + float(batch.mean())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--samples", type=int, default=2400)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--num-workers", type=int, default=2)
    args = parser.parse_args()
    weights, count, start = 0.0, 0, time.monotonic()
    pipeline = build(args)
    with pipeline.auto_stop():
        for batch in pipeline:
            weights = train_step(weights, batch)
            count += len(batch)
    print(f"trained {count} samples in {time.monotonic() - start:.3f} s, weights {weights:.1f}", flush=True)


if __name__ == "__main__":
    main()
