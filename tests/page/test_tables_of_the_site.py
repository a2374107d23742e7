"""The site's tables in a real browser, with its own style sheet."""

import re
from pathlib import Path

import pytest
from page_inputs import REAL
from reader import By

from zsar.report.leaderboard import Leaderboard
from zsar.results import Results


@pytest.mark.parametrize("width", [390, 1280])
def test_no_number_breaks_and_accuracies_are_in_sight(visit, tmp_path, width):
    markdown = pytest.importorskip("markdown", reason="needs what the site is built with (the extra: docs)")
    style = (Path(__file__).parents[2] / "docs" / "styles" / "site.css").read_text(encoding="utf-8")
    style = re.sub(r"@font-face \{[^}]*\}", "", style)  # would be fetched
    text = Leaderboard(Results.read(*REAL).tables(["last"], groups=False)).to_markdown()
    tables = markdown.markdown(text, extensions=["tables"])
    # As the theme sets tables: at their own width, which may be no wider than the screen allows.
    base = "body { margin: 0; font: 12.8px Helvetica, Arial, sans-serif; overflow-wrap: break-word }"
    box = f"<div class='md-typeset' style='width: {width - 32}px; overflow-x: auto; margin: 0 16px'>{tables}</div>"
    page = tmp_path / "page.html"
    page.write_text(f"<meta charset=utf-8><link rel=icon href='data:,'><style>{base}{style}</style>{box}", "utf-8")
    browser = visit(page, width, 844)
    cells = browser.execute_script(
        "return [...document.querySelectorAll('tbody td')].filter(e => e.style.textAlign === 'right').map(e => {"
        " const r = document.createRange(); r.selectNodeContents(e); return [e.textContent, r.getClientRects().length]"
        "}).filter(([text]) => text)"
    )
    assert len(cells) > 200 and {lines for _, lines in cells} == {1}
    for table in browser.find_elements(By.TAG_NAME, "table"):
        heads = [th.text for th in table.find_elements(By.TAG_NAME, "th")]
        if "average" in heads:
            average = table.find_elements(By.CSS_SELECTOR, "tbody tr:first-child td")[heads.index("average")]
            assert average.rect["x"] + 40 < width  # the mean; its interval, S and U may follow beyond
