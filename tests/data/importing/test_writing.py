"""From raw recordings to a store: the clips that were written, in whatever way they are read, and however often."""

import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from raw_files import FIRST_ID, ntu_file, ntu_name, pku_file

from zsar.data.cards import card
from zsar.data.importing import import_recordings, open_recordings
from zsar.data.importing.writing import prepare
from zsar.data.store import open_store
from zsar.simulation import generate

NTU, PKU = card("ntu120"), card("pku")
FILES = ("frames.npy", "index.npz", "manifest.json", "report.json")


@pytest.fixture(scope="module")
def simulated():
    """255 clips of 51 classes by five people, 40 of them with two bodies."""
    return list(generate.generate(clips_per_class=5, subjects=5))


@pytest.fixture(scope="module")
def ntu_folder(simulated, tmp_path_factory):
    """The clips as NTU would hand them out, and by sample what should come back: label, subject, view, setup, clip."""
    folder, written = tmp_path_factory.mktemp("ntu"), {}
    (folder / "nturgb+d_skeletons").mkdir()
    for i, clip in enumerate(simulated):
        setup, camera, subject, action = 1 + i % 32, 1 + i % 3, 1 + i % 106, 1 + i % 120
        sample = ntu_name(setup, camera, subject, 1 + i // 240, action)
        newline = "\r\n" if i % 2 else "\n"
        (folder / "nturgb+d_skeletons" / f"{sample}.skeleton").write_bytes(ntu_file(clip.frames, newline=newline))
        written[sample] = f"ntu/A{action:03d}", str(subject), str(camera), setup, clip
    assert len(written) == len(simulated) > 200
    return folder, written


@pytest.fixture(scope="module")
def pku_folder(simulated, tmp_path_factory):
    """The clips in 17 videos with pauses between them, and by sample what should come back."""
    folder, written = tmp_path_factory.mktemp("pku"), {}
    (folder / "PKU_Skeleton_Renew").mkdir(), (folder / "Train_Label_PKU_final").mkdir()
    pause, training = np.full((7, 2, 25, 3), 0.5, np.float32), []
    for number in range(17):
        video, frames, labels = f"{number + 2:04d}-{'LMR'[number % 3]}", [pause], []
        if number % 2:
            training.append(video)
        for k, clip in enumerate(simulated[number::17], 1):
            start = sum(map(len, frames))
            frames += [clip.frames, pause]
            labels.append(f"{int(clip.label[-2:])},{start},{start + len(clip.frames)},{1 + k % 2}")
            written[f"{video}-{k:03d}"] = clip.label, "training" if number % 2 else "validation", video[-1], clip
        (folder / "PKU_Skeleton_Renew" / f"{video}.txt").write_bytes(pku_file(np.concatenate(frames)))
        (folder / "Train_Label_PKU_final" / f"{video}.txt").write_text("\n".join(labels) + "\n")
    others = [v for v in (f"{n + 2:04d}-{'LMR'[n % 3]}" for n in range(17)) if v not in training]
    text = f"Training videos: \n{', '.join(training)}\n\nValidataion videos: \n{', '.join(others)}\n"
    (folder / "cross-subject.txt").write_text(text)
    assert len(written) > 200
    return folder, written


def zipped(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in sorted(folder.rglob("*.*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder).as_posix())
    return path


def energy(body: np.ndarray) -> float:
    return body[body.any(axis=(1, 2))].reshape(-1, 3).astype(float).var(0).sum()


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def opener(folder: Path, of=NTU):
    return functools.partial(open_recordings, folder, of)


def test_ntu_comes_back_as_it_was_written(ntu_folder, home):
    folder, written = ntu_folder
    dataset = import_recordings(NTU, folder)
    assert sorted(dataset.samples.tolist()) == sorted(written) and len(dataset) > 200
    two = 0
    for i, sample in enumerate(dataset.samples):
        label, subject, view, _, clip = written[sample]
        assert (dataset.labels[i], dataset.subjects[i], dataset.views[i]) == (label, subject, view)
        frames = clip.frames
        if frames[:, 1].any():
            two += 1
            frames = frames[:, np.argsort([-energy(frames[:, body]) for body in range(2)])]
        np.testing.assert_array_equal(dataset.frames(i), frames)
    assert two >= 30
    by_subject = NTU.protocol("cross-subject").trains(dataset)
    by_setup = NTU.protocol("cross-setup").trains(dataset)
    for i, sample in enumerate(dataset.samples):
        assert by_setup[i] == (written[sample][3] % 2 == 0)
        assert by_subject[i] == (written[sample][1] in NTU.protocol("cross-subject").train)
    assert 0 < by_subject.sum() < len(dataset) and 0 < by_setup.sum() < len(dataset)
    report = json.loads((dataset.path / "report.json").read_text())
    found = report["found"]["protocols"]["cross-setup"]
    assert found == {"train": int(by_setup.sum()), "test": int((~by_setup).sum()), "expected": found["expected"]}
    assert found["expected"] == {"train": 54468, "test": 59477}
    assert f"{len(dataset)} clips instead of 113945" in report["deviations"]
    assert f"{found['test']} test clips of cross-setup instead of 59477" in report["deviations"]


def test_ntu60_divides_by_camera(ntu_folder, home):
    folder, written = ntu_folder
    small = card("ntu60")
    mine = {s for s, (label, _, _, setup, _) in written.items() if setup <= 17 and int(label[-3:]) <= 60}
    dataset = import_recordings(small, folder, skip_broken=True)
    assert set(dataset.samples.tolist()) == mine and mine
    trains = small.protocol("cross-view").trains(dataset)
    assert trains.tolist() == [written[s][2] in "23" for s in dataset.samples]
    wrong = [e for e in dataset.left_out if "which NTU RGB+D 60 doesn't have" in e["reason"]]
    assert len(wrong) == sum(setup <= 17 and int(label[-3:]) > 60 for label, _, _, setup, _ in written.values())
    notices = json.loads((dataset.path / "report.json").read_text())["notices"]
    assert f"{sum(w[3] > 17 for w in written.values())} files of setups beyond S017" in notices[0]


def test_pku_comes_back_as_it_was_written(pku_folder, home):
    folder, written = pku_folder
    dataset = import_recordings(PKU, folder)
    assert dataset.samples.tolist() == sorted(written) and len(dataset) > 200 and dataset.left_out == []
    for i, sample in enumerate(dataset.samples):
        label, subject, view, clip = written[sample]
        assert (dataset.labels[i], dataset.subjects[i], dataset.views[i]) == (label, subject, view)
        np.testing.assert_array_equal(dataset.frames(i), clip.frames)  # a frame more or less is a pause's
    assert PKU.default_protocol.trains(dataset).tolist() == [written[s][1] == "training" for s in dataset.samples]
    assert PKU.protocol("cross-view").trains(dataset).tolist() == [written[s][2] != "L" for s in dataset.samples]


@pytest.mark.parametrize("which", ["ntu120", "pku"])
def test_folder_and_zip_and_any_number_of_processes_give_the_same(which, ntu_folder, pku_folder, tmp_path):
    folder, of = (ntu_folder[0], NTU) if which == "ntu120" else (pku_folder[0], PKU)
    archive = zipped(folder, tmp_path / "source.zip")
    one = bytes_of(prepare(of, opener(folder, of), tmp_path / "one").path)
    assert sorted(one) == sorted(FILES)
    assert bytes_of(prepare(of, opener(folder, of), tmp_path / "two", jobs=2).path) == one
    packed = bytes_of(prepare(of, opener(archive, of), tmp_path / "zip", jobs=2).path)
    differing = {name for name in one if packed[name] != one[name]}
    assert differing <= {"manifest.json", "report.json"}  # they tell what the source was called
    assert open_store(tmp_path / "zip").version == open_store(tmp_path / "one").version
    assert not list(tmp_path.glob(".*"))


PROGRAM = """
import sys, time
from pathlib import Path
from zsar.data.cards import card
from zsar.data.importing import import_recordings
if __name__ == "__main__":
    # It waits after its first part, so that the signal reaches it before it ends, however busy the machine is.
    stop = lambda done, total, clips: (Path(sys.argv[3]).write_text(str(done)), time.sleep(300 if done else 0))
    import_recordings(card(sys.argv[1]), Path(sys.argv[2]), progress=stop, jobs=int(sys.argv[4]))
"""


@pytest.mark.parametrize(
    "which, jobs, how", [("ntu120", 2, signal.SIGKILL), ("pku", 2, signal.SIGINT), ("ntu120", 1, signal.SIGKILL)]
)
def test_killed_for_real_and_resumed(which, jobs, how, ntu_folder, pku_folder, tmp_path, home):
    folder, of = (ntu_folder[0], NTU) if which == "ntu120" else (pku_folder[0], PKU)
    program, marker = tmp_path / "program.py", tmp_path / "done"
    program.write_text(PROGRAM)
    command = [sys.executable, program, of.id, folder, marker, str(jobs)]
    unmask = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell's background job is born deaf to Ctrl-C
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True, preexec_fn=unmask)
    deadline = time.monotonic() + 120
    while not (marker.exists() and marker.read_text() not in ("", "0")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(how)
    assert process.wait(120) != 0
    store = home / "data" / of.id
    assert not store.exists() and (store.parent / f".{of.id}.preparing").is_dir()
    with contextlib.suppress(ProcessLookupError):  # readers end with their parent, however it ended
        for _ in range(2400):
            os.killpg(process.pid, 0)
            time.sleep(0.05)
        pytest.fail("processes were left behind")
    seen = []
    dataset = import_recordings(of, folder, progress=lambda *done: seen.append(done[0]), jobs=1)
    assert seen[0] >= int(marker.read_text()) > 0
    assert bytes_of(dataset.path) == bytes_of(prepare(of, opener(folder, of), tmp_path / "undisturbed").path)
    assert [p.name for p in store.parent.iterdir()] == [of.id]


def test_noise_is_noted_and_body_ids_are_too_large_for_floats(tmp_path, home):
    rng = np.random.default_rng(0)
    frames = np.zeros((30, 3, 25, 3), np.float32)
    frames[:, 0] = rng.normal(size=(30, 25, 3)) * [0.2, 1, 0.2]
    frames[4:9, 1] = rng.normal(size=(5, 25, 3))
    frames[10:30, 2] = rng.normal(size=(20, 25, 3)) * [3, 1, 0.2]
    frames[12:14] = 0
    sample = ntu_name(1, 1, 1, 1, 1)
    (tmp_path / f"{sample}.skeleton").write_bytes(ntu_file(frames))
    dataset = import_recordings(card("ntu60"), tmp_path)
    note = json.loads((dataset.path / "report.json").read_text())["notes"][sample]
    assert note == (
        f"body {FIRST_ID + 1} dropped: 5 frames long; body {FIRST_ID + 2} dropped: too wide in 18 of 18 frames; "
        "2 of 30 frames without a body cut"
    )
    mended = json.loads((dataset.path / "report.json").read_text())["mended"]
    assert mended["body N dropped: N frames long"] == 1 and len(mended) == 3
    np.testing.assert_array_equal(dataset.frames(0)[:, 0], np.delete(frames[:, 0], [12, 13], axis=0))
    assert not dataset.frames(0)[:, 1].any()


def test_the_command_says_what_it_found(ntu_folder, zsar, home, tmp_path):
    folder, written = ntu_folder
    result = zsar("data", "prepare", "ntu120", "--source", folder, "--jobs", "2")
    assert result.returncode == 0, result.stderr
    assert f"NTU RGB+D 120: {len(written)} clips of 120 classes" in result.stdout
    assert f"DEVIATION: {len(written)} clips instead of 113945" in result.stdout
    assert "cross-setup: " in result.stdout and "report.json" in result.stdout and result.stderr == ""
    again = zsar("data", "import", "ntu120", "--source", zipped(folder, tmp_path / "x.zip"))
    assert again.returncode == 0 and again.stdout.splitlines()[0] == result.stdout.splitlines()[0]
    wrong = zsar("data", "prepare", "ntu120", "--source", folder, "--jobs", "0")
    assert wrong.returncode == 2 and "is not a whole number from 1" in wrong.stderr


def test_the_cards_tell_how_to_prepare(home, zsar):
    for name in ("ntu60", "ntu120", "pku", "pku2", "utd-mhad", "nw-ucla"):
        assert f"zsar data prepare {name} --source" in card(name).get
    result = zsar("bench", "--methods", "nearest", "--dataset", "ntu60")
    assert result.returncode == 2 and "zsar data prepare ntu60 --source" in result.stderr
