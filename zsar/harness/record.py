"""The content of a run's record: what was run, on what, with which versions, and what came of it."""

from __future__ import annotations

import platform

import numpy as np
import torch

from zsar import __version__
from zsar.harness.fold import Fold
from zsar.harness.judge import judge
from zsar.harness.plan import Job
from zsar.harness.train import History
from zsar.learning.device import processor
from zsar.plugins import find
from zsar.results.record import EVALUATOR_VERSION, RECORD_FORMAT, Record


def record_of(
    job: Job, histories: dict[str, History], folds: dict[str, Fold], device: str
) -> tuple[Record, dict[str, np.ndarray]]:
    """The record of a job that ended well, and the scores that are kept beside it, by name.

    ``histories`` and ``folds`` are by phase, "companion" (where there was one) and "main".
    """
    main = folds["main"]
    by_phase = {phase: (history, folds[phase]) for phase, history in histories.items()}
    results, arrays = judge(job.rules, by_phase["main"], by_phase.get("companion"))
    content = identity(job, job.id, main.dataset.version, main.vectors.hash) | {
        "status": "done",
        "error": None,
        "results": results,
        "chance": 1 / len(job.split.unseen),
        "counts": {
            **main.subsets.counts,
            "epochs": histories["main"].epochs,
            "parameters": histories["main"].parameters,
        },
        "timings": {f"{phase}_s": round(history.seconds, 3) for phase, history in histories.items()},
        "environment": environment(device),
    }
    arrays |= {"labels": main.test.labels, "samples": main.test.samples, "subjects": main.test.subjects}
    return Record.of(content, f"the record of {job.label}"), arrays


def failure_of(job: Job, device: str, error: dict[str, str]) -> Record:
    """The record of a job that failed; ``error`` holds its ``type``, ``message`` and ``where``."""
    content = identity(job, job.id, job.dataset.version, job.vectors.hash)
    content |= {"status": "failed", "error": error, "environment": environment(device)}
    return Record.of(content, f"the record of {job.label}")


def identity(job: Job, run_id: str, dataset_version: str, text_hash: str) -> dict:
    """The part of a record that says what was run; the same for runs that end well and runs that fail."""
    cls = find("method", job.method)
    return {
        "format": RECORD_FORMAT,
        "evaluator": EVALUATOR_VERSION,
        "run": run_id,
        "method": {
            "name": job.method,
            "class": f"{cls.__module__}:{cls.__qualname__}",
            "title": cls.title,
            "input": cls.input,
            "transductive": cls.transductive,
            "keywords": {k: list(v) if isinstance(v, tuple) else v for k, v in job.stated_keywords.items()},
        },
        "dataset": {
            "id": job.card.id,
            "base": job.card.base,
            "title": job.card.title,
            "version": dataset_version,
            "simulated": job.card.simulated,
            "protocol": job.protocol.name,
        },
        "split": {
            "id": job.split.id(job.card),
            "family": job.split.family,
            "name": job.split.name,
            "hash": job.split.hash,
            "seen": list(job.split.seen),
            "unseen": list(job.split.unseen),
        },
        "text": {
            "model": job.text_model,
            "prompt_set": job.card.prompts,
            "prompts": list(job.prompts),
            "hash": text_hash,
            **({"source": job.text_source} if job.text_source else {}),
        },
        "encoder": job.encoder and job.encoder.description(),
        "seen_expert": job.seen_expert if "gzsl" in job.settings else None,
        "frames": job.frames,
        "seed": job.seed,
        "settings": list(job.settings),
        "chosen": job.recipe.chosen,
        **({} if job.precision == "float32" else {"precision": job.precision}),
    }


def environment(device: str) -> dict:
    """Versions and machine of a run: what may differ where the same job gives other numbers."""
    return {
        "zsar": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "platform": f"{platform.system()} {platform.machine()}",
        "device": torch.cuda.get_device_name() if device.startswith("cuda") else "cpu",
        "processor": processor(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
    }
