"""Parity with what the authors' implementations compute: ``python -m zsar.testing.golden FILE.npz``.

A golden file holds ``weights/*`` (named as in the released state dicts), inputs, and the values that came out.
Each module beside this one knows one kind of file; `check` finds the right one, loads the weights through the
method's public path and computes every value anew.
"""

import importlib
import pkgutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zsar.errors import DataError

TOLERANCE, GRADIENT_TOLERANCE = 1e-5, 1e-4


@dataclass(frozen=True)
class Comparison:
    """One value of the file: the largest error, and whether it lies within tolerance (absolute plus relative)."""

    key: str
    error: float
    tolerance: float
    good: bool
    note: str = ""


def load(path: Path) -> dict[str, np.ndarray]:
    """All arrays of a golden file, without pickle. Raises `DataError` when the file is missing or damaged."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {key: archive[key] for key in archive.files}
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zipfile.zlib.error) as e:
        raise DataError(f"{path} is damaged or not a .npz file: {e}") from e


def kinds() -> dict[str, object]:
    """The modules of all kinds of golden files, by name."""
    return {
        m.name: importlib.import_module(f"{__name__}.{m.name}")
        for m in pkgutil.iter_modules(__path__)
        if m.name != "__main__"
    }


def recognise(values: dict[str, np.ndarray], path: Path) -> str:
    """The kind whose weights and inputs the file holds."""
    matching = [name for name, kind in kinds().items() if all(key in values for key in kind.RECOGNISED_BY)]
    if len(matching) != 1:
        raise DataError(
            f"{path} is not a golden file of a kind that zsar checks ({', '.join(kinds())}); "
            f"it holds {', '.join(sorted(values)[:8])} ..."
        )
    return matching[0]


def check(path: Path) -> tuple[str, list[Comparison]]:
    """Compare every value of a golden file with zsar's: the kind of file and one comparison per key.

    Raises `DataError` for a file that is damaged, incomplete or of no known kind.
    """
    values = load(path)
    name = recognise(values, path)
    kind = kinds()[name]
    try:
        computed = {key: np.asarray(value) for key, value in kind.compute(values).items()}
    except (KeyError, RuntimeError, ValueError, IndexError) as e:
        raise DataError(
            f"{path}: the file's weights or inputs are incomplete or don't fit together: {type(e).__name__}: {e}"
        ) from e
    return name, [
        compare(key, values[key], computed.get(key))
        for key in values
        if not key.startswith(("weights/", "input/", "noise/")) and key not in kind.INPUTS
    ]


def compare(key: str, expected: np.ndarray, computed: np.ndarray | None) -> Comparison:
    """Largest error of one value; integers must be equal, floats within the tolerance of their kind."""
    tolerance = GRADIENT_TOLERANCE if "grad" in key else TOLERANCE
    if computed is None:
        return Comparison(key, np.inf, tolerance, False, "not covered")
    if computed.shape != expected.shape:
        return Comparison(key, np.inf, tolerance, False, f"shape {computed.shape}, expected {expected.shape}")
    if not (np.isfinite(expected).all() and np.isfinite(computed).all()):
        return Comparison(key, np.inf, tolerance, False, "not finite")
    error = np.abs(computed.astype(np.float64) - expected.astype(np.float64))
    if expected.dtype.kind in "iub":
        return Comparison(key, float(error.max(initial=0)), 0.0, bool((error == 0).all()))
    within = error <= tolerance + tolerance * np.abs(expected)
    return Comparison(key, float(error.max(initial=0)), tolerance, bool(within.all()))
