"""L10: a disk that is full, until there is room again; on a small file system of its own (tmpfs), so it must be root.

SQLite: registry and ledger lie on it, without and with the watch that closes the ledger before the last byte. PostgreSQL:
all of its data lies on it, or its write-ahead log alone. No answer gets out without its entry, and nothing has to be repaired."""

import contextlib
import os
import subprocess

import evidence
from load import Asker, Journal, Load, wait_for_answers
from place import Failed, Gateway, Place, http_status, wait_until
from postgres import Server

PAGE = 4096
# Nobody runs short of this much while the room is there.
SQLITE_MIB, POSTGRES_MIB, LOG_MIB = 40, 120, 24
CLOSE_BELOW_MIB, BALLAST_MIB = 4, 2


def run(world):
    """The four."""
    rounds, silent = world.count(10, 2), []
    try:
        yield from on_sqlite(world, "sqlite", (0, 0), rounds, silent)
        yield from on_sqlite(world, "watched", (CLOSE_BELOW_MIB, BALLAST_MIB), rounds, silent)
        yield from on_postgres(world, "all data", world.count(4, 1), silent)
        yield from on_postgres(world, "log alone", world.count(6, 1), silent)
    except PermissionError as refused:
        yield f"left out: {refused}"
    if sum(silent) > 0:
        raise Failed(f"{sum(silent)} times the ledger was opened again, and no entry says that it was closed (LEDGER_REOPENED)")


class Disk:
    """A small file system, mounted while a `with` block runs."""

    def __init__(self, folder, mib):
        self.folder, self.mib, self.filler = folder, mib, folder / "filler"

    def __enter__(self):
        self.folder.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.mib}m,mode=755", "tmpfs", str(self.folder)],
                                 capture_output=True, text=True)
        if mounted.returncode != 0:
            raise PermissionError(f"a file system cannot be mounted here: {mounted.stderr.strip()}")
        return self

    def __exit__(self, *_):
        if subprocess.run(["umount", str(self.folder)], capture_output=True).returncode != 0:
            subprocess.run(["umount", "--lazy", str(self.folder)], check=True)

    def free(self):
        """Bytes that may still be written."""
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def fill(self, leave=0):
        """Takes all room but `leave` bytes."""
        with open(self.filler, "ab", buffering=0) as filler, contextlib.suppress(OSError):
            while (room := self.free() - leave) > 0:
                filler.write(bytes(min(max(room, PAGE), 1 << 20)))

    def clear(self):
        """Gives it back."""
        self.filler.unlink(missing_ok=True)


def refuses(gateway, journal):
    """Whether the ledger is closed: not ready, and a query gets 503 without data. It lives all the while."""
    if http_status(gateway.address, "/health/ready") != 503:
        return False
    if http_status(gateway.address, "/health/live") != 200:
        raise Failed("a gateway that cannot write does not say that it lives")
    asker = Asker(journal)
    outcome = asker.ask(gateway.address)
    asker.close()
    return outcome == "refused"


def must_have_closed(place, ledger, rounds, silent):
    """How often the ledger was closed and opened, by the gateway's log; `silent` gets how many openings no entry tells of."""
    log = place.path("gateway.log").read_text(errors="replace")
    closed, opened = log.count("the ledger is closed: no data"), log.count("the ledger is open\n")
    if closed < rounds:
        raise Failed(f"{rounds} times the disk was full, and the ledger was closed {closed} times")
    told = sum("LEDGER_REOPENED" in leaf.get("flags", ()) for leaf in ledger.leaves)
    silent.append(opened - told)
    return f"{closed} times closed, {opened} times opened again under way ({told} entries say so)"


