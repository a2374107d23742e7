"""The page in a real browser: what a reader does with it."""

import json
import time

import numpy as np
import pytest
from page_inputs import NASTY, REAL, RECORDS
from reader import UCLA, UTD, By, Keys, by_text, choose, fold_out, order_of, press, texts

from zsar.page import write
from zsar.results import Results
from zsar.results.record import read_records


@pytest.fixture(scope="session")
def tables(committed):
    """The leaderboards of the committed records as the library makes them: NW-UCLA's two, UTD-MHAD's two."""
    return Results.read(*REAL).tables(["last", "val", "oracle"])


def test_rows_are_those_of_the_leaderboard(visit, committed, tables):
    browser = visit(committed, address=UTD)
    assert len(browser.find_elements(By.CSS_SELECTOR, "section[id^=board-]")) == len(tables) == 4
    for i, table in enumerate(tables):
        browser.find_element(By.CSS_SELECTOR, f"#tabs [data-dataset={table.dataset}]").click()
        expected = [r for r in table.rows if r.rule == "last"]
        names = [r.title + (" (T)" if r.transductive else "") for r in expected]
        assert order_of(browser, f"board-{i}") == names
    first = next(r for r in tables[2].rows if r.rank == 1)
    cells = texts(browser, "#board-2 tbody tr:first-child td, #board-2 tbody tr:first-child th")
    assert cells[0] == "1" and cells[1].splitlines()[0].split(" ")[0] == first.title
    assert f"{100 * first.average.top1.mean:.1f} ± {100 * first.average.top1.half:.1f}" in cells


def test_numbers_have_the_digits_of_the_other_tables(visit, committed, tables):
    browser = visit(committed)
    for i in (0, 2):  # the two for ZSL
        browser.find_element(By.CSS_SELECTOR, f"#tabs [data-dataset={tables[i].dataset}]").click()
        shown = set(texts(browser, f"#board-{i} tbody td"))
        shown = {text.splitlines()[0] for text in shown if text}
        for row in (r for r in tables[i].rows if r.rule == "last"):
            for cell in row.cells.values():
                assert f"{100 * cell.top1.mean:.1f} ± {100 * cell.top1.half:.1f}" in shown


def test_sorting(visit, committed, tables):
    browser = visit(committed, address=UTD)
    rows = [r for r in tables[2].rows if r.rule == "last"]
    name = lambda r: r.title + (" (T)" if r.transductive else "")
    button = lambda title: browser.find_element(
        By.XPATH, f"//section[@id='board-2']//thead//button[starts-with(., '{title}')]"
    )
    state = lambda title: button(title).find_element(By.XPATH, "..").get_attribute("aria-sort")
    split = tables[2].splits[0].name
    means = [name(r) for r in sorted(rows, key=lambda r: -r.cells[split].top1.mean)]
    assert means != order_of(browser, "board-2")
    button(split).click()
    assert order_of(browser, "board-2") == means and state(split) == "descending" and state("method") == "none"
    button(split).click()
    means = [name(r) for r in sorted(rows, key=lambda r: r.cells[split].top1.mean)]
    assert order_of(browser, "board-2") == means and state(split) == "ascending"
    button("method").click()
    assert order_of(browser, "board-2") == sorted(map(name, rows), key=str.casefold)
    assert "Sorted by method, ascending." in browser.find_element(By.ID, "board-2").get_attribute("textContent")
    gaps = [name(r) for r in sorted(rows, key=lambda r: -r.average.gap)]
    button("gap").click()
    assert order_of(browser, "board-2")[:3] == gaps[:3]
    # The chart follows the table.
    assert gaps[0] in browser.find_element(By.CSS_SELECTOR, "#board-2 canvas").get_attribute("aria-label").split(";")[0]


