"""``zsar plot``: files, and what it refuses."""

import re
import struct
import subprocess
import sys

import pytest
from command_line import command


def plot(capsys, tmp_path, *arguments, out="picture.svg"):
    return command(capsys, "plot", *arguments, "--out", tmp_path / "out" / out)


def test_an_svg_says_the_names_and_numbers(committed, tmp_path, capsys):
    code, out, _ = plot(capsys, tmp_path, "oracle-gap", committed / "utd-mhad", "--method", "pgfa,dvta")
    assert code == 0 and out.splitlines()[0] == str(tmp_path / "out" / "picture.svg")
    svg = (tmp_path / "out" / "picture.svg").read_text()
    said = re.findall(r"<!-- (.*?) -->", svg)  # text is drawn as shapes, and named beside them
    for words in ("UTD-MHAD, cross-subject", "PGFA (T)", "DVTA", "oracle: epoch chosen on the test labels", "chance"):
        assert words in said
    assert sum(bool(re.fullmatch(r"\+\d+\.\d", words)) for words in said) == 3
    assert "<dc:date>" not in svg and "Oracle gap: UTD-MHAD" in out


@pytest.mark.parametrize("width", [3.4, 7.0])
def test_a_png_is_as_wide_as_asked_for(committed, tmp_path, capsys, width):
    code, _, _ = plot(capsys, tmp_path, "seeds", committed / "pku-sim", "--width", width, out="picture.PNG")
    png = (tmp_path / "out" / "picture.PNG").read_bytes()
    assert code == 0 and png.startswith(b"\x89PNG") and struct.unpack(">I", png[16:20])[0] == round(300 * width)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["confusoin", "UTD"], ["unknown kind of picture 'confusoin'", "Did you mean confusion?"]),
        (["confusion", "nowhere"], ["no results folder nowhere"]),
        (["confusion", "EMPTY"], ["no records in"]),
        (["seeds", "UTD", "--dataset", "ntu60"], ["unknown dataset 'ntu60'", "utd-mhad"]),
        (["confusion", "UTD", "--method", "pfga"], ["unknown method 'pfga'", "Did you mean pgfa"]),
        (["confusion", "UTD", "--method", "dvta,nothing"], ["unknown method 'nothing'", "cadavae, devise"]),
        (["confusion", "UTD", "--method", "dvta", "--split", "9-9"], ["unknown split '9-9'", "purls"]),
        (["confusion", "UTD", "--method", "dvta", "--seed", "9"], ["unknown seed '9'", "0, 1, 2, 3, 4"]),
        (["confusion", "UTD", "--seed", "one"], ["argument --seed: invalid int value: 'one'"]),
        (["confusion", "UTD", "--run", "0123"], ["unknown run '0123'"]),
        (["confusion", "UTD", "--rule", "first"], ["unknown selection rule 'first'", "last, oracle, val"]),
        (["confusion", "UTD", "--method", "dvta", "--split", "22-5", "--mode", "transductive"], ["unknown mode"]),
        (["confusion", "UTD", "--method", "dvta"], ["one split, and 3 fit: purls.14-13, purls.18-9, purls.22-5"]),
        (["confusion", "UTD", "--split", "22-5"], ["one method, and 11 fit: cadavae,", "--method"]),
        (["confusion", "UTD", "--split", "22-5", "--method", "pgfa"], ["2 results in each run", "--mode"]),
        (["per-class", "UTD", "--split", "22-5"], ["at most 4 methods", "SMIE"]),
        (["oracle-gap", "UTD", "--rule", "oracle"], ["no gap to itself"]),
        (["seeds", "UTD", "--width", "0.3"], ["2 to 20 inches wide, not 0.3"]),
        (["seeds", "UTD", "--width", "nan"], ["2 to 20 inches wide, not nan"]),
        (["seeds", "UTD", "--width", "wide"], ["argument --width: invalid float value: 'wide'"]),
        (["seeds", "UTD", "--space", "scores"], ["--space is about tsne"]),
        (["seen-unseen", "SIM"], ["one split, and 3 fit"]),
        (["seen-unseen", "SIM", "--split", "split-7"], ["generalized setting", "--setting zsl,gzsl"]),
        (["tsne", "UTD", "--split", "22-5"], ["not on this machine", "--space scores"]),
        (["tsne", "UTD", "--split", "22-5", "--method", "dvta", "--space", "features"], ["a method changes nothing",
         "Leave --method away"]),
    ],
)  # fmt: skip
def test_wrong_input_is_refused_and_nothing_written(committed, empty_home, tmp_path, capsys, arguments, words):
    (tmp_path / "empty").mkdir()
    places = {"UTD": committed / "utd-mhad", "SIM": committed / "pku-sim", "EMPTY": tmp_path / "empty"}
    code, out, err = plot(capsys, tmp_path, *(places.get(a, a) for a in arguments))
    assert code == 2 and not out
    assert all(said in err for said in words), err
    assert not (tmp_path / "out").exists()


