"""What the page is made of, without a browser."""

import argparse
import base64
import copy
import hashlib
import json
import re
import shlex
from html.parser import HTMLParser

import numpy as np
import pytest
from page_inputs import NASTY, REAL, RECORDS

from zsar.commands import bench
from zsar.data.datasets import open_dataset
from zsar.errors import DataError, RecordError, ZsarError
from zsar.evaluation.gzsl import seen_unseen_curve
from zsar.evaluation.stacking import standard_scores
from zsar.harness.plan import plan
from zsar.page import maps, skeletons
from zsar.page.commands import command
from zsar.page.document import ASSETS, SCRIPTS, as_script, document
from zsar.page.groups import groups
from zsar.page.payload import payload
from zsar.page.report import write_report
from zsar.results import Results
from zsar.results.record import read_records


class Parsed(HTMLParser):
    """The elements of a page, and the content of its scripts and styles."""

    def __init__(self, text: str):
        super().__init__(convert_charrefs=True)
        self.tags, self.contents, self._open = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._open = tag
        if tag in ("script", "style"):
            self.contents.append([tag, dict(attributes), ""])

    def handle_data(self, data):
        if self._open in ("script", "style"):
            self.contents[-1][2] += data

    def handle_endtag(self, tag):
        self._open = None


@pytest.fixture(scope="module")
def page_text(committed):
    return committed.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def content(page_text):
    return data_of(page_text)


def data_of(text: str) -> dict:
    [data] = [c[2] for c in Parsed(text).contents if c[1].get("type") == "application/json"]
    return json.loads(data)


def test_275_runs_stay_below_5_mb(page_text, content):
    assert content["runs"] == len(list(RECORDS.glob("utd-mhad/*.json"))) + len(list(RECORDS.glob("nw-ucla/*.json")))
    assert content["runs"] > 200 and len(page_text.encode()) < 5_000_000


def test_nothing_is_fetched_and_only_these_scripts_run(page_text):
    parsed = Parsed(page_text)
    [policy] = [
        a["content"] for t, a in parsed.tags if t == "meta" and a.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none';") and "unsafe" not in policy and "http" not in policy
    running = [c for c in parsed.contents if c[1].get("type") != "application/json"]
    assert [c[0] for c in running] == ["style", "script", "script"]
    for tag, _, text in running:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert re.search(rf"{tag}-src[^;]*'sha256-{re.escape(digest)}'", policy)
    links = [a[k] for _, a in parsed.tags for k in ("src", "href") if k in a]
    assert links == ["data:,", "#boards"]


def test_our_scripts_never_make_markup_of_text():
    for name in SCRIPTS:
        source = (ASSETS / name).read_text(encoding="utf-8")
        found = re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", source)
        assert found == [], name
    assert {p.name for p in ASSETS.glob("*.js")} == {*SCRIPTS, "chart.umd.min.js"}


def test_json_cannot_end_its_element():
    text = as_script({"a": NASTY, NASTY: ["\u2028\u2029", "é"]})
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == {"a": NASTY, NASTY: ["\u2028\u2029", "é"]}


def test_licences_are_part_of_the_page(content):
    for words in (
        "Chart.js 4.",
        "@kurkle/color",
        "Permission is hereby granted",
        "Chart.js Contributors",
        "Jukka Kurkela",
    ):
        assert words in content["licences"]
    first = (ASSETS / "chart.umd.min.js").read_text(encoding="utf-8")[:60]
    assert re.search(r"Chart\.js (v[\d.]+)", first)[1][1:] in content["licences"]


def test_recordings_stay_out_unless_asked_for(content):
    clips = [clip for group in content["groups"] for split in group["splits"] for clip in split["clips"]]
    assert clips and not any("skeleton" in clip for clip in clips)
    with pytest.raises(DataError, match="UTD-MHAD is not on the machine"):
        payload(Results.read(RECORDS / "utd-mhad"), clips=5)


def typed(text: str) -> list:
    """The jobs that a command shown on the page plans."""
    words = shlex.split(text.replace("\\\n", " "))
    assert words[:2] == ["zsar", "bench"]
    parser = argparse.ArgumentParser()
    bench.configure(parser)
    o = parser.parse_args(words[2:])
    return plan(
        o.methods,
        o.dataset,
        splits=o.splits,
        seeds=o.seeds,
        settings=o.setting or ["zsl"],
        rules=o.rule,
        keywords=bench._settings(o.settings),
        protocol=o.protocol,
        encoder=o.encoder,
        text=o.text,
        prompts=o.prompts,
    )


def plain(keywords: dict) -> dict:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in keywords.items()}


