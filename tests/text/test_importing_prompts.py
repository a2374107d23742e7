"""Prompt sets from a user's files: the released formats, and everything that can be wrong with them."""

import os
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zsar.cli import main
from zsar.data.cards import card, classes
from zsar.data.datasets import open_dataset
from zsar.errors import UnknownName, ZsarError
from zsar.harness.plan import plan
from zsar.harness.record import identity
from zsar.text import models
from zsar.text.prompt_files import import_prompts, read_prompts
from zsar.text.prompts import outline, prompt_set, texts, user_sets

RELEASED = Path(__file__).parents[2].parent / "shared" / "data" / "text" / "descriptions"
PKU = list(classes("pku51").values())


def lines(names=PKU, quote='"{}" is moving.'):
    return "\n".join(quote.format(name) for name in names) + "\n"


@pytest.fixture
def file(tmp_path):
    def write(content, name="texts.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def read(path, dataset="pku", kind=None):
    return read_prompts(path, card(dataset), kind)


@pytest.mark.parametrize("change", [str, lambda t: t.replace("\n", "\r\n"), lambda t: "\ufeff" + t, str.rstrip])
def test_lines_that_quote_their_class_are_matched_by_name_in_any_order(file, change):
    found = read(file(change(lines(PKU[::-1]))))
    assert found.matched == "by the class names in the file" and list(found.prompts) == list(classes("pku51"))
    assert found.prompts["pku/08"] == {"label": "Drink water", "description": '"Drink water" is moving.'}
    assert any("label: the class names of configs/classes/pku51.yaml" in remark for remark in found.remarks)


def test_lines_without_names_are_in_class_order(file):
    found = read(file("\n".join(f"moving in way {i}" for i in range(1, 52))))
    assert found.prompts["pku/51"]["description"] == "moving in way 51" and "doesn't name" in found.matched


def test_lines_of_which_some_name_their_class_must_be_in_place(file):
    some = [f'the "{name}" motion' if i % 3 else f"motion {i}" for i, name in enumerate(PKU)]
    found = read(file("\n".join(some)))
    assert (
        found.matched.startswith("in class order; 34 of 51 lines quote") and found.prompts["pku/01"]["label"] == "Bow"
    )
    some[1], some[2] = some[2], some[1]
    with pytest.raises(ZsarError, match="not in class order, and line 1 doesn't name") as error:
        read(file("\n".join(some)))
    assert "line 2 names 'Brushing teeth' where 'Brushing hair' belongs" in str(error.value)


def test_a_quotation_that_is_no_name_is_no_name(file):
    found = read(file("\n".join(f'say "hello" {i} times' if i else 'like "Throw"' for i in range(51))))
    assert found.matched == "in class order: the file doesn't name the classes"


def test_names_in_a_csv_decide_the_base(file):
    for base in (0, 1):
        content = "idx,label\n" + "".join(f'{i},"{n.lower()}"\n' for i, n in enumerate(PKU, base))
        found = read(file(content, "a.csv"))
        assert found.matched.endswith(f"numbers them from {base}")
        assert found.prompts["pku/08"] == {"label": "drink water"}
    with pytest.raises(ZsarError, match="a.csv: the list is neither 0-based nor 1-based"):
        read(file("idx,label\n" + "".join(f'{i},"{n}"\n' for i, n in enumerate(PKU, 2)), "a.csv"))


@pytest.mark.parametrize("base", [0, 1])
def test_descriptions_in_a_csv_go_by_its_numbers(file, base):
    rows = [f"{i},move {i - base}" for i in range(base, 51 + base)]
    found = read(file("\n".join(["idx,label", *rows[::-1]]), "a.CSV"))
    assert found.matched == f"by the file's numbers, which run from {base}"
    assert found.prompts["pku/01"]["description"] == "move 0"
    assert read(file("\n".join(["idx,label", *rows]), "a.csv"), kind="label").prompts["pku/01"] == {"label": "move 0"}


def test_a_csv_with_several_kinds(file):
    content = "Action Labels,Head,Global Desc\n" + "".join(f'{n},nod,"{n}, slowly"\n' for n in PKU[::-1])
    found = read(file(content, "a.csv"))
    assert found.prompts["pku/02"] == {
        "label": "Brushing hair",
        "head": "nod",
        "description": "Brushing hair, slowly",
    }
    assert any(r.startswith("head: 51 of 51 classes share") for r in found.remarks)
    with pytest.raises(ZsarError, match="several kinds of text: label, head, description\n--kind is for files"):
        read(file(content, "a.csv"), kind="label")


def test_yaml_by_id_or_by_name(file):
    by_name = {"prompts": {n: f"do {n}" for n in PKU}}
    by_id = {
        "id": "x",
        "classes": "pku51",
        "prompts": {c: {"description": f"do {n}"} for c, n in classes("pku51").items()},
    }
    for content in (by_name, by_id):
        assert read(file(yaml.safe_dump(content), "a.yaml")).prompts["pku/01"]["description"] == "do Bow"


def test_a_file_for_ntu120_serves_ntu60(file):
    names = list(classes("ntu120").values())
    assert read(file(lines(names)), "ntu60").vocabulary == "ntu120"
    assert read(file(lines(names[:60])), "ntu60").vocabulary == "ntu60"
    with pytest.raises(ZsarError, match="60 lines, but ntu120 has 120 classes|60 classes, but ntu120 has 120"):
        read(file(lines(names[:60])), "ntu120")


YAML = yaml.safe_dump({"prompts": dict.fromkeys(PKU, "x")}, width=200)
WRONG = [
    ("a.txt", "", "a.txt is empty"),
    ("a.txt", "\n".join(["x"] * 50), "has 50 lines, but pku51 has 51 classes"),
    ("a.txt", "x", "has 1 line, but pku51 has 51 classes"),
    ("a.txt", lines(PKU[:-1]), "texts for 50 classes, but pku51 has 51. It lacks pku/51 \\(Writing\\)"),
    ("a.txt", lines(PKU[:3]) + "\n" + lines(PKU[3:]), "a.txt, line 4 is empty"),
    ("a.txt", lines() + "\n", "a.txt, line 52 is empty"),
    ("a.txt", lines([*PKU[:-1], "bow"]), "more than one text for a class:\n  line 1 and line 51 are for pku/01"),
    ("a.txt", lines().encode() + b"\xff\xfe", "a.txt, line 52: byte 0xff is not UTF-8"),
    ("a.txt", b"\xef\xbb\xbf" + lines().encode() + b"\xc3(", "a.txt, line 52: byte 0xc3 is not UTF-8"),
    ("a.txt", "one\ntw\0o", "a.txt, line 2: a zero byte"),
    ("a.txt", lines().encode("utf-16"), "line 1: byte 0xff is not UTF-8"),
    ("a.csv", "idx,label\n", "a header and no rows"),
    ("a.csv", "idx;label\n1;bow\n", "line 1: the columns 'idx;label' don't say"),
    ("a.csv", "idx,label,label\n1,a,b\n", "line 1: the columns"),
    ("a.csv", "idx,label\n0,bow\n1\n", "a.csv, line 3 has 1 columns, but the header 2"),
    ("a.csv", "idx,label\n0,bow\n1,\n", "a.csv, line 3: nothing in the column 'label'"),
    ("a.csv", "idx,label\n0,bow\n\n1,x\n", "a.csv, line 3 is empty"),
    ("a.csv", "idx,label\none,bow\n", "a.csv, line 2: 'one' is not a class number"),
    ("a.csv", 'idx,label\n0,"bow\n', "a.csv, line [23]: "),
    (
        "a.csv",
        "idx,label\n" + "".join(f"{max(i, 1)},move {i}\n" for i in range(51)),
        "number 1\\) and line 3 \\(number 1",
    ),
    ("a.csv", "idx,label\n" + "".join(f"{i},move {i}\n" for i in range(7, 58)), "numbers run from 7 to 57"),
    ("a.csv", "idx,label\n" + "".join(f"{i},move {i}\n" for i in range(50)), "has 50 rows, but pku51 has 51"),
    (
        "a.csv",
        "class,text\n" + "".join(f"{n},x\n" for n in ["bwo", *PKU[1:-1], "wrting"]),
        "2 of 51 names are not classes of pku51:\n  line 2: 'bwo' .*Bow\\?\n  line 52: 'wrting' .*Writing",
    ),
    ("a.yaml", "prompts: [", "not valid YAML"),
    ("a.yaml", "hello", "has no prompts"),
    ("a.yaml", "prompts: {Bow: {description: ' '}}", "Bow should have a text"),
    ("a.yaml", "prompts: {Bow: 3}", "Bow should have a text"),
    ("a.yaml", "prompts: {Bow: x, Bow: y}", "key given twice: Bow"),
    ("a.yaml", YAML.replace("Bow:", "Bw:"), "1 of 51 names are not classes of pku51:\n  entry Bw: 'Bw' is not a class"),
    ("a.yaml", YAML.replace("Bow: x", "Bow: {head: x}"), "should have the kinds|entry .* should have"),
    ("a.json", "{}", "is not a file that prompts are read from"),
]


@pytest.mark.parametrize(("name", "content", "complaint"), WRONG, ids=range(len(WRONG)))
def test_what_cant_be_used_is_named_with_file_and_line(file, tmp_path, capsys, name, content, complaint):
    path = file(content, name)
    with pytest.raises(ZsarError, match=complaint) as error:
        read(path)
    assert str(path) in str(error.value)
    assert main(["text", "import", "mine", "--dataset", "pku", "--source", str(path)]) == 2
    assert capsys.readouterr().err.startswith("error: ") and user_sets() == []


def test_a_missing_file_a_folder_and_a_huge_file(file, tmp_path, monkeypatch):
    (tmp_path / "folder.txt").mkdir()
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "endless.txt").symlink_to("/dev/zero")
    for name, words in {
        "none": "can't read .*none.txt",
        "folder": "folder.txt is not a plain file",
        "pipe": "pipe.txt is not a plain file",
        "endless": "endless.txt is not a plain file",
    }.items():
        with pytest.raises(ZsarError, match=words):
            read(tmp_path / f"{name}.txt")
    monkeypatch.setattr("zsar.text.prompt_files.LARGEST", 10)
    with pytest.raises(ZsarError, match="too many"):
        read(file(lines()))


