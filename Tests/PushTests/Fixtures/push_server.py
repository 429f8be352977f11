"""The push services for the tests: a real HTTP/2 server (h2) that checks what it is sent with other libraries than
the channel's: PyJWT for tokens, http_ece for web push.

    push_server.py [--tls CERTIFICATE KEY] [--goaway-after N] [--while FILE]

It makes all keys, and prints a JSON object a line: first {"port": ..., the keys}, then one for each request. A device's
token says what becomes of its push, in parts behind `~`: a status (`410`), `reason=CODE`, `retry=SECONDS`,
`date=SECONDS` (Retry-After as a date so far ahead), `reset`, `cut` (the connection ends), `stall`, `slow=SECONDS`,
`gone=MILLISECONDS` (when APNs knew that a token was one no more), `garbage`, `huge`, `echo` (the answer repeats every header), `first` (all that only while the first credentials are
used), `once` (only the first time), `while` (only while FILE is there). It ends when its standard input does.
"""

import argparse
import asyncio
import base64
import email.utils
import json
import os
import ssl
import sys
import time
import urllib.parse

try:
    import h2.config
    import h2.connection
    import h2.errors
    import h2.events
    import http_ece
    import jwt
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
except ImportError as error:
    print(json.dumps({"missing": str(error)}), flush=True)
    sys.exit(1)


def say(**fields):
    print(json.dumps(fields), flush=True)


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_base64url(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def private_pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def point(key):
    return key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )


