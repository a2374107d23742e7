"""Every recipe fits the constructors it is written for, and every dataset can be planned with every method."""

import inspect
from pathlib import Path

import pytest

from zsar import configuration
from zsar.bench.plan import plan
from zsar.bench.recipes import recipe
from zsar.data.cards import card, cards
from zsar.data.splits import splits_of
from zsar.encoders import registry as encoders
from zsar.errors import UnknownName, ZsarError
from zsar.methods import available, find
from zsar.methods.registry import checked
from zsar.text.prompts import prompt_set

FOLDER = configuration.folder("recipes")
FILES = sorted(FOLDER.glob("*/*.yaml"))
DATASETS = [c.id for c in cards()]


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_a_recipe_fits_what_it_configures(path: Path):
    content = configuration.read(f"recipes/{path.parent.name}", path.stem)
    dataset, _, family = path.stem.partition(".")
    assert content["dataset"] == dataset and dataset in DATASETS
    assert not family or family in {s.family for s in splits_of(card(dataset))}
    if path.parent.name != "default":
        assert path.parent.name in available()
        resolved = checked(find(path.parent.name), content.get("keywords", {}), path.name)
        find(path.parent.name)(**resolved)
    if encoder := dict(content.get("encoder", {})):
        cls = encoders.find(encoder.pop("name"))
        cls(**checked(cls, encoder, path.name))
    known = set(next(iter(prompt_set(card(dataset).prompts).values())))
    assert set(content.get("text", {}).get("prompts", ())) <= known
    assert content["chosen"].strip() and content.get("frames", 50) > 0


@pytest.mark.parametrize("method", available())
@pytest.mark.parametrize("dataset", DATASETS)
def test_every_dataset_resolves_with_every_method(dataset, method):
    for split in splits_of(card(dataset)):
        made = recipe(method, card(dataset), split)
        checked(find(method), made.keywords, method)
        assert made.chosen and made.text["prompts"] and made.frames > 0
        # The papers' recipes on data that isn't public ask for released features; an encoder can stand in for them.
        named = made.encoder.get("name") or find(method).input == "clips"
        jobs = plan([method], dataset, [f"{split.family}.{split.name}"], encoder=None if named else "trajectory")
        assert [j.method for j in jobs] == [method] and all(j.prompts and j.text_model for j in jobs)
        assert all(set(j.keywords) == set(inspect.signature(find(method)).parameters) for j in jobs)


@pytest.mark.parametrize("dataset", ["pku-sim", "utd-mhad", "nw-ucla"])
def test_datasets_at_hand_name_an_encoder(dataset):
    assert recipe("sadvae", card(dataset)).encoder["name"] in encoders.available()


def test_what_is_set_overrides_the_recipe_and_nothing_else():
    (plain,) = plan(["pgfa"], "pku-sim", ["smie.split-7"])
    (other,) = plan(["pgfa"], "pku-sim", ["smie.split-7"], settings={"pgfa": {"lr": "1e-3"}})
    assert other.keywords == {**plain.keywords, "lr": 0.001}
    assert plain.run_id("d", "t") != other.run_id("d", "t")


def test_what_changes_a_number_changes_the_run_id():
    ids = set()
    for seed in (0, 1):
        for settings in ({}, {"sadvae": {"lr": 0.5}}, {"trajectory": {"components": 9}}):
            for encoder in (None, "stgcn"):
                if encoder and "trajectory" in settings:
                    continue
                ids |= {
                    j.run_id("d", "t") for j in plan(["sadvae"], "pku-sim", None, [seed], settings, encoder=encoder)
                }
    assert len(ids) == 2 * 5 * len(plan(["sadvae"], "pku-sim"))
    (job,) = plan(["sadvae"], "pku-sim", ["smie.split-7"])
    assert len({job.run_id("d", "t"), job.run_id("e", "t"), job.run_id("d", "u")}) == 3


@pytest.mark.parametrize(
    ("settings", "near"),
    [({"sadvae": {"cyles": 3}}, "cycles"), ({"trajectory": {"component": 3}}, "components"), ({"sadve": {}}, "sadvae")],
)
def test_an_unknown_keyword_or_owner_is_an_error(settings, near):
    with pytest.raises(UnknownName, match=f"Did you mean .*{near}"):
        plan(["sadvae"], "pku-sim", settings=settings)


@pytest.mark.parametrize("settings", [{"sadvae": {"lr": "fast"}}, {"sadvae": {"cycles": 1.5}}, {"pgfa": {"lr": True}}])
def test_a_value_of_the_wrong_type_is_an_error(settings):
    with pytest.raises(ZsarError, match="should be a"):
        plan(list(settings), "pku-sim", settings=settings)


@pytest.mark.parametrize(
    ("arguments", "near"),
    [
        ({"methods": ["pfga"], "dataset": "pku-sim"}, "pgfa"),
        ({"methods": ["pgfa"], "dataset": "pku-sin"}, "pku-sim"),
        ({"methods": ["pgfa"], "dataset": "pku-sim", "splits": ["smei"]}, "smie"),
        ({"methods": ["pgfa"], "dataset": "pku-sim", "rules": ["lats"]}, "last"),
        ({"methods": ["pgfa"], "dataset": "pku-sim", "protocol": "cross-subjects"}, "cross-subject"),
        ({"methods": ["sadvae"], "dataset": "pku-sim", "encoder": "trajectories"}, "trajectory"),
    ],
)
def test_a_name_that_doesnt_exist_is_an_error_that_names_the_nearest(arguments, near):
    with pytest.raises(UnknownName, match=near):
        plan(**arguments)


def test_seeds_and_methods_given_twice_are_run_once():
    jobs = plan(["pgfa", "pgfa"], "pku-sim", ["smie", "smie.split-7"], [0, 1, 0])
    assert len(jobs) == len({j.run_id("d", "t") for j in jobs}) == 2 * len(plan(["pgfa"], "pku-sim", ["smie"]))
