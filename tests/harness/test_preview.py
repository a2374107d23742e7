"""A dry run says what would run and what it would be held against, without data and without running anything."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from zsar.cli import main
from zsar.data.cards import cards
from zsar.encoders.features import EncoderChoice
from zsar.harness.plan import plan
from zsar.harness.preview import preview, short_source
from zsar.results.published import published, published_numbers, published_range


@pytest.fixture
def printed(monkeypatch, tmp_path, capsys):
    """A function (plan's arguments, width) -> what is printed of it, on a machine without data."""
    monkeypatch.setenv("ZSAR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))

    def of(*arguments, width=120, **keywords):
        monkeypatch.setenv("COLUMNS", str(width))
        preview(plan(*arguments, **keywords), Path("results/x"))
        assert not (tmp_path / "home").exists()
        return capsys.readouterr().out

    return of


def words(text):
    """Text without line breaks and repeated spaces."""
    return " ".join(text.split())


@pytest.mark.parametrize("width", [80, 120])
def test_everything_that_would_run_is_printed(printed, width):
    options = {"splits": ["synse"], "seeds": [0, 3], "settings": ["zsl", "gzsl"]}
    out = words(printed(["pgfa", "dvta", "sadvae"], "ntu60", **options, width=width))
    assert out.startswith("12 runs of NTU RGB+D 60 (ntu60), cross-subject, seeds 0, 3; rules last, val, oracle;")
    assert "zsl and gzsl; results in results/x" in out and "zsar data info ntu60" in out
    jobs = plan(["pgfa", "dvta", "sadvae"], "ntu60", splits=["synse"])
    for job in jobs:
        for key, value in [*job.keywords.items(), *(job.encoder.keywords.items() if job.encoder else ())]:
            shown = f"({','.join(map(str, value))})" if isinstance(value, tuple) else value
            assert f"{key}={shown}" in out
        assert job.recipe.chosen in out and f"by {job.text_model}" in out and " and ".join(job.prompts) in out
    assert "shiftgcn at 64 frames" in out and "clips, 50 frames, end to end" in out and "home/features" in out
    assert "stsb-bert-large, which is not on this machine and is needed for a run" in out
    assert "adapts to the unlabelled test clips (transductive)" in out
    assert "seen expert of the generalized setting: the classifier of shiftgcn at 64 frames" in out


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("dataset", [c.id for c in cards()])
def test_no_line_is_wider_than_the_terminal(printed, dataset, width):
    out = printed(["pgfa", "dvta", "sadvae"], dataset, width=width, settings=["zsl", "gzsl"])
    wide = [line for line in out.splitlines() if len(line.rstrip()) > width and len(line.split()) > 1]
    assert wide == []


@pytest.mark.parametrize("dataset", ["ntu60", "ntu120"])
def test_published_numbers_of_fixed_splits_stand_beside_with_their_sources(printed, dataset):
    out = printed(["pgfa", "dvta", "sadvae"], dataset, splits=["synse"], settings=["zsl", "gzsl"])
    cited = dict(re.findall(r"^  \[(\d+)\] (.+)$", out, re.M))
    rows = 0
    for split in dict.fromkeys(j.split.name for j in plan(["pgfa"], dataset, splits=["synse"])):
        for method in ("pgfa", "dvta", "sadvae"):
            asked = [("zsl", "top1"), ("gzsl", "seen"), ("gzsl", "unseen"), ("gzsl", "harmonic")]
            found = [published(dataset, "synse", split, *at, method) for at in asked]
            row = next((r.split() for r in out.splitlines() if r.split()[:2] == [f"synse.{split}", method]), None)
            if not any(found):
                assert row is None
                assert re.search(rf"No published number was found for {method} on .*synse\.{split}", words(out))
                continue
            rows += 1
            assert row[2:6] == [published_range(ns) if ns else "-" for ns in found]
            sources = {short_source(n.source) for ns in found for n in ns}
            shown = {cited[number.strip("[]")] for number in row[6:]}
            assert len(shown) == len(sources) and all(any(s.startswith(c) for s in sources) for c in shown)
    assert rows >= 5 and "by the rule oracle" in out


def test_averages_of_random_families_stand_beside(printed):
    out = words(printed(["pgfa", "sadvae"], "ntu120", splits=["smie", "sadvae.split-1"], width=200))
    (pgfa,) = published("ntu120", "random3_smie", "110/10", "zsl", "top1", "pgfa")
    assert f"smie 110/10, mean of 3 pgfa {pgfa.value:.1f}" in out
    assert "sadvae 110/10, mean of 3, 1 here sadvae 50.7" in out
    assert "No published number was found for pgfa on smie.split-4, smie.split-5, smie.split-6, sadvae.split-1." in out
    assert "Nothing is known of PGFA on the splits of sadvae" in out
    assert out.count("sadvae, on ") == 2 and "stgcn at 50 frames" in out


def test_a_setting_that_is_not_planned_has_no_columns(printed):
    assert " H " not in printed("sadvae", "ntu60", splits="synse")
    assert "ZSL" not in printed("sadvae", "ntu60", splits="synse", settings="gzsl")


def test_expected_numbers_of_clips_are_printed_where_a_split_states_them(printed):
    assert re.search(r"purls\.22-5 +22/5 +351 +350 +80 *$", printed(["dvta"], "utd-mhad"), re.M)
    assert "No number of clips is stated" in printed(["dvta"], "ntu60")


def test_simulated_data_is_held_against_nothing(printed):
    out = printed(["pgfa"], "pku-sim")
    assert "Simulated data: there are no published numbers." in out and "not on this machine; how" not in out


def test_the_papers_text_model_is_not_needed_for_registered_prompts(printed):
    out = words(printed(["pgfa", "dvta"], "pku"))
    assert "text: description of the prompt set pku51, by all-mpnet-base-v2, whose vectors come with zsar" in out
    assert "text: label and description of the prompt set pku51, by all-mpnet-base-v2, whose vectors" in out
    assert "is not on this machine and is needed" not in out


def test_prompts_of_ones_own_are_named(printed, monkeypatch, tmp_path, capsys):
    source = tmp_path / "mine.txt"
    source.write_text("\n".join(f"moving in way {i}" for i in range(51)))
    monkeypatch.setenv("ZSAR_HOME", str(tmp_path / "other"))
    assert main(["text", "import", "mine", "--dataset", "pku", "--source", str(source)]) == 0
    arguments = ["bench", "--methods", "pgfa", "--dataset", "pku", "--prompts", "mine", "--dry-run"]
    capsys.readouterr()
    assert main(arguments) == 0
    assert "description of the prompt set mine, by all-mpnet-base-v2" in words(capsys.readouterr().out)
    assert main([a.replace("mine", "mien") for a in arguments]) == 2
    assert "unknown prompt set 'mien'\nDid you mean mine?" in capsys.readouterr().err


def test_a_bundles_features_and_vectors_are_named(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("ZSAR_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    (job,) = plan(["dvta"], "utd-mhad", splits=["purls.22-5"])
    own = replace(job.card, id="mine", base="utd-mhad", features={"purls.22-5": "their ST-GCN"})
    released = EncoderChoice("released", {"features": "their ST-GCN"}, 0)
    job = replace(job, card=own, encoder=released, expert=released, text_model="released:all-mpnet-base-v2")
    preview([job], tmp_path / "out")
    out = capsys.readouterr().out
    assert "learns from: features by the bundle's own encoder" in out and "made by: their ST-GCN" in out
    assert f"as they were imported into {tmp_path / 'data' / 'mine'}" in out and "fitted on" not in out
    assert "text: label and description, the bundle's vectors by all-mpnet-base-v2" in out
    assert re.search(r"purls\.22-5 +22/5 +351 +350 +80 *$", out, re.M)


def test_a_missing_text_model_is_an_error_when_run_not_when_planned(printed, monkeypatch, tmp_path, capsys):
    arguments = ["bench", "--methods", "nearest", "--dataset", "pku-sim", "--text", "no-such-model", "--splits"]
    arguments += ["smie.split-7", "--out", str(tmp_path / "out"), "--jobs", "1"]
    assert main([*arguments, "--dry-run"]) == 0
    assert "no-such-model, which is not on this machine" in words(capsys.readouterr().out)
    assert main(arguments) == 2
    assert "the text model 'no-such-model' is not on this machine" in capsys.readouterr().err


def test_sources_are_shortened_to_what_names_them():
    short = {short_source(n.source) for d in ("ntu60", "ntu120", "pku") for n in published_numbers(d)}
    assert all(10 < len(s) < 140 for s in short)
    assert (
        "FS-VAE arXiv:2506.22179 (ICCV 2025), Table 1" in short
        and "https://paperswithcode2.com/benchmark/49237" in short
    )
