"""The simulated dataset: what motions mean, bodies stay bodies, a seed fixes every byte."""

import copy

import numpy as np
import pytest

from zsar import configuration
from zsar.errors import UnknownName, ZsarError
from zsar.simulation import programs
from zsar.simulation.body import BONES, Proportions, mirrored
from zsar.simulation.generate import VERSION, generate, program

TWO = {"pku/12", "pku/14", "pku/16", "pku/18", "pku/21", "pku/24", "pku/26", "pku/27"}
HANDS, FEET, ANKLES, HEAD, HIP = [7, 11], [15, 19], [14, 18], 3, 0
CLASSES = configuration.read("classes", "pku51")["classes"]


@pytest.fixture(scope="module")
def clean():
    """Twelve noise-free clips per class, by class id: every subject and the three views."""
    clips = {label: [] for label in CLASSES}
    for clip in generate(clips_per_class=12, subjects=4, noise=0):
        clips[clip.label].append(clip)
    return clips


def bodies(clips):
    """The first body of every clip, [T, 25, 3]."""
    return [c.frames[:, 0].astype(float) for c in clips]


def distance(a, b):
    return np.linalg.norm(a - b, axis=-1)


def to_mouth(body):
    """The nearer hand's distance [T] from the mouth: 6 cm below the head's middle, 9 cm ahead."""
    down = (body[:, 2] - body[:, HEAD]) / distance(body[:, 2], body[:, HEAD])[:, None]
    facing = np.cross(-down, body[:, 8] - body[:, 4])
    facing /= np.linalg.norm(facing, axis=1)[:, None]
    return distance(body[:, HANDS], (body[:, HEAD] + 0.06 * down + 0.09 * facing)[:, None]).min(1)


def test_all_classes_with_shape_names_and_lengths(clean):
    assert list(clean) == list(CLASSES) and len(clean) == 51 and isinstance(VERSION, int)
    for label, clips in clean.items():
        assert len(clips) == 12
        assert program(label)["name"] == CLASSES[label]
        for clip in clips:
            count, people, joints, axes = clip.frames.shape
            assert 40 <= count <= 90 and (people, joints, axes) == (2, 25, 3)
            assert clip.frames.dtype == np.float32 and np.isfinite(clip.frames).all()
            assert bool(clip.frames[:, 1].any()) == (label in TWO)
        assert len({len(c.frames) for c in clips}) > 1


def test_names_of_clips():
    clips = list(generate(["pku/08"], clips_per_class=25))
    assert clips[17].sample == "pku-sim/08/s08/v2/0017"
    assert (clips[17].subject, clips[17].view) == ("s08", "v2")
    assert {c.source for c in clips} == {"simulated (seed 0)"}
    assert {c.view for c in clips} == {"v1", "v2", "v3"} and len({c.subject for c in clips}) == 10


def test_bones_keep_their_length(clean):
    for clips in clean.values():
        for clip in clips:
            for m in range(2 if clip.label in TWO else 1):
                body = clip.frames[:, m].astype(float)
                lengths = np.stack([distance(body[:, a], body[:, b]) for a, b in BONES])
                assert np.ptp(lengths, axis=1).max() < 1e-4, clip.sample
                assert lengths.min() > 0.03


def test_nothing_is_below_the_floor_or_moves_faster_than_people_do(clean):
    for clips in clean.values():
        for clip in clips:
            present = clip.frames[:, : 2 if clip.label in TWO else 1].astype(float)
            lowest = -0.08 if clip.label == "pku/11" else -0.02
            assert present[..., 1].min() > lowest, clip.sample
            speed = distance(present[1:], present[:-1]) * 30
            assert speed.max() < 12 and speed[..., HIP].max() < 4, clip.sample


def test_knees_bend_forwards_when_seated_and_elbows_backwards_when_arms_hang(clean):
    for body in bodies(clean["pku/33"]):
        end = body[-1]
        facing = np.cross((0, 1, 0), end[16] - end[12])
        for hip, knee, ankle in ((12, 13, 14), (16, 17, 18)):
            assert (end[knee] - (end[hip] + end[ankle]) / 2) @ facing > 0
    for body in bodies(clean["pku/11"]):
        start = body[0]
        facing = np.cross((0, 1, 0), start[8] - start[4])
        for shoulder, elbow, hand in ((4, 5, 7), (8, 9, 11)):
            assert (start[elbow] - (start[shoulder] + start[hand]) / 2) @ facing < 0.02


def test_feet_stay_on_the_ground_unless_the_action_lifts_them(clean):
    lifting = {"pku/05", "pku/11", "pku/15", "pku/17", "pku/18", "pku/19", "pku/32"}
    for label in set(CLASSES) - lifting:
        for body in bodies(clean[label]):
            assert body[:, ANKLES, 1].min(1).max() < 0.11, label


