"""Fetching a text model, from a stand-in of the hub on this machine."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from zsar.cli import main
from zsar.errors import ZsarError
from zsar.text import hub, models

FILES = {
    "modules.json": b"[]",
    "config.json": b"{}",
    "model.safetensors": bytes(3 * 2**20),
    "pytorch_model.bin": bytes(10),
    "onnx/model.onnx": bytes(10),
    "onnx/config.json": b"{}",
    "README.md": b"words",
}
COMMIT = "c" * 40


class Hub(BaseHTTPRequestHandler):
    """Answers as the hub does about sentence-transformers/tiny."""

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        self.server.requests.append((self.command, self.path))
        path = self.path.partition("?")[0]
        if "sentence-transformers/tiny" not in path:
            return self.answer(404, b"{}", [("X-Error-Code", "RepoNotFound")])
        if path.startswith("/api/models/"):
            sizes = {name: len(content) for name, content in self.server.files.items()}
            model = {"id": "sentence-transformers/tiny", "sha": COMMIT}
            model["siblings"] = [{"rfilename": name, "size": size} for name, size in sizes.items()]
            tree = [{"type": "file", "path": name, "size": size, "oid": name} for name, size in sizes.items()]
            body = json.dumps(tree if "/tree/" in path else model)
            return self.answer(200, body.encode(), [("Content-Type", "application/json")])
        name = path.partition("/resolve/")[2].partition("/")[2]
        content = self.server.files[name]
        if self.server.broken == name and self.command == "GET":
            return self.answer(403, b"{}", [])
        etag = hashlib.sha256(content).hexdigest()
        return self.answer(200, content, [("ETag", f'"{etag}"'), ("X-Repo-Commit", COMMIT)])

    def answer(self, status, body, headers):
        self.send_response(status)
        for name, value in [*headers, ("Content-Length", str(len(body)))]:
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def server(monkeypatch):
    """The stand-in, in force; ``requests`` are those that it got."""
    for variable in hub.FORBIDDING:
        monkeypatch.delenv(variable, raising=False)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.requests, server.files, server.broken = [], dict(FILES), None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    place, constants = f"http://127.0.0.1:{server.server_port}", "huggingface_hub.constants"
    monkeypatch.setattr(f"{constants}.ENDPOINT", place)
    template = place + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(f"{constants}.HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    yield server
    server.shutdown()
    server.server_close()


def test_a_model_is_fetched_once_with_one_line_and_its_size(server, capsys):
    folder = models.locate("tiny", fetch=True)
    assert sorted(p.name for p in folder.rglob("*")) == ["config.json", "model.safetensors", "modules.json"]
    err = capsys.readouterr().err
    assert err.startswith("fetching the text model tiny (3 MiB) from 127.0.0.1:") and err.count("\n") == 1
    asked = len(server.requests)
    assert models.locate("tiny", fetch=True) == models.locate("tiny") == folder
    assert len(server.requests) == asked and capsys.readouterr().err == ""


def test_nothing_is_fetched_unless_it_is_to_be(server):
    with pytest.raises(ZsarError, match="is not on this machine"):
        models.locate("tiny")
    assert server.requests == []


@pytest.mark.parametrize("variable", hub.FORBIDDING)
def test_the_environment_forbids_it(server, monkeypatch, variable, tmp_path, capsys):
    monkeypatch.setenv(variable, "1")
    command = ["bench", "--methods", "nearest", "--dataset", "pku-sim", "--text", "tiny", "--out", str(tmp_path / "o")]
    assert main(command) == 2
    err = capsys.readouterr().err
    assert f"the text model 'tiny' is not on this machine, and {variable}=1 forbids fetching it" in err
    assert "hf download sentence-transformers/tiny" in err and server.requests == []
    monkeypatch.setenv(variable, "0")
    assert hub.forbidden_by() is None


def test_a_fetch_that_breaks_off_is_no_model_and_goes_on_later(server):
    server.broken = "model.safetensors"
    with pytest.raises(ZsarError, match="'tiny' is not on this machine and could not be fetched from 127.0.0.1") as e:
        models.locate("tiny", fetch=True)
    assert "hf download" in e.value.hint and hub.cached("tiny") is None
    server.broken = None
    assert (models.locate("tiny", fetch=True) / "model.safetensors").stat().st_size == 3 * 2**20


@pytest.mark.parametrize(
    "name, complaint",
    [
        ("tinny", "has no public sentence-transformers/tinny"),
        ("no such/na me", "neither a folder with a modules.json nor a name on"),
        ("./models/mine", "neither a folder with a modules.json nor a name on"),
    ],
)
def test_names_that_are_no_model_are_answered(server, name, complaint):
    with pytest.raises(ZsarError, match=complaint):
        models.locate(name, fetch=True)


def test_a_model_of_another_kind_is_refused_before_its_files_are_fetched(server):
    del server.files["modules.json"]
    with pytest.raises(ZsarError, match="has no modules.json"):
        models.locate("tiny", fetch=True)
    assert len(server.requests) == 1


def test_without_a_network_the_message_says_so(server):
    server.shutdown()
    server.server_close()
    with pytest.raises(ZsarError, match="could not be fetched from 127.0.0.1"):
        models.locate("tiny", fetch=True)


def test_weights_are_fetched_once_and_in_their_safest_form():
    files = [
        "0_CLIP/model.safetensors",
        "0_CLIP/pytorch_model.bin",
        "2_Dense/pytorch_model.bin",
        "modules.json",
        "a.py",
    ]
    assert hub.needed(files) == ["0_CLIP/model.safetensors", "2_Dense/pytorch_model.bin", "modules.json"]
