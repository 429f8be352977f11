"""A push service that knows HTTP/1.1 alone: Python's own HTTP server.

    plain_server.py [--hang-up N]

It ends the first N connections without a word. It prints a JSON object a line: first {"port": ..., a browser's keys},
then one for each request, and takes each with 201. It ends when its standard input does.
"""

import http.server
import json
import os
import sys
import threading

left = [int(sys.argv[sys.argv.index("--hang-up") + 1]) if "--hang-up" in sys.argv else 0]
lock = threading.Lock()


def say(**fields):
    with lock:
        print(json.dumps(fields), flush=True)


class Plain(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        say(service="webpush", token=self.path, connection=self.client_address[1])
        self.send_response(201)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    def verify_request(self, request, address):
        left[0] -= 1
        return left[0] < 0

    def handle_error(self, request, address):
        pass


server = Server(("127.0.0.1", 0), Plain)
threading.Thread(target=server.serve_forever, daemon=True).start()
say(
    port=server.server_address[1],
    # RFC 8291, appendix A.
    p256dh="BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
    auth="BTBZMqHH6r4Tts7J_aSIgg",
)
sys.stdin.read()
os._exit(0)
