"""``python docs/images/page_screenshots.py PAGE SIMULATED_PAGE``: the pictures of the page in this folder.

PAGE is made of recordings' records, SIMULATED_PAGE of simulated ones with clips, both by ``zsar report --format html``;
the commands are in README.md beside this file. Needs chromium, chromedriver and selenium (the extra: test).
"""

import base64
import shutil
import sys
import tempfile
import time
from pathlib import Path

from selenium import webdriver

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --hide-scrollbars"
)
HERE = Path(__file__).parent


def main(page: Path, simulated: Path) -> None:
    """Open both pages at three sizes and write ``page-desktop.png``, ``page-phone.png`` and ``page-dark.png``."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    profile = tempfile.mkdtemp()
    for flag in (*FLAGS.split(), f"--user-data-dir={profile}"):
        options.add_argument(flag)
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        show(browser, page, 1280, 1330)
        save(browser, "page-desktop.png")
        show(browser, page, 390, 844, scale=2, address="#dataset=utd-mhad")
        save(browser, "page-phone.png")
        show(browser, simulated, 1280, 1500, dark=True)
        browser.execute_script("document.querySelector('#details .confusion').closest('.part').scrollIntoView()")
        save(browser, "page-dark.png")
    finally:
        browser.quit()
        shutil.rmtree(profile, ignore_errors=True)


def show(browser, page: Path, width: int, height: int, scale: int = 1, dark: bool = False, address: str = "") -> None:
    """Open a page on a screen of this size."""
    size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    still = {"name": "prefers-reduced-motion", "value": "reduce"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme, still]})
    browser.get(Path(page).resolve().as_uri() + address)


def save(browser, name: str) -> None:
    """Write what is on the screen."""
    browser.execute_script("document.activeElement.blur()")
    time.sleep(0.5)
    taken = browser.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
    (HERE / name).write_bytes(base64.b64decode(taken["data"]))
    print(HERE / name)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
