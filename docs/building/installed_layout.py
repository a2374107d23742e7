"""The package's parts in one folder, as they lie once installed, for tools that read files without importing them.

In the repository ``zsar.methods``, ``zsar.configs`` and ``zsar.benchmarks`` are folders beside ``zsar``
(``package_dir`` in setup.cfg).
"""

import configparser
from pathlib import Path

TOP = Path(__file__).absolute().parents[2]


def link_package(folder: Path) -> Path:
    """The package below ``folder``, made of links into the repository."""
    setup = configparser.ConfigParser()
    setup.read(TOP / "setup.cfg", encoding="utf-8")
    places = dict(line.split(" = ") for line in setup["options"]["package_dir"].strip().splitlines())
    package = folder / "zsar"
    package.mkdir()
    for path in (TOP / places.pop("zsar")).iterdir():
        (package / path.name).symlink_to(path)
    for name, place in places.items():
        (package / name.removeprefix("zsar.")).symlink_to(TOP / place)
    return package
