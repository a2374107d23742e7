"""Where a plain form finds its fast one: on by default, off on request, and never in place of what was redefined."""

import sys
from types import ModuleType

import pytest

from zsar.learning import faster as module
from zsar.learning.faster import enabled, faster, keep_redefined, stacked
from zsar.methods import find

NAMES = ("doubling:number", "doubling:answer")


@pytest.fixture(autouse=True)
def doubling(monkeypatch):
    """A fast form that answers differently, so that it shows which one was called."""
    fast = ModuleType("zsar.fast.doubling")
    fast.number = lambda x: 2 * x
    fast.answer = lambda self, x: f"fast {self.word(x)}"
    monkeypatch.setitem(sys.modules, "zsar.fast.doubling", fast)
    for name in NAMES:
        monkeypatch.setitem(module._forms, name, None)


@faster("doubling:number")
def number(x):
    """A number."""
    return x


class Plain:
    def __init_subclass__(cls):
        keep_redefined(cls)

    @faster("doubling:answer")
    def answer(self, x):
        return f"plain {self.word(x)}"

    def word(self, x):
        return f"word {x}"


class Renamed(Plain):
    title = "another name, and nothing else"


class Redefined(Renamed):
    def word(self, x):
        return f"another {x}"


class Below(Redefined):
    title = "below"


for _name in NAMES:  # nobody else should look for them
    del module._forms[_name]


def test_the_fast_form_is_called_unless_it_is_turned_off(monkeypatch):
    assert enabled() and number(3) == 6 and number.plain(3) == 3 and number.__doc__ == "A number."
    monkeypatch.setenv("ZSAR_FAST", "0")
    assert not enabled() and number(3) == 3


@pytest.mark.parametrize("origin", ["absent", "empty folder"])
def test_without_the_room_the_plain_form_is_called(monkeypatch, origin):
    from importlib.machinery import ModuleSpec

    spec = None if origin == "absent" else ModuleSpec("zsar.fast", None)
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: spec)
    monkeypatch.setattr(module, "INSTALLED", module._is_installed())
    assert not enabled() and number(3) == 3 and stacked(find("sadvae")) is None


def test_a_method_passes_itself_on():
    assert Plain().answer(1) == "fast word 1" and Plain.answer.plain(Plain(), 1) == "plain word 1"


def test_a_subclass_that_redefines_a_function_runs_in_the_plain_form():
    assert Renamed().answer(1) == "fast word 1"
    assert Redefined().answer(1) == Below().answer(1) == "plain another 1"


def test_seeds_are_stacked_for_methods_that_are_as_they_were(monkeypatch):
    sadvae = find("sadvae")
    assert stacked(sadvae) is not None and stacked(find("nearest")) is None
    assert stacked(type("Renamed", (sadvae,), {"title": "another"})) is stacked(sadvae)
    for name in ("train", "factors", "total"):
        assert stacked(type("Redefined", (sadvae,), {name: lambda self: None})) is None
    monkeypatch.setenv("ZSAR_FAST", "0")
    assert stacked(sadvae) is None
