"""What the pages of the tests are made from, and what is in them."""

import json
from html.parser import HTMLParser
from pathlib import Path

RECORDS = Path(__file__).parents[2] / "benchmarks" / "records"
REAL = [RECORDS / "utd-mhad", RECORDS / "nw-ucla"]
NASTY = "<script>window.injected=1</script><img src=x onerror='window.injected=2'>&lt;b&gt;</script><!--\u2028"
"""A name that does harm wherever it is taken for markup."""


class Parsed(HTMLParser):
    """The elements of a page, and the content of its scripts and styles."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.tags, self.contents, self._open = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._open = tag
        if tag in ("script", "style"):
            self.contents.append([tag, dict(attributes), ""])

    def handle_data(self, data):
        if self._open in ("script", "style"):
            self.contents[-1][2] += data

    def handle_endtag(self, tag):
        self._open = None


def data_of(text: str) -> dict:
    [data] = [c[2] for c in Parsed(text).contents if c[1].get("type") == "application/json"]
    return json.loads(data)
