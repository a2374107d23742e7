"""How all pictures look: sizes in points, colours that colour-blind readers tell apart, and marks besides colour."""

import contextlib
import textwrap

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")
"""Okabe and Ito's palette, the hardest to see on white last."""
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "*")
"""One more than a multiple of the colours, so that a colour and a marker together repeat late."""
HATCHES = ("", "////", "....", "xxxx")
GREY, LIGHT = "#595959", "#cccccc"
SIZE, SMALL = 8, 7
"""Points of text; nothing is smaller."""
ROOM = 3.0
"""Inches of height for everything around the axes, before it is known how much they take."""
MANY = 6
"""Names in a legend beyond which long ones are broken, so that there are two columns."""
_PARAMETERS = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib, so that every machine draws the same
    "font.size": SIZE,
    "axes.titlesize": SIZE,
    "axes.labelsize": SIZE,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "legend.handlelength": 1.4,
    "legend.columnspacing": 1.0,
    "legend.handletextpad": 0.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.axisbelow": True,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "lines.linewidth": 1.0,
    "hatch.linewidth": 0.5,
    "pdf.fonttype": 42,  # TrueType, which publishers ask for
    "ps.fonttype": 42,
    "svg.fonttype": "path",  # looks the same where the font isn't installed
    "svg.hashsalt": "zsar",
    "text.parse_math": False,  # a class may be named "$5"
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


@contextlib.contextmanager
def drawing():
    """The parameters above, and matplotlib's own for everything else, whatever the user's are."""
    import matplotlib
    from matplotlib import rc_context

    with rc_context(matplotlib.rcParamsDefault | _PARAMETERS):
        yield


def figure(width: float):
    """An empty figure of ``width`` inches that keeps its parts apart; `finish` makes it as high as it has to be."""
    from matplotlib.figure import Figure

    fig = Figure(figsize=(width, ROOM), layout="constrained")
    fig.get_layout_engine().set(h_pad=0.05)
    return fig


def wrapped(text: str, inches: float, size: float = SMALL, lines: int | None = None, hyphens: bool = True) -> str:
    """Text broken into lines that fit ``inches`` at ``size`` points; what exceeds ``lines`` becomes an ellipsis.

    ``hyphens`` allows breaks after them, which names of classes need and names of clips don't want.
    """
    characters = max(8, int(inches * 72 / (0.56 * size)))  # the mean width of a letter of this font
    return "\n".join(textwrap.wrap(text, characters, max_lines=lines, placeholder=" …", break_on_hyphens=hyphens))


def height_of(text: str, size: float = SMALL) -> float:
    """Inches that wrapped text takes."""
    return (text.count("\n") + 1) * size * 1.25 / 72


def finish(fig, *lines: str, tall) -> None:
    """Write above the axes what is shown, from the left edge, and make the figure as high as it has to be.

    ``tall``: a function from the first axes' width to the height that they should have, both in inches.
    """
    width = fig.get_figwidth()
    title = "\n".join(wrapped(line, width - 0.1, hyphens=False) for line in lines if line)
    fig.suptitle(title, x=0.02, ha="left", fontsize=SMALL)
    axes = fig.axes[0]
    fig.set_figheight(ROOM + tall(width))
    for _ in range(4):  # what is around the axes hardly depends on their height
        fig.draw_without_rendering()
        place = axes.get_position(original=True)
        lacking = tall(place.width * width) - place.height * fig.get_figheight()
        if abs(lacking) < 0.005:
            break
        fig.set_figheight(fig.get_figheight() + lacking)


def percent_axis(axis, low: float = 0, high: float = 100) -> None:
    """Round steps between ``low`` and ``high`` percent, and no sign on every tick."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    axis.axes.grid(axis=axis.axis_name, color=LIGHT, linewidth=0.4)
    getattr(axis.axes, f"set_{axis.axis_name}lim")(low, high)


def name_lines(axes, names, width: float) -> tuple[list[float], float]:
    """A line of the axes for every name, the first on top: the lines' places, and the height of all, in inches."""
    texts = [wrapped(name, width * 0.34) for name in names]
    heights = [max(0.21, height_of(text) + 0.05) for text in texts]
    places = [sum(heights[:i]) + h / 2 for i, h in enumerate(heights)]
    axes.set_yticks(places, texts)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(sum(heights), 0)
    return places, sum(heights)


def write_beside(axes, places, texts) -> None:
    """A text to the right of the axes at each of the places."""
    for place, text in zip(places, texts, strict=True):
        axes.annotate(text, (1.01, place), xycoords=("axes fraction", "data"), va="center", fontsize=SMALL)


def mark_chance(axes, chance: float, zorder: float = 0) -> None:
    """A dashed line at the chance level, in percent."""
    axes.axvline(chance, color=GREY, linewidth=0.8, linestyle=(0, (3, 2)), zorder=zorder, label="chance")


def legend_below(fig, axes, most: int = 4) -> None:
    """A legend of what the axes hold, under them, in as many columns as fit; the figure gets the room for it."""
    by_name: dict = {}
    for handle in axes.get_legend_handles_labels()[0]:
        by_name.setdefault(handle.get_label(), handle)
    names = sorted(by_name, key=lambda name: name == "chance")  # what is measured comes first
    width = fig.get_figwidth()
    room = width - 0.4 if len(names) <= MANY else width / 2 - 0.3
    texts = [wrapped(name, room) for name in names]
    longest = max(len(line) for text in texts for line in text.split("\n"))
    columns = max(1, min(most, len(texts), int(width * 72 / (longest * 0.56 * SMALL + 26))))
    order = [i for column in range(columns) for i in range(column, len(texts), columns)]  # to be read along the rows
    _legend(fig, [by_name[names[i]] for i in order], [texts[i] for i in order], columns)


def legend_of_two(fig, left: list, right: list) -> None:
    """A legend of two columns, each a list of (handle, name)."""
    from matplotlib.lines import Line2D

    both = []
    for column in (left, right):
        both += column + [(Line2D([], [], linestyle="none"), "")] * (max(len(left), len(right)) - len(column))
    half = fig.get_figwidth() / 2 - 0.3
    _legend(fig, [handle for handle, _ in both], [wrapped(name, half) for _, name in both], 2)


def _legend(fig, handles: list, names: list[str], columns: int) -> None:
    fig.legend(handles, names, loc="outside lower left", ncols=columns, markerscale=1.2, borderpad=0.8)
