"""Where the API reference finds `zsar`: it reads files without importing them."""

import tempfile
from pathlib import Path

from installed_layout import link_package
from mkdocs.plugins import event_priority

_folder: tempfile.TemporaryDirectory | None = None


@event_priority(100)  # before mkdocstrings reads its configuration
def on_config(config):
    """Make the folder of links and name it to mkdocstrings."""
    global _folder
    _folder = tempfile.TemporaryDirectory(prefix="zsar-docs-")
    link_package(Path(_folder.name))
    config.plugins["mkdocstrings"].config.handlers["python"]["paths"] = [_folder.name]
    return config


def on_shutdown():
    """Take the folder away."""
    if _folder is not None:
        _folder.cleanup()
