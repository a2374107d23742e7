"""``zsar train --method NAME``: train a method as the benchmark does, and keep it in a folder."""

import argparse
from pathlib import Path

from zsar.errors import ZsarError

NEEDED = ("method", "dataset", "split", "save")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options; `run` checks which of them are needed."""
    group = parser.add_argument_group("a method to keep, for zsar predict")
    group.add_argument("--method", metavar="NAME", help="see: zsar methods")
    group.add_argument("--dataset", metavar="NAME", help="see: zsar data list")
    group.add_argument("--split", metavar="NAME", help="one split, e.g. purls.22-5; its seen classes are trained on")
    group.add_argument(
        "--save", type=Path, metavar="FOLDER", help="where to keep it; an earlier model there is replaced"
    )
    group.add_argument(
        "--protocol", metavar="NAME", help="division into training and test clips (default: the papers')"
    )
    group.add_argument("--encoder", metavar="NAME", help="encoder for methods that learn from features")
    group.add_argument("--text", metavar="MODEL", help="text model (default: the recipe's)")
    group.add_argument("--prompts", metavar="NAME", help="prompt set (default: the dataset's own)")
    group.add_argument("--seed", type=int, default=0, metavar="N", help="random seed (default: 0)")
    group.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="METHOD.KEYWORD=VALUE",
        help="override a keyword of the method or encoder; may be repeated",
    )
    group.add_argument(
        "--folds",
        type=int,
        default=4,
        metavar="N",
        help="companion runs that say how sure to be, each nearly as long as the training; 0: scores without "
        "probabilities (default: 4)",
    )
    group.add_argument("--device", default="auto", metavar="auto|cpu|cuda", help="where to compute (default: auto)")
    group.add_argument("--threads", type=int, default=1, metavar="N", help="threads on a CPU, as in bench (default: 1)")


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
    from zsar.commands.options import keywords as _settings
    from zsar.harness.plan import plan
    from zsar.learning.device import resolve_device as _device

    jobs = plan(
        options.method,
        options.dataset,
        splits=options.split,
        seeds=[options.seed],
        rules="last",
        keywords=_settings(options.settings),
        protocol=options.protocol,
        encoder=options.encoder,
        text=options.text,
        prompts=options.prompts,
    )
    if len(jobs) != 1:
        names = ", ".join(f"{job.split.family}.{job.split.name}" for job in jobs)
        raise ZsarError(
            f"--split {options.split} names {len(jobs)} splits, a model is one split's", f"Choose one: {names}"
        )
    import torch

    from zsar.learning.memory import keep_freed
    from zsar.recognition.training import train_model

    device = _device(options.device)
    torch.set_num_threads(options.threads)
    keep_freed()
    print(f"{jobs[0].label}: {options.folds} companion runs, then the model")
    shown: list[str] = []

    def told(phase: str, epoch: int, loss: float) -> None:
        if phase not in shown:
            shown.append(phase)
            print(f"  {'model' if phase == 'main' else phase}", flush=True)

    content = train_model(jobs[0], options.save, device, options.folds, told)
    _report(content, options.save)
    return 0


def _report(content: dict, folder: Path) -> None:
    found = content["metrics"]["inductive"]
    print(
        f"{content['split']['id']}, seed {content['seed']}: {found['top1']:.1%} of {found['samples']} unseen test "
        f"clips (chance {found['chance']:.1%}), as zsar bench reports for rule last"
    )
    if "transductive" in content["metrics"]:
        print(
            f"Adapted to all of them at once, as {content['method']['title']} does in zsar bench: "
            f"{content['metrics']['transductive']['top1']:.1%}; zsar predict looks at every clip on its own."
        )
    if "generalized" in content["metrics"]:
        g = content["metrics"]["generalized"]
        print(f"Among all classes: seen {g['seen']:.1%}, unseen {g['unseen']:.1%}, H {g['harmonic']:.1%} (stacking)")
    if "calibration_error" in found:
        print(
            f"Its probabilities are off by {found['calibration_error']:.1%} on these clips (expected calibration error)"
        )
    if "reason" in content["calibration"]:
        print(f"Not calibrated for all labels: {content['calibration']['reason']}")
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f'Model: {folder} ({size / 2**20:.1f} MiB)\nNext: zsar predict {folder} CLIP --labels "..." "..."')
