import unittest

from pipeline_source.analysis import Analysis
from pipeline_source.rewrites.edits import RewriteRefused
from pipeline_source.rewrites.split import split_stage
from small_project import SmallProject

MAIN = """
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

from spdl.pipeline import PipelineBuilder, PriorityThreadPoolExecutor


def load(key):
    time.sleep(0.01)
    return key * 2


def build(given=None):
    pool = ThreadPoolExecutor(2)
    shared = PriorityThreadPoolExecutor(max_workers=4)
    return PipelineBuilder().add_source(range(8)).pipe(CALL).add_sink(2).build(num_threads=2)


for item in build():
    print(item)
"""
LISTED = """
import time
from concurrent.futures import ThreadPoolExecutor

from spdl.pipeline import build_pipeline
from spdl.pipeline.defs import Pipe, PipelineConfig, SinkConfig, SourceConfig


def load(key):
    time.sleep(0.01)
    return key * 2


CONFIG = PipelineConfig(src=SourceConfig(range(8)), pipes=[Pipe(CALL)], sink=SinkConfig(2))

for item in build_pipeline(CONFIG, num_threads=2):
    print(item)
"""


def split(call: str, main: str = MAIN) -> str:
    project = SmallProject(main.replace("CALL", call), {})
    return split_stage(Analysis(project.folder, "main.py", "python main.py"), "load")[0]["main.py"]


class SplitExecutorCases(unittest.TestCase):
    def shows(self, call: str, *parts: str, main: str = MAIN) -> None:
        text = split(call, main)
        for part in parts:
            self.assertIn(part, text)

    def refuses(self, call: str) -> None:
        with self.assertRaisesRegex(RewriteRefused, "executor"):
            split(call)

    def test_leaves_threads_of_its_own_to_the_second_half(self):
        self.shows(
            "load, executor=ThreadPoolExecutor(max_workers=3), concurrency=4",
            ".pipe(load_read, concurrency=12).pipe(load_compute, concurrency=4, executor=ThreadPoolExecutor(max_workers=3))",
            "num_threads=14",
        )
        self.shows(
            "\n  load,\n  executor=ThreadPoolExecutor(),  # Of its own.\n",
            "# Of its own.",
            ".pipe(load_compute, executor=ThreadPoolExecutor())",
        )
        self.shows(
            "load,  # Threads of its own.\n  executor=ThreadPoolExecutor(3), concurrency=2",
            "# Threads of its own.",
            ".pipe(load_compute, concurrency=2, executor=ThreadPoolExecutor(3))",
        )

    def test_gives_both_halves_a_pool_that_has_a_name(self):
        self.shows(
            "load, executor=pool",
            ".pipe(load_read, executor=pool, concurrency=1).pipe(load_compute, executor=pool)",
            "build(num_threads=2)",
        )

    def test_names_what_both_halves_must_have_the_same_of(self):
        for pool in (
            "ThreadPoolExecutor(1)",
            "ThreadPoolExecutor(max_workers=3, initializer=print)",
            "shared.get_executor(priority=1)",
        ):
            self.shows(
                f"load, executor={pool}",
                f".pipe(load_read, executor=(load_executor := {pool}), concurrency=1).pipe(load_compute, executor=load_executor)",
            )
        self.shows("load, executor=(mine := ThreadPoolExecutor(1))", ".pipe(load_compute, executor=mine)")

    def test_does_the_same_in_a_list_of_stages(self):
        self.shows(
            "load, executor=ThreadPoolExecutor(1)",
            "Pipe(load_read, executor=(load_executor := ThreadPoolExecutor(1)), concurrency=1), "
            "Pipe(load_compute, executor=load_executor)",
            main=LISTED,
        )

    def test_passes_on_what_is_none_in_this_job(self):
        self.shows("load, executor=given", "concurrency=8).pipe(load_compute, executor=given)", "num_threads=10")
        self.shows("load, executor=None", ".pipe(load_compute)")

    def test_refuses_what_is_no_pool_of_threads_for_certain(self):
        self.refuses("load, executor=ProcessPoolExecutor(2)")
        self.refuses("load, executor=print()")
        self.refuses("load, executor=pool if time.time() else ProcessPoolExecutor(2)")