def told_of(job) -> dict:
    """What a job is to do, as its record would say it."""
    return {
        "split": (job.split.hash, job.protocol.name),
        "seed": job.seed,
        "encoder": job.encoder and job.encoder.description(),
        "text": (job.text_model, list(job.prompts), job.card.prompts),
        "frames": job.frames,
        "settings": list(job.settings),
    }


@pytest.mark.parametrize("folder", REAL, ids=lambda p: p.name)
def test_commands_make_the_very_runs(folder):
    """What the page says to type plans the runs of the records, every one, with everything that they were given."""
    records = Results.read(folder).records
    [group] = groups(records, Results(records).tables(["last"]))
    for runs in group.identities.values():
        jobs = {(job.split.name, job.seed): job for job in typed(command(runs))}
        for r in runs:
            job, text = jobs[r["split"]["name"], r["seed"]], r["text"]
            assert told_of(job) == {
                "split": (r["split"]["hash"], r["dataset"]["protocol"]),
                "seed": r["seed"],
                "encoder": r["encoder"],
                "text": (text["model"], text["prompts"], text["prompt_set"]),
                "frames": r["frames"],
                "settings": r["settings"],
            }
            # Keywords that a method has got since have their defaults; then the run's id is another.
            assert plain(job.keywords).items() >= r["method"]["keywords"].items()
            if job.keywords.keys() == r["method"]["keywords"].keys():
                assert job.run_id(r["dataset"]["version"], text["hash"]) == r["run"]
    assert sum(map(len, group.identities.values())) == len(records)


def test_commands_spell_out_what_recipes_would_say_otherwise():
    records = Results.read(RECORDS / "utd-mhad").records
    methods = {r["method"]["name"]: r for r in records}
    strange = {
        "epochs": 3,
        "lr": 1e-5,
        "weight_decay": 2.5e-7,
        "steps": [1, 2],
        "normalise_scored": False,
        "ridge": 1e9,
    }
    told = set()
    for record in methods.values():
        given = record["method"]["keywords"]
        changed = {k: strange[k] if type(strange.get(k)) is type(v) else v for k, v in given.items()}
        told |= {k for k in changed if changed[k] != given[k]}
        record = copy.deepcopy(record.content)
        record["method"]["keywords"] = changed
        if record["encoder"]:
            record["encoder"]["keywords"] |= {"frames": 9, "whiten": 1e-6, "align": False}
        record["seed"] = 77
        [job] = typed(command([record]))
        assert (
            plain(job.keywords).items() >= changed.items()
            and job.seed == 77
            and set(job.settings) == set(record["settings"])
        )
        assert (job.encoder and job.encoder.description()) == record["encoder"]
    assert told == set(strange)


def test_numbers_behind_a_row_are_the_records(content):
    [group] = [g for g in content["groups"] if g["dataset"] == "utd-mhad"]
    records = {r["run"]: r for r in read_records(RECORDS / "utd-mhad")}
    split = next(s for s in group["splits"] if s["name"] == "22-5")
    for key, entry in group["entries"].items():
        _, mode, rule = key.split(".")
        runs = [records[run] for name, _, run in group["sources"][entry["source"]]["runs"] if name == "22-5"]
        if not runs:
            assert "22-5" not in entry["splits"]
            continue
        results = [r["results"][mode][rule] for r in runs]
        detail = entry["splits"]["22-5"]
        assert np.array_equal(detail["confusion"], np.sum([r["confusion"] for r in results], axis=0))
        means = [np.mean([r["per_class"][c] for r in results]) for c in runs[0]["split"]["unseen"]]
        assert [m for m, _ in detail["perClass"]] == pytest.approx(means, abs=1e-5)
        arrays = Results.read(RECORDS / "utd-mhad").scores.read(runs[0]["run"], (f"{mode}/{rule}", "labels", "samples"))
        predicted = dict(zip(arrays["samples"].tolist(), arrays[f"{mode}/{rule}"].argmax(1).tolist(), strict=True))
        for position, clip in enumerate(split["clips"]):
            wrong = detail["mistakes"].get(str(position))
            assert (wrong is None) == (predicted[clip["sample"]] == clip["true"])
            assert wrong is None or (wrong[0][0] == predicted[clip["sample"]] and len(wrong) == 5)
    assert {clip["true"] for clip in split["clips"]} == set(range(5))


