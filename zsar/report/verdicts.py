"""How a check reads: on the screen and as Markdown."""

from collections import Counter, defaultdict

from zsar.report.markdown import escaped, table_of
from zsar.results.check import ABOVE, BELOW, NOT_COMPARABLE, REPRODUCED, WIDE, Compared

TITLES = {"published": "published numbers", "expected": "expected numbers"}
EXPLAINED = {
    "published": "Reproduced: our 95% interval over the seeds reaches the published value, or the "
    "range of values where sources differ, and is no wider than "
    f"± {100 * WIDE:.0f} points. Papers choose the epoch on the test classes, so only "
    "our rule oracle compares with them.",
    "expected": "Reproduced: our mean over the seeds that both have is within the tolerance given after ±. "
    "Below is a regression.",
}
HEAD = ["cell", "reference", "ours", "difference", "verdict"]


def summary(compared: list[Compared], against: str) -> str:
    """One line: how many cells have which verdict."""
    counts = Counter(c.verdict for c in compared)
    listed = [f"{counts[v]} {v}" for v in (REPRODUCED, BELOW, ABOVE, NOT_COMPARABLE) if counts[v]]
    cells = f"{len(compared)} cell{'s' * (len(compared) != 1)}"
    return f"{cells} against {TITLES[against]}: {', '.join(listed) or 'none'}"


def values(c: Compared) -> list[str]:
    """Reference, ours with its interval, the difference in points and the verdict, as text."""
    ours = "–" if c.mean is None else f"{100 * c.mean:.1f}"
    if c.mean is not None:
        ours += f" ± {'n/a' if c.half is None else f'{100 * c.half:.1f}'}"
    difference = "–" if c.difference is None else _points(c.difference)
    return [c.reference, ours, difference, c.verdict + (f": {c.why}" if c.why else "")]


def uncompared(compared: list[Compared]) -> list[str]:
    """One line per reason why cells don't compare, with their number and the methods."""
    reasons = defaultdict(list)
    for c in compared:
        if c.verdict == NOT_COMPARABLE:
            reasons[c.why].append(c)
    return [
        f"{len(cells)} cell{'s' * (len(cells) != 1)} not comparable: {why} "
        f"({', '.join(sorted({c.title for c in cells}))})"
        for why, cells in sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0]))
    ]


def machines(compared: list[Compared]) -> list[str]:
    """A line for every way in which records are from another machine than the expected numbers, with what follows."""
    differences = Counter(c.differs for c in compared if c.differs)
    return [
        f"{count} cell{'s' * (count != 1)} from another machine ({'; '.join(differs)}): training rounds differently "
        "there and may end elsewhere, so the tolerance is that of two draws of the seeds."
        for differs, count in differences.most_common()
    ]


def markdown(compared: list[Compared], against: str) -> str:
    """One section per split with all cells, sources at the end."""
    parts = [
        f"# Check against {TITLES[against]}",
        escaped(summary(compared, against) + "."),
        EXPLAINED[against] + " Accuracies in percent, differences in points.",
        *map(escaped, machines(compared)),
    ]
    sections = defaultdict(list)
    for c in compared:
        sections[c.split, c.setting].append(c)
    for (split, setting), cells in sections.items():
        cells.sort(key=lambda c: c.verdict == NOT_COMPARABLE)
        parts.append(f"## {escaped(split)}, {setting.upper()} {_metric(setting)}")
        parts.append(table_of(_head(against), [[short(c), *values(c)] for c in cells]))
        sources = dict.fromkeys(f"{c.title}: {c.source}" for c in cells if c.source)
        if sources:
            parts.append("\n".join(f"- {escaped(source)}" for source in sources))
    return "\n\n".join(parts) + "\n"


def print_verdicts(compared: list[Compared], against: str, console=None) -> None:
    """Print the comparable cells to a rich ``Console``, then why the others are not."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from zsar.printing import as_text, screen

    console = console or screen()
    if not compared:
        console.print(f"There are no {TITLES[against]} for these methods, splits and settings.")
        return
    sections = defaultdict(list)
    for c in compared:
        if c.verdict != NOT_COMPARABLE:
            sections[c.split, c.setting].append(c)
    for (split, setting), cells in sections.items():
        title = f"{split}, {setting.upper()} {_metric(setting)} (%)"
        console.print(as_text(console, title, "bold"))
        shown = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
        for name in _head(against):
            shown.add_column(
                name,
                justify="left" if name in ("cell", "verdict") else "right",
                no_wrap=name not in ("cell", "verdict"),
            )
        for c in cells:
            style = {BELOW: "red", ABOVE: "yellow"}.get(c.verdict, "")
            shown.add_row(*(as_text(console, text) for text in (short(c), *values(c))), style=style)
        console.print(shown)
        console.print()
    for line in uncompared(compared):
        console.print(as_text(console, line, "dim"))
    console.print(as_text(console, f"{summary(compared, against)}."))
    for line in (EXPLAINED[against], *machines(compared)):
        console.print(as_text(console, line, "dim"))


def short(c: Compared) -> str:
    """The cell within its split: "PGFA (T), last", "DVTA [lr=0.1], oracle, stacking"."""
    mark = " (T)" if c.mode == "transductive" else ""
    name = c.title + mark + (f" [{c.configuration}]" if c.configuration else "")
    return ", ".join([name, c.rule, *([c.strategy] if c.strategy else [])])


def _points(difference: float) -> str:
    shown = f"{100 * difference:+.1f}"
    return "0.0" if shown in ("+0.0", "-0.0") else shown


def _metric(setting: str) -> str:
    return "top-1" if setting == "zsl" else "harmonic mean"


def _head(against: str) -> list[str]:
    return [against if name == "reference" else name for name in HEAD]
