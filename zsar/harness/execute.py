"""Running many jobs: those that have a record are skipped, those that fail leave one that says why."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from zsar import storage
from zsar.errors import RecordError
from zsar.harness.plan import RULES, SETTINGS, Job
from zsar.harness.processes import run_in_processes
from zsar.harness.run import Event, guarded
from zsar.results.record import NOT_RECORDS, read_record


def execute(
    jobs: list[Job],
    folder: Path,
    device: str = "cpu",
    workers: int = 1,
    threads: int = 1,
    on_event: Callable[[Event], None] = lambda event: None,
) -> list[dict]:
    """Run jobs and return their records, in the jobs' order.

    Each job writes its own record and scores when it ends. ``threads`` per job, not in all: a run's numbers depend
    on it in the last digit, so it doesn't vary with ``workers``. Raises `ZsarError` when a job can't be identified
    (its data is missing) or a record can't be written; a job that fails is recorded and the others go on.
    """
    from zsar.harness.job import prepare
    from zsar.harness.together import groups, train_ahead

    folder = Path(folder)
    run_ids = [prepare(job)[2] for job in jobs]
    _refuse_unreadable(folder, set(run_ids))
    records: dict[int, dict] = {}
    pending = []
    jobs = list(jobs)
    for number, run_id in enumerate(run_ids):
        found = _finished(folder / f"{run_id}.json")
        known = {rule for by_rule in found["results"].values() for rule in by_rule} if found else set()
        judged = set(found["settings"]) if found else set()
        if found and jobs[number].encoder is None and found.get("seen_expert") != jobs[number].seen_expert:
            judged.discard("gzsl")  # calibrated with another expert, which the run id doesn't hold
        if known.issuperset(jobs[number].rules) and judged.issuperset(jobs[number].settings):
            records[number] = found
            on_event(Event("cached", number))
        else:  # run again, without losing the rules and settings that the earlier record has
            rules = tuple(r for r in RULES if r in known.union(jobs[number].rules))
            settings = tuple(s for s in SETTINGS if s in judged.union(jobs[number].settings))
            jobs[number] = replace(jobs[number], rules=rules, settings=settings)
            pending.append(number)
    if pending:
        _try_writing(folder)
    if workers == 1 or len(pending) <= 1:
        for group in groups({number: jobs[number] for number in pending}, device):
            if len(group) > 1:
                train_ahead({number: jobs[number] for number in group}, folder, device, threads, on_event)
            for number in group:
                records[number] = guarded(jobs[number], number, folder, device, threads, on_event)
    else:
        todo = {number: jobs[number] for number in pending}
        records |= run_in_processes(todo, folder, device, min(workers, len(pending)), threads, on_event)
    return [records[number] for number in range(len(jobs))]


def _refuse_unreadable(folder: Path, run_ids: set[str]) -> None:
    """Before anything runs: a record that no leaderboard could be made with is an error, unless it is run again."""
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        if path.name in NOT_RECORDS or path.name.startswith("."):
            continue
        try:
            read_record(path)
        except RecordError as e:
            if not (path.stem in run_ids and isinstance(e.__cause__, ValueError)):  # damaged, and one of ours
                raise


def _try_writing(folder: Path) -> None:
    """Find out before hours of training that the folder can't be written."""
    probe = folder / ".writable"
    storage.write_bytes(probe, b"")
    probe.unlink(missing_ok=True)


def _finished(path: Path) -> dict | None:
    """The record of a run that ended well, with its scores beside it; failed and damaged ones are run again."""
    if not path.is_file() or not path.with_suffix(".npz").is_file():
        return None
    try:
        record = read_record(path)
    except RecordError:
        return None
    return record if record["status"] == "done" else None
