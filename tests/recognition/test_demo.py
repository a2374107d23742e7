"""The local page: what it answers, and whom and what it refuses."""

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from zsar.cli import main
from zsar.recognition import demo

PATIENT = 120
"""Seconds after which a request has failed; a busy machine may stand still for a while."""


def ask(server, method, path, body=None, **headers):
    """Status, headers and body of an answer; ``Host`` is the server's own unless given."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=PATIENT)
    connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, response.headers, content


def own_name(server) -> str:
    return f"127.0.0.1:{server.port}"


def raw(server, text):
    """A connection on which so much was sent."""
    link = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENT)
    link.sendall(text.encode())
    return link


def predict(server, content, name="clip.npy", labels=("sit down", "juggle"), **headers):
    head = json.dumps({"name": name, "labels": list(labels)}).encode()
    status, _, answer = ask(server, "POST", "/predict", head + b"\n" + content, **headers)
    return status, json.loads(answer)


def test_a_clip_is_recognised_and_drawn(server, model, clip_file):
    status, answer = predict(server, clip_file.read_bytes(), "dröp me.NPY")
    assert status == 200 and answer["clip"] == "dröp me.NPY" and answer["about"]
    frames = np.load(clip_file)
    p = model.predict_proba([frames], ["sit down", "juggle"])[0]
    told = {entry["label"]: entry["probability"] for entry in answer["predictions"]}
    assert told == pytest.approx(dict(zip(("sit down", "juggle"), p, strict=True)))
    drawn = answer["skeleton"]
    assert len(drawn["frames"]) == len(frames) and len(drawn["edges"]) == len(drawn["sides"]) == 24
    assert np.abs(np.array(drawn["frames"][0][0]) / 1000 - frames[0, 0]).max() < 0.001


def test_the_page_loads_nothing_from_elsewhere(server):
    for path in ("/", "/style.css", "/demo.js", "/model.json"):
        status, headers, content = ask(server, "GET", path)
        assert status == 200 and content
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert b"http://" not in content and b"https://" not in content and b"innerHTML" not in content
    assert {"title", "labels", "trained"} <= json.loads(content).keys()


@pytest.mark.parametrize("path", ["/../setup.cfg", "/page.html", "/assets/page.html", "/%2e%2e/model.json", "//model"])
def test_nothing_else_is_served(server, path):
    assert ask(server, "GET", path)[0] == 404
    assert ask(server, "POST", path, b"{}\n")[0] == 404


def test_strangers_are_refused(server, clip_file):
    port = server.port
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1", "localhost:1", "", "[", f"192.0.2.1:{port}"):
        assert ask(server, "GET", "/", Host=host)[0] == 403, host
        assert predict(server, clip_file.read_bytes(), Host=host)[0] == 403
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}"):
        assert ask(server, "GET", "/", Host=host)[0] == 200, host
    content = clip_file.read_bytes()
    for origin in ("http://evil.example", "null", "http://localhost:1", f"https://127.0.0.1:{port}"):
        assert predict(server, content, Origin=origin)[0] == 403, origin
    assert predict(server, content, Origin=f"http://127.0.0.1:{port}")[0] == 200
    assert predict(server, content, Sec_Fetch_Site="cross-site")[0] == 403


@pytest.mark.parametrize("name", ["../clip.npy", "/etc/clip.npy", "a\\b.npy", ".npy", "a\x00.npy", "a.exe", "x" * 300])
def test_names_that_are_no_names_are_refused(server, clip_file, name):
    status, answer = predict(server, clip_file.read_bytes(), name)
    assert status == 400 and answer["error"]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([], "two labels"),
        (["a"], "two labels"),
        (["a", "A"], "same label"),
        (["a", "<img src=x onerror=alert(1)>"], "markup"),
        (["a", "</script><script>"], "markup"),
        (["a", "&lt;b&gt;"], "markup"),
        (["a", 1], "texts"),
    ],
)
def test_labels_that_are_no_labels_are_refused(server, clip_file, labels, words):
    status, answer = predict(server, clip_file.read_bytes(), labels=labels)
    assert status == 400 and words in answer["error"]


def test_broken_clips_are_told_without_the_servers_paths(server):
    status, answer = predict(server, b"no numpy", "mine.npy")
    assert status == 400 and answer["error"].startswith("mine.npy") and "/" not in answer["error"].split("\n")[0]


@pytest.mark.parametrize("body", [b"", b"{}", b"{}\n", b"[]\nx", b"\xff\nx", b"[" * 10**5 + b"\nx"])
def test_requests_of_another_form_are_refused(server, body):
    status, _, answer = ask(server, "POST", "/predict", body)
    assert status == 400 and json.loads(answer)["error"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_other_methods_are_refused(server, method):
    for path in ("/", "/predict"):
        status, headers, answer = ask(server, method, path)
        assert status == 405 and json.loads(answer)["error"] and "Access-Control-Allow-Origin" not in headers
    assert ask(server, "GET", "/predict")[0] == 405 and ask(server, "POST", "/", b"{}\n")[0] == 405


def test_every_answer_is_locked_down(server, clip_file, monkeypatch):
    """Pages, answers and refusals alike; and none says what software serves it beyond zsar."""
    monkeypatch.setattr(demo, "caveats", lambda *_: 1 / 0)
    head = b'{"name": "clip.npy", "labels": ["sit down", "juggle"]}\n'
    asked = {
        200: ask(server, "GET", "/"),
        400: ask(server, "POST", "/predict", b"{}"),
        403: ask(server, "GET", "/", Host="evil.example"),
        404: ask(server, "GET", "/nothing"),
        405: ask(server, "PUT", "/"),
        500: ask(server, "POST", "/predict", head + clip_file.read_bytes()),
    }
    for status, (given, headers, _) in asked.items():
        assert given == status
        assert "default-src 'none'" in headers["content-security-policy"], status
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin" and headers["cache-control"] == "no-store"
        assert headers["connection"] == "close" and headers["server"].startswith("zsar/")
        assert "access-control-allow-origin" not in headers


def test_those_who_stay_silent_are_not_waited_for(server, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(demo, "PATIENCE", 1)
        start = f"POST /predict HTTP/1.1\r\nHost: {own_name(server)}\r\n"
        with raw(server, f"{start}Content-Length: 100\r\n\r\nabc") as link:
            assert link.recv(1000).startswith(b"HTTP/1.1 408")
        for start in ("", "GET / HT", f"GET / HTTP/1.1\r\nHost: {own_name(server)}\r\n"):
            with raw(server, start) as link:
                assert link.recv(1000) == b"", start
    assert ask(server, "GET", "/")[0] == 200


def test_a_visitor_who_goes_away_is_no_trouble(capfd, server):
    for start in ("Content-Length: 100\r\n\r\nabc", "Content-Length: 100\r\n\r\n"):
        raw(server, f"POST /predict HTTP/1.1\r\nHost: {own_name(server)}\r\n{start}").close()
    assert ask(server, "GET", "/")[0] == 200 and "Traceback" not in capfd.readouterr().err


def test_large_files_are_refused_unread(server, monkeypatch, clip_file):
    start = f"POST /predict HTTP/1.1\r\nHost: {own_name(server)}\r\n"
    with raw(server, f"{start}Content-Length: 10000000000\r\n\r\n") as link:
        assert link.recv(1000).startswith(b"HTTP/1.1 413")
    for length in ("-1", "many", ""):
        assert ask(server, "POST", "/predict", b"x", Content_Length=length)[0] == 400  # refused by uvicorn
    for header in ("", "Transfer-Encoding: chunked\r\n"):
        with raw(server, f"{start}{header}\r\n") as link:
            assert link.recv(1000).startswith(b"HTTP/1.1 411")
    monkeypatch.setattr(demo, "LARGEST_FILE", 100)
    assert predict(server, clip_file.read_bytes())[0] == 413
    monkeypatch.setattr(demo, "LARGEST_HEAD", 10)
    assert ask(server, "POST", "/predict", b"x" * 20 + b"\n")[0] == 400


def test_who_is_refused_while_sending_is_told_why(server, monkeypatch):
    """Ten megabytes are more than what a connection holds that nobody reads from."""
    content = bytes(10 * 2**20)
    with monkeypatch.context() as patch:
        patch.setattr(demo, "UPLOADS", 0)
        assert predict(server, content)[0] == 503
    assert predict(server, content, Host="evil.example")[0] == 403
    assert ask(server, "POST", "/", content)[0] == 405
    monkeypatch.setattr(demo, "LARGEST_FILE", 0)
    assert predict(server, content)[0] == 413


def test_it_listens_on_this_machine_alone(server):
    assert server.is_local and server.address == "127.0.0.1" and server.url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("host", "name", "address", "own"),
    [
        ("127.0.0.1", "192.0.2.1:80", "127.0.0.1", False),
        ("0.0.0.0", "192.0.2.1:80", "192.0.2.1", True),
        ("0.0.0.0", "0.0.0.0:80", "127.0.0.1", True),
        ("0.0.0.0", "[2001:db8::1]", "2001:db8::1", True),
        ("0.0.0.0", "evil.example", "192.0.2.1", False),
        ("My.Machine", "my.machine", "192.0.2.1", True),
        ("My.Machine", "my.machine:81", "192.0.2.1", False),
        ("::1", "[::1]:80", "::1", True),
        ("127.0.0.1", "localhost:http", "127.0.0.1", False),
        ("127.0.0.1", "localhost@evil.example", "127.0.0.1", False),
    ],
)
def test_the_server_knows_its_own_names(host, name, address, own):
    assert demo.is_own_name(name, host, address, 80) == own


def test_others_are_let_in_only_when_asked_for(trained):
    """The command says so; Ctrl-C ends it, and nothing is left listening."""
    for host, words in (("127.0.0.1", ""), ("0.0.0.0", "Anybody who can reach this machine can use it.\n")):
        process = subprocess.Popen(
            [sys.executable, "-m", "zsar.cli", "demo", str(trained.folder), "--port", "0", "--host", host],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a background job is born deaf to Ctrl-C
        )
        try:
            printed = process.stdout.readline()
            if words:
                assert printed == words
                printed = process.stdout.readline()
            port = int(re.search(rf"http://{re.escape(host)}:(\d+)/; Ctrl-C ends it", printed)[1])
            with socket.create_connection(("127.0.0.1", port), timeout=PATIENT) as link:
                link.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
                assert link.recv(100).startswith(b"HTTP/1.1 200")
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=PATIENT)
        finally:
            process.kill()
        assert process.returncode == 130 and out == "\nended\n" and err == ""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=10)


@pytest.mark.parametrize("missing", ["starlette", "uvicorn"])
def test_without_the_extra_the_command_says_what_to_install(missing, tmp_path, monkeypatch, capsys):
    monkeypatch.delitem(sys.modules, "zsar.recognition.demo")
    for name in [name for name in sys.modules if name.partition(".")[0] == missing]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    assert main(["demo", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert f"zsar demo needs {missing}" in err and 'pip install "zsar[demo]"' in err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--port", "70000"], "0 to 65535"),
        (["--port", "-1"], "0 to 65535"),
        (["--host", "no such host", "--port", "0"], "host"),
    ],
)
def test_places_that_cannot_be_are_told(trained, options, words, capsys):
    assert main(["demo", str(trained.folder), *options]) == 2
    assert words in capsys.readouterr().err


def test_a_port_in_use_is_told(trained, server, capsys):
    port = server.port
    assert main(["demo", str(trained.folder), "--port", str(port)]) == 2
    told = capsys.readouterr().err
    assert f"port {port}" in told and "--port 0" in told


def test_several_visitors_at_once_get_what_one_gets(server, clip_file):
    content = clip_file.read_bytes()
    expected = predict(server, content)
    with ThreadPoolExecutor(6) as visitors:  # what goes wrong for one of them comes out of its result
        found = list(visitors.map(lambda _: predict(server, content), range(6)))
    assert found == [expected] * 6


def test_a_bug_is_told_and_the_server_goes_on(capfd, server, clip_file, monkeypatch):
    def broken(*_):
        raise RuntimeError("of another kind")

    monkeypatch.setattr(demo, "answers", broken)
    status, answer = predict(server, clip_file.read_bytes())
    assert status == 500 and "terminal" in answer["error"]
    monkeypatch.undo()
    assert ask(server, "GET", "/")[0] == 200 and "of another kind" in capfd.readouterr().err
