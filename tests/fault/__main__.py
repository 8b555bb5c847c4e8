"""Runs the long fault tests of the ledger; tests/faults starts it when everything that it needs is there."""

import argparse
import importlib
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback

from place import Failed

# Name: module, what is done, how long it takes on two cores.
TESTS = {
    "L1": ("syscalls", "a fault at each system call of an append and of a growing tree (strace)", "5 min"),
    "L2": ("kills", "500 kills -9 under load, on SQLite", "4 min"),
    "L3": ("cuts", "connections cut at COMMIT, and a PostgreSQL server that is stopped and started under load", "1 min"),
    "L4": ("several", "four gateways on one PostgreSQL, killed at random", "1 min"),
    "L10": ("disk", "a disk that is full, SQLite's and PostgreSQL's", "1 min"),
    "L11": ("clock", "a clock that is an hour behind and a year ahead, at a start and under way", "1 min"),
}


class World:
    """What a test gets: the program, a folder of its own, and where its random choices come from."""

    def __init__(self, binary, folder, seed, is_quick):
        self.binary, self.folder, self.is_quick = binary, folder, is_quick
        self.rng = random.Random(seed)
        self.said = time.monotonic()

    def count(self, full, quick):
        """How often: `full`, or `quick` when little time is wanted."""
        return quick if self.is_quick else full

    def progress(self, done, total, what):
        """A line now and then, so that somebody who watches knows that it goes on."""
        if time.monotonic() - self.said > 30:
            self.said = time.monotonic()
            print(f"   {done} of {total}: {what}", flush=True)


def run_one(name, arguments, folder):
    """Runs one test: "passed", "left out" or "FAILED"."""
    module, what, _ = TESTS[name]
    # A name of its own for each test: it draws the same whichever other tests run.
    world = World(arguments.binary, folder / name, f"{arguments.seed}/{name}", arguments.quick)
    world.folder.mkdir()
    world.folder.chmod(0o711)
    print(f"\n== {name}: {what}", flush=True)
    began, outcome = time.monotonic(), "passed"
    try:
        for line in importlib.import_module(module).run(world):
            if line.startswith("left out"):
                outcome = "left out"
            print(f"{name}: {line}", flush=True)
    except Failed as failed:
        outcome = "FAILED"
        print(f"{name}: {failed}", flush=True)
    except Exception:
        outcome = "FAILED"
        traceback.print_exc()
    print(f"{name}: {outcome} in {time.monotonic() - began:.0f} s", flush=True)
    if not os.environ.get("KEEP"):
        shutil.rmtree(world.folder, ignore_errors=True)
    return outcome


def main():
    """Reads the arguments, runs what was named, and ends with 1 when something failed."""
    parser = argparse.ArgumentParser(prog="tests/faults", description="The long fault tests of the ledger.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="which tests; all of them when none is named")
    parser.add_argument("--list", action="store_true", help="list the tests and the time each takes")
    parser.add_argument("--quick", action="store_true", help="the same with small counts")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000), help="for the random choices")
    parser.add_argument("--binary", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.list:
        for name, (_, what, takes) in TESTS.items():
            print(f"{name:<4} {takes:>7}  {what}")
        return 0
    names = arguments.names or list(TESTS)
    if unknown := [name for name in names if name not in TESTS]:
        parser.error(f"there is no test {', '.join(unknown)}; --list lists them")
    for told in (signal.SIGTERM, signal.SIGHUP):
        # As an exception: whatever was started is stopped on its way up.
        signal.signal(told, lambda number, _: sys.exit(128 + number))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="chengxin-faults.", dir="/tmp"))
    folder.chmod(0o711)
    print(f"seed {arguments.seed}, folder {folder}", flush=True)
    try:
        outcomes = {name: run_one(name, arguments, folder) for name in names}
    finally:
        if os.environ.get("KEEP"):
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print("\n== " + ", ".join(f"{name} {outcome}" for name, outcome in outcomes.items()), flush=True)
    return 1 if "FAILED" in outcomes.values() else 0


if __name__ == "__main__":
    sys.exit(main())
