"""``zsar demo``: a local page on which to drop a clip and type labels."""

import argparse
from pathlib import Path

from zsar.errors import ZsarError
from zsar.printing import print_line


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("model", type=Path, metavar="MODEL", help="folder that zsar train --save wrote")
    parser.add_argument("--port", type=int, default=8000, metavar="N", help="port, 0 for a free one (default: 8000)")
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address to listen on (default: 127.0.0.1, this machine alone); others let anybody in who can reach it",
    )


def run(options: argparse.Namespace) -> int:
    """Serve the page until Ctrl-C."""
    if not 0 <= options.port <= 65535:
        raise ZsarError(f"--port should be 0 to 65535, not {options.port}")
    try:
        from zsar.recognition.demo import DemoServer
    except ModuleNotFoundError as e:
        package = (e.name or "").partition(".")[0]
        if package not in ("anyio", "h11", "starlette", "uvicorn"):
            raise
        raise ZsarError(
            f"zsar demo needs {package}, which is not installed", 'Install it: pip install "zsar[demo]"'
        ) from None
    import zsar

    model = zsar.load(options.model)
    server = DemoServer(model, options.host, options.port)
    if not server.is_local:
        print_line("Anybody who can reach this machine can use it.")
    print_line(f"{model.title} on {server.url}; Ctrl-C ends it.")
    try:
        server.run()
    except KeyboardInterrupt:
        print_line("", "ended")
        return 130
    return 0
