"""Against the built daemon."""

import asyncio
import contextlib
import io
import os
import pathlib
import re
import threading
import time
import unittest

import triggerd
from triggerd._address import Address
from triggerd.v1 import events_pb2

from .daemon import Daemon
from .server import Server, answer, read, status

README = pathlib.Path(__file__).parent.parent / "README.md"


class ClientTests(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.daemon = Daemon()
        cls.client = triggerd.Client(cls.daemon.address)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.client.close()
        cls.daemon.close()

    def test_readme(self) -> None:
        example = re.findall(r"```python\n(.*?)```", README.read_text(), re.S)[0]
        os.environ["TRIGGERD_ADDRESS"] = self.daemon.address
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(example, "README.md", "exec"), {})
        del os.environ["TRIGGERD_ADDRESS"]
        self.assertEqual(printed.getvalue(), "abandoned-cart scheduled\nscheduled\nnothing to show\n")

    def test_values_come_back_as_they_were(self) -> None:
        values = {
            "no": None, "yes": True, "whole": -(1 << 63), "decimal": 0.5, "text": "grüße",
            "list": [1, "a", [], {}], "object": {"deep": {"er": [None]}},
        }  # fmt: skip
        attributes = {name: value for name, value in values.items() if value is not None}
        self.client.track(triggerd.update("values", attributes))
        user = self.client.user("values")
        self.assertEqual(triggerd.values(user.profile), attributes)
        with self.assertRaises(TypeError):
            triggerd.event("u", "e", {"bytes": b""})

    def test_batch(self) -> None:
        items = [triggerd.event(f"b{n % 3}", "add_to_cart", {"cart_value": 50 * n}) for n in range(6)]
        replies = self.client.track_all(items)
        self.assertEqual([len(reply.decisions) for reply in replies], [0, 0, 1, 1, 1, 1])
        items[4].user = ""
        with self.assertRaises(triggerd.InvalidArgument) as caught:
            self.client.track_all(items)
        self.assertIn("items[4]", caught.exception.message)

    def test_every_kind_of_item(self) -> None:
        items = [
            triggerd.purchase("k", "lamp", 0, currency="EUR", quantity=2), triggerd.session_start("k", device="phone"),
            triggerd.location("k", 0.0, 0.0), triggerd.update("k", {"country": "BE"}),
            triggerd.event("k", "e", time=0, history=True),
        ]  # fmt: skip
        for reply in self.client.track_all(items):
            self.assertEqual(reply.result, events_pb2.ItemReply.ACCEPTED)

    def test_ids(self) -> None:
        item = triggerd.event("i", "e", id="1")
        self.assertEqual(self.client.track(item).result, events_pb2.ItemReply.ACCEPTED)
        self.assertEqual(self.client.track(item).result, events_pb2.ItemReply.DUPLICATE)
        with self.assertRaises(triggerd.AlreadyExists) as caught:
            self.client.track(triggerd.event("i", "other", id="1"))
        self.assertEqual(caught.exception.code, triggerd.Code.ALREADY_EXISTS)

    def test_inbox(self) -> None:
        self.client.track(triggerd.event("in", "signed_up", {"name": "Ada"}))
        self.client.track(triggerd.session_start("in", device="phone"))
        message = self.client.lease("in", "phone")
        self.assertEqual(triggerd.values(message.fields), {"title": "Hello Ada"})
        self.assertEqual(self.client.lease("in", "phone").token, message.token)
        self.client.acknowledge("in", message.token, "clicked")
        with self.assertRaises(triggerd.FailedPrecondition):
            self.client.acknowledge("in", message.token)
        self.assertEqual(next(iter(self.client.explain("in", "welcome"))).decision, "delivered")

    def test_hold(self) -> None:
        self.client.track(triggerd.event("hold", "signed_up", {"name": "Ada"}))
        message = self.client.track(triggerd.session_start("hold")).message
        self.client.hold("hold", message.token, 60_000)
        self.assertIsNone(self.client.lease("hold"))

    def test_explain_in_pages(self) -> None:
        for _ in range(3):
            self.client.track_all([triggerd.event("p", "add_to_cart", {"cart_value": 100})] * 400)
        self.assertEqual(len(list(self.client.explain("p", limit=1_100))), 1_100)
        self.assertEqual(len(list(self.client.explain("p", limit=7))), 7)

    def test_too_large(self) -> None:
        with self.assertRaises(triggerd.TooLarge):
            self.client.track_all([triggerd.event("l", "e", {"a": "x" * 200_000})] * 30)

    def test_many_threads(self) -> None:
        failures = []

        def run(number: int) -> None:
            for turn in range(20):
                decisions = self.client.track(triggerd.event(f"t{number}", "add_to_cart", {"cart_value": 100})).decisions
                if [decision.user for decision in decisions] != [f"t{number}"]:
                    failures.append((number, turn))

        threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    def test_asyncio(self) -> None:
        async def run() -> None:
            async with triggerd.AsyncClient(self.daemon.address) as client:
                # More at once than the daemon takes on a connection.
                replies = await asyncio.gather(*(client.track(triggerd.event(f"a{n}", "e")) for n in range(1_500)))
                self.assertTrue(all(reply.result == events_pb2.ItemReply.ACCEPTED for reply in replies))
                self.assertEqual([decision async for decision in client.explain("a1")], [])

        asyncio.run(run())

    def test_fork(self) -> None:
        self.client.health()
        child = os.fork()
        if child == 0:
            os._exit(0 if self.client.health(timeout=5).status == 1 else 1)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0)
        self.client.health()

    def test_tracker(self) -> None:
        refused = []
        with triggerd.Tracker(self.client, on_error=lambda item, error: refused.append((item.user, error.code))) as tracker:
            for number in range(1_200):
                user = "" if number == 700 else "q"
                self.assertTrue(tracker.track(triggerd.event(user, "add_to_cart", {"cart_value": 100, "n": number})))
            self.assertTrue(tracker.flush(10))
        self.assertFalse(tracker.track(triggerd.event("q", "e")))
        self.assertEqual(refused, [("", triggerd.Code.INVALID_ARGUMENT)])
        self.assertEqual(len(list(self.client.explain("q", limit=2_000))), 1_199)


