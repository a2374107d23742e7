"""What the page says of methods, and the BibTeX of their papers."""

import pytest
from page_inputs import NASTY, REAL

from zsar.page.papers import bibtex, methods
from zsar.plugins import available, find
from zsar.results import Results

WITHOUT_LINK = {"nearest", "random"}
"""Methods without a paper of their own."""


def test_entries_hold_what_the_classes_say_and_nothing_else():
    entry = bibtex(
        "smie", "Zhou, Qiang, et al.: A: Title, of Things & More, ACM MM 2023", "https://arxiv.org/abs/2308.03950"
    )
    assert entry.splitlines() == [
        "@misc{zhou2023title,",
        "  author = {Zhou and Qiang and others},",
        r"  title = {{A: Title, of Things \& More}},",
        "  howpublished = {ACM MM 2023},",
        "  year = {2023},",
        "  eprint = {2308.03950},",
        "  archiveprefix = {arXiv},",
        "  url = {https://arxiv.org/abs/2308.03950},",
        "}",
    ]
    assert bibtex("mine", "submitted, 100% new") == "@misc{mine,\n  note = {submitted, 100\\% new},\n}"
    assert bibtex("mine", "") == ""


@pytest.mark.parametrize("name", available("method"))
def test_every_methods_paper_is_read_and_its_link_is_an_address(name):
    cls = find("method", name)
    entry = bibtex(name, cls.paper, cls.link)
    assert not cls.paper or ("author = {" in entry and "year = {" in entry and "note" not in entry)
    assert cls.link.startswith("https://") or (not cls.link and name in WITHOUT_LINK)
    assert entry.count("{") == entry.count("}")


def test_only_the_class_of_the_records_speaks_for_them():
    results = Results.read(REAL[0])
    own = methods(results)
    assert own["dvta"]["link"] == find("method", "dvta").link and own["dvta"]["documents"]
    record = next(r for r in results if r.method.name == "dvta").content
    for other in ({"class": "another.module:DVTA"}, {"name": NASTY}):
        changed = record | {"method": record["method"] | other | {"title": NASTY}}
        [method] = methods(Results([changed])).values()
        assert method == {"title": NASTY, "paper": "", "link": "", "documents": "", "bibtex": ""}


@pytest.mark.parametrize("link", ["javascript:alert(1)", "http://example.org", "data:text/html,x"])
def test_a_link_is_followed_over_https_only(monkeypatch, link):
    monkeypatch.setattr(find("method", "dvta"), "link", link)
    assert methods(Results.read(REAL[0]))["dvta"]["link"] == ""
