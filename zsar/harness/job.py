"""Running one job: a companion run that chooses the epoch, the main run, the numbers under every rule."""

import io
import os
import platform
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from zsar import __version__, storage
from zsar.data.datasets import open_dataset
from zsar.data.partition import Subsets, companion, partition
from zsar.encoders.features import class_numbers
from zsar.errors import ZsarError
from zsar.evaluation.metrics import zsl_metrics
from zsar.harness.fold import Inputs, inputs
from zsar.harness.judge import Generalized, judge
from zsar.harness.plan import RELEASED_TEXT, Job
from zsar.harness.train import Trace, Training, follow
from zsar.plugins import find
from zsar.results.record import EVALUATOR_VERSION, RECORD_FORMAT
from zsar.text.vectors import ClassVectors, class_vectors

SECONDS_BETWEEN_CHECKPOINTS = 1.0
"""An epoch that took longer is saved when it ends; shorter ones at most this often."""


def prepare(job: Job):
    """The dataset, the class vectors and the run id of a job."""
    dataset = open_dataset(job.card.id).of(job.split)
    vectors = _vectors(job)
    return dataset, vectors, job.run_id(dataset.version, vectors.hash)


def _vectors(job: Job) -> ClassVectors:
    classes, model = tuple(job.card.classes), job.text_model.removeprefix(RELEASED_TEXT)
    if model == job.text_model:
        return class_vectors(job.card.prompts, job.prompts, classes, model)
    released = open_dataset(job.card.id).text(model)
    return ClassVectors(np.stack([released[kind] for kind in job.prompts], 1), classes, model, job.card.id, job.prompts)


@dataclass
class Trained:
    """A job whose training is done, and what its record is made from, by phase ("companion", "main")."""

    run_id: str
    dataset: Any
    vectors: ClassVectors
    phases: dict[str, Subsets]
    traces: dict[str, Trace] = field(default_factory=dict)
    given_to: dict[str, Inputs] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)


def run(job: Job, folder: Path, device: str = "cpu", on_epoch: Callable[[str, int, float], None] = lambda *_: None):
    """Run a job to its end: the record (a dictionary) and the kept scores by array name.

    An interrupted run is resumed from its checkpoint in ``folder``; ``on_epoch`` is told phase, epoch and loss.
    """
    steps, trace = trainings(job, folder, device, on_epoch), None
    while True:
        try:
            trace = follow(*steps.send(trace))
        except StopIteration as end:
            trained: Trained = end.value
            break
    dataset, main = trained.dataset, trained.phases["main"]
    record, scores = _record(
        job, trained.run_id, dataset, trained.vectors, main, trained.traces, trained.timings, device
    )
    if "gzsl" in job.settings:
        _add_generalized(record, scores, trained.traces, trained.given_to, trained.phases)
    scores["labels"] = trained.traces["main"].labels.astype(np.int64)
    scores["samples"] = dataset.samples[main.unseen_test]
    scores["subjects"] = dataset.subjects[main.unseen_test]
    return record, scores


def trainings(
    job: Job, folder: Path, device: str, on_epoch: Callable[[str, int, float], None], runs: int = 1
) -> Generator[Training, Trace, Trained]:
    """What a job has to train, one after the other: whoever iterates follows each and sends back its trace.

    Each is kept in the job's checkpoint when it ends. ``runs`` are trained at the same time and share what it takes.
    """
    dataset, vectors, run_id = prepare(job)
    checkpoint = _Checkpoint(_checkpoint_path(folder, run_id))
    main = partition(dataset, job.card, job.split, job.protocol)
    phases = {"main": main}
    if "val" in job.rules or "gzsl" in job.settings:
        phases = {"companion": companion(dataset, job.split, main), "main": main}
    trained = Trained(run_id, dataset, vectors, phases)
    traces, given_to, timings = trained.traces, trained.given_to, trained.timings
    for phase, subsets in phases.items():
        labels = true_labels(dataset, subsets)
        keep = {m: traces["companion"].best(m) for m in traces["companion"].accuracy} if "companion" in traces else {}
        checkpoint.require_kept(phase, keep, job.settings)
        if "gzsl" in job.settings or not checkpoint.finished(phase):
            given_to[phase] = inputs(job, dataset, subsets, vectors, device)
        if checkpoint.finished(phase):
            traces[phase] = Trace.of(labels, checkpoint.content[phase]["trace"])
            timings[phase] = checkpoint.content[phase]["seconds"]
            continue
        resumed = checkpoint.content.get(phase)
        before, started = resumed["seconds"] if resumed else 0.0, time.perf_counter()

        def seconds(before=before, started=started) -> float:
            return before + (time.perf_counter() - started) / runs

        def after_epoch(trace: Trace, method, phase=phase, seconds=seconds) -> None:
            on_epoch(phase, trace.epochs, trace.losses[-1])
            checkpoint.save(phase, trace, method, seconds())

        method = find("method", job.method)(**job.keywords)
        traces[phase] = yield Training(method, given_to[phase], job.seed, keep, resumed, after_epoch)
        if not traces[phase].epochs:
            raise ZsarError(f"{job.label}: the method trained for no epoch")
        timings[phase] = seconds()
        checkpoint.save(phase, traces[phase], None, timings[phase])
    return trained


def true_labels(dataset, subsets: Subsets) -> np.ndarray:
    """The unseen test clips' labels as positions among the candidates, int64 [n]."""
    return class_numbers(dataset.labels[subsets.unseen_test], subsets.candidates)


