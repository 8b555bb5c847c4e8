"""L2: `kill -9` under load, hundreds of times; whatever a client has received whole stands in the ledger."""

import time

import evidence
from load import Journal, Load, wait_for_answers
from place import Failed, Place


def run(world):
    """Kills at random moments of the load, starts again, and compares at the end."""
    kills = world.count(500, 25)
    place = Place.create(world.binary, world.folder / "kills")
    journal, current = Journal(), []
    hit = 0
    with Load(journal, lambda: list(current), clients=4, watchers=1):
        for number in range(kills):
            with place.serve() as gateway:
                current[:] = [gateway.address]
                wait_for_answers(journal, world.rng.randrange(1, 12))
                # Sometimes before the tree has grown for the first time (200 ms), sometimes between or while it does.
                time.sleep(world.rng.random() * world.rng.choice((0.05, 0.05, 0.7)))
                hit += journal.in_flight > 0
                gateway.kill()
                current.clear()
            world.progress(number + 1, kills, journal.summary())
    with place.serve() as gateway:
        gateway.stop()
    if hit < kills * 0.9:
        raise Failed(f"only {hit} of {kills} kills met a request in flight")
    ledger = evidence.hold(place, journal, world.rng)
    yield (f"{kills} kills -9, {hit} of them with requests in flight; {journal.summary()}; {len(ledger.leaves)} entries; "
           "0 acknowledged entries lost, same index and leaf hash, all checkpoints on one chain")
