"""The encoder's features of a run's test clips, made or found again on this machine."""

import numpy as np

from zsar.data.cards import card
from zsar.data.datasets import open_dataset
from zsar.data.partition import partition
from zsar.data.splits import choose
from zsar.encoders.features import EncoderChoice, cache_path, subset_features
from zsar.errors import DataError
from zsar.plugins import find


def unseen_test_features(record: dict, samples: list[str]) -> np.ndarray:
    """Features [n, D] of the unseen test clips ``samples``, in their order.

    Only an encoder without random training is fitted anew, which takes seconds; those of others have to be cached.
    Raises `DataError` that says what is missing and what to do, `UnknownName` for a dataset that isn't known here.
    """
    run = record["run"]
    if record["encoder"] is None:
        raise DataError(
            f"{record['method']['title']} learns from clips end to end, so run {run} has no encoder's features"
        )
    description, told = card(record["dataset"]["id"]), record["split"]
    split = next((s for s in choose(description, [f"{told['family']}.{told['name']}"]) if s.hash == told["hash"]), None)
    if split is None:
        raise DataError(f"the split {told['id']} has other classes now than in run {run}")
    dataset = open_dataset(description.id).of(split)
    if dataset.version != record["dataset"]["version"]:
        raise DataError(
            f"{description.title} is here in version {dataset.version}, and run {run} is of version "
            f"{record['dataset']['version']}",
            f"Import the recordings that the run is of (zsar data info {description.id}).",
        )
    subsets = partition(dataset, description, split, description.protocol(record["dataset"]["protocol"]))
    if description.features:
        return dataset.arrays(subsets)["unseen_test"]
    if dataset.samples[subsets.unseen_test].tolist() != samples:
        raise DataError(f"the unseen test clips of {told['id']} are other ones now than in run {run}")
    encoder = record["encoder"]
    choice = EncoderChoice.of(encoder["name"], encoder["keywords"], encoder["frames"])
    if find("encoder", encoder["name"]).random and not cache_path(dataset, subsets, choice, record["seed"]).is_file():
        raise DataError(
            f"the features of {encoder['name']} for {told['id']}, seed {record['seed']}, aren't cached",
            "Run the benchmark with this encoder here, which keeps them.",
        )
    return subset_features(dataset, subsets, choice, record["seed"])["unseen_test"]