def test_skeletons_keep_their_coordinates_and_absent_bodies():
    rng = np.random.default_rng(0)
    frames = rng.normal(scale=2, size=(200, 2, 5, 3)).astype(np.float32) + 3
    frames[50:, 1] = 0
    packed = skeletons.packed(frames)
    step = -(-200 // skeletons.FRAMES)
    assert packed["shape"] == [len(frames[::step]), 2] and packed["rate"] == pytest.approx(30 / step)
    numbers = np.frombuffer(base64.b64decode(packed["data"]), "<i2").reshape(*packed["shape"], 5, 3)
    thinned = frames[::step]
    absent = (thinned == 0).all(axis=(2, 3))
    assert np.array_equal((numbers == skeletons.ABSENT).all(axis=(2, 3)), absent) and absent.any()
    shown = numbers[~absent].reshape(-1, 3) * packed["unit"]
    real = thinned[~absent].reshape(-1, 3)
    offset = (real - shown).mean(axis=0)
    assert np.abs(real - shown - offset).max() < packed["unit"] * 1.1
    empty = skeletons.packed(np.zeros((3, 2, 5, 3), np.float32))
    assert empty["shape"] == [3, 0] and empty["data"] == ""


def test_skeletons_stop_where_the_page_is_full():
    room = skeletons.Room(10)
    assert room.takes({"data": "123456"}) and not room.takes({"data": "123456"}) and room.takes({"data": "1234"})


def test_the_curve_is_the_exact_one_averaged_over_seeds(simulated):
    text = simulated.path.read_text(encoding="utf-8")
    [group] = data_of(text)["groups"]
    records = {r["run"]: r for r in simulated.records}
    for key, entry in group["entries"].items():
        _, mode, rule = key.split(".")
        curve = np.array(entry["splits"]["split-7"]["curve"])
        exact = []
        for _, _, run in group["sources"][entry["source"]]["runs"]:
            arrays = Results.read(simulated.folder).scores.read(run, (f"gzsl/{mode}/{rule}", "gzsl/labels"))
            mask = np.arange(51) < len(records[run]["split"]["seen"])
            exact.append(seen_unseen_curve(standard_scores(arrays[f"gzsl/{mode}/{rule}"]), arrays["gzsl/labels"], mask))
        assert len(exact) == 2
        for unseen, seen in curve[::7]:
            best = [c.seen[c.unseen >= unseen - 1e-5].max() for c in exact]
            assert seen == pytest.approx(np.mean(best), abs=1e-4)
        assert np.all(np.diff(curve[:, 1]) <= 1e-9)


def test_simulated_clips_are_those_of_the_dataset(simulated, monkeypatch):
    monkeypatch.setenv("ZSAR_HOME", str(simulated.home))
    open_dataset.cache_clear()
    dataset = open_dataset("pku-sim")
    [group] = data_of(simulated.path.read_text(encoding="utf-8"))["groups"]
    [split] = group["splits"]
    assert 0 < len(split["clips"]) <= 24 and split["skeleton"]["joints"] == 25
    for clip in split["clips"][:3]:
        [i] = np.flatnonzero(dataset.samples == clip["sample"])
        assert clip["skeleton"] == skeletons.packed(dataset.frames(int(i)))
        assert dataset.labels[i] == simulated.records[0]["split"]["unseen"][clip["true"]]
    without = payload(Results.read(simulated.folder), clips=0)
    [split] = without["groups"][0]["splits"]
    assert not any("skeleton" in clip for clip in split["clips"])
    open_dataset.cache_clear()


def test_a_page_is_the_same_for_the_same_records(simulated, monkeypatch):
    monkeypatch.setenv("ZSAR_HOME", str(simulated.home))
    open_dataset.cache_clear()
    made = document(payload(Results.read(simulated.folder)))
    assert made == simulated.path.read_text(encoding="utf-8")
    open_dataset.cache_clear()


def test_data_of_another_version_is_not_taken_for_the_records(simulated, tmp_path, monkeypatch):
    monkeypatch.setenv("ZSAR_HOME", str(simulated.home))
    open_dataset.cache_clear()
    for path in simulated.folder.glob("*.np[z]"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    for record in simulated.records:
        other = record | {"dataset": record["dataset"] | {"version": "0" * 16}}
        (tmp_path / f"{record['run']}.json").write_text(json.dumps(other), encoding="utf-8")
    [group] = payload(Results.read(tmp_path))["groups"]
    [split] = group["splits"]
    assert "the records were made from version 0000000000000000" in split["clipsSaid"]
    assert all("from version" in why for why in split["maps"]["features"].values())
    assert not any("skeleton" in clip for clip in split["clips"])
    open_dataset.cache_clear()


def test_maps_put_clips_beside_the_prototype_they_score_high_on():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), 20)
    scores = rng.normal(scale=0.2, size=(80, 4)) - 100
    scores[np.arange(80), labels] += 5
    flat = np.array(maps.of_scores(scores)).reshape(-1, 2)
    clips, prototypes = flat[:80], flat[80:]
    nearest = np.linalg.norm(clips[:, None] - prototypes[None], axis=2).argmin(axis=1)
    assert (nearest == labels).mean() > 0.95
    assert flat.min() >= 0 and flat.max() <= maps.SIDE
    assert maps.of_scores(scores[:, :2]) is None
    kept = maps.thinned(np.repeat(np.arange(3), [1000, 5, 400]))
    assert len(kept) <= maps.SHOWN and set(np.repeat(np.arange(3), [1000, 5, 400])[kept]) == {0, 1, 2}


