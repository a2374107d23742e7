"""The page in a real browser: choose a clip, type labels, see it move; labels are text, and nothing else is fetched."""

import functools
import json
import shutil
import socket
import threading
from urllib.parse import urlsplit

import numpy as np
import pytest
from somebody import person

from zsar.data.cards import card
from zsar.recognition.demo import DemoServer
from zsar.skeletons.sides import SIDES, WORDS

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
    started.set_script_timeout(120)
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
    turn_to(browser, "screen")
    yield browser
    requested = [
        event["params"]["request"]["url"]
        for entry in browser.get_log("performance")
        if (event := json.loads(entry["message"])["message"])["method"] == "Network.requestWillBeSent"
    ]
    host = urlsplit(server.url).netloc
    assert requested and all(urlsplit(url).netloc == host or url.startswith("data:,") for url in requested)
    server.stop()
    thread.join(120)


def wait(browser, ready):
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(browser, 120, 0.05).until(lambda _: ready())


def fill(browser, labels):
    area = browser.find_element("id", "labels")
    area.clear()
    area.send_keys("\n".join(labels))


def painted(browser) -> str:
    return browser.execute_script("return document.getElementById('canvas').toDataURL()")


def columns(browser, colour) -> list[int]:
    """The canvas's columns of all pixels of a colour."""
    return browser.execute_script(
        """const canvas = document.getElementById('canvas');
        const { width, height } = canvas;
        const pixels = canvas.getContext('2d').getImageData(0, 0, width, height).data;
        return [...Array(width * height).keys()].filter((i) => arguments[0].every((v, k) => pixels[4 * i + k] === v))
          .map((i) => i % width);""",
        [int(colour[k : k + 2], 16) for k in (1, 3, 5)],
    )


def test_a_clip_is_recognised_and_moves(page, model, clip_file):
    empty = painted(page)
    page.find_element("id", "file").send_keys(str(clip_file))
    fill(page, ["sit down", "juggle three balls", "wave"])
    page.find_element("id", "go").click()
    wait(page, lambda: len(page.find_elements("css selector", "#scores tr")) == 3)
    rows = [[cell.text for cell in row.find_elements("tag name", "td")]
            for row in page.find_elements("css selector", "#scores tr")]  # fmt: skip
    p = model.predict_proba([np.load(clip_file)], ["sit down", "juggle three balls", "wave"])[0]
    told = [(label.removesuffix(" (trained on)"), float(number.removesuffix(" %"))) for label, number in rows]
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


def test_left_and_right_look_as_everywhere_on_either_ground(page, tmp_path):
    """A person who faces the camera has the left hand on the viewer's right."""
    np.save(tmp_path / "facing.npy", person("kinect_v2"))
    page.find_element("id", "file").send_keys(str(tmp_path / "facing.npy"))
    page.find_element("id", "go").click()
    wait(page, lambda: page.find_elements("css selector", "#scores tr"))
    page.find_element("id", "play").click()
    for ground in ("light", "dark"):
        page.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": ground}]}
        )
        left, right = (
            wait(page, functools.partial(columns, page, getattr(SIDES[side], ground))) for side in ("left", "right")
        )
        assert np.mean(left) > np.mean(right) + 20
    assert page.find_element("id", "words").text == WORDS


SIZES = {"screen": (1280, 800), "phone": (390, 844)}


def turn_to(browser, size):
    width, height = SIZES[size]
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == "phone"}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


@pytest.mark.parametrize("size", SIZES)
def test_the_simulated_clips_probabilities_are_in_sight_at_once(page, size):
    """One press, no scrolling, eight labels; and nothing is wider than the window."""
    turn_to(page, size)
    fill(page, list(card("pku-sim").classes.values())[:8])
    page.find_element("id", "try").click()
    wait(page, lambda: len(page.find_elements("css selector", "#scores tr")) == 8)
    wait(page, lambda: "Simulated: nobody was recorded" in page.find_element("id", "status").text)
    assert "simulated" in page.find_element("id", "name").text
    seen = page.execute_script(
        "return [scrollY, innerHeight, document.documentElement.scrollWidth, "
        "Math.max(...[...document.querySelectorAll('#scores tr')].map((row) => row.getBoundingClientRect().bottom)), "
        "document.getElementById('table').scrollTop]"
    )
    width, height = SIZES[size]
    assert seen[:3] == [0, height, width] and seen[3] <= height and not seen[4]
    if size == "screen":
        assert page.execute_script("return document.getElementById('canvas').getBoundingClientRect().bottom") <= height
    assert [entry for entry in page.get_log("browser") if entry["level"] != "INFO"] == []


