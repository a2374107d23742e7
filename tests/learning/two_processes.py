"""Pre-train on whatever processes there are, and let the first write what came out: FOLDER curve|resumed:ENCODER ..."""

import sys
from pathlib import Path

import numpy as np
import torch

from zsar import plugins
from zsar.learning.distributed import agreed, joined, rank

KEYWORDS = {
    "stgcn": {"hidden": 4, "width": 8, "dropout": 0.0, "lr": 1e-3},
    "shiftgcn": {"hidden": 4, "absent_bodies": "skip", "offset_gradient": "exact", "lr": 1e-2},
}


def clips():
    """Nineteen clips of three classes, some without a second body: of batches of seven, five are left out."""
    x = torch.randn(19, 3, 8, 25, 2, generator=torch.Generator().manual_seed(1))
    x[::3, ..., 1] = 0
    return x, torch.arange(19) % 3, 3


def begun(name: str, **keywords):
    """An encoder whose training is about to begin."""
    torch.manual_seed(0)
    return plugins.find("encoder", name)(**{"epochs": 3, "batch": 7, **KEYWORDS[name], **keywords})


def curve(name: str) -> dict:
    """Losses and weights."""
    encoder = begun(name)
    losses = [report["loss"] for report in encoder.train(*clips())]
    return {"losses": np.array(losses)} | {k: v.numpy() for k, v in encoder.weights().items()}


def resumed(name: str) -> dict:
    """Weights of undisturbed training, with random numbers in every process, and of training resumed twice."""
    whole = begun(name, dropout=0.5)
    list(whole.train(*clips()))
    state = None
    for _ in range(3):
        encoder = begun(name, dropout=0.5)
        if state is not None:
            encoder.resume(state)
        training = encoder.train(*clips())
        next(training)
        state = agreed(encoder.state() if rank() == 0 else None)
    found = {"whole": whole, "resumed": encoder}
    return {f"{key}/{k}": v.numpy() for key, made in found.items() for k, v in made.weights().items()}


def main(folder: str, *trainings: str) -> None:
    with joined("cpu"):
        for training in trainings:
            what, name = training.split(":")
            found = {"curve": curve, "resumed": resumed}[what](name)
            if rank() == 0:
                np.savez(Path(folder) / f"{what}-{name}.npz", **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
