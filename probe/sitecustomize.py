"""Starts the probe in every Python process of a job, then runs the sitecustomize that it stands in front of.

Python imports `sitecustomize` from the first folder of sys.path that has one; PYTHONPATH puts this folder first.
"""

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))


def _start_probe():
    try:
        import autoresearch_probe

        autoresearch_probe.start(_HERE)
    except BaseException as error:
        # The job goes on without statistics; it must never fail because of them.
        print(f"autoresearch probe: not started: {type(error).__name__}: {error}", file=sys.stderr)


def _start_torchx_part():
    if "AUTORESEARCH_TORCHX" in os.environ:
        import autoresearch_torchx

        autoresearch_torchx.start()


def _run_next_sitecustomize():
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    def is_ours(entry):
        return os.path.abspath(entry or os.curdir) == _HERE

    spec = PathFinder.find_spec("sitecustomize", [entry for entry in sys.path if not is_ours(entry)])
    if spec is None or spec.loader is None:
        return
    module = module_from_spec(spec)
    # From here on `import sitecustomize` means the user's own, as it would without the probe.
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


_start_torchx_part()
_start_probe()
_run_next_sitecustomize()
