"""LaTeX in pages -> MathML, which browsers draw by themselves: no script, no fonts, no network.

On the repository's page the same ``$$`` blocks are drawn by the host.
"""

import html
import re

from latex2mathml.converter import convert

_BLOCK = re.compile(r'<div class="arithmatex">\\\[(.*?)\\\]</div>', re.S)
_INLINE = re.compile(r'<span class="arithmatex">\\\((.*?)\\\)</span>', re.S)


def on_page_content(content, page, config, files):
    """Put MathML where arithmatex marked LaTeX. A formula that can't be converted stops the build."""
    content = _BLOCK.sub(lambda m: f'<div class="equation">{_mathml(m[1], "block")}</div>', content)
    return _INLINE.sub(lambda m: _mathml(m[1], "inline"), content)


def _mathml(latex: str, display: str) -> str:
    return convert(html.unescape(latex).strip(), display=display)
