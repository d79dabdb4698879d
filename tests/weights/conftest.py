"""A HuggingFace hub on this machine: the protocol that its client speaks, with its faults."""

import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from tasklab.weights.files import TensorFile

LARGE = (".safetensors", ".bin")  # kept apart, at another host, under their SHA-256


def git_digest(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def etag(name, data):
    return hashlib.sha256(data).hexdigest() if name.endswith(LARGE) else git_digest(data)


class Hub:
    """commits: (repository, commit) -> files; branches: (repository, branch) -> commit.

    fault: what goes wrong now. served: what large files are sent for an honest etag. asked: (path, headers) so far.
    """

    def __init__(self):
        self.commits, self.branches, self.asked, self.fault, self.sent = {}, {}, [], "", threading.Event()
        handlers = [self.handler(self.page), self.handler(self.store)]
        self.servers = [ThreadingHTTPServer(("127.0.0.1", 0), handler) for handler in handlers]
        for server in self.servers:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        self.endpoint = f"http://127.0.0.1:{self.servers[0].server_port}"
        self.elsewhere = f"http://localhost:{self.servers[1].server_port}"

    def handler(self, answer):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(handler):
                self.asked.append((handler.path, dict(handler.headers)))
                answer(handler)

            do_HEAD = do_GET

            def log_message(handler, *ignored):
                pass

        return Handler

    def put(self, repository, files, branch="main"):
        """A new commit at the head of a branch. Returns its name."""
        commit = git_digest(repr(sorted(files.items())).encode())
        self.commits[repository, commit] = files
        self.branches[repository, branch] = commit
        return commit

    def page(self, handler):
        if handler.path == "/":
            return send(handler, 200, b"")
        if self.fault.isdigit():
            return send(handler, int(self.fault), b"{}", **{"X-Error-Code": "GatedRepo", "X-Error-Message": "no"})
        if hit := re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/([^/?]+)\?blobs=true", handler.path, re.I):
            return self.listing(handler, hit[1], self.branches.get((hit[1], hit[2]), hit[2]))
        hit = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", handler.path)
        data = self.commits.get((hit[1], hit[2]), {}).get(hit[3]) if hit else None
        if data is None:
            return send(handler, 404, b"{}", **{"X-Error-Code": "EntryNotFound" if hit else "RepoNotFound"})
        if not hit[3].endswith(LARGE):
            data = data.swapcase() if self.fault == "small" else data
            return send(handler, 200, data, **{"X-Repo-Commit": hit[2], "ETag": f'"{git_digest(data)}"'})
        tag = etag(hit[3], data)
        send(handler, 302, b"", **{
            "X-Repo-Commit": hit[2], "X-Linked-Size": len(data), "X-Linked-ETag": f'"{tag}"',
            "Location": f"{self.elsewhere}/{tag}",
        })  # fmt: skip

    def listing(self, handler, repository, commit):
        files = self.commits.get((repository, commit))
        if files is None:
            return send(handler, 404, b"{}", **{"X-Error-Code": "RepoNotFound"})
        siblings = []
        for name, data in files.items():
            facts = {"rfilename": name, "size": len(data), "blobId": git_digest(data)}
            if name.endswith(LARGE):
                facts |= {"lfs": {"sha256": etag(name, data), "size": len(data), "pointerSize": 134}}
            siblings.append(facts)
        send(handler, 200, json.dumps({"_id": "1", "id": repository, "sha": commit, "siblings": siblings}).encode())

    def store(self, handler):
        large = {etag(name, data): data for files in self.commits.values() for name, data in files.items()}
        data = large[handler.path[1:]]
        if self.fault == "endless":
            handler.send_response(200)
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            chunk = b"100000\r\n" + bytes(1 << 20) + b"\r\n"
            try:
                while True:
                    handler.wfile.write(chunk)
            except OSError:
                handler.close_connection = True
                return
        if self.fault == "flipped":
            data = data[:-1] + bytes([data[-1] ^ 1])
        if self.fault == "longer":
            data += b"more"
        first = int(re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", "bytes=0-"))[1])
        part = {"Content-Range": f"bytes {first}-{len(data) - 1}/{len(data)}"} if first else {}
        cut = {"cut": len(data) // 2, "stuck": len(data) - 1}.get(self.fault)
        send(handler, 206 if first else 200, data[first:], cut, **part)
        self.sent.set()
        while self.fault == "stuck":
            threading.Event().wait(0.02)


def send(handler, status, data, cut=None, **headers):
    handler.send_response(status)
    for name, value in {"Content-Length": len(data), **headers}.items():
        handler.send_header(name, str(value))
    handler.end_headers()
    if handler.command == "GET":
        handler.wfile.write(data[:cut])
        handler.wfile.flush()
    if cut:
        handler.close_connection = True


@pytest.fixture
def tiny(tmp_path):
    """The files of a model."""
    TensorFile({"embeddings.word_embeddings.weight": np.ones((3, 2), np.float32)})(tmp_path / "tensors")
    return {"model.safetensors": (tmp_path / "tensors").read_bytes(), "config.json": b'{"hidden_size": 2}'}


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """The hub that this machine knows, with nothing in it; its client's cache and ours are empty."""
    hub = Hub()
    for name in ("HF_TOKEN", "HF_HUB_OFFLINE", "HF_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "client"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    monkeypatch.setenv("TASKLAB_CACHE", str(tmp_path / "cache"))
    yield hub
    hub.fault = ""
    for server in hub.servers:
        server.shutdown()
        server.server_close()
