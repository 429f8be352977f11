#!/usr/bin/env python3
"""How long a polite client waits while another does its worst: hostile.py TRIGGERD [SECONDS] [KIND...]

The polite one asks for health over the Unix socket, one call at a time, 500 a second. For each kind of harm its p50 and
p99 are told beside those of a run with nobody else, and of one beside as many processes as there are cores, which do
nothing but take them: so much the harm's client and the daemon's answer to it take at most, and how a busy machine
shares its cores is not the daemon's doing. All take turns, three times, and the median counts. Ends with 1 where the
p99 of a harm is more than twice that of the worse of these two.
"""

import multiprocessing
import os
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time

PREFIX = "triggerd.v1."
ROUNDS = 3


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def frame(stream, service, method, payload=b"", metadata=()):
    body = field(1, (PREFIX + service).encode()) + field(2, method.encode()) + field(3, payload)
    for key, value in metadata:
        body += field(5, field(1, key.encode()) + field(2, value.encode()))
    return len(body).to_bytes(4, "big") + stream.to_bytes(4, "big") + b"\1\0" + body


def connect(place):
    kind, where, _ = place
    made = socket.socket(socket.AF_UNIX if kind == "unix" else socket.AF_INET)
    made.connect(where)
    made.settimeout(5)
    return made


def read(made, count):
    got = b""
    while len(got) < count:
        part = made.recv(count - len(got))
        if not part:
            raise ConnectionError("closed")
        got += part
    return got


# Each harm is done once; whoever is let go comes again at once.


def flood(place):
    """Calls by the thousand, answers read."""
    made = connect(place)
    calls = b"".join(frame(n * 2 + 1, "Health", "Check") for n in range(1000))
    while True:
        made.sendall(calls)
        for _ in range(1000):
            read(made, int.from_bytes(read(made, 10)[:4], "big"))


def never_reads(place):
    """Asks for lists, and reads nothing."""
    made = connect(place)
    calls = b"".join(frame(n * 2 + 1, "Decisions", "List") for n in range(500))
    while True:
        made.sendall(calls)


def many_fields(place):
    """Requests of 4 MiB that are as many empty items as fit."""
    made = connect(place)
    request = frame(1, "Events", "Track", b"\x0a\x00" * 2_000_000)
    while True:
        made.sendall(request)
        read(made, int.from_bytes(read(made, 10)[:4], "big"))


def deep(place):
    """Messages within messages."""
    made = connect(place)
    nested = b""
    while len(nested) < 60_000:
        nested = field(5, nested)
    request = frame(1, "Events", "Track", field(1, field(5, field(2, nested))))
    while True:
        made.sendall(request)
        read(made, int.from_bytes(read(made, 10)[:4], "big"))


def metadata(place):
    """As many pairs of metadata as there may be, and more."""
    made = connect(place)
    request = frame(1, "Health", "Check", metadata=[("k", "v")] * 16_384)
    more = frame(1, "Health", "Check", metadata=[("k", "v")] * 400_000)
    while True:
        for call in (request, more):
            made.sendall(call)
            read(made, int.from_bytes(read(made, 10)[:4], "big"))


def begun_frames(place):
    """The front of a frame of 4 MiB, on as many connections as are let in."""
    held = []
    while True:
        made = connect(place)
        made.sendall((4 << 20).to_bytes(4, "big") + b"\0\0\0\1\1\0" + b"x" * 60_000)
        held.append(made)
        if len(held) > 700:
            held.pop(0).close()


def connections(place):
    """Comes and goes."""
    while True:
        connect(place).close()


def oversize(place):
    """Bodies that are too large, to be passed over."""
    made = connect(place)
    body = b"x" * (8 << 20)
    while True:
        made.sendall((8 << 20).to_bytes(4, "big") + b"\0\0\0\1\1\0" + body)
        read(made, int.from_bytes(read(made, 10)[:4], "big"))


