"""The wire as far as a client of `Events.Track` needs it: frames and fields by hand."""

import socket
import struct


class Broken(Exception):
    """The connection ended, and nobody knows what became of the call."""


class Refused(Exception):
    def __init__(self, code, text):
        super().__init__(f"code {code}: {text}")
        self.code = code


def varint(value):
    out = b""
    while value >= 0x80:
        out, value = out + bytes([value & 0x7F | 0x80]), value >> 7
    return out + bytes([value])


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def fields(data):
    """What a message holds: (number, value) in order, whole numbers and bytes."""
    at, found = 0, []

    def read():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while at < len(data):
        tag = read()
        if tag & 7 == 0:
            found.append((tag >> 3, read()))
        else:
            length = read()
            found.append((tag >> 3, data[at : at + length]))
            at += length
    return found


def item(user, number):
    """An event with an id of its own, so that it may be sent again and again."""
    value = field(1, b"n") + field(2, field(4, str(number).encode()))
    event = field(1, b"e") + field(2, value)
    return field(1, user.encode()) + field(2, str(number).encode()) + field(5, event)


class Connection:
    def __init__(self, path, patience):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(patience)
        try:
            self.socket.connect(path)
        except OSError as error:
            raise Broken(str(error)) from error

    def track(self, items):
        """The results of the items: 1 accepted, 2 a duplicate."""
        request = b"".join(field(1, item) for item in items)
        body = field(1, b"triggerd.v1.Events") + field(2, b"Track") + field(3, request)
        try:
            self.socket.sendall(struct.pack(">IIBB", len(body), 1, 1, 0) + body)
            length = struct.unpack(">IIBB", self.read(10))[0]
            reply = dict(fields(self.read(length)))
        except OSError as error:
            raise Broken(str(error)) from error
        if 1 in reply:
            status = dict(fields(reply[1]))
            if status.get(1, 0):
                raise Refused(status[1], status.get(2, b"").decode())
        return [dict(fields(part)).get(1) for number, part in fields(reply.get(2, b"")) if number == 1]

    def read(self, count):
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                raise Broken("the connection was closed")
            data += part
        return data

    def close(self):
        self.socket.close()
