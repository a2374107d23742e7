"""``zsar data show``: playing, listing and saving clips."""

import io

import pytest
from test_plot_command import command

from zsar.commands import show
from zsar.data.datasets import open_dataset
from zsar.plots import playing
from zsar.skeletons.sides import SIDES

RIGHT = ";".join(str(int(SIDES["right"].dark[k : k + 2], 16)) for k in (1, 3, 5))


@pytest.fixture
def pku_sim(nine):
    """The nine-class dataset."""
    return nine.dataset


def named(dataset, class_id):
    return next(
        str(s) for s, label in zip(dataset.samples.tolist(), dataset.labels.tolist(), strict=True) if label == class_id
    )


def test_where_there_is_no_terminal_a_few_frames_are_printed(pku_sim, capsys):
    sample = named(pku_sim, "pku/14")
    code, out, err = command(capsys, "data", "show", "pku-sim", sample)
    length = len(pku_sim.frames(pku_sim.samples.tolist().index(sample)))
    assert code == 0 and not err
    heads = [line for line in out.splitlines() if "frame" in line]
    assert len(heads) == 3 and heads[0].endswith(f"frame 1 of {length}")
    assert heads[-1].startswith("PKU-MMD classes (simulated): Handshaking")
    assert any(0x2800 < ord(c) <= 0x28FF for c in out) and "\x1b" not in out


def test_a_number_is_as_good_as_a_name(pku_sim, capsys):
    sample = str(pku_sim.samples[7])
    by_name = command(capsys, "data", "show", "pku-sim", sample)
    assert by_name == command(capsys, "data", "show", "pku-sim", "7") and by_name[0] == 0


def test_in_a_terminal_the_clip_plays_to_its_end(pku_sim, monkeypatch):
    from zsar.printing import screen
    from zsar.skeletons.drawing import project

    file, waited = io.StringIO(), []
    terminal = {"file": file, "force_terminal": True, "width": 80, "height": 30}
    monkeypatch.setattr(playing, "screen", lambda: screen(**terminal))
    monkeypatch.setattr(playing.time, "sleep", waited.append)
    drawing = project(pku_sim.frames(0), pku_sim.layout)
    playing.play(drawing, "Somebody")
    out = file.getvalue()
    assert f"frame 1 of {len(drawing)}" in out and f"frame {len(drawing)} of {len(drawing)}" in out
    assert len(waited) == -(-(len(drawing) - 1) // 2) + 1 and max(waited) <= len(drawing) / 30 + 0.1
    assert f"38;2;{RIGHT}" in out or "38;5;" in out or "\x1b[33" in out


def test_an_ascii_terminal_gets_ascii(pku_sim, zsar, monkeypatch):
    done = zsar("data", "show", "pku-sim", "0", PYTHONIOENCODING="ascii")
    assert done.returncode == 0 and done.stdout.isascii() and "ooo" in done.stdout


def test_the_list_names_clips_by_name_class_or_words(pku_sim, capsys):
    code, out, _ = command(capsys, "data", "show", "pku-sim", "--list")
    lines = out.splitlines()
    assert (
        code == 0 and len(lines) == show.LISTED + 1 and lines[-1].startswith(f"and {len(pku_sim) - show.LISTED} more")
    )
    for asked in ("handSHAK", "pku/14"):
        code, out, _ = command(capsys, "data", "show", "pku-sim", asked, "--list")
        lines = out.splitlines()
        assert code == 0 and len(lines) == 6 and all("Handshaking" in line for line in lines)
    number = int(lines[2].split()[0])
    assert pku_sim.samples[number] == lines[2].split()[1]
    assert f"{len(pku_sim.frames(number))} frames" in lines[2]
    code, out, _ = command(capsys, "data", "show", "pku-sim", "53", "--list")
    assert code == 0 and out.split()[0] == "53" and len(out.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["pku-smi", "0"], ["unknown dataset", "pku-sim"]),
        (["pku-sim"], ["no clip was named", "--list"]),
        (["pku-sim", "999999"], ["has no clip 999999", "from 0 to 53"]),
        (["pku-sim", "-1"], []),
        (["pku-sim", "pku-sim/14/s01/v1/000"], ["unknown clip", "Did you mean pku-sim/14/s01/v1/0000", "--list"]),
        (["pku-sim", "zzz"], ["unknown clip 'zzz'", "named like pku-sim/"]),
        (["pku-sim", "zzz", "--list"], ["unknown clip 'zzz'"]),
        (["pku-sim", "0", "--view", "top"], ["unknown view 'top'", "camera, front, side"]),
        (["pku-sim", "0", "--frames", "4"], ["--frames is about strips"]),
        (["pku-sim", "0", "--out", "OUT/x.gif", "--frames", "4"], ["--frames is about strips"]),
        (["pku-sim", "0", "--out", "OUT/x.png", "--frames", "0"], ["1 to 60 frames, not '0'"]),
        (["pku-sim", "0", "--out", "OUT/x.avi"], ["can't save a clip as x.avi", ".gif, .mp4, .pdf, .svg, .png"]),
        (["pku-sim", "0", "--out", "OUT/x"], ["can't save a clip as x"]),
        (["pku-sim", "zzz", "--out", "OUT/x.gif"], ["unknown clip"]),
        (["pku-sim", "0", "--out", "OUT/x.mp4"], ["ffmpeg, which is not on this machine", ".gif"]),
        (["utd-mhad", "0"], ["not on this machine"]),
    ],
)
def test_wrong_input_is_refused_and_nothing_written(pku_sim, tmp_path, monkeypatch, capsys, arguments, words):
    monkeypatch.setenv("PATH", "")
    out = tmp_path / "out"
    code, printed, err = command(capsys, "data", "show", *(a.replace("OUT", str(out)) for a in arguments))
    assert code == 2 and not printed and all(w in err for w in words), err
    assert not out.exists()


