"""``python docs/figures/draw.py [FOLDER]``: the figures of the documents, as SVG beside this file (or in FOLDER).

Each is a function that says what stands where, in units of a picture 480 wide; `Sheet` writes the SVG.
"""

import math
import random
import re
import sys
from html import escape
from pathlib import Path

BLUE, ORANGE, GREEN, GREY, INK = "#0072b2", "#d55e00", "#009e73", "#8a8a8a", "#222222"
PALE = {BLUE: "#e0eff8", ORANGE: "#fbe6da", GREEN: "#dcf2ea", GREY: "#efefef"}
"""Colours that colour-blind readers tell apart, and a box's ground for each."""


class Sheet:
    """A picture of 480 by ``height``, white."""

    def __init__(self, height: int, title: str):
        self.head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 {height}" role="img" '
            f'font-family="Helvetica, Arial, sans-serif" fill="{INK}">\n<title>{escape(title)}</title>\n'
            f'<rect width="480" height="{height}" fill="#fff"/>\n'
        )
        self.parts: list[str] = []

    def svg(self) -> str:
        return self.head + "\n".join(self.parts) + "\n</svg>\n"

    def text(self, x, y, words: str, size=15, colour=INK, anchor="middle", style="") -> None:
        """Words around (x, y); a single letter after ``_`` is a subscript."""
        low = rf'<tspan dy="4" font-size="{size - 4}">\1</tspan><tspan dy="-4">&#8203;</tspan>'
        spans = re.sub(r"_(\w)\b", low, escape(words))
        y += size * 0.35
        self.parts.append(
            f'<text x="{x}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}"{style}>{spans}</text>'
        )

    def box(self, x, y, width, height, words: str, colour=GREY, size=15) -> None:
        """A rounded box centred on (x, y), its lines divided by a slash."""
        self.parts.append(
            f'<rect x="{x - width / 2:g}" y="{y - height / 2:g}" width="{width}" height="{height}" rx="7" '
            f'fill="{PALE[colour]}" stroke="{colour}" stroke-width="1.5"/>'
        )
        lines = words.split("/")
        for i, line in enumerate(lines):
            self.text(x, y + (i - (len(lines) - 1) / 2) * size * 1.25, line, size)

    def arrow(self, *points: tuple[float, float], colour=INK, dashed=False) -> None:
        """A line through points, with a head at the last."""
        (x0, y0), (x1, y1) = points[-2:]
        turn = math.atan2(y1 - y0, x1 - x0)
        corners = [(x1 - 9 * math.cos(turn + d), y1 - 9 * math.sin(turn + d)) for d in (0.4, -0.4)]
        head = " ".join(f"{x:.1f},{y:.1f}" for x, y in [(x1, y1), *corners])
        ends = [*points[:-1], (x1 - 6 * math.cos(turn), y1 - 6 * math.sin(turn))]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in ends)
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="1.6"{dash}/>')
        self.parts.append(f'<polygon points="{head}" fill="{colour}"/>')

    def frame(self, x, y, width, height) -> None:
        self.parts.append(
            f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="7" fill="none" stroke="{GREY}"/>'
        )

    def clip(self, x, y, colour, kept=True) -> None:
        """A clip in feature space; hollow where it isn't used."""
        fill = colour if kept else "#fff"
        self.parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{fill}" stroke="{colour}" stroke-width="1.4"/>'
        )

    def square(self, x, y, colour, filled=True) -> None:
        """A text vector."""
        self.parts.append(
            f'<rect x="{x - 7:.1f}" y="{y - 7:.1f}" width="14" height="14" fill="{colour if filled else "#fff"}" '
            f'stroke="{INK}" stroke-width="1.4"/>'
        )

    def star(self, x, y, colour) -> None:
        """A class vector made of clips."""
        corners = []
        for i in range(10):
            r, a = (12 if i % 2 == 0 else 5), math.pi * (i / 5 - 0.5)
            corners.append(f"{x + r * math.cos(a):.1f},{y + r * math.sin(a):.1f}")
        self.parts.append(f'<polygon points="{" ".join(corners)}" fill="{colour}" stroke="{INK}" stroke-width="1.4"/>')


def pgfa() -> Sheet:
    """Class vectors rebuilt from test clips."""
    s = Sheet(330, "PGFA: class vectors are rebuilt from the test clips")
    draw = random.Random(4)
    texts = {BLUE: (58, 78), ORANGE: (204, 220)}
    centres = {BLUE: (88, 168), ORANGE: (172, 118)}
    clips = [(c, draw.gauss(x, 18), draw.gauss(y, 17)) for c, (x, y) in centres.items() for _ in range(16)]
    distance = lambda x, y, at: math.hypot(x - at[0], y - at[1])
    assigned = [(min(texts, key=lambda c: distance(x, y, texts[c])), x, y) for _, x, y in clips]
    # Sure is a clip that is much nearer to one text than to the other.
    doubt = lambda clip: -abs(distance(clip[1], clip[2], texts[BLUE]) - distance(clip[1], clip[2], texts[ORANGE]))
    for shift, title in ((0, "1. Text guesses"), (240, "2. Clips decide")):
        s.text(shift + 120, 20, title, 16, style=' font-weight="bold"')
        s.frame(shift + 8, 38, 224, 218)
    for colour in texts:
        own = sorted((clip for clip in assigned if clip[0] == colour), key=doubt)
        sure = own[: round(0.7 * len(own))]
        for clip in own:
            s.clip(clip[1], clip[2], colour)
            s.clip(clip[1] + 240, clip[2], colour, clip in sure)
        mean = [sum(clip[i] for clip in sure) / len(sure) for i in (1, 2)]
        x, y = texts[colour]
        s.square(x, y, colour)
        s.square(x + 240, y, colour, filled=False)
        s.arrow((x + 240, y), (mean[0] + 240, mean[1]))
        s.star(mean[0] + 240, mean[1], colour)
    s.square(24, 280, GREY)
    s.text(38, 280, "text", 14, anchor="start")
    s.clip(84, 280, GREY)
    s.text(96, 280, "test clip, in the colour of its class by text", 14, anchor="start")
    s.clip(24, 308, GREY, kept=False)
    s.text(38, 308, "left out: too uncertain", 14, anchor="start")
    s.star(214, 308, GREY)
    s.text(232, 308, "new class vector: mean of the rest", 14, anchor="start")
    return s


