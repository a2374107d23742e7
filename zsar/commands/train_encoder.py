"""``zsar train encoder``: pre-train a skeleton encoder on a split's seen classes, and keep it."""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from zsar.commands.options import add, keywords
from zsar.errors import UnknownName, ZsarError
from zsar.printing import print_line

if TYPE_CHECKING:
    from zsar.data.cards import DatasetCard, Protocol
    from zsar.data.splits import Split
    from zsar.encoders.checkpoints import Epoch
    from zsar.encoders.features import EncoderChoice


def configure(parts: argparse._SubParsersAction) -> None:
    """Add the command, with its options, beside ``zsar train``'s own."""
    encoder = parts.add_parser(
        "encoder",
        help="a skeleton encoder, by cross-entropy on the training clips of the seen classes",
        description="Pre-train an encoder on a split's seen classes. zsar bench finds what it gives and trains nothing "
        "anew; killed, the same command goes on where it was. On several GPUs: torchrun --nproc-per-node N -m zsar "
        "train encoder ...",
    )
    add(
        encoder,
        ("--encoder", {"required": True, "help": "stgcn or shiftgcn"}),
        ("--dataset", {"required": True}),
        ("--split", {"required": True, "help": "one split, e.g. smie.split-7"}),
        "--protocol",
        "--seed",
        ("--set", {"help": "override a keyword of the encoder, e.g. stgcn.epochs=50; may be repeated"}),
        "--device",
        ("--out", {"help": "where to (default: results/encoders/...)"}),
    )
    encoder.add_argument("--frames", type=int, metavar="N", help="frames of a clip (default: the dataset's recipe's)")
    encoder.add_argument(
        "--as",
        dest="layout",
        choices=["synse"],
        help="also write the features in the layout of SynSE's and SA-DVAE's resources, with the companion of an "
        "encoder that never saw the pseudo-unseen classes",
    )


@dataclass(frozen=True)
class Task:
    """One encoder on one split, fully resolved; ``text_model``: whose class vectors go into a bundle."""

    choice: "EncoderChoice"
    card: "DatasetCard"
    protocol: "Protocol"
    split: "Split"
    seed: int
    text_model: str

    @property
    def name(self) -> str:
        """What its folder is called."""
        return f"{self.choice.name}-{self.split.id(self.card)}-seed-{self.seed}"


def run(options: argparse.Namespace) -> int:
    """Train, and write the encoder; only the first of several processes prints and writes."""
    from zsar.learning.device import resolve_device
    from zsar.learning.distributed import joined
    from zsar.learning.memory import keep_freed
    from zsar.storage import require_folder

    task = resolve(options)
    out = options.out or Path("results") / "encoders" / task.name
    require_folder(out)
    keep_freed()
    with joined(resolve_device(options.device)) as device:
        _train(task, out, device, as_synse=options.layout == "synse")
    return 0


def resolve(options: argparse.Namespace) -> Task:
    """The encoder and split that the options name, with the keywords and frames that ``zsar bench --encoder`` takes.

    Raises `UnknownName` and `ZsarError` for what doesn't exist or can't be trained on, before anything runs.
    """
    from zsar import plugins
    from zsar.data.cards import card
    from zsar.data.splits import choose_one
    from zsar.encoders.features import EncoderChoice
    from zsar.harness.recipes import default_recipe

    description = card(options.dataset)
    if description.features:
        raise ZsarError(f"{description.id} holds features that an encoder made already, and no clips to train one on")
    split = choose_one(description, options.split, "an encoder")
    if not plugins.find("encoder", options.encoder).restorable:
        raise ZsarError(
            f"the encoder {options.encoder} has no weights to train and keep", "Name one that has: stgcn or shiftgcn"
        )
    recipe, overrides = default_recipe(description, split), keywords(options.keywords)
    for name in overrides:
        if name != options.encoder:
            raise UnknownName("encoder", name, [options.encoder], "--set")
    if options.frames is not None and options.frames < 1:
        raise ZsarError("--frames should be at least 1")
    in_recipe = dict(recipe.encoder) if recipe.encoder.get("name") == options.encoder else {}
    in_recipe.pop("name", None)
    choice = EncoderChoice.of(
        options.encoder, {**in_recipe, **overrides.get(options.encoder, {})}, options.frames or recipe.frames
    )
    model = recipe.text.get("model", "all-MiniLM-L6-v2")
    return Task(choice, description, description.protocol(options.protocol), split, options.seed, model)