def test_the_clips_of_a_file_are_chosen_on_the_page(page, trained, tmp_path):
    clips = [trained.dataset.frames(int(i))[: 20 + 7 * k] for k, i in enumerate(trained.subsets.unseen_test[[0, 9]])]
    names = ["one", "<b>two"]
    np.savez(
        tmp_path / "two.npz", frames=np.concatenate(clips), offsets=np.cumsum([0, *map(len, clips)]), samples=names
    )
    page.find_element("id", "file").send_keys(str(tmp_path / "two.npz"))
    assert not page.find_element("id", "which").is_displayed()
    page.find_element("id", "go").click()
    which = page.find_element("id", "which")
    wait(page, which.is_displayed)
    assert [option.text for option in which.find_elements("tag name", "option")] == ["1 of 2: one", "2 of 2: <b>two"]
    assert page.find_element("id", "count").text.endswith("/ 20")
    before = page.find_element("id", "scores").text
    which.find_elements("tag name", "option")[1].click()
    wait(page, lambda: page.find_element("id", "count").text.endswith("/ 27"))
    assert page.find_element("id", "scores").text != before and page.find_element("id", "status").text == "<b>two"
    page.find_element("id", "try").click()
    wait(page, lambda: not which.is_displayed())


def test_of_several_files_one_is_taken_and_the_page_says_so(page, clip_file):
    page.execute_script(
        "const dropped = new DataTransfer();"
        "for (const name of ['a.npy', 'b.npy', 'c.npy']) dropped.items.add(new File(['x'], name));"
        "document.getElementById('drop').dispatchEvent(new DragEvent('drop', {dataTransfer: dropped}))"
    )
    assert page.find_element("id", "status").text == "One file at a time: a.npy was taken, 2 more left out."
    assert page.find_element("id", "name").text == "a.npy"


def test_units_are_chosen_where_the_page_says(page, trained, clip_file, tmp_path):
    np.save(tmp_path / "whole.npy", (np.load(clip_file) * 1000).astype(np.int32))
    page.find_element("id", "file").send_keys(str(tmp_path / "whole.npy"))
    page.find_element("id", "go").click()
    status = page.find_element("id", "status")
    wait(page, lambda: "Choose the unit under “Joints and unit”" in status.text)
    summary = page.find_element("css selector", "summary")
    assert summary.text == "Joints and unit"
    summary.click()
    page.find_element("css selector", "#unit option:last-child").click()
    page.find_element("id", "go").click()
    wait(page, lambda: page.find_elements("css selector", "#scores tr"))
    assert status.text == "whole.npy"


def test_no_answer_stands_beside_a_file_or_labels_that_it_is_not_of(page, clip_file, tmp_path):
    empty, rows = painted(page), lambda: page.find_elements("css selector", "#scores tr")
    page.find_element("id", "try").click()
    wait(page, rows)
    page.find_element("id", "file").send_keys(str(clip_file))
    assert not rows() and painted(page) == empty
    page.find_element("id", "go").click()
    wait(page, rows)
    fill(page, ["only one"])
    page.find_element("id", "go").click()
    wait(page, lambda: "two labels" in page.find_element("id", "status").text)
    assert not rows() and painted(page) == empty and not page.find_element("id", "about").text


def test_a_server_that_is_gone_is_told_in_words(browser, server, clip_file):
    browser.get(server.url)
    wait(browser, lambda: browser.find_element("id", "labels").get_attribute("value"))
    browser.find_element("id", "file").send_keys(str(clip_file))
    server.stop()
    wait(browser, lambda: not listening(server.port))
    for button in ("go", "try"):
        browser.find_element("id", button).click()
        wait(browser, lambda: "server doesn’t answer" in browser.find_element("id", "status").text)


def listening(port) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=120).close()
    except OSError:
        return False
    return True


def test_markup_in_labels_is_refused_and_never_run(page, clip_file):
    nasty = "<img src=x onerror='document.title=1'>"
    page.find_element("id", "file").send_keys(str(clip_file))
    fill(page, ["sit down", nasty])
    page.find_element("id", "go").click()
    wait(page, lambda: "markup" in page.find_element("id", "status").text)
    page.execute_script(
        "show({predictions: [{label: arguments[0], score: 1}], about: [arguments[0]], skeleton: {frames: [[null]],"
        " edges: [], sides: [], words: ''}})",
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