def on_sqlite(world, name, watch, rounds, silent):
    """Fills the disk under load and frees it, each time leaving another rest; sometimes with a kill and a start between."""
    journal, recovered, started = Journal(), [], []
    with Disk(world.folder / f"{name}-disk", SQLITE_MIB) as disk:
        urls = (f"sqlite:{disk.folder}/registry.db", f"sqlite:{disk.folder}/ledger.db")
        place = Place.create(world.binary, world.folder / name, *urls, disk=watch)
        gateway = place.serve()
        try:
            with Load(journal, lambda: [gateway.address], clients=3, watchers=1):
                for number in range(rounds):
                    wait_for_answers(journal, world.rng.randrange(20, 120))
                    disk.fill(world.rng.randrange(0, 30) * PAGE)
                    wait_until(lambda: refuses(gateway, journal), "a full disk is refused", 120)
                    disk.fill()
                    if number % 2:
                        gateway.kill()
                        gateway, how = start_when_full(place, disk)
                        started.append(how)
                    else:
                        disk.clear()
                    recovered.append(gateway.wait_until_ready())
                    wait_for_answers(journal, 10)
            gateway.stop()
        finally:
            gateway.kill()
        ledger = evidence.hold(place, journal, world.rng, name=str(world.folder / f"{name}-export"))
    closed = must_have_closed(place, ledger, rounds, silent)
    if journal.refused < rounds:
        raise Failed("too few queries met a full disk")
    how = f"closed below {watch[0]} MiB" if watch[0] else "to the last byte"
    yield (f"SQLite, {how}: {rounds} times full, {closed}, ready at most {max(recovered):.1f} s after "
           f"there was room; killed and started while full: {', '.join(started) or 'never'}; {journal.summary()}; "
           f"{len(ledger.leaves)} entries, no receipt lost, nothing repaired")


def start_when_full(place, disk):
    """Starts a gateway on a full disk: it refuses to start, or to answer. Then there is room, and it works."""
    gateway = Gateway(place)
    try:
        gateway.wait_until_listening()
        how = "served, not ready" if not gateway.is_ready() else "served"
        disk.clear()
    except Failed:
        how = f"status {gateway.kill()}"
        disk.clear()
        gateway = place.serve()
    return gateway, how


def on_postgres(world, what, rounds, silent):
    """The same for a server: it may refuse, or end itself; then it is started again when there is room."""
    journal, recovered, restarts = Journal(), [], 0
    name, is_log = what.replace(" ", "-"), what == "log alone"
    with Disk(world.folder / f"{name}-disk", LOG_MIB if is_log else POSTGRES_MIB) as disk, \
            server_on(world.folder / f"{name}-server", disk, is_log) as server:
        server.sql("CREATE DATABASE chengxin")
        place = Place.create(world.binary, world.folder / name, server.url("chengxin"), server.url("chengxin"))
        with place.serve() as gateway:
            with Load(journal, lambda: [gateway.address], clients=3, watchers=1):
                for number in range(rounds):
                    wait_for_answers(journal, world.rng.randrange(20, 120))
                    disk.fill(world.rng.randrange(0, 30) * PAGE)
                    wait_until(lambda: refuses(gateway, journal), "a full disk is refused", 120)
                    if number % 2:
                        # The disk stays full until the server has recovered from what it met, or has given up.
                        wait_until(lambda: state_of(server), "the server recovers or ends", pause=0.2)
                    disk.clear()
                    restarts += restart_if_gone(server)
                    recovered.append(gateway.wait_until_ready())
                    wait_for_answers(journal, 10)
            gateway.stop()
        ledger = evidence.hold(place, journal, world.rng)
        log = server.log()
    closed, said = must_have_closed(place, ledger, rounds, silent), log.count("No space left on device")
    if not said:
        raise Failed("the server never said that its disk was full")
    yield (f"PostgreSQL, {what}: {rounds} times full, {said} lines of the server about it, {log.count('PANIC')} times PANIC, "
           f"{restarts} starts by hand; {closed}, ready at most {max(recovered):.1f} s after the server was; "
           f"{journal.summary()}; {len(ledger.leaves)} entries, no receipt lost, nothing repaired")


def server_on(folder, disk, is_log):
    """A server with all data on the disk, or with its log alone there. Small files, so that it needs new ones soon."""
    settings = "max_wal_size = 4MB\nmin_wal_size = 2MB\nshared_buffers = 16MB\nrestart_after_crash = on\n"
    if not is_log:
        return Server(folder, disk.folder / "data", settings, ("--wal-segsize=1",))
    return Server(folder, None, settings, ("--wal-segsize=1", f"--waldir={disk.folder}/log"), needs=[disk.folder / "log"])


def state_of(server):
    """ "there" when it takes connections, "gone" when it has ended, None as long as that is not decided."""
    if not server.is_running():
        return "gone"
    return "there" if server.takes_connections() else None


def restart_if_gone(server):
    """Waits until the server takes connections or has ended, and starts it in that case; whether it had to be started."""
    if wait_until(lambda: state_of(server), "the server recovers or ends", pause=0.2) == "there":
        return False
    if not server.start():
        raise Failed(f"PostgreSQL does not start again:\n{server.log()[-2000:]}")
    return True
