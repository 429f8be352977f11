"""A client from the proto alone: frames by hand, messages by protoc's own Python. Prints what was decided.

client.py SOCKET FOLDER_OF_GENERATED_CODE
"""
import socket
import struct
import sys

sys.path.insert(0, sys.argv[2])
from triggerd.v1 import events_pb2, daemon_pb2  # noqa: E402

connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])


def read(count):
    data = b""
    while len(data) < count:
        data += connection.recv(count - len(data)) or sys.exit("the connection was closed")
    return data


def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def call(service, method, request, reply):
    fields = service.encode(), method.encode(), request.SerializeToString()
    body = b"".join(bytes([number << 3 | 2]) + varint(len(f)) + f for number, f in enumerate(fields, 1))
    connection.sendall(struct.pack(">IIBB", len(body), 1, 1, 0) + body)
    length, _, _, _ = struct.unpack(">IIBB", read(10))
    body = read(length)
    assert body[0] == 0x12, body  # the field `payload`; an error would be the field `status`
    at = 1
    while body[at] & 0x80:
        at += 1
    reply.ParseFromString(body[at + 1 :])
    return reply


assert call("triggerd.v1.Health", "Check", daemon_pb2.HealthRequest(), daemon_pb2.HealthReply()).status == 1
request = events_pb2.TrackRequest()
item = request.items.add(user="py", id="1")
item.set["email"].string = "py@example.com"
item.custom_event.event = "add_to_cart"
item.custom_event.properties["value"].integer = 120
item.custom_event.properties["tags"].list.elements.add().string = "grüße"
reply = call("triggerd.v1.Events", "Track", request, events_pb2.TrackReply())
for decision in reply.items[0].decisions:
    print(decision.campaign, decision.decision, decision.user)
