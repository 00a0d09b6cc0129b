"""Lists what the installed SPDL offers, by reading its files: nothing is imported.

stdout: {"version": text or null, "files": [path], "facts": [...] as in installed_api/facts.py}; `files` change with
the installation. Without SPDL, {"version": null, "files": [], "facts": []}.
"""

import importlib.metadata
import json
import os
import sys
import warnings

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from installed_api.facts import api_facts  # noqa: E402
from installed_api.libraries import Libraries  # noqa: E402


def version():
    for name in ("spdl", "spdl_core"):
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return None


def main():
    warnings.simplefilter("ignore")
    libraries = Libraries()
    root = libraries.module("spdl")
    facts = [] if root is None else api_facts(libraries)
    files = [] if root is None else root.files
    json.dump({"version": version() if facts else None, "files": files, "facts": facts}, sys.stdout)


if __name__ == "__main__":
    main()
