"""Docstrings for the API reference: ``[N][C]`` is a shape there, where Markdown sees a link."""

import re

from griffe import Extension

_CODE = re.compile(r"(`+[^`]*`+)")


class Shapes(Extension):
    """Escapes square brackets outside of code and examples."""

    def on_instance(self, *, obj, **kwargs):
        """Called for every module, class, function and attribute once its docstring is known."""
        if obj.docstring is not None:
            text, *examples = re.split(r"(?m)^(?=Examples:$)", obj.docstring.value)
            parts = _CODE.split(text)
            escaped = "".join(p if i % 2 else p.replace("[", r"\[") for i, p in enumerate(parts))
            obj.docstring.value = escaped + "".join(examples)
