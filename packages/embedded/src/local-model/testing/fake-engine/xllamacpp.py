"""Replaces the real engine in tests: the part of its interface that engine.py uses, without a model.

The text of the "weights" decides how it starts, and the text of the last message decides how it answers.
"""

import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace


class CommonParams(SimpleNamespace):
    def __init__(self):
        super().__init__(
            model=SimpleNamespace(),
            cpuparams=SimpleNamespace(),
            cpuparams_batch=SimpleNamespace(),
            sampling=SimpleNamespace(),
        )


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        messages = body["messages"]
        if self.headers["authorization"] != f"Bearer {self.server.params.api_keys[0]}":
            self.answer(401, {"error": "wrong key"})
        elif self.path.endswith("/input_tokens"):
            self.answer(200, {"input_tokens": len(json.dumps(messages).split())})
        elif messages[-1]["content"] == "die":
            os._exit(3)
        else:
            settings = {name: str(value) for name, value in vars(self.server.params).items()}
            self.answer(200, {"asked": body, "settings": settings})

    def answer(self, status, body):
        payload = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)

    def log_message(self, *_):
        pass


class Server:
    def __init__(self, params):
        with open(params.model.path) as weights:
            how = weights.read()
        if how == "broken":
            sys.exit("error: these weights are broken")
        if how == "slow":
            time.sleep(3600)
        server = ThreadingHTTPServer((params.hostnames[0], params.port), Handler)
        server.params = params
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.listening_address = f"http://127.0.0.1:{server.server_port}"
