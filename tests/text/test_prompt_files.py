"""The shipped prompt sets: one label and one description per class, all different; parts and phases of some."""

import collections

import pytest

from zsar import configuration

PROMPT_SETS = ("ntu120", "pku51", "ucla10", "utd27")


def repeated(texts):
    """The texts that occur more than once, compared without case and outer spaces."""
    counts = collections.Counter(t.strip().lower() for t in texts)
    return [t for t, n in counts.items() if n > 1]


@pytest.fixture(params=PROMPT_SETS)
def prompt_set(request):
    return configuration.read("prompts", request.param)


def test_the_expected_sets_are_there():
    assert set(PROMPT_SETS) <= set(configuration.names("prompts"))


@pytest.mark.parametrize("name", PROMPT_SETS)
def test_a_set_names_itself_and_its_class_list(name):
    prompt_set = configuration.read("prompts", name)
    assert set(prompt_set) == {"id", "classes", "prompts"}
    assert prompt_set["id"] == name
    assert prompt_set["classes"] == name


def test_every_class_has_a_prompt_in_the_order_of_its_class_list(prompt_set):
    classes = configuration.read("classes", prompt_set["classes"])["classes"]
    assert list(prompt_set["prompts"]) == list(classes)


def test_a_prompt_is_a_label_and_a_description(prompt_set):
    for action, prompt in prompt_set["prompts"].items():
        assert set(prompt) == {"label", "description"}, action
        for kind, text in prompt.items():
            assert isinstance(text, str) and text.strip(), (action, kind)
            assert text == " ".join(text.split()), (action, kind)


@pytest.mark.parametrize("kind", ["label", "description"])
def test_no_two_classes_share_a_text(prompt_set, kind):
    assert repeated(p[kind] for p in prompt_set["prompts"].values()) == []


def test_labels_are_short_natural_english(prompt_set):
    for action, prompt in prompt_set["prompts"].items():
        label = prompt["label"]
        assert len(label.split()) <= 8, (action, label)
        assert not set(label) & set("/\\()[]{}_"), (action, label)
        # Only "OK" and the name of the letter X are written in capitals.
        assert all(w.islower() or w in ("OK", "X") for w in label.split()), (action, label)


def test_descriptions_are_one_or_two_sentences_of_usual_length(prompt_set):
    for action, prompt in prompt_set["prompts"].items():
        description = prompt["description"]
        assert 12 <= len(description.split()) <= 60, action
        assert description[0].isupper() and description.endswith("."), action
        assert description.count(".") <= 2, action


def test_descriptions_open_with_a_participle(prompt_set):
    # One wording style over all sets: the first words name a movement, not a person.
    for action, prompt in prompt_set["prompts"].items():
        opening = prompt["description"].split(",")[0].split()
        assert any(w.lower().endswith("ing") for w in opening), action
        assert opening[0] not in ("A", "The", "Someone"), action


def test_ntu60_is_covered_by_the_prompts_of_ntu120():
    classes = configuration.read("classes", "ntu60")["classes"]
    prompts = configuration.read("prompts", "ntu120")["prompts"]
    assert list(classes) == list(prompts)[:60]


PARTS = ("head", "hands", "torso", "legs", "start", "middle", "end")


@pytest.mark.parametrize("name", configuration.names("prompts/parts"))
def test_parts_and_phases_are_there_for_every_class(name):
    content = configuration.read("prompts/parts", name)
    assert content["id"] == content["classes"] == name
    assert list(content["prompts"]) == list(configuration.read("prompts", name)["prompts"])
    for action, prompt in content["prompts"].items():
        assert tuple(prompt) == PARTS, action
        assert all(text == " ".join(text.split()) and text.endswith(".") for text in prompt.values()), action


@pytest.mark.parametrize("name", configuration.names("prompts/parts"))
def test_parts_tell_classes_apart_and_could_not_be_labels(name):
    """Texts of parts may recur (legs often stand still), but not all of two classes'; none is a label by itself."""
    rows = [tuple(prompt.values()) for prompt in configuration.read("prompts/parts", name)["prompts"].values()]
    assert len(set(rows)) == len(rows)
    begins = {"head": "The head ", "torso": "The torso ", "legs": "The legs ", "start": "At first ", "middle": "Then "}
    for row in rows:
        texts = dict(zip(PARTS, row, strict=True))
        assert all(texts[kind].startswith(begin) for kind, begin in begins.items())
        assert (
            " hand" in f" {texts['hands'].lower()}"
            or "palm" in texts["hands"]
            or "fist" in texts["hands"].lower()
            or "forearm" in texts["hands"]
        ), texts["hands"]


def test_the_sets_of_the_small_datasets_have_parts():
    assert set(configuration.names("prompts/parts")) >= {"utd27", "ucla10", "pku51"}
