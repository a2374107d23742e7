"""The page as one file: what it is made of, without a browser."""

import base64
import hashlib
import json
import re
from datetime import datetime

from page_inputs import NASTY, RECORDS, Parsed, data_of

from zsar.data.datasets import open_dataset
from zsar.encoders.recorded import unseen_test_features
from zsar.page import document, payload
from zsar.page.document import ASSETS, SCRIPTS, as_script
from zsar.results import Results


def test_275_runs_stay_below_5_mb(page_text, content):
    assert content["runs"] == len(list(RECORDS.glob("utd-mhad/*.json"))) + len(list(RECORDS.glob("nw-ucla/*.json")))
    assert content["runs"] > 200 and len(page_text.encode()) < 5_000_000


def test_nothing_is_fetched_and_only_these_scripts_run(page_text):
    parsed = Parsed(page_text)
    [policy] = [
        a["content"] for t, a in parsed.tags if t == "meta" and a.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none';") and "unsafe" not in policy and "http" not in policy
    running = [c for c in parsed.contents if c[1].get("type") != "application/json"]
    assert [c[0] for c in running] == ["style", "script", "script"]
    for tag, _, text in running:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert re.search(rf"{tag}-src[^;]*'sha256-{re.escape(digest)}'", policy)
    links = [a[k] for _, a in parsed.tags for k in ("src", "href") if k in a]
    assert links == ["data:,", "#boards"]


def test_our_scripts_never_make_markup_of_text():
    for name in SCRIPTS:
        source = (ASSETS / name).read_text(encoding="utf-8")
        found = re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", source)
        assert found == [], name
    assert {p.name for p in ASSETS.glob("*.js")} == {*SCRIPTS, "chart.umd.min.js"}


def test_json_cannot_end_its_element():
    text = as_script({"a": NASTY, NASTY: ["\u2028\u2029", "é"]})
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == {"a": NASTY, NASTY: ["\u2028\u2029", "é"]}


def test_licences_are_part_of_the_page(content):
    for words in (
        "Chart.js 4.",
        "@kurkle/color",
        "Permission is hereby granted",
        "Chart.js Contributors",
        "Jukka Kurkela",
    ):
        assert words in content["licences"]
    first = (ASSETS / "chart.umd.min.js").read_text(encoding="utf-8")[:60]
    assert re.search(r"Chart\.js (v[\d.]+)", first)[1][1:] in content["licences"]


def test_a_page_is_the_same_for_the_same_records(simulated, monkeypatch):
    date = data_of(simulated.path.read_text(encoding="utf-8"))["made"]["date"]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(datetime.fromisoformat(f"{date}T12:00+00:00").timestamp())))
    monkeypatch.setenv("ZSAR_HOME", str(simulated.home))
    open_dataset.cache_clear()
    text = document(payload(Results.read(simulated.folder), features=unseen_test_features))
    assert text == simulated.path.read_text(encoding="utf-8")
    open_dataset.cache_clear()
