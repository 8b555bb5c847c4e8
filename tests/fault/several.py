"""L4: four gateways on one PostgreSQL, all of them appending and signing, killed and started again at random."""

import threading
import time

import evidence
from load import Journal, Load, wait_for_answers
from place import Failed, Place
from postgres import Server

GATEWAYS = 4
TRIES = 10


def run(world):
    """Load on all four, kills of one or several at once, and one chain at the end."""
    kills = world.count(120, 10)
    journal = Journal()
    with Server(world.folder / "postgres") as server:
        server.sql("CREATE DATABASE chengxin")
        url = server.url("chengxin")
        place = Place.create(world.binary, world.folder / "several", url, url)
        # As on four machines: one key file and one configuration, and a high-water file each.
        for number in range(GATEWAYS):
            place.configure(f"gateway-{number}.toml", url, url, f"highwater-{number}")
        fleet = Fleet(place)
        try:
            with Load(journal, fleet.addresses, clients=2 * GATEWAYS, watchers=GATEWAYS):
                hit = kill(world, fleet, journal, kills)
            for gateway in fleet.gateways:
                gateway.wait_until_ready()
                gateway.stop()
        finally:
            fleet.kill()
        ledger = evidence.hold(place, journal, world.rng)
        dense = server.sql("SELECT count(*) = max(idx) + 1 AND min(idx) = 0 FROM ledger_entry", "chengxin")
    written = {}
    for leaf in ledger.leaves:
        written[leaf["ins"]] = written.get(leaf["ins"], 0) + 1
    changes = sum(one["ins"] != other["ins"] for one, other in zip(ledger.leaves, ledger.leaves[1:]))
    if dense != "t":
        raise Failed("the indexes in the database are not dense")
    if hit < kills * 0.8 or len(written) < GATEWAYS + kills // 2 or changes < len(ledger.leaves) // 10:
        raise Failed(f"they hardly wrote at the same time: {hit} kills met requests, {len(written)} instances, {changes} changes")
    yield (f"{kills} kills -9 of {GATEWAYS} gateways, {hit} of them with requests in flight; {len(written)} instances wrote, "
           f"the writer changes {changes} times from one entry to the next")
    yield (f"{journal.summary()}; {len(ledger.leaves)} entries, dense; the checkpoints of all {GATEWAYS} lie on one chain, "
           "no receipt lost")
    if fleet.refused:
        raise Failed(f"{len(fleet.refused)} starts were refused beside gateways that write, and the ledger is sound; the first: "
                     f"{fleet.refused[0]}")


def kill(world, fleet, journal, kills):
    """Kills gateways, one or several at once, and starts them again; how many kills met requests in flight."""
    done = hit = 0
    while done < kills:
        wait_for_answers(journal, world.rng.randrange(4, 40))
        time.sleep(world.rng.random() * 0.3)
        victims = world.rng.sample(range(GATEWAYS), min(world.rng.choice((1, 1, 1, 2, 4)), kills - done))
        hit += len(victims) if journal.in_flight else 0
        for victim in victims:
            fleet.gateways[victim].kill()
        fleet.start(victims)
        done += len(victims)
        world.progress(done, kills, journal.summary())
    wait_for_answers(journal, 40)
    return hit


class Fleet:
    """The gateways, where they listen now, and which starts were refused."""

    def __init__(self, place):
        self.place, self.gateways, self.refused = place, [None] * GATEWAYS, []
        self.threads, self.has_ended = [], False
        self.start(range(GATEWAYS))

    def start(self, numbers):
        """Starts gateways beside one another. One that does not start is tried again, so that everything else is looked at
        too, and fails the test at the end."""
        self.threads = [threading.Thread(target=self._start, args=(number,)) for number in numbers]
        for thread in self.threads:
            thread.start()
        for thread in self.threads:
            thread.join()
        if any(not gateway or not gateway.is_running() for gateway in self.gateways):
            raise Failed(f"a gateway does not start: {self.refused[-1:]}")

    def _start(self, number):
        for _ in range(TRIES):
            if self.has_ended:
                return
            try:
                self.gateways[number] = self.place.serve(config=f"gateway-{number}.toml", name=f"gateway-{number}")
                return
            except Failed as failed:
                self.refused.append(" ".join(str(failed).split()))

    def addresses(self):
        """Of each gateway, also of one that was killed: its clients find that out."""
        return [gateway.address for gateway in self.gateways]

    def kill(self):
        """Ends all of them, and those that are just being started."""
        self.has_ended = True
        for thread in self.threads:
            if thread.is_alive():
                thread.join()
        for gateway in self.gateways:
            if gateway is not None:
                gateway.kill()
