"""``.venv/bin/python .ci/imports.py``: hold zsar to the floors of docs/architecture.md, which pyproject.toml lists.

import-linter reads a package's folder. In the repository ``zsar.methods``, ``zsar.configs`` and ``zsar.benchmarks`` are
folders beside it (``package_dir`` in setup.cfg), so the contracts are read in a folder of links, in which all parts lie
together as they do once installed.
"""

import configparser
import os
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).absolute().parents[1]
LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(sys.argv[1], no_cache=True))"


def link(folder: Path) -> Path:
    """The package below ``folder``, with a link to each of its parts in the repository."""
    setup = configparser.ConfigParser()
    setup.read(TOP / "setup.cfg", encoding="utf-8")
    places = dict(line.split(" = ") for line in setup["options"]["package_dir"].strip().splitlines())
    package = folder / "zsar"
    package.mkdir()
    for path in (TOP / places.pop("zsar")).iterdir():
        (package / path.name).symlink_to(path)
    for name, place in places.items():
        (package / name.removeprefix("zsar.")).symlink_to(TOP / place)
    return package


def check(folder: Path) -> int:
    """Check the contracts on the package that lies in ``folder``; the exit status of import-linter."""
    # The folder is put before the repository, which an editable install names, by being the working folder.
    command = [sys.executable, "-c", LINT, str(TOP / "pyproject.toml")]
    return subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": ""}).returncode


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="zsar-imports-") as place:
        link(Path(place))
        sys.exit(check(Path(place)))
