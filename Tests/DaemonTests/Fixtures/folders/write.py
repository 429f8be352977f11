#!/usr/bin/env python3
"""Writes a data folder with a build of triggerd, for `FolderTests` to open with a later one.

    write.py PATH_OF_TRIGGERD NAME

makes NAME.tar.gz beside this file: the folder as kill -9 left it, with waits, an in-app queue and a lease, messages
that a server put off, one that it refused, campaigns in two versions and stopped, tallies, tokens, item ids, kept
events, near misses, and what is remembered of users. Only what every build since the first has is used; what an older
one does not know (`users delete`) is left out.
"""
import os, pathlib, shutil, signal, socket, subprocess, sys, tarfile, tempfile, threading, time

CART = """
campaign: cart
trigger: {{type: custom_event, event: add_to_cart, where: {{property: cart_value, gte: 100}}}}
delay: 1h
exceptions: [{{type: purchase, same: product_id}}]
re_eligibility: {{after: 0s}}
conversions: [{{type: custom_event, event: came_back}}]
messages: [{{channel: email, subject: "{subject}", body: "{{{{ event.item }}}} waits"}}]
"""
OTHERS = """
campaign: welcome
trigger: {type: session_start}
re_eligibility: {after: 0s}
conversions: [{type: custom_event, event: came_back}]
messages: [{channel: in_app, title: Welcome, expires_after: 30d}]
---
campaign: follow-up
trigger: {type: campaign_interaction, campaign: welcome, action: in_app_viewed}
delay: 1h
messages: [{channel: email, subject: Follow-up, body: hello}]
---
campaign: bought
trigger: {type: purchase}
re_eligibility: {after: 0s}
messages: [{channel: email, subject: Thank you, body: "for {{ event.product_id }}"}]
---
campaign: limited
trigger: {type: custom_event, event: ping}
rate_limit: {per_minute: 1}
max_recipients: 2
messages: [{channel: email, subject: Limited, body: hello}]
---
campaign: stopped-once
trigger: {type: custom_event, event: remind}
delay: 1h
re_eligibility: {after: 0s}
messages: [{channel: email, subject: Reminder, body: hello}]
---
campaign: best-time
trigger: {type: custom_event, event: plan}
delay: {days: 1, at: best_time, fallback: "17:00"}
messages: [{channel: email, subject: Plan, body: hello}]
---
campaign: spenders
trigger: {type: custom_event, event: look}
audience: {all: [{purchase_total: EUR, gte: 10}, {event_count: look, gte: 1, in_last: 3d}]}
messages: [{channel: email, subject: Spender, body: hello}]
---
campaign: near-shop
trigger: {type: location, areas: [{name: shop, latitude: 48.85, longitude: 2.35, radius_m: 500}]}
delay: 1h
messages: [{channel: email, subject: Near, body: hello}]
---
campaign: held-out
trigger: {type: custom_event, event: trial}
control_group: {users: [control]}
conversions: [{type: purchase}]
messages: [{channel: email, subject: Trial, body: hello}]
---
workspace:
  time_zone: Europe/Paris
  frequency_caps: [{at_most: 90, channel: any, per: 1d}]
"""


def serve_mail(listener):
    """A server that knows nobody called bad, and has no room for anybody else just now."""

    def serve(connection):
        lines = connection.makefile("rwb")

        def say(text):
            lines.write(text.encode() + b"\r\n")
            lines.flush()

        say("220 fixture")
        for line in lines:
            word = line.upper()
            if word.startswith(b"EHLO"):
                say("250 fixture")
            elif word.startswith(b"RCPT TO:<BAD@"):
                say("550 5.1.1 no such user")
            elif word.startswith(b"RCPT"):
                say("451 4.3.1 later")
            elif word.startswith(b"DATA"):
                say("503 5.5.1 nobody to write to")
            elif word.startswith(b"QUIT"):
                say("221 bye")
                break
            else:
                say("250 ok")

    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


