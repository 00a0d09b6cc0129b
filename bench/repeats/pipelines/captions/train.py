"""Captions: shards are opened one by one, lines of them tokenised by a service, and a model that is quick."""

import json
import time
from pathlib import Path

import numpy as np
from spdl.pipeline import PipelineBuilder

SETTINGS = json.loads(Path(__file__).with_name("settings.json").read_text())


def open_shard(index):
    """Lines of a shard; waits for the network."""
    time.sleep(0.012)
    return [index * 8 + i for i in range(8)]


async def tokenise(line):
    import asyncio

    await asyncio.sleep(0.005)
    return np.arange(16, dtype=np.int64) + line


def train_step(batch):
    time.sleep(0.004)
    return int(batch.sum())


def main():
    pipeline = (
        PipelineBuilder()
        .add_source(range(SETTINGS["shards"]))
        .pipe(open_shard, concurrency=SETTINGS["open_concurrency"])
        .disaggregate()
        .pipe(tokenise, concurrency=SETTINGS["tokenise_concurrency"])
        .aggregate(SETTINGS["batch_size"], drop_last=True)
        .pipe(np.stack)
        .add_sink(SETTINGS["buffer_size"])
        .build(num_threads=SETTINGS["num_threads"])
    )
    total = 0
    with pipeline.auto_stop():
        for batch in pipeline:
            total += train_step(batch)
    print(f"done, {total}")


if __name__ == "__main__":
    main()
