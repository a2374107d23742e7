"""docs/style.md, as far as a machine can read it: ceilings that may only fall, and what stands twice."""

import ast
import re
import unicodedata
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# How often each name may stand at most, until none does. Lower a ceiling when a change gets below it; never raise one.
VALUES = {
    "chosen": 7,  # a recipe's: how its values were chosen
    **dict.fromkeys(("asked", "described", "found", "given", "known", "made", "prepared", "put", "told", "wanted"), 0),
}
FUNCTIONS = dict.fromkeys(
    ("asked", "checked", "chosen", "described", "found", "known", "made", "prepared", "say", "tell", "told"), 0
)
IS_NO = 23
"""Strings that say "is no" or "are no" and mean "is not a"."""

MIRRORS = ("methods", "zsar/commands", "zsar/fast", "zsar/testing")
"""Rooms whose modules bear the name of what they belong to: a command, a format, the plain form, the method."""
TWICE = {"contract", "record", "splits"}
"""Modules that share a name with another room's: a contract each for datasets, encoders and methods; a run's record and
the step that makes it; a dataset's splits and the page's."""

LONGEST = 400
LONGER = {
    "tests/data/importing/formats/test_generic.py": 448,
    "tests/page/test_page_in_browser.py": 441,
}
"""Files above `LONGEST` lines, and the lines that they may have at most."""


def _paths(*folders):
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


LIBRARY = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_bytes()) for path in _paths("zsar", "methods")}


def values(tree):
    """Every name that a value is bound to, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.id if isinstance(node, ast.Name) else node.attr, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name, node.lineno


def functions(tree):
    """Every function's and class's name, private ones too, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno


def strings(tree):
    """Every text, f-strings' parts and docstrings too, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value, node.lineno


def places(kind, name):
    """Where a name is bound."""
    return [f"{path}:{line}" for path, tree in LIBRARY.items() for n, line in kind(tree) if n.strip("_") == name]


@pytest.mark.parametrize("name", VALUES)
def test_values_are_called_by_what_they_are(name):
    at = places(values, name)
    assert len(at) <= VALUES[name], (
        f"{name!r} names a value {len(at)} times, {VALUES[name]} at most: a participle is not a name (docs/style.md, "
        f"Words); call it by the noun for what it holds. It stands in {', '.join(at)}"
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_verbs_or_what_they_return(name):
    at = places(functions, name)
    assert len(at) <= FUNCTIONS[name], (
        f"{len(at)} functions are called {name!r}, {FUNCTIONS[name]} at most (docs/style.md, Words: check, prepare, "
        f"describe, report, or the noun for what is returned): {', '.join(at)}"
    )


def test_messages_say_is_not_a():
    wrong = re.compile(r"\b(?:is|are) no (?!(?:more|less|fewer|longer|\w+er) than\b)")
    at = [
        f"{path}:{line}" for path, tree in LIBRARY.items() for text, line in strings(tree) for _ in wrong.finditer(text)
    ]
    assert len(at) <= IS_NO, f'{len(at)} texts say "is no", {IS_NO} at most; say "is not a" or "lacks": {", ".join(at)}'


def test_a_module_is_found_in_one_guess():
    rooms = defaultdict(set)
    for path in LIBRARY:
        room, _, module = path.rpartition("/")
        if not room.startswith(MIRRORS) and not module.startswith("__"):
            rooms[module.removesuffix(".py")].add(room)
    twice = {name: sorted(at) for name, at in rooms.items() if len(at) > 1}
    assert twice.keys() <= TWICE, (
        "two rooms have a module of one name; rename the one that the name fits less: "
        f"{ {name: at for name, at in twice.items() if name not in TWICE} }"
    )
    assert not {"utils", "util", "common", "helpers", "manager", "misc"} & rooms.keys(), "name what the module holds"


def test_files_are_short():
    for path in _paths("zsar", "methods", "tests", "benchmarks", "docs"):
        name, lines = path.relative_to(ROOT).as_posix(), len(path.read_bytes().splitlines())
        most = LONGER.get(name, LONGEST)
        assert lines <= most, f"{name} has {lines} lines, {most} at most: divide it by what its parts are about"


def test_no_character_is_invisible():
    """Joiners, direction marks and hard spaces read as something that they are not."""
    for path in _paths("zsar", "methods", "tests", "benchmarks", "docs"):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            odd = [c for c in line if unicodedata.category(c) in ("Cc", "Cf", "Co", "Zs") and c != " "]
            assert not odd, f"{path.relative_to(ROOT)}:{number} holds {odd}: write it as an escape"


def test_the_eyes_are_open():
    """What the tests above look for is seen where it stands."""
    tree = ast.parse(
        "def checked(told, *, given=1):\n"
        '    """x is no y"""\n'
        "    for found in (made := told):\n"
        "        self.wanted: int = [asked for asked in found]\n"
    )
    assert {name for name, _ in values(tree)} == {"told", "given", "found", "made", "wanted", "asked"}
    assert [name for name, _ in functions(tree)] == ["checked"]
    assert [text for text, _ in strings(tree)] == ["x is no y"]