class Services:
    def __init__(self, scheme):
        self.scheme = scheme
        self.account = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.apple = ec.generate_private_key(ec.SECP256R1())
        self.vapid = ec.generate_private_key(ec.SECP256R1())
        self.browser = ec.generate_private_key(ec.SECP256R1())
        self.auth = bytes(range(16))
        self.access_tokens = []
        self.seen = set()
        self.first_provider = None
        self.origin = None
        self.flag = ""

    def keys(self, port):
        self.origin = f"{self.scheme}://localhost:{port}"
        account = {
            "type": "service_account",
            "project_id": "shop-1",
            "private_key_id": "k1",
            "private_key": private_pem(self.account),
            "client_email": "push@shop-1.iam.gserviceaccount.com",
            "token_uri": f"{self.origin}/token",
        }
        return {
            "service_account": json.dumps(account),
            "apns_key": private_pem(self.apple),
            "webpush_key": base64url(self.vapid.private_numbers().private_value.to_bytes(32, "big")),
            "webpush_pem": private_pem(self.vapid),
            "p256dh": base64url(point(self.browser)),
            "auth": base64url(self.auth),
        }

    def answer(self, headers, body):
        """The status, headers and body for a request, what was found out about it, and how it misbehaves."""
        path = urllib.parse.unquote(headers[":path"])
        if path == "/token":
            return self.token(body)
        if path.startswith("/v1/projects/shop-1/messages:send"):
            return self.fcm(headers, body)
        if path.startswith("/3/device/"):
            return self.apns(path[len("/3/device/"):], headers)
        if path.startswith("/push/"):
            return self.webpush(path[len("/push/"):], headers, body)
        return 404, {}, b"", {"service": "none"}, []

    def token(self, body):
        form = urllib.parse.parse_qs(body.decode())
        found = {"service": "token"}
        try:
            assertion = form["assertion"][0]
            found["header"] = jwt.get_unverified_header(assertion)
            found["claims"] = jwt.decode(
                assertion, self.account.public_key(), algorithms=["RS256"], audience=f"{self.origin}/token"
            )
            assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
        except Exception as error:
            found["fault"] = repr(error)
            return 400, {}, b'{"error":"invalid_grant"}', found, []
        self.access_tokens.append(f"ya29.secret-{len(self.access_tokens) + 1}")
        answer = {"access_token": self.access_tokens[-1], "expires_in": 3599, "token_type": "Bearer"}
        return 200, {"content-type": "application/json"}, json.dumps(answer).encode(), found, []

    def fcm(self, headers, body):
        message = json.loads(body)["message"]
        found = {"service": "fcm", "message": message}
        given = headers.get("authorization", "").removeprefix("Bearer ")
        if given not in self.access_tokens:
            found["fault"] = f"unknown access token {given}"
            return 401, {}, b'{"error":{"status":"UNAUTHENTICATED"}}', found, []
        is_first = given == self.access_tokens[0]
        status, extra, reason, ways = self.wanted(message["token"], is_first)
        if status == 200:
            return 200, extra, b'{"name":"projects/shop-1/messages/0:1"}', found, ways
        detail = {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": reason}
        error = {"code": status, "message": "m", "status": "S", "details": [detail] if reason else []}
        for way in ways:
            if way.startswith("field="):
                error["details"].append({"fieldViolations": [{"field": way[6:], "description": "d"}]})
            if way.startswith("quota="):
                error["details"].append({"violations": [{"subject": way[6:], "description": "d"}]})
        return status, extra, json.dumps({"error": error}).encode(), found, ways

    def apns(self, token, headers):
        found = {"service": "apns", "token": token}
        given = headers.get("authorization", "").removeprefix("bearer ")
        try:
            found["header"] = jwt.get_unverified_header(given)
            found["claims"] = jwt.decode(given, self.apple.public_key(), algorithms=["ES256"])
        except Exception as error:
            found["fault"] = repr(error)
            return 403, {}, b'{"reason":"InvalidProviderToken"}', found, []
        found["jwt"] = given
        self.first_provider = self.first_provider or given
        status, extra, reason, ways = self.wanted(token, given == self.first_provider)
        extra["apns-id"] = headers.get("apns-id", "")
        if status == 200:
            return 200, extra, b"", found, ways
        content = {"reason": reason}
        for way in ways:
            if way.startswith("gone="):
                content["timestamp"] = int(way[5:])
        return status, extra, json.dumps(content).encode(), found, ways

    def webpush(self, token, headers, body):
        found = {"service": "webpush", "token": token}
        try:
            scheme, _, rest = headers["authorization"].partition(" ")
            assert scheme == "vapid"
            parts = dict(part.strip().split("=", 1) for part in rest.split(","))
            assert from_base64url(parts["k"]) == point(self.vapid)
            found["header"] = jwt.get_unverified_header(parts["t"])
            found["claims"] = jwt.decode(
                parts["t"], self.vapid.public_key(), algorithms=["ES256"], audience=self.origin
            )
            found["jwt"] = parts["t"]
            assert headers["content-encoding"] == "aes128gcm" and "ttl" in headers
            plain = http_ece.decrypt(body, private_key=self.browser, auth_secret=self.auth, version="aes128gcm")
            found["plaintext"] = json.loads(plain)
            found["salt"] = base64url(body[:16])
            found["sender"] = base64url(body[21:86])
        except Exception as error:
            found["fault"] = repr(error)
            return 400, {}, b"", found, []
        status, extra, reason, ways = self.wanted(token, False)
        content = json.dumps({"reason": reason}).encode() if reason else b""
        return 201 if status == 200 else status, extra, content, found, ways

    def wanted(self, token, is_first):
        parts = token.split("~")[1:]
        if ("once" in parts and token in self.seen) or ("first" in parts and not is_first):
            return 200, {}, None, []
        if "while" in parts and not os.path.exists(self.flag):
            return 200, {}, None, []
        self.seen.add(token)
        status, extra, reason = 200, {}, None
        for part in parts:
            if part.isdigit():
                status = int(part)
            elif part.startswith("reason="):
                reason = part[7:]
            elif part.startswith("retry="):
                extra["retry-after"] = part[6:]
            elif part.startswith("date="):
                extra["retry-after"] = email.utils.formatdate(time.time() + float(part[5:]), usegmt=True)
        return status, extra, reason, parts


class Connection(asyncio.Protocol):
    count = 0
    services = None
    goaway_after = 0

    def connection_made(self, transport):
        Connection.count += 1
        self.number = Connection.count
        self.transport = transport
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.requests = {}
        self.answered = 0
        self.left = {}
        self.flush()

    def flush(self):
        data = self.h2.data_to_send()
        if data and not self.transport.is_closing():
            self.transport.write(data)

    def data_received(self, data):
        try:
            events = self.h2.receive_data(data)
        except Exception:
            self.flush()
            self.transport.close()
            return
        for event in events:
            if isinstance(event, h2.events.RequestReceived):
                self.requests[event.stream_id] = [dict(event.headers), b""]
            elif isinstance(event, h2.events.DataReceived):
                if event.stream_id in self.requests:
                    self.requests[event.stream_id][1] += event.data
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                self.ended(event.stream_id)
            elif isinstance(event, h2.events.StreamReset):
                self.requests.pop(event.stream_id, None)
            elif isinstance(event, h2.events.WindowUpdated):
                for stream in list(self.left):
                    self.send_left(stream)
        self.flush()

    def ended(self, stream):
        headers, body = self.requests[stream]
        status, extra, content, found, ways = self.services.answer(headers, body)
        say(
            connection=self.number,
            headers={name: value for name, value in headers.items() if name != "authorization"},
            body=base64.b64encode(body).decode(),
            **found,
        )
        if "garbage" in ways:
            content = b"\xff\xfe{{{" * 20
        if "echo" in ways:
            content = json.dumps({"reason": headers["authorization"], "error": {"status": str(headers)}}).encode()
        if "huge" in ways:
            content = b"x" * (64 << 20)
        if "reset" in ways:
            self.h2.reset_stream(stream, h2.errors.ErrorCodes.INTERNAL_ERROR)
        elif "refuse" in ways:
            self.h2.reset_stream(stream, h2.errors.ErrorCodes.REFUSED_STREAM)
        elif "cut" in ways:
            self.transport.abort()
        elif "stall" in ways:
            return
        else:
            slow = next((float(way[5:]) for way in ways if way.startswith("slow=")), 0)
            if slow:
                asyncio.get_running_loop().call_later(slow, self.respond, stream, status, extra, content)
            else:
                self.respond(stream, status, extra, content)

    def respond(self, stream, status, extra, content):
        if stream not in self.requests or self.transport.is_closing():
            return
        self.h2.send_headers(stream, [(":status", str(status))] + list(extra.items()), end_stream=not content)
        if content:
            self.left[stream] = content
            self.send_left(stream)
        self.answered += 1
        if self.goaway_after and self.answered == self.goaway_after:
            self.h2.close_connection(last_stream_id=stream)
            self.flush()
            self.transport.close()
        self.flush()

    def send_left(self, stream):
        content = self.left[stream]
        try:
            while content:
                room = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
                if room <= 0:
                    break
                chunk, content = content[:room], content[room:]
                self.h2.send_data(stream, chunk, end_stream=not content)
        except h2.exceptions.ProtocolError:
            content = b""
        if content:
            self.left[stream] = content
        else:
            self.left.pop(stream, None)
        self.flush()


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tls", nargs=2)
    parser.add_argument("--while", dest="flag", default="")
    parser.add_argument("--goaway-after", type=int, default=0)
    options = parser.parse_args()
    context = None
    if options.tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*options.tls)
        context.set_alpn_protocols(["h2"])
    Connection.services = Services("https" if context else "http")
    Connection.goaway_after = options.goaway_after
    Connection.services.flag = options.flag
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    say(port=port, **Connection.services.keys(port))
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
