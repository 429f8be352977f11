"""How late sends leave: 100,000 wait, of which 10,000 become due over ten seconds and go to a maildir.

    timers.py PATH_OF_TRIGGERD

Lateness is of the hand-over's instant, and of the instant at which the message's file was written.
"""
import datetime, json, os, re, signal, subprocess, sys, tempfile, time

WAITING, DUE, OVER, DELAY = 90_000, 10_000, 10.0, 30.0
CAMPAIGNS = """
campaign: far
trigger: {type: custom_event, event: later}
delay: 1d
messages: [{channel: in_app, title: hi}]
---
campaign: near
launched_at: 2026-01-01
trigger: {type: custom_event, event: soon}
delay: %ds
messages: [{channel: email, subject: hi, body: there}]
""" % DELAY


def text(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat(timespec="milliseconds")


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def show(name, late):
    late = sorted(late)
    print("  %-10s %6d sends, ms late: p50 %.1f, p99 %.1f, max %.1f" % (
        name, len(late), *(1000 * late[min(len(late) - 1, int(len(late) * q))] for q in (0.5, 0.99, 1))))


def main(triggerd):
    with tempfile.TemporaryDirectory() as folder:
        data, socket = folder + "/data", folder + "/s"
        os.mkdir(folder + "/campaigns")
        with open(folder + "/campaigns/timers.yaml", "w") as file:
            file.write(CAMPAIGNS)
        daemon = subprocess.Popen(
            [triggerd, "serve", "--data", data, "--socket", socket, "--campaigns", folder + "/campaigns"],
            stdout=subprocess.PIPE, text=True)
        while daemon.stdout.readline().strip() != "ready":
            pass
        track = subprocess.Popen([triggerd, "track", "--socket", socket, "-"], stdin=subprocess.PIPE, text=True,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        start = time.time()
        for n in range(DUE):
            event = {"user": "near%d" % n, "type": "custom_event", "event": "soon",
                     "at": text(start - OVER + OVER * n / DUE), "set": {"email": "near%d@example.com" % n}}
            track.stdin.write(json.dumps(event) + "\n")
        for n in range(WAITING):
            track.stdin.write('{"user": "far%d", "type": "custom_event", "event": "later"}\n' % n)
        track.stdin.close()
        if track.wait() != 0:
            sys.exit("track was refused")
        tracked = time.time() - start
        if tracked > DELAY - OVER:
            sys.exit("tracking took %.1f s, longer than the first send waits" % tracked)
        new = data + "/maildir/new"
        while not os.path.isdir(new) or len(os.listdir(new)) < DUE:
            if time.time() > start + DELAY + 30:
                sys.exit("not all messages left")
            time.sleep(0.2)
        daemon.send_signal(signal.SIGTERM)
        daemon.wait()

        due, handed = {}, {}
        dump = subprocess.run([triggerd, "dump", data], capture_output=True, text=True, check=True)
        for line in dump.stdout.splitlines():
            record = json.loads(line)
            if record.get("campaign") != "near":
                continue
            if record.get("decision") == "scheduled":
                due[record["user"]] = instant(record["next"])
            elif record.get("decision") == "delivered":
                handed[record["user"]] = instant(record["at"])
        written = {}
        for name in os.listdir(new):
            with open(new + "/" + name) as file:
                user = re.search(r"(near\d+)@example.com", file.read()).group(1)
            written[user] = os.stat(new + "/" + name).st_mtime
        print("%d waiting:" % (WAITING + DUE))
        show("handed", [handed[user] - due[user] for user in handed])
        show("written", [written[user] - due[user] for user in written])


main(sys.argv[1])
