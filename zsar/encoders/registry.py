"""Encoders by name, through the entry-point group ``zsar.encoders``."""

from zsar.methods.registry import declared, load

GROUP = "zsar.encoders"


def available() -> list[str]:
    """The names of all installed encoders."""
    return list(declared(GROUP))


def find(name: str) -> type:
    """The encoder's class. Raises `UnknownName` with the nearest names."""
    from zsar.encoders.contract import Encoder

    return load(GROUP, "encoder", name, Encoder)
