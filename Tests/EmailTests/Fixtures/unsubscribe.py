"""What an application's endpoint does with a one-click link, after docs/channels.md.

    unsubscribe.py FILE SECRET [OLD NEW]

Prints what the letter's first link says, and whether it is ours; OLD in it becomes NEW before.
"""

import base64
import email
import email.policy
import hashlib
import hmac
import json
import sys
from urllib.parse import parse_qs, urlsplit

with open(sys.argv[1], "rb") as file:
    message = email.message_from_binary_file(file, policy=email.policy.default)
targets = [target.strip()[1:-1] for target in message["List-Unsubscribe"].split(",")]
link = targets[0]
if len(sys.argv) > 3:
    link = link.replace(sys.argv[3], sys.argv[4])

query = urlsplit(link).query
fields = parse_qs(query)
signed = query[query.rindex("user=") : query.rindex("&signature=")]
expected = base64.urlsafe_b64encode(hmac.digest(sys.argv[2].encode(), signed.encode(), hashlib.sha256)).rstrip(b"=")
print(
    json.dumps(
        {
            "ours": hmac.compare_digest(expected.decode(), fields["signature"][0]),
            "user": fields["user"][0],
            "campaign": fields["campaign"][0],
            "key": fields["key"][0],
            "post": message["List-Unsubscribe-Post"],
            "targets": targets,
        }
    )
)
