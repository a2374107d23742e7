"""Docstrings for the API reference: ``[N][C]`` is a shape there, where Markdown sees a link."""

import re

from griffe import Extension

_CODE = re.compile(r"(`+[^`]*`+)")


class Shapes(Extension):
    """Escapes square brackets outside of code."""

    def on_instance(self, *, obj, **kwargs):
        """Called for every module, class, function and attribute once its docstring is known."""
        if obj.docstring is not None:
            parts = _CODE.split(obj.docstring.value)
            obj.docstring.value = "".join(p if i % 2 else p.replace("[", r"\[") for i, p in enumerate(parts))
