import unittest

from pipeline_source.libraries.spdl_calls import spdl_name
from small_project import SmallProject


class SpdlCallCases(unittest.TestCase):
    def test_are_known_by_their_package(self):
        self.assertEqual(spdl_name("spdl.pipeline.PipelineBuilder"), "PipelineBuilder")
        self.assertIsNone(spdl_name("spdl.io.load_image"))

    def test_stand_for_builders_and_pipelines(self):
        code = "from spdl.pipeline import PipelineBuilder, build_pipeline\nfrom spdl.dataloader import DataLoader\n"
        code += "a = PipelineBuilder().pipe(f)\nb = a.build(num_threads=2)\nc = DataLoader([])\n"
        small = SmallProject(code)
        self.assertEqual([small.kinds(n)[0] for n in "abc"], ["Builder", "Pipeline", "Pipeline"])
        self.assertEqual([small.values(n)[0].kind for n in "bc"], ["build", "dataloader"])
