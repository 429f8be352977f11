"""Files that are cut, and bits that flip at rest: either everything answered is there, or the damage is named."""

import json
import os
import shutil

from daemon import Daemon


class Damage:
    """A small folder that a daemon left that was killed; each fault is tried on a copy of it."""

    def __init__(self, daemon, chance):
        self.chance = chance
        self.whole, self.copy = daemon.folder + "/whole", daemon.folder + "/other/data"
        # No client of the other finds this one, and nobody takes what it sends.
        self.daemon = Daemon(daemon.binary, daemon.folder + "/other", port=9)
        self.kept = daemon.data
        self.refused = self.named = self.harmless = 0
        self.faults = []

    def keep(self, answered):
        """The folder as it is now, of a daemon that does not run."""
        shutil.rmtree(self.whole, ignore_errors=True)
        shutil.copytree(self.kept, self.whole)
        self.answered = set(answered)

    @property
    def files(self):
        found = ["committed", "under-way"]
        for folder in ("log", "rocksdb"):
            found += [f"{folder}/{name}" for name in os.listdir(f"{self.whole}/{folder}") if name not in ("LOCK", "LOG")]
        return sorted(name for name in found if os.path.getsize(os.path.join(self.whole, name)))

    @staticmethod
    def used(path):
        """A file of the log is of a fixed size, and zeros follow what it holds."""
        with open(path, "rb") as file:
            return max(1, len(file.read().rstrip(b"\0")))

    def try_one(self):
        """Gives what was done, and what came of it."""
        shutil.rmtree(self.copy, ignore_errors=True)
        shutil.copytree(self.whole, self.copy)
        name = self.chance.choice(self.files)
        path = os.path.join(self.copy, name)
        size = self.used(path)
        at = self.chance.randrange(size)
        if self.chance.random() < 0.3:
            os.truncate(path, at)
            what = f"{name} cut at {at} of {size}"
        else:
            with open(path, "r+b") as file:
                file.seek(at)
                byte = file.read(1)[0]
                file.seek(at)
                file.write(bytes([byte ^ 1 << self.chance.randrange(8)]))
            what = f"{name} with a bit of byte {at} of {size} flipped"
        return what, self.look(name, what)

    def look(self, name, what):
        said = self.daemon.start()
        if said:
            self.refused += 1
            # The file, and what to do.
            if f"damage: {self.copy}/" not in said or not ("restore the data folder" in said or "echo " in said):
                self.faults.append(f"{what}: the refusal does not say what to do: {said[-300:]}")
            return "refused"
        try:
            health = self.daemon.run("health").stdout
        finally:
            self.daemon.kill()
        missing = self.answered - self.items()
        if missing and "damaged: " not in health:
            # Reading is what finds it: the dump says so, and a start knows of what it read itself.
            health += self.damage_found()
        if missing and "damage" not in health:
            self.faults.append(f"{what}: {len(missing)} answered items are gone without a word")
        if missing:
            self.named += 1
            return "named"
        self.harmless += 1
        return "harmless"

    def items(self):
        dump = self.daemon.run("dump", self.copy, "--kind", "items")
        self.dumped = dump.stderr
        return {int(json.loads(line)["id"]) for line in dump.stdout.splitlines()}

    def damage_found(self):
        return self.dumped
