"""What a benchmark would run, and the published numbers that it will be held against; nothing is run or needed."""

import re
import textwrap
from pathlib import Path

from zsar import configuration, storage
from zsar.data.bundles import ENCODER as RELEASED
from zsar.data.cards import store_path
from zsar.data.splits import splits_of
from zsar.errors import ZsarError
from zsar.harness.plan import RELEASED_TEXT, Job
from zsar.plugins import find
from zsar.printing import screen
from zsar.protocol import SUBSETS
from zsar.results.published import published, published_range

COUNTED = tuple(name for name in SUBSETS if name != "pseudo_unseen")
NO_SIZES = "No number of clips is stated for these splits; a run counts them."
HEADS = {"zsl": {"top1": "ZSL"}, "gzsl": {"seen": "S", "unseen": "U", "harmonic": "H"}}


def preview(jobs: list[Job], out: Path) -> None:
    """Print the splits, every method's whole configuration, and published numbers for exactly these splits."""
    console = screen()
    card, first = jobs[0].card, jobs[0]
    seeds = _unique(j.seed for j in jobs)
    _print_paragraph(
        console,
        f"{len(jobs)} run{'s' * (len(jobs) != 1)} of {card.title} ({card.id}), {first.protocol.name}, "
        f"seed{'s' * (len(seeds) != 1)} {', '.join(map(str, seeds))}; "
        f"rules {', '.join(first.rules)}; {' and '.join(first.settings)}; results in {out}",
    )
    if not card.simulated and not store_path(card.id).is_dir():
        _print_paragraph(console, f"The data is not on this machine; how to get it: zsar data info {card.id}")
    _splits(console, jobs)
    for method in _unique(j.method for j in jobs):
        _method(console, [j for j in jobs if j.method == method])
    _encoders(console, jobs)
    _published(console, jobs)


def _splits(console, jobs: list[Job]) -> None:
    card = jobs[0].card
    splits = list({j.split.id(card): j.split for j in jobs}.values())
    sizes = [s.expected.get(f"{card.stands_for}/{jobs[0].protocol.name}", {}) for s in splits]
    table = _table("split", "classes", *(name.replace("_", " ") for name in COUNTED if any(sizes)))
    for split, expected in zip(splits, sizes, strict=True):
        counts = [str(expected.get(name, "-")) for name in COUNTED] if any(sizes) else []
        table.add_row(f"{split.family}.{split.name}", split.sizes, *counts)
    console.print()
    console.print(table)
    _print_paragraph(console, "Classes: seen/unseen. " + ("Clips expected in each subset." if any(sizes) else NO_SIZES))


def _method(console, jobs: list[Job]) -> None:
    """One block for each configuration of a method, which may differ from one family of splits to another."""
    blocks: dict[tuple, list[str]] = {}
    for job in jobs:
        families = blocks.setdefault(tuple(_configuration(job)), [])
        if job.split.family not in families:
            families.append(job.split.family)
    for lines, families in blocks.items():
        console.print()
        console.print(jobs[0].method + (f", on {', '.join(families)}" if len(blocks) > 1 else ""))
        for line in lines:
            _print_paragraph(console, line, 2)


def _configuration(job: Job):
    recipe = job.recipe
    adapts = "; adapts to the unlabelled test clips (transductive)" if find("method", job.method).transductive else ""
    if job.encoder is None:
        yield f"learns from: clips, {job.frames} frames, end to end{adapts}"
    else:
        yield f"learns from: {find('method', job.method).input} by {_called(job.encoder)}{adapts}"
        if recipe.features and job.encoder.name != RELEASED:
            yield f"in the papers: {recipe.features}"
    yield f"keywords: {_keywords(job.keywords)}"
    yield f"chosen: {recipe.chosen}"
    if recipe.note:
        yield f"note: {recipe.note}"
    yield _text(job)
    if "gzsl" in job.settings and job.encoder is None and job.expert is not None:
        yield f"seen expert of the generalized setting: the classifier of {_called(job.expert)}"


def _encoders(console, jobs: list[Job]) -> None:
    """Every encoder once, with all its keywords and where its features come from."""
    used: dict[str, Job] = {}
    for job in jobs:
        choice = job.encoder or ("gzsl" in job.settings and job.expert)
        if choice:
            used.setdefault(f"{_called(choice)}: {_keywords(choice.keywords)}", job)
    for description, job in used.items():
        choice = job.encoder or job.expert
        console.print()
        console.print(_called(choice))
        if choice.name == RELEASED:
            _print_paragraph(console, f"features: as they were imported into {store_path(job.card.id)}", 2)
            _print_paragraph(console, f"made by: {', '.join(map(str, choice.keywords.values()))}", 2)
            continue
        _print_paragraph(console, f"keywords: {description.partition(': ')[2]}", 2)
        if job.recipe.encoder_chosen and job.recipe.encoder.get("name") == choice.name:
            _print_paragraph(console, f"chosen: {job.recipe.encoder_chosen}", 2)
        kept = storage.cache() / "features"
        _print_paragraph(console, f"features: fitted on each split's seen training clips, then kept in {kept}", 2)


