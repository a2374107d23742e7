"""Who is ahead: by the mean over all splits under an honest rule, and never by the oracle."""

from dataclasses import replace

from zsar.report.table import RANKING_RULES, Row

RULES = (*RANKING_RULES, "oracle")


def ranked(rows: list[Row]) -> tuple[Row, ...]:
    """The rows in the order they are shown, with ranks; equal means share a rank.

    Rules stay apart. Within one, complete rows come first, by their mean over the splits; rows that
    lack a run, and all `oracle` rows, get no rank.
    """

    def order(row):
        ranks = row.complete and row.rule in RANKING_RULES
        return (
            RULES.index(row.rule),
            not ranks,
            -row.average.top1.mean if row.complete else 0,
            row.method,
            row.mode,
            row.configuration,
            row.encoder,
            row.text,
        )

    ordered, place = [], 0
    for row in sorted(rows, key=order):
        if not row.complete or row.rule not in RANKING_RULES:
            ordered.append(row)
            continue
        above = ordered[-1] if ordered and ordered[-1].rule == row.rule else None
        place = place + 1 if above else 1
        tied = above is not None and above.average.top1.mean == row.average.top1.mean
        ordered.append(replace(row, rank=above.rank if tied else place))
    return tuple(ordered)
