import unittest

from small_project import SmallProject

CODE = (
    "import hydra\n@hydra.main(config_path='conf', config_name='main')\ndef run(cfg):\n    return cfg.loader.workers\n"
)
FILES = {
    "conf/main.yaml": "defaults:\n  - loader: small\n",
    "conf/loader/small.yaml": "workers: 2\n",
    "conf/loader/large.yaml": "workers: 16\n",
}


class HydraConfigCases(unittest.TestCase):
    def workers(self, command):
        small = SmallProject(f"{CODE}result = run()\n", FILES, command)
        (function,) = small.values("run")
        frame = small.flow.frames.open(small.main.scopes[function.node])
        return [v.value for v in small.flow.evaluate(function.node.body[0].value, frame)]

    def test_is_composed_of_the_groups_that_the_defaults_or_the_command_choose(self):
        self.assertEqual(self.workers("python main.py"), [2])
        self.assertEqual(self.workers("python main.py loader=large"), [16])
        self.assertEqual(self.workers("python main.py loader=large loader.workers=5"), [5])