@pytest.mark.parametrize("name", ["../x", "", ".hidden", "a/b", "a b"])
def test_a_name_that_is_no_name_is_refused(file, name):
    with pytest.raises(ZsarError, match="can't name a prompt set"):
        import_prompts(name, "pku", file(lines()))


def test_a_registered_name_wins_and_is_refused_for_an_import(file, home):
    with pytest.raises(ZsarError, match="'pku51' is one of zsar's own"):
        import_prompts("pku51", "pku", file(lines()))
    (home / "prompts").mkdir(parents=True)
    (home / "prompts" / "pku51.yaml").write_text("id: pku51\nclasses: pku51\nprompts: {pku/01: {label: other}}\n")
    assert texts("pku51", "label", ["pku/01"]) == ["bow"]


def test_an_imported_set_is_found_read_again_when_changed_and_used(file, home, capsys):
    assert main(["text", "import", "mine", "--dataset", "pku", "--source", str(file(lines()))]) == 0
    out = capsys.readouterr().out
    assert "51 classes of pku51" in out and "by the class names in the file" in out and "--prompts mine" in out
    assert user_sets() == ["mine"] and outline("mine").vocabulary == "pku51"
    assert texts("mine", "description", ["pku/08"]) == ['"Drink water" is moving.']
    stored = yaml.safe_load((home / "prompts" / "mine.yaml").read_text())
    assert stored["source"]["file"] == "texts.txt" and len(stored["source"]["sha256"]) == 64
    import_prompts("mine", "pku", file(lines(quote='"{}" is quite something else.')))
    assert texts("mine", "description", ["pku/08"]) == ['"Drink water" is quite something else.']
    assert main(["text", "pku", "--prompts", "mine", "--classes", "pku/08"]) == 0
    assert capsys.readouterr().out == (
        'pku/08\n  label: Drink water\n  description: "Drink water" is quite something else.\n'
    )
    assert main(["text", "list"]) == 0 and "yours" in capsys.readouterr().out
    assert main(["text", "ntu60", "--prompts", "mine"]) == 2
    assert "the prompt set 'mine' is for the class list pku51" in capsys.readouterr().err
    with pytest.raises(UnknownName, match="prompt set 'mien'\nDid you mean mine"):
        prompt_set("mien")


