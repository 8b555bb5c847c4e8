"""Clients: they ask, keep the receipt of every answer that came whole, and refuse an answer that breaks the rules."""

import http.client
import json
import threading
import time

from place import USCC, Failed

QUESTION = json.dumps({"query": f'{{ subject(uscc: "{USCC}") {{ name records(first: 5) {{ totalCount }} }} }}'})
PROOF_OF_DATA = "东营测试甲"


class Journal:
    """What the clients hold: receipts, refusals, checkpoints. One for all clients of a test."""

    def __init__(self):
        self.lock = threading.Lock()
        self.receipts, self.checkpoints, self.codes = [], set(), {}
        self.answers = self.refused = self.broken = self.in_flight = 0
        self.fault = None

    def summary(self):
        """Counts, for the result line."""
        codes = ", ".join(f"{code} {count}" for code, count in sorted(self.codes.items())) or "none"
        return (f"{len(self.receipts)} receipts, {self.broken} requests cut off in flight, {self.refused} refused without data "
                f"(codes: {codes}), {len(self.checkpoints)} checkpoints")

    def must_be_clean(self):
        """Fails when a client has seen an answer that must not be."""
        if self.fault:
            raise Failed(self.fault)

    def take(self, status, body):
        """Judges one answer that came whole, and keeps its receipt; whether it had data."""
        answer = json.loads(body)
        receipt = answer.get("extensions", {}).get("audit")
        codes = [error.get("extensions", {}).get("code", "?") for error in answer.get("errors", [])]
        has_data = answer.get("data") is not None or PROOF_OF_DATA in body
        with self.lock:
            if receipt:
                self.receipts.append(receipt)
            for code in codes:
                self.codes[code] = self.codes.get(code, 0) + 1
            if has_data:
                self.answers += 1
                expected = (answer.get("data") or {}).get("subject") or {}
                if not receipt or status != 200 or expected.get("records") != {"totalCount": 2}:
                    self.fault = self.fault or f"an answer with data that is wrong or has no receipt: {status} {body}"
            else:
                self.refused += 1
                # Without the registry the refusal is an entry, and has a receipt; without the ledger there is none.
                wanted = "UNAVAILABLE" if receipt else "AUDIT_UNAVAILABLE"
                if (status, codes) != (503, [wanted]):
                    self.fault = self.fault or f"a refusal of another kind than expected: {status} {body}"
        return has_data


class Asker:
    """One client on a connection that is kept."""

    def __init__(self, journal, token=None, purpose=None):
        self.journal, self.connection, self.address = journal, None, None
        self.headers = {"content-type": "application/json"}
        if token:
            self.headers.update({"authorization": f"Bearer {token}", "chengxin-purpose": purpose, "chengxin-case": "FAULT-1"})

    def ask(self, address, patience=30):
        """Asks once: "data", "refused", "cut" when the request was sent and no whole answer came, "away" before that."""
        if self.address != address:
            self.close()
        sent = False
        try:
            if self.connection is None:
                self.connection, self.address = http.client.HTTPConnection(*address, timeout=patience), address
                self.connection.connect()
            with self.journal.lock:
                self.journal.in_flight += 1
            sent = True
            try:
                self.connection.request("POST", "/graphql", QUESTION, self.headers)
                response = self.connection.getresponse()
                body = response.read().decode()
            finally:
                with self.journal.lock:
                    self.journal.in_flight -= 1
        except TimeoutError as late:
            self.close()
            raise Failed(f"no answer within {patience} s") from late
        except (OSError, http.client.HTTPException):
            self.close()
            if sent:
                with self.journal.lock:
                    self.journal.broken += 1
            return "cut" if sent else "away"
        if response.will_close:
            self.close()
        return "data" if self.journal.take(response.status, body) else "refused"

    def close(self):
        """Closes the connection; the next question makes another."""
        if self.connection is not None:
            self.connection.close()
        self.connection = self.address = None


def get(address, path, patience=10):
    """Fetches a path: status and text; (None, "") when nobody answers."""
    connection = http.client.HTTPConnection(*address, timeout=patience)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    except (OSError, http.client.HTTPException):
        return None, ""
    finally:
        connection.close()


def fetch_checkpoint(address, journal):
    """Fetches the published checkpoint and keeps it; its size, or -1."""
    status, note = get(address, "/ledger/checkpoint")
    if status != 200:
        return -1
    with journal.lock:
        journal.checkpoints.add(note)
    return int(note.split("\n")[1])


class Load:
    """Threads that ask again and again, each whoever `addresses` names now, and threads that fetch checkpoints."""

    def __init__(self, journal, addresses, clients=4, watchers=1, pause=0.0):
        self.journal, self.addresses, self.pause = journal, addresses, pause
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self._guarded, args=(self._ask, at)) for at in range(clients)]
        self.threads += [threading.Thread(target=self._guarded, args=(self._watch, at)) for at in range(watchers)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, kind, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()
        if kind is None:
            self.journal.must_be_clean()

    def _guarded(self, work, at):
        try:
            work(at)
        except Exception as error:  # whatever it is, the test must hear of it
            self.journal.fault = self.journal.fault or f"a client ended: {error!r}"

    def _ask(self, at):
        asker = Asker(self.journal)
        while not self.ended.is_set():
            address = self._address(at)
            outcome = asker.ask(address) if address else "away"
            if outcome != "data" or self.pause:
                self.ended.wait(self.pause if outcome == "data" else 0.01)
        asker.close()

    def _watch(self, at):
        while not self.ended.is_set():
            address = self._address(at)
            if address:
                fetch_checkpoint(address, self.journal)
            self.ended.wait(0.05)

    def _address(self, at):
        addresses = self.addresses()
        return addresses[at % len(addresses)] if addresses else None


def wait_for_answers(journal, more, load_check=None, patience=60):
    """Waits until `more` further answers with data have come."""
    wanted, deadline = journal.answers + more, time.monotonic() + patience
    while journal.answers < wanted:
        journal.must_be_clean()
        if load_check:
            load_check()
        if time.monotonic() > deadline:
            raise Failed(f"no {more} further answers within {patience} s ({journal.summary()})")
        time.sleep(0.004)
