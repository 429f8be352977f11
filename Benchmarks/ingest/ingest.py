#!/usr/bin/env python3
"""Durable abandoned carts: triggerd beside what a team would write by hand and beside the store's floors, in one run.

    ingest.py TRIGGERD OUTPUT [--former TRIGGERD] [--users N] [--seconds S] [--rounds N]

Rounds alternate, medians count. Prints a table, and writes bench.json and bench.svg into OUTPUT.
"""
import argparse
import contextlib
import json
import signal
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import floors
import plot
import servers

HERE = Path(__file__).parent
# In flight, events in a call: one event each for callers that wait; batches for those that gather.
LOADS = [(1, 1), (16, 1), (64, 1), (256, 1), (4, 100)]


def compiled(folder):
    def cc(name, sources, *libraries):
        target = folder / name
        subprocess.run(["cc", "-O2", "-o", target, *(HERE / s for s in sources), *libraries], check=True)
        return target
    return (cc("ingest", ["ingest.c", "triggerd.c", "redis.c"], "-lm"),
            cc("log_floor", ["log_floor.c"], "-lrocksdb", "-lpthread", "-lm"),
            cc("floor", ["floor.c"], "-lrocksdb", "-lm"))


def medians(runs):
    def median(of):
        return statistics.median(of(run) for run in runs)
    deciding = {"deciding_us": median(lambda run: run["deciding_us"])} if "deciding_us" in runs[0] else {}
    return {"events_per_s": median(lambda run: run["events_per_s"]), "cpu_us": median(lambda run: run["cpu_us"]), **deciding,
            "p50_ms": median(lambda run: run["ms"]["p50"]), "p99_ms": median(lambda run: run["ms"]["p99"])}


def measured(contestants, seconds, rounds):
    """Per load: what each contestant did, in the order of the contestants."""
    loads = [(in_flight, batch, skewed) for skewed in (False, True) for in_flight, batch in LOADS]
    runs = {(load, who.name): [] for load in loads for who in contestants}
    for number in range(rounds):
        for load in loads:
            for who in contestants if number % 2 == 0 else reversed(contestants):
                runs[load, who.name].append(who.track(*load, seconds))
                if sys.stderr.isatty():
                    print(f"\r  round {number + 1} of {rounds}: {describe(load)}, {who.name}\033[K", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    return [{"in_flight": load[0], "batch": load[1], "users": "zipf" if load[2] else "uniform",
             "contestants": {who.name: medians(runs[load, who.name]) for who in contestants}} for load in loads]


def describe(load):
    in_flight, batch, skewed = load
    return f"{in_flight} in flight" + (f" of {batch} events" if batch > 1 else "") + (", zipf" if skewed else ", uniform")


def print_table(results):
    for result in results:
        print(describe((result["in_flight"], result["batch"], result["users"] == "zipf")))
        ours = next(iter(result["contestants"].values()))["events_per_s"]
        print(f"  {'':18}{'events/s':>10}{'ratio':>7}{'CPU us':>9}{'deciding':>10}{'p50 ms':>9}{'p99 ms':>9}")
        for name, did in result["contestants"].items():
            deciding = f"{did['deciding_us']:10.1f}" if "deciding_us" in did else " " * 10
            print(f"  {name:18}{did['events_per_s']:10,.0f}{ours / did['events_per_s']:7.2f}{did['cpu_us']:9.1f}{deciding}"
                  f"{did['p50_ms']:9.2f}{did['p99_ms']:9.2f}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("triggerd", type=Path)
    arguments.add_argument("output", type=Path)
    arguments.add_argument("--former", type=Path, help="another build, measured beside it")
    arguments.add_argument("--users", type=int, default=1_000_000)
    arguments.add_argument("--seconds", type=float, default=3)
    arguments.add_argument("--rounds", type=int, default=3)
    chosen = arguments.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the servers are stopped then, too
    with tempfile.TemporaryDirectory() as temporary, contextlib.ExitStack() as running:
        folder = Path(temporary)
        folder.chmod(0o755)  # PostgreSQL does not run as root, and must come through
        client, log_floor, old_floor = compiled(folder)
        contestants = [servers.Triggerd("triggerd", chosen.triggerd, folder / "triggerd", client, chosen.users)]
        if chosen.former:
            contestants.append(servers.Triggerd("former triggerd", chosen.former, folder / "former", client, chosen.users))
        contestants += [servers.Redis(folder / "redis", client, chosen.users), servers.Postgres(folder / "postgres", chosen.users),
                        floors.Floor("log floor", log_floor, folder, chosen.users),
                        floors.Floor("RocksDB floor", old_floor, folder, chosen.users)]
        for who in contestants:
            running.callback(who.stop)
            who.start()
        results = measured(contestants, chosen.seconds, chosen.rounds)
    chosen.output.mkdir(parents=True, exist_ok=True)
    settings = {"users": chosen.users, "seconds": chosen.seconds, "rounds": chosen.rounds}
    (chosen.output / "bench.json").write_text(json.dumps({**settings, "loads": results}, indent=1) + "\n")
    (chosen.output / "bench.svg").write_text(plot.svg(results))
    print_table(results)
    print(f"ratio: triggerd's events a second through theirs. Written: {chosen.output}/bench.json, {chosen.output}/bench.svg")


if __name__ == "__main__":
    main()
