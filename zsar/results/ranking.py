"""Who is ahead: by the mean over all splits under an honest rule, and never by the oracle."""

from dataclasses import replace

from zsar.results.table import RANKING_RULES, Row

RULES = (*RANKING_RULES, "oracle")
STRATEGIES = ("none", "stacking", "gate", "oracle")


def ranked(rows: list[Row]) -> tuple[Row, ...]:
    """The rows in the order they are shown, with ranks; equal means share a rank.

    Rules stay apart. Within one, complete rows come first, by their mean over the splits; rows that
    lack a run, and all rows of the `oracle` rule or strategy, get no rank.
    """
    ordered, place = [], 0
    for row in sorted(rows, key=order):
        if not _ranks(row):
            ordered.append(row)
            continue
        above = ordered[-1] if ordered and ordered[-1].rule == row.rule else None
        place = place + 1 if above else 1
        tied = above is not None and above.average.main.mean == row.average.main.mean
        ordered.append(replace(row, rank=above.rank if tied else place))
    return tuple(ordered)


def order(row: Row) -> tuple:
    """The sorting key of `ranked`."""
    return (
        RULES.index(row.rule),
        row.strategy == "oracle",
        not _ranks(row),
        -row.average.main.mean if row.complete else 0,
        row.method,
        row.mode,
        row.configuration,
        row.encoder,
        row.text,
        STRATEGIES.index(row.strategy) if row.strategy else 0,
    )


def _ranks(row: Row) -> bool:
    return row.complete and row.honest
