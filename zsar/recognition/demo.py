"""A page on this machine: drop a clip, type labels, see the skeleton move and what it is like.

``POST /predict``: a line of JSON, `zsar.recognition.demo_page.Question`, and after it the file's bytes. The answer
has the names of the file's clips, and the predictions and frames of the one in question. Nothing is kept, nothing is
fetched from elsewhere. Needs the extra ``demo`` (starlette and uvicorn).
"""

import ipaddress
import json
import socket
import threading
from importlib import resources
from typing import Any
from urllib.parse import urlsplit

import anyio
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from zsar import __version__
from zsar.errors import ZsarError
from zsar.printing import print_error
from zsar.recognition.answers import answers, caveats
from zsar.recognition.clip_files import LARGEST
from zsar.recognition.demo_page import Question, clips_of, description, drawing, example, in_page_words
from zsar.recognition.labels import NewWordsError
from zsar.recognition.model import Model

LARGEST_FILE = LARGEST
LARGEST_HEAD = 2**20
"""Bytes of the line before the file: names and labels."""
PATIENCE = 30
"""Seconds that a visitor may stay silent in the middle of a request."""
UPLOADS = 8
"""Files that are taken at the same time, so that visitors can't fill the memory."""
LONGEST_UPLOAD = 300
"""Seconds that one may take, however busily it trickles."""
_ASSETS = {
    "/": ("page.html", "text/html"),
    "/style.css": ("style.css", "text/css"),
    "/demo.js": ("demo.js", "text/javascript"),
}
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Connection": "close",
}
_REASONS = {404: "nothing here", 405: "nothing here answers to that method"}


def app(model: Model, host: str = "127.0.0.1") -> Starlette:
    """The page and its predictions, for a server that listens on ``host``."""
    one_at_a_time = threading.Lock()  # torch's random numbers are one for all threads
    reading: set[Request] = set()

    def predict(question: Question, content: bytes) -> dict[str, Any]:
        clips = clips_of(question, content)
        clip = clips[question.clip]
        with one_at_a_time:
            candidates = model.candidates(question.labels)
            [answer] = answers(model, [clip], candidates)
        return answer | {
            "clips": [c.name for c in clips],
            "about": caveats(model, candidates),
            "skeleton": drawing(clip),
        }

    async def post_clip(request: Request) -> Response:
        if len(reading) >= UPLOADS:
            raise HTTPException(503, "too many files are being read just now; try again in a moment")
        reading.add(request)
        try:
            head, newline, content = (await _body(request)).partition(b"\n")
            if not newline or len(head) > LARGEST_HEAD:
                raise HTTPException(400, "the request should begin with a line of JSON: name and labels")
            question = _question(head)
            if len(content) > LARGEST_FILE:
                raise _too_large()
            return JSONResponse(await run_in_threadpool(predict, question, content), headers=_HEADERS)
        finally:
            reading.discard(request)

    def refuse(request: Request, error: ZsarError) -> Response:
        if isinstance(error, NewWordsError):  # what helps is for whoever runs the server
            print_error(error.message, error.hint)
        return _refusal(400, in_page_words(error, model))

    async def get_description(request: Request) -> Response:
        return JSONResponse(description(model), headers=_HEADERS)

    async def get_example(request: Request) -> Response:
        content = await run_in_threadpool(example, model)
        return Response(content, media_type="application/octet-stream", headers=_HEADERS)

    async def get_asset(request: Request) -> Response:
        name, kind = _ASSETS[request.url.path]
        content = resources.files("zsar.recognition").joinpath("assets", name).read_bytes()
        return Response(content, media_type=kind, headers=_HEADERS)

    page = Starlette(
        routes=[
            *(Route(path, get_asset) for path in _ASSETS),
            Route("/model.json", get_description),
            Route("/example.npz", get_example),
            Route("/predict", post_clip, methods=["POST"]),
        ],
        middleware=[Middleware(_Listener), Middleware(_Doorkeeper, host=host)],
        exception_handlers={
            HTTPException: lambda request, e: _refusal(e.status_code, _REASONS.get(e.status_code, e.detail)),
            ZsarError: refuse,
            ClientDisconnect: lambda request, e: _refusal(400, "the visitor went away"),
            # A bug: told on the page, and by the server on the terminal, where it can be reported from.
            Exception: lambda request, e: _refusal(500, "something went wrong; the terminal says what"),
        },
    )
    page.router.redirect_slashes = False
    return page


