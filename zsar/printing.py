"""What is printed. Text that comes from files stays text: no markup, no control codes, whatever a file holds."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0 with escape, delete, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # what turns the direction of writing
    "\u2028\u2029\ufeff\ud800-\udfff]"  # separators of lines, byte order marks, halves of characters
)
_SHORT = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
_PLAIN = str.maketrans({"±": "+-", "–": "-", "·": "|"})


def visible(text: object) -> str:
    r"""Text whose control characters are shown, each as JSON would write it, so that JSON stays what it is.

    >>> print(visible("drink\x1b[2J\u202e water"))
    drink\u001b[2J\u202e water
    """
    return _INVISIBLE.sub(_escape, str(text))


def _escape(sign: re.Match) -> str:
    return _SHORT.get(sign[0]) or f"\\u{ord(sign[0]):04x}"


def print_line(*lines: object, file: TextIO | None = None) -> None:
    """Print each argument as one line, to the standard output or a ``file``; without arguments an empty one.

    What the stream's encoding can't write is shown as `visible` shows control characters.
    """
    stream = file or sys.stdout
    for line in lines or ("",):
        print(_writable(visible(line), getattr(stream, "encoding", None)), file=stream)  # noqa: T201
    stream.flush()


def print_error(message: str, hint: str | None = None) -> None:
    """Print what is wrong and what to do next to the standard error; both may have several lines."""
    lines = f"error: {message}\n{hint}" if hint else f"error: {message}"
    print_line(*lines.split("\n"), file=sys.stderr)


def screen(**options: Any) -> Console:
    """A rich ``Console`` on which a string is text: in a line, a table's cell, head or title."""
    from rich.console import Console

    class Screen(Console):
        def render_str(
            self, text: str, *, style: Any = "", justify: Any = None, overflow: Any = None, **_: Any
        ) -> Text:
            shown = as_text(self, text, style)
            shown.justify, shown.overflow = justify, overflow
            return shown

    return Screen(**options)


def as_text(console: Console, text: object, style: str = "") -> Text:
    """Text for any rich ``Console``: a name like "[red]" is a name."""
    from rich.text import Text

    return Text(_writable(visible(text), console.encoding), style=style)


def is_unicode(encoding: str) -> bool:
    """Whether a stream of this encoding writes all characters."""
    return encoding.lower().startswith("utf")


def _writable(text: str, encoding: str | None) -> str:
    if encoding is None or is_unicode(encoding):
        return text
    return text.translate(_PLAIN).encode(encoding, "backslashreplace").decode(encoding)
