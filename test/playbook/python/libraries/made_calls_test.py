import ast
import unittest

from pipeline_source.libraries.made_calls import made_call
from pipeline_source.values.made import Made


class MadeCallCases(unittest.TestCase):
    def test_spreads_the_configuration_behind_what_the_call_itself_gives(self):
        node = ast.parse("build(cfg, workers=4, registry=R)").body[0].value
        made = Made()
        call = made_call(made, node, node.args[0], None)
        self.assertEqual(ast.unparse(call), "build(workers=4, **cfg)")
        self.assertIs(made_call(made, node, node.args[0], None), call)
