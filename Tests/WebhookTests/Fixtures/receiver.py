"""A webhook receiver for the tests: Python's own HTTP server, over TLS where it is given a certificate, which verifies
signatures with Python's own hmac as standardwebhooks.com has it.

    receiver.py SECRET [--tls CERTIFICATE KEY]

It prints a JSON object a line: first {"port": ...}, then one for each request. The path says how it answers, in parts
behind `~`: a status, `retry=SECONDS`, `date=SECONDS` (Retry-After as a date so far ahead), `cut` (no answer), `stall`,
`redirect` (to /moved), `huge`, `garbage` (no HTTP). It ends when its standard input does.
"""

import base64
import email.utils
import hashlib
import hmac
import http.server
import json
import os
import ssl
import sys
import threading
import time

secret = base64.b64decode(sys.argv[1].removeprefix("whsec_"))
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
        expected = "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
        say(
            path=self.path,
            verified=hmac.compare_digest(expected, self.headers["webhook-signature"]),
            fresh=abs(time.time() - int(self.headers["webhook-timestamp"])) < 60,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=json.loads(body),
            connection=self.client_address[1],
        )
        status, extra, content = 204, {}, b""
        for part in self.path.split("~")[1:]:
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
