"""Inside of the Python that a person's `torchx` belongs to: the sitecustomize beside this folder starts it there.

AUTORESEARCH_TORCHX (JSON) says what for. {"submit": …} lets the launch command run as it is, and gives the app that
it submits a name by which it is found again (submission.py). {"ask": …} answers one question (questions.py).
"""

import json
import os

VARIABLE = "AUTORESEARCH_TORCHX"


def start():
    told = json.loads(os.environ[VARIABLE])
    if "submit" in told:
        from . import submission

        submission.start(told["submit"])
    else:
        from . import questions

        del os.environ[VARIABLE]
        questions.answer(told["ask"])