@pytest.mark.parametrize("ending", ["gif", "png", "svg", "pdf", "GIF"])
def test_clips_are_saved(pku_sim, tmp_path, capsys, ending):
    path = tmp_path / "new" / f"clip.{ending}"
    code, out, _ = command(capsys, "data", "show", "pku-sim", named(pku_sim, "pku/14"), "--out", path)
    assert code == 0 and out.splitlines()[0] == str(path)
    begin = {"gif": b"GIF89a", "png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[ending.lower()]
    content = path.read_bytes()
    assert content.startswith(begin) and [p.name for p in path.parent.iterdir()] == [path.name]
    if ending == "svg":
        text = content.decode()
        for words in ("PKU-MMD classes (simulated): Handshaking", "left limbs", "right limbs"):
            assert words in text
        assert "Rings are the second" in out


def test_a_strip_has_the_frames_that_were_asked_for(pku_sim, tmp_path, capsys):
    path = tmp_path / "clip.svg"
    command(capsys, "data", "show", "pku-sim", "3", "--out", path, "--frames", "4", "--view", "side")
    length = len(pku_sim.frames(3))
    numbers = [1, 1 + round((length - 1) / 3), 1 + round(2 * (length - 1) / 3), length]
    assert all(f"<!-- {n} -->" in path.read_text() for n in numbers)


def test_a_clip_with_nobody_in_it_is_named(pku_sim, monkeypatch, capsys):
    empty = pku_sim.frames(5) * 0
    monkeypatch.setattr(type(open_dataset("pku-sim")), "frames", lambda self, i: empty)
    code, _, err = command(capsys, "data", "show", "pku-sim", "5")
    assert code == 2 and f"clip {pku_sim.samples[5]} of pku-sim: nobody" in err


def test_a_dataset_of_features_has_no_clips_to_show(pku_sim, monkeypatch, capsys):
    import dataclasses

    from zsar.data import cards

    with_features = dataclasses.replace(cards.card("pku-sim"), features={"smie.split-7": "somebody's encoder"})
    monkeypatch.setattr(cards, "card", lambda name: with_features)
    code, out, err = command(capsys, "data", "show", "pku-sim", "0")
    assert code == 2 and not out and "holds released features" in err
