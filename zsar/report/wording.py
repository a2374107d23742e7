"""How a table's numbers, notes and legend read, the same in every format."""

import os
from collections.abc import Iterable, Mapping

from zsar.protocol import MODES, RULES, STRATEGIES
from zsar.results.published import published_range
from zsar.results.table import Reference, Row, Table

SETTING_TITLES = {
    "zsl": "ZSL top-1 accuracy (%)",
    "gzsl": "GZSL harmonic mean H of seen and unseen accuracy (%)",
}
NOTHING = "–"
PUBLISHED = "published (oracle)"
REFERENCES = (
    "Published for the same splits and setting. Chosen on the test classes, so they "
    "compare with the oracle and not with the rows above:"
)
REFERENCES_IN_SHORT = "Published for these splits; compare with the oracle, not with the rows above:"


def heading(table: Table) -> str:
    """The title of one table."""
    return f"{about(table)}, {SETTING_TITLES[table.setting]}"


def about(table: Table) -> str:
    """Which clips and classes a table is about."""
    return f"{table.title}, {table.protocol}, {table.family} splits"


def measured(table: Table) -> str:
    """What a table's numbers are, with the rule and the number of seeds where all rows share them."""
    shared = [{f"rule {row.rule}" for row in table.rows}, {seeds(row) for row in table.rows}]
    return ", ".join([SETTING_TITLES[table.setting], *(values.pop() for values in shared if len(values) == 1)])


def name(row: Row) -> str:
    """The method as a reader looks for it: title, "T" when transductive, what tells it apart."""
    mark = " (T)" if row.transductive else ""
    return row.title + mark + (f" [{row.configuration}]" if row.configuration else "")


def strategic_name(row: Row) -> str:
    """The `name`, with the strategy where there is one."""
    return " · ".join([name(row), *([row.strategy] if row.strategy else [])])


def seeds(row: Row) -> str:
    """How many seeds a row has, in words."""
    return f"{len(row.seeds)} seed{'s' * (len(row.seeds) != 1)}"


def shared(table: Table, what: str) -> str | None:
    """The ``encoder`` or ``text`` that all rows have in common, None when they differ."""
    values = {getattr(row, what) for row in table.rows}
    return values.pop() if len(values) == 1 else None


def inputs(table: Table, row: Row) -> dict[str, str]:
    """The row's ``encoder`` and ``text`` where rows differ in them, without what they share."""
    values = {what: getattr(row, what) for what in ("encoder", "text") if shared(table, what) is None}
    if "text" in values:
        values["text"] = values["text"].removeprefix(_shared_text(table))
    return values


def _shared_text(table: Table) -> str:
    """The model, and the prompts' set, that the rows' texts begin with, as "model, set: "."""
    texts = {row.text for row in table.rows if ": " in row.text}
    common = os.path.commonprefix(sorted(texts)) if len(texts) > 1 else ""
    ends = [common.rfind(mark) + len(mark) for mark in (": ", ", ") if mark in common]
    return common[: max(ends, default=0)]


def notes(table: Table, *, short: bool = False) -> list[str]:
    """Sentences that belong under one table; in short those without which its numbers mislead."""
    sentences = []
    if table.simulated:
        sentences.append("Simulated motions: these numbers say nothing about real recordings.")
    if not table.rows:
        sentences.append("No run ended well under these rules, so there is nothing to rank.")
    alike = [f"{what} {value}" for what in ("encoder", "text") if (value := shared(table, what))]
    if begins := _shared_text(table):
        some = "" if all(row.text.startswith(begins) for row in table.rows) else " where there is one"
        alike.append(f"text {begins.rstrip(':, ')}{some}")
    if alike and not short:
        sentences.append(f"In all rows: {'; '.join(alike)}.")
    if any(not row.complete for row in table.rows):
        sentences.append(
            "A row without an average lacks a run on some split and isn't ranked; "
            "* marks a mean over fewer seeds than the row has."
        )
    sentences += table.remarks
    if not short:
        runs = f"{table.runs} run{'s' * (table.runs != 1)}"
        sentences.append(f"{runs}, dataset version {table.version}, evaluator {table.evaluator}.")
    return sentences


def machine(environment: Mapping) -> str:
    """What a run was computed on, as its record has it: "cpu (AMD EPYC, AVX512), torch 2.13.0, ..."

    What an older record doesn't hold is left out.
    """
    e = {key: str(value) for key, value in environment.items()}
    processor = ", ".join(e[key] for key in ("processor", "instructions") if key in e)
    versions = [f"{name} {e[key]}" for name, key in (("torch", "torch"), ("Python", "python")) if key in e]
    threads = [f"{e['threads']} thread{'s' * (e['threads'] != '1')} per run"] if "threads" in e else []
    device = e.get("device", "") + (f" ({processor})" if processor else "")
    return ", ".join(filter(None, [device, *versions, *threads]))


