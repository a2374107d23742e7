"""``zsar predict``: clips from files, among labels in any words."""

import argparse
import json
import sys
from pathlib import Path

from zsar.commands.options import add
from zsar.errors import ZsarError
from zsar.printing import print_error, print_line


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("model", type=Path, metavar="MODEL", help="folder that zsar train --save wrote")
    parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="clips: .skeleton, .mat, .json, .npz, .npy or .csv"
    )
    parser.add_argument("--labels", nargs="+", default=[], metavar="LABEL", help="two or more texts to choose between")
    parser.add_argument("--top", type=int, metavar="N", help="show the N likeliest labels (default: all)")
    parser.add_argument("--layout", metavar="NAME", help="joint layout of arrays that don't say it, e.g. kinect_v2")
    parser.add_argument("--unit", choices=["m", "mm"], help="unit of the coordinates (default: the file's, else m)")
    parser.add_argument("--json", action="store_true", help="print JSON; a line per clip with --watch")
    parser.add_argument("--watch", type=Path, metavar="FOLDER", help="predict files as they appear, until Ctrl-C")
    add(parser, ("--device", {"default": "cpu", "metavar": "cpu|cuda|auto", "help": "where to compute (default: cpu)"}))


def run(options: argparse.Namespace) -> int:
    """Predict; 2 when a file couldn't be read, 130 when watching was ended."""
    if bool(options.files) == (options.watch is not None):
        raise ZsarError("give clips, or a folder with --watch" + (", not both" if options.files else ""))
    if options.top is not None and options.top < 1:
        raise ZsarError("--top should be at least 1")
    from zsar.recognition.labels import check_labels

    check_labels(options.labels)  # before anything is loaded
    import zsar
    from zsar.learning.device import resolve_device

    model = zsar.load(options.model, resolve_device(options.device))
    candidates = model.candidates(options.labels)
    return _watch(options, model, candidates) if options.watch is not None else _predict(options, model, candidates)


def _predict(options: argparse.Namespace, model, candidates) -> int:
    from zsar.recognition.answers import answers_of_files, caveats

    answers = []
    for answer in answers_of_files(model, options.files, candidates, options.top, options.layout, options.unit):
        answers.append(answer)
        if not options.json:
            _print(answer)
    failed = sum("error" in answer for answer in answers)
    lines = caveats(model, candidates)
    if options.json:
        about = {
            "method": model.method_name,
            "trained_on": model.content["split"]["id"],
            "calibrated": model.calibration(candidates) is not None,
            "about": lines,
        }
        content = about | {"labels": list(candidates.labels), "clips": answers}
        print_line(*json.dumps(content, indent=1, ensure_ascii=False).split("\n"))
    elif failed < len(answers):
        print_line(*lines)
    return 2 if failed else 0


def _watch(options: argparse.Namespace, model, candidates) -> int:
    from zsar.recognition.answers import answers_of_files, caveats
    from zsar.recognition.watching import appearing

    count = 0
    try:
        files = appearing(options.watch)
        model.warm(candidates)
        print_line(*caveats(model, candidates), f"Watching {options.watch}; Ctrl-C ends it.", file=sys.stderr)
        for file in files:
            for answer in answers_of_files(model, [file], candidates, options.top, options.layout, options.unit):
                count += "error" not in answer
                if options.json:
                    print_line(json.dumps(answer, ensure_ascii=False))
                else:
                    _print(answer)
    except KeyboardInterrupt:
        print_line("", f"{count} clips predicted", file=sys.stderr)
        return 130


def _print(answer: dict) -> None:
    if "error" in answer:
        print_error(answer["error"], answer["hint"])
        return
    inside = answer["clip"].partition("#")[2]
    print_line(
        answer["file"] + (f" #{inside}" if inside else "") + (f"  ({answer['note']})" if "note" in answer else "")
    )
    for entry in answer["predictions"]:
        number = f"{entry['probability']:7.1%}" if "probability" in entry else f"{entry['score']:9.3f}"
        print_line(f"  {number}  {entry['label']}" + ("  (trained on)" if entry["trained"] else ""))
