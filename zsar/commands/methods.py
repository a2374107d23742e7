"""``zsar methods``: what is installed."""

import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("name", nargs="?", help="one method, with its keywords and their defaults")


def run(options: argparse.Namespace) -> int:
    """List the methods, or describe one."""
    import inspect

    from rich.table import Table

    from zsar.plugins import available, find, keywords_of
    from zsar.printing import print_line, screen

    if options.name:
        cls = find("method", options.name)
        print_line(f"{cls.title}: {cls.paper}", "", *(inspect.getdoc(cls) or "").split("\n"), "")
        print_line(
            f"learns from {cls.input}; text: {', '.join(cls.prompts)}; "
            f"{'transductive' if cls.transductive else 'inductive'}; {cls.__module__}:{cls.__qualname__}"
        )
        for name, value in keywords_of(cls, {}, options.name).items():
            print_line(f"  {options.name}.{name}={value}")
        return 0
    table = Table()
    for column in ("name", "method", "learns from", "transductive", "paper"):
        table.add_column(column)
    for name in available("method"):
        cls = find("method", name)
        table.add_row(name, cls.title, cls.input, "yes" if cls.transductive else "no", cls.paper)
    screen().print(table)
    return 0
