"""A TCP proxy before PostgreSQL that reads what clients say and cuts a connection at a COMMIT of the ledger.

A transaction that inserts into `ledger_entry` is an "append", one that changes `ledger_tree` a "sign". Three cuts:
"before" COMMIT is forwarded, "after" it was, and on its "answer", which is swallowed."""

import re
import socket
import struct
import threading

MODES = ("before", "after", "answer")


class Proxy:
    """Listens on a port of its own; `arm` says what the next matching COMMIT meets."""

    def __init__(self, server_port, in_flight=lambda: 0):
        self.server_port, self.in_flight = server_port, in_flight
        self.lock = threading.Lock()
        self.plan, self.hits, self.hits_in_flight, self.commits = [], {}, 0, {}
        self.links = set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        # `close` alone does not wake who waits in `accept`.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            links = list(self.links)
        for link in links:
            link.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.server_port))
            except OSError:
                # The server is away, and so are we.
                client.close()
                continue
            Link(self, client, server).start()

    def arm(self, mode, kind, times=1):
        """The next `times` COMMITs of this kind are cut in this way."""
        with self.lock:
            self.plan = [(mode, kind)] * times

    def is_armed(self):
        """Whether a planned cut has not been made yet."""
        with self.lock:
            return bool(self.plan)

    def disarm(self):
        """Takes back what was planned."""
        self.arm(None, None, 0)

    def cut_at(self, kind):
        """How the COMMIT of a transaction of this kind is to be cut, if at all."""
        with self.lock:
            self.commits[kind] = self.commits.get(kind, 0) + 1
            if not self.plan or self.plan[0][1] != kind:
                return None
            mode, _ = self.plan.pop(0)
            self.hits[mode, kind] = self.hits.get((mode, kind), 0) + 1
            self.hits_in_flight += self.in_flight() > 0
            return mode


class Link:
    """One connection through the proxy."""

    def __init__(self, proxy, client, server):
        self.proxy, self.client, self.server = proxy, client, server
        self.statements, self.kind, self.swallows, self.is_begun = {}, "other", False, False
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start(self):
        """Copies in both directions from now on."""
        with self.proxy.lock:
            self.proxy.links.add(self)
        for work in (self._to_server, self._to_client):
            threading.Thread(target=work, daemon=True).start()

    def close(self):
        """Cuts both ends."""
        with self.proxy.lock:
            self.proxy.links.discard(self)
        for end in (self.client, self.server):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()

    def _to_client(self):
        try:
            while data := self.server.recv(65_536):
                if self.swallows:
                    break
                self.client.sendall(data)
        except OSError:
            pass
        self.close()

    def _to_server(self):
        waiting = b""
        try:
            while data := self.client.recv(65_536):
                waiting += data
                while (message := self._first(waiting)) is not None:
                    waiting = waiting[len(message):]
                    if not self._forward(message):
                        return
        except OSError:
            pass
        self.close()

    def _first(self, data):
        """The first whole message: type, length, body; before the first ReadyForQuery there is no type."""
        start = 1 if self.is_begun else 0
        if len(data) < start + 4:
            return None
        length = start + struct.unpack_from("!I", data, start)[0]
        return data[:length] if len(data) >= length else None

    def _forward(self, message):
        """Passes a message on, or cuts there; whether the connection goes on."""
        if not self.is_begun:
            # Requests for encryption (80877103, 80877104) are answered with one byte, and the start-up comes again.
            self.is_begun = struct.unpack_from("!I", message, 4)[0] == 196_608
            self.server.sendall(message)
            return True
        mode = self.proxy.cut_at(self.kind) if self._is_commit(message) else None
        if mode == "before":
            self.close()
            return False
        self.swallows = mode == "answer"
        self.server.sendall(message)
        if mode == "after":
            # The server still reads what was sent; nobody reads what it answers.
            self.close()
            return False
        return True

    def _is_commit(self, message):
        """Follows the transaction; whether this message ends it with COMMIT."""
        kind, body = message[:1], message[5:]
        if kind == b"Q":
            text = body.rstrip(b"\0").decode(errors="replace")
        elif kind == b"P":
            name, text, _ = body.split(b"\0", 2)
            self.statements[name] = text.decode(errors="replace")
            return False
        elif kind == b"B":
            text = self.statements.get(body.split(b"\0", 2)[1], "")
        else:
            return False
        text = text.strip().upper()
        if text.startswith("BEGIN"):
            self.kind = "other"
        elif re.match(r'INSERT INTO "?LEDGER_ENTRY\b', text):
            self.kind = "append"
        elif re.match(r'UPDATE "?LEDGER_TREE\b', text):
            self.kind = "sign"
        return text.startswith("COMMIT")
