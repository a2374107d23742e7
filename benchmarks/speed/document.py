"""``docs/performance.md`` from the kept results: ``python -m zsar.benchmarks.speed.document [FOLDER] [FILE]``."""

import json
import sys
from pathlib import Path

from zsar.benchmarks.speed.case import reached

COLUMNS = ("what", "plain", "zsar", "ratio", "target", "over the floor", "peak", "")
HEAD = """
Made from `benchmarks/speed/results/*.json` by `python -m zsar.benchmarks.speed.document`; don't edit it by hand.

Every part is timed beside a plain form of it, written the way its paper states it (in the benchmark, or where the fast
form of `zsar/fast` is named), in one process and in turns, on random arrays of the true sizes (NTU RGB+D 60's features
and text unless it says otherwise), after a check in the same run that both compute the same loss, gradients or scores.
*Ratio* is plain / zsar, the median over rounds. *Over the floor* is zsar's time over that of what can't be saved, timed
in the same turns. *Peak* is the share of the measured peak: of a matrix product of fitting size, and of a copy, for the
bytes that must move. Times are those of the machine named; ratios are what is comparable.

What is fast is on by itself. To choose: `zsar bench --jobs N --threads N` (runs at a time, threads of each),
`--precision bf16` (products in bfloat16, for PGFA, DVTA and the encoders stgcn and shiftgcn) and `--set
pgfa.compiled=true` (PyTorch's compiler, for PGFA and the same encoders). The last two stand in a run's record.

All parts: `python -m zsar.benchmarks.speed`. `--short` is the form for continuous integration: it fails when a float32
ratio falls below 80% of its target.
"""
NO_GPU = """
Not measured: no GPU was at hand when these results were made, so nothing is said of one. The same commands take
`--device cuda` and keep their results beside these. What an H200 is held against stands in the parts: `seeds` (eight
runs in one loop take 1.5 times as long as one of SA-DVAE, 6 times of DVTA) and `leaderboard` (trainings of NTU RGB+D
60's size: DVTA's 100 epochs in 30 s, SA-DVAE's 10 cycles in 10 s, PGFA's 50 epochs in 10 minutes).
"""


def _paragraphs(text: str) -> str:
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.strip().split("\n\n")) + "\n"


def cells(case: dict) -> tuple[str, ...]:
    """A case as a row of `COLUMNS`."""
    ratio, over = case.get("ratio"), case.get("over_floor")
    shares = [
        f"{case[key]:.0%} {what}"
        for key, what in (("share_of_product", "product"), ("share_of_copy", "copy"))
        if key in case
    ]
    took = _time(case["fast_ms"])
    if "peak_mb" in case:
        took = f"{case['peak_mb']} MB (at most {case['limit_mb']:.0f})"
    elif "limit_s" in case:
        took += f" (at most {case['limit_s']:g} s)"
    limit = f" (at most {case['limit']})" if case.get("limit") else ""
    return (
        case["name"],
        _time(case["plain_ms"]) if "plain_ms" in case else "",
        took,
        f"{ratio:g}" if ratio else "",
        f"{case['target']:g}" if case.get("target") else "",
        f"{over:g}{limit}" if over else "",
        ", ".join(shares),
        {True: "reached", False: "not reached", None: ""}[reached(case)],
    )


def _time(milliseconds: float) -> str:
    return f"{milliseconds / 1000:.3g} s" if milliseconds >= 1000 else f"{milliseconds:.3g} ms"


def render(folder: Path) -> str:
    """The document made from all results of a folder."""
    results = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    results = [result for result in results if "cases" in result]
    lines = ["# Performance\n", _paragraphs(HEAD)]
    for result in results:
        lines += _section(result)
    text = "\n".join(lines)
    if any(result["device"] != "cpu" for result in results):
        return text
    return text + "\n## On a GPU\n\n" + _paragraphs(NO_GPU)


def _section(result: dict) -> list[str]:
    versions = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    machine, threads = result["machine"], result["threads"]
    on = (
        machine.get("gpu")
        or f"{machine['processor']}, {threads} thread{'s' * (threads > 1)} of {machine['cores']} cores"
    )
    lines = [f"## {result['part']}", "", f"`{result['command']}`", "", result["note"], ""]
    lines += ["| " + " | ".join(COLUMNS) + " |", "|" + " --- |" * len(COLUMNS)]
    lines += ["| " + " | ".join(cells(case)) + " |" for case in result["cases"]]
    lines += [""]
    for case in result["cases"]:
        floor = f" The floor is {case['floor_is']}." if case.get("floor_is") else ""
        work = f" {case['gigaflop']:g} GFLOP at least." if "gigaflop" in case else ""
        difference = (
            f" Largest relative difference from the plain form: {case['difference']:g}." if "difference" in case else ""
        )
        note = f" {case['note']}" if "note" in case else ""
        lines.append(f"- {case['name']}: {case['sizes']}.{work}{floor}{difference}{note}")
    load = f"; load average {result['load']}, this included" if "load" in result else ""
    return [*lines, "", f"{on}{load}; {versions}; {result['date']}.", ""]


def main(arguments: list[str] | None = None) -> int:
    """Write the document."""
    given = [Path(a) for a in (sys.argv[1:] if arguments is None else arguments)]
    here = Path(__file__).parent
    folder, file = [*given, *[here / "results", here.parents[1] / "docs" / "performance.md"][len(given) :]]
    file.write_text(render(folder), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
