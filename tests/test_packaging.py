"""What a user meets first: the wheel, the packages, the version, what the README says to type."""

import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

import zsar

ROOT = Path(__file__).parents[1]
FOLDERS = {
    "zsar": "zsar",
    "zsar.methods": "methods",
    "zsar.configs": "configs",
    "zsar.benchmarks": "benchmarks",
}
SHIPPED = (".py", ".yaml", ".npz", ".typed", ".js", ".css", ".html", ".txt")
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A copy of what the package is built from: building leaves nothing behind in the tree."""
    copy = tmp_path_factory.mktemp("source")
    for folder in FOLDERS.values():
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for file in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"):
        shutil.copy(ROOT / file, copy)
    return copy


@pytest.fixture(scope="module")
def wheel(source, tmp_path_factory):
    """A wheel built from the copy."""
    pytest.importorskip("setuptools", minversion="77", reason="a wheel needs setuptools 77")
    out = tmp_path_factory.mktemp("wheel")
    _pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(out), str(source))
    [built] = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A folder that the wheel is installed into."""
    target = tmp_path_factory.mktemp("installed")
    _pip("install", "--no-deps", "--target", str(target), str(wheel))
    return target


def _text(path):
    return path.read_text(encoding="utf-8")


def _pip(command, *arguments):
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", command, "--no-index"]
    done = subprocess.run([*pip, *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def _elsewhere(installed, tmp_path, *command):
    """Run a command in another folder, with the installed wheel before everything else."""
    environment = {**os.environ, "PYTHONPATH": str(installed), "ZSAR_HOME": str(tmp_path / "home")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_wheel_holds_every_source_and_data_file(wheel, source):
    expected = {
        f"{package.replace('.', '/')}/{path.relative_to(source / folder).as_posix()}"
        for package, folder in FOLDERS.items()
        for path in (source / folder).rglob("*")
        if path.suffix in SHIPPED and "records" not in path.parts[len(source.parts) :][:-1]
    }
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    assert expected - held == set()
    assert {name for name in held if ".dist-info/" not in name} - expected == set()
    for needed in (
        "zsar/text/all-MiniLM-L6-v2.npz",
        "zsar/text/all-mpnet-base-v2.npz",
        "zsar/configs/datasets/pku-sim.yaml",
        "zsar/py.typed",
        "zsar/benchmarks/published/ntu60.yaml",
        "zsar/learning/contract.py",
    ):
        assert needed in held


def test_wheel_works_from_another_folder(installed, tmp_path):
    program = """if True:
        from pathlib import Path
        import zsar
        from zsar import benchmarks, configs, configuration
        from zsar.data.cards import cards
        from zsar.data.splits import splits_of
        from zsar.methods import find
        from zsar.results.published import published_numbers
        from zsar.text.vectors import shipped
        for module in (zsar, benchmarks, configs):
            print(Path(module.__file__).parent)
        splits = [split for card in cards() for split in splits_of(card)]
        print(len(cards()), len(splits), len(published_numbers("ntu60")), len(shipped()))
        print(*(find(name).__name__ for name in ("pgfa", "dvta", "sadvae")))
    """
    lines = _elsewhere(installed, tmp_path, sys.executable, "-c", program).splitlines()
    folders = [Path(line).relative_to(installed).as_posix() for line in lines[:3]]
    assert folders == ["zsar", "zsar/benchmarks", "zsar/configs"]
    assert all(int(count) > 0 for count in lines[3].split())
    assert lines[4] == "PGFA DVTA SADVAE"


def test_command_of_the_wheel(installed, tmp_path):
    script = installed / "bin" / "zsar"
    assert "bench" in _elsewhere(installed, tmp_path, sys.executable, str(script), "--help")
    assert _elsewhere(installed, tmp_path, sys.executable, str(script), "--version") == f"zsar {zsar.__version__}\n"
    assert "pku-sim" in _elsewhere(installed, tmp_path, sys.executable, str(script), "data", "list")


def test_every_package_folder_is_listed():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    listed = set(config["options"]["packages"].split())
    mapped = dict(line.split(" = ") for line in config["options"]["package_dir"].strip().splitlines())
    assert mapped == FOLDERS
    found = {
        ".".join([package, *path.parent.relative_to(ROOT / folder).parts])
        for package, folder in FOLDERS.items()
        for path in (ROOT / folder).rglob("*.py")
    }
    assert found - listed == set(), "folders that setup.cfg doesn't list under packages"
    assert listed - found == set(), "packages in setup.cfg that aren't there"
    for package, folder in FOLDERS.items():
        for path in (ROOT / folder).rglob("*.py"):
            assert (path.parent / "__init__.py").is_file(), f"{path.parent}, {package}"


def test_one_version():
    citation = yaml.safe_load(_text(ROOT / "CITATION.cff"))
    latest = re.search(r"^## (\d\S*)", _text(ROOT / "CHANGELOG.md"), re.M)
    assert str(citation["version"]) == latest[1] == zsar.__version__


def test_torch_is_pinned():
    """Without the pin the README's commands would install whatever is newest."""
    assert re.search(r"^torch==\d+\.\d+\.\d+$", _text(ROOT / "constraints.txt"), re.M)
    makefile = _text(ROOT / "Makefile")
    installs = [line for line in makefile.splitlines() if "pip install" in line]
    assert installs and all("-c constraints.txt" in line for line in installs)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document):
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", _text(document)):
        if not link.startswith(("http://", "https://")):
            assert (document.parent / link).exists(), f"{document.name} links to {link}"


def _commands():
    for document in DOCUMENTS:
        for block in re.findall(r"```bash\n(.*?)```", _text(document), re.S):
            for line in block.splitlines():
                if line.startswith("zsar "):
                    yield pytest.param(shlex.split(line, comments=True)[1:], id=f"{document.name}: {line}")


@pytest.mark.parametrize("command", list(_commands()))
def test_documented_options_exist(command, capsys):
    from zsar.cli import main

    names = command[:2] if command[0] == "data" else command[:1]
    with pytest.raises(SystemExit) as ended:
        main([*names, "--help"])
    assert ended.value.code == 0
    known = set(re.findall(r"(--[a-z][a-z-]*)", capsys.readouterr().out))
    assert {word.partition("=")[0] for word in command if word.startswith("--")} <= known


def test_readme_example_runs(tmp_path, monkeypatch, capsys):
    """On a few clips per class; the whole simulated dataset has the same classes and splits."""
    from zsar.data.datasets import open_dataset
    from zsar.testing.small import small_dataset

    monkeypatch.setenv("ZSAR_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)  # its records are no part of what `make bench` shows in this folder
    small_dataset(tmp_path, None, clips_per_class=4, subjects=2)
    [example] = re.findall(r"```python\n(.*?)```", _text(ROOT / "README.md"), re.S)
    try:
        exec(compile(example, "README.md", "exec"), {})
    finally:
        open_dataset.cache_clear()
    printed = capsys.readouterr().out
    losses = [float(value) for value in re.findall(r"loss ([\d.]+)", printed)]
    assert len(losses) == 5 and losses[-1] < losses[0]
    assert re.search(r"top-1 [01]\.\d{3}, chance 0\.200", printed)