def test_filtering(visit, committed, tables):
    browser = visit(committed, address=UTD)
    choose(browser, "[data-filter=rule]", "oracle")
    assert set(texts(browser, "#board-2 .rule-note")) == set()
    assert len(order_of(browser, "board-2")) == sum(r.rule == "oracle" for r in tables[2].rows)
    assert set(texts(browser, "#board-2 tbody tr td:first-child")) == {"–"}  # never ranked
    choose(browser, "[data-filter=rule]", "all")
    assert len(order_of(browser, "board-2")) == len(tables[2].rows)
    assert {"rule last", "rule val", "rule oracle"} == set(texts(browser, "#board-2 .rule-note")) | {"rule oracle"}
    choose(browser, "[data-filter=mode]", "transductive")
    assert set(order_of(browser, "board-2")) == {"PGFA (T)"} and len(order_of(browser, "board-2")) == 3
    choose(browser, "[data-filter=mode]", "all")
    shown = [s.is_displayed() for s in browser.find_elements(By.CSS_SELECTOR, "[id^=board-].leaderboard")]
    assert shown == [False] * 2 + [True] * 2
    choose(browser, "[data-filter=setting]", "gzsl")
    choose(browser, "[data-filter=strategy]", "gate")
    choose(browser, "[data-filter=rule]", "last")
    assert set(texts(browser, "#board-3 tbody td:nth-of-type(2)")) == {"gate"}
    assert texts(browser, "#filtered") == [f"{len(order_of(browser, 'board-3'))} rows in 1 leaderboard."]
    browser.find_element(By.CSS_SELECTOR, ".methods summary").click()
    by_text(browser, ".methods button", "none").click()
    assert "No row passes the filters." in texts(browser, "#board-3 .warning")
    browser.find_element(By.CSS_SELECTOR, ".methods input[value=dvta]").click()
    assert order_of(browser, "board-3") == ["DVTA"]
    browser.find_element(By.CSS_SELECTOR, "#filters .reset").click()
    assert texts(browser, "#filtered")[0].endswith("rows in 2 leaderboards.")


