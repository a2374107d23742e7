"""Zero-shot skeleton action recognition: methods, splits and one trustworthy leaderboard.

>>> import zsar
>>> results = zsar.bench(["pgfa", "dvta", "sadvae"], "pku-sim", seeds=range(3))  # doctest: +SKIP

The functions below come from `zsar.api`; docs/python.md goes through them. Nothing heavy is imported until one is used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from zsar import methods  # type: ignore[attr-defined]  # it lies beside the package, in the repository
    from zsar.api import (
        Dataset,
        Results,
        bench,
        evaluate,
        import_dataset,
        load,
        load_dataset,
        load_results,
        method,
        train,
    )

__all__ = [
    "Dataset",
    "Results",
    "bench",
    "evaluate",
    "import_dataset",
    "load",
    "load_dataset",
    "load_results",
    "method",
    "methods",
    "train",
]


def __getattr__(name: str) -> Any:
    if name == "methods":
        return importlib.import_module("zsar.methods")
    if name in __all__:
        return getattr(importlib.import_module("zsar.api"), name)
    raise AttributeError(f"module 'zsar' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
