"""A trained model as a folder that can be moved and shared: ``model.json`` and tensors, and nothing that is run.

A folder may be a stranger's: its files are plain ones of bounded size, and its numbers are held to bounds before
anything is made of them.

``model.json`` holds what the model is (method, encoder, text model, classes, layout, frames, metrics, calibration,
versions) and the SHA-256 of the other files: ``method.safetensors``, ``encoder.safetensors`` where the method learns
from features, and ``text.safetensors`` with the vectors of all classes of its dataset.
"""

import hashlib
import json
from pathlib import Path

from zsar import __version__, storage
from zsar.configuration import parse_json, require_shape
from zsar.errors import DataError, ZsarError

FORMAT = 3
"""3: judged with the draws of its last epoch, and Kinect v1's spine is placed in Kinect v2's; models of before would
answer otherwise than their numbers say."""
MANIFEST = "model.json"
LARGEST_MANIFEST = 64 * 2**20
LARGEST_TENSORS = 2**31
"""Bytes of a file of tensors."""
_WORK = range(1, 10_001)
_FRAMES = range(1, 2001)
_KEYWORDS = {"draws": _WORK, "classifier_steps": _WORK, "frames": _FRAMES}
"""Keywords by which a method or encoder decides how much to do for a prediction. What a network is built with needs no
bounds: it is held against the tensors that it gets, before it is built."""
_SHAPE = {
    "method": {
        "name": str,
        "title": str,
        "keywords": {},
        "transductive": bool,
        "training": bool,
        "epochs": range(1, 2**31),
        "x": [range(1, 2**31)],
    },
    "dataset": {"title": str},
    "split": {"id": str},
    "text": {"model": str, "prompts": [str]},
    "classes": [{"id": str, "name": str, "texts": {"*": str}, "seen": bool}],
    "input": {"frames": _FRAMES, "joints": str, "bodies": range(1, 11)},
    "seed": range(2**63),
    "metrics": {"*": {"calibration_error": float}},
    "calibration": {"reason": str | None, "*": {"*": float}},
    "counts": {"unseen_test": range(2**31)},
    "files": {"*": str},
}
_ENCODER = {"name": str, "version": range(2**31), "keywords": {}, "state": str}
AGAIN = "Get the folder again from where it came from, or train anew: zsar train --method ... --save FOLDER"


def write_folder(path: Path, content: dict, tensors: dict[str, dict], check=lambda folder: None) -> None:
    """Write a model, whole or not at all; ``tensors`` maps ``method``, ``encoder`` and ``text`` to named tensors.

    ``check`` is given the finished folder before it takes its place. Raises `ZsarError` for a place that holds
    something else than a model.
    """
    path = Path(path)
    require_place(path)
    from safetensors.torch import save

    with storage.folder_written_whole(path) as folder:
        files = {}
        for name, named in tensors.items():
            data = save(named)
            (folder / f"{name}.safetensors").write_bytes(data)
            files[f"{name}.safetensors"] = hashlib.sha256(data).hexdigest()
        manifest = {"format": FORMAT, "zsar": __version__, **content, "files": files}
        text = json.dumps(manifest, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        (folder / MANIFEST).write_text(text, encoding="utf-8")
        check(folder)


def require_place(path: Path) -> None:
    """Raise `ZsarError` for a place where a model can't be written without destroying something else."""
    path = Path(path)
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise ZsarError(f"{path} is not a folder", "Name a new folder with --save.")
    if path.is_dir() and any(path.iterdir()) and not (path / MANIFEST).is_file():
        raise ZsarError(f"{path} holds something else than a model", "Name a new folder with --save.")


def read_folder(path: Path, device: str = "cpu") -> tuple[dict, dict[str, dict]]:
    """``model.json`` and the tensors of each file, by name. Raises `DataError` that names the file that is wrong."""
    path = Path(path)
    if not path.is_dir():
        what = "is a file, not the folder of a model" if path.exists() else "doesn't exist"
        raise DataError(
            f"{path} {what}", "Train one: zsar train --method NAME --dataset NAME --split NAME --save FOLDER"
        )
    manifest = _manifest(path / MANIFEST)
    return manifest, {name.removesuffix(".safetensors"): _tensors(path / name, sha, device) for name, sha in
                      manifest["files"].items()}  # fmt: skip


def _manifest(file: Path) -> dict:
    try:
        content = parse_json(storage.read_bytes(file, LARGEST_MANIFEST).decode("utf-8"))
    except FileNotFoundError:
        raise DataError(f"{file.parent} is not a model's folder: {file} is missing", AGAIN) from None
    except OSError as e:
        raise DataError(f"{file} can't be read: {e.strerror}") from e
    except ValueError as e:
        raise DataError(f"{file} is damaged: {e}", AGAIN) from e
    version = content.get("format") if isinstance(content, dict) else None
    if version != FORMAT:
        by = f", written by zsar {content.get('zsar')}" if isinstance(content, dict) and content.get("zsar") else ""
        raise DataError(
            f"{file} is of format {version!r}{by}; this is zsar {__version__}, which reads format {FORMAT}",
            "Use the version of zsar that wrote it, or train the model anew with this one: zsar train --method ... "
            f"--save {file.parent}",
        )
    where, checks = f"{file} is damaged: ", {"whole": True, "error": DataError}
    for key, shape in _SHAPE.items():
        require_shape(content.get(key), shape, f"{where}{key}", **checks)
    if content.get("encoder") is not None:
        require_shape(content["encoder"], _ENCODER, f"{where}encoder", **checks)
    for block in filter(None, (content["method"], content.get("encoder"))):
        require_shape(block["keywords"], _KEYWORDS, f"{where}{block['name']}.keywords", error=DataError)
    files = {"method.safetensors", "text.safetensors"} | ({"encoder.safetensors"} if content.get("encoder") else set())
    if set(content["files"]) != files:
        raise DataError(f"{file} is damaged: it lists other files than {', '.join(sorted(files))}", AGAIN)
    return content


def _tensors(file: Path, sha: str, device: str) -> dict:
    from safetensors.torch import load

    try:
        data = storage.read_bytes(file, LARGEST_TENSORS)
        if hashlib.sha256(data).hexdigest() != sha:
            raise DataError(f"{file} is damaged: its SHA-256 is not the one in {MANIFEST}", AGAIN)
        tensors = load(data)
        for name, tensor in tensors.items():
            if not tensor.isfinite().all():
                raise DataError(f"{file} is damaged: the tensor {name!r} holds NaN or infinite values", AGAIN)
        return {name: tensor.to(device) for name, tensor in tensors.items()}
    except FileNotFoundError:
        raise DataError(f"{file} is missing", AGAIN) from None
    except OSError as e:
        raise DataError(f"{file} can't be read: {e.strerror}") from e
    except DataError:
        raise
    except Exception as e:  # whatever safetensors meets in a damaged file
        raise DataError(f"{file} is damaged: {e}", AGAIN) from e
