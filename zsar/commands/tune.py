"""``zsar tune``: keywords tried on pseudo-unseen classes."""

import argparse

from zsar.commands import options as shared
from zsar.errors import ZsarError
from zsar.printing import print_line


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    shared.add(
        parser,
        ("--method", {"required": True}),
        ("--dataset", {"required": True}),
        "--splits",
        "--seed",
        "--encoder",
        ("--jobs", {"help": "runs at the same time (default: one per core)"}),
    )
    parser.add_argument(
        "--grid",
        action="append",
        default=[],
        metavar="KEYWORD=A,B",
        required=True,
        help="values to try, e.g. lr=1e-4,1e-3 or trajectory.components=32,64; may be repeated",
    )
    parser.add_argument("--folds", type=int, default=3, metavar="N", help="draws of pseudo-unseen classes (default: 3)")


def run(options: argparse.Namespace) -> int:
    """Try the grid and print it, best first."""
    from zsar.configuration import parse_yaml
    from zsar.harness.tune import tune
    from zsar.processes import cores

    grid = {}
    for text in options.grid:
        key, equals, values = text.partition("=")
        if not equals or not values:
            raise ZsarError(f"--grid {text!r} should look like KEYWORD=A,B, e.g. lr=1e-4,1e-3")
        grid[key] = [parse_yaml(v, f"--grid {text}") for v in values.split(",")]
    if options.folds < 1:
        raise ZsarError("--folds should be at least 1")
    line = lambda t: (
        f"{100 * t.mean:5.1f} ± {100 * t.error:.1f}"
        + (f"  adapted {100 * sum(t.adapted) / len(t.adapted):5.1f}" if t.adapted else "")
        + f"  {t.seconds:6.0f} s  "
        + ", ".join(f"{k}={v}" for k, v in t.keywords.items())
    )
    show = lambda t: print_line(line(t))
    trials = tune(
        options.method,
        options.dataset,
        grid,
        splits=options.splits,
        folds=options.folds,
        seed=options.seed,
        encoder=options.encoder,
        workers=options.jobs or cores(),
        on_trial=show,
    )
    print_line(
        "",
        f"Accuracy (%) at the last epoch on pseudo-unseen classes, mean ± standard error over splits and "
        f"{options.folds} folds; best first:",
    )
    for t in trials:
        show(t)
    return 0
