import pytest

from zsar import configuration
from zsar.errors import ZsarError
from zsar.results import published as module
from zsar.results.published import published, published_numbers, published_range

DATASETS = ["ntu120", "ntu60", "nw-ucla", "pku", "utd-mhad", "uwa3d-ii"]
OURS = {"pgfa", "dvta", "sadvae", "smie", "synse", "cadavae", "revise", "devise"}


def test_all_numbers_are_kept_and_are_percentages():
    assert configuration.names("published", "zsar.benchmarks") == DATASETS
    numbers = [n for d in DATASETS for n in published_numbers(d)]
    assert len(numbers) == 813
    assert all(0 < n.value < 100 and n.source and n.source_kind and n.verified for n in numbers)
    assert {n.metric for n in numbers} == {"top1", "seen", "unseen", "harmonic"}
    assert OURS <= {n.method for n in numbers}
    assert not {"PGFA", "SA-DVAE", "CADA-VAE"} & {n.method for n in numbers}


def test_conflicting_sources_are_all_kept_and_shown_as_a_range():
    numbers = published("ntu120", "synse", "110/10", "zsl", "top1", "smie")
    assert {n.value for n in numbers} == {61.3, 65.74}
    assert len({n.source for n in numbers}) > 1
    assert published_range(numbers) == "61.3-65.7"


def test_rounding_is_no_conflict():
    numbers = published("ntu60", "synse", "55/5", "gzsl", "harmonic", "sadvae")
    assert len({n.value for n in numbers}) > 1
    assert published_range(numbers) == "66.3"


def test_only_exactly_that_cell_is_returned():
    assert [n.value for n in published("utd-mhad", "purls", "22/5", "zsl", "top1", "revise")] == [29.37]
    for cell in [
        ("utd-mhad", "smie", "22/5", "zsl", "top1", "revise"),
        ("utd-mhad", "purls", "18/9", "gzsl", "top1", "revise"),
        ("utd-mhad", "purls", "22/5", "zsl", "top1", "pgfa"),
        ("pku-sim", "smie", "46/5", "zsl", "top1", "smie"),
        ("somebody-elses", "purls", "22/5", "zsl", "top1", "revise"),
    ]:
        assert published(*cell) == []
    variants = {n.method for n in published_numbers("ntu60") if n.method.startswith("SA-DVAE [")}
    assert variants  # an ablation of a method is not the method
    assert all(n.method == "sadvae" for n in published("ntu60", "synse", "55/5", "zsl", "top1", "sadvae"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("source: here", "source: elsewhere", "no source 'elsewhere'"),
        ("note: n1", "note: n2", "no note 'n2'"),
        ("[12.5]", "[12.5, 3]", "one value per metric"),
        ("dataset: broken", "dataset: other", "about the dataset 'other'"),
        ("family: f", "famly: f", "unknown key 'famly'"),
    ],
)
def test_a_malformed_file_is_named(tmp_path, monkeypatch, old, new, said):
    text = (
        "dataset: broken\nsources: {here: {cite: c, kind: k, verified: true}}\nnotes: {n1: t}\n"
        "tables:\n- source: here\n  family: f\n  setting: zsl\n  metrics: [top1]\n"
        "  rows: [{method: m, note: n1, values: {2/2: [12.5]}}]\n"
    )
    monkeypatch.setattr(configuration, "folder", lambda *_: tmp_path)
    for name, content in (
        ("broken", text),
        ("worse", text.replace(old, new).replace(": broken", ": worse")),
    ):
        (tmp_path / f"{name}.yaml").write_text(content)
    module.published_numbers.cache_clear()
    configuration.read.cache_clear()
    try:
        assert [n.value for n in published_numbers("broken")] == [12.5]
        with pytest.raises(ZsarError, match=said) as caught:
            published_numbers("worse")
        assert "worse.yaml" in str(caught.value)
    finally:
        module.published_numbers.cache_clear()
        configuration.read.cache_clear()


def test_the_registered_splits_names_find_their_published_numbers():
    from zsar.data.cards import card
    from zsar.data.splits import choose

    found = {
        (split.name, number.value)
        for split in choose(card("ntu60"), ["synse"])
        for number in published("ntu60", split.family, split.name, "zsl", "top1", "dvta")
    }
    assert {name for name, _ in found} == {"55-5", "48-12"}
