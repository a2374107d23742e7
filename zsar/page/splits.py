"""What a split's methods have in common on the page: its classes, the clips that are shown, the maps."""

from zsar.data.cards import card
from zsar.errors import UnknownName
from zsar.page.boards import rounded
from zsar.page.groups import Group
from zsar.page.maps import Features, maps
from zsar.page.mistakes import LISTED, choose_clips, judged
from zsar.page.recordings import Recordings
from zsar.page.skeletons import Budget, with_skeletons
from zsar.protocol import RULES
from zsar.results import Record
from zsar.results.table import Split
from zsar.skeletons.sides import anatomy

WITHOUT_SKELETONS = "This page was made without skeletons; zsar report --clips N puts them in."
FEATURES_ONLY = "The dataset holds features only, so there are no skeletons here."


def split_content(
    group: Group,
    split: Split,
    recordings: Recordings,
    *,
    clips: int | None,
    budget: Budget,
    features: Features | None,
) -> dict:
    """A split's content; its ``clips`` are what entries' mistakes are about.

    ``clips``: how many skeletons of misclassified clips to show; None lists such clips without them.
    """
    firsts = {}  # of every configuration, the record with the smallest seed
    for number, runs in enumerate(group.configurations):
        if of_split := [r for r in runs if r.split.name == split.name]:
            firsts[number] = of_split[0]
    first = next(iter(firsts.values()))
    rule = next(rule for rule in RULES if any(rule in by_rule for by_rule in first.results.values()))
    runs = [
        (number, mode, record, judged(group.results, record, f"{mode}/{rule}"))
        for number, record in firsts.items()
        for mode, by_rule in record.results.items()
        if rule in by_rule
    ]
    listed = choose_clips((run for *_, run in runs if run), LISTED if clips is None else clips)
    if clips is not None:
        listed, remark = with_skeletons(listed, recordings, budget)
    else:
        remark = FEATURES_ONLY if recordings.card and recordings.card.features else WITHOUT_SKELETONS
    return {
        "name": split.name,
        "chance": rounded(split.chance),
        "seen": split.seen,
        "classes": _class_names(first),
        "clips": listed,
        "clipsSaid": remark,
        "skeleton": anatomy(recordings.dataset.layout) if any("skeleton" in clip for clip in listed) else None,
        "maps": maps(rule, runs, recordings, features),
    }


def _class_names(record: Record) -> list[str]:
    """The unseen classes' names, in the order of the split; an unknown class goes by its id."""
    try:
        names = card(record.dataset.id).classes
    except UnknownName:
        names = {}
    return [names.get(c, c) for c in record.split.unseen]
