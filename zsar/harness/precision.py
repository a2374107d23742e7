"""``--precision``: the keyword ``precision`` of every method and encoder that has it; all others compute in float32."""

import inspect

from zsar.errors import UnknownName, ZsarError

ASKED = ("float32", "bf16", "auto")


def asked_of(cls: type, asked: str | None, device: str) -> dict:
    """The keyword for a method or encoder; nothing where it has none, or none was asked for.

    ``auto`` is bf16 for those whose accuracies were measured to be the same in it (`bf16_measured_equal`), on a device
    that multiplies in it, else float32. Raises `UnknownName`.
    """
    if asked is None or "precision" not in inspect.signature(cls).parameters:
        return {}
    if asked not in ASKED:
        raise UnknownName("precision", asked, ASKED)
    if asked == "auto":
        from zsar.learning.precision import multiplies_bf16

        asked = "bf16" if getattr(cls, "bf16_measured_equal", False) and multiplies_bf16(device) else "float32"
    return {"precision": asked}


def refuse_unused(asked: str | None, classes: list[type]) -> None:
    """Before anything runs: a lower precision that nobody takes. Raises `ZsarError` and `UnknownName`."""
    if asked is not None and asked not in ASKED:
        raise UnknownName("precision", asked, ASKED)
    if asked == "bf16" and not any("precision" in inspect.signature(cls).parameters for cls in classes):
        raise ZsarError(
            "--precision bf16: none of these methods and encoders computes in it",
            "It is for methods with the keyword precision (pgfa, dvta) and pre-training (--encoder stgcn or shiftgcn).",
        )
