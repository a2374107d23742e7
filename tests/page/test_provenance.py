"""The commands that the page shows make the very runs."""

import argparse
import copy
import shlex

import pytest
from page_inputs import REAL, RECORDS

from zsar.commands import bench, options
from zsar.harness.plan import plan
from zsar.page.groups import groups
from zsar.page.provenance import command
from zsar.results import Record, Results


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
        settings=o.setting,
        rules=o.rule,
        keywords=options.keywords(o.keywords),
        protocol=o.protocol,
        encoder=o.encoder,
        text=o.text,
        prompts=o.prompts,
    )


def plain(keywords: dict) -> dict:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in keywords.items()}


def inputs_of(job) -> dict:
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
    """What the page says to type plans the runs of the records, every one, with all that determined them."""
    results = Results.read(folder)
    [group] = groups(results, results.tables(["last"]))
    for runs in group.configurations:
        jobs = {(job.split.name, job.seed): job for job in typed(command(runs))}
        for r in runs:
            job, text = jobs[r["split"]["name"], r["seed"]], r["text"]
            assert inputs_of(job) == {
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
    assert sum(map(len, group.configurations)) == len(results)


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
    names = set()
    for record in methods.values():
        keywords = record["method"]["keywords"]
        changed = {k: strange[k] if type(strange.get(k)) is type(v) else v for k, v in keywords.items()}
        names |= {k for k in changed if changed[k] != keywords[k]}
        record = copy.deepcopy(record.content)
        record["method"]["keywords"] = changed
        if record["encoder"]:
            record["encoder"]["keywords"] |= {"frames": 9, "whiten": 1e-6, "align": False}
        record["seed"] = 77
        [job] = typed(command([Record.of(record)]))
        assert (
            plain(job.keywords).items() >= changed.items()
            and job.seed == 77
            and set(job.settings) == set(record["settings"])
        )
        assert (job.encoder and job.encoder.description()) == record["encoder"]
    assert names == set(strange)
