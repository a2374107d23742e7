"""The methods of a page: what they say of themselves, where their papers are, and BibTeX entries of these."""

import inspect
import re
import unicodedata

from zsar.errors import ZsarError
from zsar.plugins import find
from zsar.report.latex import escaped
from zsar.results import Record, Results

_PAPER = re.compile(r"(?P<authors>[^:]+): (?P<title>.+), (?P<venue>[^,]+) (?P<year>\d{4})")
"""How a method's class names its paper: "Author, Author: Title, Venue Year"."""
_ARXIV = re.compile(r"https://arxiv\.org/abs/(\d{4}\.\d{4,5})")


def methods(results: Results) -> dict[str, dict]:
    """Of every method its title, paper, link, documents and BibTeX entry, by name; empty texts where there is none.

    They are those of the installed class, and only where it is the one that the records name.
    """
    firsts: dict[str, Record] = {}
    for record in results:
        firsts.setdefault(record.method.name, record)
    return {name: _method(firsts[name]) for name in sorted(firsts)}


def _method(record: Record) -> dict:
    method = record.method
    try:
        cls = find("method", method.name)
    except ZsarError:
        cls = None
    if cls is None or f"{cls.__module__}:{cls.__qualname__}" != method.cls:
        return {"title": method.title, "paper": "", "link": "", "documents": "", "bibtex": ""}
    return {
        "title": cls.title,
        "paper": cls.paper,
        "link": cls.link if cls.link.startswith("https://") else "",
        "documents": inspect.getdoc(cls) or "",
        "bibtex": bibtex(method.name, cls.paper, cls.link),
    }


def bibtex(name: str, paper: str, link: str = "") -> str:
    """The entry of a method's paper, of what ``paper`` and ``link`` say and nothing else; empty without a paper.

    >>> print(bibtex("eszsl", "Romera-Paredes, Torr: An Embarrassingly Simple Approach, ICML 2015"))
    @misc{romeraparedes2015embarrassingly,
      author = {Romera-Paredes and Torr},
      title = {{An Embarrassingly Simple Approach}},
      howpublished = {ICML 2015},
      year = {2015},
    }
    """
    if not paper:
        return ""
    parts = _PAPER.fullmatch(paper)
    if parts is None:
        return _entry(_letters(name), {"note": escaped(paper)} | _place(link))
    authors = ["others" if author == "et al." else escaped(author) for author in parts["authors"].split(", ")]
    word = next((w for w in re.findall(r"\w+", parts["title"]) if len(w) > 3), name)
    return _entry(
        _letters(parts["authors"].split(",")[0]) + parts["year"] + _letters(word),
        {
            "author": " and ".join(authors),
            "title": f"{{{escaped(parts['title'])}}}",  # in braces, or styles would change its capitals
            "howpublished": escaped(f"{parts['venue']} {parts['year']}"),
            "year": parts["year"],
        }
        | _place(link),
    )


def _place(link: str) -> dict[str, str]:
    arxiv = _ARXIV.fullmatch(link)
    return ({"eprint": arxiv[1], "archiveprefix": "arXiv"} if arxiv else {}) | ({"url": link} if link else {})


def _letters(text: str) -> str:
    """For a key: ASCII letters and digits in lower case."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]", "", plain.lower())


def _entry(key: str, fields: dict[str, str]) -> str:
    return "\n".join([f"@misc{{{key},", *(f"  {name} = {{{value}}}," for name, value in fields.items()), "}"])
