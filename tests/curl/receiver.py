#!/usr/bin/env python3
"""A partner's webhook endpoint on loopback: verifies with the public `standardwebhooks` library, answers, and keeps what came.

    receiver.py FOLDER      prints its address, then serves until it is ended

`POST /hook/NAME` is verified with a secret of FOLDER/NAME.secret, where the latest stands last. What came is one line of JSON in FOLDER/hooks.jsonl, what was not
verified one in FOLDER/refused.jsonl. While FOLDER/NAME.status is there, the receiver answers what it says instead of 204.
"""

import http.server
import json
import pathlib
import sys
import threading

from standardwebhooks import Webhook, WebhookVerificationError

folder = pathlib.Path(sys.argv[1])
writing = threading.Lock()


def keep(file, record):
    with writing, (folder / file).open("a") as lines:
        lines.write(json.dumps(record, ensure_ascii=False) + "\n")


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        name = pathlib.PurePosixPath(self.path).name
        record = {"name": name, "id": self.headers.get("webhook-id")}
        verified, why = None, None
        secrets = folder / f"{name}.secret"
        for secret in reversed(secrets.read_text().split() if secrets.exists() else []):
            try:
                verified = Webhook(secret).verify(body, dict(self.headers.items()))
                break
            except WebhookVerificationError as error:
                why = repr(error)
        if verified is None:
            keep("refused.jsonl", {**record, "why": why, "body": body.decode(errors="replace")})
            return self.answer(400)
        told = folder / f"{name}.status"
        status = int(told.read_text()) if told.exists() else 204
        keep("hooks.jsonl", {**record, "answered": status, "payload": verified})
        self.answer(status)

    def answer(self, status):
        self.send_response(status)
        if status != 204:
            self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 64


server = Server(("127.0.0.1", 0), Receiver)
print(f"http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
