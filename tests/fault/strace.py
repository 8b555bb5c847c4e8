"""strace, attached to threads of a running process: it counts system calls, or makes the n-th of one kind fail."""

import pathlib
import re
import signal
import subprocess

from place import Failed, wait_until

# `rename` may be called by any of its three names.
CALLS = {"openat": "openat", "write": "write,writev,pwritev", "pwrite64": "pwrite64", "fsync": "fsync", "fdatasync": "fdatasync",
         "rename": "rename,renameat,renameat2", "ftruncate": "ftruncate"}


def is_allowed():
    """Whether one process may watch another here."""
    try:
        return subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode == 0
    except OSError:
        return False


class Strace:
    """strace while a `with` block runs."""

    def __init__(self, threads, log, files, calls=tuple(CALLS), inject=None):
        self.threads, self.log = list(threads), pathlib.Path(log)
        arguments = ["strace", "-o", str(self.log), "-e", "trace=" + ",".join(CALLS[call] for call in calls), "-e", "signal=none"]
        if inject:
            arguments += ["-e", f"inject={inject}"]
        # Calls on these files alone: the same threads also write to what wakes others, where a fault cannot happen.
        arguments += [part for file in files for part in ("-P", str(file))]
        # Each thread by its id, and no -f, which would take all of the process: strace counts the calls of each thread by
        # itself, so the n-th call is the n-th of one thread.
        self.arguments = arguments + ["-p", ",".join(map(str, self.threads))]
        self.text = ""
        self.messages = self.log.with_suffix(".messages")

    def __enter__(self):
        with open(self.messages, "wb") as messages:
            self.process = subprocess.Popen(self.arguments, stdin=subprocess.DEVNULL, stdout=messages, stderr=messages)

        def is_attached():
            text = self.messages.read_text()
            if self.process.poll() is not None:
                raise Failed(f"strace ended: {text}")
            return text.count(" attached") >= len(self.threads)
        try:
            wait_until(is_attached, "strace is attached", pause=0.002)
        except Failed:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        # It lets go of the threads and ends; it has ended already when they have.
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        self.process.wait(30)
        self.text = self.log.read_text(errors="replace")

    def has_injected(self):
        """Whether a call was made to fail. strace writes each line when the call ends, so it can be asked under way too."""
        return "(INJECTED)" in (self.text or self.log.read_text(errors="replace"))

    def counted(self):
        """How many calls of each kind one thread made at most: as far as `when=` has to count."""
        most = {}
        for call, names in CALLS.items():
            threads = re.findall(rf"(?m)^(\d*) *(?:{names.replace(',', '|')})\(", self.text)
            most[call] = max(map(threads.count, threads), default=0)
        return most
