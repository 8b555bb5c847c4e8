"""L3: the connection to PostgreSQL is cut at COMMIT, and the server is stopped at once, under load.

Whether such a commit took place nobody knows: the gateway must find out, acknowledge it once or write it once more, and
never twice."""

import time

import evidence
from load import Journal, Load, wait_for_answers
from place import Failed, Place, wait_until
from postgres import Server
from proxy import MODES, Proxy

FOUND_OUT = "a ledger commit of unknown outcome had succeeded"


def run(world):
    """Cuts in three ways, of appends and of signatures, then stops and starts the server."""
    cuts, stops = world.count(180, 18), world.count(6, 1)
    journal = Journal()
    with Server(world.folder / "postgres") as server, Proxy(server.port, lambda: journal.in_flight) as proxy:
        server.sql("CREATE DATABASE chengxin")
        # Only the ledger's connections pass the proxy: a COMMIT of the registry would be no interesting place to cut.
        place = Place.create(world.binary, world.folder / "cuts", server.url("chengxin"), server.url("chengxin", proxy.port))
        with place.serve() as gateway:
            with Load(journal, lambda: [gateway.address], clients=4, watchers=1):
                cut(world, proxy, journal, cuts)
                recovered = [stop_server(world, server, gateway, journal) for _ in range(stops)]
            gateway.wait_until_ready()
            log = gateway.log()
            gateway.stop()
        ledger = evidence.hold(place, journal, world.rng)
    done = sum(proxy.hits.values())
    found_out, reopened = log.count(FOUND_OUT), sum("LEDGER_REOPENED" in leaf.get("flags", ()) for leaf in ledger.leaves)
    each = ", ".join(f"{kind} {mode} COMMIT {count}" for (mode, kind), count in sorted(proxy.hits.items()))
    if done < cuts or len(proxy.hits) < 2 * len(MODES) or proxy.hits_in_flight < done * 0.8:
        raise Failed(f"too few cuts met what they should: {each}; {proxy.hits_in_flight} with requests in flight")
    if found_out == 0 or reopened == 0:
        raise Failed("no cut led to a commit of unknown outcome that had succeeded, or none to a closed ledger")
    yield f"{done} cuts ({each}), {proxy.hits_in_flight} of them with requests in flight"
    yield (f"{found_out} commits of unknown outcome were found to have succeeded, the ledger was closed and opened again "
           f"{reopened} times")
    yield f"{stops} immediate stops of the server, ready at most {max(recovered):.1f} s after it was there again"
    yield (f"{journal.summary()}; {len(ledger.leaves)} entries, each number of each instance once; no receipt lost, "
           "all checkpoints on one chain")


def cut(world, proxy, journal, cuts):
    """Cuts `cuts` COMMITs, sometimes two or three that follow one another, so that the second try fails too."""
    # Each way to cut a signature, three times as many appends; in an order drawn anew for each pass.
    deck = [(mode, kind) for mode in MODES for kind in ("append", "append", "append", "sign")]
    done, drawn = 0, []
    while done < cuts:
        if not drawn:
            drawn = world.rng.sample(deck, len(deck))
        mode, kind = drawn.pop()
        times = world.rng.choice((1, 1, 1, 2, 3)) if kind == "append" else 1
        proxy.arm(mode, kind, times)
        wait_until(lambda: not proxy.is_armed(), f"a {kind} is cut {mode} COMMIT")
        done += times
        wait_for_answers(journal, world.rng.randrange(1, 20))
        time.sleep(world.rng.random() * 0.02)
        world.progress(done, cuts, journal.summary())


def stop_server(world, server, gateway, journal):
    """Stops the server at once under load, starts it again; how long the gateway takes to be ready then."""
    wait_for_answers(journal, world.rng.randrange(5, 60))
    refused = journal.refused
    server.stop("immediate")
    wait_until(lambda: journal.refused > refused and not gateway.is_ready(), "the gateway sees that its database is away")
    if not server.start():
        raise Failed(f"PostgreSQL does not start again:\n{server.log()[-2000:]}")
    took = gateway.wait_until_ready()
    wait_for_answers(journal, 5)
    return took
