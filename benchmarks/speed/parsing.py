"""How fast NTU's raw files are read: ``python -m zsar.benchmarks.speed.parsing [--samples FOLDER] [--out FILE]``.

Beside `zsar.skeletons.readers.ntu.parse`, two plain readers of the kinds that the field uses, line by line: one that
keeps every number of every joint under its name, as the readers passed on from ST-GCN do, and one that fills an array
joint by joint, as those passed on from View Adaptive Networks, SGN and CTR-GCN do. All three are timed in turns on the
same files in memory, on one core, and must agree on frames, ids and joints exactly. Then copies of the files are
prepared (read, denoised, written) from a folder, by one process and by two, and NTU RGB+D 60 is projected from that.
"""

import argparse
import datetime
import functools
import os
import platform
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

import zsar
from zsar.benchmarks.speed.keeping import keep
from zsar.skeletons.readers import ntu

NTU60_FILES = 56880
"""Files in the archive of NTU RGB+D 60, with the 302 that are on the makers' list."""
_BODY = ["id", "clipped", "left_confidence", "left_state", "right_confidence", "right_state", "restricted", "lean_x"]
_BODY += ["lean_y", "state"]
_JOINT = ["x", "y", "z", "depth_x", "depth_y", "colour_x", "colour_y", "w", "rotation_x", "rotation_y", "rotation_z"]
_JOINT += ["state"]


def with_names(content: bytes):
    """Frames, ids and joints, by way of a dictionary of floats for every joint."""
    lines = iter(content.decode("ascii").splitlines())
    frames = []
    for _ in range(int(next(lines))):
        bodies = []
        for _ in range(int(next(lines))):
            fields = next(lines).split()
            body = {name: float(value) for name, value in zip(_BODY, fields, strict=True)}
            body["number"], body["joints"] = fields[0], []
            for _ in range(int(next(lines))):
                body["joints"].append({k: float(v) for k, v in zip(_JOINT, next(lines).split(), strict=True)})
            bodies.append(body)
        frames.append(bodies)
    joints = np.zeros((sum(map(len, frames)), 25, 3), np.float32)
    for row, body in enumerate(body for bodies in frames for body in bodies):
        for i, joint in enumerate(body["joints"]):
            joints[row, i] = joint["x"], joint["y"], joint["z"]
    return len(frames), [int(body["number"]) for bodies in frames for body in bodies], joints


def with_arrays(content: bytes):
    """Frames, ids and joints, by way of a small array of floats for every joint and one for its place in the image."""
    lines = content.decode("ascii").splitlines()
    at, ids, rows = 1, [], []
    for _ in range(int(lines[0])):
        bodies, at = int(lines[at]), at + 1
        for _ in range(bodies):
            ids.append(int(lines[at].split()[0]))
            count, at = int(lines[at + 1]), at + 2
            joints, colours = np.zeros((count, 3), np.float32), np.zeros((count, 2), np.float32)
            for i in range(count):
                fields = lines[at].split()
                joints[i] = np.array(fields[:3], dtype=np.float32)
                colours[i] = np.array(fields[5:7], dtype=np.float32)
                at += 1
            rows.append(joints)
    return int(lines[0]), ids, np.array(rows)


def ours(content: bytes):
    """Frames, ids and joints, by zsar."""
    frames, _, ids, joints = ntu.parse(content)
    return frames, ids, joints


READERS = {"zsar": ours, "a dictionary per joint": with_names, "an array per joint": with_arrays}


def written(files: int = 4) -> list[tuple[str, bytes]]:
    """Files in NTU's format of random bodies, of about the real samples' length and digits."""
    rng, made = np.random.default_rng(0), []
    for number in range(files):
        lines = ["100"]
        for _ in range(100):
            lines += ["1", "72057594037931101 0 1 1 1 1 0 0.02764709 0.05745083 2", "25"]
            lines += [" ".join(f"{v:.7g}" for v in row) + " 2" for row in rng.normal(size=(25, 11))]
        made.append((f"S001C001P001R001A{number + 1:03d}", "\n".join(lines).encode()))
    return made


def agree(content: bytes) -> bool:
    """Whether all readers find the same."""
    (frames, ids, joints), *others = (read(content) for read in READERS.values())
    return all(f == frames and i == ids and np.array_equal(j, joints) for f, i, j in others)


def timed(files: list[tuple[str, bytes]], rounds: int) -> dict[str, float]:
    """Seconds of one core per file and reader: medians over rounds, in each of which every reader reads every file."""
    seconds: dict[str, list[float]] = {name: [] for name in READERS}
    for _ in range(rounds):
        for name, read in READERS.items():
            begin = time.process_time()
            for _, content in files:
                read(content)
            seconds[name].append((time.process_time() - begin) / len(files))
    return {name: statistics.median(values) for name, values in seconds.items()}


