"""One job inside a benchmark: whatever goes wrong in it becomes a record, and what happens is told as events."""

import io
import traceback
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zsar import storage
from zsar.errors import ZsarError
from zsar.harness.plan import Job
from zsar.learning.memory import keep_freed
from zsar.results.record import write_record


@dataclass(frozen=True)
class Event:
    """What happened to a job: "cached", "started" (in a worker process only), "epoch", "done" or "failed"."""

    kind: str
    job: int
    phase: str = ""
    epoch: int = 0
    loss: float = 0.0
    message: str = ""


def guarded(job: Job, number: int, folder: Path, device: str, threads: int, on_event) -> dict:
    """Run one job and write its record; whatever goes wrong inside it becomes a record of the failure."""
    import torch

    from zsar.harness.job import forget_checkpoint, prepare, run

    torch.set_num_threads(threads)
    keep_freed()
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        tell = lambda phase, epoch, loss: on_event(Event("epoch", number, phase, epoch, loss))
        record, scores = run(job, folder, device, tell)
    except Exception as e:
        if isinstance(e, ZsarError) and isinstance(e.__cause__, OSError):  # the disk's fault, not the method's
            raise
        forget_checkpoint(folder, prepare(job)[2])  # it would come back into code that has been corrected since
        message = (e.message if isinstance(e, ZsarError) else str(e)) or type(e).__name__
        last = traceback.extract_tb(e.__traceback__)[-1]
        where = f"{Path(last.filename).name}:{last.lineno}, in {last.name}"
        return failed(job, number, folder, device, type(e).__name__, message, on_event, where)
    buffer = io.BytesIO()
    np.savez(buffer, **scores)
    storage.write_bytes(folder / f"{record['run']}.npz", buffer.getvalue())
    write_record(folder, record)
    forget_checkpoint(folder, record["run"])
    on_event(Event("done", number))
    return record


def failed(
    job: Job, number: int, folder: Path, device: str, kind: str, message: str, on_event, where: str = ""
) -> dict:
    """Write the record of a run that failed, and return it."""
    from zsar.harness.job import environment, identity, prepare

    dataset, vectors, run_id = prepare(job)
    record = identity(job, run_id, dataset.version, vectors.hash) | {
        "status": "failed",
        "error": {"type": kind, "message": message, "where": where},
        "environment": environment(device),
    }
    write_record(folder, record)
    on_event(Event("failed", number, message=f"{kind}: {message}"))
    return record
