"""Text models of the Hugging Face hub: in its cache on this machine, or fetched into it, with a line that says so."""

import contextlib
import glob
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from zsar.errors import ZsarError
from zsar.printing import print_line

FORBIDDING = ("ZSAR_OFFLINE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
"""Environment variables that forbid fetching, where they are set to anything but 0, false, no or off."""
_NEEDED = (".json", ".txt", ".model", ".safetensors", ".bin")
_OTHER_RUNTIMES = {"onnx", "openvino", "coreml"}


def repository(model: str) -> str:
    """A model's name on the hub: a name without a slash is one of sentence-transformers."""
    return model if "/" in model else f"sentence-transformers/{model}"


def cached(model: str) -> Path | None:
    """The model's folder in the hub's cache on this machine, or None where it isn't there whole."""
    with quiet_imports():
        from huggingface_hub import try_to_load_from_cache
        from huggingface_hub.errors import HFValidationError
    try:
        path = try_to_load_from_cache(repository(model), "modules.json")
    except HFValidationError:
        return None
    return Path(path).parent if isinstance(path, str) else None


def forbidden_by() -> str | None:
    """What of the environment forbids fetching, as "NAME=value", or None."""
    allowing = {"", "0", "false", "no", "off"}
    return next((f"{n}={os.environ[n]}" for n in FORBIDDING if os.environ.get(n, "").lower() not in allowing), None)


def fetch(model: str, ways: str) -> Path:
    """Fetch a model's files into the hub's cache; their folder.

    Only what sentence-transformers reads, and ``modules.json`` last, so that what a broken-off fetch
    has left never passes for a model.
    ``ways`` is the hint for errors. Raises `ZsarError` where fetching is forbidden or fails.
    """
    missing = f"the text model {model!r} is not on this machine"
    if variable := forbidden_by():
        raise ZsarError(f"{missing}, and {variable} forbids fetching it", f"{ways} Or run again without {variable}.")
    with quiet_imports():
        from huggingface_hub import HfApi, constants, snapshot_download
        from huggingface_hub.errors import HFValidationError, RepositoryNotFoundError

    name, place = repository(model), constants.ENDPOINT.partition("://")[2]
    try:
        info = HfApi(endpoint=constants.ENDPOINT).model_info(name, files_metadata=True, timeout=10)
        sizes = {file.rfilename: file.size or 0 for file in info.siblings}
        files = needed(list(sizes))
        if "modules.json" not in files:
            raise ZsarError(f"{name} of {place} has no modules.json: it is not a model of sentence-transformers", ways)
        size = sum(sizes[file] for file in files) / 2**20
        print_line(
            f"fetching the text model {model} ({size:.0f} MiB) from {place} into {constants.HF_HUB_CACHE}",
            file=sys.stderr,
        )
        files.remove("modules.json")
        with _bars_on_terminals_only():
            for some in (files, ["modules.json"]):
                patterns = [glob.escape(file) for file in some]
                folder = snapshot_download(name, allow_patterns=patterns, endpoint=constants.ENDPOINT)
        return Path(folder)
    except HFValidationError as e:
        raise ZsarError(f"{missing}: neither a folder with a modules.json nor a name on {place}", ways) from e
    except RepositoryNotFoundError as e:
        raise ZsarError(f"{missing}, and {place} has no public {name}", f"Is the name right? {ways}") from e
    except ZsarError:
        raise
    except Exception as e:  # which ones there are depends on the versions of the hub's client and what it stands on
        reason = (str(e).strip() or type(e).__name__).splitlines()[0]
        raise ZsarError(f"{missing} and could not be fetched from {place}: {reason}", ways) from e


def needed(files: list[str]) -> list[str]:
    """Those of a repository's files that sentence-transformers reads: weights once, in their safest form."""
    safe = {PurePosixPath(f).parent for f in files if f.endswith(".safetensors")}
    paths = [PurePosixPath(f) for f in files]
    return [
        str(p)
        for p in paths
        if p.suffix in _NEEDED and not _OTHER_RUNTIMES & set(p.parts) and not (p.suffix == ".bin" and p.parent in safe)
    ]


@contextlib.contextmanager
def quiet_imports() -> Iterator[None]:
    """A block without the warning that a notebook can't draw progress bars, which zsar doesn't."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="IProgress not found")
        yield


@contextlib.contextmanager
def _bars_on_terminals_only() -> Iterator[None]:
    from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    if sys.stderr.isatty() or are_progress_bars_disabled():
        yield
        return
    disable_progress_bars()
    try:
        yield
    finally:
        enable_progress_bars()
