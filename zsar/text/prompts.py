"""Prompt sets: what is said about each class (``configs/prompts/*.yaml``), one text per kind of prompt."""

import functools

from zsar import configuration
from zsar.errors import UnknownName, ZsarError


@functools.cache
def prompt_set(name: str) -> dict[str, dict[str, str]]:
    """Prompt texts of a set: class id -> kind ("label", "description") -> text, in the set's order.

    Raises `UnknownName` with the nearest names and `ZsarError` when a class lacks a kind that others have.
    """
    where = f"configs/prompts/{name}.yaml"
    content = configuration.read("prompts", name)
    configuration.require(content, {"id": (str, True), "classes": (str, True), "prompts": (dict, True)}, where)
    prompts = content["prompts"]
    if not prompts:
        raise ZsarError(f"{where} holds no prompts")
    kinds = set(next(iter(prompts.values())))
    for class_id, texts in prompts.items():
        if set(texts) != kinds or not all(isinstance(t, str) and t.strip() for t in texts.values()):
            raise ZsarError(f"{where}: {class_id} should have a text for each of {', '.join(sorted(kinds))}")
    return {c: {kind: " ".join(t.split()) for kind, t in texts.items()} for c, texts in prompts.items()}


def texts(name: str, kind: str, classes) -> list[str]:
    """The texts of one kind for class ids, in their order. Raises `UnknownName` for a class or kind that is absent."""
    prompts = prompt_set(name)
    for class_id in classes:
        if class_id not in prompts:
            raise UnknownName("class", class_id, prompts, f"prompt set {name}")
        if kind not in prompts[class_id]:
            raise UnknownName("prompt", kind, prompts[class_id], f"prompt set {name}")
    return [prompts[class_id][kind] for class_id in classes]