def test_a_damaged_set_is_named(home):
    (home / "prompts").mkdir(parents=True)
    (home / "prompts" / "mine.yaml").write_bytes(b"\xff")
    with pytest.raises(ZsarError, match="mine.yaml is not UTF-8"):
        prompt_set("mine")


def test_a_benchmark_can_be_planned_with_it_and_says_what_it_lacks(file, home):
    import_prompts("mine", "pku", file(lines()))
    (job,) = plan(["pgfa"], "pku", splits="smie.split-7", prompts="mine")
    (plain,) = plan(["pgfa"], "pku", splits="smie.split-7")
    assert (job.card.prompts, plain.card.prompts) == ("mine", "pku51") and job.prompts == ("description",)
    import_prompts("names", "pku", file("idx,label\n" + "".join(f"{i},{n}\n" for i, n in enumerate(PKU)), "n.csv"))
    with pytest.raises(
        ZsarError, match="pgfa reads the prompt 'description', but the prompt set 'names' has only label"
    ):
        plan(["pgfa"], "pku", splits="smie.split-7", prompts="names")
    with pytest.raises(ZsarError, match="for the class list pku51 and has no text for 60 of 60 classes"):
        plan(["pgfa"], "ntu60", prompts="mine")
    with pytest.raises(UnknownName, match="prompt set 'mein'"):
        plan(["pgfa"], "pku", prompts="mein")


