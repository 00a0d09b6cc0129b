import ast
import unittest

from small_project import SmallProject


class RoundCases(unittest.TestCase):
    def numbers(self, loop):
        small = SmallProject(f"for n in {loop}:\n    use(n)\n")
        (call,) = [c for c in ast.walk(small.main.tree) if isinstance(c, ast.Call) and c.func.id == "use"]
        rounds = small.flow.rounds.of(call, small.frame)
        return [small.flow.number(call.args[0], frame) for _, frame in rounds], [at for at, _ in rounds]

    def test_have_a_frame_each_in_their_order(self):
        numbers, places = self.numbers("(2, 4, 8)")
        self.assertEqual(numbers, [2, 4, 8])
        self.assertEqual(places, sorted(places))

    def test_is_one_where_the_loop_cannot_be_unrolled(self):
        self.assertEqual(len(self.numbers("stream")[0]), 1)
