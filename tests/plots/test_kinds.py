"""What holds for every kind of picture."""

import numpy as np
import pytest
from from_folder import draw_folder

from zsar.errors import ZsarError


def test_two_configurations_of_a_method_are_told_apart(varied, folder):
    records = [varied(seed=s, keywords={"lr": lr}) for s in range(2) for lr in (0.1, 0.2)]
    names = [t.get_text() for t in draw_folder("seeds", folder(records)).figure.axes[0].get_yticklabels()]
    assert sorted(names) == ["PGFA [lr=0.1]", "PGFA [lr=0.2]"]
    with pytest.raises(ZsarError, match="(?s)one configuration of pgfa, and 2 fit: lr=0.1.*runs.*--run"):
        draw_folder("confusion", folder(records))
    runs = tuple(r["run"] for r in records if r["method"]["keywords"]["lr"] == 0.1)
    assert "2 runs" in draw_folder("confusion", folder(records), run=runs).caption


@pytest.mark.parametrize("kind", ["confusion", "per-class", "seen-unseen", "oracle-gap", "seeds", "tsne"])
@pytest.mark.parametrize("simulated", [True, False])
def test_simulated_data_says_so_in_the_picture(varied, folder, texts, kind, simulated):
    record = varied(simulated=simulated, settings=("zsl", "gzsl"), rules=("last", "oracle"))
    rng = np.random.default_rng(0)
    arrays = {"labels": np.arange(20) % 5, "samples": np.arange(20).astype(str)}
    place = folder([record], {record["run"]: arrays | {"inductive/last": rng.normal(size=(20, 5))}})
    more = {"space": "scores"} if kind == "tsne" else {}
    picture = draw_folder(kind, place, **more)
    assert any("UTD-MHAD (simulated)" in text for text in texts(picture.figure)) == simulated
    assert ("simulated" in picture.caption) == simulated
    assert any("last epoch" in text for text in texts(picture.figure))


@pytest.mark.parametrize(("kind", "split"), [("confusion", "14-13"), ("per-class", "14-13"), ("seeds", None)])
def test_names_of_classes_and_methods_do_not_overlap(committed, kind, split):
    choice = dict(method="dvta" if split else None, split=split)
    figure = draw_folder(kind, committed / "utd-mhad", **choice).figure
    figure.canvas.draw()
    axes = figure.axes[0]
    named = axes.get_yticklabels() if kind != "confusion" else axes.texts[:13]
    boxes = [text.get_window_extent() for text in named]
    assert len(boxes) == (13 if split else 12)
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    numbers = [text.get_window_extent() for text in axes.get_xticklabels()]
    assert not any(a.overlaps(b) for i, a in enumerate(numbers) for b in numbers[:i])
    page = figure.bbox
    assert all(page.x0 <= b.x0 and b.x1 <= page.x1 and page.y0 <= b.y0 and b.y1 <= page.y1 for b in boxes)


def test_no_text_is_smaller_than_seven_points(committed):
    from matplotlib.text import Text

    for kind, split in (("seeds", None), ("seen-unseen", "22-5"), ("per-class", "22-5")):
        figure = draw_folder(kind, committed / "utd-mhad", method="dvta", split=split).figure
        assert all(t.get_fontsize() >= 7 for t in figure.findobj(lambda p: isinstance(p, Text)) if t.get_text().strip())


def test_the_users_own_matplotlib_settings_change_nothing(committed):
    import matplotlib

    folder = committed / "pku-sim"
    plain = draw_folder("seeds", folder).content("svg")
    with matplotlib.rc_context({"font.size": 30, "axes.grid": True, "svg.fonttype": "none", "text.usetex": True}):
        assert draw_folder("seeds", folder).content("svg") == plain
