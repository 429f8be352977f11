"""The floors: programs that do the store's work alone, with as many events in a commit as callers have in flight."""
import json
import shutil
import subprocess


class Floor:
    def __init__(self, name, program, folder, users):
        self.name, self.program, self.folder, self.users = name, program, folder / "floor-data", users

    def start(self):
        """It fills its store anew for each measurement."""

    def track(self, in_flight, batch, is_zipf, seconds):
        done = subprocess.run([self.program, self.folder, str(self.users), str(seconds), str(in_flight * batch)]
                              + ["zipf"] * is_zipf, check=True, stdout=subprocess.PIPE)
        shutil.rmtree(self.folder)
        return json.loads(done.stdout)

    def stop(self):
        """Nothing of it runs between measurements."""
