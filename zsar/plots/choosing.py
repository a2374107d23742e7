"""Which runs of a results folder a picture is about."""

from collections.abc import Callable
from dataclasses import dataclass

from zsar.errors import UnknownName, ZsarError
from zsar.protocol import RULES
from zsar.results.naming import natural, tell_apart

MODES = ("inductive", "transductive")


@dataclass(frozen=True)
class Choice:
    """What was asked for; None leaves it open. ``methods`` and ``runs`` are names and run ids, empty for all."""

    dataset: str | None = None
    methods: tuple[str, ...] = ()
    split: str | None = None
    rule: str = "last"
    seed: int | None = None
    mode: str | None = None
    protocol: str | None = None
    runs: tuple[str, ...] = ()


def fitting(records: list[dict], choice: Choice, where: str) -> list[dict]:
    """The finished runs that fit, in the order of split, method and seed.

    Raises `UnknownName` with what there is for the first thing asked for that no run fits, and `ZsarError` when all
    that fit have failed.
    """
    if choice.rule not in RULES:
        raise UnknownName("selection rule", choice.rule, RULES)
    if choice.mode is not None and choice.mode not in MODES:
        raise UnknownName("mode", choice.mode, MODES)
    asked = {
        "run": (choice.runs, lambda r: {r["run"]}),
        "dataset": (_as_tuple(choice.dataset), lambda r: {r["dataset"]["id"]}),
        "protocol": (_as_tuple(choice.protocol), lambda r: {r["dataset"]["protocol"]}),
        "method": (choice.methods, lambda r: {r["method"]["name"]}),
        "split": (_as_tuple(choice.split and choice.split.replace("/", "-")), _split_names),
        "seed": (_as_tuple(choice.seed), lambda r: {str(r["seed"])}),
    }
    found = records
    for what, (wanted, names) in asked.items():
        for name in wanted:
            if not any(name in names(r) for r in found):
                there = map(split_name, found) if what == "split" else (n for r in found for n in names(r))
                raise UnknownName(what, name, set(there), f"{where}{_so_far(records, found)}")
        found = [r for r in found if not wanted or names(r) & set(wanted)]
    done = [r for r in found if r["status"] == "done"]
    if not done:
        run = found[0]
        raise ZsarError(
            f"every run that fits has failed ({len(found)} in {where}); {run['run']}: {run.error_line}",
            "Run the benchmark again; failed runs are tried once more.",
        )
    rules = {rule for r in done for by_rule in r["results"].values() for rule in by_rule}
    if choice.rule not in rules:
        raise UnknownName("rule", choice.rule, rules, f"{where}{_so_far(records, done)}")
    return sorted((r for r in done if any(choice.rule in by for by in r["results"].values())), key=_order)


def _as_tuple(value) -> tuple[str, ...]:
    return () if value is None else (str(value),)


def _so_far(records: list[dict], found: list[dict]) -> str:
    return f", among the {len(found)} of {len(records)} runs that fit otherwise" if len(found) < len(records) else ""


def one(records: list[dict], of: Callable[[dict], str], what: str, option: str) -> str:
    """The single value that all runs share. Raises `ZsarError` that lists the values when there are several."""
    values = sorted({of(r) for r in records}, key=natural)
    if len(values) > 1:
        raise ZsarError(
            f"the picture shows one {what}, and {len(values)} fit: {', '.join(values)}",
            f"Choose with {option}, for example: {option} {values[0]}",
        )
    return values[0]


def one_table(records: list[dict]) -> None:
    """Raise `ZsarError` unless all runs are of one dataset, version, protocol and family of splits."""
    one(records, lambda r: r["dataset"]["id"], "dataset", "--dataset")
    one(records, lambda r: r["dataset"]["protocol"], "protocol", "--protocol")
    one(records, lambda r: r["split"]["family"], "family of splits", "--split")
    versions = {str(r["dataset"]["version"]): r["run"] for r in reversed(records)}
    if len(versions) > 1:
        listed = ", ".join(f"{version} (run {versions[version]})" for version in sorted(versions))
        raise ZsarError(
            f"the picture shows one version of {records[0]['dataset']['id']}, and {len(versions)} fit: {listed}",
            "Name the runs with --run, or move the older ones elsewhere.",
        )


def one_split(records: list[dict]) -> None:
    """As `one_table`, and of one split."""
    one(records, lambda r: r["dataset"]["id"], "dataset", "--dataset")
    one(records, split_name, "split", "--split")
    one_table(records)
    for record in records:
        if record["split"]["hash"] != records[0]["split"]["hash"]:
            raise ZsarError(
                f"the split {split_name(record)} has other classes in run {record['run']} than in run "
                f"{records[0]['run']}",
                "The split file changed in between; run the older ones again, or name runs with --run.",
            )


def one_configuration(records: list[dict]) -> None:
    """Raise `ZsarError` unless all runs differ in split and seed alone."""
    one(records, lambda r: r["method"]["name"], "method", "--method")
    told = tell_apart(records)
    if len(told) > 1:
        listed = "; ".join(
            f"{', '.join(v for v in told[i].values() if v)} (runs {', '.join(_runs(records, i))})" for i in sorted(told)
        )
        raise ZsarError(
            f"the picture shows one configuration of {records[0]['method']['name']}, and {len(told)} fit: {listed}",
            "Name the runs with --run, separated by commas.",
        )


def one_mode(records: list[dict], choice: Choice) -> str:
    """The mode asked for, or the only one that there is. Raises `ZsarError` that lists them when there are several."""
    there = [m for m in MODES if any(choice.rule in r["results"].get(m, {}) for r in records)]
    if choice.mode is not None:
        if choice.mode not in there:
            raise UnknownName("mode", choice.mode, there, f"the runs of {records[0]['method']['name']}")
        return choice.mode
    if len(there) > 1:
        raise ZsarError(
            f"{records[0]['method']['title']} has {len(there)} results in each run: {' and '.join(there)}",
            f"Choose with --mode, for example: --mode {there[-1]}",
        )
    return there[0]


def split_name(record: dict) -> str:
    """As a user writes it: "purls.22-5"."""
    return f"{record['split']['family']}.{record['split']['name']}"


def _split_names(record: dict) -> set[str]:
    split = record["split"]
    return {s.replace("/", "-") for s in (split["family"], split["name"], split_name(record), split["id"])}


def _runs(records: list[dict], identity: tuple) -> list[str]:
    return [r["run"] for r in records if r.configuration == identity]


def _order(record: dict) -> tuple:
    return natural(split_name(record)), record["method"]["name"], record["seed"], record["run"]
