"""``.venv/bin/python .ci/imports.py``: hold zsar to the floors of docs/architecture.md, which pyproject.toml lists."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).absolute().parents[1]
sys.path.insert(0, str(TOP / "docs" / "building"))

from installed_layout import link_package  # noqa: E402

LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(sys.argv[1], no_cache=True))"


def check(folder: Path) -> int:
    """Check the contracts on the package that lies in ``folder``; the exit status of import-linter."""
    # The folder is put before the repository, which an editable install names, by being the working folder.
    command = [sys.executable, "-c", LINT, str(TOP / "pyproject.toml")]
    return subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": ""}).returncode


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="zsar-imports-") as place:
        link_package(Path(place))
        sys.exit(check(Path(place)))
