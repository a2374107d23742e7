"""``zsar text``: what is said about each class, and a user's own prompts."""

import argparse
from pathlib import Path

from zsar.errors import ZsarError
from zsar.printing import print_line, screen

EXAMPLES = """
zsar text pku                        the prompts of a dataset's classes
zsar text pku --prompts mine         those of another prompt set
zsar text list                       all prompt sets
zsar text import mine --dataset pku --source pku_des.txt
                                     a prompt set of your own, for: zsar bench --prompts mine

Files to import are .txt with one text a line in class order (as SMIE and PGFA release them), .csv with the columns
idx,label (SA-DVAE) or a column of class names and one for each kind of text (PURLS), or .yaml as in configs/prompts.
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
    parser.add_argument("--source", type=Path, metavar="FILE", help="import: the file to read")
    parser.add_argument(
        "--kind", metavar="KIND", help="import: what a file's one text a class is, label or description"
    )


def run(options: argparse.Namespace) -> int:
    """Print prompts, list the sets or import one."""
    if options.dataset == "import":
        return _import(options)
    for option in ("name", "of", "source", "kind"):
        if getattr(options, option) is not None:
            raise ZsarError(f"{getattr(options, option)} is for importing", "See: zsar text --help")
    return _print_sets() if options.dataset == "list" else _print_prompts(options)


def _print_prompts(options: argparse.Namespace) -> int:
    from zsar.data.cards import card
    from zsar.text.prompts import prompt_set, require, texts

    description = card(options.dataset)
    name = options.prompts or description.prompts
    require(name, (), description.classes, description.id)
    classes = options.classes.split(",") if options.classes else list(description.classes)
    kinds = list(next(iter(prompt_set(name).values())))
    for class_id, *row in zip(classes, *(texts(name, kind, classes) for kind in kinds), strict=True):
        print_line(class_id)
        for kind, text in zip(kinds, row, strict=True):
            print_line(f"  {kind}: {text}")
    return 0


def _print_sets() -> int:
    from rich.table import Table

    from zsar import configuration
    from zsar.text.prompts import prompt_set, user_sets, vocabulary_of

    registered = configuration.names("prompts")
    table = Table()
    for column in ("prompt set", "class list", "classes", "kinds of text", "whose"):
        table.add_column(column)
    for name in [*registered, *(n for n in user_sets() if n not in registered)]:
        texts = prompt_set(name)
        kinds = ", ".join(next(iter(texts.values())))
        whose = "zsar's" if name in registered else "yours"
        table.add_row(name, vocabulary_of(name), str(len(texts)), kinds, whose)
    screen().print(table)
    return 0


def _import(options: argparse.Namespace) -> int:
    from zsar.text.prompt_files import import_prompts

    for value, missing in ((options.name, "NAME"), (options.of, "--dataset"), (options.source, "--source")):
        if value is None:
            raise ZsarError(
                f"importing prompts needs {missing}", "zsar text import NAME --dataset DATASET --source FILE"
            )
    imported, path = import_prompts(options.name, options.of, options.source, options.kind)
    class_id, texts = next(iter(imported.prompts.items()))
    print_line(
        f"{options.name}: texts for the {len(imported.prompts)} classes of {imported.vocabulary}, from {options.source}"
    )
    print_line(f"  matched {imported.matched}")
    for kind, text in texts.items():
        print_line(f"  {kind}, for {class_id}: {text}")
    for remark in imported.remarks:
        print_line(f"  note: {remark}")
    print_line(f"stored in {path}")
    print_line(f"to use it: zsar bench --dataset {options.of} --prompts {options.name} --methods ...")
    return 0