def handshakes(place):
    """Agrees on TLS again and again."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    while True:
        context.wrap_socket(connect(place)).close()


def guesses(place):
    """Guesses tokens."""
    made = connect(place)
    number = 0
    while True:
        number += 1
        made.sendall(frame(1, "Users", "Get", metadata=[("authorization", f"Bearer {number:032x}")]))
        read(made, int.from_bytes(read(made, 10)[:4], "big"))


def nobody(_):
    """No harm at all."""
    time.sleep(3600)


def cores(_):
    """No harm either, but nothing is idle."""
    for _ in range(os.cpu_count() - 1):
        multiprocessing.Process(target=cores_one).start()
    cores_one()


def cores_one():
    parent = os.getppid()
    while os.getppid() == parent:
        for _ in range(100_000):
            pass


def again(harm, place):
    while True:
        try:
            harm(place)
        except OSError:
            pass


def polite(place, seconds):
    made = connect(place)
    call = frame(1, "Health", "Check")
    waited = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.perf_counter()
        made.sendall(call)
        read(made, int.from_bytes(read(made, 10)[:4], "big"))
        waited.append(time.perf_counter() - began)
        time.sleep(0.002)
    waited.sort()
    return waited[len(waited) // 2] * 1e6, waited[len(waited) * 99 // 100] * 1e6


def main():
    binary = sys.argv[1]
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as folder:
        key, certificate, token = (os.path.join(folder, name) for name in ("key", "certificate", "token"))
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=localhost", "-keyout", key, "-out", certificate], check=True, capture_output=True)
        with open(os.open(token, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write("0123456789abcdef0123456789abcdef\n")
        path = os.path.join(folder, "s")
        daemon = subprocess.Popen(
            [binary, "serve", "--data", os.path.join(folder, "data"), "--socket", path, "--listen", "tcp://127.0.0.1:0",
             "--listen", "tls://127.0.0.1:0", "--tls-cert", certificate, "--tls-key", key, "--allow",
             f"token:{token}=ingest"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        ports = []
        for line in daemon.stdout:
            if line.startswith("listening: ") and "127.0.0.1:" in line:
                ports.append(int(line.rsplit(":", 1)[1]))
            if line == "ready\n":
                break
        unix = ("unix", path, "unix")
        tcp, tls = (("tcp", ("127.0.0.1", port), name) for port, name in zip(ports, ("tcp", "tls")))
        harms = [(flood, unix), (never_reads, unix), (many_fields, unix), (deep, unix), (metadata, unix),
                 (begun_frames, unix), (begun_frames, tcp), (connections, unix), (connections, tcp), (oversize, unix),
                 (handshakes, tls), (guesses, tcp)]
        if len(sys.argv) > 3:
            harms = [harm for harm in harms if harm[0].__name__ in sys.argv[3:]]
        failed = False
        try:
            polite(unix, 1)
            runs = [(nobody, unix), (cores, unix)] + harms
            waits = [[] for _ in runs]
            for _ in range(ROUNDS):
                for (harm, place), waited in zip(runs, waits):
                    other = multiprocessing.Process(target=again, args=(harm, place))
                    other.start()
                    time.sleep(0.3)
                    waited.append(polite(unix, seconds))
                    other.kill()
                    other.join()
                    time.sleep(0.2)
            base = 0
            for (harm, place), waited in zip(runs, waits):
                p50, p99 = (statistics.median(values) for values in zip(*waited))
                if harm in (nobody, cores):
                    base = max(base, p99)
                is_slow = p99 > 2 * base
                failed |= is_slow
                name = harm.__name__ if harm in (nobody, cores) else f"{harm.__name__} ({place[2]})"
                print(f"{name:22} p50 {p50:7.0f} us  p99 {p99:7.0f} us  {p99 / base:5.2f} times"
                      + ("  TOO SLOW" if is_slow else ""), flush=True)
        finally:
            daemon.terminate()
            if daemon.wait(60) != 0:
                failed = True
                print("the daemon did not end well")
        sys.exit(1 if failed else 0)


main()
