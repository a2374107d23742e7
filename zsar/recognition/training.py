"""Training a method to keep: the benchmark's run with its seed, and companion runs that calibrate it."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import numpy as np
import torch

from zsar import plugins
from zsar.encoders import checkpoints, features
from zsar.encoders.contract import Encoder
from zsar.errors import ZsarError
from zsar.evaluation.gzsl import accuracies
from zsar.evaluation.metrics import zsl_metrics
from zsar.evaluation.stacking import apply_constant, choose_constant
from zsar.harness import train as harness
from zsar.harness.fold import Fold, fold
from zsar.harness.plan import Job
from zsar.harness.record import environment, identity
from zsar.harness.train import History
from zsar.learning.contract import Method
from zsar.recognition.calibration import Temperature, calibration_error, fit_temperature, probabilities
from zsar.recognition.clips import InputClip
from zsar.recognition.labels import Candidates
from zsar.recognition.model import Model, Reference
from zsar.recognition.scoring import Scorer
from zsar.text import prompts

FOLDS = 4
"""Companion runs: with one, how sure a model is depends on which classes happened to be held back."""
REFERENCE_CLIPS = 64
"""Clips on which a written model is compared with the one in memory."""

OnEpoch = Callable[[str, History], None]


@dataclass(frozen=True)
class Outcome:
    """Scores of a method after its last epoch on a fold.

    ``new`` [n, U] per mode: clips of (pseudo-)unseen classes among these. ``trained`` [m, S]: test clips of trained
    classes among those; ``mixed`` [m + n, S + U]: both among all; None where there are no such clips. ``new_labels``
    [n] and ``trained_labels`` [m] are their columns.
    """

    epochs: int
    new: dict[str, np.ndarray]
    trained: np.ndarray | None
    mixed: np.ndarray | None
    new_labels: np.ndarray
    trained_labels: np.ndarray
    mask: np.ndarray
    """bool [S + U]: which columns are classes that were trained on."""

    @property
    def labels(self) -> np.ndarray:
        """Labels [m + n] as columns of ``mixed``."""
        return np.concatenate([self.trained_labels, self.mask.sum() + self.new_labels])


def train(job: Job, *, device: str = "cpu", folds: int = FOLDS, on_epoch: OnEpoch | None = None) -> Model:
    """Train a job's method as `zsar bench` does, to recognise clips with.

    On the unseen test clips the model is what the benchmark reports for the rule ``last``, inductively. ``folds`` are
    the companion runs that calibrate it, each of which never sees some of the classes and takes nearly as long; with
    0 scores stay scores. ``on_epoch`` is called with "companion 1" and so on, then "main", and the history so far.
    Raises `ZsarError` for features that somebody else released, and for an encoder that can't be kept.
    """
    if job.card.features:
        raise ZsarError(
            f"{job.card.id} holds features only: no clip could be given to a model trained on them",
            "Train on a dataset of clips, see: zsar data list",
        )
    job = replace(job, rules=("last",), settings=("zsl",))
    calibration, reason = {}, "it was trained without companion runs"
    if folds:
        try:
            companions = [_train_fold(job, device, number, on_epoch)[2] for number in range(folds)]
            calibration, reason = calibrate(companions)
        except ZsarError as e:
            reason = e.message
    method, main, outcome = _train_fold(job, device, None, on_epoch)
    encoder = fitted_encoder(main) if job.encoder is not None else None
    content = describe(job, main, outcome, calibration, reason)
    return Model(content, method, encoder, main.vectors.values, device, _reference(method, main, outcome.epochs))


def _train_fold(job: Job, device: str, companion: int | None, on_epoch: OnEpoch | None) -> tuple[Method, Fold, Outcome]:
    its, phase = fold(job, companion=companion, device=device), "main"
    if companion is not None:
        phase = f"companion {companion + 1}"
    method = plugins.find("method", job.method)(**job.keywords)
    report = (lambda history: on_epoch(phase, history)) if on_epoch else None
    history = harness.train(method, its, seed=job.seed, on_epoch=report)
    new = {mode: kept[history.epochs] for mode, kept in history.scores.items()}
    seen_test, trained, mixed = its.seen_test, None, None
    if seen_test is not None:
        scorer = Scorer(method, job.seed, history.epochs)
        embedded = scorer.embed(seen_test.x)
        both = torch.cat([embedded, scorer.embed(its.test.x)])
        mixed = scorer.scores(both, torch.cat([seen_test.text, its.test.text]))
        trained = scorer.scores(embedded, seen_test.text)
    seen = len(its.train.classes)
    trained_labels = np.empty(0, np.int64) if seen_test is None else seen_test.labels
    mask = np.arange(seen + len(its.test.classes)) < seen
    return method, its, Outcome(history.epochs, new, trained, mixed, its.test.labels, trained_labels, mask)


def calibrate(companions: list[Outcome]) -> tuple[dict[str, Temperature], str]:
    """Temperatures for new labels, for labels trained on and for both mixed, of companion runs; why one is missing.

    The constant for mixed labels is the first companion's alone, as in the benchmark.
    """
    temperatures: dict[str, Temperature] = {}
    try:
        temperatures["new"] = fit_temperature([(run.new["inductive"], run.new_labels) for run in companions])
        if any(run.mixed is None for run in companions):
            raise ZsarError("the companion run has no test clip of a class that it trained on")
        temperatures["trained"] = fit_temperature([(run.trained, run.trained_labels) for run in companions])
        first = companions[0]
        constant = choose_constant(first.mixed, first.labels, first.mask)
        lowered = [(apply_constant(run.mixed, run.mask, constant), run.labels) for run in companions]
        temperatures["mixed"] = fit_temperature(lowered, constant)
    except ZsarError as e:
        return temperatures, e.message
    return temperatures, ""


def fitted_encoder(fold: Fold) -> Encoder:
    """The encoder of a fold's cached features: restored from its weights, or fitted again where it has none.

    Raises `ZsarError` where fitting again gives other features.
    """
    choice, subsets, dataset = fold.encoder, fold.subsets, fold.dataset
    cls = plugins.find("encoder", choice.name)
    if cls.restorable:
        return features.fitted(dataset, subsets, choice, fold.seed)
    encoder = cls(**choice.keywords)
    clips = lambda rows: torch.from_numpy(dataset.clips(rows, choice.frames, encoder.joints)).to(fold.device)
    x, y = clips(subsets.seen_train), fold.train.y
    checkpoints.train(encoder, x, y, len(fold.train.classes), seed=fold.seed)
    before = fold.test.x.float().cpu().numpy()
    again = encoder.encode(clips(subsets.unseen_test)).float().cpu().numpy()
    if not np.allclose(before, again, rtol=1e-3, atol=1e-3 * np.abs(before).max()):
        raise ZsarError(f"the encoder {choice.name} gives other features when it is fitted again, so it can't be kept")
    return encoder


def _reference(method: Method, its: Fold, epochs: int) -> Reference:
    unseen = its.test.classes
    rows = its.subsets.unseen_test[:REFERENCE_CLIPS]
    clips = [InputClip(str(its.dataset.samples[i]), its.dataset.frames(i), its.dataset.layout) for i in rows]
    candidates = Candidates(unseen, its.vectors.of(unseen), unseen, np.zeros(len(unseen), bool))
    return Reference(clips, candidates, Scorer(method, its.seed, epochs)(its.test.x[: len(rows)], its.test.text))


def describe(job: Job, main: Fold, outcome: Outcome, calibration: dict[str, Temperature], reason: str) -> dict:
    """What a model's folder says of it: what was run, on what, with which versions, and what came of it."""
    dataset = main.dataset
    run = identity(job, job.id, dataset.version, main.vectors.hash)
    texts = {} if job.text_source else prompts.prompt_set(job.card.prompts)
    seen = set(job.split.seen)
    frames, joints, encoder = job.frames, job.joints, None
    if job.encoder is not None:
        cls = plugins.find("encoder", job.encoder.name)
        frames, joints, encoder = job.encoder.frames, cls.joints, run["encoder"] | {"version": cls.version}
    temperatures = {kind: asdict(its) for kind, its in calibration.items()}
    return {
        **{name: run[name] for name in ("run", "evaluator", "split", "text", "seed", "chosen")},
        "method": run["method"] | {"x": list(main.train.x.shape[1:]), "epochs": outcome.epochs},
        "encoder": encoder,
        "dataset": run["dataset"] | {"layout": dataset.layout},
        "classes": [
            {"id": c, "name": name, "texts": texts.get(c, {}), "seen": c in seen}
            for c, name in job.card.classes.items()
        ],
        "input": {"frames": frames, "joints": joints, "bodies": int(dataset.manifest["bodies"])},
        "metrics": metrics(outcome, main.test.classes, calibration),
        "calibration": temperatures | ({"reason": reason} if reason else {}),
        "counts": main.subsets.counts,
        "environment": environment(main.device),
    }


