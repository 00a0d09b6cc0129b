"""Synthesises the example's data set: one-second WAV clips of five kinds of sounds, the same ones on every machine.

Runs on its own (``python make_data.py``) or on the first training run. The folder appears whole or not at all.
"""

import os
import shutil
import wave
from pathlib import Path

import numpy as np

DATA_DIR = Path(__file__).resolve().parent / "data"
SOUNDS = ("tone", "chirp", "pulses", "chord", "hiss")
CLIPS_PER_SOUND = 60
SAMPLE_RATE_HZ = 16_000


def synthesize(sound: str, rng: np.random.Generator) -> np.ndarray:
    """One second of that sound in random pitch and phase, with noise over it, as 16-bit samples."""
    t = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
    pitch_hz = rng.uniform(200, 2000)
    phase = rng.uniform(0, 2 * np.pi)
    if sound == "tone":
        signal = np.sin(2 * np.pi * pitch_hz * t + phase)
    elif sound == "chirp":
        signal = np.sin(2 * np.pi * (pitch_hz * t + rng.uniform(500, 2500) * t**2) + phase)
    elif sound == "pulses":
        gate = (t * rng.uniform(4, 12)) % 1 < 0.3
        signal = np.sin(2 * np.pi * pitch_hz * t + phase) * gate
    elif sound == "chord":
        signal = sum(np.sin(2 * np.pi * pitch_hz * ratio * t + phase) for ratio in (1, 1.25, 1.5)) / 3
    else:
        signal = rng.normal(0, 0.5, len(t))
    noisy = 0.6 * signal + rng.normal(0, 0.1, len(t))
    return (np.clip(noisy, -1, 1) * 32_000).astype("<i2")


def make_data(folder: Path = DATA_DIR) -> Path:
    """Returns the folder with the clips, after synthesising them if it is not there yet."""
    if folder.is_dir():
        return folder
    # Several jobs may find no data at once: each makes its own copy, and the first rename wins.
    draft = folder.with_name(f"{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    rng = np.random.default_rng(16_000)
    for index in range(CLIPS_PER_SOUND * len(SOUNDS)):
        sound = SOUNDS[index % len(SOUNDS)]
        with wave.open(str(draft / f"{sound}_{index:04d}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE_HZ)
            file.writeframes(synthesize(sound, rng).tobytes())
    try:
        draft.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
        shutil.rmtree(draft, ignore_errors=True)
    return folder


if __name__ == "__main__":
    folder = make_data()
    print(f"{len(list(folder.glob('*.wav')))} clips in {folder}")
