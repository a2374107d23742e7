"""What a model says of clips: their most similar labels, with probabilities where the model is calibrated, and why."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from zsar.errors import ZsarError
from zsar.recognition.calibration import probabilities
from zsar.recognition.clip_files import read_clips
from zsar.recognition.clips import InputClip
from zsar.recognition.labels import Candidates
from zsar.recognition.model import BATCH, Model


def answers(model: Model, clips: Sequence[InputClip], candidates: Candidates, top: int | None = None) -> list[dict]:
    """Per clip its name and its ``top`` labels, the likeliest first, ready for JSON.

    Each label has a ``score``, a ``probability`` (only where the model is calibrated), whether it was ``trained`` on
    and the ``class`` that it names.
    """
    scores, temperature = model.scores(clips, candidates)
    ranking = model.ranking(scores, candidates)[:, :top]
    p = None if temperature is None else probabilities(scores, temperature.temperature)
    result = []
    for row, clip in enumerate(clips):
        entries = [
            {
                "label": candidates.labels[i],
                **({} if p is None else {"probability": float(p[row, i])}),
                "score": float(scores[row, i]),
                "trained": bool(candidates.trained[i]),
                "class": candidates.classes[i],
            }
            for i in ranking[row].tolist()
        ]
        result.append({"clip": clip.name, "predictions": entries, **({"note": clip.note} if clip.note else {})})
    return result


def answers_of_files(
    model: Model,
    files: Iterable[Path],
    candidates: Candidates,
    top: int | None = None,
    layout: str | None = None,
    unit: str | None = None,
) -> Iterator[dict]:
    """`answers` with each one's ``file``, in order; a file that can't be read has an ``error`` and a ``hint``."""
    waiting: list[tuple[str, InputClip | ZsarError]] = []

    def answer() -> Iterator[dict]:
        predicted = iter(answers(model, [clip for _, clip in waiting if isinstance(clip, InputClip)], candidates, top))
        for file, clip in waiting:
            if isinstance(clip, InputClip):
                yield {"file": file, **next(predicted)}
            else:
                yield {"file": file, "error": clip.message, "hint": clip.hint}
        waiting.clear()

    for file in files:
        try:
            waiting += [(str(file), clip) for clip in read_clips(file, layout, unit)]
        except ZsarError as e:
            waiting.append((str(file), e))
        if len(waiting) >= BATCH:
            yield from answer()
    yield from answer()


def caveats(model: Model, candidates: Candidates) -> list[str]:
    """What the numbers are, and what else a user should know before believing them; one sentence or two each."""
    lines, temperature = list(candidates.notes), model.calibration(candidates)
    if temperature is None:
        why = f": {model.uncalibrated}" if model.uncalibrated else ""
        lines.append(f"The numbers are scores, not probabilities; larger is more similar{why}.")
    else:
        lines.append(
            "The numbers are probabilities, given that one of the labels is right: softmax at a temperature fitted on "
            f"{temperature.clips} clips of {temperature.folds} companion runs without the classes held back from them."
        )
        error = model.calibration_error(candidates)
        if error is not None:
            lines.append(
                f"On the {model.content['counts']['unseen_test']} unseen test clips of "
                f"{model.content['dataset']['title']} they are off by {100 * error:.0f} points on average (expected "
                "calibration error); other labels and sensors may be worse."
            )
    if candidates.trained.any() and not candidates.trained.all():
        lines.append(
            "Labels trained on are lowered by a constant chosen on a companion run, or new ones would hardly be named."
            if temperature is not None
            else "Labels trained on and new ones are mixed, and nothing is taken off the former: they are favoured."
        )
    if model.transductive:
        lines.append(
            f"{model.title} adapts to a whole test set in zsar bench; here it takes each clip by itself: inductively."
        )
    return lines
