"""The built daemon, in a folder of its own. $TRIGGERD is the binary."""

import os
import pathlib
import shutil
import subprocess
import tempfile
from typing import TextIO

CART = """
campaign: abandoned-cart
trigger: {type: custom_event, event: add_to_cart, where: {property: cart_value, gte: 100}}
delay: 30m
re_eligibility: {after: 0s}
messages: [{channel: email, subject: "{{ event.item }}", body: x}]
"""
WELCOME = """
campaign: welcome
trigger: {type: custom_event, event: signed_up}
messages: [{channel: in_app, title: "Hello {{ event.name }}"}]
"""


class Daemon:
    def __init__(self) -> None:
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="triggerd-"))
        (self.folder / "campaigns").mkdir()
        (self.folder / "campaigns/cart.yaml").write_text(CART)
        (self.folder / "campaigns/welcome.yaml").write_text(WELCOME)
        self.socket = str(self.folder / "s")
        self.address = f"unix:{self.socket}"
        self.start()

    def start(self) -> None:
        with (self.folder / "log").open("a") as log:
            self.process = self._serve(log)
        assert self.process.stdout
        for line in self.process.stdout:
            if line.endswith(b"ready\n"):
                return
        raise RuntimeError("the daemon did not start: " + (self.folder / "log").read_text()[-2_000:])

    def _serve(self, log: TextIO) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [os.environ["TRIGGERD"], "serve", "--data", self.folder / "data", "--socket", self.socket]
            + ["--campaigns", self.folder / "campaigns"],
            stdout=subprocess.PIPE,
            stderr=log,
        )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.folder)
