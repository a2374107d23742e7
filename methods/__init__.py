"""The methods, one file each, as their papers tell them.

Classes are found by name and imported when used, others' plug-ins too::

    from zsar.methods import available, find
    method = find("sadvae")(epochs=10)

A method of your own extends `Method`; `zsar.learning.contract` says what it may be asked for.
"""

import functools

from zsar import plugins
from zsar.learning.contract import Method, Seen

available = functools.partial(plugins.available, "method")
find = functools.partial(plugins.find, "method")

__all__ = ["Method", "Seen", "available", "find"]
