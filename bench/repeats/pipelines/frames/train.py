"""Video clips: an index lookup, a decoder that takes its time, a resize for each frame, and a step on a device."""

import argparse
import time

import numpy as np
from spdl.pipeline import PipelineBuilder


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--num-fetch-threads", type=int, default=1)
    parser.add_argument("--num-decode-threads", type=int, default=2)
    parser.add_argument("--num-threads", type=int, default=4)
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--steps", type=int, default=300)
    return parser.parse_args()


def fetch(index):
    """Waits for the storage."""
    time.sleep(0.0024)
    return index


def decode(index):
    """Waits for a decoder that works outside of Python."""
    time.sleep(0.009)
    return np.full((8, 8), index % 255, dtype=np.float32)


def train_step(batch):
    time.sleep(0.008)
    return float(batch.mean())


def main():
    args = parse_args()
    pipeline = (
        PipelineBuilder()
        .add_source(range(args.steps * args.batch_size))
        .pipe(fetch, concurrency=args.num_fetch_threads)
        .pipe(decode, concurrency=args.num_decode_threads)
        .aggregate(args.batch_size, drop_last=True)
        .pipe(np.stack)
        .add_sink(4)
        .build(num_threads=args.num_threads)
    )
    loss = 0.0
    with pipeline.auto_stop():
        for batch in pipeline:
            loss = train_step(batch)
    print(f"done, loss {loss:.3f}")


if __name__ == "__main__":
    main()
