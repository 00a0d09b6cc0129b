"""Runs the files of cases named on the command line after the analyser's folder, and prints {file: outcome}."""

import importlib.util
import json
import os
import sys
import unittest

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, sys.argv[1]]


def outcome_of(file: str) -> dict:
    spec = importlib.util.spec_from_file_location(
        file.replace(os.sep, ".").removesuffix(".py"), os.path.join(HERE, file)
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromModule(module).run(result)
    failures = [f"{case.id()}: {text}" for case, text in [*result.failures, *result.errors]]
    return {"ran": result.testsRun, "failures": failures}


json.dump({file: outcome_of(file) for file in sys.argv[2:]}, sys.stdout)
