"""What a benchmark would run, and which published numbers it would be held against."""

from pathlib import Path

from zsar.bench.plan import Job


def preview(jobs: list[Job], out: Path) -> None:
    """Print every job of a plan, each method's configuration, and published numbers of exactly these splits."""
    from rich.console import Console
    from rich.table import Table

    from zsar.report.published import published, published_range

    console = Console()
    table = Table(title=f"{len(jobs)} runs, results in {out}", title_justify="left")
    for column in ("split", "method", "seeds", "encoder", "text", "published (oracle)"):
        table.add_column(column)
    seeds: dict[tuple, list[int]] = {}
    first: dict[tuple, Job] = {}
    for job in jobs:
        key = (job.split.id(job.card), job.method)
        seeds.setdefault(key, []).append(job.seed)
        first.setdefault(key, job)
    for (split, method), job in first.items():
        numbers = [] if job.card.simulated else published(job.card.id, job.split.family, job.split.name, "zsl", "top1", method)
        table.add_row(f"{split} ({job.split.sizes})", method, ",".join(map(str, seeds[split, method])),
                      job.encoder.name if job.encoder else "end to end", f"{job.text_model}: {'+'.join(job.prompts)}",
                      published_range(numbers) if numbers else "-")
    console.print(table)
    for method in dict.fromkeys(job.method for job in jobs):
        job = next(j for j in jobs if j.method == method)
        console.print(f"{method}: " + ", ".join(f"{k}={v}" for k, v in job.keywords.items()), highlight=False)
        if job.encoder:
            keywords = ", ".join(f"{k}={v}" for k, v in job.encoder.keywords.items())
            console.print(f"  {job.encoder.name}: {keywords}", highlight=False)
        console.print(f"  chosen: {job.recipe.chosen}", highlight=False)
