"""Results and their leaderboards as the data of the page."""

from collections.abc import Iterable

from zsar.page.boards import board
from zsar.page.entries import entry
from zsar.page.groups import Group, groups
from zsar.page.making import making
from zsar.page.maps import Features
from zsar.page.papers import methods
from zsar.page.provenance import source
from zsar.page.recordings import open_recordings, require_recordings
from zsar.page.skeletons import Budget
from zsar.page.splits import split_content
from zsar.protocol import RULES
from zsar.report import wording
from zsar.results import Results

SIMULATED_CLIPS = 24
"""Skeletons of simulated clips that a page holds unless another number is asked for; of recordings, none."""


def payload(
    results: Results,
    *,
    features: Features | None,
    rules: Iterable[str] | None = None,
    clips: int | None = None,
) -> dict:
    """Everything that the page shows, as JSON values; the scripts in ``assets`` show it.

    ``rules`` as in `Results.tables`, but None takes every rule that the records hold. ``clips``: up to how many
    skeletons of misclassified test clips per dataset; None takes `SIMULATED_CLIPS` for simulated data and none of
    recordings. ``features`` as in `zsar.page.write`. Raises `RecordError` for records that can't be used, `DataError`
    when clips are asked for and not on this machine.
    """
    present = set(results.frame()["rule"])
    tables = results.tables(rules or [rule for rule in RULES if rule in present] or None)
    budget = Budget()
    return {
        "made": making(results),
        "runs": len(results),
        "failed": len(results.failures),
        "legend": wording.legend(tables),
        "settings": wording.SETTING_TITLES,
        "methods": methods(results),
        "groups": [_content(group, features, clips, budget) for group in groups(results, tables)],
    }


def _content(group: Group, features: Features | None, clips: int | None, budget: Budget) -> dict:
    table, results = group.any_table, group.results
    content = {
        "dataset": table.dataset,
        "title": table.title,
        "version": table.version,
        "simulated": table.simulated,
        "protocol": table.protocol,
        "family": table.family,
        "boards": [board(group, t) for t in group.tables.values()],
        "sources": [source(runs) for runs in group.configurations],
        "splits": [],
        "entries": {},
    }
    if not group.configurations:
        return content
    first = group.configurations[0][0]
    recordings = require_recordings(first) if clips else open_recordings(first)
    clips = SIMULATED_CLIPS * table.simulated if clips is None else clips
    for i, split in enumerate(table.splits):
        # The first splits get one more where the clips don't divide evenly.
        share = clips // len(table.splits) + (i < clips % len(table.splits)) if clips else None
        content["splits"].append(split_content(group, split, recordings, clips=share, budget=budget, features=features))
    shown = {split["name"]: [clip["sample"] for clip in split["clips"]] for split in content["splits"]}
    for (split, number, mode, rule), runs in group.runs_of_entries():
        of_key = content["entries"].setdefault(f"{number}.{mode}.{rule}", {"source": number, "splits": {}})
        of_key["splits"][split] = entry(results, runs, mode, rule, shown[split])
    return content
