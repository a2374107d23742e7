"""What a split's methods have in common on the page: its classes, the clips that are shown, the maps."""

from dataclasses import dataclass

from zsar.data.cards import card
from zsar.errors import UnknownName, ZsarError
from zsar.page import behind, chosen_clips, maps, skeletons
from zsar.page.behind import Behind
from zsar.page.entries import scored
from zsar.page.groups import Group, of_split
from zsar.page.leaderboards import rounded
from zsar.protocol import RULES
from zsar.results.scores import Scores
from zsar.results.table import Split
from zsar.text import models
from zsar.text.vectors import class_vectors


@dataclass(frozen=True)
class SplitPart:
    """A split's ``content`` in the page's data, and the names of the clips that are ``shown``, in its order."""

    content: dict
    shown: list[str]


def split_part(
    group: Group, split: Split, scores: Scores, data: Behind | str, clips: int | None, room: skeletons.Room
) -> SplitPart:
    """Make a split's part. ``clips``: how many skeletons are wanted; None lists misclassified clips without them."""
    firsts = {
        i: runs[0] for i, all_runs in enumerate(group.identities.values()) if (runs := of_split(all_runs, split.name))
    }
    some = next(iter(firsts.values()))
    rule = next(rule for rule in RULES if any(rule in by for by in some["results"].values()))
    results = [
        (number, record, mode)
        for number, record in firsts.items()
        for mode, by_rule in record["results"].items()
        if rule in by_rule
    ]
    named = [(record, f"{mode}/{rule}") for _, record, mode in results]
    chosen = chosen_clips.chosen(named, scores, chosen_clips.LISTED if clips is None else clips)
    listed = [{"sample": sample, "true": true} for sample, true in chosen]
    if clips is None:
        said = "This page was made without skeletons; zsar report --clips N puts them in."
        if isinstance(data, Behind) and data.card.features:
            said = "The dataset holds features only, so there are no skeletons here."
    else:
        listed, said = skeletons.with_skeletons(listed, data, room)
    content = {
        "name": split.name,
        "chance": rounded(split.chance),
        "seen": split.seen,
        "classes": _class_names(some),
        "clips": listed,
        "clipsSaid": said,
        "skeleton": skeletons.bones(data.dataset.layout) if any("skeleton" in c for c in listed) else None,
        "maps": _maps(results, rule, scores, data),
    }
    return SplitPart(content, [clip["sample"] for clip in listed])


def _class_names(record: dict) -> list[str]:
    """The unseen classes' names, in the order of the split; an unknown class goes by its id."""
    try:
        names = card(record["dataset"]["id"]).classes
    except UnknownName:
        names = {}
    return [names.get(c, c) for c in record["split"]["unseen"]]


def _maps(results: list[tuple[int, dict, str]], rule: str, scores: Scores, data: Behind | str) -> dict:
    """``after`` by entry, ``features`` and ``text`` by the number of the configuration, the clips' true ``labels``."""
    made = {"rule": rule, "labels": None, "seed": None, "after": {}, "features": {}, "text": {}}
    everything, kept, cached = None, None, {}
    for number, record, mode in results:
        name = f"{mode}/{rule}"
        checked = scored(record, scores.find(record["run"], (name, "labels", "samples")), name)
        if checked is None or (everything is not None and checked[2] != everything):
            continue
        values, labels, samples = checked
        if everything is None:
            everything, kept = samples, maps.thinned(labels)
            made |= {"labels": labels[kept].tolist(), "seed": record["seed"], "clips": len(labels)}
        made["after"][f"{number}.{mode}.{rule}"] = {
            "seed": record["seed"],
            "xy": maps.of_scores(values[kept]),
            "predicted": values[kept].argmax(axis=1).tolist(),
        }
        key = "features", str(record["encoder"]), record["seed"]
        if key not in cached:
            found = data if isinstance(data, str) else behind.features(record, samples)
            cached[key] = found if isinstance(found, str) else maps.of_features(found[kept])
        made["features"][number] = cached[key]
        key = "text", str(record["text"])
        if key not in cached:
            cached[key] = _prototypes(record)
        made["text"][number] = cached[key]
    return made


def _prototypes(record: dict) -> list[int] | str:
    """A map of the unseen classes' text vectors, a class's prompts averaged, or why there is none."""
    text = record["text"] or {}
    if text.get("model") != models.DEFAULT:
        return f"The text vectors are {text.get('model') or 'unknown'}'s, which are not shipped with zsar."
    try:
        classes = card(record["dataset"]["id"]).classes
        vectors = class_vectors(text["prompt_set"], text["prompts"], tuple(classes), text["model"])
        if vectors.hash != text["hash"]:
            return "The texts are other ones now than in the records."
        return maps.of_prototypes(vectors.of(record["split"]["unseen"]).mean(axis=1))
    except (ZsarError, KeyError):
        return "The text vectors could not be made again from these records."
