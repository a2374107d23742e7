"""``zsar train``: a method to keep (`zsar.commands.train_model`) or an encoder (`zsar.commands.train_encoder`)."""

import argparse

from zsar.commands import train_encoder, train_model


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    train_model.configure(parser)
    parts = parser.add_subparsers(dest="what", metavar="encoder")
    train_encoder.configure(parts)


def run(options: argparse.Namespace) -> int:
    """Train, and write what was trained."""
    return (train_model if options.what is None else train_encoder).run(options)
