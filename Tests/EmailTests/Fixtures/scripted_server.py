"""A mail server that does what it is told, right or wrong.

    scripted_server.py JSON

The object's members, each optional:
    offers    what EHLO offers: ["PIPELINING", "SMTPUTF8", ...]
    greeting, ehlo, mail, rcpt, data, content, rset
              what is done at that stage instead of the usual reply: a reply's lines, or
              "hang", "drop", "endless" (a reply that never ends), "garbage" (no reply at all), "after SECONDS" (the
              usual one, late), "said TEXT" (without the line's end, and the connection is closed)
    replies   {"rcpt": ["250 Ok", "550 5.1.1 Nobody"]}: the stage's first replies, one each time
    nobody    whoever has this in the address is unknown: 550 5.1.1
    skip      so many letters of a connection are taken first
    times     so many connections are treated so; the others as usual
    port      which; if not said, any
    piece     replies go out in pieces of so many bytes

It prints a JSON object a line: {"port": ...}; then {"connection": ..., "heard": ...} for each piece
that it reads, and {"connection": ..., "sender": ..., "recipients": ..., "bytes": ...} for each letter
that it takes. It ends when its standard input does.
"""

import base64
import json
import os
import socket
import sys
import threading
import time

script = json.loads(sys.argv[1])
printing = threading.Lock()


def say(**fields):
    with printing:
        print(json.dumps(fields), flush=True)


class Dropped(Exception):
    pass


class Connection:
    usual = {
        "greeting": "220 scripted",
        "mail": "250 2.1.0 Ok",
        "rcpt": "250 2.1.5 Ok",
        "data": "354 Go on",
        "content": "250 2.0.0 Ok: queued",
        "rset": "250 2.0.0 Ok",
        "quit": "221 2.0.0 Bye",
    }

    def __init__(self, number, peer):
        self.number = number
        self.peer = peer
        self.buffer = b""
        self.taken = 0
        self.acts = number < script.get("times", 1 << 30)
        self.replies = {stage: list(replies) for stage, replies in script.get("replies", {}).items()}
        self.sender, self.recipients = None, []
        offers = ["scripted"] + script.get("offers", [])
        self.ehlo = "\n".join(f"250{'-' if i < len(offers) - 1 else ' '}{o}" for i, o in enumerate(offers))

    def write(self, text):
        data = text.replace("\n", "\r\n").encode() + b"\r\n"
        piece = script.get("piece", len(data))
        for start in range(0, len(data), piece):
            self.peer.sendall(data[start : start + piece])
            if piece < len(data):
                time.sleep(0.0002)

    def told(self, stage):
        """What is done at this stage instead of the usual reply; None: nothing."""
        return script.get(stage) if self.acts and self.taken >= script.get("skip", 0) else None

    def reply(self, stage):
        usual = self.ehlo if stage == "ehlo" else self.usual[stage]
        if self.replies.get(stage):
            usual = self.replies[stage].pop(0)
        told = self.told(stage)
        if told == "hang":
            time.sleep(60)
        elif told == "drop":
            raise Dropped
        elif told and told.startswith("said "):
            self.peer.sendall(told[5:].encode())
            raise Dropped
        elif told and told.startswith("after "):
            time.sleep(float(told[6:]))
            told = None
            self.write(usual)
        elif told == "endless":
            while True:
                self.peer.sendall(b"250-and so on\r\n" * 100)
        elif told == "garbage":
            self.write("What do you want?")
        else:
            self.write(told or usual)
        answer = told or usual
        if answer.startswith("421"):
            raise Dropped
        return answer

    def read(self, end):
        while end not in self.buffer:
            piece = self.peer.recv(65536)
            if not piece:
                raise Dropped
            say(connection=self.number, heard=piece.decode())
            self.buffer += piece
        data, _, self.buffer = self.buffer.partition(end)
        return data

    def serve(self):
        self.reply("greeting")
        while True:
            line = self.read(b"\r\n").decode()
            verb = line[:4].upper()
            if verb == "MAIL":
                self.sender, self.recipients = None, []
                if self.reply("mail").startswith("250"):
                    self.sender = line
            elif verb == "RCPT":
                if "nobody" in script and script["nobody"] in line:
                    self.write("550 5.1.1 User unknown")
                elif self.reply("rcpt").startswith("250"):
                    self.recipients.append(line)
            elif verb == "DATA":
                if self.reply("data").startswith("354"):
                    content = self.content()
                    # Said first, so that it is there when the client has its answer.
                    if (self.told("content") or "after").startswith("after") and not self.replies.get("content"):
                        say(
                            connection=self.number,
                            sender=self.sender,
                            recipients=self.recipients,
                            bytes=base64.b64encode(content).decode(),
                        )
                    if self.reply("content").startswith("250"):
                        self.taken += 1
            elif verb == "QUIT":
                self.reply("quit")
                return
            else:
                self.reply({"EHLO": "ehlo", "HELO": "ehlo"}.get(verb, "rset"))

    def content(self):
        """As far as the dot, which may be the first line."""
        lines = []
        while (line := self.read(b"\r\n")) != b".":
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(line + b"\r\n" for line in lines)


def run(number, peer):
    peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        Connection(number, peer).serve()
    except (Dropped, OSError):
        pass
    finally:
        peer.close()
    say(connection=number, closed=True)


def accept(listener):
    number = 0
    while True:
        peer, _ = listener.accept()
        threading.Thread(target=run, args=(number, peer), daemon=True).start()
        number += 1


listener = socket.create_server(("127.0.0.1", script.get("port", 0)))
say(port=listener.getsockname()[1])
threading.Thread(target=accept, args=(listener,), daemon=True).start()
sys.stdin.read()
with printing:
    os._exit(0)
