"""Pages made from records, and a real browser to open them in."""

import copy
import json
import shutil
import tempfile
from types import SimpleNamespace

import pytest
from page_inputs import NASTY, REAL, RECORDS, data_of

from zsar.data.datasets import open_dataset
from zsar.encoders.recorded import unseen_test_features
from zsar.page import write
from zsar.results import Results
from zsar.results.record import write_record
from zsar.testing.small import small_dataset

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --disable-crash-reporter"
)


@pytest.fixture(scope="session")
def committed(tmp_path_factory, nobodys_home):
    """The page of the committed records of real recordings, made where their recordings aren't."""
    out = tmp_path_factory.mktemp("committed")
    return write(Results.read(*REAL), out, features=unseen_test_features)


@pytest.fixture(scope="session")
def page_text(committed):
    return committed.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def content(page_text):
    """The data of the committed records' page."""
    return data_of(page_text)


@pytest.fixture(scope="session")
def simulated(tmp_path_factory):
    """A results folder of two methods on simulated data, both settings, two seeds, and its page with clips."""
    from zsar.harness.execute import execute
    from zsar.harness.plan import plan

    home, out = tmp_path_factory.mktemp("page-home"), tmp_path_factory.mktemp("simulated")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZSAR_HOME", str(home))
        small_dataset(home, None, clips_per_class=8, subjects=2)
        jobs = plan("nearest,random", "pku-sim", splits="smie.split-7", seeds=[0, 1], settings="zsl,gzsl")
        records = execute(jobs, out)
        assert {r["status"] for r in records} == {"done"}
        path = write(Results.read(out), out, features=unseen_test_features)
        yield SimpleNamespace(home=home, folder=out, path=path, records=records)
    open_dataset.cache_clear()


@pytest.fixture(scope="session")
def nasty_folder(tmp_path_factory):
    """Records whose every name is markup, one of them of a failed run."""
    folder = tmp_path_factory.mktemp("nasty")
    sources = sorted((RECORDS / "utd-mhad").glob("*.json"))
    chosen = [json.loads(p.read_text(encoding="utf-8")) for p in sources]
    chosen = [r for r in chosen if r["method"]["name"] == "devise" and r["split"]["name"] == "22-5"]
    for record in chosen:
        npz = RECORDS / "utd-mhad" / f"{record['run']}.npz"
        record = copy.deepcopy(record)
        names = {c: f"{NASTY} {c}" for c in record["split"]["unseen"]}
        record["split"] |= {"unseen": list(names.values()), "name": f"22-5 {NASTY}"}
        record["method"] |= {"title": f"DeViSE {NASTY}", "keywords": {NASTY: NASTY}}
        record["dataset"] |= {"title": f"UTD {NASTY}", "id": f"unknown {NASTY}"}
        record["encoder"] |= {"name": NASTY}
        record["text"] |= {"model": NASTY, "prompts": [NASTY]}
        for rules in record["results"].values():
            for numbers in rules.values():
                numbers["per_class"] = {names[c]: v for c, v in numbers["per_class"].items()}
        if record["seed"] == 4:
            record |= {"status": "failed", "results": None, "error": {"type": NASTY, "message": NASTY}}
        write_record(folder, record)
        shutil.copy(npz, folder)
    return folder


@pytest.fixture(scope="session")
def chromium():
    """One headless Chromium for all tests, its console and its network watched; skips where there is none."""
    selenium = pytest.importorskip("selenium.webdriver", reason="browser tests need selenium (the extra: test)")
    browser, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (browser and driver):
        pytest.skip("browser tests need chromium and chromedriver (apt-get install chromium chromium-driver)")
    options = selenium.ChromeOptions()
    options.binary_location = browser
    profile = tempfile.mkdtemp(prefix="zsar-chromium-")
    for flag in (*FLAGS.split(), f"--user-data-dir={profile}", "--window-size=1280,900"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = selenium.Chrome(options=options, service=selenium.ChromeService(driver))
    started.set_script_timeout(120)
    yield started
    started.quit()
    shutil.rmtree(profile, ignore_errors=True)


@pytest.fixture
def visit(chromium):
    """``visit(path)`` opens a page on a screen of its own; afterwards, the console and the network must be clean.

    ``address`` goes behind the page's: "#dataset=utd-mhad" opens the dataset's tab.
    """
    chromium.get("about:blank")
    chromium.get_log("browser"), chromium.get_log("performance")
    opened = []

    def go(path, width=1280, height=900, address="", **features):
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        media = [{"name": k.replace("_", "-"), "value": v} for k, v in features.items()]
        chromium.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": media})
        opened.append(path.as_uri())
        chromium.get(opened[-1] + address)
        return chromium

    yield go
    assert [entry for entry in chromium.get_log("browser") if entry["level"] != "INFO"] == []
    requested = [
        event["params"]["request"]["url"]
        for entry in chromium.get_log("performance")
        if (event := json.loads(entry["message"])["message"])["method"] == "Network.requestWillBeSent"
    ]
    assert opened and set(requested) <= {*opened, "about:blank", "data:,"}, "the page asks for something else"
    assert any(url in requested for url in opened), "the network was not watched"
