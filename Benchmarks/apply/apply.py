"""How long an Apply holds up what comes in beside it: a Track every 10 ms, and its worst wait.

    apply.py PATH_OF_TRIGGERD [CAMPAIGNS]

Campaigns are applied for the first time, again as they are, with one more, and with one edited; one is stopped; and
the daemon starts again with all of them.
"""
import os, signal, socket, struct, subprocess, sys, tempfile, threading, time

PACE, FILE = 0.01, 1000
CAMPAIGN = """campaign: c%d
trigger: {type: custom_event, event: e%d, where: {property: value, gt: %d}}
audience: {attribute: country, any_of: [FR, BE, "%d"]}
conversions: [{type: purchase}]
messages: [{channel: in_app, title: "Hi {{ user.first_name | default: 'you' }}, {{ event.item }} waits"}]
"""
WAITING = """delay: 1h
exceptions: [{type: purchase, product_id: p%d}]
"""


def campaign(n, edit=0):
    """Every other one sends at once: those might trigger each other in a circle."""
    return CAMPAIGN % (n, n, edit, n) + (WAITING % n if n % 2 else "")


def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


class Connection:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.stream = 1

    def read(self, count):
        data = bytearray()
        while len(data) < count:
            part = self.socket.recv(min(1 << 20, count - len(data)))
            if not part:
                sys.exit("the connection was closed")
            data += part
        return bytes(data)

    def call(self, service, method, payload):
        body = field(1, b"triggerd.v1." + service) + field(2, method) + field(3, payload)
        self.socket.sendall(struct.pack(">IIBB", len(body), self.stream, 1, 0) + body)
        self.stream += 2
        length, _, _, _ = struct.unpack(">IIBB", self.read(10))
        answer = self.read(length)
        if answer[:1] == b"\x0a" and answer[1] > 0:
            print("    refused:", answer[:200])
        return answer


def files(texts):
    request = b""
    for start in range(0, len(texts), FILE):
        text = "---\n".join(texts[start:start + FILE])
        request += field(2, field(1, b"%d.yaml" % start) + field(2, text.encode()))
    return request


class Tracker(threading.Thread):
    """A Track every 10 ms, of an event that no campaign hears."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.connection, self.waits, self.ends = Connection(path), [], False

    def run(self):
        number, next = 0, time.monotonic()
        while not self.ends:
            number += 1
            item = field(1, b"u%d" % (number % 1000)) + field(5, field(1, b"nothing"))
            start = time.monotonic()
            self.connection.call(b"Events", b"Track", field(1, item))
            self.waits.append(time.monotonic() - start)
            next = max(next + PACE, time.monotonic())
            time.sleep(max(0, next - time.monotonic()))


def beside(path, name, work):
    # A process of its own makes the request, so that Python's lock holds up nothing.
    tracker = Tracker(path)
    tracker.start()
    time.sleep(0.3)
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    os.waitpid(child, 0)
    took = time.monotonic() - start
    time.sleep(0.3)
    tracker.ends = True
    tracker.join()
    waits = sorted(tracker.waits)
    print("  %-28s took %8.1f ms; a Track beside it: worst %8.1f ms, p99 %6.1f, p50 %5.1f" % (
        name, 1000 * took, 1000 * waits[-1], 1000 * waits[int(len(waits) * 0.99)], 1000 * waits[len(waits) // 2]),
        flush=True)


def serve(triggerd, folder):
    start = time.monotonic()
    daemon = subprocess.Popen([triggerd, "serve", "--data", folder + "/data", "--socket", folder + "/s"],
                              stdout=subprocess.PIPE, text=True)
    for line in daemon.stdout:
        if line.strip() == "ready":
            threading.Thread(target=daemon.stdout.read, daemon=True).start()
            return daemon, time.monotonic() - start
    sys.exit("the daemon did not start")


def main(triggerd, count):
    with tempfile.TemporaryDirectory() as folder:
        daemon, took = serve(triggerd, folder)
        print("start without campaigns: %.0f ms" % (1000 * took))
        path = folder + "/s"
        apply = lambda texts: lambda: Connection(path).call(b"Campaigns", b"Apply", files(texts))
        all = [campaign(n) for n in range(count)]
        beside(path, "nothing", lambda: time.sleep(0.5))
        beside(path, "the first %d" % count, apply(all))
        beside(path, "the same %d again" % count, apply(all))
        beside(path, "one more", apply([campaign(count)]))
        beside(path, "one edited", apply([campaign(7, edit=100)]))
        beside(path, "one stopped", lambda: Connection(path).call(b"Campaigns", b"Stop", field(1, b"c9")))
        beside(path, "all edited", apply([campaign(n, edit=200) for n in range(count)]))
        resident = [line.split()[1] for line in open("/proc/%d/status" % daemon.pid) if line.startswith("VmRSS")][0]
        print("resident: %s kB" % resident)
        daemon.send_signal(signal.SIGTERM)
        daemon.wait()
        daemon, took = serve(triggerd, folder)
        print("start with %d campaigns of two versions: %.0f ms" % (count + 1, 1000 * took))
        daemon.send_signal(signal.SIGTERM)
        daemon.wait()


main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 8500)
