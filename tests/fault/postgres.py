"""A private PostgreSQL server in a temporary folder, on a free port of the loopback address."""

import os
import pathlib
import socket
import subprocess

from place import Failed, wait_until


def folder_of_programs():
    """The newest PostgreSQL that is installed."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    if not found:
        raise Failed("PostgreSQL is missing")
    return found[-1].parent


def free_port():
    """A port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """One server. `data` may lie on a small file system of its own; `needs` are further folders that it must own."""

    def __init__(self, folder, data=None, settings="", initdb=(), needs=()):
        self.folder, self.programs = pathlib.Path(folder), folder_of_programs()
        self.data = pathlib.Path(data) if data else self.folder / "data"
        self.log_path = self.folder / "server.log"
        # initdb and the server refuse to run as root.
        self.owner = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        for path in (self.folder, self.data, *needs):
            path.mkdir(parents=True, exist_ok=True)
            if self.owner:
                subprocess.run(["chown", "postgres:", str(path)], check=True)
        self._run("initdb", f"--pgdata={self.data}", "--username=chengxin", "--auth=trust", "--encoding=UTF8",
                  "--locale=C.UTF-8", *initdb)
        self.settings = settings
        self.port = None

    def __enter__(self):
        for _ in range(10):
            self.port = free_port()
            self.data.joinpath("postgresql.auto.conf").write_text(
                f"port = {self.port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{self.folder}'\n"
                f"max_connections = 100\nfsync = on\nsynchronous_commit = on\ntimezone = 'UTC'\n{self.settings}")
            if self.start():
                return self
            if "Address already in use" not in self.log():
                break
        raise Failed(f"PostgreSQL does not start:\n{self.log()[-2000:]}")

    def __exit__(self, *_):
        self.stop("immediate")

    def _run(self, program, *arguments, must=True):
        done = subprocess.run([str(self.programs / program), *arguments], cwd=self.folder, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=120, **self.owner)
        if must and done.returncode != 0:
            raise Failed(f"{program}: status {done.returncode}\n{done.stdout[-1000:]}{done.stderr[-1000:]}")
        return done

    def log(self):
        """What the server has written."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def start(self):
        """Starts it and waits until it takes connections; whether it does."""
        # The server inherits what it is given: no pipe of ours, or we would wait for its end.
        arguments = [str(self.programs / "pg_ctl"), f"--pgdata={self.data}", f"--log={self.log_path}", "--timeout=60", "--wait",
                     "--silent", "start"]
        return subprocess.run(arguments, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, timeout=120, **self.owner).returncode == 0

    def stop(self, mode):
        """Stops it: `immediate` is as good as a crash."""
        if self.is_running():
            self._run("pg_ctl", f"--pgdata={self.data}", f"--mode={mode}", "--silent", "--wait", "stop", must=False)
            wait_until(lambda: not self.is_running(), "PostgreSQL stops")

    def is_running(self):
        """Whether there is a server."""
        return self._run("pg_ctl", f"--pgdata={self.data}", "status", must=False).returncode == 0

    def takes_connections(self):
        """Whether somebody who connects now is served."""
        return self._run("psql", self.url("postgres"), "-XAtqc", "SELECT 1", must=False).returncode == 0

    def url(self, database, port=None):
        """The address of a database, past a proxy when its port is given."""
        return f"postgres://chengxin@127.0.0.1:{port or self.port}/{database}?sslmode=disable"

    def sql(self, statement, database="postgres"):
        """Runs a statement; what it gives, as text."""
        return self._run("psql", self.url(database), "-XAtqc", statement).stdout.strip()