def test_failed_runs_are_told_and_nothing_breaks_without_finished_ones(tmp_path):
    source = next(iter(sorted((RECORDS / "utd-mhad").glob("*.json"))))
    record = json.loads(source.read_text(encoding="utf-8"))
    record |= {"status": "failed", "results": None, "error": {"type": "RuntimeError", "message": "it went wrong"}}
    (tmp_path / source.name).write_text(json.dumps(record), encoding="utf-8")
    made = payload(Results.read(tmp_path))
    assert (made["runs"], made["failed"]) == (1, 1)
    assert any(
        "RuntimeError: it went wrong" in line for board in made["groups"][0]["boards"] for line in board["failures"]
    )
    assert document(made)


def test_records_without_scores_or_confusions_still_make_a_page(tmp_path):
    for source in sorted((RECORDS / "utd-mhad").glob("*.json"))[:6]:
        record = json.loads(source.read_text(encoding="utf-8"))
        for rules in record["results"].values():
            for numbers in rules.values():
                del numbers["confusion"], numbers["per_class"]
        (tmp_path / source.name).write_text(json.dumps(record), encoding="utf-8")
    [group] = payload(Results.read(tmp_path))["groups"]
    details = [d for entry in group["entries"].values() for d in entry["splits"].values()]
    assert details and all(d["confusion"] is None and not d["mistakes"] and d["curve"] is None for d in details)


def test_scores_that_belong_elsewhere_are_refused(tmp_path):
    chosen = [json.loads(p.read_text(encoding="utf-8")) for p in sorted((RECORDS / "utd-mhad").glob("*.json"))]
    one = next(r for r in chosen if r["split"]["name"] == "22-5" and r["seed"] == 0)
    other = next(r for r in chosen if r["split"]["name"] == "14-13" and r["seed"] == 0)
    (tmp_path / f"{one['run']}.json").write_text(json.dumps(one), encoding="utf-8")
    (tmp_path / f"{one['run']}.npz").write_bytes((RECORDS / "utd-mhad" / f"{other['run']}.npz").read_bytes())
    with pytest.raises(RecordError, match="don't belong"):
        write_report(tmp_path, ["html"])
    assert not (tmp_path / "leaderboard.html").exists()


def test_a_run_in_two_folders_counts_once(tmp_path):
    source = next(iter(sorted((RECORDS / "utd-mhad").glob("*.json"))))
    (tmp_path / source.name).write_bytes(source.read_bytes())
    with pytest.raises(RecordError, match=r"is in .* and in"):
        Results.read(RECORDS / "utd-mhad", tmp_path)
    with pytest.raises(ZsarError, match="several folders"):
        write_report(REAL, ["html"])


@pytest.mark.parametrize("kind", ["missing", "empty", "damaged", "npz"])
def test_bad_folders_are_refused_and_nothing_is_left(tmp_path, zsar, kind):
    folder, out = tmp_path / "runs", tmp_path / "out"
    if kind != "missing":
        folder.mkdir()
    if kind == "damaged":
        (folder / "0123456789abcdef.json").write_text('{"format": 1,', encoding="utf-8")
    if kind == "npz":
        source = next(iter(sorted((RECORDS / "utd-mhad").glob("*.json"))))
        (folder / source.name).write_bytes(source.read_bytes())
        (folder / f"{source.stem}.npz").write_bytes(b"PK\x03\x04 no archive")
    done = zsar("report", folder, "--format", "html", "--out", out)
    assert done.returncode == 2 and done.stderr.startswith("error: ") and "Traceback" not in done.stderr
    assert not out.exists() or not list(out.iterdir())


def test_clips_without_a_page_are_refused(zsar, tmp_path):
    done = zsar("report", RECORDS / "utd-mhad", "--clips", "3", "--out", tmp_path)
    assert done.returncode == 2 and "--format html" in done.stderr
    done = zsar("report", RECORDS / "utd-mhad", "--format", "html", "--clips", "-3")
    assert done.returncode == 2 and "no number of clips" in done.stderr
