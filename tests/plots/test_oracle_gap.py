"""The gap is drawn from the rule's accuracy to the oracle's."""

import json

import numpy as np
import pytest
from from_folder import draw_folder

from zsar.plots import phrases
from zsar.results import Results


def lines(axes, marker):
    """The lines of an axes that are drawn with a marker."""
    return [line for line in axes.get_lines() if line.get_marker() == marker]


def committed_records(folder, **wanted):
    """The committed records of a dataset whose method and split are the ones wanted."""
    found = [json.loads(p.read_text()) for p in sorted(folder.glob("*.json"))]
    return [r for r in found if all(r[k]["name"] == v for k, v in wanted.items())]


@pytest.mark.parametrize("rule", ["last", "val"])
def test_the_oracle_gap_is_drawn_from_the_rule_to_the_oracle(committed, texts, rule):
    picture = draw_folder("oracle-gap", committed / "utd-mhad", rule=rule)
    records = committed_records(committed / "utd-mhad")
    table = Results(records).tables([rule])[0]
    axes = picture.figure.axes[0]
    [honest], [best] = lines(axes, "o"), lines(axes, "D")
    rows = [row for row in table.rows if row.rule == rule]
    assert np.allclose(honest.get_xdata(), [100 * row.average.top1.mean for row in rows])
    assert np.allclose(best.get_xdata() - honest.get_xdata(), [100 * row.average.gap for row in rows])
    said = texts(picture.figure)
    assert "oracle: epoch chosen on the test labels" in said and phrases.RULES[rule] in said
    assert {f"{100 * row.average.gap:+.1f}" for row in rows} <= set(said)
    assert "no honest evaluation can choose" in picture.caption