class BrokenTests(unittest.TestCase):
    def test_restart(self) -> None:
        daemon = Daemon()
        self.addCleanup(daemon.close)
        client = triggerd.Client(daemon.address)
        tracker = triggerd.Tracker(client)
        client.track(triggerd.event("u", "add_to_cart", {"cart_value": 100}))
        daemon.kill()
        with self.assertRaises(triggerd.ConnectionLost):
            client.track(triggerd.event("u", "e"), timeout=0.2)
        began = time.monotonic()
        for _ in range(10):
            tracker.track(triggerd.event("u", "add_to_cart", {"cart_value": 100}))
        self.assertLess(time.monotonic() - began, 0.1)
        again = threading.Thread(target=daemon.start)
        again.start()
        client.track(triggerd.event("u", "add_to_cart", {"cart_value": 100}))
        again.join()
        self.assertTrue(tracker.flush(10))
        self.assertEqual(len(list(client.explain("u"))), 12)
        tracker.close()
        client.close()

    def test_a_lost_answer_is_asked_for_again_with_the_same_id(self) -> None:
        bodies = []

        def serve(connection, number):
            stream, body = read(connection)
            bodies.append(re.sub(rb" .{0,9}$", b"", body.split(b"Track")[1].split(b"\x20")[0]))
            if number > 0:
                answer(connection, stream, b"\x12\x04\x0a\x02\x08\x01")

        server = Server(serve)
        self.addCleanup(server.close)
        with triggerd.Client(server.address) as client:
            self.assertEqual(client.track(triggerd.event("u", "e")).result, events_pb2.ItemReply.ACCEPTED)
        self.assertEqual(len(bodies), 2)
        self.assertEqual(bodies[0], bodies[1])

    def test_what_is_not_safe_is_not_done_twice(self) -> None:
        calls = []

        def serve(connection, number):
            read(connection)
            calls.append(number)

        server = Server(serve)
        self.addCleanup(server.close)
        with triggerd.Client(server.address) as client, self.assertRaises(triggerd.ConnectionLost) as caught:
            client.acknowledge("u", 1)
        self.assertTrue(caught.exception.sent)
        self.assertEqual(calls, [0])

    def test_a_daemon_that_is_full_is_asked_again(self) -> None:
        def serve(connection, number):
            for code in (8, 14, 0):
                stream, _ = read(connection)
                answer(connection, stream, status(code, "later") if code else b"\x12\x04\x0a\x02\x08\x01")

        server = Server(serve)
        self.addCleanup(server.close)
        with triggerd.Client(server.address) as client:
            client.track(triggerd.event("u", "e"))

    def test_deadline(self) -> None:
        silent = threading.Event()
        server = Server(lambda connection, number: silent.wait())
        self.addCleanup(server.close)
        self.addCleanup(silent.set)
        with triggerd.Client(server.address, timeout=0.1) as client, self.assertRaises(triggerd.DeadlineExceeded):
            client.health()

    def test_a_token_travels_with_each_call(self) -> None:
        bodies = []

        def serve(connection, number):
            stream, body = read(connection)
            bodies.append(body)
            answer(connection, stream, status(16, "who are you?"))

        server = Server(serve)
        self.addCleanup(server.close)
        with triggerd.Client(server.address, token="abc") as client, self.assertRaises(triggerd.Unauthenticated):
            client.health()
        self.assertIn(b"\x0a\x0dauthorization\x12\x0aBearer abc", bodies[0])

    def test_a_token_is_not_shown_to_everybody(self) -> None:
        with self.assertRaises(ValueError):
            triggerd.Client("tcp://192.0.2.1:7000", token="abc")
        triggerd.Client("tcp://127.0.0.1:7000", token="abc")
        triggerd.Client("tls://192.0.2.1:7000", token="abc")

    def test_addresses(self) -> None:
        self.assertEqual(Address.parse("unix:/a/b"), Address("unix", path="/a/b"))
        self.assertEqual(Address.parse("tcp://[::1]:80"), Address("tcp", host="::1", port=80))
        self.assertEqual(Address.parse("tls://h.example:443"), Address("tls", host="h.example", port=443))
        for wrong in ("", "unix:", "/run/s", "tcp://h", "tcp://h:", "tcp://h:0", "tcp://h:65536", "http://h:80"):
            with self.assertRaises(ValueError, msg=wrong):
                Address.parse(wrong)

    def test_tracker_that_is_full(self) -> None:
        client = triggerd.Client("unix:/nowhere", timeout=0.1)
        tracker = triggerd.Tracker(client, capacity=2)
        self.assertEqual([tracker.track(triggerd.event("u", "e")) for _ in range(4)], [True, True, False, False])
        self.assertEqual(tracker.dropped, 2)
        self.assertFalse(tracker.close(0.1))


if __name__ == "__main__":
    unittest.main()
