"""The import contract of pyproject.toml: it sees every room, it can fail, and nobody below uses the face."""

import ast
import importlib.util
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
needs_linter = pytest.mark.skipif(
    importlib.util.find_spec("importlinter") is None, reason="not installed (make lint installs it): import-linter"
)


@pytest.fixture
def imports():
    """The script that ``make lint`` runs."""
    spec = importlib.util.spec_from_file_location("imports", ROOT / ".ci" / "imports.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@needs_linter
@pytest.mark.parametrize(
    ("place", "line", "contract"),
    [
        ("zsar/evaluation", "import zsar.harness.plan", "Imports run downwards only"),
        ("zsar/report", "import zsar.methods.pgfa", "Methods are found by name"),
        ("zsar/harness", "import zsar.fast.pairs", "Fast forms are found"),
        ("methods", "import zsar.evaluation.metrics", "A method knows"),
        ("zsar/report", "import zsar.encoders.trajectory", "no encoder is loaded"),
        ("zsar/a_new_room", "", "Imports run downwards only"),
    ],
)
def test_an_import_upwards_breaks_the_contract(imports, tmp_path, capfd, place, line, contract):
    package = imports.link_package(tmp_path)
    room = package / place.removeprefix("zsar/")
    if room.exists():
        original = room.resolve()
        room.unlink()
        shutil.copytree(original, room)
    else:
        room.mkdir()
        (room / "__init__.py").touch()
    (room / "new.py").write_text(f"{line}\n", encoding="utf-8")
    assert imports.check(tmp_path) == 1
    output = capfd.readouterr().out
    assert any(contract in report and "BROKEN" in report for report in output.splitlines()), output


def test_the_library_does_not_use_its_own_face():
    """``zsar.bench`` and the like are for users: from below they would be an import upwards that the linter misses."""
    wrong = []
    for path in [*sorted((ROOT / "zsar").rglob("*.py")), *sorted((ROOT / "methods").glob("*.py"))]:
        if path.relative_to(ROOT).parts[1] in ("__init__.py", "commands", "testing"):
            continue
        rooms = {p.stem for p in (ROOT / "zsar").iterdir()} | {"methods", "configs", "benchmarks", "__version__"}
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = {a.name for a in node.names if a.name == "zsar" and not a.asname}
            elif isinstance(node, ast.ImportFrom) and node.module == "zsar" and not node.level:
                names = {a.name for a in node.names} - rooms
            else:
                continue
            wrong += [f"{path.relative_to(ROOT)}, line {node.lineno}: {name}" for name in names]
    assert not wrong, "import the module that defines it: " + "; ".join(wrong)
