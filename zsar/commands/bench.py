"""``zsar bench``: train and judge methods, and write a leaderboard."""

from __future__ import annotations

import argparse
from pathlib import Path

from zsar.commands import options as shared

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
    out = options.out or Path("results") / options.dataset
    if options.dry_run:
        from zsar.harness.preview import preview

        preview(jobs, out)
        return 0
    results = api.execute(jobs, out, device=options.device, jobs=options.jobs, threads=options.threads)
    leaderboard = api.load_results(out).leaderboard(rule=options.rule)
    leaderboard.print()
    leaderboard.write(out)
    print(f"\nRecords and leaderboard (md, csv, tex, json): {out}")
    if results.failures:
        print(f"{len(results.failures)} of {len(results)} runs failed; they are run again by the same command.")
    if len(results.failures) < len(results):
        print(f"Next: zsar report {out} --format html --out page   (mistakes, curves, intervals: open page)")
    if options.rule is None:
        print(f"      zsar report {out} --rule last,val,oracle     (the other rules' epochs)")
    return 1 if results.failures else 0
