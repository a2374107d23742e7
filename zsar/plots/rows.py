"""Rows of a leaderboard as pictures show them: one accuracy per method, mode and configuration."""

from zsar.errors import ZsarError
from zsar.plots import choosing
from zsar.plots.choosing import Choice
from zsar.results import Results
from zsar.results.table import Cell, GeneralizedCell, Row, Table


def table(records: list[dict], choice: Choice, rules: list[str], setting: str = "zsl") -> Table:
    """The one table of a setting that the runs make. Raises `ZsarError` when they make several, or none."""
    choosing.one_table(records)
    found = [t for t in Results(records).tables(rules) if t.setting == setting]
    if not found:
        raise ZsarError(
            "none of the runs that fit was judged under the generalized setting", "Run: zsar bench --setting zsl,gzsl"
        )
    return found[0]


def shown(made: Table, choice: Choice, rule: str) -> list[tuple[Row, Cell | GeneralizedCell]]:
    """The rows of a rule with their numbers over all splits of the table, in the table's order.

    Rows that lack a run on some split are left out; `left_out` names them.
    """
    return [(row, row.average) for row in _of_rule(made, choice, rule) if row.average is not None]


def left_out(made: Table, choice: Choice, rule: str) -> list[Row]:
    """The rows that `shown` leaves out."""
    return [row for row in _of_rule(made, choice, rule) if row.average is None]


def _of_rule(made: Table, choice: Choice, rule: str) -> list[Row]:
    return [row for row in made.rows if row.rule == rule and choice.mode in (None, row.mode)]


def splits(made: Table) -> str:
    """Over which splits the numbers are averaged."""
    if len(made.splits) == 1:
        return f"{made.family} split {made.splits[0].name}"
    return f"mean of {made.family} splits {', '.join(s.name for s in made.splits)}"
