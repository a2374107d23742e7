"""Every test works in folders of its own; the simulated dataset is made once for all of them, and tiny."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from zsar.data.datasets import open_dataset
from zsar.testing.small import small, small_dataset

collect_ignore_glob = ["*conftest.py"]  # no examples are looked for in them: the files share one module's name

MISBEHAVING = ("Well", "Raising", "Killed", "Diverging", "Idle", "Misshapen", "Mute", "Slow")


@pytest.fixture(scope="session", autouse=True)
def nobodys_home(tmp_path_factory):
    """No test reads or writes the user's own prepared data and caches, or fetches a text model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZSAR_OFFLINE", "1")
        patch.setenv("ZSAR_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(scope="session")
def made_home(tmp_path_factory):
    """A ``$ZSAR_HOME`` in which ``pku-sim`` has all 51 classes, two clips of each."""
    home = tmp_path_factory.mktemp("home-51")
    small_dataset(home, classes=None, clips_per_class=2, subjects=2)
    open_dataset.cache_clear()
    return home


@pytest.fixture(scope="session")
def made_small(tmp_path_factory):
    """A ``$ZSAR_HOME`` in which ``pku-sim`` has nine classes, with its card and split."""
    home = tmp_path_factory.mktemp("home-9")
    made = small(home)
    open_dataset.cache_clear()
    return SimpleNamespace(home=home, small=made)


@pytest.fixture
def home(made_home, monkeypatch):
    """`made_home`, in force for this process and those that it starts."""
    yield from _in_force(made_home, monkeypatch)


@pytest.fixture
def nine(made_small, monkeypatch):
    """The nine-class dataset (`zsar.testing.small.Small`), in force."""
    for _ in _in_force(made_small.home, monkeypatch):
        yield made_small.small


@pytest.fixture
def empty_home(tmp_path, monkeypatch):
    """A ``$ZSAR_HOME`` with nothing in it."""
    yield from _in_force(tmp_path / "empty-home", monkeypatch)


def _in_force(path, monkeypatch):
    monkeypatch.setenv("ZSAR_HOME", str(path))
    open_dataset.cache_clear()  # it remembers by name, not by folder
    yield path
    open_dataset.cache_clear()


@pytest.fixture
def zsar():
    """Run the command line in a process of its own: ``zsar("bench", "--methods", ...)``."""

    def run(*arguments, cwd=None, **environment):
        return subprocess.run(
            [sys.executable, "-m", "zsar.cli", *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=cwd,
            env={**os.environ, "COLUMNS": "200", **environment},
            timeout=600,
            check=False,
        )

    return run


@pytest.fixture
def install(tmp_path_factory, monkeypatch):
    """Make a module with methods known as an installed package would: ``install(source, name="module:Class")``."""

    def put(source: str, module: str, **methods: str):
        folder = tmp_path_factory.mktemp("site")
        (folder / f"{module}.py").write_text(source)
        info = folder / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        lines = [f"{name} = {module}:{cls}" for name, cls in methods.items()]
        (info / "entry_points.txt").write_text("\n".join(["[zsar.methods]", *lines, ""]))
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]))
        return folder

    return put


@pytest.fixture
def misbehaving(install):
    """The methods of ``bench/misbehaving.py``, installed under their names in lower case."""
    source = (Path(__file__).parent / "harness" / "misbehaving.py").read_text()
    return install(source, "misbehaving_methods", **{name.lower(): name for name in MISBEHAVING})


def pytest_collection_modifyitems(items):
    """Checks that need a GPU run where there is one, and say so where there is none."""
    import torch

    if not torch.cuda.is_available():
        for item in items:
            if item.get_closest_marker("gpu"):
                item.add_marker(pytest.mark.skip(reason="no CUDA device"))
