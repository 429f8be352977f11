"""Frames and envelopes: docs/protocol.md, without a socket."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from .errors import Detail, TriggerdError, failure

REQUEST, RESPONSE = 1, 2
# What one frame carries at most.
FRAME_BYTES = 4 << 20
HEADER = struct.Struct(">IIBB")


def frame(stream: int, kind: int, flags: int, body: bytes) -> bytes:
    return HEADER.pack(len(body), stream, kind, flags) + body


def _varint(value: int) -> bytes:
    value &= 0xFFFF_FFFF_FFFF_FFFF  # A negative one is its two's complement, of 64 bits.
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _bytes_field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def request(
    service: str, method: str, payload: bytes, timeout_nano: int, metadata: Iterable[tuple[str, str]]
) -> bytes:
    body = _bytes_field(1, service.encode()) + _bytes_field(2, method.encode())
    if payload:
        body += _bytes_field(3, payload)
    if timeout_nano:
        body += _varint(4 << 3) + _varint(timeout_nano)
    for key, value in metadata:
        body += _bytes_field(5, _bytes_field(1, key.encode()) + _bytes_field(2, value.encode()))
    return body


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
        shift += 7
    raise IndexError


def _fields(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Number, the value of a varint, the bytes of anything longer."""
    at = 0
    while at < len(data):
        tag, at = _read_varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = _read_varint(data, at)
            yield tag >> 3, value, b""
            continue
        if kind == 2:
            size, at = _read_varint(data, at)
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise IndexError
        if at + size > len(data):
            raise IndexError
        yield tag >> 3, 0, data[at : at + size]
        at += size


def response(body: bytes) -> bytes:
    """The payload; raises what the server answered instead."""
    status, payload = b"", b""
    try:
        for number, _, data in _fields(body):
            if number == 1:
                status = data
            elif number == 2:
                payload = data
        error = _status(status)
    except IndexError:
        raise TriggerdError("the answer does not decode") from None
    if error is not None:
        raise error
    return payload


def _status(data: bytes) -> TriggerdError | None:
    code, message, details = 0, "", []
    for number, value, part in _fields(data):
        if number == 1:
            code = value
        elif number == 2:
            message = part.decode(errors="replace")
        elif number == 3:
            about = {number: part for number, _, part in _fields(part)}
            details.append(Detail(about.get(1, b"").decode(errors="replace"), about.get(2, b"")))
    return failure(code, message, tuple(details)) if code else None
