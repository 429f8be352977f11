"""The servers that are measured: each starts with a folder of its own, knows all users, takes events, and is stopped."""
import json
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).parent
# The trigger is its own exception (rule 4.9): a later cart takes the place of the one that waits, as with the others.
CAMPAIGN = """campaign: bench
trigger: {type: custom_event, event: add_to_cart}
delay: 1d
exceptions:
  - {type: custom_event, event: add_to_cart}
  - {type: purchase, same: product_id}
re_eligibility: {after: 0s}
messages: [{channel: in_app, title: hi}]
"""


def cpu(pid):
    """Seconds that a process, its children, and those of them that have ended, have used."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        children = [child for task in Path(f"/proc/{pid}/task").iterdir()
                    for child in (task / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return 0  # it ended meanwhile: its parent has its time
    return sum(map(int, stat[11:15])) / os.sysconf("SC_CLK_TCK") + sum(map(cpu, children))


def cpu_of_threads(pid):
    """Seconds of each thread that is there."""
    used = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            stat = (task / "stat").read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended meanwhile: it is not the one that decides
        used[task.name] = sum(map(int, stat[11:13])) / os.sysconf("SC_CLK_TCK")
    return used


def settled_cpu(pid, patience=30):
    """The same when what a run left for the background is done: less than 2 % of a core in half a second."""
    before, until = cpu(pid), time.monotonic() + patience
    while True:
        time.sleep(0.5)
        after = cpu(pid)
        if after - before <= 0.01 or time.monotonic() > until:
            return after
        before = after


def wait_until(is_so, what):
    until = time.monotonic() + 60
    while not is_so():
        if time.monotonic() > until:
            raise TimeoutError(f"{what} did not start")
        time.sleep(0.05)


class Server:
    """One process, started by a subclass, that answers on a socket."""
    process = None

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()

    def track(self, in_flight, batch, is_zipf, seconds):
        before = settled_cpu(self.process.pid)
        did = self.load(in_flight, batch, is_zipf, seconds)
        did["cpu_us"] = (settled_cpu(self.process.pid) - before) * 1e6 / did["events"]
        return did


class Ingested(Server):
    """Asked by ingest.c."""
    options = []

    def fill(self):
        subprocess.run([self.client, self.socket, "fill", str(self.users), *self.options], check=True)

    def load(self, in_flight, batch, is_zipf, seconds):
        command = [self.client, self.socket, "track", str(self.users), str(in_flight), str(seconds), "--batch", str(batch)]
        done = subprocess.run(command + ["--zipf"] * is_zipf + self.options, check=True, stdout=subprocess.PIPE)
        return json.loads(done.stdout)


class Triggerd(Ingested):
    def __init__(self, name, program, folder, client, users):
        self.name, self.program, self.folder, self.client, self.users = name, program, folder, client, users
        self.socket = folder / "socket"

    def start(self):
        campaigns, log = self.folder / "campaigns", self.folder / "log"
        campaigns.mkdir(parents=True)
        (campaigns / "bench.yaml").write_text(CAMPAIGN)
        with log.open("w") as output:
            self.process = subprocess.Popen([self.program, "serve", "--data", self.folder / "data", "--campaigns",
                                             campaigns, "--socket", self.socket], stdout=output, stderr=output)
        wait_until(lambda: "\nready\n" in "\n" + log.read_text(), self.name)
        self.fill()

    def track(self, *load):
        settled_cpu(self.process.pid)
        before = cpu_of_threads(self.process.pid)
        did = super().track(*load)
        used = cpu_of_threads(self.process.pid)
        busiest = max(seconds - before.get(thread, 0) for thread, seconds in used.items())  # the engine's
        did["deciding_us"] = busiest * 1e6 / did["events"]
        return did


class Redis(Ingested):
    """Every event is flushed before it is answered. No snapshot, and no rewriting of the log while it is measured."""
    name = "Redis by hand"

    def __init__(self, folder, client, users):
        self.folder, self.client, self.users, self.socket = folder, client, users, folder / "socket"

    def start(self):
        self.folder.mkdir()
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.socket, "--dir", self.folder, "--appendonly", "yes",
             "--appendfsync", "always", "--save", "", "--auto-aof-rewrite-percentage", "0"], stdout=subprocess.DEVNULL)
        wait_until(self.socket.exists, self.name)
        script = (HERE / "track.lua").read_text()
        loaded = subprocess.run(["redis-cli", "-s", self.socket, "-x", "SCRIPT", "LOAD"], input=script, text=True, check=True,
                                stdout=subprocess.PIPE)
        self.options = ["--redis", loaded.stdout.strip()]
        self.fill()


class Postgres(Server):
    """Default durability; memory as one would give it. One connection for each call in flight."""
    name = "PostgreSQL by hand"
    SETTINGS = {"shared_buffers": "1GB", "max_wal_size": "8GB", "max_connections": "300", "listen_addresses": ""}

    def __init__(self, folder, users):
        self.folder, self.users = folder, users

    def start(self):
        folder = self.folder
        folder.mkdir()
        self.account = {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}
        if self.account:
            shutil.chown(folder, "postgres", "postgres")
        programs = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
        self.pgbench = programs / "pgbench"
        subprocess.run([programs / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8",
                        "--locale=C"], check=True, cwd=folder, stdout=subprocess.DEVNULL, **self.account)
        options = [word for name, value in self.SETTINGS.items() for word in ("-c", f"{name}={value}")]
        with (folder / "log").open("w") as output:
            self.process = subprocess.Popen([programs / "postgres", "-D", folder / "data", "-k", folder, *options],
                                            cwd=folder, stdout=output, stderr=output, **self.account)
        self.where = ["-h", folder, "-U", "postgres"]
        wait_until(lambda: subprocess.run([programs / "pg_isready", *self.where], stdout=subprocess.DEVNULL).returncode == 0,
                   self.name)
        subprocess.run([programs / "psql", *self.where, "-q", "-v", "ON_ERROR_STOP=1", "-v", f"users={self.users}",
                        "-f", HERE / "track.sql"], check=True, stdout=subprocess.DEVNULL)

    def load(self, in_flight, batch, is_zipf, seconds):
        script, log = self.folder / "script", self.folder / "times"
        script.write_text(self.script(batch, is_zipf))
        for old in self.folder.glob("times*"):
            old.unlink()
        ran = max(2, round(seconds))  # whole seconds, connecting included
        done = subprocess.run([self.pgbench, *self.where, "-n", "-M", "prepared", "-c", str(in_flight),
                               "-j", str(min(in_flight, 2)), "-T", str(ran), "-f", script, "-l", f"--log-prefix={log}", "-D",
                               f"users={self.users}", "postgres"],
                              check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        calls_per_s = float(re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)[1])
        took = sorted(int(line.split()[2]) / 1e3 for file in self.folder.glob("times*") for line in file.open())
        return {"events": len(took) * batch, "events_per_s": calls_per_s * batch,
                "ms": {"p50": took[len(took) // 2], "p99": took[len(took) * 99 // 100]}}

    def script(self, batch, is_zipf):
        """Ids are made where they are used, to spare the client; a batch locks its users in their order."""
        if batch == 1:
            user = "permute(random_zipfian(1, :users, 1.001) - 1, :users)" if is_zipf else "random(0, :users - 1)"
            return f"\\set user {user}\nSELECT track(:user, gen_random_uuid(), 'sku-12345');\n"
        user = "floor(exp(random() * ln(:users + 1)) - 1)::bigint * 611953 % :users" if is_zipf else \
            "floor(random() * :users)::bigint"
        return (f"SELECT sum(track(who, gen_random_uuid(), 'sku-12345')) FROM "
                f"(SELECT {user} AS who FROM generate_series(1, {batch}) ORDER BY 1) AS drawn;\n")