def test_the_prompts_reach_the_record_and_the_run_id(file, home, made_home, monkeypatch, tmp_path):
    home.mkdir(exist_ok=True)
    (home / "data").symlink_to(made_home / "data")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(b"weights")
    letters = lambda model, texts: np.array([np.bincount(list(t.encode()), minlength=256)[:256] for t in texts], "f4")
    monkeypatch.setattr(models, "locate", lambda model, fetch=False: tmp_path / "model")
    monkeypatch.setattr(models, "encode", letters)
    open_dataset.cache_clear()
    ids, sets = set(), []
    for number, text in enumerate(['"{}" is moving.', '"{}" is not moving.']):
        import_prompts(f"set-{number}", "pku-sim", file(lines(quote=text)))
        (job,) = plan(["nearest"], "pku-sim", splits="smie.split-7", prompts=f"set-{number}")
        dataset, vectors, run_id = job.dataset, job.vectors, job.id
        ids.add(run_id)
        sets.append(identity(job, run_id, dataset.version, vectors.hash)["text"]["prompt_set"])
    open_dataset.cache_clear()
    assert len(ids) == 2 and sets == ["set-0", "set-1"]


@pytest.mark.skipif(not RELEASED.is_dir(), reason=f"the released descriptions are not on this machine: no {RELEASED}")
@pytest.mark.parametrize(
    ("dataset", "name", "matched"),
    [
        ("ntu60", "pgfa_ntu60_des.txt", "by the class names in the file"),
        ("ntu120", "pgfa_ntu120_des.txt", "by the class names in the file"),
        ("ntu60", "pgfa_ntu_ska_gpt4.txt", "in class order; 118 of 120 lines quote their class's name"),
        ("pku", "pgfa_pku_des.txt", "by the class names in the file"),
        ("pku", "pgfa_pku_ska_gpt4.txt", "by the class names in the file"),
        ("ntu60", "sadvae_ntu60.csv", "by the file's numbers, which run from 1"),
        ("ntu120", "sadvae_ntu120.csv", "by the file's numbers, which run from 1"),
        ("pku", "sadvae_pku51.csv", "by the class names in the file, which numbers them from 0"),
        ("ntu120", "purls_gpt3_ntu120.csv", "by the class names in the file"),
        ("utd-mhad", "purls_gpt3_utd_mhad.csv", "by the class names in the file"),
        ("nw-ucla", "purls_gpt3_nw_ucla.csv", "by the class names in the file"),
    ],
)
def test_the_released_files_are_read(dataset, name, matched):
    found = read(RELEASED / name, dataset)
    assert found.matched.startswith(matched) and list(found.prompts) == list(classes(found.vocabulary))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.one_of(
        st.binary(max_size=200),
        st.lists(
            st.sampled_from([*PKU, "idx,label", ",", '"', "1", "\n", "prompts:", "  ", "\r", "“"]), max_size=80
        ).map(lambda parts: "\n".join(parts).encode()),
    ),
    name=st.sampled_from(["a.txt", "a.csv", "a.yaml"]),
)
def test_any_file_is_read_or_refused(tmp_path, content, name):
    (tmp_path / name).write_bytes(content)
    try:
        read(tmp_path / name)
    except ZsarError as error:
        assert name in str(error)
