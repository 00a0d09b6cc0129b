"""What the model sees of a clip: its log spectrogram in logarithmic bands, and how each band behaves over time."""

import numpy as np
import spdl.io

FRAME = 512
HOP = 256
NUM_BANDS = 40
NUM_FRAMES = 61
NUM_FEATURES = (NUM_FRAMES + 3) * NUM_BANDS

_WINDOW = np.hanning(FRAME).astype(np.float32)
_EDGES = np.unique(np.geomspace(2, FRAME // 2, NUM_BANDS + 1).astype(int))
_BANDS = np.interp(np.linspace(0, len(_EDGES) - 1, NUM_BANDS + 1), np.arange(len(_EDGES)), _EDGES).astype(int)


def spectrogram(wav: bytes) -> np.ndarray:
    """Log energy of each frame and band, of shape (frames, NUM_BANDS)."""
    samples = np.asarray(spdl.io.load_wav(wav))[:, 0].astype(np.float32) / 32_768
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP] * _WINDOW
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    cumulative = np.cumsum(power, axis=1)
    energy = cumulative[:, _BANDS[1:]] - cumulative[:, _BANDS[:-1]]
    return np.log(energy + 1e-3).astype(np.float32)


def summarize(wav: bytes) -> np.ndarray:
    """The spectrogram of a one-second clip in one row, with mean, spread and mean change over time of each band."""
    bands = spectrogram(wav)
    change = np.abs(np.diff(bands, axis=0)).mean(axis=0)
    return np.concatenate([bands.mean(axis=0), bands.std(axis=0), change, bands.ravel()])