def test_split_families_are_filtered(visit, tmp_path):
    for path in (RECORDS / "utd-mhad").glob("*.json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["method"]["name"] == "devise" and record["seed"] < 2:
            if record["split"]["name"] == "18-9":
                record["split"]["family"] = "another"
            (tmp_path / path.name).write_text(json.dumps(record), encoding="utf-8")
    written = write(Results.read(tmp_path), tmp_path, features=None)
    browser = visit(written, address=UTD)
    choose(browser, "[data-filter=family]", "another")
    headings = texts(browser, ".leaderboard h2")
    assert len(headings) == 2 and all("another splits" in h for h in headings)
    by_text(browser, "[role=tab]", "All datasets").click()
    assert not browser.find_element(By.CSS_SELECTOR, "[data-filter=family]").is_displayed()


def test_long_tables_are_cut_until_asked_for(visit, committed):
    browser = visit(committed, address=UTD)
    rows = "#board-3 tbody tr"
    assert len(texts(browser, rows)) == 16 < len(order_of(browser, "board-3"))
    browser.find_element(By.CSS_SELECTOR, "#board-3 .more").click()
    assert len(texts(browser, rows)) == len(order_of(browser, "board-3"))


def test_published_values_show_their_sources_by_mouse_and_keyboard(visit, committed):
    from selenium.webdriver import ActionChains

    browser = visit(committed, address=UTD)
    papers = browser.find_elements(By.CSS_SELECTOR, "#board-2 .paper")
    assert {"paper 29.4", "paper 12.5"} <= {p.text for p in papers}
    tip = browser.find_element(By.ID, "tip")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", papers[0])
    ActionChains(browser).move_to_element(papers[0]).perform()
    assert tip.is_displayed() and "PURLS" in tip.text and "oracle" in tip.text
    ActionChains(browser).move_to_element(browser.find_element(By.CSS_SELECTOR, "#board-2 caption")).perform()
    browser.execute_script("arguments[0].focus()", papers[0])
    assert tip.is_displayed()
    press(browser, Keys.ESCAPE)
    assert not tip.is_displayed()
    described = papers[0].get_attribute("aria-describedby")
    assert "PURLS" in browser.find_element(By.ID, described).get_attribute("textContent")


def test_a_closer_look_holds_the_records_numbers(visit, committed, tables):
    browser = visit(committed, address=UTD)
    by_text(browser, "#board-2 .look", "SA-DVAE").click()
    assert browser.switch_to.active_element.get_attribute("id") == "closer-heading"
    choose(browser, "#choice label:nth-of-type(2) select", "18-9")
    runs = [
        r
        for r in read_records(RECORDS / "utd-mhad")
        if r["method"]["name"] == "sadvae" and r["split"]["name"] == "18-9"
    ]
    results = [r["results"]["inductive"]["last"] for r in runs]
    counts = np.sum([r["confusion"] for r in results], axis=0)
    shown = texts(browser, ".confusion tbody td")
    assert [0 if text == "·" else int(text) for text in shown] == counts.ravel().tolist()
    fold_out(browser)
    per_class = dict(
        zip(
            texts(browser, ".part:first-child tbody th"),
            texts(browser, ".part:first-child tbody td:nth-child(2)"),
            strict=True,
        )
    )
    assert len(per_class) == 9
    assert float(per_class["swipe left"]) == pytest.approx(
        100 * np.mean([r["per_class"]["utd/a01"] for r in results]), abs=0.051
    )
    details = browser.find_element(By.ID, "details").text
    assert "the curve between the points is not drawn" in details  # these scores are not committed
    assert "UTD-MHAD is not on the machine that made this page" in details
    stacking = [r["gzsl"]["strategies"]["stacking"]["harmonic"] for r in results]
    lines = [text for text in texts(browser, "#details tbody tr") if text.startswith("stacking")]
    assert len(lines) == 1 and f"{100 * np.mean(stacking):.1f} ±" in lines[0]


def test_command_and_configuration_can_be_copied(visit, committed):
    browser = visit(committed, address=UTD)
    browser.execute_cdp_cmd(
        "Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]}
    )
    by_text(browser, "#board-2 .look", "DVTA").click()
    fold_out(browser)
    for what in ("command", "configuration"):
        button = by_text(browser, ".copy", f"Copy the {what}")
        button.click()
        shown = browser.find_element(By.CSS_SELECTOR, f"pre[aria-label={what.capitalize()}]").get_attribute(
            "textContent"
        )
        copied = browser.execute_async_script("navigator.clipboard.readText().then(arguments[0], arguments[0])")
        assert copied == shown and "dvta" in shown and "temperature" in shown
    assert "copied" in texts(browser, ".copyable span")


def _open_mistakes(browser, simulated, method: str):
    by_text(browser, "#board-0 .look", method).click()
    records = [r for r in simulated.records if r["method"]["title"] == method and r["seed"] == 0]
    arrays = Results.read(simulated.folder).scores.read(records[0]["run"], ("inductive/last", "labels", "samples"))
    return arrays, records[0]["split"]["unseen"]


def test_the_player_moves_the_misclassified_clip(visit, simulated):
    browser = visit(simulated.path)
    arrays, _ = _open_mistakes(browser, simulated, "Random")
    player = browser.find_element(By.CSS_SELECTOR, ".player")
    assert player.is_displayed()
    frame = browser.find_element(By.CSS_SELECTOR, ".player input")
    play = browser.find_element(By.CSS_SELECTOR, ".play")
    picture = lambda: browser.execute_script("return document.querySelector('.player canvas').toDataURL()")
    assert play.text == "Pause"  # it starts by itself
    # Number and picture in one call: the clip plays on between two.
    shown = lambda: browser.execute_script(
        "const of = document.querySelector('.player'); "
        "return [of.querySelector('input').value, of.querySelector('canvas').toDataURL()]"
    )
    before, deadline = shown(), time.time() + 120
    while not all(a != b for a, b in zip(shown(), before, strict=True)) and time.time() < deadline:
        time.sleep(0.05)
    assert time.time() < deadline, "neither frame nor picture moves"
    play.click()
    still = shown()
    time.sleep(0.3)
    assert shown() == still and play.text == "Play"
    frame.send_keys(Keys.HOME, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert frame.get_property("value") == "2"
    assert browser.find_element(By.CSS_SELECTOR, ".player .at").text.startswith("3 of ")
    assert picture() != still[1]
    turned = picture()
    browser.find_elements(By.CSS_SELECTOR, ".player input")[1].send_keys(Keys.ARROW_RIGHT)
    assert picture() != turned


def test_a_misclassified_clip_shows_its_classes_and_scores(visit, simulated):
    from zsar.data.cards import card

    browser = visit(simulated.path)
    arrays, unseen = _open_mistakes(browser, simulated, "Nearest")
    names = [card("pku-sim").classes[c] for c in unseen]
    wrong = arrays["inductive/last"].argmax(1) != arrays["labels"]
    clip = "[aria-label='Player']"
    options = browser.find_elements(By.XPATH, "//label[starts-with(., 'Clip')]/select/option")
    assert 0 < len(options) <= wrong.sum()
    seen = set()
    for i in range(len(options)):
        sample = options[i].text.split(":")[0]
        row = arrays["samples"].tolist().index(sample)
        assert wrong[row]
        seen.add(sample)
        scores = arrays["inductive/last"][row]
        [truth] = texts(browser, ".truth")
        assert truth == f"Shows {names[arrays['labels'][row]]}, taken for {names[scores.argmax()]}."
        lines = [line.replace("−", "-") for line in texts(browser, ".scores li")]
        assert len(lines) == 5
        for line, c in zip(lines, np.argsort(-scores, kind="stable"), strict=True):
            name, value = line.replace(" (true)", "").rsplit(": ", 1)
            assert name == names[c] and float(value) == pytest.approx(scores[c], rel=1e-3)
        if i < len(options) - 1:
            by_text(browser, "button", "next →").click()
    assert len(seen) == len(options) and browser.find_elements(By.CSS_SELECTOR, clip)


def test_a_clip_without_reduced_motion_waits_to_be_played(visit, simulated):
    browser = visit(simulated.path, prefers_reduced_motion="reduce")
    _open_mistakes(browser, simulated, "Random")
    assert browser.find_element(By.CSS_SELECTOR, ".play").text == "Play"


def test_maps_and_curve_are_drawn_where_the_data_is_there(visit, simulated):
    browser = visit(simulated.path)
    by_text(browser, "#board-0 .look", "Nearest").click()
    figures = texts(browser, "#details figure figcaption")
    for start in ("Before: features", "Before: text prototypes", "After: clips and prototypes", "Seen against unseen"):
        assert any(caption.startswith(start) for caption in figures), start
    assert "The curve has every calibration constant" in browser.find_element(By.ID, "details").text


def test_keyboard(visit, committed):
    browser = visit(committed, address=UCLA)
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    focused = browser.switch_to.active_element
    assert focused.text == "Skip to the leaderboards" and focused.location["x"] >= 0
    press(browser, Keys.ENTER)
    assert browser.switch_to.active_element.get_attribute("id") == "boards"
    for _ in range(4):  # the buttons to take the table along, then the table's box and its heads
        press(browser, Keys.TAB)
    visited = []
    for _ in range(12):
        focused = browser.switch_to.active_element
        style = browser.execute_script(
            "const s = getComputedStyle(arguments[0]); return [s.outlineStyle, s.outlineWidth]", focused
        )
        assert style == ["solid", "3px"], f"{focused.text!r} doesn't show that it has the focus"
        visited.append(focused.text.rstrip("↕↑↓ \n") if focused.tag_name == "button" else focused.get_attribute("role"))
        if visited[-1] == "average":
            press(browser, Keys.ENTER)
        press(browser, Keys.TAB)
    assert visited[0] == "region" and {"#", "method", "average", "gap"} <= set(visited)
    sorted_by = browser.find_elements(By.CSS_SELECTOR, "#board-0 th[aria-sort=descending]")
    assert [th.text.rstrip("↕↑↓ \n") for th in sorted_by] == ["average"]
    assert browser.execute_script("return [...document.querySelectorAll('[tabindex]')].every(e => e.tabIndex <= 0)")


CONTRAST = """
const [front, back] = [...arguments].map(name => {
  const probe = document.createElement('span');
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const numbers = getComputedStyle(probe).color.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255);
  probe.remove();
  const [r, g, b] = numbers.map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
});
return (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_system_and_have_contrast(visit, committed, scheme):
    browser = visit(committed, prefers_color_scheme=scheme)
    ground = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, ground[4:-1].split(","))) < 150) == (scheme == "dark")
    for front in ("text", "soft", "link"):
        for back in ("ground", "panel"):
            assert browser.execute_script(CONTRAST, front, back) >= 4.5, (front, back)
    for graphic in ("hue-0", "hue-1", "hue-2", "hue-3", "focus"):
        assert browser.execute_script(CONTRAST, graphic, "ground") >= 3, graphic
    other = "light" if scheme == "dark" else "dark"
    choose(browser, "#theme", other)
    assert browser.execute_script("return getComputedStyle(document.body).backgroundColor") != ground
    browser.refresh()
    assert browser.find_element(By.ID, "theme").get_property("value") == other  # it is remembered
    choose(browser, "#theme", "system")
    assert browser.execute_script("return getComputedStyle(document.body).backgroundColor") == ground


@pytest.mark.parametrize("width", [320, 390])
@pytest.mark.parametrize(("which", "address"), [("committed", ""), ("committed", UTD), ("simulated", "")])
def test_nothing_sticks_out_on_a_phone(visit, request, width, which, address):
    made = request.getfixturevalue(which)
    browser = visit(made if which == "committed" else made.path, width, 800, address)
    fold_out(browser)
    assert browser.execute_script("return innerWidth") == width
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    beyond = browser.execute_script(
        "return [...document.body.querySelectorAll('*')].filter(e => e.offsetParent"
        " && !e.closest('.scroll, pre, .unseen') && e.getBoundingClientRect().right > innerWidth + 1)"
        ".map(e => e.outerHTML.slice(0, 120))"
    )
    assert beyond == []


STRUCTURE = """
const all = (selector) => [...document.querySelectorAll(selector)];
const ids = all('[id]').map(e => e.id);
const labelled = e => e.labels?.length || e.getAttribute('aria-label') || e.textContent.trim();
const levels = all('h1, h2, h3, h4').filter(e => e.offsetParent).map(e => Number(e.tagName[1]));
return {
  twice: ids.filter((id, i) => ids.indexOf(id) !== i),
  tables: all('table').filter(t => !t.caption?.textContent).length,
  heads: all('th').filter(th => !['col', 'row'].includes(th.scope)).length,
  unsortable: all('.board thead th').filter(th => !th.ariaSort || !th.querySelector('button')).length,
  canvases: all('canvas').filter(c => c.offsetParent && (c.getAttribute('role') !== 'img' || !c.ariaLabel)).length,
  nameless: all('button, select, input, a').filter(e => !labelled(e)).map(e => e.outerHTML),
  dangling: all('[aria-describedby], [aria-labelledby]').filter(e => !document.getElementById(
    e.getAttribute('aria-describedby') ?? e.getAttribute('aria-labelledby'))).length,
  skipped: levels.filter((level, i) => i && level > levels[i - 1] + 1).length,
  first: levels[0],
  language: document.documentElement.lang,
};
"""


@pytest.mark.parametrize(("which", "address"), [("committed", ""), ("committed", UTD), ("simulated", "")])
def test_structure_for_screen_readers(visit, request, which, address):
    made = request.getfixturevalue(which)
    browser = visit(made if which == "committed" else made.path, address=address)
    fold_out(browser)
    assert browser.execute_script(STRUCTURE) == {
        "twice": [], "tables": 0, "heads": 0, "unsortable": 0, "canvases": 0, "nameless": [], "dangling": 0,
        "skipped": 0, "first": 1, "language": "en",
    }  # fmt: skip


def test_in_print_everything_is_there_and_light(visit, committed):
    browser = visit(committed, address=UTD, prefers_color_scheme="dark")
    whole = len(order_of(browser, "board-3"))
    assert len(texts(browser, "#board-3 tbody tr")) < whole
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert len(texts(browser, "#board-3 tbody tr")) == whole
    assert not browser.find_element(By.ID, "filters").is_displayed()
    assert browser.execute_script("return document.documentElement.dataset.theme") == "light"
    browser.execute_script("dispatchEvent(new Event('afterprint'))")
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    pdf = browser.execute_cdp_cmd("Page.printToPDF", {})["data"]
    assert len(pdf) > 50_000


def test_markup_in_names_stays_text(visit, tmp_path, nasty_folder):
    written = write(Results.read(nasty_folder), tmp_path, features=None)
    browser = visit(written)
    fold_out(browser)
    assert browser.execute_script("return window.injected ?? null") is None
    assert len(browser.find_elements(By.TAG_NAME, "script")) == 3
    assert browser.find_elements(By.CSS_SELECTOR, "img, iframe, object, b b, #data *") == []
    text = browser.execute_script("return document.body.textContent")
    shown = browser.find_element(By.CSS_SELECTOR, "#board-0 tbody .look").get_attribute("textContent")
    assert shown.startswith(f"DeViSE {NASTY}")
    assert f"UTD {NASTY}" in browser.title.replace("  ", " ") or "UTD <script>" in browser.title
    assert f"1 of {5} runs failed" in text and f"{NASTY}: " in text


def test_the_policy_forbids_requests_and_foreign_scripts(chromium, committed):
    browser = chromium  # and not visit: what is forbidden is on the console and among the attempts
    browser.get(committed.as_uri())
    violated = browser.execute_async_script("""
        const done = arguments[0], found = [];
        addEventListener('securitypolicyviolation', e => {
          found.push(e.effectiveDirective);
          if (found.length === 3) done(found.sort());
        });
        fetch('https://example.invalid/').catch(() => {});
        const script = document.createElement('script');
        script.textContent = 'window.injected = 1';
        const image = document.createElement('img');
        image.src = 'https://example.invalid/x.png';
        document.body.append(script, image);
    """)
    assert violated == ["connect-src", "img-src", "script-src-elem"]
    assert browser.execute_script("return window.injected ?? null") is None


def test_another_dataset_is_looked_at_in_the_same_row(visit, committed):
    browser = visit(committed, address=UCLA)
    by_text(browser, "#board-0 .look", "SynSE").click()
    assert texts(browser, "#chosen")[0].startswith("SynSE, last")
    browser.find_element(By.CSS_SELECTOR, "#tabs [data-dataset=utd-mhad]").click()
    assert texts(browser, "#chosen")[0].startswith("SynSE, last") and "on UTD-MHAD" in texts(browser, "#chosen")[0]
    assert "zsar bench --methods synse \\" in texts(browser, "pre[aria-label=Command]")[0]
