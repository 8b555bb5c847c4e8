"""A clock that a running program reads from a file: the system's time of day and a shift in seconds.

libfaketime does not work with this program: its constructor looks up symbols that are not there, glibc frees the message
about that with the program's own `free`, which is mimalloc's, and that has not been initialised yet. What is preloaded here
allocates nothing. Waiting is not faked: a wrong time of day does not make a machine slower."""

import mmap
import pathlib
import struct
import subprocess

from place import Failed

SOURCE = r"""
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *shift;

__attribute__((constructor)) static void begin(void) {
    int file = open(getenv("CLOCK_SHIFT_FILE"), O_RDONLY | O_CLOEXEC);
    void *found = file < 0 ? MAP_FAILED : mmap(NULL, 8, PROT_READ, MAP_SHARED, file, 0);
    if (found == MAP_FAILED) _exit(99);
    shift = found;
    close(file);
}

int clock_gettime(clockid_t id, struct timespec *out) {
    int status = (int)syscall(SYS_clock_gettime, id, out);
    if (status == 0 && shift && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) out->tv_sec += *shift;
    return status;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone) {
    struct timespec now;
    (void)zone;
    int status = clock_gettime(CLOCK_REALTIME, &now);
    out->tv_sec = now.tv_sec;
    out->tv_usec = now.tv_nsec / 1000;
    return status;
}

time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}
"""


class Clock:
    """One such clock, and the environment of the programs that read it."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        source, library, file = folder / "clock.c", folder / "clock.so", folder / "clock-shift"
        source.write_text(SOURCE)
        made = subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source)], capture_output=True, text=True)
        if made.returncode != 0:
            raise Failed(f"the clock cannot be compiled: {made.stderr}")
        file.write_bytes(bytes(8))
        with open(file, "r+b") as opened:
            self.memory = mmap.mmap(opened.fileno(), 8)
        self.environment = {"LD_PRELOAD": str(library), "CLOCK_SHIFT_FILE": str(file)}
        self.shift = 0

    def set(self, seconds):
        """Puts it so far from the true time, at once for whoever reads it."""
        struct.pack_into("=q", self.memory, 0, seconds)
        self.shift = seconds
