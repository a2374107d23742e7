"""Reading motion programs; ``configs/motions/pku51.yaml`` explains their language."""

import functools
from dataclasses import dataclass, field

from zsar import configuration
from zsar.errors import UnknownName, ZsarError
from zsar.simulation.landmarks import OTHER_ARM, landmarks

# limb: (hand or foot, sides); the right side is dominant, left-handers are mirrored as a whole
LIMBS = {
    "hand": ("hand", (1,)), "other hand": ("hand", (-1,)), "hands": ("hand", (1, -1)),
    "foot": ("foot", (1,)), "other foot": ("foot", (-1,)), "feet": ("foot", (1, -1)),
}  # fmt: skip
AXES = ("out", "up", "forward")
BODY = ("bend", "lean", "twist", "pitch", "roll", "drop", "forward", "out", "seat")
HEAD = ("nod", "look", "tilt")
POSTURES = {
    "stand": {},
    "sit": {"drop": 0.44, "forward": -0.40, "bend": 6, "seat": 1},
    "squat": {"drop": 0.40, "forward": -0.10, "bend": 50},
    "lie on the back": {"drop": 0.79, "forward": -0.72, "pitch": -84},
    "lie on the front": {"drop": 0.73, "forward": 0.82, "pitch": 84},
    "lie on the side": {"drop": 0.75, "out": 0.62, "roll": 82, "bend": 15},
}
FACING = {"toward": 180.0, "away": 0.0, "the same way": 0.0}