def main(triggerd, name):
    triggerd = os.path.abspath(triggerd)
    here = pathlib.Path(__file__).resolve().parent
    folder = pathlib.Path(tempfile.mkdtemp(prefix="folder-"))
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve_mail, args=(listener,), daemon=True).start()
    (folder / "cart.yaml").write_text(CART.format(subject="First cart"))
    (folder / "cart-2.yaml").write_text(CART.format(subject="Second cart"))
    (folder / "others.yaml").write_text(OTHERS)
    environment = dict(os.environ, TRIGGERD_SOCKET=str(folder / "s"))
    log = open(folder / "log", "w+")
    port = listener.getsockname()[1]
    daemon = subprocess.Popen(
        [triggerd, "serve", "--data", folder / "data", "--set", f"email.url=smtp://127.0.0.1:{port}", "--set",
         "email.from=Shop <shop@example.com>"],
        env=environment, stdout=log, stderr=log)
    while "\nready\n" not in (folder / "log").read_text():
        if daemon.poll() is not None:
            sys.exit((folder / "log").read_text())
        time.sleep(0.05)

    def run(*arguments, may_fail=False, text=None):
        done = subprocess.run([triggerd, *arguments], env=environment, input=text, capture_output=True, text=True)
        if done.returncode != 0 and not may_fail:
            sys.exit(f"{' '.join(map(str, arguments))}: {done.stdout}{done.stderr}")
        return done.stdout

    def track(user, *arguments):
        return run("track", "--user", user, "--set", f"email={user}@example.com", *arguments)

    def cart(user, item, value=150):
        track(user, "--event", "add_to_cart", "--property", f"cart_value={value}", "--property", f"item={item}",
              "--property", f"product_id={item}")

    run("apply", folder / "cart.yaml", folder / "others.yaml")
    cart("ann", "lamp")
    run("apply", folder / "cart-2.yaml")
    cart("ann", "chair")
    track("ann", "--session-start", "--device", "phone")
    cart("bob", "lamp")
    track("bob", "--purchase", "lamp", "--price", "12.34", "--currency", "EUR")
    track("cleo", "--session-start", "--device", "phone", "--set", "first_name=Cléo")
    run("inbox", "cleo", "--device", "phone", "--acknowledge")
    track("cleo", "--event", "came_back")
    track("bad", "--purchase", "lamp", "--price", "1", "--currency", "EUR")
    track("dave", "--purchase", "chair", "--price", "80.5", "--currency", "EUR", "--id", "order-1")
    track("dave", "--event", "look")
    for user in ["lim-1", "lim-2", "lim-3"]:
        track(user, "--event", "ping")
    track("epoch", "--event", "remind")
    run("stop", "stopped-once")
    run("resume", "stopped-once")
    track("epoch", "--event", "remind")
    track("planner", "--session-start")
    track("planner", "--event", "plan")
    run("track", "-", text='{"user": "walker", "set": {"email": "walker@example.com"}, "type": "location", '
        '"latitude": 48.85, "longitude": 2.35}\n')
    track("control", "--event", "trial")
    track("tokens", "--set", 'push_tokens=["token-1","token-2"]')
    cart("near", "pen", value=5)
    cart("gone", "lamp")
    run("users", "delete", "gone", may_fail=True)
    # Format 1 counts no attempts.
    deadline = time.time() + 5
    while '"attempts"' not in run("dump", folder / "data", "--kind", "outbox") and time.time() < deadline:
        time.sleep(0.1)
    (folder / "data" / "written-at").write_text(f"{int(time.time())}\n")
    daemon.send_signal(signal.SIGKILL)
    daemon.wait()
    # What RocksDB never reads again.
    for file in (folder / "data" / "rocksdb").iterdir():
        if file.name.startswith("LOG") or file.name.startswith("OPTIONS"):
            file.unlink()
    with tarfile.open(here / f"{name}.tar.gz", "w:gz") as archive:
        archive.add(folder / "data", "data")
    print(run("dump", folder / "data"))
    shutil.rmtree(folder)


main(*sys.argv[1:])
