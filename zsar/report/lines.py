"""A leaderboard's cells as text, and its rows as lines of them: what every format shows."""

from zsar.report import wording
from zsar.results.table import Row, Table

TEXT_COLUMNS = {"method", "rule", "strategy", "encoder", "text", "group", "cell", "verdict"}
NOTHING = wording.NOTHING


def columns(table: Table) -> list[str]:
    """The columns that hold numbers; with a single split there is no average."""
    average = ["average"] * (len(table.splits) > 1)
    return [*average, *(s.name for s in table.splits), *summaries(table)]


def summaries(table: Table) -> list[str]:
    """The last of the `columns`, which are about all splits."""
    return ["AUSUC"] if table.setting == "gzsl" else ["per class", "gap"]


def chances(table: Table) -> dict[str, str]:
    """The chance levels by column, which the generalized setting has none of."""
    if table.setting == "gzsl":
        return {}
    levels = {split.name: split.chance for split in table.splits}
    return {c: percent(v) for c, v in (levels | dict.fromkeys(("average", "per class"), table.chance)).items()}


def cell(row: Row, column: str) -> tuple[str, str, str]:
    """A row's mean in percent, the half width of its interval ("±1.2"), and in GZSL S and U ("63.3/33.3").

    A star marks a mean over fewer seeds than the row has; a dash what is not there; one seed has no width but "n/a".
    """
    if column == "gap":
        gap = row.average.gap if row.complete else None
        return NOTHING if gap is None else f"{100 * gap:+.1f}", "", ""
    if column in ("per class", "AUSUC") and row.complete:
        estimate = row.average.per_class if column == "per class" else row.average.ausuc
        return percent(estimate.mean), _half_width(estimate), ""
    numbers = row.average if column == "average" else row.cells.get(column)
    if numbers is None:
        return NOTHING, "", ""
    star = "*" if len(numbers.seeds) < len(row.seeds) else ""
    sides = f"{percent(numbers.seen.mean)}/{percent(numbers.unseen.mean)}" if row.strategy else ""
    return percent(numbers.main.mean) + star, _half_width(numbers.main), sides


def lines(table: Table) -> tuple[list[str], list[list[str]], list[str] | None]:
    """Column heads, a line per row, and the chance levels, which the generalized setting has none of.

    Numbers come right after the names, where a narrow screen still shows them.
    Encoder and text are columns only where rows differ in them; groups only where they were worked out.
    """
    general, grouped = table.setting == "gzsl", any(row.group for row in table.rows)
    inputs = [what for what in ("encoder", "text") if wording.shared(table, what) is None]
    names = ["#", "method", "rule", *["strategy"] * general]
    about = [*inputs, "seeds", *["group"] * grouped]
    body = [
        [
            str(row.rank or NOTHING),
            wording.name(row),
            row.rule,
            *[row.strategy] * general,
            *(_one_line(row, column) for column in columns(table)),
            *wording.inputs(table, row).values(),
            str(len(row.seeds)),
            *[row.group or NOTHING] * grouped,
        ]
        for row in table.rows
    ]
    levels = chances(table)
    numbers = columns(table)
    chance = ["", "chance", *[""] * (len(names) - 2), *(levels.get(c, "") for c in numbers), *[""] * len(about)]
    return [*names, *numbers, *about], body, chance if levels else None


def percent(fraction: float) -> str:
    """A fraction as percent with one decimal."""
    return f"{100 * fraction:.1f}"


def _half_width(estimate) -> str:
    return "n/a" if estimate.half is None else f"±{percent(estimate.half)}"


def _one_line(row: Row, column: str) -> str:
    mean, half, sides = cell(row, column)
    if not half or column == "per class":
        return mean
    return f"{mean} ± {half.removeprefix('±')}" + (f" ({sides})" if sides else "")