def _record(job: Job, run_id: str, dataset, vectors, main, traces: dict[str, Trace], timings: dict, device: str):
    trace, results, scores = traces["main"], {}, {}
    for mode in trace.accuracy:
        chosen = {"last": trace.epochs, "oracle": trace.best(mode)}
        if "val" in job.rules:
            chosen["val"] = min(traces["companion"].best(mode), trace.epochs)
        results[mode] = {}
        for rule in job.rules:
            epoch = chosen[rule]
            metrics = zsl_metrics(trace.scores[mode][epoch], trace.labels, list(job.split.unseen))
            results[mode][rule] = {
                "epoch": epoch,
                **{k: metrics[k] for k in ("top1", "mean_per_class", "per_class", "confusion")},
            }
            scores[f"{mode}/{rule}"] = trace.scores[mode][epoch].astype(np.float32)
        if "val" in job.rules:
            results[mode]["val"]["pseudo_unseen_top1"] = traces["companion"].accuracy[mode][chosen["val"] - 1]
    record = identity(job, run_id, dataset.version, vectors.hash) | {
        "status": "done",
        "error": None,
        "results": results,
        "chance": 1 / len(job.split.unseen),
        "counts": {
            "seen_train": len(main.train),
            "seen_test": len(main.seen_test),
            "unseen_test": len(main.unseen_test),
            "epochs": trace.epochs,
        },
        "timings": {f"{phase}_s": round(seconds, 3) for phase, seconds in timings.items()},
        "environment": environment(device),
    }
    return record, scores


def _add_generalized(record: dict, scores: dict, traces: dict, given_to: dict, phases: dict) -> None:
    """Put the generalized numbers beside the others, under every rule: calibrated on the companion at the same rule's
    epoch (its last one for `last` and `oracle`, the chosen one for `val`)."""
    companion_trace = traces["companion"]
    for mode, rules in record["results"].items():
        for rule, numbers in rules.items():
            tuned_at = companion_trace.best(mode) if rule == "val" else companion_trace.epochs
            at = {"main": numbers["epoch"], "companion": tuned_at}
            sides = {}
            for phase, epoch in at.items():
                classes = phases[phase].train_classes + phases[phase].candidates
                scores_of, seen_test = traces[phase].generalized[mode][epoch], given_to[phase].generalized
                labels = np.concatenate([seen_test.labels, len(phases[phase].train_classes) + traces[phase].labels])
                among_all, among_unseen = np.split(scores_of, [len(classes)], axis=1)
                sides[phase] = Generalized(among_all, among_unseen, labels, seen_test.logits, classes)
            numbers["gzsl"] = judge(sides["main"], sides["companion"])
            scores[f"gzsl/{mode}/{rule}"] = sides["main"].scores.astype(np.float32)
            scores[f"gzsl/{mode}/{rule}/unseen_expert"] = sides["main"].unseen_scores.astype(np.float32)
    scores["gzsl/labels"] = sides["main"].labels
    scores["gzsl/seen_logits"] = sides["main"].seen_logits


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
            "keywords": _plain(job.said_keywords),
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
    """Versions, device and threads of a run."""
    return {
        "zsar": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "platform": f"{platform.system()} {platform.machine()}",
        "device": torch.cuda.get_device_name() if device.startswith("cuda") else "cpu",
        "threads": torch.get_num_threads(),
    }


def _plain(keywords: dict) -> dict:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in keywords.items()}


class _Checkpoint:
    """The state of an unfinished run, on disk: written whole, read without running code."""

    def __init__(self, path: Path):
        self.path, self._saved = path, time.perf_counter()
        self.content: dict = {}
        if path.is_file():
            try:
                self.content = torch.load(path, weights_only=True)
            except Exception:  # of another version or damaged: the run starts over
                self.content = {}
        self._last_epoch = time.perf_counter()

    def require_kept(self, phase: str, keep: dict[str, int], settings: tuple[str, ...]) -> None:
        """Forget a phase whose trace was taken for other rules or settings: scores needed now may be gone."""
        if phase in self.content:
            trace = self.content[phase]["trace"]
            if trace["keep"] != keep or ("gzsl" in settings and not trace["generalized"]):
                del self.content[phase]

    def finished(self, phase: str) -> bool:
        return phase in self.content and self.content[phase]["method"] is None

    def save(self, phase: str, trace: Trace, method, seconds: float) -> None:
        """Save after an epoch, or, with no method, at the end of a phase."""
        now = time.perf_counter()
        took, self._last_epoch = now - self._last_epoch, now
        state = method.state() if method is not None else None
        if method is not None and (state is None or max(took, now - self._saved) < SECONDS_BETWEEN_CHECKPOINTS):
            return
        self.content[phase] = {"trace": trace.state(), "method": state, "seconds": seconds}
        buffer = io.BytesIO()
        torch.save(self.content, buffer)
        storage.write_bytes(self.path, buffer.getvalue())
        self._saved = self._last_epoch = time.perf_counter()


def _checkpoint_path(folder: Path, run_id: str) -> Path:
    return Path(folder) / ".checkpoints" / f"{run_id}.pt"


def forget_checkpoint(folder: Path, run_id: str) -> None:
    """Remove what an interrupted run would be resumed from: its record is written."""
    path = _checkpoint_path(folder, run_id)
    path.unlink(missing_ok=True)
    try:
        os.rmdir(path.parent)
    except OSError:  # other runs' checkpoints are in it, or there is none
        pass
