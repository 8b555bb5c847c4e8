"""L11: a clock that is wrong: an hour behind, a year ahead, at a start and while the gateway runs .

Answers keep coming, times grow within each instance, and nothing is signed with a time before the previous checkpoint."""

import sqlite3
import time

import evidence
from load import Asker, Journal, fetch_checkpoint
from place import Failed, Place, wait_until
from shifted import Clock

ASKED = 12
HOUR, YEAR = 3600, 365 * 86400
# How long a tree that must not grow is watched: several of the 200 ms after which it would.
WATCHED = 1.5
REFUSED = "the clock stands before the previous checkpoint"


def run(world):
    """Each wrong clock twice: found at a start, and jumped to under way."""
    place, journal = Place.create(world.binary, world.folder / "clock"), Journal()
    clock = Clock(world.folder)
    told = []
    # Shift, whether the tree may grow then, what it is. What is right is behind what was signed a year ahead.
    steps = [(0, True, "right"), (-HOUR, False, "an hour behind"), (0, True, "right again"), (YEAR, True, "a year ahead"),
             (0, False, "right again, a year behind what was signed"), (YEAR + HOUR, True, "past what was signed")]
    with Sequence(place, clock, journal) as sequence:
        for shift, may_sign, what in steps[:3]:
            told.append(sequence.under_way(shift, may_sign, what))
        for shift, may_sign, what in steps:
            told.append(sequence.from_start(shift, may_sign, what))
        for shift, may_sign, what in steps[3:]:
            told.append(sequence.under_way(shift + HOUR if may_sign else shift, may_sign, what))
    ledger = evidence.hold(place, journal, world.rng, environment=clock.environment)
    signed = check_signed(sequence.signed)
    back = check_instants(ledger)
    yield from told
    instances = len({leaf["ins"] for leaf in ledger.leaves})
    yield (f"{journal.summary()}; {len(ledger.leaves)} entries of {instances} instances; times grow within each, "
           f"and go back {back} times from one instance to the next; {signed} checkpoints, none before another")


def check_signed(signed):
    """The newest checkpoints that were seen, as (size, time): each later than the one before it."""
    times = [t for _, t in sorted(signed)]
    if times != sorted(times) or len(signed) < 6:
        raise Failed(f"too few checkpoints, or one was signed with a time before the previous one: {sorted(signed)}")
    return len(times)


def check_instants(ledger):
    """How often time goes back between neighbours of different instances; the clock was wrong, so it must."""
    pairs = list(zip(ledger.leaves, ledger.leaves[1:]))
    back = sum(later["t"] < earlier["t"] - HOUR * 500_000 for earlier, later in pairs)
    span = max(leaf["t"] for leaf in ledger.leaves) - min(leaf["t"] for leaf in ledger.leaves)
    if back < 2 or span < YEAR * 1_000_000:
        raise Failed("the clock was not wrong: the program does not read it")
    return back


class Sequence:
    """Sets the clock, asks, and looks at what is signed."""

    def __init__(self, place, clock, journal):
        self.place, self.clock, self.journal, self.gateway = place, clock, journal, None
        self.signed = set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.gateway:
            self.gateway.kill()

    def from_start(self, shift, may_sign, what):
        """The clock is so when the gateway starts."""
        if self.gateway:
            self.gateway.stop()
        self.clock.set(shift)
        self.gateway = self.place.serve(environment=self.clock.environment)
        return f"started with a clock that is {what}: {self.ask(may_sign)}"

    def under_way(self, shift, may_sign, what):
        """The clock jumps while the gateway runs."""
        if not self.gateway:
            self.gateway = self.place.serve(environment=self.clock.environment)
        self.clock.set(shift)
        return f"running when the clock was put {what}: {self.ask(may_sign)}"

    def ask(self, may_sign):
        """The public and an officer ask; every query is answered. Then the tree has grown, or must not have."""
        before = fetch_checkpoint(self.gateway.address, self.journal)
        warned = self.gateway.log().count(REFUSED)
        token = self.place.token("DEPARTMENT", "--department", "AMR", environment=self.clock.environment)
        askers = [Asker(self.journal), Asker(self.journal, token, "licence-review")]
        for number in range(ASKED):
            if askers[number % 2].ask(self.gateway.address) != "data":
                raise Failed(f"not answered with a clock that is {self.clock.shift:+d} s off")
        for asker in askers:
            asker.close()
        self.check_time()
        self.note_signed()
        last = int(self.journal.receipts[-1]["index"])
        if may_sign:
            wait_until(lambda: fetch_checkpoint(self.gateway.address, self.journal) > last, "the tree grows", 20)
            self.note_signed()
            return f"{ASKED} answers, signed"
        wait_until(lambda: self.gateway.log().count(REFUSED) > warned, "it says that it does not sign", 20)
        until = time.monotonic() + WATCHED
        while time.monotonic() < until:
            if (size := fetch_checkpoint(self.gateway.address, self.journal)) != before:
                raise Failed(f"a checkpoint of {size} entries was signed with a time before the previous one")
            time.sleep(0.05)
        self.note_signed()
        return f"{ASKED} answers, nothing signed"

    def note_signed(self):
        """Keeps size and time of the newest checkpoint. The time stands in the table alone, and only the last of a minute
        stays there."""
        with sqlite3.connect(f"file:{self.place.path('ledger.db')}?mode=ro", uri=True) as database:
            self.signed.update(database.execute("SELECT size, t FROM ledger_checkpoint ORDER BY size DESC LIMIT 1"))

    def check_time(self):
        """The newest receipt has the time of the clock that was set, or of one that it had seen before and goes on from."""
        shown = evidence.time_of(self.journal.receipts[-1]["time"]) / 1_000_000
        if shown < time.time() + self.clock.shift - 60:
            raise Failed(f"the clock is {self.clock.shift:+d} s off, and the program did not see it")