def test_a_folder_is_no_file_to_write(committed, tmp_path, capsys):
    (tmp_path / "out" / "picture.svg").mkdir(parents=True)
    code, _, err = plot(capsys, tmp_path, "seeds", committed / "pku-sim")
    assert code == 2 and "is a folder" in err and not list((tmp_path / "out" / "picture.svg").iterdir())


def test_the_commands_in_the_documents_make_the_pictures_that_are_there(committed, home, tmp_path, capsys):
    images = committed.parents[1] / "docs" / "images"
    lines = (images / "README.md").read_text().splitlines()
    commands = [line.split() for line in lines if line.startswith(("zsar plot ", "zsar data show "))]
    assert len(commands) == 3
    for _, *arguments in commands:
        place = images.parents[1] / arguments[-1]
        arguments = [images.parents[1] / a if a.startswith("benchmarks/") else a for a in arguments[:-1]]
        code, _, err = command(capsys, *arguments, tmp_path / place.name)
        assert code == 0, err
        if arguments[0] == "plot":  # what is committed is of the size that these records give
            assert (tmp_path / place.name).read_bytes()[:24] == place.read_bytes()[:24]
        assert place.stat().st_size < 200_000


@pytest.mark.parametrize("out", ["picture.jpg", "picture", "picture.pdf.txt", ".svg"])
def test_an_unknown_ending_is_refused_with_those_that_are_known(committed, tmp_path, capsys, out):
    code, _, err = plot(capsys, tmp_path, "seeds", committed / "pku-sim", out=out)
    assert code == 2 and ".pdf" in err and ".svg" in err and not (tmp_path / "out").exists()


def test_two_datasets_and_two_versions_in_one_folder(varied, folder, tmp_path, capsys):
    records = [varied(), varied(dataset="nw-ucla")]
    code, _, err = plot(capsys, tmp_path, "seeds", folder(records))
    assert code == 2 and "one dataset, and 2 fit: nw-ucla, utd-mhad" in err
    code, out, _ = plot(capsys, tmp_path, "seeds", folder(records), "--dataset", "nw-ucla")
    assert code == 0 and "NW-UCLA" in out
    other = varied("dvta", dataset="nw-ucla")
    other["dataset"]["version"] = "c" * 16
    code, _, err = plot(capsys, tmp_path, "seeds", folder([other]), "--dataset", "nw-ucla")
    assert code == 2 and "one version of nw-ucla, and 2 fit" in err and other["run"] in err


def test_a_split_that_changed_in_between_is_refused(varied, folder, tmp_path, capsys):
    records = [varied(seed=0), varied(seed=1)]
    records[1]["split"]["hash"] = "f" * 16
    for kind in ("confusion", "per-class"):
        code, _, err = plot(capsys, tmp_path, kind, folder(records))
        assert code == 2 and "other classes in run" in err


def test_failed_runs_alone_are_no_picture(varied, folder, tmp_path, capsys):
    failed = [varied(seed=s, error={"type": "ValueError", "message": "it diverged"}) for s in range(2)]
    code, _, err = plot(capsys, tmp_path, "seeds", folder(failed))
    assert code == 2 and "every run that fits has failed (2 in" in err and "ValueError: it diverged" in err
    code, out, _ = plot(capsys, tmp_path, "seeds", folder([varied("dvta"), *failed]))
    assert code == 0 and "1 runs" not in out and "run " in out


def test_without_matplotlib_an_error_says_how_to_install_it(committed, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    code, _, err = plot(capsys, tmp_path, "seeds", committed / "pku-sim")
    assert code == 2 and 'pip install "zsar[plots]"' in err
    code, _, err = command(capsys, "data", "show", "pku-sim", "0", "--out", tmp_path / "clip.gif")
    assert code == 2 and 'pip install "zsar[plots]"' in err and not list(tmp_path.iterdir())


def test_help_names_every_kind_and_imports_no_matplotlib():
    code = "import sys, zsar.cli\ntry: zsar.cli.main(['plot', '--help'])\nexcept SystemExit: pass\n"
    heavy = "print(sorted({'matplotlib', 'torch', 'sklearn', 'pandas'} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", code + heavy], capture_output=True, text=True, check=True).stdout
    assert said.splitlines()[-1] == "[]"
    for kind in ("confusion", "per-class", "tsne", "seen-unseen", "oracle-gap", "seeds"):
        assert f"\n  {kind} " in said
