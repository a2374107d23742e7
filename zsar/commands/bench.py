"""``zsar bench``: plan, run, report."""

import argparse
from pathlib import Path

from zsar.errors import ZsarError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--methods", required=True, type=_list, metavar="NAME,NAME", help="methods to run, e.g. pgfa,dvta,sadvae"
    )
    parser.add_argument("--dataset", required=True, metavar="NAME", help="see: zsar data list")
    parser.add_argument(
        "--splits", type=_list, metavar="NAME,NAME", help="families or splits (default: the dataset's own family)"
    )
    parser.add_argument("--seeds", type=_seeds, default=[0], metavar="0,1,2", help="random seeds (default: 0)")
    parser.add_argument(
        "--protocol", metavar="NAME", help="division into training and test clips (default: the papers')"
    )
    parser.add_argument(
        "--encoder", metavar="NAME", help="encoder for methods that learn from features (default: the recipe's)"
    )
    parser.add_argument(
        "--text",
        metavar="MODEL",
        help="text model, or 'released': an imported bundle's vectors (default: the recipe's)",
    )
    parser.add_argument(
        "--prompts", metavar="NAME", help="prompt set, see: zsar text list (default: the dataset's own)"
    )
    parser.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="METHOD.KEYWORD=VALUE",
        help="override a keyword of a method or encoder, e.g. pgfa.lr=0.02; may be repeated",
    )
    parser.add_argument(
        "--precision",
        metavar="float32|bf16|auto",
        help="what trains end to end computes in; auto: bf16 where it is fast and measured to be as accurate (default: "
        "float32)",
    )
    parser.add_argument("--rule", type=_list, metavar="last,val,oracle", help="selection rules (default: all three)")
    parser.add_argument(
        "--setting", type=_list, metavar="zsl,gzsl", help="zero-shot, generalized zero-shot (default: zsl)"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="results folder (default: results/DATASET)")
    parser.add_argument("--device", default="auto", metavar="auto|cpu|cuda", help="where to compute (default: auto)")
    parser.add_argument(
        "--jobs", type=int, default=0, metavar="N", help="runs at the same time (default: one per core, one on a GPU)"
    )
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="threads of one run on a CPU (default: 1)")
    parser.add_argument("--dry-run", action="store_true", help="print what would run, and run nothing")


def run(options: argparse.Namespace) -> int:
    """Run the benchmark; 1 when a run failed."""
    from zsar.harness.plan import plan

    jobs = plan(
        options.methods,
        options.dataset,
        options.splits,
        options.seeds,
        _settings(options.settings),
        options.rule,
        options.protocol,
        options.encoder,
        options.setting,
        text=options.text,
        prompt_set=options.prompts,
        precision=options.precision,
        device=_device(options.device) if options.precision == "auto" else "cpu",
    )
    out = options.out or Path("results") / options.dataset
    if options.dry_run:
        from zsar.harness.preview import preview

        preview(jobs, out)
        return 0
    from zsar.harness.execute import execute
    from zsar.harness.processes import cores
    from zsar.harness.progress import Progress
    from zsar.report.leaderboard import Leaderboard
    from zsar.results import Results
    from zsar.results.scores import Scores

    device = _device(options.device)
    workers = options.jobs or (1 if device.startswith("cuda") else cores())
    if workers < 1 or options.threads < 1:
        raise ZsarError("--jobs and --threads should be at least 1")
    with Progress(jobs, out) as progress:
        records = execute(jobs, out, device, workers, options.threads, progress)
    results = Results(records, Scores({record["run"]: out for record in records}))
    Leaderboard(results.tables(jobs[0].rules)).print()
    Leaderboard(Results.read(out).tables()).write(out)
    print(f"\nRecords and leaderboard (md, csv, tex, json): {out}")
    if results.failures:
        print(f"{len(results.failures)} of {len(results)} runs failed; they are run again by the same command.")
    return 1 if results.failures else 0


def _list(text: str) -> list[str]:
    names = [part.strip() for part in text.split(",") if part.strip()]
    if not names:
        raise argparse.ArgumentTypeError(f"{text!r} names nothing")
    return names


def _seeds(text: str) -> list[int]:
    try:
        return [int(part) for part in _list(text)]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no list of whole numbers such as 0,1,2") from None


def _settings(pairs: list[str]) -> dict[str, dict]:
    """ "pgfa.lr=0.02" and the like, by method: values are read as YAML."""
    from zsar.configuration import parse_yaml

    settings: dict[str, dict] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        name, dot, keyword = key.partition(".")
        if not (equals and dot and name and keyword):
            raise ZsarError(f"--set {pair!r} should look like METHOD.KEYWORD=VALUE, e.g. pgfa.lr=0.02")
        settings.setdefault(name, {})[keyword] = parse_yaml(value, f"--set {pair}")
    return settings


def _device(name: str) -> str:
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ZsarError(f"unknown device {name!r}", "Use auto, cpu or cuda.") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ZsarError(f"no GPU for --device {name}", "Use --device cpu.")
    return name