def metrics(outcome: Outcome, unseen: tuple[str, ...], calibration: dict[str, Temperature]) -> dict:
    """What the model is worth on its dataset's test clips, on which nothing was chosen; fractions.

    ``inductive`` (what the model does) and ``transductive`` (what the benchmark also reports of methods that adapt to
    a whole test set); ``generalized`` with the companion run's constant.
    """
    result: dict[str, dict] = {}
    for mode, scores in outcome.new.items():
        numbers = zsl_metrics(scores, outcome.new_labels, list(unseen))
        result[mode] = {k: numbers[k] for k in ("top1", "mean_per_class", "per_class", "samples", "chance")}
    if "new" in calibration:
        p = probabilities(outcome.new["inductive"], calibration["new"].temperature)
        result["inductive"]["calibration_error"] = calibration_error(p, outcome.new_labels)
    if "mixed" in calibration and outcome.mixed is not None:
        lowered = calibration["mixed"].lower(outcome.mixed, outcome.mask)
        numbers = accuracies(lowered.argmax(1), outcome.labels, outcome.mask)
        error = calibration_error(probabilities(lowered, calibration["mixed"].temperature), outcome.labels)
        result["generalized"] = {k: numbers[k] for k in ("seen", "unseen", "harmonic")} | {"calibration_error": error}
    return result
