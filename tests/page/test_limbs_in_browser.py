"""Left and right limbs on the page, on either ground."""

import pytest

from zsar.skeletons.sides import SIDES, WORDS

By = pytest.importorskip("selenium.webdriver.common.by", reason="browser tests need selenium (the extra: test)").By

PIXELS = """const canvas = document.querySelector('.player canvas');
const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
const colours = new Set();
for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255) colours.add(data.slice(i, i + 3).join(' '));
return [...colours];"""


@pytest.mark.parametrize("ground", ["light", "dark"])
def test_limbs_look_as_everywhere(visit, simulated, ground):
    browser = visit(simulated.path, prefers_color_scheme=ground, prefers_reduced_motion="reduce")
    browser.find_element(By.CSS_SELECTOR, "#board-0 .look").click()
    colours = browser.execute_script(PIXELS)
    for look in SIDES.values():
        assert " ".join(str(int(getattr(look, ground)[k : k + 2], 16)) for k in (1, 3, 5)) in colours
    assert WORDS in browser.find_element(By.CSS_SELECTOR, ".player").text
