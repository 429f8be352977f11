"""What is stored of an event that 100 campaigns hear, each asking for something else, of which 3 trigger.

    near_misses.py PATH_OF_TRIGGERD [CAMPAIGNS]

Records of decisions, bytes of a user's record, and bytes that the daemon wrote, each an event.
"""
import json, os, signal, subprocess, sys, tempfile, time

USERS, EVENTS = 100, 20
CAMPAIGN = """campaign: over%d
trigger: {type: custom_event, event: cart, where: {property: total, gte: %d}}
delay: 1h
re_eligibility: {after: 0s}
messages: [{channel: in_app, title: hi}]
"""


def written(pid):
    with open("/proc/%d/io" % pid) as file:
        return int(next(line for line in file if line.startswith("wchar")).split()[1])


def main(triggerd, count):
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(folder + "/campaigns")
        with open(folder + "/campaigns/all.yaml", "w") as file:
            file.write("---\n".join(CAMPAIGN % (n, n) for n in range(1, count + 1)))
        daemon = subprocess.Popen(
            [triggerd, "serve", "--data", folder + "/data", "--socket", folder + "/s", "--campaigns",
             folder + "/campaigns", "--keep-events", "0s"], stdout=subprocess.PIPE, text=True)
        while daemon.stdout.readline().strip() != "ready":
            pass
        before, start = written(daemon.pid), time.time()
        events = "".join(
            json.dumps({"user": "u%d" % (n % USERS), "type": "custom_event", "event": "cart",
                        "properties": {"total": 3}}) + "\n" for n in range(USERS * EVENTS))
        track = subprocess.run([triggerd, "track", "--socket", folder + "/s", "-"], input=events, text=True,
                               capture_output=True)
        if track.returncode != 0:
            sys.exit("track was refused: " + track.stderr)
        took, after = time.time() - start, written(daemon.pid)
        daemon.send_signal(signal.SIGTERM)
        daemon.wait()
        kinds = {}
        dump = subprocess.run([triggerd, "dump", folder + "/data"], capture_output=True, text=True, check=True)
        for line in dump.stdout.splitlines():
            kind = json.loads(line)["kind"]
            kinds[kind] = kinds.get(kind, 0) + 1
        all = USERS * EVENTS
        print("  %d campaigns, 3 trigger: %.1f decisions, %.0f bytes answered and written, %.2f ms an event" % (
            count, kinds.get("decision", 0) / all, (after - before) / all, 1000 * took / all))


main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100)
