"""Subsets: disjoint, by protocol, and a companion run that sees nothing of the test."""

import dataclasses

import numpy as np
import pytest

from zsar.data import splits
from zsar.data.cards import card
from zsar.data.contract import Dataset
from zsar.data.partition import companion, partition
from zsar.errors import DataError

UTD = card("utd-mhad")


class Listed(Dataset):
    """Clips of which nothing is known but who performs what, and from where it was recorded."""

    def __init__(self, labels, subjects, views):
        self.labels, self.subjects, self.views = labels, subjects, views

    def __len__(self):
        return len(self.labels)

    def only(self, keep):
        return Listed(self.labels[keep], self.subjects[keep], self.views[keep])

    def frames(self, i):
        raise NotImplementedError

    clips = verify = frames


def without_counts(splits):
    """Splits that don't state how many clips the real dataset has: these tests make their own."""
    return [dataclasses.replace(split, expected={}) for split in splits]


def splits_of(card):
    return without_counts(splits.splits_of(card))


def choose(card, names):
    return without_counts(splits.choose(card, names))


def dataset(card=UTD, subjects=8, repetitions=2, views=("1",)):
    """What a prepared dataset says of its clips: every class by every subject, scrambled."""
    rows = [
        (c, str(s + 1), v) for c in card.classes for s in range(subjects) for v in views for _ in range(repetitions)
    ]
    rows = [rows[i] for i in np.random.default_rng(0).permutation(len(rows))]
    labels, people, sides = (np.array(column) for column in zip(*rows, strict=True))
    return Listed(labels, people, sides)


@pytest.mark.parametrize("split", splits_of(UTD), ids=lambda s: s.name)
def test_subsets_are_what_their_names_say(split):
    data = dataset()
    subsets = partition(data, UTD, split, UTD.default_protocol)
    parts = (subsets.seen_train, subsets.seen_test, subsets.unseen_test)
    together = np.concatenate(parts)
    assert len(np.unique(together)) == len(together)
    assert all((np.diff(p) > 0).all() and p.dtype == np.int64 for p in parts)
    train, test = {"1", "3", "5", "7"}, {"2", "4", "6", "8"}
    for part, people, side in zip(parts, (train, test, test), (split.seen, split.seen, split.unseen), strict=True):
        assert set(data.subjects[part]) == people and set(data.labels[part]) == set(side)
        assert len(part) == len(side) * len(people) * 2
    rest = np.setdiff1d(np.arange(len(data.labels)), together)
    assert set(data.labels[rest]) == set(split.unseen) and set(data.subjects[rest]) == train
    assert (subsets.classes, subsets.candidates) == (split.seen, split.unseen)


def test_cross_view_divides_by_view():
    ucla = card("nw-ucla")
    data = dataset(ucla, views=("1", "2", "3"))
    subsets = partition(data, ucla, choose(ucla, ["8-2"])[0], ucla.default_protocol)
    assert set(data.views[subsets.seen_train]) == {"1", "2"}
    assert set(data.views[subsets.seen_test]) == set(data.views[subsets.unseen_test]) == {"3"}


@pytest.mark.parametrize("fold", [0, 1, 2])
@pytest.mark.parametrize("split", splits_of(UTD), ids=lambda s: s.name)
def test_the_companion_run_sees_nothing_of_the_test(split, fold):
    data = dataset()
    main = partition(data, UTD, split, UTD.default_protocol)
    tuning = companion(data, split, main, fold)
    parts = (tuning.seen_train, tuning.seen_test, tuning.unseen_test)
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), main.seen_train)  # all of it, each clip once
    pseudo = split.pseudo_unseen(fold)
    left = set(split.seen) - set(pseudo)
    assert set(data.labels[tuning.unseen_test]) == set(pseudo) == set(tuning.candidates)
    assert set(data.labels[tuning.seen_train]) == set(data.labels[tuning.seen_test]) == left == set(tuning.classes)
    assert not set(tuning.classes + tuning.candidates) & set(split.unseen)
    assert len(set(data.subjects[tuning.seen_test])) == 1  # a fifth of four, rounded up
    assert not set(data.subjects[tuning.seen_test]) & set(data.subjects[tuning.seen_train])
    for part, again in zip(parts, _parts(companion(data, split, main, fold)), strict=True):
        np.testing.assert_array_equal(part, again)


def _parts(subsets):
    return subsets.seen_train, subsets.seen_test, subsets.unseen_test


def test_the_companion_run_keeps_something_to_train_on():
    split = choose(UTD, ["22-5"])[0]
    for subjects in (2, 4):  # one training subject; two of them, of whom one is set aside
        data = dataset(subjects=subjects)
        if subjects == 4:  # a class that only one of them performs, whichever is set aside
            keep = ~np.isin(data.labels, split.seen[:9]) | (data.subjects == "1") | (data.subjects == "2")
            keep &= ~np.isin(data.labels, split.seen[9:18]) | (data.subjects == "3") | (data.subjects == "2")
            data = data.only(keep)
        main = partition(data, UTD, split, UTD.default_protocol)
        tuning = companion(data, split, main)
        assert set(data.labels[tuning.seen_train]) == set(tuning.classes)
        assert len(tuning.seen_test) > 0


def test_a_class_without_clips_is_refused():
    split = choose(UTD, ["22-5"])[0]
    data = dataset()
    for gone, complaint in (
        (split.seen[3], "no training clip of seen class utd/a04"),
        (split.unseen[0], "no test clip of unseen class utd/a05"),
    ):
        keep = data.labels != gone
        with pytest.raises(DataError, match=f"utd-mhad, split purls.22-5, cross-subject: {complaint}"):
            partition(data.only(keep), UTD, split, UTD.default_protocol)


def test_a_protocol_that_nobody_trains_in_is_refused():
    data = dataset()
    data.subjects[:] = ""
    with pytest.raises(DataError, match="cross-subject: no clip is of a subject that trains\n.*info utd-mhad"):
        partition(data, UTD, choose(UTD, ["22-5"])[0], UTD.default_protocol)


def test_stated_counts_are_checked():
    data, split = dataset(), choose(UTD, ["22-5"])[0]
    counts = {"seen_train": 22 * 8, "seen_test": 22 * 8, "unseen_test": 5 * 8}
    stated = dataclasses.replace(split, expected={"utd-mhad/cross-subject": counts})
    assert len(partition(data, UTD, stated, UTD.default_protocol).seen_train) == 22 * 8
    wrong = dataclasses.replace(split, expected={"utd-mhad/cross-subject": counts | {"seen_test": 175}})
    with pytest.raises(DataError, match="'seen_test': 176[^\x00]*'seen_test': 175[^\x00]*zsar data import utd-mhad"):
        partition(data, UTD, wrong, UTD.default_protocol)


def test_other_counts_than_the_split_states_are_refused_unless_files_were_left_out():
    split = splits.choose(UTD, ["22-5"])[0]
    data = dataset()
    with pytest.raises(DataError, match="are not those of the split's definition"):
        partition(data, UTD, split, UTD.default_protocol)
    data.left_out = [{"file": "broken.mat", "reason": "truncated"}]
    assert len(partition(data, UTD, split, UTD.default_protocol).seen_train)
