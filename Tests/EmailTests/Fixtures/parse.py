"""Reads letters with Python's own e-mail library, and prints each as a JSON object a line.

    parse.py FILE...          messages
    parse.py --maildir FOLDER a maildir's
"""

import email
import email.policy
import json
import mailbox
import re
import sys


def described(data):
    # RFC 6532: a header may be UTF-8, which the library reads as such from text alone.
    message = email.message_from_string(data.decode("utf-8"), policy=email.policy.default)
    defects = [str(d) for part in message.walk() for d in part.defects]
    defects += [str(d) for value in message.values() for d in getattr(value, "defects", [])]
    parts = [
        {
            "type": part.get_content_type(),
            "charset": part.get_content_charset(),
            "encoding": part["Content-Transfer-Encoding"],
            "text": part.get_payload(decode=True).decode("utf-8"),
        }
        for part in message.walk()
        if not part.is_multipart()
    ]

    def mailboxes(name):
        return [[a.display_name, a.addr_spec] for a in message[name].addresses] if message[name] else []

    return {
        "names": message.keys(),
        "headers": {name: str(value) for name, value in message.items()},
        "type": message.get_content_type(),
        "subject": message["Subject"],
        "from": mailboxes("From"),
        "to": mailboxes("To"),
        "reply_to": mailboxes("Reply-To"),
        "message_id": message["Message-ID"],
        "unsubscribe": message["List-Unsubscribe"],
        "unsubscribe_post": message["List-Unsubscribe-Post"],
        "date": message["Date"].datetime.isoformat() if message["Date"] else None,
        "parts": parts,
        "defects": defects,
        "ascii": all(byte < 128 for byte in data),
        "bare_line_ends": len(re.findall(rb"(?<!\r)\n|\r(?!\n)", data)),
        "longest_line": max(len(line) for line in data.split(b"\r\n")),
    }


if sys.argv[1] == "--maildir":
    folder = mailbox.Maildir(sys.argv[2], create=False)
    for key in sorted(folder.keys()):
        print(json.dumps({"key": key, "folder": folder.get_message(key).get_subdir(), **described(folder.get_bytes(key))}))
else:
    for path in sys.argv[1:]:
        with open(path, "rb") as file:
            print(json.dumps(described(file.read())))
