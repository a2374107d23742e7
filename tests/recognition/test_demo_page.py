"""What the local page offers: a clip to try, all clips of a file, errors in its own words, so many files at a time."""

import io
import json
import time

import numpy as np
import pytest
from test_demo import PATIENT, ask, own_name, predict, raw

from zsar.data.cards import card
from zsar.errors import ZsarError
from zsar.recognition import demo, demo_page
from zsar.recognition.clip_files import read_clips
from zsar.recognition.labels import ModelClass
from zsar.text import models

COMMANDS = ("--", "zsar ", "pip ", "hf ", "$", "`")


def question(server, content, name="clip.npz", **others):
    head = json.dumps({"name": name, "labels": ["sit down", "juggle"], **others}).encode()
    status, _, answer = ask(server, "POST", "/predict", head + b"\n" + content)
    return status, json.loads(answer)


@pytest.fixture
def three(trained):
    """Three clips of different lengths in one file, and their frames."""
    numbers = trained.subsets.unseen_test[[0, 5, 9]]
    clips = [trained.dataset.frames(int(i))[: 20 + 7 * k] for k, i in enumerate(numbers)]
    buffer = io.BytesIO()
    offsets = np.cumsum([0, *map(len, clips)])
    np.savez(buffer, frames=np.concatenate(clips), offsets=offsets, samples=["one", "two <b>", "three"])
    return buffer.getvalue(), clips


def test_the_clip_to_try_is_simulated_and_new_to_the_model(server, model, trained, tmp_path):
    content = ask(server, "GET", "/example.npz")[2]
    (tmp_path / "example.npz").write_bytes(content)
    [clip] = read_clips(tmp_path / "example.npz")
    sample = clip.name.partition("#")[2]
    number = trained.dataset.samples.tolist().index(sample)
    assert number in trained.subsets.unseen_test
    name = card("pku-sim").classes[str(trained.dataset.labels[number])]
    with np.load(tmp_path / "example.npz") as arrays:
        assert arrays["labels"].tolist() == [f"{name} (simulated)"] and card("pku-sim").note in str(arrays["about"])
    described = json.loads(ask(server, "GET", "/model.json")[2])
    assert described["example"] == {"name": "simulated-clip.npz", "label": name} and name in described["labels"]
    assert predict(server, content, described["example"]["name"])[0] == 200


def test_a_model_of_other_classes_has_a_clip_to_try_too(model, monkeypatch):
    monkeypatch.setattr(model, "classes", (ModelClass("x/1", "juggle", {}, True), ModelClass("x/2", "ski", {}, False)))
    assert demo_page.description(model)["example"]["label"] == "Hand waving" and demo_page.example(model)


def test_all_clips_of_a_file_can_be_chosen(server, model, three):
    content, clips = three
    for number, frames in enumerate(clips):
        status, answer = question(server, content, clip=number)
        assert status == 200 and answer["clips"] == ["one", "two <b>", "three"]
        assert answer["clip"] == answer["clips"][number] and len(answer["skeleton"]["frames"]) == len(frames)
        [p] = model.predict_proba([frames], ["sit down", "juggle"])
        shown = {entry["label"]: entry["probability"] for entry in answer["predictions"]}
        assert [shown["sit down"], shown["juggle"]] == pytest.approx(p)


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ({"clip": 3}, "no clip 4: it holds 3"),
        ({"clip": -1}, "numbered from 0"),
        ({"clip": "1"}, "numbered from 0"),
        ({"clip": True}, "numbered from 0"),
        ({"layout": "octopus"}, "unknown layout"),
        ({"layout": ["kinect_v2"]}, "unknown layout"),
        ({"unit": "miles"}, "unknown layout of joints, or unit"),
        ({"more": 1}, "line of JSON"),
    ],
)
def test_clips_joints_and_units_that_are_none_are_refused(server, three, others, words):
    status, answer = question(server, three[0], **others)
    assert status == 400 and words in answer["error"]


