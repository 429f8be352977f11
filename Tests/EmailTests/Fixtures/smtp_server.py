"""A real mail server for the tests: aiosmtpd, on a port of its own choosing.

    smtp_server.py [--login USER PASSWORD | --no-login] [--tls CERTIFICATE KEY] [--at-once]
                   [--delay SECONDS] [--hang-up-after N] [--xoauth2]

It prints a JSON object a line: first {"port": ...}, then one for each message that it takes and
for each login that it sees. Recipients name what happens to them: `later@...` gets 451,
`nobody@...` 550 5.1.1, `relay@...` 550 5.7.1, `old@...` a 550 without an enhanced status;
`content-later@...` and `content-never@...` get theirs after the content. The sender `stranger@...`
gets 553. It offers CRAM-MD5 beside PLAIN and LOGIN, and can do nothing with it, as many servers; with --xoauth2 XOAUTH2
alone, where PASSWORD is the token. It ends when its standard input does.
"""

import argparse
import asyncio
import base64
import json
import ssl
import sys

try:
    from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
except ImportError:
    print(json.dumps({"missing": "aiosmtpd"}), flush=True)
    sys.exit(1)


def say(**fields):
    print(json.dumps(fields), flush=True)


class Handler:
    recipients = {
        "later": "451 4.3.2 Try later",
        "nobody": "550 5.1.1 No such user here",
        "relay": "550 5.7.1 Relaying denied",
        "old": "550 no such user",
    }
    contents = {
        "content-later": "452 4.3.1 Insufficient system storage",
        "content-never": "554 5.6.0 We do not want this",
    }

    def __init__(self, delay):
        self.delay = delay

    async def handle_MAIL(self, server, session, envelope, address, options):
        if address.startswith("stranger@"):
            return "553 5.7.1 Not your address"
        envelope.mail_from = address
        return "250 2.1.0 Ok"

    async def handle_RCPT(self, server, session, envelope, address, options):
        refusal = self.recipients.get(address.split("@")[0])
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server, session, envelope):
        await asyncio.sleep(self.delay)
        refusal = self.contents.get(envelope.rcpt_tos[0].split("@")[0])
        if refusal:
            return refusal
        say(
            sender=envelope.mail_from,
            recipients=envelope.rcpt_tos,
            tls=session.ssl is not None,
            user=session.auth_data.login.decode() if session.auth_data else None,
            peer=session.peer[1],
            helo=session.host_name,
            bytes=base64.b64encode(envelope.original_content).decode(),
        )
        return "250 2.0.0 Ok: queued as 4XYZ"


    async def auth_CRAM__MD5(self, server, args):
        say(login=False, mechanism="CRAM-MD5")
        return AuthResult(success=False, handled=False, message="535 5.7.8 Cannot")


class OAuth(Handler):
    def __init__(self, delay, login):
        super().__init__(delay)
        self.login = login

    async def auth_XOAUTH2(self, server, args):
        given = (await server.challenge_auth("") if len(args) == 1 else base64.b64decode(args[1])).decode()
        user, token = self.login
        known = given == f"user={user}\1auth=Bearer {token}\1\1"
        say(login=known, mechanism="XOAUTH2", given=given)
        if not known:
            # As big providers do: why, and the refusal once the client has answered that with an empty line.
            if "expired" in given:
                await server.challenge_auth(b'{"status": "401"}', encode_to_b64=True)
            return AuthResult(success=False, handled=False, message=f"535 5.7.8 Not {given.split()[1][:-2]}")
        return AuthResult(success=True, auth_data=LoginPassword(user.encode(), b""))


class HangingUp(SMTP):
    """Takes N mails on a connection and answers the next MAIL with 421, as many servers do."""

    most = 0
    taken = 0

    async def smtp_MAIL(self, arg):
        if self.most and self.taken >= self.most:
            await self.push("421 4.7.0 Too many messages on this connection")
            self.transport.close()
            return
        self.taken += 1
        await super().smtp_MAIL(arg)


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--login", nargs=2)
    parser.add_argument("--no-login", action="store_true", help="offers no AUTH; with --at-once")
    parser.add_argument("--tls", nargs=2)
    parser.add_argument("--at-once", action="store_true", help="TLS from the first byte")
    parser.add_argument("--delay", type=float, default=0)
    parser.add_argument("--hang-up-after", type=int, default=0)
    parser.add_argument("--xoauth2", action="store_true")
    options = parser.parse_args()

    context = None
    if options.tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*options.tls)

    def authenticate(server, session, envelope, mechanism, data):
        known = isinstance(data, LoginPassword) and [data.login.decode(), data.password.decode()] == options.login
        say(login=known, mechanism=mechanism)
        # Some servers give back what they were given.
        given = f"{data.password.decode()} {base64.b64encode(data.password).decode()}"
        message = None if known else f"535 5.7.8 Not {given}"
        return AuthResult(success=known, handled=known, message=message, auth_data=data)

    HangingUp.most = options.hang_up_after

    def connection():
        return HangingUp(
            OAuth(options.delay, options.login) if options.xoauth2 else Handler(options.delay),
            hostname="localhost",
            tls_context=None if options.at_once else context,
            authenticator=authenticate if options.login else None,
            auth_required=options.login is not None,
            # Without TLS at hand the server would take the password in clear; the client must not.
            # It does not see the TLS of --at-once, and so offers no AUTH under it where it must.
            auth_require_tls=options.no_login or (context is not None and not options.at_once),
            enable_SMTPUTF8=True,
            auth_exclude_mechanism=["PLAIN", "LOGIN", "CRAM-MD5"] if options.xoauth2 else None,
        )

    server = await asyncio.get_running_loop().create_server(
        connection, "127.0.0.1", 0, ssl=context if options.at_once else None
    )
    say(port=server.sockets[0].getsockname()[1])
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
