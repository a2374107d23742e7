"""What a reader does with a page in a browser."""

import pytest

By = pytest.importorskip("selenium.webdriver.common.by", reason="browser tests need selenium (the extra: test)").By
Keys = pytest.importorskip("selenium.webdriver.common.keys").Keys

UTD, UCLA = "#dataset=utd-mhad", "#dataset=nw-ucla"


def texts(browser, selector: str) -> list[str]:
    """The visible text of each element; what isn't displayed is left out."""
    return browser.execute_script(
        "return [...document.querySelectorAll(arguments[0])].filter(e => e.offsetParent).map(e => e.innerText.trim())",
        selector,
    )


def choose(browser, selector: str, value: str) -> None:
    """Choose an option of a select as a user does."""
    from selenium.webdriver.support.ui import Select

    Select(browser.find_element(By.CSS_SELECTOR, selector)).select_by_value(value)


def press(browser, *keys: str) -> None:
    """Type into whatever has the focus."""
    for key in keys:
        browser.switch_to.active_element.send_keys(key)


def by_text(browser, selector: str, text: str):
    """The one element that shows exactly this text."""
    found = [e for e in browser.find_elements(By.CSS_SELECTOR, selector) if e.text.strip() == text]
    assert len(found) == 1, f"{len(found)} of {selector} say {text!r}"
    return found[0]


def order_of(browser, board: str) -> list[str]:
    """The methods of a leaderboard's rows, shown or not, from top to bottom."""
    return browser.execute_script(
        "return [...document.querySelectorAll(`#${arguments[0]} tbody .look`)].map(e => e.textContent)", board
    )


def fold_out(browser) -> None:
    browser.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
