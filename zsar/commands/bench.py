"""``zsar bench``: train and judge methods, and write a leaderboard."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from zsar.commands import options as shared
from zsar.printing import print_line

CHOICES = (
    ("--methods", {"required": True}),
    ("--dataset", {"required": True}),
    "--splits",
    "--seeds",
    "--protocol",
    "--encoder",
    "--text",
    "--prompts",
    "--set",
    "--precision",
    "--rule",
    "--setting",
    "--out",
    "--device",
    "--jobs",
    "--threads",
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    shared.add(parser, *CHOICES)
    parser.add_argument("--dry-run", action="store_true", help="print what would run, and run nothing")


def run(options: argparse.Namespace) -> int:
    """Run the benchmark; 1 when a run failed."""
    from zsar import api

    jobs = api.plan(
        options.methods,
        options.dataset,
        splits=options.splits,
        seeds=options.seeds,
        setting=options.setting,
        rule=options.rule,
        protocol=options.protocol,
        encoder=options.encoder,
        text=options.text,
        prompts=options.prompts,
        keywords=shared.keywords(options.keywords),
        precision=options.precision,
    )
    if options.rule is None and "val" not in jobs[0].rules:
        print_line("The rule val is left out: a split has too few seen classes for some to play the unseen ones.")
    out = options.out or Path("results") / options.dataset
    if options.dry_run:
        from zsar.harness.preview import preview

        preview(jobs, out)
        return 0
    results = api.execute(jobs, out, device=options.device, jobs=options.jobs, threads=options.threads)
    leaderboard = api.load_results(out).leaderboard(rule=options.rule)
    leaderboard.print()
    leaderboard.write(out)
    print_line("", f"Records and leaderboard (md, csv, tex, json): {out}")
    if results.failures:
        print_line(f"{len(results.failures)} of {len(results)} runs failed; they are run again by the same command.")
    if len(results.failures) < len(results):
        report = f"zsar report {shlex.quote(str(out))}"
        print_line(f"Next: {report} --format html --out page")
        if options.rule is None:
            print_line(f"      {report} --rule last,val,oracle")
    return 1 if results.failures else 0
