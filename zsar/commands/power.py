"""``zsar power``: how many seeds tell two methods apart."""

import argparse
import math
from collections import defaultdict
from pathlib import Path

from zsar.errors import RecordError, ZsarError

CONFIDENCE = 0.8


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        metavar="RESULTS",
        help="a results folder; the spread over seeds is taken from its records",
    )
    parser.add_argument(
        "--difference",
        required=True,
        type=float,
        metavar="POINTS",
        help="the difference to be found, in points of accuracy",
    )
    parser.add_argument(
        "--sd",
        type=float,
        metavar="POINTS",
        help="instead of RESULTS: the standard deviation over seeds",
    )
    parser.add_argument(
        "--other-sd",
        type=float,
        metavar="POINTS",
        help="with --sd: that of the second method (default: the same)",
    )
    parser.add_argument(
        "--power",
        type=float,
        default=0.8,
        metavar="P",
        help="chance of finding the difference (default: 0.8)",
    )
    parser.add_argument(
        "--level",
        type=float,
        default=0.95,
        metavar="P",
        help="of the two-sided t-test (default: 0.95)",
    )
    parser.add_argument("--rule", metavar="last,val,oracle", help="selection rules (default: last)")
    parser.add_argument(
        "--metric",
        default="top1",
        metavar="NAME",
        help="a number of the records' results; dots lead into blocks (default: top1)",
    )


def run(options: argparse.Namespace) -> int:
    """Print the numbers of seeds."""
    from zsar.evaluation.power import seeds_needed

    if (options.folder is None) == (options.sd is None):
        raise ZsarError(
            "zsar power needs either a results folder or --sd",
            "For example: zsar power results --difference 3, or zsar power --sd 1.5 --difference 3",
        )
    chosen = {"power": options.power, "level": options.level}
    what = (
        f"to find a difference of {options.difference:g} points with chance {options.power:g} "
        f"(two-sided t-test at {1 - options.level:.3g})"
    )
    if options.sd is not None:
        needed = seeds_needed(options.difference, options.sd, options.other_sd, **chosen)
        print(f"{_count(needed)} seeds of each method {what}")
        return 0
    if options.other_sd is not None:
        raise ZsarError("--other-sd goes with --sd; a results folder holds its own deviations")
    from zsar.results.record import read_records

    rules = (options.rule or "last").split(",")
    found = spreads(read_records(options.folder), rules, options.metric)
    if not found:
        raise RecordError(f"{options.folder} holds no finished run with {options.metric!r} under {', '.join(rules)}")
    print(f"Seeds of each method {what}:\n")
    _show(found, options.difference, chosen)
    return 0


def spreads(records: list[dict], rules: list[str], metric: str) -> dict[tuple, dict[tuple, list]]:
    """{(dataset, split, ...): {(method, mode, rule, ...): values over seeds in percent}}.

    Only runs that differ in nothing but the seed share a list. Raises `RecordError` when a seed
    occurs twice, and `UnknownName` for a rule that doesn't exist.
    """
    from zsar.errors import UnknownName
    from zsar.results.labels import identity, telling_apart
    from zsar.results.ranking import RULES

    for rule in rules:
        if rule not in RULES:
            raise UnknownName("selection rule", rule, RULES)
    done = [r for r in sorted(records, key=lambda r: r["seed"]) if r["status"] == "done"]
    names, found, seeds = telling_apart(done), defaultdict(lambda: defaultdict(list)), {}
    for record in done:
        cell, labels = _cell(record), names[identity(record)]
        for mode, by_rule in sorted(record["results"].items()):
            for rule in rules:
                value = _number(by_rule, f"{rule}.{metric}")
                if value is None:
                    continue
                row = (record["method"]["name"], mode, rule, *labels.values())
                other = seeds.setdefault((cell, row, record["seed"]), record["run"])
                if other != record["run"]:
                    raise RecordError(
                        f"runs {other} and {record['run']} are the same method, split "
                        f"and seed {record['seed']}: a seed counts once",
                        "Move one of the two elsewhere.",
                    )
                found[cell][row].append(100 * value)
    return {cell: dict(rows) for cell, rows in sorted(found.items())}


def _cell(record: dict) -> tuple[str, ...]:
    dataset, split = record["dataset"], record["split"]
    return (
        dataset["id"],
        str(dataset["version"]),
        dataset["protocol"],
        split["family"],
        split["name"],
        split["hash"],
        f"evaluator {record['evaluator']}",
    )


def _number(block, metric: str) -> float | None:
    for key in metric.split("."):
        block = block.get(key) if isinstance(block, dict) else None
    return float(block) if isinstance(block, (int, float)) and not isinstance(block, bool) else None


def _show(found: dict, difference: float, chosen: dict) -> None:
    from rich.console import Console
    from rich.table import Table

    from zsar.evaluation.power import seeds_needed, upper_deviation

    console = Console(soft_wrap=True)
    for cell, rows in found.items():
        dataset, version, protocol, family, split, _, evaluator = cell
        table = Table(
            title=f"{dataset} ({version}), {protocol}, {family}.{split}, {evaluator}",
            title_justify="left",
        )
        for head in (
            "method",
            "rule",
            "seeds run",
            "mean",
            "sd",
            "seeds needed",
            f"if the sd is at its {CONFIDENCE:.0%} bound",
        ):
            table.add_column(head, justify="left" if head in ("method", "rule") else "right")
        deviations = []
        for (method, mode, rule, configuration, encoder, text), values in sorted(rows.items()):
            differing = ", ".join(
                part
                for part, index in ((configuration, 3), (encoder, 4), (text, 5))
                if part and len({r[index] for r in rows}) > 1
            )
            name = method + (" (transductive)" if mode == "transductive" else "")
            name += f" [{differing}]".replace("[", r"\[") if differing else ""
            n, mean, sd = len(values), sum(values) / len(values), _deviation(values)
            if sd is None:
                table.add_row(name, rule, str(n), f"{mean:.1f}", "n/a", "n/a", "n/a")
                continue
            deviations.append((sd, n))
            upper = upper_deviation(sd, n, CONFIDENCE)
            table.add_row(
                name,
                rule,
                str(n),
                f"{mean:.1f}",
                f"{sd:.2f}",
                _count(seeds_needed(difference, sd, **chosen)),
                _count(seeds_needed(difference, upper, **chosen)),
            )
        console.print(table)
        if not deviations:
            print("A single seed says nothing about the spread: run more, such as --seeds 0,1,2,3,4\n")
            continue
        largest = sorted((sd for sd, _ in deviations), reverse=True)[:2]
        needed = seeds_needed(difference, largest[0], largest[-1], **chosen)
        print(
            f"Any two of these: {_count(needed)} seeds. The number of a row is for two methods of that row's spread.\n"
        )


def _deviation(values: list[float]) -> float | None:
    if len(values) < 2:
        return None
    mean = sum(values) / len(values)
    return math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1))


def _count(seeds: int | None) -> str:
    from zsar.evaluation.power import MOST_SEEDS

    return f"more than {MOST_SEEDS:,}" if seeds is None else str(seeds)
