"""The encoder's features of a run's test clips, made again on this machine or taken from its cache."""

from collections.abc import Mapping

import numpy as np

from zsar.data.cards import card
from zsar.data.datasets import open_dataset
from zsar.data.partition import partition
from zsar.data.splits import choose
from zsar.encoders.features import EncoderChoice, cache_path, subset_features
from zsar.errors import DataError
from zsar.plugins import find


def unseen_test_features(record: Mapping, samples: list[str]) -> np.ndarray:
    """Features [n, D] of the unseen test clips ``samples``, in their order; ``record`` is the run's.

    Only an encoder without random training is trained anew, which takes seconds; those of others have to be cached.
    Raises `DataError` that says what is missing and what to do, `UnknownName` for a dataset that isn't known here.
    """
    run, dataset_block, split_block, encoder = (record[key] for key in ("run", "dataset", "split", "encoder"))
    if encoder is None:
        raise DataError(
            f"{record['method']['title']} learns from clips end to end, so run {run} has no encoder's features"
        )
    description = card(dataset_block["id"])
    candidates = choose(description, [f"{split_block['family']}.{split_block['name']}"])
    split = next((s for s in candidates if s.hash == split_block["hash"]), None)
    if split is None:
        raise DataError(f"the split {split_block['id']} has other classes now than in run {run}")
    dataset = open_dataset(description.id).of(split)
    if dataset.version != dataset_block["version"]:
        raise DataError(
            f"{description.title} is here in version {dataset.version}, and run {run} is of version "
            f"{dataset_block['version']}",
            f"Import the recordings that the run is of (zsar data info {description.id}).",
        )
    subsets = partition(dataset, description, split, description.protocol(dataset_block["protocol"]))
    if description.features:
        return dataset.arrays(subsets)["unseen_test"]
    if dataset.samples[subsets.unseen_test].tolist() != samples:
        raise DataError(f"the unseen test clips of {split_block['id']} are other ones now than in run {run}")
    choice = EncoderChoice.of(encoder["name"], encoder["keywords"], encoder["frames"])
    if find("encoder", encoder["name"]).random and not cache_path(dataset, subsets, choice, record["seed"]).is_file():
        raise DataError(
            f"the features of {encoder['name']} for {split_block['id']}, seed {record['seed']}, aren't cached",
            "Run the benchmark with this encoder here, which keeps them.",
        )
    return subset_features(dataset, subsets, choice, record["seed"])["unseen_test"]
