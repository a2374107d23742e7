"""The page in a real browser: all datasets beside each other, what stands in the address, what can be taken along."""

import csv
import io
import json
import re
import time

import numpy as np
import pytest
from page_inputs import NASTY, REAL, RECORDS
from reader import UCLA, UTD, By, Keys, by_text, choose, press, texts

from zsar.page import write
from zsar.results import Results


@pytest.fixture(scope="module")
def means():
    """{(method's name on the page, dataset): [mean on each split]}, in ZSL under the rule last."""
    tables = [t for t in Results.read(*REAL).tables(["last"], groups=False) if t.setting == "zsl"]
    return {
        (row.title + " (T)" * row.transductive, table.dataset): [row.cells[s.name].top1.mean for s in table.splits]
        for table in tables
        for row in table.rows
    }


def places(values: dict) -> dict:
    """Places from 1 by value, the highest first; equal ones share the mean of theirs."""
    there = np.array(list(values.values()))
    return {name: 1 + (there > v).sum() + ((there == v).sum() - 1) / 2 for name, v in values.items()}


def overview(browser) -> list[list[str]]:
    """The cells of the table for ZSL, row by row, without the links beside methods' names."""
    rows = browser.execute_script(
        "return [...document.querySelectorAll('#all-zsl .overview tbody tr')].map(tr =>"
        " [...tr.children].map(c => (c.tagName === 'TH' ? c.firstChild : c).textContent.trim()))"
    )
    assert rows
    return rows


def test_mean_ranks_are_over_all_datasets(visit, committed, means):
    browser = visit(committed)
    names = {name for name, _ in means}
    datasets = ["nw-ucla", "utd-mhad"]
    ranks = [places({name: np.mean(means[name, dataset]) for name in names}) for dataset in datasets]
    rows = overview(browser)
    assert {row[1] for row in rows} == names
    for mean_rank, name, *cells in rows:
        assert float(mean_rank) == pytest.approx(np.mean([of[name] for of in ranks]), abs=0.051)
        for cell, dataset, of in zip(cells, datasets, ranks, strict=False):
            shown = re.fullmatch(r"([\d.]+) ± [\d.]+ \(([\d.]+)\)", cell)
            assert float(shown[1]) == pytest.approx(100 * np.mean(means[name, dataset]), abs=0.051)
            assert float(shown[2]) == of[name]
    order = [float(row[0]) for row in rows]
    assert order == sorted(order)


def test_ranks_are_among_the_methods_that_are_shown(visit, committed, means):
    browser = visit(committed, address="#methods=dvta,smie")
    both = ("DVTA", "SMIE")
    expected = {
        name: np.mean([places({n: np.mean(means[n, d]) for n in both})[name] for d in ("nw-ucla", "utd-mhad")])
        for name in both
    }
    assert {row[1]: float(row[0]) for row in overview(browser)} == expected


def test_the_oracles_rows_have_no_mean_rank(visit, committed):
    browser = visit(committed, address="#rule=oracle")
    assert {row[0] for row in overview(browser)} == {"–"}
    assert "Rule oracle." in texts(browser, "#all-zsl .note")[0]


def test_who_wins_against_whom(visit, committed, means):
    browser = visit(committed)
    heads = [h.split("\n")[0] for h in texts(browser, "#all-zsl .wins thead th")]
    cells = texts(browser, "#all-zsl .wins tbody td")
    assert heads == [row[1] for row in overview(browser)] and len(cells) == len(heads) ** 2
    flat = {name: means[name, "nw-ucla"] + means[name, "utd-mhad"] for name in heads}
    for i, one in enumerate(heads):
        for j, other in enumerate(heads):
            won = sum(a > b for a, b in zip(flat[one], flat[other], strict=True))
            assert cells[i * len(heads) + j] == ("·" if i == j else f"{won}/{len(flat[one])}")


def test_simulated_motions_stand_beside_but_do_not_count(visit, tmp_path):
    simulated = [r.content for r in Results.read(RECORDS / "pku-sim")]
    simulated = [r | {"dataset": r["dataset"] | {"id": "not-here"}} for r in simulated]  # or it would be simulated anew
    records = [*simulated, *Results.read(RECORDS / "nw-ucla")]
    browser = visit(write(Results(records), tmp_path, features=None, rules=["last"]))
    rows = {row[1]: row for row in overview(browser)}
    heads = [h.rstrip("↕↑↓ \n") for h in texts(browser, "#all-zsl .overview thead th")]
    assert heads[:4] == ["mean rank", "method", "NW-UCLA", "PKU-MMD classes (simulated)"]
    for name, row in rows.items():
        assert row[0] == re.search(r"\((\d+)\)", row[2])[1] + ".0"  # its place on NW-UCLA alone
        assert "(" not in row[3] and (row[3] == "–") == (name not in ("PGFA", "PGFA (T)", "DVTA", "SA-DVAE"))
    assert "Simulated motions are shown and not counted." in texts(browser, "#all-zsl .note")[0]