def _called(choice) -> str:
    return "the bundle's own encoder" if choice.name == RELEASED else f"{choice.name} at {choice.frames} frames"


def _text(job: Job) -> str:
    from zsar.text import models
    from zsar.text.vectors import SHIPPED

    kinds = " and ".join(job.prompts)
    if job.text_model.startswith(RELEASED_TEXT):
        whose = f"the prompt set {job.card.prompts}'s" if job.text_source else "the bundle's"
        return f"text: {kinds}, {whose} vectors by {job.text_model.removeprefix(RELEASED_TEXT)}"
    text = f"text: {kinds} of the prompt set {job.card.prompts}, by {job.text_model}"
    if job.text_model in SHIPPED and job.card.prompts in configuration.names("prompts"):
        return f"{text}, whose vectors come with zsar"
    try:
        models.locate(job.text_model)
    except ZsarError:
        text += ", which is not on this machine and is needed for a run, or vectors by it: zsar text import --help"
    return text


def _published(console, jobs: list[Job]) -> None:
    """The numbers that papers print for these splits and methods, and for the averages of random families."""
    card, settings = jobs[0].card, jobs[0].settings
    console.print()
    if card.simulated:
        _print_paragraph(console, "Simulated data: there are no published numbers.")
        return
    if card.stands_for not in configuration.names("datasets"):
        return  # a dataset of the user's own
    columns = {(s, metric): short for s in settings for metric, short in HEADS[s].items()}
    table = _table("published", "method", *columns.values(), "sources")
    sources: dict[str, int] = {}
    made_with: dict[str, None] = {}
    missing: dict[str, list[str]] = {}
    for name, family, split, planned in _places(jobs):
        for method in _unique(j.method for j in jobs):
            printed = {at: published(card.stands_for, family, split, *at, method) for at in columns}
            numbers = [n for of_metric in printed.values() for n in of_metric]
            if not numbers:
                if planned:
                    missing.setdefault(method, []).append(name)
                continue
            for n in numbers:
                sources.setdefault(short_source(n.source), len(sources) + 1)
                made_with.setdefault(f"{method}: {n.encoder or 'unknown encoder'}; text {n.text or 'unknown'}")
            cited = " ".join(f"[{i}]" for i in sorted({sources[short_source(n.source)] for n in numbers}))
            table.add_row(name, method, *(published_range(ns) if ns else "-" for ns in printed.values()), cited)
    if sources:
        console.print(table)
        _print_paragraph(console, "Percent, by the rule oracle: the papers choose the epoch on the test classes.")
    for method, names in missing.items():
        _print_paragraph(console, f"No published number was found for {method} on {', '.join(names)}.")
    if sources:
        console.print()
        console.print("Published numbers were made with")
        order = _unique(j.method for j in jobs)
        for line in sorted(made_with, key=lambda line: order.index(line.partition(":")[0])):
            _print_paragraph(console, line, 2)
        console.print()
        console.print("Sources")
        for source, number in sources.items():
            _print_paragraph(console, f"[{number}] {source}", 2)


def _places(jobs: list[Job]):
    """Where published numbers may stand: (name, family, split, whether it is one of the splits that would run)."""
    card = jobs[0].card
    splits = _unique(j.split for j in jobs)
    for split in splits:
        yield f"{split.family}.{split.name}", split.family, split.name, True
    for family, sizes in _unique((s.family, s.sizes) for s in splits):
        count = sum(s.family == family and s.sizes == sizes for s in splits_of(card))
        here = sum(s.family == family and s.sizes == sizes for s in splits)
        if count > 1:
            of = f"{count}" if here == count else f"{count}, {here} here"
            yield f"{family} {sizes}, mean of {of}", f"random{count}_{family}", sizes, False


def short_source(source: str) -> str:
    """A citation without the file in which its table was found."""
    return re.split(r"[,;:]? (?:image |\(metric |\(Benchmarks |docs/|table image|in github )", source)[0]


def _keywords(keywords: dict) -> str:
    plain = lambda v: f"({','.join(map(str, v))})" if isinstance(v, tuple | list) else str(v)
    return ", ".join(f"{k}={plain(v)}" for k, v in keywords.items()) or "none"


def _unique(items) -> list:
    return list(dict.fromkeys(items))


def _table(*columns: str):
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _print_paragraph(console, text: str, indent: int = 0) -> None:
    """Print a paragraph, its lines but the first indented further."""
    lines = textwrap.wrap(
        text,
        max(console.width, 40),
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + 2 if indent else 0),
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in lines:
        console.print(line, soft_wrap=True)
