"""``zsar train encoder``: pre-train a skeleton encoder on a split's seen classes, and keep it.

Without ``encoder`` a method is trained and kept: `zsar.commands.train_model`.
"""

import argparse
from pathlib import Path

from zsar.commands import train_model
from zsar.errors import UnknownName, ZsarError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    train_model.configure(parser)
    parts = parser.add_subparsers(dest="what", metavar="encoder")
    encoder = parts.add_parser(
        "encoder",
        help="a skeleton encoder, by cross-entropy on the training clips of the seen classes",
        description="Pre-train an encoder on a split's seen classes. zsar bench finds what it gives and trains nothing "
        "anew; killed, the same command goes on where it was. On several GPUs: torchrun --nproc-per-node N -m zsar "
        "train encoder ...",
    )
    encoder.add_argument("--encoder", required=True, metavar="NAME", help="stgcn or shiftgcn")
    encoder.add_argument("--dataset", required=True, metavar="NAME", help="see: zsar data list")
    encoder.add_argument("--split", required=True, metavar="NAME", help="one split, e.g. smie.split-7")
    encoder.add_argument(
        "--protocol", metavar="NAME", help="division into training and test clips (default: the papers')"
    )
    encoder.add_argument("--seed", type=int, default=0, metavar="N", help="random seed (default: 0)")
    encoder.add_argument("--frames", type=int, metavar="N", help="frames of a clip (default: the dataset's recipe's)")
    encoder.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="ENCODER.KEYWORD=VALUE",
        help="override a keyword of the encoder, e.g. stgcn.epochs=50; may be repeated",
    )
    encoder.add_argument("--device", default="auto", metavar="auto|cpu|cuda", help="where to compute (default: auto)")
    encoder.add_argument("--out", type=Path, metavar="DIR", help="where to (default: results/encoders/...)")
    encoder.add_argument(
        "--as",
        dest="layout",
        choices=["synse"],
        help="also write the features in the layout of SynSE's and SA-DVAE's resources, with the companion of an "
        "encoder that never saw the pseudo-unseen classes",
    )


def run(options: argparse.Namespace) -> int:
    """Train, and write the encoder; only the first of several processes prints and writes."""
    if options.what is None:
        return train_model.run(options)
    from zsar.encoders.keeping import keep
    from zsar.learning.device import resolve_device as _device
    from zsar.learning.distributed import joined
    from zsar.learning.memory import keep_freed

    task = _task(options)
    out = options.out or Path("results") / "encoders" / task.name
    keep_freed()
    with joined(_device(options.device)) as device:
        keep(task, out, device, as_synse=options.layout == "synse")
    return 0


def _task(options: argparse.Namespace):
    """Resolve what was asked for, with the keywords and frames that ``zsar bench --encoder`` takes too.

    Raises `UnknownName` and `ZsarError` for what doesn't exist or can't be trained on, before anything runs.
    """
    from zsar import plugins
    from zsar.commands.options import keywords as _settings
    from zsar.data.cards import card
    from zsar.data.splits import choose
    from zsar.encoders.contract import Encoder
    from zsar.encoders.features import EncoderChoice
    from zsar.encoders.keeping import Task
    from zsar.harness.recipes import default_recipe

    description = card(options.dataset)
    if description.features:
        raise ZsarError(f"{description.id} holds features that an encoder made already, and no clips to train one on")
    splits = choose(description, [options.split])
    if len(splits) != 1:
        names = ", ".join(f"{s.family}.{s.name}" for s in splits)
        raise ZsarError(
            f"--split {options.split} names {len(splits)} splits, an encoder is one split's", f"Choose one: {names}"
        )
    if plugins.find("encoder", options.encoder).weights is Encoder.weights:
        raise ZsarError(
            f"the encoder {options.encoder} has no weights to train and keep", "Name one that has: stgcn or shiftgcn"
        )
    recipe, settings = default_recipe(description, splits[0]), _settings(options.settings)
    for name in settings:
        if name != options.encoder:
            raise UnknownName("encoder", name, [options.encoder], "--set")
    if options.frames is not None and options.frames < 1:
        raise ZsarError("--frames should be at least 1")
    keywords = {k: v for k, v in recipe.encoder.items() if k != "name"}
    if recipe.encoder.get("name") != options.encoder:
        keywords = {}
    choice = EncoderChoice.of(
        options.encoder, {**keywords, **settings.get(options.encoder, {})}, options.frames or recipe.frames
    )
    model = recipe.text.get("model", "all-MiniLM-L6-v2")
    return Task(choice, description, description.protocol(options.protocol), splits[0], options.seed, model)
