"""A receiver of webhooks that records. It is mostly well, and now and then slow, or silent about what it took."""

import collections
import http.server
import json
import random
import threading
import time


class Receiver:
    def __init__(self, seed):
        self.lock = threading.Lock()
        # Of each message (campaign, number of its item): how often it came under each key.
        self.received = collections.defaultdict(collections.Counter)
        self.contents = {}
        self.changed = []  # Keys under which something else came.
        self.count = 0
        self.silent = 0
        self.chance = random.Random(seed)
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                receiver.take(self)

            def log_message(self, *arguments):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 128

            def handle_error(self, request, address):
                pass  # The daemon was killed: its connections break.

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, request):
        body = request.rfile.read(int(request.headers["content-length"]))
        key, data = request.headers["webhook-id"], json.loads(body)["data"]
        with self.lock:
            self.count += 1
            self.received[data["campaign"], int(data["n"])][key] += 1
            if self.contents.setdefault(key, data) != data:
                self.changed.append(key)
            mood = self.chance.random()
            self.silent += mood < 0.005
        if mood < 0.005:
            request.close_connection = True  # It took it, and the daemon does not hear of it.
            return
        if mood < 0.05:
            time.sleep(self.chance.uniform(0.01, 0.2))
        request.send_response(200)
        request.send_header("content-length", "0")
        request.end_headers()
