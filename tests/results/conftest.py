"""Made-up records as fixtures."""

from made_up import both, record, records  # noqa: F401