_NUMBER, _WINDOW = (int, float), {"from": ((int, float), False), "until": ((int, float), False)}
_TIMES = {"times": ((int, list), False)}
# kind: the keys that a step of this kind may have, as `configuration.require` takes them
KEYS = {
    "to": {"limb": (str, True), "to": (str, True), "offset": (dict, False), "elbow": (dict, False),
           "fingers": (dict, False), "arc": (_NUMBER, False), **_WINDOW},
    **{k: {"limb": (str, True), k: (dict, True), "opposed": (bool, False), **_TIMES, **_WINDOW}
       for k in ("swing", "tap", "circle")},
    "body": {"body": (dict, True), **_TIMES, **_WINDOW},
    "head": {"head": (dict, True), **_TIMES, **_WINDOW},
    "posture": {"posture": (str, True), **_WINDOW},
    "jump": {"jump": (_NUMBER, True), **_TIMES, **_WINDOW},
    "walk": {"walk": (dict, True), "turn": (_NUMBER, False), **_WINDOW},
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One line of a program; only the fields of its kind are used."""

    kind: str
    start: float
    until: float
    part: str = ""  # hand or foot
    sides: tuple[int, ...] = ()
    to: str = ""
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)  # outwards, up, forward
    elbow: tuple[float, float, float] | None = None
    fingers: tuple[float, float, float] | None = None
    arc: float = 0.05
    opposed: bool = False
    times: tuple[int, int] | None = None
    values: dict[str, float] = field(default_factory=dict)  # angles and shifts of body and head, walk
    height: float = 0.0
    turn: float = 0.0


@dataclass(frozen=True)
class Role:
    """What one person does: a choice of opening postures, common steps, and a choice of styles."""

    postures: tuple[str, ...]
    steps: tuple[Step, ...]
    styles: tuple[tuple[Step, ...], ...]
    at: tuple[float, float] = (0.0, 0.0)  # of a partner: outwards, forward of the actor
    facing: float = 0.0  # of a partner: degrees from the actor's own heading


@dataclass(frozen=True)
class Program:
    """The motion of one class."""

    label: str
    name: str
    frames: tuple[int, int]
    mirrored: bool  # whether left-handers do it with the left hand (they shake hands with the right)
    actor: Role
    partner: Role | None


def _choice(value, allowed, kind, where):
    if value not in allowed:
        raise UnknownName(kind, value, allowed, where)
    return value


def _numbers(mapping, allowed, where) -> dict[str, float]:
    configuration.require(mapping, {k: (_NUMBER, False) for k in allowed}, where)
    return {k: float(v) for k, v in mapping.items()}


def _vector(mapping, where) -> tuple[float, float, float]:
    numbers = _numbers(mapping, AXES, where)
    return tuple(numbers.get(a, 0.0) for a in AXES)


def _range(value, where, least) -> tuple[int, int]:
    low, high = value if isinstance(value, list) and len(value) == 2 else (value, value)
    if not (isinstance(low, int) and isinstance(high, int) and least <= low <= high):
        raise ZsarError(f"{where} should be a whole number from {least} or a range [low, high], not {value!r}")
    return low, high


def _step(raw, where: str) -> Step:
    if not isinstance(raw, dict):
        raise ZsarError(f"{where} should hold keys and values, not {raw!r}")
    kinds = [k for k in KEYS if k in raw]
    if len(kinds) != 1:
        raise ZsarError(
            f"{where} should have exactly one of the keys {', '.join(KEYS)}; it has "
            f"{' and '.join(kinds) or 'none of them'}"
        )
    kind = kinds[0]
    configuration.require(raw, KEYS[kind], where)
    lasting = "times" in raw or kind in ("swing", "tap", "circle", "jump", "walk")
    start = float(raw.get("from", 0.0))
    until = float(raw.get("until", 1.0 if lasting else start))
    if not (0 <= start <= until <= 1) or (lasting and start == until):
        raise ZsarError(
            f"{where}: 'from' and 'until' are shares of the clip with 0 <= from <= until <= 1, "
            f"not {start:g} and {until:g}"
        )
    fields = {"kind": kind, "start": start, "until": until}
    if "limb" in raw:
        fields["part"], fields["sides"] = LIMBS[_choice(raw["limb"], LIMBS, "limb", where)]
    if "times" in raw or kind in ("swing", "tap", "circle", "jump"):
        fields["times"] = _range(raw.get("times", 1), f"{where}: 'times'", 1)
    if kind == "to":
        fields["to"] = _choice(raw["to"], landmarks(), "landmark", where)
        if raw["to"] in OTHER_ARM and (fields["part"] != "hand" or len(fields["sides"]) != 1):
            raise ZsarError(f"{where}: only one hand can go to the {raw['to']}, not {raw['limb']!r}")
        for key in ("offset", "elbow", "fingers"):
            if key in raw:
                fields[key] = _vector(raw[key], f"{where}: {key!r}")
        fields["arc"] = float(raw.get("arc", 0.05))
    elif kind in ("swing", "tap", "circle"):
        fields["offset"] = _vector(raw[kind], f"{where}: {kind!r}")
        fields["opposed"] = raw.get("opposed", False)
    elif kind in ("body", "head"):
        fields["values"] = _numbers(raw[kind], BODY if kind == "body" else HEAD, f"{where}: {kind!r}")
    elif kind == "posture":
        preset = POSTURES[_choice(raw["posture"], POSTURES, "posture", where)]
        fields["values"] = dict.fromkeys(BODY, 0.0) | preset
    elif kind == "jump":
        fields["height"] = float(raw["jump"])
        if not 0 < fields["height"] <= 0.6:
            raise ZsarError(f"{where}: 'jump' is a height in metres, above 0 and at most 0.6")
    else:
        fields["values"] = _numbers(raw["walk"], ("out", "forward"), f"{where}: 'walk'")
        fields["turn"] = float(raw.get("turn", 0.0))
    return Step(**fields)


def _steps(raw, where: str) -> tuple[Step, ...]:
    if not isinstance(raw, list):
        raise ZsarError(f"{where} should be a list of steps")
    return tuple(_step(s, f"{where}, step {i}") for i, s in enumerate(raw, 1))


def _role(raw: dict, where: str, has_partner: bool, **placed) -> Role:
    postures = raw.get("posture", "stand")
    postures = postures if isinstance(postures, list) else [postures]
    for posture in postures:
        _choice(posture, POSTURES, "posture", where)
    styles = raw.get("styles", [[]])
    if not isinstance(styles, list) or not styles or not postures:
        raise ZsarError(f"{where}: 'styles' and 'posture' should be lists with at least one entry")
    role = Role(
        tuple(postures),
        _steps(raw.get("steps", []), where),
        tuple(_steps(s, f"{where}, style {i}") for i, s in enumerate(styles, 1)),
        **placed,
    )
    for style in role.styles:
        if len({s.sides for s in (*role.steps, *style) if s.to in OTHER_ARM}) > 1:
            raise ZsarError(f"{where}: both hands go to the other arm, so neither has a place of its own")
    for step in (s for steps in (role.steps, *role.styles) for s in steps):
        if not has_partner and (step.to.startswith("their ") or step.to == "between"):
            raise ZsarError(
                f"{where}: there is no second person whose {step.to!r} could be reached",
                "Add the key 'partner', or choose a landmark of the own body.",
            )
    return role


_ROLE = {"posture": ((str, list), False), "steps": (list, False), "styles": (list, False)}
_PARTNER = {"at": (dict, True), "facing": (str, True), **_ROLE}
_PROGRAM = {
    "name": (str, True),
    "frames": (list, False),
    "mirrored": (bool, False),
    "partner": (dict, False),
    **_ROLE,
}


def parse(label: str, raw, where: str) -> Program:
    """Make a program as read from YAML a `Program`; errors name the file, class, step and key."""
    where = f"{where}: {label}"
    configuration.require(raw, _PROGRAM, where)
    actor = _role(raw, where, "partner" in raw)
    partner = None
    if "partner" in raw:
        inner = f"{where}, partner"
        configuration.require(raw["partner"], _PARTNER, inner)
        at = _numbers(raw["partner"]["at"], ("out", "forward"), f"{inner}: 'at'")
        facing = FACING[_choice(raw["partner"]["facing"], FACING, "facing", inner)]
        place = at.get("out", 0.0), at.get("forward", 0.0)
        partner = _role(raw["partner"], inner, True, facing=facing, at=place)
    frames = _range(raw.get("frames", [50, 90]), f"{where}: 'frames'", 40)
    if frames[1] > 90:
        raise ZsarError(f"{where}: clips have 40 to 90 frames, 'frames' says {frames[1]}")
    return Program(label, raw["name"], frames, raw.get("mirrored", True), actor, partner)


@functools.cache
def programs() -> dict[str, Program]:
    """The programs of all classes, in the order of ``configs/classes/pku51.yaml``, checked."""
    raw = configuration.read("motions", "pku51")
    where = "configs/motions/pku51.yaml"
    configuration.require(raw, {"motions": (dict, True)}, where)
    names = configuration.read("classes", "pku51")["classes"]
    for label in raw["motions"]:
        if label not in names:
            raise UnknownName("class", label, names, where)
    for label, name in names.items():
        if label not in raw["motions"]:
            raise ZsarError(f"{where} has no motion for the class {label} ({name})")
        if raw["motions"][label].get("name") != name:
            raise ZsarError(
                f"{where}: {label} is called {raw['motions'][label].get('name')!r}, but {name!r} "
                "in configs/classes/pku51.yaml"
            )
    return {label: parse(label, raw["motions"][label], where) for label in names}