def legend(tables: Iterable[Table]) -> list[str]:
    """What the columns mean; only what occurs in the tables."""
    rows = [row for table in tables for row in table.rows]
    zsl = [row for row in rows if row.strategy is None]
    sentences = [
        "Mean over seeds ± half width of the 95% interval (Student t); n/a with a single seed. "
        "Ranked by the average over the splits, within a rule."
    ]
    if rows:
        sentences.append(f"Rule {_definitions(RULES, {row.rule for row in rows})}.")
    if any(row.group for row in rows):
        sentences.append(
            "Group (a letter; on the screen below the rank): rows that share one can't be told "
            "apart. Over the clips of all splits and the seeds in common, McNemar's test (Holm's "
            "correction over the table) and the paired bootstrap by subject must both tell two "
            "rows apart, at 95%."
        )
    if len(zsl) < len(rows):
        sentences += [
            "GZSL: all classes are candidates. H ± half width, and in brackets or below it "
            "S/U, the accuracy on clips of seen and of unseen classes; H is taken per run and "
            "then averaged, so it isn't the harmonic mean of the S and U shown. All strategies "
            "of a rule are ranked together, but never the oracle's.",
            f"Strategy {_definitions(STRATEGIES, {row.strategy for row in rows})}. "
            "Constant and gate are fitted on pseudo-unseen classes.",
            "AUSUC: area under the curve of seen against unseen accuracy over all constants "
            "taken off each clip's scores in standard units, of 100; the same for every strategy.",
        ]
    return sentences + _closing(rows, "mean of the per-class accuracies, averaged over splits and seeds")


def legend_in_short(tables: Iterable[Table]) -> list[str]:
    """The `legend` for a screen of 80 columns, in a line each where one will do."""
    rows = [row for table in tables for row in table.rows]
    zsl = [row for row in rows if row.strategy is None]
    sentences = [f"Rule {_definitions(RULES, {row.rule for row in rows})}."] * bool(rows)
    if any(len(row.seeds) > 1 for row in rows):
        sentences.append("Below a mean the half width of its 95% interval over the seeds; n/a: unknown.")
    elif rows:
        sentences.append("One seed leaves the interval unknown (n/a); --seeds 0,1,2 gives one.")
    if any(row.group for row in rows):
        sentences.append("Rows that share a letter can't be told apart, at 95%.")
    if len(zsl) < len(rows):
        sentences += [
            f"Strategy {_definitions(STRATEGIES, {row.strategy for row in rows})}.",
            "Below H: S/U, the accuracy on clips of seen and of unseen classes.",
            "AUSUC: the area under the curve of S over U for all constants, of 100.",
        ]
    return sentences + _closing(rows, "the mean of the classes' accuracies")


def _closing(rows: list[Row], per_class: str) -> list[str]:
    """What ends every legend: the columns of the zero-shot setting and the mark of a mode."""
    zsl, sentences = [row for row in rows if row.strategy is None], []
    if any(row.average and row.average.gap is not None for row in zsl):
        sentences.append("Gap: what choosing the epoch on the test classes (oracle) would add, in points.")
    if zsl:
        sentences.append(f"Per class: {per_class}.")
    if any(row.transductive for row in rows):
        sentences.append(f"(T): transductive, {MODES['transductive']}.")
    return sentences


def _definitions(sentences: dict[str, str], occurring: set) -> str:
    return "; ".join(f"{name}: {sentence}" for name, sentence in sentences.items() if name in occurring)


def failures(table: Table) -> list[str]:
    """One heading and one line per failed run; empty when none failed."""
    if not table.failures:
        return []
    return [f"{len(table.failures)} of {table.runs} runs failed:"] + [
        f"{f.method}, {f.split}, seed {f.seed} (run {f.run}): {f.error}" for f in table.failures
    ]


def references(table: Table) -> tuple[list[list[str]], list[str]]:
    """Published numbers as rows [method, one text per split], and the sources they number."""
    sources: list[str] = []
    rows = [[ref.title, *(_published(ref, split.name, sources) for split in table.splits)] for ref in table.references]
    return rows, [f"[{i}] {text}" for i, text in enumerate(sources, 1)]


def _published(reference: Reference, split: str, sources: list[str]) -> str:
    numbers = reference.numbers.get(split)
    if not numbers:
        return NOTHING
    marks = {}
    for number in numbers:
        text = f"{number.source} ({number.source_kind})" + (f"; {number.note}" if number.note else "")
        if text not in sources:
            sources.append(text)
        marks.setdefault(sources.index(text) + 1, []).append(number)
    if numbers[0].setting == "zsl":
        return f"{published_range(numbers)} {_marked(marks)}"
    alike: dict[str, list[int]] = {}  # S, U and H belong together: one triple per source
    for mark, of_source in sorted(marks.items()):
        for triple in _triples(of_source):
            alike.setdefault(triple, []).append(mark)
    return ", ".join(f"{triple} {_marked(m)}" for triple, m in alike.items())


def _triples(numbers: list) -> list[str]:
    """ "77.4 (74.2/34.7)": H, S and U of one source, which may have several configurations."""
    configurations: dict[tuple, dict] = {}
    for number in numbers:
        configurations.setdefault((number.encoder, number.text), {})[number.metric] = number.value
    return [
        "{} ({}/{})".format(*(f"{of[m]:.1f}" if m in of else NOTHING for m in ("harmonic", "seen", "unseen")))
        for of in configurations.values()
    ]


def _marked(marks) -> str:
    return f"[{','.join(map(str, sorted(set(marks))))}]"