class DemoServer:
    """`app` on ``host`` and ``port`` (0: any free one). Raises `ZsarError` for a place that can't be listened on."""

    def __init__(self, model: Model, host: str = "127.0.0.1", port: int = 8000):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        both = family is socket.AF_INET6 and socket.has_dualstack_ipv6()
        try:
            self.socket = socket.create_server((host, port), family=family, dualstack_ipv6=both)
        except OverflowError:
            raise ZsarError(f"--port should be 0 to 65535, not {port}") from None
        except socket.gaierror:
            raise ZsarError(f"unknown host {host!r}", "Leave --host away for this machine alone.") from None
        except OSError as e:
            raise ZsarError(
                f"can't listen on {host} port {port}: {e.strerror}", "Name another port, or 0 for a free one: --port 0"
            ) from e
        self.address, self.port = self.socket.getsockname()[:2]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"
        config = uvicorn.Config(
            app(model, host),
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            headers=[("Server", f"zsar/{__version__}")],
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)

    @property
    def is_local(self) -> bool:
        """Whether nobody but this machine can reach it."""
        return ipaddress.ip_address(self.address).is_loopback

    def run(self) -> None:
        """Serve until `stop` is called, or Ctrl-C, which comes out as `KeyboardInterrupt`."""
        with self.socket:
            self._server.run(sockets=[self.socket])

    def stop(self) -> None:
        """Let `run` return."""
        self._server.should_exit = True


class _Protocol(H11Protocol):
    """Hangs up on visitors who connect and don't get to the end of a request's head; uvicorn would wait for ever."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.loop.call_later(PATIENCE, lambda: transport.close() if self.cycle is None else None)


class _Listener:
    """Hears out who is answered while still sending: a connection that is closed on unread bytes is reset.

    The answer would be lost with it. What comes after the answer is thrown away, for `PATIENCE` seconds at most.
    """

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sending = True

        async def heard() -> Message:
            nonlocal sending
            message = await receive()
            sending = message.get("more_body", False)  # somebody who has gone sends nothing either
            return message

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                await send(message | {"more_body": True})
                with anyio.move_on_after(PATIENCE):
                    while sending:
                        await heard()
                message = {"type": "http.response.body"}
            await send(message)

        await self.app(scope, heard, answer)


class _Doorkeeper:
    """Refuses requests of other sites' pages, whatever they ask for."""

    def __init__(self, app: ASGIApp, host: str):
        self.app, self.host = app, host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        host, app = headers.get("host", ""), self.app
        if not is_own_name(host, self.host, *scope["server"][:2]):
            app = _refusal(403, "this page is not served under that name")
        elif headers.get("origin", f"http://{host}") != f"http://{host}":
            app = _refusal(403, "requests from other sites are refused")
        elif headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            app = _refusal(403, "requests from other sites are refused")
        await app(scope, receive, send)


def is_own_name(name: str, host: str, address: str, port: int) -> bool:
    """Whether a request's Host ``name`` is the server's own: an address, or a name that no stranger's page can take.

    ``host`` is where the server was told to listen, ``address`` and ``port`` where it was reached. Another site's
    name that is made to point here (DNS rebinding) would let its page talk to this server.
    """
    try:
        parts = urlsplit(f"//{name}")
        hostname, named_port = parts.hostname or "", parts.port or 80
    except ValueError:
        return False
    if named_port != port:
        return False
    if hostname in ("localhost", host.lower()):
        return True
    try:
        return ipaddress.ip_address(hostname).is_loopback or not ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _refusal(status: int, message: str) -> JSONResponse:
    return JSONResponse({"error": message}, status, headers=_HEADERS)


def _too_large() -> HTTPException:
    return HTTPException(413, f"files of up to {LARGEST_FILE >> 20} MiB are read")


async def _body(request: Request) -> bytes:
    """The request's body; refused unread where it is too large, and where its length isn't given."""
    length = request.headers.get("content-length", "")
    if not length.isdigit():
        raise HTTPException(411, "the length of the file should be said")
    if int(length) > LARGEST_FILE + LARGEST_HEAD:
        raise _too_large()
    stream, parts = request.stream(), []
    try:
        with anyio.fail_after(LONGEST_UPLOAD):
            while True:
                with anyio.fail_after(PATIENCE):
                    parts.append(await anext(stream))
    except StopAsyncIteration:
        return b"".join(parts)
    except TimeoutError:
        raise HTTPException(408, "the file didn't arrive") from None


def _question(head: bytes) -> Question:
    try:
        return Question(**json.loads(head))
    except (ValueError, TypeError, RecursionError):
        raise HTTPException(400, "the request should begin with a line of JSON: name and labels") from None