def dvta() -> Sheet:
    """Two similarities, added."""
    s = Sheet(440, "DVTA: two similarities of a clip and a class are added")
    s.box(110, 30, 190, 40, "clip's features x", BLUE)
    s.box(360, 30, 216, 40, "class's texts t_1, t_2, …", ORANGE)
    s.arrow((110, 50), (110, 88))
    s.box(110, 110, 190, 44, "projector P", BLUE)
    s.arrow((110, 132), (110, 196))
    s.text(126, 164, "v", 17, BLUE)
    s.box(360, 126, 216, 76, "weights w_p: how much v is/like each text; sum, then W", ORANGE, 14)
    s.arrow((360, 50), (360, 88))
    s.arrow((110, 150), (252, 150), colour=BLUE)
    s.arrow((360, 164), (360, 196))
    s.text(376, 181, "u", 17, ORANGE)
    s.box(110, 222, 190, 52, "direct alignment:/cosine of v and u", GREEN, 14)
    s.box(360, 222, 216, 52, "augmented alignment:/a network on [v, u]", GREEN, 14)
    s.arrow((110, 180), (228, 180), (228, 214), (252, 214), colour=BLUE)
    s.arrow((360, 188), (238, 188), (238, 230), (205, 230), colour=ORANGE)
    s.arrow((110, 248), (110, 320), (212, 320))
    s.arrow((360, 248), (360, 320), (268, 320))
    s.box(240, 320, 56, 44, "+", GREEN, 22)
    s.arrow((240, 342), (240, 384))
    s.box(240, 408, 260, 44, "similarity of clip and class", GREY)
    s.text(122, 336, "/ τ₁", 15, anchor="start")
    s.text(348, 336, "/ τ₂", 15, anchor="end")
    return s


def sadvae() -> Sheet:
    """A latent of two parts."""
    s = Sheet(430, "SA-DVAE: only one part of a skeleton's latent is aligned with text")
    s.box(120, 30, 200, 40, "clip's features x", BLUE)
    s.box(380, 30, 180, 40, "class's text t", ORANGE)
    s.arrow((120, 50), (64, 116))
    s.arrow((120, 50), (186, 116))
    s.arrow((380, 50), (380, 116))
    s.box(64, 142, 112, 52, "z_v/unrelated", GREY, 14)
    s.box(190, 142, 112, 52, "z_r/related", GREEN, 14)
    s.box(380, 142, 112, 52, "z_t/of the text", GREEN, 14)
    s.arrow((285, 142), (248, 142), colour=GREEN)
    s.arrow((285, 142), (322, 142), colour=GREEN)
    s.text(285, 124, "aligned", 14, GREEN)
    s.box(88, 234, 112, 56, "Q: do they/belong?", GREY, 14)
    s.arrow((72, 168), (78, 206))
    s.arrow((160, 168), (120, 206))
    s.text(30, 284, "Q must not find out:", 14, anchor="start")
    s.text(30, 302, "both are independent", 14, anchor="start")
    s.box(200, 396, 150, 44, "x again", BLUE)
    s.box(380, 396, 150, 44, "t again", ORANGE)
    s.arrow((198, 168), (198, 374))
    s.arrow((388, 168), (388, 374))
    s.arrow((362, 168), (224, 374), colour=ORANGE, dashed=True)
    s.arrow((216, 168), (356, 374), colour=BLUE, dashed=True)
    s.arrow((18, 168), (18, 396), (125, 396))
    s.text(289, 212, "crosswise", 13)
    return s


def subsets() -> Sheet:
    """Classes and clips."""
    s = Sheet(300, "The subsets of a split: classes are seen or unseen, clips train or test")
    s.text(196, 20, "training clips", 16, style=' font-weight="bold"')
    s.text(378, 20, "test clips", 16, style=' font-weight="bold"')
    s.text(54, 95, "seen", 16, style=' font-weight="bold"')
    s.text(54, 115, "classes", 16, style=' font-weight="bold"')
    s.text(54, 225, "unseen", 16, style=' font-weight="bold"')
    s.text(54, 245, "classes", 16, style=' font-weight="bold"')
    s.box(196, 72, 172, 60, "seen_train/train methods, encoders", BLUE, 13)
    s.box(196, 137, 172, 56, "pseudo_unseen/epochs and tuning", GREEN, 13)
    s.box(378, 105, 172, 124, "seen_test/judge, generalised", ORANGE, 14)
    s.box(196, 235, 172, 124, "used by nobody", GREY, 14)
    s.box(378, 235, 172, 124, "unseen_test/judge", ORANGE, 14)
    return s


def main(folder: Path) -> None:
    """Write all figures into a folder."""
    for figure in (pgfa, dvta, sadvae, subsets):
        (folder / f"{figure.__name__}.svg").write_text(figure().svg(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
