"""What makes this repository's documents lies in ``docs/building`` and is no part of the library."""

from made_up import record  # noqa: F401
