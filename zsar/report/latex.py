"""Leaderboards as LaTeX tables in the booktabs style."""

import re

from zsar.report import wording
from zsar.report.lines import TEXT_COLUMNS, lines
from zsar.results.table import Table

SPECIAL = {character: f"\\{character}" for character in "&%$#_{}"} | {
    **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
    **{"<": r"\textless{}", ">": r"\textgreater{}", "±": r"$\pm$", "–": "--"},
}


def latex(tables: list[Table]) -> str:
    """One ``table`` environment per leaderboard; needs ``\\usepackage{booktabs}``."""
    legend = [f"% {line}" for line in wording.legend(tables)]
    return "\n".join(["% Needs \\usepackage{booktabs}.", *legend, *map(_environment, tables)]) + "\n"


def escaped(text: str) -> str:
    """Text that LaTeX sets as it is, on one line."""
    return "".join(SPECIAL.get(c, c) for c in " ".join(text.split()))


def _environment(table: Table) -> str:
    head, body, chance = lines(table)
    columns = "".join("l" if column in TEXT_COLUMNS else "r" for column in head)
    words = f"{table.dataset} {table.protocol} {table.family} {table.setting}"
    label = re.sub(r"[^a-z0-9]+", "-", words.lower())
    printed, sources = wording.references(table)
    caption = [wording.heading(table) + ".", *wording.notes(table)]
    if table.failures:
        caption.append(f"{len(table.failures)} of the runs failed.")
    environment = [
        r"\begin{table}",
        r"\centering",
        f"\\caption{{{escaped(' '.join(caption))}}}",
        f"\\label{{tab:{label}}}",
        f"\\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        _row(head),
        r"\midrule",
        *map(_row, body),
        *([r"\midrule"] if table.rows and chance else []),
        *([_row(chance)] if chance else []),
    ]
    if printed:
        first = next(i for i, column in enumerate(head) if column == table.splits[0].name)
        environment.append(r"\midrule")
        for method, *numbers in printed:
            blank = [""] * (first - 2)
            after = [""] * (len(head) - first - len(numbers))
            environment.append(_row(["", f"{method}, {wording.PUBLISHED}", *blank, *numbers, *after]))
    environment += [r"\bottomrule", r"\end{tabular}"]
    if sources:
        environment.append(r"\footnotesize")
        environment += [rf"\par {escaped(source)}" for source in sources]
    return "\n".join([*environment, r"\end{table}"])


def _row(cells: list[str]) -> str:
    return " & ".join(map(escaped, cells)) + r" \\"
