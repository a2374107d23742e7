"""``zsar methods``: what is installed."""

import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("name", nargs="?", help="one method, with its paper, its keywords and their defaults")


def run(options: argparse.Namespace) -> int:
    """List the methods, a line each, or describe one."""
    if options.name:
        _describe(options.name)
    else:
        _list()
    return 0


def _describe(name: str) -> None:
    import inspect

    from zsar.plugins import find, keywords_of
    from zsar.printing import print_line

    cls = find("method", name)
    link = [cls.link] if cls.link else []
    print_line(f"{cls.title}: {cls.paper}", *link, "", *(inspect.getdoc(cls) or "").split("\n"), "")
    print_line(
        f"learns from {cls.input}; text: {', '.join(cls.prompts)}; "
        f"{'transductive' if cls.transductive else 'inductive'}; {cls.__module__}:{cls.__qualname__}"
    )
    for keyword, value in keywords_of(cls, {}, name).items():
        print_line(f"  {name}.{keyword}={value}")


def _list() -> None:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from zsar.plugins import available, find
    from zsar.printing import print_line, screen
    from zsar.protocol import MODES

    table = Table(box=SIMPLE_HEAD, padding=(0, 1), collapse_padding=True, pad_edge=False, show_edge=False)
    for column in ("name", "method", "learns from", "published in"):
        table.add_column(column, no_wrap=True)
    for name in available("method"):
        cls = find("method", name)
        title = cls.title + " (T)" * cls.transductive
        table.add_row(name, title, cls.input, cls.paper.rpartition(", ")[2])  # "Authors: Title, Venue Year"
    screen().print(table)
    print_line(
        f"(T): transductive, {MODES['transductive']}.", "Next: zsar methods NAME, for a method's paper and keywords"
    )
