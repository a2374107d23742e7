"""The site of docs/: it builds without a warning, holds what it promises, and reaches for nothing outside."""

import importlib.util
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from zsar.cli import COMMANDS, main

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TOOLS = ("mkdocs", "material", "mkdocstrings", "latex2mathml")
ABSENT = [name for name in TOOLS if importlib.util.find_spec(name) is None]
needs_tools = pytest.mark.skipif(bool(ABSENT), reason=f"not installed (make docs installs it): {', '.join(ABSENT)}")
LOADING = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The built site."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def _navigation(entries=None):
    """Files of the navigation, in order."""
    if entries is None:
        entries = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    for entry in entries:
        for target in entry.values():
            yield from _navigation(target) if isinstance(target, list) else [target]


def _module(path):
    """A Python file of docs/, imported by its place."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _Loaded(HTMLParser):
    """What a page loads by itself, as opposed to links that a reader may follow."""

    def __init__(self):
        super().__init__()
        self.addresses = []

    def handle_starttag(self, tag, attributes):
        address = dict(attributes).get(LOADING.get(tag, ""))
        if address and dict(attributes).get("rel") not in ("canonical", "next", "prev"):
            self.addresses.append(address)


def test_navigation_and_documents_agree():
    named = list(_navigation())
    written = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")} - {"images/README.md"}
    notebooks = {f"notebooks/{path.stem}.md" for path in (ROOT / "notebooks").glob("*.ipynb")}
    assert len(named) == len(set(named))
    assert set(named) == written | notebooks | {"reference/commands.md"}


@needs_tools
def test_every_page_is_built(site):
    for name in _navigation():
        page = (site / name).with_suffix(".html").read_text(encoding="utf-8")
        article = page.partition("<article")[2].partition("</article>")[0]
        assert "<h1" in article and len(re.sub(r"<[^>]*>", "", article)) > 500, name


@needs_tools
def test_nothing_is_loaded_from_outside(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) >= len(list(_navigation()))
    for page in pages:
        loaded = _Loaded()
        loaded.feed(page.read_text(encoding="utf-8"))
        assert loaded.addresses
        for address in loaded.addresses:
            assert not re.match(r"(https?:)?//", address), f"{page.name} loads {address}"
            if not address.startswith(("data:", "/")):  # the page for missing addresses is of a server's
                assert (page.parent / address.partition("?")[0]).is_file(), f"{page.name} loads {address}"
    for style in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(https?:)?//", style.read_text(encoding="utf-8")), style.name


@needs_tools
def test_the_interactive_page_is_part_of_it(site):
    [frame] = re.findall(r'<iframe [^>]*src="([^"]+)"', (site / "leaderboard.html").read_text(encoding="utf-8"))
    page = (site / frame).read_text(encoding="utf-8")
    assert "<title>zsar leaderboard</title>" in page and '"dataset":"utd-mhad"' in page
    assert '"simulated":true' not in page and len(page) < 5_000_000


def test_equations_are_drawn(site):
    for name in ("pgfa", "dvta", "sadvae"):
        page = (site / "methods" / f"{name}.html").read_text(encoding="utf-8")
        assert page.count("<math") >= 5
        shown = re.sub(r"<(script|style).*?</\1>", "", page, flags=re.S)
        assert "$" not in re.sub(r"<[^>]*>", "", shown), "an equation that wasn't recognised"


@needs_tools
def test_the_reference_describes_what_is_public(site):
    import zsar.evaluation as evaluation

    page = (site / "reference" / "evaluation.html").read_text(encoding="utf-8")
    for public in evaluation.__all__:
        assert re.search(rf'id="zsar\.evaluation\.\w+\.{public}"', page), public
    methods = (site / "reference" / "methods.html").read_text(encoding="utf-8")
    assert "zsar.learning.contract.Method.train" in methods and "Train on the seen classes" in methods


@needs_tools
@pytest.mark.parametrize("command", COMMANDS)
def test_commands_are_those_of_the_parser(command, capsys):
    page = _module(DOCS / "building" / "commands.py").page()
    part = page.partition(f"\n## zsar {command}\n")[2].partition("\n## ")[0]
    assert part
    help_of = [[command], *([command, name] for name in re.findall(rf"^### zsar {command} (\S+)$", part, re.M))]
    for words in help_of:
        with pytest.raises(SystemExit) as ended:
            main([*words, "--help"])
        assert ended.value.code == 0
        options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", capsys.readouterr().out)) - {"--help"}
        assert {option for option in options if option not in part} == set()
    known = set(re.findall(r"^\| `(--[a-z-]+)", part, re.M))
    for option in known:
        assert part.count(f"`{option}") >= 1


@needs_tools
def test_a_link_out_of_the_documents_keeps_its_text(tmp_path):
    from types import SimpleNamespace

    links = _module(DOCS / "building" / "links.py")
    page = SimpleNamespace(file=SimpleNamespace(src_uri="reference/some.md"))
    change = lambda text: links.on_page_markdown(text, page, SimpleNamespace(docs_dir=str(DOCS)), None)
    assert change("see [the tests](../../tests/docs/test_site.py) here") == "see the tests here"
    assert change("[notebook](../../notebooks/benchmark.ipynb)") == "[notebook](../notebooks/benchmark.md)"
    assert change("[methods](../methods.md#notation)") == "[methods](../methods.md#notation)"
    with pytest.raises(FileNotFoundError, match="nothing-there"):
        change("[gone](../../nothing-there.py)")


def test_figures_are_what_their_script_draws(tmp_path):
    script = _module(DOCS / "figures" / "draw.py")
    script.main(tmp_path)
    drawn = sorted(path.name for path in tmp_path.iterdir())
    assert drawn == sorted(path.name for path in (DOCS / "figures").glob("*.svg"))
    for name in drawn:
        assert (tmp_path / name).read_text(encoding="utf-8") == (DOCS / "figures" / name).read_text(encoding="utf-8")
    pages = "".join(path.read_text(encoding="utf-8") for path in DOCS.rglob("*.md"))
    assert all(f"figures/{name}" in pages for name in drawn)


@needs_tools
def test_a_broken_link_stops_the_build(tmp_path):
    """Under the site's own validation, of two short pages."""
    configuration = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    nav = [{"Home": "index.md"}, {"The protocol": "protocol.md"}]
    configuration |= {"nav": nav, "hooks": [], "plugins": [], "extra_css": []}
    (tmp_path / "mkdocs.yml").write_text(yaml.safe_dump(configuration), encoding="utf-8")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "protocol.md").write_text("# The protocol\n", encoding="utf-8")
    links = "[there](protocol.md#the-protocol), [gone](protocol.md#no-such-heading)"
    (tmp_path / "docs" / "index.md").write_text(f"# Home\n\n{links}\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path / "out")],
        cwd=tmp_path,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode != 0 and "no-such-heading" in said and "Aborted with 1 warnings" in said, said
