"""L1: each system call of an append, of a growing tree and of an answer fails once, or is the last one of the process.

A census first counts the calls that each group of threads makes for one burst of queries. Then each of them is hit, one
gateway for each: EIO, ENOSPC, SIGKILL, and ENOSPC from then on until strace lets go.
The ledger is 253 entries long before, so that a burst also fills a tile of 256."""

import shutil

import evidence
import strace
from load import Asker, Journal, Load, fetch_checkpoint, wait_for_answers
from place import Failed, Place, wait_until

# What is injected, whether again at every call that follows, and at every how many-th call it is tried.
FAULTS = {"EIO": ("error=EIO", "", 1), "ENOSPC": ("error=ENOSPC", "", 1), "KILL": ("signal=KILL", "", 1),
          "ENOSPC from then on": ("error=ENOSPC", "+", 3)}
FILES = ("ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.highwater", "ledger.highwater.part", "registry.db",
         "registry.db-wal", "registry.db-shm", "gateway.log", "")
GROUPS = ("ledger-append", "ledger-tree", "others")
ENTRIES_BEFORE = 253
BURST = 6


def run(world):
    """The census, then the sweep."""
    if not strace.is_allowed():
        yield "left out: strace may not watch a process here"
        return
    pristine = Place.create(world.binary, world.folder / "pristine")
    fill(pristine)
    census = {group: count(pristine, world, group) for group in GROUPS}
    told = "; ".join(group + ": " + ", ".join(f"{call} {most}" for call, most in calls.items() if most)
                     for group, calls in census.items())
    yield f"calls for a burst of {BURST} queries: {told}"
    points = [(group, call, number, fault) for group, calls in census.items() for call, most in calls.items()
              for number in range(1, most + 1) for fault, (_, _, step) in FAULTS.items()
              if number % step == 1 % step]
    if world.is_quick:
        points = world.rng.sample(points, min(12, len(points)))
    tally = {fault: Tally() for fault in FAULTS}
    failures = []
    for done, point in enumerate(points, 1):
        try:
            sweep(pristine, world, point, tally[point[3]])
        except Failed as failed:
            # The others are tried all the same: where it fails tells why.
            failures.append(failed)
            world.folder.joinpath("sweep").rename(world.folder / f"failed-{len(failures)}")
        world.progress(done, len(points), f"now {point}")
    for fault, seen in tally.items():
        yield f"{fault}: {seen}"
    if failures:
        raise Failed(f"{len(failures)} of {len(points)}: " + "\n".join(map(str, failures[:20])))
    hit, tried = sum(seen.hit for seen in tally.values()), len(points)
    if hit < tried * 0.75:
        raise Failed(f"only {hit} of {tried} faults were injected")
    yield f"{tried} gateways, {hit} faults injected, 0 receipts lost, each ledger verified in place and as a bundle"


class Tally:
    """What the faults of one kind led to."""

    def __init__(self):
        self.tried = self.hit = self.receipts = self.refused = self.broken = self.closed = self.ended = 0

    def __str__(self):
        return (f"{self.hit} of {self.tried} injected, {self.receipts} receipts, {self.refused} queries refused, "
                f"{self.broken} cut off, the ledger closed and opened again {self.closed} times, the process ended "
                f"{self.ended} times")


def fill(place):
    """Appends until the ledger has `ENTRIES_BEFORE` entries, all of them signed."""
    journal = Journal()
    with place.serve() as gateway:
        asker = Asker(journal)
        while last_index(journal) < ENTRIES_BEFORE - 1:
            if asker.ask(gateway.address) != "data":
                raise Failed("the ledger cannot be filled")
        asker.close()
        gateway.stop()


def threads_of(gateway, group):
    """The threads of a group: one of the two of the ledger, or all others."""
    threads = gateway.threads()
    if group != "others":
        return threads[group]
    return [thread for name, ids in threads.items() for thread in ids if name not in GROUPS]


def watching(place, gateway, group, *arguments):
    """strace on the threads of a group, for the files of the place."""
    # By both names: it is started in that folder, and some of its paths are relative.
    files = [path for name in FILES for path in (place.path(name), name or ".")]
    return strace.Strace(threads_of(gateway, group), place.path("strace.log"), files, *arguments)


def burst(gateway, journal, watch):
    """A few queries by three clients; ends when the tree covers what was acknowledged, a fault was met, or the gateway is
    gone."""
    wanted = journal.answers + BURST

    def is_over():
        return journal.answers >= wanted or journal.refused or journal.broken or not gateway.is_running()
    with Load(journal, lambda: [gateway.address], clients=3, watchers=0, pause=0.004):
        wait_until(is_over, "a burst is answered, refused or broken off")
    # Until the tree has grown over it and its checkpoint is kept outside too. What a fault does to the log is not asked: it
    # may be the log that is hit.
    wait_until(lambda: not gateway.is_running() or watch.has_injected()
               or covered(gateway, journal) and kept(gateway) > last_index(journal), "the tree grows over the burst")


def covered(gateway, journal):
    """Whether the published checkpoint covers every receipt."""
    return fetch_checkpoint(gateway.address, journal) > last_index(journal)


def kept(gateway):
    """The size of the checkpoint that is kept outside of the database."""
    return int(gateway.place.path("ledger.highwater").read_text().split("\n")[1])


def last_index(journal):
    """The largest index that was acknowledged."""
    return max((int(receipt["index"]) for receipt in journal.receipts), default=-1)


def count(pristine, world, group):
    """How many calls of each kind a group makes for a burst."""
    place = pristine.copy(world.folder / "census")
    with place.serve() as gateway:
        with watching(place, gateway, group) as watch:
            burst(gateway, Journal(), watch)
        gateway.stop()
    shutil.rmtree(place.folder)
    return watch.counted()


def sweep(pristine, world, point, seen):
    """One gateway, one fault: a burst that meets it, one after it, a start without it, and everything is compared."""
    group, call, number, fault = point
    place, journal = pristine.copy(world.folder / "sweep"), Journal()
    try:
        with place.serve() as gateway:
            what, onwards, _ = FAULTS[fault]
            inject = f"{strace.CALLS[call]}:{what}:when={number}{onwards}"
            with watching(place, gateway, group, [call], inject) as watch:
                burst(gateway, journal, watch)
            is_gone = gateway.process.poll() is not None
            if fault == "KILL" and is_gone and gateway.process.returncode != -9 or fault != "KILL" and is_gone:
                raise Failed(f"the gateway ended with status {gateway.process.returncode}:\n{gateway.log()[-2000:]}")
            seen.hit += watch.has_injected() if fault != "KILL" else is_gone
            if not is_gone:
                gateway.wait_until_ready(20)
                burst_after(gateway, journal)
                gateway.stop()
        with place.serve(name="again") as gateway:
            burst_after(gateway, journal)
            wait_until(lambda: covered(gateway, journal), "the tree grows over everything")
            gateway.stop()
        ledger = evidence.hold(place, journal, world.rng)
    except Failed as failed:
        raise Failed(f"{group}, {call} number {number}, {fault}: {failed}") from failed
    seen.tried += 1
    seen.receipts += len(journal.receipts)
    seen.refused += journal.refused
    seen.broken += journal.broken
    seen.ended += is_gone
    seen.closed += sum("LEDGER_REOPENED" in leaf.get("flags", ()) for leaf in ledger.leaves)
    shutil.rmtree(place.folder)


def burst_after(gateway, journal):
    """Queries that nothing hinders: they are answered."""
    with Load(journal, lambda: [gateway.address], clients=3, watchers=0, pause=0.004):
        wait_for_answers(journal, BURST, patience=20)
