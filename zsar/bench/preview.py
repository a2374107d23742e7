"""What a benchmark would run, and which published numbers it would be held against."""

from pathlib import Path

from zsar.bench.plan import Job


def preview(jobs: list[Job], out: Path) -> None:
    """Print every job of a plan, each method's configuration, and published numbers of exactly these splits."""
    from rich.console import Console
    from rich.table import Table

    from zsar.report.published import published, published_range

    console = Console(highlight=False)
    console.print(
        f"{len(jobs)} runs of {jobs[0].card.title} ({jobs[0].card.id}), {jobs[0].protocol.name}; results in {out}"
    )
    table = Table(box=None, pad_edge=False)
    for column in ("split", "method", "seeds", "learns from", "published (oracle)"):
        table.add_column(column, overflow="fold")
    seeds: dict[tuple, list[int]] = {}
    first: dict[tuple, Job] = {}
    for job in jobs:
        key = (f"{job.split.family}.{job.split.name} ({job.split.sizes})", job.method)
        seeds.setdefault(key, []).append(job.seed)
        first.setdefault(key, job)
    for (split, method), job in first.items():
        numbers = (
            []
            if job.card.simulated
            else published(job.card.id, job.split.family, job.split.name, "zsl", "top1", method)
        )
        table.add_row(
            split,
            method,
            ",".join(map(str, seeds[split, method])),
            f"{job.encoder.name} features" if job.encoder else "clips",
            published_range(numbers) if numbers else "-",
        )
    console.print(table)
    for method in dict.fromkeys(job.method for job in jobs):
        job = next(j for j in jobs if j.method == method)
        console.print(f"\n{method}: " + ", ".join(f"{k}={v}" for k, v in job.keywords.items()))
        console.print(f"  text: {job.text_model}, {' + '.join(job.prompts)}; {job.frames} frames")
        if job.encoder:
            keywords = ", ".join(f"{k}={v}" for k, v in job.encoder.keywords.items())
            console.print(f"  {job.encoder.name}: {keywords}")
        console.print(f"  chosen: {job.recipe.chosen}")
