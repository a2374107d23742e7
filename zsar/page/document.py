"""The page as one HTML file: data, styles and scripts in one, nothing fetched from anywhere."""

import base64
import hashlib
import json
import re
from pathlib import Path

ASSETS = Path(__file__).parent / "assets"
CHARTS = "chart.umd.min.js"
STYLES = ("base.css", "parts.css", "screens.css")
SCRIPTS = (
    "elements.js",
    "words.js",
    "address.js",
    "theme.js",
    "charts.js",
    "tabs.js",
    "filters.js",
    "papers.js",
    "methods.js",
    "sorting.js",
    "taking.js",
    "board.js",
    "pictures.js",
    "overview.js",
    "selection.js",
    "classes.js",
    "mistakes.js",
    "player.js",
    "maps.js",
    "curve.js",
    "sources.js",
    "main.js",
)
"""In this order in one script element, where they share their names."""


def document(content: dict) -> str:
    """The page that shows ``content``. The policy in its head allows these very scripts and styles and nothing else."""
    # A script file's own scope, so that nothing leaks out and everything is strict.
    app = '"use strict";\n{\n' + "\n".join(_asset(name) for name in SCRIPTS) + "}\n"
    library, style = _asset(CHARTS), "\n".join(_asset(name) for name in STYLES)
    policy = "; ".join(
        [
            "default-src 'none'",
            f"script-src {_hash(library)} {_hash(app)}",
            f"style-src {_hash(style)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    data = as_script(content | {"licences": _asset("NOTICE.txt")})
    parts = {"policy": policy, "style": style, "data": data, "library": library, "app": app}
    return re.sub(r"\{\{(\w+)\}\}", lambda m: parts[m[1]], _asset("page.html"))


def as_script(content) -> str:
    """JSON that can stand in a script element: nothing in it can end the element or begin another."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8").replace("\r\n", "\n")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