def _train(task: Task, out: Path, device: str, as_synse: bool) -> None:
    """Train the encoder, or take what is cached of it, and write it into ``out``, with a bundle of it on request.

    In one of several processes: train with the others, and write only as the first.
    """
    import numpy as np

    from zsar import storage
    from zsar.data.datasets import open_dataset
    from zsar.data.partition import companion, partition
    from zsar.encoders.export import seen_accuracy, write_encoder, write_synse
    from zsar.encoders.features import cache_path, subset_features
    from zsar.learning.distributed import agreed, rank
    from zsar.text.vectors import class_vectors

    card, split, choice, seed = task.card, task.split, task.choice, task.seed
    # A simulated dataset is made when it is first opened: by one process, while the others wait.
    if rank() == 0:
        open_dataset(card.id)
    agreed(None)
    dataset = open_dataset(card.id).of(split)
    main = partition(dataset, card, split, task.protocol)
    if as_synse:  # before hours of training: the model may not be here
        vectors = class_vectors(card.prompts, ("label",), tuple(card.classes), task.text_model).values[:, 0]
    with TrainingProgress() as progress:
        arrays = subset_features(dataset, main, choice, seed, device, progress)
    if as_synse:
        second = companion(dataset, split, main)
        with TrainingProgress("companion: ") as progress:
            second_arrays = subset_features(dataset, second, choice, seed, device, progress)
    if rank():
        return
    accuracy = seen_accuracy(dataset, main, arrays)
    write_encoder(out, dataset, main, choice, seed, card=card, split=split, protocol=task.protocol, accuracy=accuracy)
    right = "no test clips of seen classes" if accuracy is None else f"{accuracy:.1%} of the seen classes' test clips"
    print_line(f"{choice.name} on {split.id(card)}, seed {seed}: {right}")
    print_line(f"Encoder: {out / 'encoder.safetensors'}")
    print_line(f"Features: {cache_path(dataset, main, choice, seed)}")
    if as_synse:
        with storage.folder_written_whole(out / "synse") as folder:
            both = (main, arrays), (second, second_arrays)
            text = task.text_model, vectors
            write_synse(folder, card, split, choice.name, np.asarray(dataset.labels), *both, text)
        print_line(f"In SynSE's layout: {out / 'synse'}")


class TrainingProgress:
    """What training shows while it runs: a bar on a terminal, a line per epoch elsewhere; ``label`` is put before it.

    Of several processes only the first one shows anything.
    """

    def __init__(self, label: str = ""):
        from zsar.learning.distributed import rank

        self.label, self.silent = label, rank() > 0
        self.live = sys.stdout.isatty() and not self.silent
        self.task = None

    def __enter__(self) -> "TrainingProgress":
        if self.live:
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
            self.rich = Progress(*columns, TextColumn("{task.fields[detail]}"), TimeRemainingColumn())
            self.rich.start()
        return self

    def __exit__(self, *_) -> None:
        if self.live:
            self.rich.stop()

    def __call__(self, epoch: "Epoch") -> None:
        if self.silent:
            return
        detail = f"loss {epoch.loss:.4f}  lr {epoch.rate:.2g}  {epoch.clips / epoch.seconds:.0f} clips/s"
        if self.live:
            if self.task is None:
                self.task = self.rich.add_task(f"{self.label}epochs", total=epoch.epochs, detail="")
            self.rich.update(self.task, completed=epoch.number, detail=detail)
            return
        left = round((epoch.epochs - epoch.number) * epoch.seconds)
        eta = f"{left // 3600}:{left // 60 % 60:02}:{left % 60:02}"
        print_line(f"{self.label}epoch {epoch.number}/{epoch.epochs}  {detail}  {eta} left")
