"""Where the daemon listens."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from dataclasses import dataclass


@dataclass(frozen=True)
class Address:
    """``unix:PATH``, ``tcp://HOST:PORT`` or ``tls://HOST:PORT``."""

    scheme: str
    path: str = ""
    host: str = ""
    port: int = 0

    @classmethod
    def parse(cls, text: str) -> Address:
        if text.startswith("unix:"):
            path = text[5:]
            if path.startswith("//"):
                path = path[2:]
            if not path:
                raise ValueError(f"{text!r} names no path: write unix:/run/triggerd/triggerd.sock")
            return cls("unix", path=path)
        scheme, _, rest = text.partition("://")
        host, _, port = rest.rpartition(":")
        is_place = bool(host) and port.isdecimal() and 0 < int(port) < 65536
        if scheme not in ("tcp", "tls") or not is_place:
            raise ValueError(f"{text!r} is no address: write unix:PATH, tcp://HOST:PORT or tls://HOST:PORT")
        return cls(scheme, host=host.strip("[]"), port=int(port))

    @property
    def is_open_to_others(self) -> bool:
        """Whether what is sent there can be read on the way."""
        numbers = self.host.split(".")
        is_loopback = self.host in ("localhost", "::1") or (
            len(numbers) == 4 and numbers[0] == "127" and all(number.isdecimal() for number in numbers)
        )
        return self.scheme == "tcp" and not is_loopback

    @staticmethod
    def default() -> str:
        """$TRIGGERD_ADDRESS, else the socket of $TRIGGERD_SOCKET, else where the daemon listens unless told otherwise."""
        address = os.environ.get("TRIGGERD_ADDRESS")
        if address:
            return address
        path = os.environ.get("TRIGGERD_SOCKET")
        return "unix:" + (path or os.environ.get("XDG_RUNTIME_DIR", "/run") + "/triggerd/triggerd.sock")

    async def open(self, context: ssl.SSLContext | None) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.scheme == "unix":
            # A path that begins with `@` is an abstract address.
            path = "\0" + self.path[1:] if self.path.startswith("@") else self.path
            return await asyncio.open_unix_connection(path)
        if self.scheme == "tls":
            return await asyncio.open_connection(self.host, self.port, ssl=context or ssl.create_default_context())
        reader, writer = await asyncio.open_connection(self.host, self.port)
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return reader, writer
