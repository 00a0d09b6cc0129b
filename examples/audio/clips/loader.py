"""The SPDL pipeline that feeds the training: fetch, compute features, batch."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from spdl.pipeline import PipelineBuilder

from make_data import SOUNDS

from .features import summarize
from .storage import Clip, ShuffledClips, fetch

Batch = tuple[np.ndarray, np.ndarray]


@dataclass
class LoaderSettings:
    """The ``loader`` part of settings.json."""

    batch_size: int
    fetch_workers: int
    feature_workers: int
    threads: int
    prefetch_batches: int


def extract(item: tuple[Clip, bytes]) -> tuple[np.ndarray, int]:
    clip, wav = item
    return summarize(wav), SOUNDS.index(clip.sound)


def collate(items: list[tuple[np.ndarray, int]]) -> Batch:
    return np.stack([features for features, _ in items]), np.array([label for _, label in items])


class ClipLoader:
    """Iterates over ``steps`` batches of (features, labels)."""

    def __init__(self, folder: Path, settings: LoaderSettings, *, steps: int, seed: int) -> None:
        self.folder = folder
        self.settings = settings
        self.steps = steps
        self.seed = seed

    def __len__(self) -> int:
        return self.steps

    def make_builder(self) -> PipelineBuilder:
        settings = self.settings
        return (
            PipelineBuilder()
            .add_source(ShuffledClips(self.folder, self.steps * settings.batch_size, self.seed))
            .pipe(fetch, concurrency=settings.fetch_workers)
            .pipe(extract, concurrency=settings.feature_workers)
            .aggregate(settings.batch_size, drop_last=True)
            .pipe(collate)
            .add_sink(buffer_size=settings.prefetch_batches)
        )

    def __iter__(self) -> Iterator[Batch]:
        pipeline = self.make_builder().build(num_threads=self.settings.threads)
        with pipeline.auto_stop():
            for batch in pipeline:
                yield batch