def test_drinking_lifts_a_hand_to_the_mouth(clean):
    for body in bodies(clean["pku/08"]):
        course = to_mouth(body)
        assert course.min() < 0.15 and course[0] > 0.3


@pytest.mark.parametrize("label", ["pku/03", "pku/10"])
def test_teeth_and_food_are_at_the_mouth_for_long(clean, label):
    for body in bodies(clean[label]):
        assert to_mouth(body).min() < 0.2 and (to_mouth(body) < 0.35).mean() > 0.25


def test_jumping_and_hopping_leave_the_ground(clean):
    for body in bodies(clean["pku/17"]):
        assert body[:, ANKLES, 1].min(1).max() > body[0, ANKLES, 1].min() + 0.08
    for body in bodies(clean["pku/15"]):
        later = body[len(body) // 3 :]
        assert later[:, ANKLES, 1].min(1).max() > body[0, ANKLES, 1].min() + 0.03  # both in the air
        assert later[:, ANKLES, 1].min(0).max() > 0.2  # one foot never comes down
    for body in bodies(clean["pku/33"]):
        assert body[:, ANKLES, 1].max() < 0.15


def test_falling_ends_on_the_ground(clean):
    for body in bodies(clean["pku/11"]):
        assert body[-1, HEAD, 1] < 0.6 < 1.2 < body[0, HEAD, 1]
        assert body[-1, HIP, 1] < 0.35


def test_sitting_down_and_standing_up_are_opposites(clean):
    for body in bodies(clean["pku/33"]):
        assert body[-1, HIP, 1] < body[0, HIP, 1] - 0.3
    for body in bodies(clean["pku/34"]):
        assert body[-1, HIP, 1] > body[0, HIP, 1] + 0.3


def test_bowing_lowers_the_head_and_comes_back(clean):
    for body in bodies(clean["pku/01"]):
        height = body[:, HEAD, 1] / body[0, HEAD, 1]
        assert height.min() < 0.85 and height[-1] > 0.93
        assert body[:, HIP, 1].min() > 0.85 * body[0, HIP, 1]


def test_hugging_brings_two_people_together(clean):
    for clip in clean["pku/16"]:
        apart = distance(clip.frames[:, 0, 0], clip.frames[:, 1, 0])
        assert apart.min() < 0.6 < apart[0]


def test_hands_meet_in_a_handshake_and_a_kick_or_punch_arrives(clean):
    for clip in clean["pku/14"]:
        hands = distance(clip.frames[:, 0, HANDS][:, :, None], clip.frames[:, 1, HANDS][:, None])
        assert hands.min() < 0.15
        assert hands[:, 1, 1].min() == hands.min()  # right in right, whoever is left-handed
    for label, limb in (("pku/18", FEET), ("pku/26", HANDS), ("pku/27", HANDS), ("pku/21", HANDS)):
        for clip in clean[label]:
            reach = distance(clip.frames[:, 0, limb][:, :, None], clip.frames[:, 1, None]).min((1, 2))
            assert reach.min() < 0.25 < reach[0], clip.sample
    for clip in clean["pku/27"]:
        apart = distance(clip.frames[:, 0, 0], clip.frames[:, 1, 0])
        assert apart[-1] > apart[0] + 0.05  # the pushed one steps back


def test_waving_raises_a_hand_and_moves_it_sideways_again_and_again(clean):
    for body in bodies(clean["pku/13"]):
        hand = HANDS[int(body[:, HANDS, 1].max(0).argmax())]
        across = (body[0, 8] - body[0, 4]) / distance(body[0, 8], body[0, 4])
        sway = np.diff((body[:, hand] - body[:, 20]) @ across)
        assert body[:, hand, 1].max() > body[0, [4, 8], 1].max()
        assert (np.diff(np.sign(sway[np.abs(sway) > 1e-3])) != 0).sum() >= 4


def test_take_off_is_put_on_in_reverse_order(clean):
    for label, first in (("pku/28", False), ("pku/35", True)):
        for body in bodies(clean[label]):
            height = body[:, HANDS, 1].max(1) - body[:, HEAD, 1]
            assert height.max() > 0, label
            begins_low = height[0] < -0.35  # at the side: the hat is still on the head
            assert (begins_low or not first) and (height[0] < -0.2)
    starts = [np.mean([b[0, HANDS, 1].max() for b in bodies(clean[c])]) for c in ("pku/28", "pku/35")]
    ends = [np.mean([b[-1, HANDS, 1].max() for b in bodies(clean[c])]) for c in ("pku/28", "pku/35")]
    assert starts[0] > starts[1] + 0.1 and ends[1] > ends[0] + 0.1


def test_picking_up_reaches_down_and_touching_the_back_reaches_behind(clean):
    for body in bodies(clean["pku/22"]):
        assert body[:, HANDS, 1].min() < 0.35 and body[-1, HIP, 1] > 0.85 * body[0, HIP, 1]
    for body in bodies(clean["pku/42"]):
        facing = np.cross((0, 1, 0), body[:, 16] - body[:, 12])
        behind = -np.einsum("thi,ti->th", body[:, HANDS] - body[:, [1]], facing)
        assert (behind / np.linalg.norm(facing, axis=1)[:, None]).max() > 0.05


def digest(clips):
    return [(c.sample, c.frames.tobytes()) for c in clips]


def test_the_seed_fixes_every_byte_and_another_seed_changes_them():
    ask = dict(classes=["pku/16", "pku/02"], clips_per_class=3)
    assert digest(generate(**ask)) == digest(generate(**ask))
    other = list(generate(**ask, seed=1))
    assert all(a[1] != c.frames.tobytes() for a, c in zip(digest(generate(**ask)), other, strict=True))
    assert other[0].source == "simulated (seed 1)"


def test_a_class_alone_is_the_class_among_all_and_few_clips_begin_many():
    everything = {c.sample: c.frames for c in generate(clips_per_class=2)}
    for clip in generate(["pku/51", "pku/26"], clips_per_class=4):
        if clip.sample in everything:
            assert np.array_equal(clip.frames, everything[clip.sample])
    assert len(everything) == 102


def test_noise_disturbs_bones_but_little():
    with_noise = next(generate(["pku/30"], clips_per_class=1)).frames[:, 0]
    without = next(generate(["pku/30"], clips_per_class=1, noise=0)).frames[:, 0]
    off = distance(with_noise, without)
    assert 0.002 < off.mean() < 0.04 and off[:, 1].mean() < off[:, 21].mean()


def test_some_subjects_are_left_handed_and_sizes_differ():
    raised, heights = {}, set()
    for clip in generate(["pku/13"], clips_per_class=40, subjects=40, noise=0):
        body = clip.frames[:, 0]
        raised.setdefault(bool(body[:, 7, 1].max() > body[:, 11, 1].max()), []).append(clip.subject)
        heights.add(round(float(body[0, HEAD, 1]), 2))
    assert 0.025 <= len(raised[True]) / 40 <= 0.3
    assert max(heights) - min(heights) > 0.2


def test_mirroring_twice_changes_nothing():
    joints = np.random.default_rng(0).normal(size=(5, 25, 3))
    assert np.array_equal(mirrored(mirrored(joints)), joints) and not np.allclose(mirrored(joints), joints)
    assert Proportions().pelvis_height == pytest.approx(0.92)


def broken(**changes):
    raw = copy.deepcopy(program("pku/08"))
    return raw | changes


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"steps": [{"limb": "hand", "to": "moth"}]}, ["pku/08", "step 1", "'moth'", "mouth"]),
        ({"steps": [{"limb": "hnd", "to": "mouth"}]}, ["pku/08", "limb 'hnd'", "hand"]),
        ({"steps": [{"limb": "hand", "to": "mouth", "form": 0.1}]}, ["pku/08", "'form'", "from"]),
        ({"steps": [{"limb": "hand"}]}, ["pku/08", "exactly one"]),
        ({"steps": [{"body": {"bend": "far"}}]}, ["pku/08", "'bend'", "'far'"]),
        ({"steps": [{"limb": "hand", "to": "mouth", "from": 0.8, "until": 0.2}]}, ["0.8"]),
        ({"steps": [{"limb": "hand", "to": "their chest"}]}, ["pku/08", "no second person"]),
        ({"steps": [{"limb": "hands", "to": "other wrist"}]}, ["pku/08", "only one hand"]),
        ({"steps": [{"jump": 3}]}, ["pku/08", "jump"]),
        ({"steps": [{"limb": "hand", "tap": {"up": 0.1}, "times": [4, 2]}]}, ["pku/08", "times"]),
        ({"posture": "sitting"}, ["pku/08", "posture 'sitting'", "sit"]),
        ({"frames": [10, 200]}, ["pku/08", "frames"]),
        ({"partner": {"at": {"forward": 1}, "facing": "to"}}, ["pku/08", "partner", "toward"]),
        ({"colour": "red"}, ["pku/08", "'colour'"]),
    ],
)  # fmt: skip
def test_a_broken_program_is_refused_with_class_and_key(changes, words):
    with pytest.raises(ZsarError) as e:
        programs.parse("pku/08", broken(**changes), "configs/motions/pku51.yaml")
    for word in (*words, "configs/motions/pku51.yaml"):
        assert word in str(e.value)


def test_bad_arguments():
    with pytest.raises(UnknownName, match="pku/80"):
        generate(["pku/80"])
    with pytest.raises(UnknownName):
        program("drink")
    with pytest.raises(ZsarError, match="subjects"):
        generate(subjects=0)