def test_a_tab_per_dataset(visit, committed):
    browser = visit(committed)
    assert texts(browser, "[role=tab]") == ["All datasets", "NW-UCLA", "UTD-MHAD"]
    visible = lambda: [s.get_attribute("id") for s in browser.find_elements(By.CSS_SELECTOR, ".leaderboard")
                       if s.is_displayed()]  # fmt: skip
    assert visible() == ["all-zsl", "all-gzsl"] and not browser.find_element(By.ID, "closer").is_displayed()
    browser.find_element(By.CSS_SELECTOR, "[role=tab]").click()
    press(browser, Keys.ARROW_RIGHT)
    assert visible() == ["board-0", "board-1"] and browser.switch_to.active_element.text == "NW-UCLA"
    press(browser, Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert visible() == ["board-2", "board-3"]
    assert browser.switch_to.active_element.get_attribute("aria-selected") == "true"
    assert browser.find_element(By.ID, "closer").is_displayed()
    press(browser, Keys.HOME)
    assert visible() == ["all-zsl", "all-gzsl"]


def test_filters_stand_in_the_address(visit, committed):
    browser = visit(committed)
    hash_of = lambda: browser.execute_script("return location.hash")
    assert hash_of() == ""
    by_text(browser, "[role=tab]", "UTD-MHAD").click()
    choose(browser, "[data-filter=rule]", "val")
    choose(browser, "[data-filter=mode]", "inductive")
    browser.find_element(By.CSS_SELECTOR, ".methods summary").click()
    by_text(browser, ".methods button", "none").click()
    browser.find_element(By.CSS_SELECTOR, ".methods input[value=dvta]").click()
    address = hash_of()
    assert address == "#dataset=utd-mhad&rule=val&mode=inductive&methods=dvta"
    shown = texts(browser, "#board-2 tbody tr")
    assert len(shown) == 1 and "DVTA" in shown[0]
    browser.find_element(By.LINK_TEXT, "How to read this").click()  # a place on the page changes no filter
    assert hash_of() == address and browser.switch_to.active_element.get_attribute("id") == "reading-heading"
    browser.find_element(By.CSS_SELECTOR, "#filters .reset").click()
    assert hash_of() == UTD
    visit(committed, address=address)
    assert texts(browser, "#board-2 tbody tr") == shown
    browser.execute_script("location.hash = '#dataset=nw-ucla'")
    deadline = time.time() + 120
    while not texts(browser, "#board-0 tbody tr") and time.time() < deadline:
        time.sleep(0.05)
    assert len(texts(browser, "#board-0 tbody tr")) == 12


@pytest.mark.parametrize("address", ["#dataset=none&rule=first&setting=&mode=x&methods=", "#%ff=%00&rule", f"#{UTD}"])
def test_an_address_that_makes_no_sense_is_as_at_the_start(visit, committed, address):
    browser = visit(committed, address=address)
    assert browser.find_element(By.CSS_SELECTOR, "[data-filter=rule]").get_property("value") == "last"
    assert texts(browser, "[aria-selected=true]") == ["All datasets"]


def test_heads_explain_themselves_on_the_table_and_in_the_legend(visit, committed):
    browser = visit(committed)
    heads = browser.find_elements(By.CSS_SELECTOR, ".board thead button")
    assert len(heads) > 50 and all(len(head.get_attribute("title")) > 20 for head in heads)
    legend = texts(browser, "#columns dt")
    assert {"#", "method", "average", "gap", "seconds", "parameters", "AUSUC", "name of a split"} <= set(legend)
    assert len(texts(browser, "#columns dd")) == len(legend) == len(set(legend))
    [split] = [h for h in heads if h.get_attribute("textContent").startswith("22-5")][:1]
    assert "22 seen and 5 unseen classes" in split.get_attribute("title")


def test_every_column_of_a_board_is_in_sight_at_1280_pixels(visit, committed, tmp_path):
    for path in (RECORDS / "utd-mhad").glob("*.json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["method"]["name"] in ("pgfa", "dvta"):
            record["counts"]["parameters"] = 1234567
            record["timings"]["main_s"] = 1234.0
            (tmp_path / path.name).write_text(json.dumps(record), encoding="utf-8")
    for page in (committed, write(Results.read(tmp_path), tmp_path, features=None)):
        for address in ("", UTD):
            browser = visit(page, width=1280, address=address)
            boards = browser.execute_script(
                "return [...document.querySelectorAll('table.board')].filter(t => t.offsetParent)"
                ".map(t => [t.parentElement.clientWidth, t.parentElement.scrollWidth])"
            )
            assert len(boards) == 2 and all(needed <= there for there, needed in boards)


def test_the_best_of_a_column_is_bold_and_nothing_else(visit, committed):
    browser = visit(committed, address=UTD)
    bold = lambda board: browser.execute_script(
        "const bold = td => [td, ...td.querySelectorAll('*')].some(e => getComputedStyle(e).fontWeight >= 600);"
        "return [...document.querySelectorAll(`#${arguments[0]} tbody tr`)].flatMap("
        "(tr, i) => [...tr.children].flatMap((td, j) => bold(td) ? [[i, j]] : []))",
        board,
    )
    values = lambda column: [
        float(t.split(" ")[0]) for t in texts(browser, f"#board-2 tbody tr > :nth-child({column + 1})")
    ]
    for _ in range(2):
        marked = bold("board-2")
        assert {column for _, column in marked} == {3, 4, 5, 6, 7}
        for row, column in marked:
            assert values(column)[row] == max(values(column))
        choose(browser, "[data-filter=mode]", "inductive")  # another row may be the best of those that are left


def test_seconds_and_parameters_stand_beside_the_accuracy(visit, tmp_path):
    for path in (RECORDS / "nw-ucla").glob("*.json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["method"]["name"] in ("dvta", "smie"):
            if record["method"]["name"] == "dvta":
                record["counts"]["parameters"] = 1234567
            else:  # as records of before there were such counts
                del record["counts"]["parameters"]
            record["timings"]["main_s"] = 20.0 if record["seed"] else 30.0
            (tmp_path / path.name).write_text(json.dumps(record), encoding="utf-8")
    browser = visit(write(Results.read(tmp_path), tmp_path, features=None))
    heads = [h.rstrip("↕↑↓ \n") for h in texts(browser, "#board-0 thead th")]
    column = lambda name: browser.execute_script(
        "return [...document.querySelectorAll(`#board-0 tbody tr > :nth-child(${arguments[0]})`)]"
        ".map(e => e.textContent.trim())",
        heads.index(name) + 1,
    )
    names = [name.split(" ")[0] for name in column("method")]
    assert sorted(names) == ["DVTA", "SMIE"] and column("seconds") == ["22", "22"]
    assert dict(zip(names, column("parameters"), strict=True)) == {"DVTA": "1.23 M", "SMIE": ""}


def test_published_values_stand_beside_our_oracle(visit, committed):
    browser = visit(committed, address=UTD)
    table = next(t for t in Results.read(*REAL).tables(["oracle"]) if (t.dataset, t.setting) == ("utd-mhad", "zsl"))
    ours = {s.name: next(r for r in table.rows if r.method == "revise").cells[s.name].top1.mean for s in table.splits}
    row = next(line for line in texts(browser, "#board-2 tbody tr") if "ReViSE" in line)
    for mean in ours.values():
        assert re.search(rf"oracle {100 * mean:.1f}\s+paper \d", row)
    choose(browser, "[data-filter=rule]", "oracle")
    row = next(line for line in texts(browser, "#board-2 tbody tr") if "ReViSE" in line)
    assert "paper 29.4" in row and "oracle 7" not in row


def test_the_head_says_when_and_by_what_the_page_was_made(visit, committed, content):
    browser = visit(committed)
    [about], [machines] = texts(browser, "#about"), texts(browser, "#machines")
    made = content["made"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", made["date"]) and f"on {made['date']}, by zsar {made['version']}" in about
    assert made["commit"] in about and "275 runs" in about
    assert machines == "Run on: cpu (AMD EPYC, AVX512), torch 2.13.0+cpu, Python 3.11.7, 1 thread per run."


def test_methods_lead_to_their_papers_and_documents(visit, committed):
    browser = visit(committed, address=UTD)
    row = browser.find_element(By.XPATH, "//section[@id='board-2']//tbody//tr[.//button[.='DVTA']]")
    paper, docs = row.find_elements(By.CSS_SELECTOR, ".links a")
    assert paper.get_attribute("href") == "https://arxiv.org/abs/2409.14336"
    assert paper.get_attribute("rel") == "noopener noreferrer"
    docs.click()
    method = browser.switch_to.active_element.find_element(By.XPATH, "./ancestor-or-self::details")
    assert method.get_property("open") and "Dual Visual-Text Alignment" in method.text
    assert "temperature" in method.text or "alignment" in method.text.lower()
    assert browser.execute_script("return location.hash") == UTD


@pytest.fixture
def take(chromium, tmp_path):
    """``take(selector)`` presses a button and returns the downloaded file's name and text."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    chromium.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})

    def press_and_read(board: str, label: str) -> tuple[str, str]:
        before = set(folder.iterdir())
        chromium.find_element(By.XPATH, f"//section[@id='{board}']//button[.='{label}']").click()
        deadline = time.time() + 120
        while time.time() < deadline:
            new = [p for p in set(folder.iterdir()) - before if p.suffix in (".csv", ".tex", ".bib")]
            if new and new[0].stat().st_size:
                return new[0].name, new[0].read_text(encoding="utf-8")
            time.sleep(0.05)
        raise AssertionError("nothing was downloaded")

    return press_and_read


def test_tables_can_be_taken_along_as_they_are_shown(visit, take, committed, means):
    browser = visit(committed, address=f"{UTD}&methods=dvta,smie,random")
    name, text = take("board-2", "CSV")
    assert name == "utd-mhad-cross-subject-purls-zsl.csv"
    rows, utd = list(csv.DictReader(io.StringIO(text))), Results.read(RECORDS / "utd-mhad")
    assert [row["method"] for row in rows] == ["SMIE", "DVTA", "Random"]
    for row in rows:
        for split, mean in zip(("22-5", "18-9", "14-13"), means[row["method"], "utd-mhad"], strict=True):
            assert float(row[split]) == pytest.approx(100 * mean, abs=1e-4)
        assert float(row["average half width"]) > 0 and float(row["seconds"]) > 0
        parameters = {r.content["counts"]["parameters"] for r in utd if r.method.title == row["method"]}
        assert {float(row["parameters"] or 0)} == parameters
    name, text = take("board-2", "LaTeX")
    assert name.endswith(".tex") and text.count(r" \\") == 4 and text.count("{") == text.count("}")
    best = 100 * np.mean(means["SMIE", "utd-mhad"])
    assert rf"\textbf{{{best:.1f}}} $\pm$" in text and r"\# & method" in text and r"accuracy (\%)" in text
    name, text = take("board-2", "BibTeX")
    assert name.endswith(".bib") and text.count("@misc{") == 2 and "% Without a paper: Random." in text
    assert "eprint = {2409.14336}" in text and "Mutual Information Estimation" in text
    by_text(browser, "[role=tab]", "All datasets").click()
    name, text = take("all-zsl", "CSV")
    assert name == "all-datasets-zsl.csv"
    rows = {row["method"]: row for row in csv.DictReader(io.StringIO(text))}
    assert float(rows["DVTA"]["NW-UCLA"]) == pytest.approx(100 * np.mean(means["DVTA", "nw-ucla"]), abs=1e-4)
    _, text = take("all-gzsl", "LaTeX")
    assert "SMIE, stacking & " in text


def test_names_from_records_are_no_formula_and_no_macro(visit, take, tmp_path, nasty_folder):
    records = [r.content for r in Results.read(nasty_folder)]
    for record in records:
        record["method"]["title"] = '=HYPERLINK("x") \\input{/etc/passwd} & 100% "quoted", $x$'
    browser = visit(write(Results(records), tmp_path, features=None))
    assert browser.execute_script("return window.injected ?? null") is None
    _, text = take("board-0", "CSV")
    [first, *_] = csv.DictReader(io.StringIO(text))
    assert first["method"].startswith("'=HYPERLINK") and first["method"].endswith('"quoted", $x$')
    _, text = take("board-0", "LaTeX")
    assert r"\input" not in text and r"\textbackslash{}input\{/etc/passwd\} \& 100\%" in text
    _, text = take("board-0", "BibTeX")
    assert NASTY not in text and "@" not in text.replace("@misc{frome2013devise", "")


def test_accuracies_are_in_sight_on_a_phone_and_on_a_small_screen(visit, committed):
    for width, height in ((390, 844), (1280, 800)):
        for address, table in (("", "#all-zsl"), (UCLA, "#board-0")):
            browser = visit(committed, width, height, address)
            mean = browser.find_element(By.CSS_SELECTOR, f"{table} .mean")
            box = browser.execute_script("return arguments[0].getBoundingClientRect().toJSON()", mean)
            assert box["bottom"] < height and box["right"] < width, (width, address, box)
