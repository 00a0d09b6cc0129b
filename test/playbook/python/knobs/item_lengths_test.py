import unittest

from pipeline_source.analysis import Analysis
from pipeline_source.knobs.item_lengths import is_item_length
from pipeline_source.rewrites.set_knob import set_knob
from small_project import SmallProject

MAIN = """
import argparse

from spdl.pipeline import PipelineBuilder

SEGMENT_S = 2.0
WARMUP_FRAMES = 8
# A shape.
NUM_FRAMES = 61
NUM_FEATURES = NUM_FRAMES * 40


class Config:
    num_frames: int = 16


parser = argparse.ArgumentParser()
parser.add_argument("--clip-seconds", type=float, default=2)
parser.add_argument("--audio-length", type=int, default=16000)
parser.add_argument("--min-duration", type=float, default=0.5)
args = parser.parse_args()
for item in PipelineBuilder().add_source(range(4)).add_sink(2).build(num_threads=1):
    print(item, args, SEGMENT_S, Config.num_frames)
"""


class ItemLengthCases(unittest.TestCase):
    def test_tells_how_much_of_an_item_is_taken(self):
        for name in (
            *("clip-seconds", "clip_s", "clipLength", "CLIP_DURATION"),
            *("train_clip_len_s", "audio_ms", "sample_duration"),
            *("num_frames", "nFrames", "frames", "max_frames", "frames_per_clip", "seconds_per_sample", "duration_s"),
        ):
            self.assertTrue(is_item_length(name), name)

    def test_leaves_times_and_numbers_of_something_else(self):
        for name in (
            *("seconds", "timeout_seconds", "step_seconds", "min_duration", "log_clip_seconds", "val_num_frames"),
            *("warmup_frames", "clip_stride", "num_clips", "sample_rate", "length", "items", "window_length"),
            *("clips", "frame_offset", "segments", "samples", "num_samples"),
        ):
            self.assertFalse(is_item_length(name), name)

    def test_makes_knobs_of_them_that_say_whether_they_are_whole(self):
        project = SmallProject(MAIN)
        analysis = Analysis(project.folder, "main.py", "python main.py --clip-seconds 2")
        lengths = [k for k in analysis.survey()["knobs"] if k["role"] == "item_length"]
        self.assertEqual(
            {k["id"]: (k["value"], k["whole"]) for k in lengths},
            {
                "flag:--clip-seconds": (2.0, False),
                "flag:--audio-length": (16000, True),
                "code:main.py:SEGMENT_S": (2.0, False),
                "code:main.py:Config.num_frames": (16, True),
            },
        )
        files, _ = set_knob(analysis, "code:main.py:SEGMENT_S", 1)
        self.assertIn("SEGMENT_S = 1.0\n", files["main.py"])
