"""``zsar train --method NAME``: train a method as the benchmark does, and keep it in a folder."""

import argparse
from pathlib import Path

from zsar.commands.options import add, folder, keywords
from zsar.errors import ZsarError
from zsar.printing import print_line

NEEDED = ("method", "dataset", "split", "save")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options; `run` checks which of them are needed."""
    group = parser.add_argument_group("a method to keep, for zsar predict")
    add(group, "--method", "--dataset", "--split")
    group.add_argument(
        "--save", type=folder, metavar="FOLDER", help="where to keep it; an earlier model there is replaced"
    )
    add(group, "--protocol", "--encoder", "--text", "--prompts", "--seed", "--set")
    group.add_argument(
        "--folds",
        type=int,
        default=4,
        metavar="N",
        help="companion runs that say how sure to be, each nearly as long as the training; 0: scores without "
        "probabilities (default: 4)",
    )
    add(group, "--device", "--threads")


def run(options: argparse.Namespace) -> int:
    """Train and write the folder."""
    absent = [f"--{name}" for name in NEEDED if getattr(options, name) is None]
    if absent:
        raise ZsarError(
            f"zsar train needs {' and '.join(absent)}",
            "For example: zsar train --method sadvae --dataset utd-mhad --split purls.22-5 --save model/",
        )
    if options.folds < 0 or options.threads < 1:
        raise ZsarError("--folds should be at least 0 and --threads at least 1")
    import torch

    import zsar
    from zsar.learning.memory import keep_freed
    from zsar.recognition.folder import require_place

    require_place(options.save)
    torch.set_num_threads(options.threads)
    keep_freed()

    def print_phase(phase: str, history) -> None:
        if history.epochs == 1:
            what = "the model" if phase == "main" else f"{phase} of {options.folds}"
            print_line(f"training {what}")

    model = zsar.train(
        options.method,
        options.dataset,
        options.split,
        seed=options.seed,
        folds=options.folds,
        device=options.device,
        on_epoch=print_phase,
        protocol=options.protocol,
        encoder=options.encoder,
        text=options.text,
        prompts=options.prompts,
        keywords=keywords(options.keywords),
    )
    model.save(options.save)
    _report(model.content, options.save)
    return 0


def _report(content: dict, folder: Path) -> None:
    zsl = content["metrics"]["inductive"]
    print_line(
        f"{content['split']['id']}, seed {content['seed']}: {zsl['top1']:.1%} of {zsl['samples']} unseen test "
        f"clips (chance {zsl['chance']:.1%}), as zsar bench reports for rule last"
    )
    if "transductive" in content["metrics"]:
        print_line(
            f"Adapted to all of them at once, as {content['method']['title']} does in zsar bench: "
            f"{content['metrics']['transductive']['top1']:.1%}; zsar predict looks at every clip on its own."
        )
    if "generalized" in content["metrics"]:
        g = content["metrics"]["generalized"]
        print_line(
            f"Among all classes: seen {g['seen']:.1%}, unseen {g['unseen']:.1%}, H {g['harmonic']:.1%} (stacking)"
        )
    if "calibration_error" in zsl:
        print_line(
            f"Its probabilities are off by {zsl['calibration_error']:.1%} on these clips (expected calibration error)"
        )
    if "reason" in content["calibration"]:
        print_line(f"Not calibrated for all labels: {content['calibration']['reason']}")
    size = sum(file.stat().st_size for file in folder.iterdir())
    print_line(f"Model: {folder} ({size / 2**20:.1f} MiB)", f'Next: zsar predict {folder} CLIP --labels "..." "..."')
