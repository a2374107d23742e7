"""Recognising one clip: the command as a user types it, and a model that is kept ready."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from zsar.benchmarks.speed.case import Case
from zsar.data.datasets import open_dataset
from zsar.errors import ZsarError
from zsar.harness.plan import plan
from zsar.learning.memory import keep_freed
from zsar.recognition.clip_files import read_clips
from zsar.recognition.model import Model
from zsar.recognition.training import train
from zsar.text import models

THREADS = 1
DATASET, SPLIT, FRAMES = "pku-sim", "smie.split-7", 90
COMMAND_S, WARM_S = 3.0, 0.05
NEW = ["drink water", "wave both hands", "fall down"]
MODELS = {
    "SA-DVAE": ("sadvae", None, {"sadvae": {"cycles": 1}}),
    "SA-DVAE on Shift-GCN": ("sadvae", "shiftgcn", {"sadvae": {"cycles": 1}, "shiftgcn": {"epochs": 1}}),
    "PGFA": ("pgfa", None, {"pgfa": {"epochs": 1}}),
}
NOTE = (
    f"A file with one clip of {FRAMES} frames and one body, and three labels. The models have the sizes of their "
    "recipes, Shift-GCN the published one, and were trained for one epoch on simulated motions: how long they take "
    "to answer doesn't depend on what they have learned. Most of a command's time is Python's start and the loading "
    "of PyTorch; a model that is kept ready (in Python, by `zsar predict --watch`, by `zsar demo`) doesn't pay for "
    "them. Labels in new words go through the text model first."
)


def trained(folder: Path, name: str) -> Path:
    """A model of this name, trained for one epoch, in a folder of its own."""
    method, encoder, keywords = MODELS[name]
    (job,) = plan(method, DATASET, splits=SPLIT, rules="last", keywords=keywords, encoder=encoder)
    path = folder / name.replace(" ", "-")
    train(job, folds=0).save(path)
    return path


def clip(folder: Path) -> Path:
    """A simulated clip as a file."""
    frames = open_dataset(DATASET).frames(0)[:, :1]
    np.save(folder / "clip.npy", np.resize(frames, (FRAMES, *frames.shape[1:])))
    return folder / "clip.npy"


def command(model: Path, file: Path, labels: list[str]) -> None:
    """``zsar predict``, in a process of its own."""
    arguments = [sys.executable, "-m", "zsar.cli", "predict", str(model), str(file), "--labels", *labels]
    subprocess.run(arguments, check=True, capture_output=True)


def cases(device: str, short: bool) -> Iterator[Case]:
    """Whole commands, and clips given to models that are ready; none in the short form."""
    if short or device != "cpu":
        return
    torch.manual_seed(0)
    keep_freed()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        file, folders = clip(folder), {name: trained(folder, name) for name in MODELS}
        ready = {name: Model.load(path) for name, path in folders.items()}
        known = [c.name for c in ready["SA-DVAE"].classes[: len(NEW)]]
        among = {"known": known, "new": NEW}
        try:
            models.locate(models.DEFAULT)
        except ZsarError:  # the text model isn't on this machine
            del among["new"]
        for kind, labels in among.items():
            run = lambda labels=labels: command(folders["SA-DVAE"], file, labels)
            yield Case(f"zsar predict, {kind} labels", "SA-DVAE on joint trajectories", run, seconds=COMMAND_S)
        for name, model in ready.items():
            answer = lambda model=model: model.decision_function(read_clips(file), known)
            yield Case(f"{name}, ready: one clip", "the file read, and its scores", answer, seconds=WARM_S)
