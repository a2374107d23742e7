"""The methods, one file each, and the contract that they share (`zsar.methods.contract`).

Classes are found by name and imported when used::

    from zsar.methods import find, available
    method = find("sadvae")(epochs=10)
"""

from zsar.methods.contract import Method, Seen
from zsar.methods.registry import available, find, make

__all__ = ["Method", "Seen", "available", "find", "make"]
