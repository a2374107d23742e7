"""A page on this machine: drop a clip, type labels, see the skeleton move and what it is like.

``POST /predict``: a line of JSON, {"name": "clip.mat", "labels": [...]}, and after it the file's bytes. The answer
has the predictions, and the frames to draw. Nothing is kept, nothing is fetched from elsewhere.
"""

import ipaddress
import json
import re
import socket
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from zsar import __version__
from zsar.errors import ZsarError
from zsar.recognition.answers import answers, explained
from zsar.recognition.clip_files import FORMATS, READERS, read_clips
from zsar.recognition.model import Model
from zsar.skeletons.layouts import layout

LARGEST_FILE = 64 * 2**20
LARGEST_HEAD = 2**20
"""Bytes of the line before the file: names and labels."""
DRAWN = 200
"""Frames that are sent to be drawn; longer clips are thinned out to at most so many."""
_ASSETS = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/style.css": ("style.css", "text/css; charset=utf-8"),
    "/demo.js": ("demo.js", "text/javascript; charset=utf-8"),
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_MARKUP = re.compile(r"<[a-zA-Z/!?]|&#?\w+;")


class Refused(Exception):
    """A request that isn't answered: HTTP ``status`` and why."""

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status, self.message = status, message


class DemoServer(ThreadingHTTPServer):
    """The page and its predictions, on ``host`` and ``port`` (0: any free one). Raises `ZsarError` for one in use."""

    daemon_threads = True

    def __init__(self, model: Model, host: str = "127.0.0.1", port: int = 8000):
        self.model, self.lock, self.asked_host = model, threading.Lock(), host
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            super().__init__((host, port), _Handler)
        except OverflowError:
            raise ZsarError(f"--port should be 0 to 65535, not {port}") from None
        except socket.gaierror:
            raise ZsarError(f"unknown host {host!r}", "Leave --host away for this machine alone.") from None
        except OSError as e:
            raise ZsarError(
                f"can't listen on {host} port {port}: {e.strerror}", "Name another port, or 0 for a free one: --port 0"
            ) from e

    @property
    def url(self) -> str:
        """Where the page is."""
        host = self.asked_host
        return f"http://{f'[{host}]' if ':' in host else host}:{self.server_address[1]}/"

    def knows(self, host: str) -> bool:
        """Whether a request's Host names this server: by address, or by a name that no stranger's page can take.

        Another site's name that is made to point here (DNS rebinding) would let its page talk to this server.
        """
        try:
            name = urlsplit(f"//{host}").hostname or ""
            port = urlsplit(f"//{host}").port or 80
        except ValueError:
            return False
        if port != self.server_address[1]:
            return False
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return name in ("localhost", self.asked_host.lower())
        return address.is_loopback or not ipaddress.ip_address(self.server_address[0]).is_loopback

    def handle_error(self, request, client_address) -> None:
        """A visitor who went away is no reason for a traceback."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: DemoServer
    server_version, sys_version = f"zsar/{__version__}", ""
    timeout = 30

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def _answer(self, make) -> None:
        try:
            self._refuse_strangers()
            self._send(200, *make())
        except Refused as e:
            self._send(e.status, json.dumps({"error": e.message}).encode(), "application/json")
        except ZsarError as e:
            self._send(400, json.dumps({"error": str(e)}, ensure_ascii=False).encode(), "application/json")
        except OSError:
            raise
        except Exception:  # a bug: told on the page, and on the terminal where it can be reported from
            self._send(500, b'{"error": "something went wrong; the terminal says what"}', "application/json")
            raise

    def _refuse_strangers(self) -> None:
        host, origin = self.headers.get("Host", ""), self.headers.get("Origin")
        if not self.server.knows(host):
            raise Refused(403, "this page is not served under that name")
        if origin is not None and origin != f"http://{host}":
            raise Refused(403, "requests from other sites are refused")
        if self.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            raise Refused(403, "requests from other sites are refused")

    def _get(self) -> tuple[bytes, str]:
        path = urlsplit(self.path).path
        if path == "/model.json":
            return json.dumps(described(self.server.model), ensure_ascii=False).encode(), "application/json"
        if path not in _ASSETS:
            raise Refused(404, "nothing here")
        name, kind = _ASSETS[path]
        return resources.files("zsar.recognition").joinpath("assets", name).read_bytes(), kind

    def _post(self) -> tuple[bytes, str]:
        if urlsplit(self.path).path != "/predict":
            raise Refused(404, "nothing here")
        length = self.headers.get("Content-Length", "")
        if not length.isdigit():
            raise Refused(411, "the length of the file should be said")
        if int(length) > LARGEST_FILE + LARGEST_HEAD:
            raise Refused(413, f"files of up to {LARGEST_FILE >> 20} MiB are read")
        head, newline, content = self.rfile.read(int(length)).partition(b"\n")
        if not newline or len(head) > LARGEST_HEAD:
            raise Refused(400, "the request should begin with a line of JSON: name and labels")
        return json.dumps(self._predicted(*_asked(head), content), ensure_ascii=False).encode(), "application/json"

    def _predicted(self, suffix: str, name: str, labels: list[str], content: bytes) -> dict:
        if len(content) > LARGEST_FILE:
            raise Refused(413, f"files of up to {LARGEST_FILE >> 20} MiB are read")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"clip{suffix}"
            path.write_bytes(content)
            try:
                clip = read_clips(path)[0]
            except ZsarError as e:
                raise Refused(400, str(e).replace(str(path), name)) from e
        with self.server.lock:  # torch's random numbers are one for all threads
            chosen = self.server.model.candidates(labels)
            [answer] = answers(self.server.model, [clip], chosen)
        return answer | {"clip": name, "about": explained(self.server.model, chosen), "skeleton": drawing(clip)}

    def _send(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        for header, value in {
            "Content-Type": kind,
            "Content-Length": str(len(content)),
            "Content-Security-Policy": _POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Cache-Control": "no-store",
            "Connection": "close",
        }.items():
            self.send_header(header, value)
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = True

    def log_message(self, *_) -> None:
        """Quiet: the page says what went wrong."""


def _asked(head: bytes) -> tuple[str, str, list[str]]:
    """Ending, name and labels of a request. Raises `Refused` for paths, unknown endings and markup."""
    try:
        asked = json.loads(head)
        name, labels = asked["name"], asked["labels"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Refused(400, "the request should begin with a line of JSON: name and labels") from None
    if not isinstance(name, str) or not isinstance(labels, list) or not all(isinstance(t, str) for t in labels):
        raise Refused(400, "name should be a text and labels a list of texts")
    if re.search(r"[/\\\x00-\x1f]", name) or name.startswith(".") or len(name) > 255:
        raise Refused(400, "the file's name should be a name, no path")
    suffix = Path(name).suffix.lower()
    if suffix not in READERS:
        raise Refused(400, f"{name} is of no format known here. Formats: {FORMATS}.")
    if any(_MARKUP.search(label) for label in labels):
        raise Refused(400, "a label holds markup; labels are plain words")
    return suffix, name, labels


def described(model: Model) -> dict:
    """What the page says of its model, and the labels that it begins with."""
    new = [c.name for c in model.classes if not c.seen]
    return {
        "title": model.title,
        "dataset": model.content["dataset"]["title"],
        "split": model.content["split"]["id"],
        "trained": [c.name for c in model.classes if c.seen],
        "labels": new[:8],
        "formats": sorted(READERS),
        "largest": LARGEST_FILE,
    }


def drawing(clip) -> dict:
    """Frames [T, M, V, 3] in whole millimetres (null: nobody there), and the bones, for a canvas."""
    frames = clip.frames[:: -(-len(clip.frames) // DRAWN)]
    made, joints = np.rint(frames * 1000).astype(int), layout(clip.layout)
    side = ["left" if "left" in j else "right" if "right" in j else "middle" for j in joints.joints]
    return {
        "frames": [[body.tolist() if body.any() else None for body in frame] for frame in made],
        "bones": [list(edge) for edge in joints.edges],
        "side": side,
        "of": len(clip.frames),
    }
