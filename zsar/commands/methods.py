"""``zsar methods``: what is installed."""

import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("name", nargs="?", help="one method, with its keywords and their defaults")


def run(options: argparse.Namespace) -> int:
    """List the methods, or describe one."""
    import inspect

    from rich.console import Console
    from rich.table import Table

    from zsar.plugins import available, find, keywords_of

    if options.name:
        cls = find("method", options.name)
        print(f"{cls.title}: {cls.paper}\n\n{inspect.getdoc(cls)}\n")
        print(
            f"learns from {cls.input}; text: {', '.join(cls.prompts)}; "
            f"{'transductive' if cls.transductive else 'inductive'}; {cls.__module__}:{cls.__qualname__}"
        )
        for name, value in keywords_of(cls, {}, options.name).items():
            print(f"  {options.name}.{name}={value}")
        return 0
    table = Table()
    for column in ("name", "method", "learns from", "transductive", "paper"):
        table.add_column(column)
    for name in available("method"):
        cls = find("method", name)
        table.add_row(name, cls.title, cls.input, "yes" if cls.transductive else "no", cls.paper)
    Console().print(table)
    return 0
