"""YAML and JSON of users: too deep, too much or of the wrong kind is an error that names the file."""

import json
import os

import pytest
import yaml
from command_line import command
from made_up import made_up

from zsar import storage
from zsar.configuration import DEEPEST, parse_json, parse_yaml
from zsar.errors import DataError, ZsarError

BOMB = "a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]\n" + "".join(
    f"{after}: &{after} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, after in zip("abcdefgh", "bcdefghi", strict=True)
)
YAML = {
    "deep in brackets": "title: " + "[" * 100_000,
    "deep in dashes": "title:\n" + "- " * 100_000,
    "deep by indentation": "\n".join(" " * i + "a:" for i in range(DEEPEST + 1)),
    "a bomb of aliases": BOMB,
    "an alias of itself": "title: &a [*a]",
    "a huge number": "title: " + "9" * 5000,
    "a huge hexadecimal number": "title: 0x" + "f" * 5000,
    "a day that isn't": "title: 2001-13-45",
    "a tag that doesn't fit": "title: !!timestamp noon",
}


@pytest.mark.parametrize("text", YAML.values(), ids=YAML)
def test_yaml_is_bounded_and_the_file_named(text):
    with pytest.raises(ZsarError, match="^my.yaml is not"):
        parse_yaml(text, "my.yaml")


def test_ordinary_yaml_is_read():
    text = "base: &b {a: 1}\nx: *b\nname: '1234567890123456789012'\nlist: [[1, 2], [3]]"
    assert parse_yaml(text, "") == {
        "base": {"a": 1},
        "x": {"a": 1},
        "name": "1234567890123456789012",
        "list": [[1, 2], [3]],
    }
    assert parse_yaml("[" * DEEPEST + "]" * DEEPEST, "") and parse_json("[" * DEEPEST + "]" * DEEPEST)


@pytest.mark.parametrize("text", YAML.values(), ids=YAML)
def test_a_hostile_card_is_named_by_every_command_that_reads_it(empty_home, tmp_path, zsar, capsys, text):
    own = empty_home / "data" / "mine" / "card.yaml"
    own.parent.mkdir(parents=True)
    own.write_text(text)
    for arguments in (
        ["data", "list"],
        ["data", "info", "mine"],
        ["bench", "--methods", "nearest", "--dataset", "mine"],
    ):
        code, _, err = command(capsys, *arguments)
        assert code == 2 and str(own) in err
    prompts = tmp_path / "prompts.yaml"
    prompts.write_text(text)
    code, _, err = command(capsys, "text", "import", "mine2", "--dataset", "pku", "--source", prompts)
    assert code == 2 and str(prompts) in err


@pytest.mark.parametrize(
    ("key", "value"),
    [("classes", {"mine/000": 1}), ("classes", {1: "a"}), ("own_splits", {"s": None}), ("own_splits", {"s": [{}]}),
     ("bodies", "two"), ("protocols", {"p": {"by": []}}), ("splits", "no-such-family")],
)  # fmt: skip
def test_a_card_of_other_kinds_is_named_with_the_key(empty_home, capsys, key, value):
    own = empty_home / "data" / "mine" / "card.yaml"
    own.parent.mkdir(parents=True)
    content = {
        "id": "mine",
        "title": "Mine",
        "classes": {f"mine/00{i}": name for i, name in enumerate("abcd")},
        "prompts": "mine",
        "layout": "kinect_v2",
        "bodies": 1,
        "reader": "",
        "protocols": {"p": {"by": "subject", "train": ["1"]}},
        "splits": "random",
        **dict.fromkeys(("licence", "citation", "get"), "none"),
    }
    own.write_text(yaml.safe_dump(content))
    assert command(capsys, "data", "list")[0] == 0
    own.write_text(yaml.safe_dump(content | {key: value}))
    os.utime(own, (0, 0))
    code, _, err = command(capsys, "bench", "--methods", "nearest", "--dataset", "mine", "--dry-run")
    assert code == 2 and ("mine" in err and "no-such-family" in err if key == "splits" else str(own) in err)


def test_a_card_that_was_a_segmentation_fault_is_named(zsar, tmp_path):
    own = tmp_path / "home" / "data" / "mine" / "card.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("\n".join(" " * i + "a:" for i in range(20_000)))
    done = zsar("data", "list", ZSAR_HOME=tmp_path / "home")
    assert done.returncode == 2 and str(own) in done.stderr and "Traceback" not in done.stderr


HOSTILE = {
    "seed": ["0", None, 10**400, True, 1.5],
    "settings": ["zsl", [1], []],
    "evaluator": ["1"],
    "encoder": [[], {"name": 1}, {"name": "a", "keywords": "x"}],
    "text": ["m", {"model": ["m"]}],
    "dataset.title": [1, None],
    "split.unseen": [{}, [1], "c0"],
    "results.inductive": [[], None],
    "results.inductive.last": [3],
    "results.inductive.last.top1": ["0.5", [], {}, 10**400],
    "results.inductive.last.per_class": [None, [1], {"c0": "high"}],
    "results.inductive.last.confusion": [{"a": 1}, [1], [["1"]]],
    "results.inductive.last.gzsl": [1, []],
    "results.inductive.last.gzsl.strategies.gate": [None, {"seen": "x"}],
    "counts": [{"unseen_test": {}}, []],
    "method.keywords": ["lr", None],
}


@pytest.mark.parametrize(
    ("key", "value"), [(k, v) for k, values in HOSTILE.items() for v in values], ids=lambda v: str(v)[:20]
)
def test_a_record_of_other_kinds_is_named_with_the_key(tmp_path, capsys, key, value):
    record = made_up(settings=("zsl", "gzsl"))
    *blocks, last = key.split(".")
    block = record
    for name in blocks:
        block = block[name]
    block[last] = value
    path = tmp_path / f"{record['run']}.json"
    path.write_text(json.dumps(record))
    for arguments in (["report", tmp_path], ["check", tmp_path], ["plot", "oracle-gap", tmp_path, "--out", "a.svg"]):
        code, _, err = command(capsys, *arguments)
        assert code == 2 and str(path) in err and last in err


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 500 + "1" + "}" * 500, "9" * 5000, '{"seed": NaN}'])
def test_a_record_of_another_shape_is_named(tmp_path, capsys, text):
    path = tmp_path / "0123456789abcdef.json"
    path.write_text(text)
    code, _, err = command(capsys, "report", tmp_path)
    assert code == 2 and str(path) in err


def test_only_plain_files_of_a_bounded_size_are_read(tmp_path, capsys):
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "endless.json").symlink_to("/dev/zero")
    (tmp_path / "large.json").write_bytes(b" " * 11)
    for name, message in (("pipe", "not a plain file"), ("endless", "not a plain file"), ("large", "too many")):
        with pytest.raises(DataError, match=f"{name}.json .*{message}"):
            storage.read_bytes(tmp_path / f"{name}.json", most=10)
    code, _, err = command(capsys, "report", tmp_path)
    assert code == 2 and "endless.json is not a plain file" in err
