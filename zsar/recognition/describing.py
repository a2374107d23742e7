"""What a model's folder says of it: what was run, on what, with which versions, and what came of it."""

from zsar import plugins
from zsar.evaluation.gzsl import accuracies
from zsar.evaluation.metrics import zsl_metrics
from zsar.harness.plan import Job
from zsar.harness.record import environment, identity
from zsar.recognition.calibration import Temperature, calibration_error, probabilities
from zsar.recognition.runs import Trained
from zsar.text import prompts


def described(
    job: Job,
    run_id: str,
    dataset,
    vectors,
    made: Trained,
    calibration: dict[str, Temperature],
    reason: str,
    device: str,
) -> dict:
    """All of ``model.json`` but how tensors are put back and the names of files; ``run`` is the benchmark's run id."""
    known = identity(job, run_id, dataset.version, vectors.hash)
    texts, seen = prompts.prompt_set(job.card.prompts), set(job.split.seen)
    frames, joints, encoder = job.frames, job.joints, None
    if job.encoder is not None:
        cls = plugins.find("encoder", job.encoder.name)
        frames, joints, encoder = job.encoder.frames, cls.joints, known["encoder"] | {"version": cls.version}
    return {
        "run": run_id,
        "evaluator": known["evaluator"],
        "method": known["method"] | {"given": list(made.given), "epochs": made.epochs},
        "encoder": encoder,
        "dataset": known["dataset"] | {"layout": dataset.layout},
        "split": known["split"],
        "text": known["text"],
        "classes": [
            {"id": c, "name": name, "texts": texts[c], "seen": c in seen} for c, name in job.card.classes.items()
        ],
        "input": {"frames": frames, "joints": joints, "bodies": int(dataset.manifest["bodies"])},
        "seed": job.seed,
        "metrics": metrics(job, made, calibration),
        "calibration": {k: c.described() for k, c in calibration.items()} | ({"reason": reason} if reason else {}),
        "counts": {
            "train": len(made.subsets.seen_train),
            "seen_test": len(made.subsets.seen_test),
            "unseen_test": len(made.subsets.unseen_test),
        },
        "chosen": job.recipe.chosen,
        "environment": environment(device),
    }


def metrics(job: Job, made: Trained, calibration: dict[str, Temperature]) -> dict:
    """What the model is worth on its dataset's test clips, on which nothing was chosen; fractions.

    ``inductive`` (what the model does) and ``transductive`` (what the benchmark also reports of methods that adapt to
    a whole test set); ``generalized`` with the companion run's constant.
    """
    found = {}
    for mode, scores in made.scores.items():
        judged = zsl_metrics(scores, made.new_labels, list(job.split.unseen))
        found[mode] = {k: judged[k] for k in ("top1", "mean_per_class", "per_class", "samples", "chance")}
    if "new" in calibration:
        p = probabilities(made.scores["inductive"], calibration["new"].temperature)
        found["inductive"]["calibration_error"] = calibration_error(p, made.new_labels)
    if "mixed" in calibration and made.mixed is not None:
        scaled = calibration["mixed"].scaled(made.mixed, made.mask)
        judged = accuracies(scaled.argmax(1), made.labels, made.mask)
        error = calibration_error(probabilities(scaled, calibration["mixed"].temperature), made.labels)
        found["generalized"] = {k: judged[k] for k in ("seen", "unseen", "harmonic")} | {"calibration_error": error}
    return found
