"""A receiver of webhooks: checks each signature with the secret that it is given, and answers 200. Prints its port, and
for each request the event's text and whether the signature holds. It ends when its standard input does, and after a
minute at the latest."""

import base64
import hashlib
import hmac
import http.server
import json
import os
import sys
import threading

printing = threading.Lock()
secret = base64.b64decode(sys.argv[1].removeprefix("whsec_"))


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        signed = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + body
        expected = "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()
        holds = hmac.compare_digest(expected, self.headers["webhook-signature"])
        with printing:
            print(f"{json.loads(body)['data']['text']} {holds}", flush=True)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
limit = threading.Timer(60, os._exit, [1])
limit.daemon = True
limit.start()
print(server.server_port, flush=True)
sys.stdin.read()
