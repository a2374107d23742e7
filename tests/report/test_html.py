"""Leaderboards as HTML tables for notebooks."""

from html.parser import HTMLParser

from made_up import leaderboards, made_up

from zsar.report.html import html
from zsar.report.leaderboard import Leaderboard

NASTY = '<script>alert("x")</script> & [red]'


class Cells(HTMLParser):
    """The cells of all tables, row by row, and every tag."""

    def __init__(self, text: str):
        super().__init__()
        self.rows, self.tags, self.inside = [], [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.inside = True

    def handle_endtag(self, tag):
        self.inside &= tag not in ("td", "th")

    def handle_data(self, data):
        if self.inside:
            self.rows[-1][-1] += data


def test_the_cells_are_those_of_the_other_formats(records):
    board = Leaderboard(leaderboards(records))
    cells = Cells(board._repr_html_())
    lines = [line for line in board.to_markdown().splitlines() if line.startswith("|") and "---" not in line]
    shown = [[cell.strip().replace("\\", "") for cell in line.strip("|").split("|")] for line in lines]
    assert [[cell.strip() for cell in row] for row in cells.rows] == shown
    assert {len(row) for row in cells.rows} == {len(cells.rows[0])}


def test_names_are_text_and_never_markup():
    error = {"type": "E", "message": NASTY}
    records = [made_up("a", NASTY, keywords={"k": NASTY}), made_up("a", NASTY), made_up("b", error=error)]
    text = html(leaderboards(records))
    cells = Cells(text)
    assert "script" not in cells.tags and any(NASTY in cell for row in cells.rows for cell in row)
    assert "1 of 3 runs failed" in text


def test_a_leaderboard_prints_as_its_table_does(records):
    board = Leaderboard(leaderboards(records))
    assert "PGFA (T)" in repr(board) and "\x1b" not in repr(board)
    assert list(board.to_pandas()["method"].unique()) == list(dict.fromkeys(r.method for r in board.tables[0].rows))
