"""Where the API reference finds `zsar`: a folder in which its parts lie together, as they do once installed.

In the repository ``zsar.methods``, ``zsar.configs`` and ``zsar.benchmarks`` are folders of their own
(``package_dir`` in setup.cfg), and the reference reads files without importing them.
"""

import configparser
import tempfile
from pathlib import Path

from mkdocs.plugins import event_priority

_TOP = Path(__file__).parents[2]
_folder: tempfile.TemporaryDirectory | None = None


@event_priority(100)  # before mkdocstrings reads its configuration
def on_config(config):
    """Make the folder of links and name it to mkdocstrings."""
    global _folder
    _folder = tempfile.TemporaryDirectory(prefix="zsar-docs-")
    package = Path(_folder.name) / "zsar"
    package.mkdir()
    setup = configparser.ConfigParser()
    setup.read(_TOP / "setup.cfg", encoding="utf-8")
    placed = dict(line.split(" = ") for line in setup["options"]["package_dir"].strip().splitlines())
    for path in (_TOP / placed.pop("zsar")).iterdir():
        (package / path.name).symlink_to(path)
    for name, folder in placed.items():
        (package / name.removeprefix("zsar.")).symlink_to(_TOP / folder)
    config.plugins["mkdocstrings"].config.handlers["python"]["paths"] = [_folder.name]
    return config


def on_shutdown():
    """Take the folder away."""
    if _folder is not None:
        _folder.cleanup()
