"""Where FFmpeg's libraries are missing: image decoding of spdl.io by Pillow, with SPDL's own signatures.

A call that SPDL would refuse is refused here, too: an argument that does not exist, options that are no texts.
"""

import functools
import inspect
import io

import numpy as np
import spdl.io
from PIL import Image


def is_missing() -> bool:
    try:
        spdl.io.decode_config()
    except (ImportError, RuntimeError):
        return True
    return False


def _pixels(data) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


class _Config:
    def __init__(self, decoder, options):
        if not all(type(text) is str for pair in (options or {}).items() for text in pair):
            raise TypeError(f"options of a decoder are texts: {options}")


class _Frames:
    def __init__(self, pixels):
        self.pixels = pixels


def _decoded(data, config):
    if config is not None and not isinstance(config, _Config):
        raise TypeError(f"no configuration: {config}")
    return _Frames(_pixels(data))


_INSTEAD = {
    "decode_config": lambda decoder, decoder_options: _Config(decoder, decoder_options),
    "demux_image": lambda src, **_: bytes(src),
    "decode_packets": lambda packets, decode_config, **_: _decoded(packets, decode_config),
    "convert_frames": lambda frames, **_: frames,
    "load_image": lambda src, decode_config, **_: _decoded(src, decode_config),
    "to_numpy": lambda buffer, **_: buffer.pixels,
}


def install() -> None:
    for name, instead in _INSTEAD.items():
        setattr(spdl.io, name, _checked(getattr(spdl.io, name), instead))


def _checked(real, instead):
    signature = inspect.signature(real)

    @functools.wraps(real)
    def call(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return instead(**bound.arguments)

    return call
