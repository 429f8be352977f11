"""The built daemon as a process in a folder, and what is done to it."""

import ctypes
import os
import re
import resource
import signal
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
CAMPAIGNS = """
campaign: now
trigger: {type: custom_event, event: e}
re_eligibility: {after: 0s}
messages: [{channel: webhook, data: {campaign: now, n: "{{ event.n }}"}}]
---
campaign: later
trigger: {type: custom_event, event: e}
delay: 2s
re_eligibility: {after: 0s}
messages: [{channel: webhook, data: {campaign: later, n: "{{ event.n }}"}}]
"""


class Daemon:
    def __init__(self, binary, folder, port, data=None):
        self.binary, self.folder, self.port = binary, folder, port
        self.data = data or folder + "/data"
        self.socket, self.log = folder + "/s", folder + "/log"
        self.process = None
        os.makedirs(folder + "/campaigns", exist_ok=True)
        with open(folder + "/campaigns/all.yaml", "w") as file:
            file.write(CAMPAIGNS)
        # The clock of one process is set, and not the machine's.
        self.library, self.offset = folder + "/clock.so", folder + "/offset"
        source = os.path.join(HERE, "../DaemonTests/Fixtures/clock.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", self.library, source], check=True)

    @property
    def command(self):
        return [
            self.binary, "serve", "--data", self.data, "--socket", self.socket, "--campaigns", self.folder + "/campaigns",
            "--set", f"webhook.url=http://127.0.0.1:{self.port}/", "--set", "webhook.concurrency=16",
        ]

    @property
    def environment(self):
        clock = {"LD_PRELOAD": self.library, "TEST_CLOCK_OFFSET": self.offset}
        return {**os.environ, **clock, "TRIGGERD_WEBHOOK_SECRET": SECRET, "SWIFT_BACKTRACE": "enable=no"}

    def start(self):
        """Until it is ready. Gives "", or what it says where it refuses to start."""
        before = os.path.getsize(self.log) if os.path.exists(self.log) else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command, stdout=subprocess.PIPE, stderr=log, env=self.environment, text=True
            )
        for line in self.process.stdout:
            if line == "ready\n":
                return ""
        status = self.process.wait()
        self.process = None
        with open(self.log, "rb") as log:
            log.seek(before)
            said = log.read().decode(errors="replace")
        return said if status == 1 else f"it ended with status {status}, having said: {said}"

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def stop(self):
        self.process.terminate()
        status = self.process.wait()
        self.process = None
        return status

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def run(self, *arguments):
        environment = {**os.environ, "TRIGGERD_SOCKET": self.socket}
        return subprocess.run([self.binary, *arguments], capture_output=True, text=True, env=environment)

    def set_clock(self, seconds):
        with open(self.offset + ".new", "w") as file:
            file.write(str(seconds))
        os.replace(self.offset + ".new", self.offset)

    def limit_files(self, size):
        """No file of the process grows beyond `size` bytes (RLIMIT_FSIZE); None: any does."""
        limit = resource.RLIM_INFINITY if size is None else size
        hard = resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (limit, hard))


class Volume:
    """A small file system of its own that can be filled; `is_mounted` says whether there can be one here."""

    def __init__(self, folder, size):
        self.folder, self.filler = folder, folder + "/filler"
        os.makedirs(folder, exist_ok=True)
        libc = ctypes.CDLL(None, use_errno=True)
        options = f"size={size}".encode()
        self.is_mounted = libc.mount(b"tmpfs", folder.encode(), b"tmpfs", 0, options) == 0
        self.umount = lambda: libc.umount2(folder.encode(), 2)

    def fill(self, left):
        """Leaves about so many bytes free: the daemon writes meanwhile."""
        file = os.open(self.filler, os.O_CREAT | os.O_WRONLY, 0o600)
        for step in (64 << 20, 1 << 20, 4_096):
            while (status := os.fstatvfs(file)).f_bavail * status.f_frsize >= left + step:
                try:
                    os.posix_fallocate(file, os.fstat(file).st_size, step)
                except OSError:
                    break  # Somebody else was faster.
        os.close(file)

    def empty(self):
        if os.path.exists(self.filler):
            os.remove(self.filler)

    def remove(self):
        if self.is_mounted:
            self.umount()
