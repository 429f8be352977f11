#!/usr/bin/env python3
"""The built daemon under load, killed at random moments and treated badly: nothing that was answered is lost, nothing
is sent twice but under the same key, and damage is named. docs/testing.md says more.

crash_test.py TRIGGERD [--minutes M | --seconds S] [--seed N]
"""

import argparse
import collections
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

from daemon import Daemon, Volume
from damage import Damage
from load import Load
from receiver import Receiver

DAY = 86_400
VOLUME = 1 << 30


class CrashTest:
    def __init__(self, binary, seed, folder):
        self.chance = random.Random(seed)
        self.receiver = Receiver(seed)
        self.volume = Volume(folder + "/volume", VOLUME)
        data = (self.volume.folder if self.volume.is_mounted else folder) + "/data"
        self.daemon = Daemon(binary, folder, self.receiver.port, data)
        self.done = collections.Counter()
        self.faults = []
        self.damage = None
        self.now = "the start"

    # What is done to it, each once in a while: it runs before and after.

    def kill(self):
        self.daemon.kill()
        self.start()

    def stop(self):
        if self.daemon.stop() != 0:
            self.faults.append("SIGTERM: it did not end with 0")
        self.start()

    def set_clock(self):
        self.daemon.set_clock(self.chance.choice([-DAY, 0, DAY]))
        if self.chance.random() < 0.5:
            time.sleep(self.chance.uniform(0, 1))
            self.kill()

    def limit_files(self):
        """Tables and what names them cannot be written, or only in part. Builds of RocksDB with assertions may end there."""
        self.daemon.limit_files(self.chance.choice([self.chance.randrange(20_000), 1 << 20]))
        self.load_on(self.chance.uniform(0.3, 1.5))
        if self.chance.random() < 0.3:
            self.kill()
        else:
            self.daemon.limit_files(None)
            self.await_writing()

    def fill_disk(self):
        self.volume.fill(left=self.chance.choice([0, 4_096, 1 << 20, 15 << 20]))
        self.load_on(self.chance.uniform(0.3, 1.5))
        if self.chance.random() < 0.5:
            self.daemon.kill()
            said = self.daemon.start()
            # With the room that a start needs it may start; calls are refused then.
            if said and "make room" not in said:
                self.faults.append(f"the disk is full, and the start says: {said[-300:]}")
            self.volume.empty()
            if said:
                self.start()
        self.volume.empty()
        self.await_writing()

    def harm_files(self):
        if not self.damage:
            self.damage = Damage(self.daemon, self.chance)
            self.daemon.kill()
            self.damage.keep(self.load.answered)
        else:
            self.daemon.kill()
        what, outcome = self.damage.try_one()
        self.done[f"  {outcome}"] += 1
        self.start()
        return what

    # How it goes on.

    def start(self):
        said = self.daemon.start()
        if said:
            raise SystemExit(f"it does not start again: {said[-2_000:]}")

    def load_on(self, seconds):
        """It serves meanwhile; where it ended by itself, that is a fault."""
        time.sleep(seconds)
        if self.daemon.is_running:
            return
        if self.now == "limit_files":
            self.done["  ended by it"] += 1
        else:
            self.faults.append(f"{self.now}: it ended by itself with status {self.daemon.process.returncode}")
        self.start()

    def await_writing(self):
        """It goes on by itself once it may write."""
        before, end = len(self.load.answered), time.monotonic() + 20
        while len(self.load.answered) == before and not self.load.is_ahead:
            if time.monotonic() > end:
                self.faults.append("it does not go on by itself, 20 s after there was room again")
                return self.kill()
            self.load_on(0.05)

    def run(self, seconds):
        self.start()
        self.load = Load(self.daemon.socket, self.receiver, 4, self.chance)
        kinds = [self.kill] * 6 + [self.stop, self.set_clock, self.set_clock, self.limit_files, self.harm_files]
        if self.volume.is_mounted:
            kinds.append(self.fill_disk)
        # Each at least once, in whatever order, then by chance.
        first = list(dict.fromkeys(kinds))
        self.chance.shuffle(first)
        end, told = time.monotonic() + seconds, time.monotonic()
        while time.monotonic() < end:
            self.load_on(self.chance.choice([0.05, 0.3, 1, 2]) * self.chance.random())
            kind = first.pop() if first else self.chance.choice(kinds)
            self.now = kind.__name__
            kind()
            self.done[kind.__name__] += 1
            if time.monotonic() - told > 10 or self.faults:
                told = time.monotonic()
                left = max(0, round(end - told))
                print(f"  {sum(self.done.values())} faults, {len(self.load.answered)} items answered, "
                      f"{self.receiver.count} webhooks, {left} s left", flush=True)
            if self.faults:
                break

    def settle(self):
        """The faults are over: everything that is due leaves."""
        self.load.end()
        if not self.daemon.is_running:
            self.start()
        expected = {(campaign, number) for number in self.load.answered for campaign in ("now", "later")}
        missing, last = None, time.monotonic()
        while missing != set() and time.monotonic() - last < 60:
            before = missing
            missing = expected - set(self.receiver.received)
            if missing != before:
                last = time.monotonic()
            time.sleep(0.2)
        letters = self.daemon.run("failed", "--json").stdout.splitlines()
        if self.daemon.stop() != 0:
            self.faults.append("SIGTERM: it did not end with 0")
        return missing, letters

    def judge(self):
        missing, letters = self.settle()
        twice = [message for message, keys in self.receiver.received.items() if len(keys) > 1]
        again = sum(sum(keys.values()) - 1 for keys in self.receiver.received.values())
        faults = self.faults + self.load.faults + (self.damage.faults if self.damage else [])
        faults += [f"lost: {message}" for message in sorted(missing)[:10]]
        faults += [f"twice under other keys: {message}" for message in twice[:10]]
        faults += [f"another content under the key {key}" for key in self.receiver.changed[:10]]
        faults += [f"a dead letter: {letter}" for letter in letters[:10]]
        print("faults made: " + ", ".join(f"{count} {name.strip()}" for name, count in sorted(self.done.items())))
        if not self.volume.is_mounted:
            print("no file system can be mounted here: the disk was full by RLIMIT_FSIZE alone")
        print(f"items: {len(self.load.answered)} answered, {self.load.duplicates} of them again, "
              f"{self.load.unanswered} calls broken off, {self.load.refused} refused for a time")
        print(f"webhooks: {self.receiver.count}, {again} again under the same key; {self.receiver.silent} were taken "
              "and not answered")
        print(f"lost: {len(missing)}, doubled under another key: {len(twice)}, dead letters: {len(letters)}")
        for fault in faults:
            print(f"FAULT {fault}")
        return not faults


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    # A file system of its own may be mounted in a namespace by anybody, where the system allows that.
    if os.geteuid() != 0 and "CRASH_TEST_INSIDE" not in os.environ:
        if shutil.which("unshare") and subprocess.run(["unshare", "-rm", "true"], capture_output=True).returncode == 0:
            os.environ["CRASH_TEST_INSIDE"] = "1"
            os.execvp("unshare", ["unshare", "-rm", sys.executable, *sys.argv])
    seconds = options.seconds or options.minutes * 60
    print(f"crash test: {seconds:.0f} s, --seed {options.seed}", flush=True)
    folder = tempfile.mkdtemp(prefix="triggerd-crash-")
    test = CrashTest(os.path.abspath(options.binary), options.seed, folder)
    try:
        test.run(seconds)
        is_well = test.judge()
    finally:
        if test.daemon.is_running:
            test.daemon.kill()
        if sys.exc_info()[0] is None and is_well:
            test.volume.remove()
            shutil.rmtree(folder)
        else:
            print(f"the folder is kept: {folder} (its log: {test.daemon.log})")
    print("well" if is_well else f"NOT WELL: --seed {options.seed}")
    sys.exit(0 if is_well else 1)


if __name__ == "__main__":
    main()