def test_a_dataset_is_not_taken_for_a_clip(server, three, monkeypatch):
    monkeypatch.setattr(demo_page, "MOST_CLIPS", 2)
    status, answer = question(server, three[0])
    assert status == 400 and "has 3 clips" in answer["error"] and "up to 2" in answer["error"]


def saved(array) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def test_units_and_joints_are_chosen_on_the_page_and_errors_say_so(server, trained, clip_file):
    millimetres = saved((np.load(clip_file) * 1000).astype(np.int32))
    status, answer = question(server, millimetres, "whole.npy")
    assert status == 400 and answer["error"].endswith("Choose the unit under “Joints and unit”.")
    assert not any(sign in answer["error"] for sign in COMMANDS)
    status, answer = question(server, millimetres, "whole.npy", unit="mm")
    assert status == 200 and np.abs(answer["skeleton"]["frames"][0][0][0]).max() < 5000
    status, answer = question(server, saved(np.load(clip_file) + 101), "far.npy")
    assert status == 400 and "far.npy holds a coordinate of 10" in answer["error"] and "beyond 100 m" in answer["error"]
    assert answer["error"].endswith("Choose the unit under “Joints and unit”.")
    status, answer = question(server, saved(np.ones((4, 7, 3))), "seven.npy")
    assert status == 400 and answer["error"].endswith("Choose the joints under “Joints and unit”.")
    assert not any(sign in answer["error"] for sign in COMMANDS)
    status, answer = question(server, clip_file.read_bytes(), "clip.npy", layout="kinect_v1")
    assert status == 400 and "kinect_v1 has 20" in answer["error"]


def test_new_words_without_a_text_model_are_refused_in_the_pages_words(server, clip_file, monkeypatch, capfd):
    """What to install is for whoever runs the server, and stands on the terminal."""

    def missing(model, **_):
        raise ZsarError(f"the text model {model!r} is not in /srv/models", 'To get it: pip install "zsar[offline]"')

    monkeypatch.setattr(models, "locate", missing)
    status, answer = predict(server, clip_file.read_bytes(), labels=("sit on a flying carpet", "juggle with swords"))
    assert status == 400 and "new words" in answer["error"] and "Brushing hair" in answer["error"]
    assert not any(sign in answer["error"] for sign in (*COMMANDS, "/srv"))
    assert "pip install" in capfd.readouterr().err


def test_too_few_labels_are_told_without_options(server, clip_file):
    status, answer = predict(server, clip_file.read_bytes(), labels=["sit down"])
    assert status == 400 and "two labels" in answer["error"] and "--" not in answer["error"]


def test_so_many_files_are_taken_at_a_time_and_no_more(server, clip_file, monkeypatch):
    start = f"POST /predict HTTP/1.1\r\nHost: {own_name(server)}\r\nContent-Length: 1000\r\n\r\nabc"
    links = [raw(server, start) for _ in range(demo.UPLOADS)]
    deadline = time.monotonic() + PATIENT
    while (refused := predict(server, clip_file.read_bytes()))[0] == 200 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert refused[0] == 503 and "too many files" in refused[1]["error"]
    assert ask(server, "GET", "/")[0] == 200
    for link in links:
        link.close()
    while (status := predict(server, clip_file.read_bytes())[0]) == 503 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert status == 200


def test_a_file_that_trickles_is_given_up(server, monkeypatch):
    monkeypatch.setattr(demo, "LONGEST_UPLOAD", 0.5)
    start = f"POST /predict HTTP/1.1\r\nHost: {own_name(server)}\r\nContent-Length: 1000000\r\n\r\n"
    with raw(server, start) as link:
        began = time.monotonic()
        link.settimeout(0.05)
        answer = b""
        while not answer and time.monotonic() < began + PATIENT:
            link.sendall(b"a")
            try:
                answer = link.recv(1000)
            except TimeoutError:
                continue
    assert answer.startswith(b"HTTP/1.1 408")
