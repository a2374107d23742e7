"""Records and their leaderboards as the data of the page."""

from zsar import __version__
from zsar.page import behind, commands
from zsar.page.entries import entry
from zsar.page.groups import Group, groups, of_split
from zsar.page.leaderboards import board
from zsar.page.skeletons import Room
from zsar.page.splits import SplitPart, split_part
from zsar.protocol import RULES
from zsar.report import wording
from zsar.results import Results
from zsar.results.scores import Scores

SIMULATED_CLIPS = 24
"""Skeletons of simulated clips that a page holds unless another number is asked for; of recordings, none."""


def payload(results: Results, rules=None, clips: int | None = None) -> dict:
    """Everything that the page shows, as JSON values; the scripts in ``assets`` show it.

    ``rules`` as in `Results.tables`, but None takes every rule that the records hold. ``clips``: up to how many
    skeletons of misclassified test clips per dataset; None takes `SIMULATED_CLIPS` for simulated data and none of
    recordings. Raises `RecordError` for records that can't be used, `DataError` when clips are asked for and not on
    this machine.
    """
    numbers = [by_rule for record in results for by_rule in record.results.values()]
    held = [rule for rule in RULES if any(rule in by_rule for by_rule in numbers)]
    tables = results.tables(rules or held or None)
    room = Room()
    return {
        "version": __version__,
        "runs": len(results),
        "failed": len(results.failures),
        "legend": wording.legend(tables),
        "settings": wording.SETTING_TITLES,
        "groups": [_group(group, results.scores, clips, room) for group in groups(results.records, tables)],
    }


def _group(group: Group, scores: Scores, clips: int | None, room: Room) -> dict:
    table = group.any_table
    made = {
        "dataset": table.dataset,
        "title": table.title,
        "version": table.version,
        "simulated": table.simulated,
        "protocol": table.protocol,
        "family": table.family,
        "boards": [board(group, t) for t in group.tables.values()],
        "sources": [commands.source(runs) for runs in group.identities.values()],
        "splits": [],
        "entries": {},
    }
    first = next((runs[0] for runs in group.identities.values()), None)
    if first is None:
        return made
    data = behind.require_behind(first) if clips else behind.open_behind(first)
    asked = SIMULATED_CLIPS * table.simulated if clips is None else clips
    for i, split in enumerate(table.splits):
        # The first splits get one more where the clips don't divide evenly.
        share = asked // len(table.splits) + (i < asked % len(table.splits))
        part = split_part(group, split, scores, data, share if asked else None, room)
        made["splits"].append(part.content)
        for number, runs in enumerate(group.identities.values()):
            _add_entries(made["entries"], number, of_split(runs, split.name), part, scores)
    return made


def _add_entries(entries: dict, number: int, runs: list[dict], part: SplitPart, scores: Scores) -> None:
    modes_and_rules = dict.fromkeys(
        (mode, rule) for r in runs for mode, rules in r["results"].items() for rule in rules
    )
    for mode, rule in modes_and_rules:
        mine = [r for r in runs if rule in r["results"].get(mode, {})]
        key = f"{number}.{mode}.{rule}"
        made = entries.setdefault(key, {"source": number, "splits": {}})
        made["splits"][part.content["name"]] = entry(mine, mode, rule, scores, part.shown)
