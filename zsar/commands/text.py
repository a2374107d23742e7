"""``zsar text``: what is said about each class."""

import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("dataset", help="see: zsar data list")
    parser.add_argument("--classes", metavar="ID,ID", help="only these classes")


def run(options: argparse.Namespace) -> int:
    """Print the prompts of a dataset's classes."""
    from zsar.data.cards import card as find
    from zsar.text.prompts import prompt_set, texts

    card = find(options.dataset)
    classes = options.classes.split(",") if options.classes else list(card.classes)
    kinds = list(next(iter(prompt_set(card.prompts).values())))
    for class_id, *row in zip(classes, *(texts(card.prompts, kind, classes) for kind in kinds), strict=True):
        print(class_id)
        for kind, text in zip(kinds, row, strict=True):
            print(f"  {kind}: {text}")
    return 0
