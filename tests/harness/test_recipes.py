"""Every recipe fits the constructors it is written for, and every dataset can be planned with every method."""

import inspect
from pathlib import Path

import pytest

from zsar import configuration, plugins
from zsar.data.cards import card, cards
from zsar.data.splits import splits_of
from zsar.errors import ZsarError
from zsar.harness.plan import plan
from zsar.harness.recipes import recipe
from zsar.methods import available, find
from zsar.plugins import keywords_of
from zsar.text.prompts import prompt_set

FOLDER = configuration.folder("recipes")
FILES = sorted(FOLDER.glob("*/*.yaml"))
DATASETS = [c.id for c in cards()]


PAPERS = ("pgfa", "dvta", "sadvae")
RECORDED = [name for name in ("ntu60", "ntu120", "pku", "pku2") if name in DATASETS]
FAMILIES = [(d, f) for d in RECORDED for f in dict.fromkeys(s.family for s in splits_of(card(d)))]
KNOWN = {  # method -> families that its authors have values for
    "pgfa": {"synse", "smie"},
    "dvta": {"synse", "smie"},
    "sadvae": {"synse", "sadvae"},
}


@pytest.fixture(autouse=True)
def nothing_here(monkeypatch, tmp_path):
    """No data and no prompts of one's own."""
    monkeypatch.setenv("ZSAR_HOME", str(tmp_path / "nothing"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_a_recipe_fits_what_it_configures(path: Path):
    content = configuration.read(f"recipes/{path.parent.name}", path.stem)
    dataset, _, family = path.stem.partition(".")
    if dataset != "own":  # what datasets of the user's own begin with
        families = {s.family for s in splits_of(card(dataset))}
        assert content["dataset"] == dataset and dataset in DATASETS
        assert not family or family in families
        assert set(content.get("families", ())) <= families
        known = set(next(iter(prompt_set(card(dataset).prompts).values())))
        assert set(content.get("text", {}).get("prompts", ())) <= known
    if path.parent.name != "default":
        assert path.parent.name in available()
        resolved = keywords_of(find(path.parent.name), content.get("keywords", {}), path.name)
        find(path.parent.name)(**resolved)
    if encoder := dict(content.get("encoder", {})):
        cls = plugins.find("encoder", encoder.pop("name"))
        cls(**keywords_of(cls, encoder, path.name))
    assert content["chosen"].strip() and content.get("frames", 50) > 0


@pytest.mark.parametrize("method", available())
@pytest.mark.parametrize("dataset", DATASETS)
def test_every_dataset_resolves_with_every_method(dataset, method):
    for split in splits_of(card(dataset)):
        made = recipe(method, card(dataset), split)
        keywords_of(find(method), made.keywords, method)
        assert made.chosen and made.text["prompts"] and made.frames > 0
        available_kinds = next(iter(prompt_set(card(dataset).prompts).values()))
        lacking = [kind for kind in made.text["prompts"] if kind not in available_kinds]
        if lacking:  # texts of parts are not written for every class list
            assert method == "purls" and card(dataset).prompts == "ntu120"
            with pytest.raises(ZsarError, match=f"{method} reads the prompt {lacking[0]!r}, but the prompt set"):
                plan([method], dataset, splits=[f"{split.family}.{split.name}"])
            continue
        jobs = plan([method], dataset, splits=[f"{split.family}.{split.name}"], settings=["zsl", "gzsl"])
        assert [j.method for j in jobs] == [method] and all(j.prompts and j.text_model for j in jobs)
        assert all(set(j.keywords) == set(inspect.signature(find(method)).parameters) for j in jobs)
        assert all(j.expert is not None for j in jobs)


@pytest.mark.parametrize("method", PAPERS)
@pytest.mark.parametrize(("dataset", "family"), FAMILIES)
def test_the_papers_recipes_resolve_without_any_data(dataset, family, method):
    jobs = plan([method], dataset, splits=[family])
    assert jobs and {j.split.family for j in jobs} == {family}
    known = family in KNOWN[method] and dataset != "pku2"
    for job in jobs:
        assert job.recipe.chosen.startswith("Nothing is known of") != known
        shift = family in ("synse", "purls", "star")
        assert job.recipe.encoder["name"] == ("shiftgcn" if shift else "stgcn")
        if method == "pgfa":
            assert (job.encoder, job.frames, job.prompts) == (None, 50, ("description",))
        else:
            assert job.encoder.frames == job.frames == (64 if shift else 50)
        if method == "dvta":
            assert (job.text_model, job.prompts) == ("all-mpnet-base-v2", ("label", "description"))


@pytest.mark.parametrize(  # the authors' scripts, method by method
    ("dataset", "family", "text", "keywords"),
    [
        ("ntu60", "synse", "stsb-bert-large", (160, 8, 3.389022400898623e-05, 32, 5)),
        ("ntu120", "synse", "stsb-bert-large", (256, 32, 3.4779964302664534e-05, 32, 4)),
        ("ntu60", "sadvae", "clip-ViT-B-32", (224, 16, 3.596163218514557e-05, 32, 7)),
        ("ntu120", "sadvae", "clip-ViT-B-32", (176, 20, 7.360616069743272e-05, 32, 12)),
        ("pku", "sadvae", "clip-ViT-B-32", (128, 16, 3.074099555160793e-05, 64, 2)),
    ],
)
def test_sadvae_has_its_authors_values(dataset, family, text, keywords):
    for job in plan(["sadvae"], dataset, splits=[family]):
        assert (job.text_model, job.prompts) == (text, ("label",))
        names = ("related", "unrelated", "lr", "batch", "discriminator_every")
        assert tuple(job.keywords[name] for name in names) == keywords


@pytest.mark.parametrize(
    ("dataset", "dvta_rate", "pgfa_rate", "support"),
    [("ntu60", 1e-6, 0.05, 0.9), ("ntu120", 5e-6, 0.005, 0.4), ("pku", 1e-5, 0.05, 1.0)],
)
def test_dvta_and_pgfa_have_their_authors_values(dataset, dvta_rate, pgfa_rate, support):
    for job in plan(["dvta", "pgfa"], dataset, splits=["smie"] + ["synse"] * (dataset != "pku")):
        if job.method == "dvta":
            assert (job.keywords["lr"], job.keywords["epochs"], job.keywords["warmup"]) == (dvta_rate, 100, 15)
        else:
            assert (job.keywords["lr"], job.keywords["support"]) == (pgfa_rate, support)


def test_what_is_said_of_one_familys_features_is_not_said_of_anothers():
    of = lambda method, family: plan([method], "ntu60", splits=[family])[0].recipe
    assert "SA-DVAE's released" in of("sadvae", "sadvae").features and "language model" in of("sadvae", "sadvae").note
    assert "SynSE's released" in of("sadvae", "synse").features and not of("sadvae", "synse").note
    assert not of("sadvae", "smie").features and not of("sadvae", "smie").note
    assert "carried over from SynSE's" in of("sadvae", "purls").chosen


def test_pgfa_on_features_has_pgfas_recipe_without_its_encoder():
    made, whole = recipe("pgfa-fixed", card("ntu120")), recipe("pgfa", card("ntu120"))
    assert made.keywords == whole.keywords and made.keywords["support"] == 0.4
    assert made.chosen == f"PGFA's, whose encoder has no part here: {whole.chosen}"
    assert "hidden" not in recipe("pgfa-fixed", card("pku-sim")).keywords


def test_a_recipe_under_a_wrong_name_is_refused(monkeypatch):
    real = configuration.read
    wrong = {"method": "pgfa", "dataset": "pku", "family": "smie", "chosen": "x"}
    monkeypatch.setattr(
        configuration, "read", lambda kind, *rest: wrong if kind == "recipes/pgfa" else real(kind, *rest)
    )
    with pytest.raises(ZsarError, match="configs/recipes/pgfa/pku.yaml is the recipe of 'pgfa' on pku.smie"):
        recipe("pgfa", card("pku"))


@pytest.mark.parametrize("dataset", ["pku-sim", "utd-mhad", "nw-ucla"])
def test_datasets_at_hand_name_an_encoder(dataset):
    assert recipe("sadvae", card(dataset)).encoder["name"] in plugins.available("encoder")