def prepared(files: list[tuple[str, bytes]], copies: int, jobs: int, folder: Path) -> float:
    """Files per second from a folder of copies to a store, denoised and written, by ``jobs`` processes."""
    from zsar.data.cards import card
    from zsar.data.importing import open_recordings
    from zsar.data.importing.writing import prepare

    source = folder / "source"
    if not source.is_dir():
        source.mkdir()
        for i in range(copies):
            name, content = files[i % len(files)]
            copy = f"S{1 + i // 2400 % 17:03d}C{1 + i % 3:03d}P{1 + i // 3 % 40:03d}R{1 + i // 120 % 20:03d}{name[-4:]}"
            (source / f"{copy}.skeleton").write_bytes(content)
    ntu60 = card("ntu60")
    begin = time.perf_counter()
    dataset = prepare(ntu60, functools.partial(open_recordings, source, ntu60), folder / "store", jobs=jobs)
    seconds = time.perf_counter() - begin
    return len(dataset) / seconds


def measured(samples: Path | None, rounds: int, copies: int) -> dict:
    """All of it, as the results file keeps it."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    found = sorted(samples.glob("*.skeleton")) if samples else []
    files = [(file.stem, file.read_bytes()) for file in found] or written()
    if not all(agree(content) for _, content in files):
        raise SystemExit("the readers disagree: their times say nothing")
    seconds = timed(files, rounds)
    plain = min(value for name, value in seconds.items() if name != "zsar")
    size = statistics.mean(len(content) for _, content in files)
    folder = Path(tempfile.mkdtemp())
    try:
        rates = {jobs: prepared(files, copies, jobs, folder) for jobs in (1, 2)}
    finally:
        shutil.rmtree(folder)
    return {
        "date": datetime.date.today().isoformat(),
        "files": "real samples" if found else "written in the same format",
        "count": len(files),
        "mean_bytes": round(size),
        "rounds": rounds,
        "milliseconds_per_file": {name: round(1000 * value, 3) for name, value in seconds.items()},
        "megabytes_per_second": {name: round(size / value / 1e6, 1) for name, value in seconds.items()},
        "times_as_fast_as_the_faster_plain_reader": round(plain / seconds["zsar"], 2),
        "prepared_copies": copies,
        "prepared_files_per_second": {str(jobs): round(rate, 1) for jobs, rate in rates.items()},
        "ntu60": {
            "files": NTU60_FILES,
            "minutes_to_parse_on_2_cores": round(NTU60_FILES * seconds["zsar"] / 60 / 2, 2),
            "minutes_to_prepare_with_2_processes": round(NTU60_FILES / rates[2] / 60, 2),
        },
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "system": platform.system(),
            "load_before": load,
        },
        "versions": {"python": platform.python_version(), "numpy": np.__version__, "zsar": zsar.__version__},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def table(result: dict) -> str:
    """The results for people."""
    lines = [
        f"{result['count']} files, {result['files']}, {result['mean_bytes'] / 1000:.0f} kB each on average; "
        f"median of {result['rounds']} rounds",
        f"{'reader':<26}{'ms a file':>10}{'MB/s':>8}",
    ]
    for name, value in result["milliseconds_per_file"].items():
        lines.append(f"{name:<26}{value:>10.2f}{result['megabytes_per_second'][name]:>8.0f}")
    whole, rates = result["ntu60"], result["prepared_files_per_second"]
    lines += [
        f"zsar is {result['times_as_fast_as_the_faster_plain_reader']} times as fast as the faster of the others",
        f"prepared (read, denoised, written): {rates['1']:.0f} files/s with one process, {rates['2']:.0f} with two",
        f"NTU RGB+D 60 ({whole['files']} files of this size) on two cores: "
        f"{whole['minutes_to_parse_on_2_cores']:.1f} min to parse, "
        f"{whole['minutes_to_prepare_with_2_processes']:.1f} min to prepare",
    ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Measure, print a table, and keep the numbers."""
    parser = argparse.ArgumentParser(prog="python -m zsar.benchmarks.speed.parsing", description=__doc__.split("\n")[0])
    parser.add_argument("--samples", type=Path, default=Path("../shared/data/ntu_raw_samples"), metavar="FOLDER")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--copies", type=int, default=2000)
    parser.add_argument("--out", type=Path, metavar="FILE", help="where the numbers go (default: the screen)")
    options = parser.parse_args(arguments)
    result = measured(options.samples, options.rounds, options.copies)
    print(table(result))
    keep(result, options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
