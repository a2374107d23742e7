"""``zsar text``: what is said about each class, and a user's own prompts."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from zsar.errors import ZsarError
from zsar.printing import print_line, screen

if TYPE_CHECKING:
    from zsar.text.vector_sets import VectorSet

EXAMPLES = """
zsar text pku                        the prompts of a dataset's classes
zsar text pku --prompts mine         those of another prompt set
zsar text list                       all prompt sets
zsar text import mine --dataset pku --source pku_des.txt
                                     a prompt set of your own, for: zsar bench --prompts mine
zsar text import clip --dataset ntu60 --source clip_vit_b32 --model clip-ViT-B-32
                                     vectors that others computed, in place of texts

Files to import are .txt with one text a line in class order (as SMIE and PGFA release them), .csv with the columns
idx,label (SA-DVAE) or a column of class names and one for each kind of text (PURLS), or .yaml as in configs/prompts.
Vectors are .npy with a row a class in class order, or a folder of such files named lb_60.npy (class names), ad_60.npy
(descriptions), md_60.npy (motions) as MSF-GZSSAR, SynSE and SA-DVAE release them.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.usage = "zsar text DATASET | list | import NAME --dataset DATASET --source FILE [options]"
    parser.epilog = EXAMPLES
    parser.add_argument(
        "dataset", metavar="DATASET | list | import", help="a dataset (see: zsar data list) or an action"
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="import: the new prompt set's name")
    parser.add_argument("--classes", metavar="ID,ID", help="only these classes")
    parser.add_argument("--prompts", metavar="NAME", help="a prompt set other than the dataset's own")
    parser.add_argument("--dataset", dest="of", metavar="DATASET", help="import: whose classes the file is about")
    parser.add_argument("--source", type=Path, metavar="FILE", help="import: the file or folder to read")
    parser.add_argument(
        "--kind", metavar="KIND", help="import: what a file's one text a class is, label or description"
    )
    parser.add_argument("--model", metavar="MODEL", help="import: the text model that computed the vectors of a .npy")


def run(options: argparse.Namespace) -> int:
    """Print prompts, list the sets or import one."""
    if options.dataset == "import":
        return _import(options)
    for option in ("name", "of", "source", "kind", "model"):
        if getattr(options, option) is not None:
            raise ZsarError(f"{getattr(options, option)} is for importing", "See: zsar text --help")
    return _print_sets() if options.dataset == "list" else _print_prompts(options)


def _print_prompts(options: argparse.Namespace) -> int:
    from zsar.data.cards import card
    from zsar.text.prompts import outline, require, texts, vectors_of

    description = card(options.dataset)
    name = options.prompts or description.prompts
    require(name, (), description.classes, description.id)
    if vectors := vectors_of(name):
        print_line(*_lines(name, vectors))
        return 0
    kinds = outline(name).kinds
    classes = options.classes.split(",") if options.classes else list(description.classes)
    for class_id, *row in zip(classes, *(texts(name, kind, classes) for kind in kinds), strict=True):
        print_line(class_id)
        for kind, text in zip(kinds, row, strict=True):
            print_line(f"  {kind}: {text}")
    return 0


def _print_sets() -> int:
    from rich.table import Table

    from zsar import configuration
    from zsar.text.prompts import outline, user_sets, vectors_of

    registered = configuration.names("prompts")
    table = Table()
    for column in ("prompt set", "class list", "classes", "kinds of text", "whose"):
        table.add_column(column)
    for name in [*registered, *(n for n in user_sets() if n not in registered)]:
        its, vectors = outline(name), vectors_of(name)
        kinds = ", ".join(its.kinds) + (f" (vectors by {vectors.model})" if vectors else "")
        whose = "zsar's" if name in registered else "yours"
        table.add_row(name, its.vocabulary, str(len(its.classes)), kinds, whose)
    screen().print(table)
    return 0


def _import(options: argparse.Namespace) -> int:
    from zsar.text.prompt_files import import_prompts
    from zsar.text.vector_files import SUFFIX, import_vectors, shared_vectors

    for value, missing in ((options.name, "NAME"), (options.of, "--dataset"), (options.source, "--source")):
        if value is None:
            raise ZsarError(
                f"importing prompts needs {missing}", "zsar text import NAME --dataset DATASET --source FILE"
            )
    if options.source.is_dir() or options.source.suffix.lower() == SUFFIX:
        if options.model is None:
            raise ZsarError(
                f"importing the vectors of {options.source} needs --model, the text model that computed them",
                "For example: --model clip-ViT-B-32",
            )
        vectors, path = import_vectors(options.name, options.of, options.source, options.model, options.kind)
        lines, remarks = _lines(options.name, vectors), shared_vectors(vectors)
    elif options.model is not None:
        raise ZsarError(
            f"{options.source} is neither a {SUFFIX} file nor a folder: --model is for vectors that others computed",
            "Leave it away for texts; see: zsar text --help",
        )
    else:
        imported, path = import_prompts(options.name, options.of, options.source, options.kind)
        class_id, texts = next(iter(imported.prompts.items()))
        lines = [
            f"{options.name}: texts for the {len(imported.prompts)} classes of {imported.vocabulary}, from "
            f"{options.source}",
            f"  matched {imported.matched}",
            *(f"  {kind}, for {class_id}: {text}" for kind, text in texts.items()),
        ]
        remarks = imported.remarks
    print_line(*lines, *(f"  note: {remark}" for remark in remarks), f"stored in {path}")
    print_line(f"to use it: zsar bench --dataset {options.of} --prompts {options.name} --methods ...")
    return 0


def _lines(name: str, vectors: VectorSet) -> list[str]:
    """What there is to say of a set of vectors."""
    return [
        f"{name}: vectors of the {len(vectors.ids)} classes of {vectors.vocabulary} by {vectors.model}, "
        f"{vectors.width} wide, matched in class order and used as they are",
        *(f"  {kind}, whose wording is not known: {vectors.source[kind].partition(' ')[2]}" for kind in vectors.values),
    ]
