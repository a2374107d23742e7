"""The page in a real browser: choose a clip, type labels, see it move; labels are text, and nothing else is fetched."""

import json
import shutil
import threading
from urllib.parse import urlsplit

import pytest

from zsar.recognition.demo import DemoServer

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --disable-crash-reporter --window-size=1100,1000"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    webdriver = pytest.importorskip("selenium.webdriver", reason="browser tests need selenium (the extra: test)")
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (program and driver):
        pytest.skip("browser tests need chromium and chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for flag in (*FLAGS.split(), f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    started.set_script_timeout(20)
    yield started
    started.quit()


@pytest.fixture
def page(browser, model):
    server = DemoServer(model, port=0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    browser.get("about:blank")
    browser.get_log("browser"), browser.get_log("performance")
    browser.get(server.url)
    wait(browser, lambda: browser.find_element("id", "labels").get_attribute("value"))
    yield browser
    requested = [
        event["params"]["request"]["url"]
        for entry in browser.get_log("performance")
        if (event := json.loads(entry["message"])["message"])["method"] == "Network.requestWillBeSent"
    ]
    host = urlsplit(server.url).netloc
    assert requested and all(urlsplit(url).netloc == host or url.startswith("data:,") for url in requested)
    server.stop()
    thread.join(10)


def wait(browser, ready):
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(browser, 20, 0.05).until(lambda _: ready())


def fill(browser, labels):
    area = browser.find_element("id", "labels")
    area.clear()
    area.send_keys("\n".join(labels))


def painted(browser) -> str:
    return browser.execute_script("return document.getElementById('canvas').toDataURL()")


def test_a_clip_is_recognised_and_moves(page, model, clip_file):
    empty = painted(page)
    page.find_element("id", "file").send_keys(str(clip_file))
    fill(page, ["sit down", "juggle three balls", "wave"])
    page.find_element("id", "go").click()
    wait(page, lambda: len(page.find_elements("css selector", "#scores tr")) == 3)
    rows = [[cell.text for cell in row.find_elements("tag name", "td")]
            for row in page.find_elements("css selector", "#scores tr")]  # fmt: skip
    import numpy as np

    p = model.predict_proba([np.load(clip_file)], ["sit down", "juggle three balls", "wave"])[0]
    told = [(label.split("\n")[0], float(number.removesuffix(" %"))) for label, number in rows]
    labels = ["sit down", "juggle three balls", "wave"]
    assert told == [(labels[i], pytest.approx(100 * p[i], abs=0.06)) for i in np.argsort(-p)]
    assert page.find_element("id", "about").text
    first = painted(page)
    assert first != empty
    wait(page, lambda: painted(page) != first)
    play = page.find_element("id", "play")
    play.click()
    still = painted(page)
    assert play.text == "Play" and painted(page) == still
    page.find_element("id", "frame").send_keys("\ue014")  # the right arrow key
    assert painted(page) != still
    assert [entry for entry in page.get_log("browser") if entry["level"] != "INFO"] == []


def test_markup_in_labels_is_refused_and_never_run(page, clip_file):
    nasty = "<img src=x onerror='document.title=1'>"
    page.find_element("id", "file").send_keys(str(clip_file))
    fill(page, ["sit down", nasty])
    page.find_element("id", "go").click()
    wait(page, lambda: "markup" in page.find_element("id", "status").text)
    page.execute_script(
        "show({predictions: [{label: arguments[0], score: 1}], about: [arguments[0]], skeleton: {frames: [[null]],"
        " bones: [], side: []}})",
        nasty,
    )
    assert page.find_element("css selector", "#scores td").text == nasty
    assert page.find_elements("tag name", "img") == [] and page.title == "zsar demo"


def test_a_broken_clip_is_told(page, tmp_path):
    (tmp_path / "broken.npy").write_bytes(b"no numpy")
    page.find_element("id", "file").send_keys(str(tmp_path / "broken.npy"))
    page.find_element("id", "go").click()
    wait(page, lambda: "broken.npy" in page.find_element("id", "status").text)
    assert page.find_elements("css selector", "#scores tr") == []
