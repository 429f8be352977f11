"""Another end that misbehaves as a test says: frames by hand."""

import socket
import struct
import tempfile
import threading
from collections.abc import Callable


class Server:
    """Runs ``serve`` on a thread for each connection, with its number, the first being 0."""

    def __init__(self, serve: Callable[[socket.socket, int], None]) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.address = f"unix:{self._folder.name}/s"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.address[5:])
        self._listener.listen()
        self._serve = serve
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        number = 0
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._run, args=(connection, number), daemon=True).start()
            number += 1

    def _run(self, connection: socket.socket, number: int) -> None:
        with connection:
            self._serve(connection, number)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._folder.cleanup()


def read(connection: socket.socket) -> tuple[int, bytes]:
    """A request's stream and body."""
    header = connection.recv(10, socket.MSG_WAITALL)
    if len(header) < 10:
        raise EOFError
    length, stream, _, _ = struct.unpack(">IIBB", header)
    return stream, connection.recv(length, socket.MSG_WAITALL)


def answer(connection: socket.socket, stream: int, body: bytes) -> None:
    connection.sendall(struct.pack(">IIBB", len(body), stream, 2, 0) + body)


def status(code: int, message: str) -> bytes:
    inner = bytes([8, code, 0x12, len(message)]) + message.encode()
    return bytes([0x0A, len(inner)]) + inner
