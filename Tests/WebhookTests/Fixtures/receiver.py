"""A webhook receiver for the tests: Python's own HTTP server, over TLS where it is given a certificate, which verifies
signatures with Python's own hmac as standardwebhooks.com has it.

    receiver.py SECRET[,SECRET...] [--tls CERTIFICATE KEY]

It prints a JSON object a line: first {"port": ...}, then one for each request. The path says how it answers, in parts
behind `~`: a status, `retry=SECONDS`, `date=SECONDS` (Retry-After as a date so far ahead), `cut` (no answer), `stall`,
`redirect` (to /moved), `huge`, `garbage` (no HTTP), `first=N` (so for N requests to this path, then 204). It ends when its standard input does.
"""

import base64
import collections
import email.utils
import hmac
import http.server
import json
import os
import ssl
import sys
import threading
import time

secrets = [base64.b64decode(each.removeprefix("whsec_")) for each in sys.argv[1].split(",")]
counts = collections.Counter()
lock = threading.Lock()


def say(**fields):
    with lock:
        print(json.dumps(fields), flush=True)


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        signed = b".".join(
            [self.headers["webhook-id"].encode(), self.headers["webhook-timestamp"].encode(), body]
        )
        given = self.headers["webhook-signature"].split(" ")
        expected = ["v1," + base64.b64encode(hmac.digest(each, signed, "sha256")).decode() for each in secrets]
        text = body.decode()
        try:
            content = json.loads(text)
        except ValueError:
            content = None
        say(
            path=self.path,
            verified=expected[0] in given,
            verified_by=[each in given for each in expected],
            signatures=len(given),
            fresh=abs(time.time() - int(self.headers["webhook-timestamp"])) < 60,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=content if isinstance(content, dict) else {},
            # Nobody reads the pipe while a test waits for its outcome.
            text=text if len(text) < 4096 else "",
            connection=self.client_address[1],
        )
        status, extra, content = 204, {}, b""
        counts[self.path] += 1
        parts = self.path.split("~")[1:]
        if any(part.startswith("first=") and counts[self.path] > int(part[6:]) for part in parts):
            parts = []
        for part in parts:
            if part.isdigit():
                status = int(part)
            elif part.startswith("retry="):
                extra["retry-after"] = part[6:]
            elif part.startswith("date="):
                extra["retry-after"] = email.utils.formatdate(time.time() + float(part[5:]), usegmt=True)
            elif part == "cut":
                self.close_connection = True
                return
            elif part == "stall":
                time.sleep(5)
            elif part == "redirect":
                status, extra = 307, {"location": "/moved"}
            elif part == "huge":
                status, content = 500, b"x" * (64 << 20)
            elif part == "garbage":
                self.wfile.write(b"\x00\xff garbage\r\n\r\n")
                self.close_connection = True
                return
        self.send_response(status)
        for name, value in extra.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("content-length", str(len(content)))
        self.end_headers()
        try:
            self.wfile.write(content)
        except OSError:
            self.close_connection = True

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
server.handle_error = lambda request, address: None
if "--tls" in sys.argv:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    at = sys.argv.index("--tls")
    context.load_cert_chain(sys.argv[at + 1], sys.argv[at + 2])
    server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
say(port=server.server_address[1])
sys.stdin.read()
os._exit(0)
