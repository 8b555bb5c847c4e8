#!/usr/bin/env python3
"""Verifies an export bundle of a chengxin ledger, offline, with nothing but Python's standard library.

    python3 verify.py BUNDLE [--policy POLICY] [--state FILE] [--json]

Written from docs/ledger.md and the published formats (RFC 6962, RFC 8032, RFC 8785, C2SP signed-note, tlog-checkpoint,
tlog-cosignature, tlog-tiles, tlog-proof, tlog-policy); it shares no code with the program that it checks.

Exit codes: 0 sound, 1 usage, 2 signature or quorum, 3 fork or rollback, 4 content, 5 incomplete.

Needs Python 3.9. Memory does not grow with the number of entries, but for the manifest.
"""

import argparse
import base64
import binascii
import csv
import datetime
import hashlib
import json
import os
import re
import sys

OUTCOMES = {0: "ok", 1: "usage", 2: "bad_signature", 3: "inconsistent", 4: "content", 5: "incomplete"}
USAGE, SIGNATURE, INCONSISTENT, CONTENT, INCOMPLETE = 1, 2, 3, 4, 5
WIDTH = 256


class Report:
    """What was found. The outcome is the smallest code of a fault."""

    def __init__(self, is_key_pinned):
        self.origin = self.size = self.root = None
        self.first = self.entries = self.opened = self.withheld = 0
        self.is_key_pinned = is_key_pinned
        self.faults = []

    def fault(self, code, what, index=None):
        self.faults.append((code, index, what))

    def exit_code(self):
        return min((code for code, _, _ in self.faults), default=0)

    def to_json(self):
        faults = [{"kind": OUTCOMES[code], "index": index, "what": what} for code, index, what in self.faults]
        return {
            "outcome": OUTCOMES[self.exit_code()], "exit_code": self.exit_code(), "origin": self.origin, "size": self.size,
            "root": self.root, "is_key_pinned": self.is_key_pinned, "entries": self.entries, "opened": self.opened,
            "withheld": self.withheld, "first": self.first, "fault_count": len(self.faults), "faults": faults[:100],
        }


class Refused(Exception):
    """Something is not what it should be."""


def sha256(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


def b64(text):
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("this is not base64") from error


def b64url(text):
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text):
        raise Refused("this is not base64url")
    decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(decoded).rstrip(b"=").decode() != text:
        raise Refused("this is not base64url")
    return decoded


# --- Ed25519, verification alone (RFC 8032, 5.1.7; small-order points are refused) ---

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def point_add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def point_multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = point_add(result, point)
        point = point_add(point, point)
        scalar >>= 1
    return result


def point_equal(p, q):
    return (p[0] * q[2] - q[0] * p[2]) % P == 0 and (p[1] * q[2] - q[1] * p[2]) % P == 0


def point_decompress(encoded):
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * SQRT_M1 % P
    if (x * x - x2) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = point_decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
NEUTRAL = (0, 1, 1, 0)


def ed25519_verifies(key, message, signature):
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r = point_decompress(key), point_decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    if point_equal(point_multiply(8, a), NEUTRAL) or point_equal(point_multiply(8, r), NEUTRAL):
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    return point_equal(point_multiply(s, BASE), point_add(r, point_multiply(h, a)))


# --- Merkle tree (RFC 6962, 2.1; RFC 9162, 2.1.3) ---


def leaf_hash(leaf):
    return sha256(b"\x00", leaf)


def node_hash(left, right):
    return sha256(b"\x01", left, right)


class Range:
    """The roots of the perfect subtrees of a tree that grows."""

    def __init__(self, size=0, roots=()):
        self.size, self.roots = size, list(roots)

    def push(self, node):
        size = self.size
        while size & 1:
            node = node_hash(self.roots.pop(), node)
            size >>= 1
        self.roots.append(node)
        self.size += 1

    def root(self):
        if not self.roots:
            return sha256()
        root = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            root = node_hash(left, root)
        return root


def root_of(hashes):
    tree = Range()
    for node in hashes:
        tree.push(node)
    return tree.root()


def inclusion_holds(index, size, node, path, root):
    if index >= size:
        return False
    first, last = index, size - 1
    for sibling in path:
        if last == 0:
            return False
        if first & 1 or first == last:
            node = node_hash(sibling, node)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        first, last = first >> 1, last >> 1
    return last == 0 and node == root


# --- Signed notes, checkpoints, trust files (C2SP) ---


class Key:
    """A verifier key: NAME+ID+BASE64(type | key). Type 1 signs notes, type 4 cosigns them."""

    def __init__(self, text):
        parts = text.split("+", 2)
        if len(parts) != 3:
            raise Refused("the key is malformed")
        self.text, self.name, blob = text, parts[0], b64(parts[2])
        self.kind, self.key = blob[:1], blob[1:]
        self.id = sha256(self.name.encode(), b"\n", blob)[:4]
        if parts[1] != self.id.hex() or len(self.key) != 32 or self.kind not in (b"\x01", b"\x04"):
            raise Refused("the key is malformed")

    def signs(self, text, signature):
        if self.kind == b"\x01":
            return ed25519_verifies(self.key, text.encode(), signature)
        time = int.from_bytes(signature[:8], "big")
        return ed25519_verifies(self.key, f"cosignature/v1\ntime {time}\n{text}".encode(), signature[8:])


def note_parts(note):
    """The text of a note and its signatures: name, id, blob."""
    if any(character < " " and character != "\n" for character in note) or not note.endswith("\n"):
        raise Refused("the checkpoint is no note")
    at = note.rfind("\n\n")
    if at < 1:
        raise Refused("the checkpoint is no note")
    text, signatures = note[: at + 1], []
    for line in note[at + 2 : -1].split("\n"):
        match = re.fullmatch("\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)", line)
        blob = b64(match.group(2)) if match else b""
        if len(blob) <= 4:
            raise Refused("the checkpoint is no note")
        signatures.append((match.group(1), blob[:4], blob[4:]))
    return text, signatures


def signers(note, keys):
    """The keys that have signed the note. A signature by one of them that fails refuses the note."""
    text, signatures = note_parts(note)
    found = []
    for name, key_id, blob in signatures:
        for key in keys:
            if (key.name, key.id) == (name, key_id):
                if not key.signs(text, blob):
                    raise Refused("the checkpoint: a signature does not verify")
                found.append(key.text)
    return set(found)


def checkpoint_claims(note):
    """Origin, size and root that a note claims."""
    lines = note_parts(note)[0][:-1].split("\n")
    if len(lines) < 3 or not all(lines) or not re.fullmatch("0|[1-9][0-9]{0,19}", lines[1]):
        raise Refused("the checkpoint is malformed")
    root = b64(lines[2])
    if len(root) != 32:
        raise Refused("the checkpoint is malformed")
    return lines[0], int(lines[1]), root


class Policy:
    """Whom to trust (C2SP tlog-policy)."""

    def __init__(self, text):
        self.logs, self.witnesses, self.groups, self.quorum = [], {}, {}, None
        grouped = set()
        for line in text.split("\n"):
            words = line.split("#")[0].split()
            if not words:
                continue
            if words[0] == "log" and len(words) in (2, 3):
                self.logs.append(self.new_key(words[1], b"\x01"))
            elif words[0] == "witness" and len(words) in (3, 4):
                key = self.new_key(words[2], b"\x04")
                self.new_name(words[1])
                self.witnesses[words[1]] = key
            elif words[0] == "group" and len(words) > 2:
                members = words[3:]
                named = {"all": len(members), "any": 1}
                threshold = named[words[2]] if words[2] in named else int(words[2]) if words[2].isdigit() else 0
                if not 0 < threshold <= len(members) or any(not self.is_known(m) or m in grouped for m in members):
                    raise Refused("the policy has a crooked group")
                if len(set(members)) != len(members):
                    raise Refused("the policy has a crooked group")
                grouped.update(members)
                self.new_name(words[1])
                self.groups[words[1]] = (threshold, members)
            elif words[0] == "quorum" and len(words) == 2 and self.quorum is None:
                if words[1] != "none" and not self.is_known(words[1]):
                    raise Refused("the policy names an unknown quorum")
                self.quorum = words[1]
            else:
                raise Refused("the policy has a line that is none")
        if not self.logs or self.quorum is None:
            raise Refused("the policy names no log or no quorum")

    def new_key(self, text, kind):
        key = Key(text)
        if key.kind != kind or any(key.key == known.key for known in [*self.logs, *self.witnesses.values()]):
            raise Refused("the policy names a key twice, or one of another kind")
        return key

    def new_name(self, name):
        if name == "none" or self.is_known(name):
            raise Refused("the policy gives a name twice")

    def is_known(self, name):
        return name in self.witnesses or name in self.groups

    def is_met(self, name, cosigned):
        if name in self.groups:
            threshold, members = self.groups[name]
            return sum(self.is_met(member, cosigned) for member in members) >= threshold
        return name in cosigned

    def open(self, note, needs_quorum=True):
        """Origin, size and root of a checkpoint that is trusted."""
        claims = checkpoint_claims(note)
        if not signers(note, [log for log in self.logs if log.name == claims[0]]):
            raise Refused("the checkpoint: no signature by a known key")
        by = signers(note, self.witnesses.values())
        cosigned = {name for name, key in self.witnesses.items() if key.text in by}
        if needs_quorum and self.quorum != "none" and not self.is_met(self.quorum, cosigned):
            raise Refused(f"{len(cosigned)} witnesses have cosigned the checkpoint: too few for the quorum of the policy")
        return claims


# --- Entries ---


def canonical(text):
    """Reads canonical JSON (RFC 8785, narrowed as docs/ledger.md says)."""

    def check(value, depth):
        if isinstance(value, dict):
            keys = list(value)
            if depth >= 8 or keys != sorted(keys) or not all(key.isascii() for key in keys):
                raise Refused("the leaf is not canonical JSON")
            for member in value.values():
                check(member, depth + 1)
        elif isinstance(value, list):
            if depth >= 8:
                raise Refused("the leaf is not canonical JSON")
            for member in value:
                check(member, depth + 1)
        elif isinstance(value, bool) or isinstance(value, str):
            return
        elif not isinstance(value, int) or not 0 <= value < 2**53:
            raise Refused("the leaf is not canonical JSON")

    try:
        value = json.loads(text.decode("utf-8"))
        is_same = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8") == text
    except (UnicodeError, ValueError, RecursionError) as error:
        raise Refused("the leaf is not canonical JSON") from error
    check(value, 0)
    if not is_same or not isinstance(value, dict):
        raise Refused("the leaf is not canonical JSON")
    return value


def commit(name, salt, value):
    name, value = name.encode(), value.encode()
    return sha256(b"chengxin/commit/v1\x00", bytes([len(name)]), name, salt, len(value).to_bytes(4, "big"), value)


def opening(name, shown):
    if set(shown) != {"s", "v"}:
        raise Refused("a value is shown without its salt")
    salt = b64url(shown["s"])
    if len(salt) != 32:
        raise Refused("a value is shown without its salt")
    return commit(name, salt, shown["v"])


class Entries:
    """Takes entries in order and holds them against one another."""

    def __init__(self, report, size, root, known, left):
        self.report, self.size, self.root = report, size, root
        self.known = sorted(known, key=lambda claims: claims[1])
        self.first, self.tree = left.size, Range(left.size, left.roots)
        self.next, self.instances, self.is_whole = self.first, {}, True
        while self.known and self.known[0][1] < self.first:
            if self.known[0][1]:
                report.fault(INCOMPLETE, f"the entries begin at {self.first}, behind what a known checkpoint covers")
            self.known.pop(0)
        self.compare_known()

    def take(self, index, leaf, claimed):
        report = self.report
        if index != self.next:
            report.fault(CONTENT if index < self.next else INCOMPLETE, "entries are missing or out of order", index)
            self.is_whole = False
        self.next = max(self.next, index + 1)
        node = leaf_hash(leaf)
        if node != claimed:
            report.fault(CONTENT, "the leaf does not hash to the hash beside it", index)
        if index >= self.size:
            report.fault(CONTENT, "the checkpoint does not cover the entry", index)
        if self.is_whole:
            self.tree.push(node)
            self.compare_known()
        value = canonical(leaf)
        if value.get("v") != 1 or not isinstance(value.get("c"), dict):
            raise Refused("the leaf is not of version 1")
        instance, number, time = value["ins"], value["iseq"], value["t"]
        before = self.instances.get(instance)
        self.instances[instance] = (number, time)
        if before is None and number != 0 and self.is_whole and not self.first:
            report.fault(CONTENT, "the first entry of its instance is not number 0", index)
        if before is not None and (number != before[0] + 1 or time <= before[1]):
            report.fault(CONTENT, "the entry is not the next of its instance", index)
        return value

    def compare_known(self):
        while self.known and self.known[0][1] <= self.tree.size:
            _, size, root = self.known.pop(0)
            if size == self.tree.size and root != self.tree.root():
                self.report.fault(INCONSISTENT, "what a known checkpoint covers has changed")

    def finish(self):
        for _, size, root in self.known:
            if size > self.size:
                self.report.fault(INCONSISTENT, "entries that a known checkpoint covers were rolled back")
        if self.next < self.size:
            self.report.fault(INCOMPLETE, f"the entries up to {self.size} are missing", self.next)
        elif self.is_whole and self.tree.root() != self.root:
            self.report.fault(CONTENT, "the root over the entries is not the signed root")


def check_openings(value, line):
    """How many commitments are opened and how many are withheld."""
    commitments, shown, withheld = value["c"], line.get("d", {}), line.get("w", [])
    if sorted([*shown, *withheld]) != sorted(commitments) or len(set(withheld)) != len(withheld):
        raise Refused("the values shown and withheld are not those that the leaf commits to")
    for name, what in shown.items():
        if name == "subjects":
            if len(what) != value["subjects"]:
                raise Refused("another number of subjects is shown than the leaf says")
            found = root_of(leaf_hash(commitment) for commitment in sorted(opening("subject", one) for one in what))
        else:
            found = opening(name, what)
        if found != b64url(commitments[name]):
            raise Refused("a value shown is not the value committed to")
    return len(shown), len(withheld)


def check_lines(path, report, expected, known, left):
    """entries.ndjson: a header, then before each 256 entries the tile of their hashes, then the entries."""
    origin, size, root = expected
    with open(path, "rb") as file:
        try:
            header = json.loads(file.readline())
            keys = {"format", "origin", "size", "checkpoint", "log", "receipts"}
            if set(header) - {"first", "left"} != keys or header["format"] != "chengxin/ledger-export/v1":
                raise Refused("the first line is no header")
            if (header["origin"], header["size"]) != (origin, size):
                report.fault(CONTENT, "header and checkpoint name different ledgers or sizes")
        except (ValueError, Refused):
            report.fault(INCOMPLETE, "the first line is no header")
            return
        wanted = [left.size, base64.b64encode(b"".join(left.roots)).decode()] if left.size else [None, None]
        if [header.get("first"), header.get("left")] != wanted:
            report.fault(CONTENT, "the header does not say what the entries before the first amount to")
            left = own_left(header) or left
        entries, tile, tiles = Entries(report, size, root, known, left), [], left.size // WIDTH
        for raw in file:
            if not raw.endswith(b"\n"):
                report.fault(INCOMPLETE, "the file breaks off within a line", entries.next)
                break
            try:
                line = json.loads(raw)
                if "tile" in line:
                    hashes = b64(line["hashes"])
                    tile = [hashes[at : at + 32] for at in range(0, len(hashes), 32)]
                    width = min(WIDTH, size - line["tile"] * WIDTH)
                    if set(line) != {"tile", "hashes"} or line["tile"] != tiles or len(hashes) != width * 32:
                        report.fault(CONTENT, "a hash tile is out of place or of the wrong width", entries.next)
                    tiles += 1
                    continue
                if not {"i", "leaf", "h"} <= set(line) <= {"i", "leaf", "h", "d", "w"}:
                    raise Refused("the line is neither entry nor tile")
                report.entries += 1
                leaf, claimed = b64(line["leaf"]), b64(line["h"])
                if tile[line["i"] % WIDTH : line["i"] % WIDTH + 1] != [leaf_hash(leaf)] or line["i"] // WIDTH != tiles - 1:
                    report.fault(CONTENT, "the leaf is not the one in the hash tile", line["i"])
                value = entries.take(line["i"], leaf, claimed)
                opened, withheld = check_openings(value, line)
                report.opened, report.withheld = report.opened + opened, report.withheld + withheld
            except Refused as error:
                report.fault(CONTENT, str(error), entries.next)
            except (ValueError, KeyError, TypeError, AttributeError):
                report.fault(CONTENT, "the line is neither entry nor tile", entries.next)
        entries.finish()


def own_left(header):
    """What the header itself says that the entries before the first amount to; nothing when it is malformed."""
    first = header.get("first")
    try:
        data = b64(header.get("left"))
    except (Refused, TypeError):
        return None
    roots = [data[at : at + 32] for at in range(0, len(data), 32)]
    is_sound = type(first) is int and first > 0 and first % WIDTH == 0 and len(data) == 32 * bin(first).count("1")
    return Range(first, roots) if is_sound else None


COLUMNS = (
    "time kind decision role organization purpose tier items rows fields_clear fields_masked fields_withheld subjects error "
    "duration_ms cost flags reference credential operation instance number leaf_index leaf_hash leaf_b64"
).split()


def cells(index, value, leaf):
    """The row of an entry, as a person reads it."""
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(microseconds=value["t"])
    counts = value["fields"]
    row = [
        moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond:06}Z", value["k"], value["dec"], value.get("role", ""),
        value.get("org", ""), value.get("pur", ""), value.get("tier", ""), " ".join(value.get("items", [])), value["rows"],
        counts["clear"], counts["masked"], counts["withheld"], value["subjects"], value.get("err", ""), value["ms"],
        value["cost"], " ".join(value.get("flags", [])), value.get("ref", ""), value.get("cred", ""), value.get("op", ""),
        value["ins"], value["iseq"], index,
    ]
    return row + [base64.b64encode(leaf_hash(leaf)).decode()]


def csv_row(row, leaf):
    """The same as it stands in CSV, with the leaf behind it; the hash and the leaf are for programs and not guarded."""
    texts = [str(cell) for cell in row]
    texts[:-1] = ["'" + cell if cell[:1] in ("=", "+", "-", "@", "\t", "\r") and cell else cell for cell in texts[:-1]]
    return texts + [base64.b64encode(leaf).decode()]


def check_table(path, report, expected, left, parquet):
    """entries.csv: what stands in the columns for people is what the leaf says; entries.parquet holds the same rows."""
    _, size, root = expected
    entries = Entries(report, size, root, [], left)
    csv.field_size_limit(1 << 20)
    with open(path, encoding="utf-8", errors="replace", newline="") as file:
        rows = csv.reader(file)
        if next(rows, None) != COLUMNS:
            report.fault(INCOMPLETE, "the first line does not name the columns")
            return
        for row in rows:
            try:
                leaf = b64(row[-1])
                value = entries.take(int(row[-3]), leaf, b64(row[-2]))
                wanted = cells(int(row[-3]), value, leaf)
                parquet.push(wanted, value["t"])
                if row != csv_row(wanted, leaf):
                    report.fault(CONTENT, "the row says something else than its leaf", entries.next - 1)
            except (Refused, ValueError, KeyError, IndexError, TypeError, OverflowError):
                report.fault(CONTENT, "the row is no entry", entries.next)
    entries.finish()


# --- Parquet: one form only, so the file is written again from the rows and compared ---


TIME, TEXT, NUMBER = 0, 1, 2
NUMBERS = {"rows", "fields_clear", "fields_masked", "fields_withheld", "subjects", "duration_ms", "cost", "number", "leaf_index"}
TABLE = [(name, TIME if name == "time" else NUMBER if name in NUMBERS else TEXT) for name in COLUMNS[:-1]]
GROUP_ROWS = 16384


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def compact(*fields):
    """A structure of Thrift's compact protocol, from (id, kind, value)."""
    out, last = b"", 0
    for number, kind, value in fields:
        code = {"i32": 5, "i64": 6, "text": 8, "struct": 12}.get(kind, 9)
        out += bytes([(number - last) << 4 | code])
        last = number
        if kind in ("i32", "i64"):
            out += varint(2 * value)
        elif kind == "text":
            out += varint(len(value.encode())) + value.encode()
        elif kind == "struct":
            out += value
        else:
            element = {"i32s": 5, "texts": 8, "structs": 12}[kind]
            count, elements = value
            out += (bytes([count << 4 | element]) if count < 15 else bytes([240 | element]) + varint(count)) + elements
    return out + b"\0"


class Parquet:
    """Holds a Parquet file against the rows that it should hold."""

    def __init__(self, file, first):
        self.first = first
        self.file, self.is_same, self.at, self.groups, self.total = file, file is not None, 0, [], 0
        self.columns, self.rows = [[] for _ in TABLE], 0
        self.expect(b"PAR1")

    def expect(self, data):
        if self.is_same:
            self.is_same = self.file.read(len(data)) == data
        self.at += len(data)

    def push(self, row, micros):
        if not self.is_same:
            return
        for column, (_, kind), cell in zip(self.columns, TABLE, row):
            if kind == TEXT:
                text = str(cell).encode()
                column.append(len(text).to_bytes(4, "little") + text)
            else:
                column.append((micros if kind == TIME else cell).to_bytes(8, "little", signed=True))
        self.rows += 1
        self.total += 1
        if self.rows == GROUP_ROWS:
            self.end_group()

    def end_group(self):
        first, chunks = self.at, b""
        for (name, kind), column in zip(TABLE, self.columns):
            begin, values = self.at, b"".join(column)
            column.clear()
            data = compact((1, "i32", self.rows), (2, "i32", 0), (3, "i32", 3), (4, "i32", 3))
            self.expect(compact((1, "i32", 0), (2, "i32", len(values)), (3, "i32", len(values)), (5, "struct", data)))
            self.expect(values)
            size = self.at - begin
            chunk = compact((1, "i32", 6 if kind == TEXT else 2), (2, "i32s", (1, b"\0")),
                            (3, "texts", (1, varint(len(name)) + name.encode())), (4, "i32", 0), (5, "i64", self.rows),
                            (6, "i64", size), (7, "i64", size), (9, "i64", begin))
            chunks += compact((2, "i64", begin), (3, "struct", chunk))
        self.groups.append(compact((1, "structs", (len(TABLE), chunks)), (2, "i64", self.at - first), (3, "i64", self.rows)))
        self.rows = 0

    def finish(self, note):
        """Whether the file is what the rows and the checkpoint give, to its last byte."""
        if self.rows:
            self.end_group()
        schema = compact((4, "text", "entry"), (5, "i32", len(TABLE)))
        for name, kind in TABLE:
            column = [(1, "i32", 6 if kind == TEXT else 2), (3, "i32", 0), (4, "text", name)]
            schema += compact(*column + ([] if kind == NUMBER else [(6, "i32", 0 if kind == TEXT else 10)]))
        pairs = (("ledger.checkpoint", note), ("ledger.range", f"[{self.first},{self.first + self.total})"))
        metadata = b"".join(compact((1, "text", key), (2, "text", value)) for key, value in pairs)
        footer = compact((1, "i32", 1), (2, "structs", (len(TABLE) + 1, schema)), (3, "i64", self.total),
                         (4, "structs", (len(self.groups), b"".join(self.groups))), (5, "structs", (2, metadata)),
                         (6, "text", "chengxin/ledger-bundle/v1"))
        self.expect(footer + len(footer).to_bytes(4, "little") + b"PAR1")
        return self.is_same and not self.file.read(1)


def check_tables(folder, report, claims, left, note):
    """entries.csv, and entries.parquet beside it."""
    table, other = os.path.join(folder, "entries.csv"), os.path.join(folder, "entries.parquet")
    file = open(other, "rb") if os.path.isfile(other) else None
    try:
        parquet = Parquet(file, left.size)
        if file is None:
            report.fault(INCOMPLETE, "there is no entries.parquet")
        if os.path.isfile(table):
            check_table(table, report, claims, left, parquet)
        else:
            report.fault(INCOMPLETE, "there is no entries.csv")
            return
        if file is not None and not parquet.finish(note):
            report.fault(CONTENT, "entries.parquet is not the table that the leaves of entries.csv give")
    finally:
        if file is not None:
            file.close()


# --- Tiles and proofs ---


def tile_name(level, number, width):
    text = f"{number % 1000:03}"
    while number >= 1000:
        number //= 1000
        text = f"x{number % 1000:03}/{text}"
    return f"tile/{level}/{text}" + (f".p/{width}" if width < WIDTH else "")


def leaves_of(folder, number, size):
    """The leaves of an entry bundle."""
    name = tile_name("entries", number, min(WIDTH, size - number * WIDTH))
    with open(os.path.join(folder, name), "rb") as file:
        data = file.read()
    at = 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        leaf = data[at + 2 : at + 2 + length]
        if len(leaf) != length or at + 2 > len(data):
            raise Refused(f"{name} breaks off")
        yield leaf
        at += 2 + length


def hashes_before(folder, first, size):
    """In each level, the hashes left of the first entry in the tile that it lies in: what all entries before amount to."""
    levels, level = [], 0
    while first >> 8 * level:
        count, number = (first >> 8 * level) % WIDTH, first >> 8 * (level + 1)
        hashes = []
        if count:
            name = tile_name(level, number, min(WIDTH, (size >> 8 * level) - number * WIDTH))
            with open(os.path.join(folder, name), "rb") as file:
                data = file.read(WIDTH * 32)
            hashes = [data[at : at + 32] for at in range(0, count * 32, 32)]
            if len(data) % 32 or len(hashes[-1]) != 32:
                raise Refused("the tile breaks off")
        levels.append(hashes)
        level += 1
    return levels


def check_tiles(folder, before, first, size, report):
    """The leaves give the hash tiles of every level."""
    levels = before or [[]]
    numbers = [first >> 8 * (level + 1) for level in range(len(levels))]

    def compare(level, number, hashes):
        name = tile_name(level, number, len(hashes))
        try:
            with open(os.path.join(folder, name), "rb") as file:
                is_same = file.read(WIDTH * 32 + 1) == b"".join(hashes)
            if not is_same:
                report.fault(CONTENT, f"{name} does not hold the hashes of its entries")
        except OSError:
            report.fault(INCOMPLETE, f"{name} is missing")

    def push(level, node):
        if level == len(levels):
            levels.append([])
            numbers.append(0)
        levels[level].append(node)
        if len(levels[level]) == WIDTH:
            compare(level, numbers[level], levels[level])
            above = root_of(levels[level])
            levels[level], numbers[level] = [], numbers[level] + 1
            push(level + 1, above)

    for number in range(first // WIDTH, (size + WIDTH - 1) // WIDTH):
        try:
            leaves = list(leaves_of(folder, number, size))
        except (OSError, Refused):
            leaves = []
        if len(leaves) != min(WIDTH, size - number * WIDTH):
            report.fault(INCOMPLETE, "an entry bundle does not hold its entries", number * WIDTH)
            return
        for leaf in leaves:
            push(0, leaf_hash(leaf))
    for level, hashes in enumerate(levels):
        if hashes:
            compare(level, numbers[level], hashes)


def leaf_at(folder, index, limits):
    try:
        is_in = limits[0] <= index < limits[1]
        return list(leaves_of(folder, index // WIDTH, limits[1]))[index % WIDTH] if is_in else None
    except (OSError, Refused, IndexError):
        return None


def check_proof(folder, path, policy, limits):
    """proofs/INDEX.tlog-proof: index, inclusion path, checkpoint."""
    head, _, note = read_text(folder, path).partition("\n\n")
    lines = head.split("\n")
    if lines[0] != "c2sp.org/tlog-proof@v1":
        raise Refused("no proof file")
    lines = lines[1:]
    if lines and lines[0].startswith("extra "):
        b64(lines.pop(0)[6:])
    match = re.fullmatch("index (0|[1-9][0-9]{0,19})", lines[0] if lines else "")
    if not match or path != f"proofs/{match.group(1)}.tlog-proof":
        raise Refused("no proof file")
    hashes, index = [b64(line) for line in lines[1:]], int(match.group(1))
    _, tree_size, root = policy.open(note)
    leaf = leaf_at(folder, index, limits)
    is_whole = len(hashes) <= 63 and all(len(node) == 32 for node in hashes)
    if leaf is None or not is_whole or not inclusion_holds(index, tree_size, leaf_hash(leaf), hashes, root):
        raise Refused("no proof of its entry")


# --- The bundle ---


def read_text(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8", errors="replace", newline="") as file:
        return file.read(256 * 1024)


def is_inside(path):
    parts = path.split("/")
    return bool(path) and "\\" not in path and not any(part in ("", ".", "..") for part in parts)


def check_files(folder, files, report):
    """Every file is listed, and every listed file is what the list says."""
    for path, wanted in files.items():
        digest, count = hashlib.sha256(), 0
        try:
            if not is_inside(path):
                raise Refused("outside")
            with open(os.path.join(folder, path), "rb") as file:
                for block in iter(lambda: file.read(1 << 20), b""):
                    digest.update(block)
                    count += len(block)
        except OSError:
            report.fault(INCOMPLETE, f"{path} is missing")
            continue
        except Refused:
            report.fault(CONTENT, f"the manifest names {path}, which is not in the bundle")
            continue
        if wanted != {"bytes": count, "sha256": digest.hexdigest()}:
            report.fault(CONTENT, f"{path} is not the file in the manifest")
    for below, _, names in os.walk(folder):
        for name in names:
            path = os.path.relpath(os.path.join(below, name), folder).replace(os.sep, "/")
            if path != "manifest.json" and path not in files:
                report.fault(CONTENT, f"{path} is not in the manifest")


def check_order(folder, manifest, report):
    """Who asked for the export, and what for, is what its own entry commits to."""
    limits, export = manifest["range"], manifest["export"]
    try:
        leaf = canonical(leaf_at(folder, export["entry"], limits) or b"")
        order = export["order"]
        begin = order.get("from", 0)
        keys = {"created", "disclosed", "proofs", "reason", "requester", "tool"} | ({"from"} if begin else set())
        if set(order) != keys or begin - begin % WIDTH != limits[0]:
            raise Refused("the order is malformed")
        text = json.dumps(order, separators=(",", ":"), ensure_ascii=False, sort_keys=True)
        if not re.fullmatch("[0-9a-f]{64}", export["salt"]):
            raise Refused("the salt is malformed")
        is_registered = b64url(leaf["c"]["reason"]) == commit("reason", bytes.fromhex(export["salt"]), text)
        proofs = sum(path.startswith("proofs/") for path in manifest["files"])
        if leaf["k"] != "export" or not is_registered or proofs != len(set(order["proofs"])):
            raise Refused("it is another one")
    except (Refused, KeyError, TypeError, ValueError):
        what = "who asked for the export, and what for, is not what its entry says"
        report.fault(CONTENT, what, export.get("entry") if isinstance(export, dict) else None)


def read_manifest(folder, report):
    try:
        with open(os.path.join(folder, "manifest.json"), "rb") as file:
            manifest = json.loads(file.read())
    except OSError:
        report.fault(INCOMPLETE, "there is no manifest: the export was not finished")
        return None
    except ValueError:
        manifest = None
    is_list = isinstance(manifest, dict) and set(manifest) == {"format", "origin", "range", "export", "files"}
    limits = manifest["range"] if is_list else None
    is_range = isinstance(limits, list) and len(limits) == 2 and all(type(limit) is int and limit >= 0 for limit in limits)
    if not is_range or manifest["format"] != "chengxin/ledger-bundle/v1" or not isinstance(manifest["files"], dict):
        report.fault(CONTENT, "the manifest cannot be read, or is one of another format")
        return None
    return manifest


def verify(folder, policy_text, state):
    """Verifies a bundle: the report, and the bundle's checkpoint."""
    report = Report(policy_text is not None)
    manifest = read_manifest(folder, report)
    if manifest is None:
        return report, None
    check_files(folder, manifest["files"], report)
    try:
        note = read_text(folder, "checkpoint")
    except OSError:
        report.fault(INCOMPLETE, "there is no checkpoint")
        return report, None
    try:
        policy = Policy(read_text(folder, "policy") if policy_text is None else policy_text)
    except (Refused, OSError, ValueError) as error:
        report.fault(USAGE, str(error))
        return report, note
    try:
        claims = policy.open(note)
        if (claims[0], claims[1]) != (manifest["origin"], manifest["range"][1]):
            report.fault(CONTENT, "manifest and checkpoint name different ledgers or sizes")
    except Refused as error:
        report.fault(SIGNATURE, str(error))
        try:
            claims = checkpoint_claims(note)
        except Refused:
            return report, note
    first = manifest["range"][0]
    try:
        if first % WIDTH or first > claims[1]:
            raise Refused("a range begins with a tile")
        before = hashes_before(folder, first, claims[1])
    except (OSError, Refused):
        report.fault(INCOMPLETE, "the tiles do not say what the entries before the first amount to")
        return report, note
    left = Range(first)
    for hashes in reversed(before):
        part = Range()
        for node in hashes:
            part.push(node)
        left.roots += part.roots
    report.first = first
    report.origin, report.size, report.root = claims[0], claims[1], base64.b64encode(claims[2]).decode()
    history = [path for path in manifest["files"] if path.startswith("checkpoints/") and is_inside(path)]
    known = []
    for old in [state] * (state is not None) + [path for path in history]:
        try:
            text = old if old is state else read_text(folder, old)
            found = policy.open(text, needs_quorum=False)
            if found[0] != claims[0]:
                report.fault(INCONSISTENT, "a known checkpoint is that of another ledger")
            known.append(found)
        except Refused as error:
            report.fault(SIGNATURE, str(error))
        except OSError:
            pass
    lines = os.path.join(folder, "entries.ndjson")
    if os.path.isfile(lines):
        check_lines(lines, report, claims, known, left)
    else:
        report.fault(INCOMPLETE, "there is no entries.ndjson")
    check_tables(folder, report, claims, left, note)
    check_tiles(folder, before, first, claims[1], report)
    for path in manifest["files"]:
        if path.startswith("proofs/") and is_inside(path):
            try:
                check_proof(folder, path, policy, [first, claims[1]])
            except (Refused, OSError, ValueError):
                report.fault(CONTENT, f"{path} does not prove its entry")
    check_order(folder, manifest, report)
    return report, note


def replace(path, text):
    with open(path + ".part", "w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".part", path)


def main():
    parser = argparse.ArgumentParser(description="Verifies an export bundle of a chengxin ledger, offline.")
    parser.add_argument("bundle", help="the folder of the bundle")
    parser.add_argument("--policy", help="whom you trust (C2SP tlog-policy); the bundle's own when absent")
    parser.add_argument("--state", help="what you have verified before: a checkpoint, brought up to date when all is sound")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    try:
        arguments = parser.parse_args()
    except SystemExit as stop:
        sys.exit(USAGE if stop.code else 0)
    try:
        if not os.path.isdir(arguments.bundle):
            raise OSError(f"there is no folder {arguments.bundle}")
        policy_text = None
        if arguments.policy:
            with open(arguments.policy, encoding="utf-8", newline="") as file:
                policy_text = file.read()
        state = None
        if arguments.state and os.path.exists(arguments.state):
            with open(arguments.state, encoding="utf-8", newline="") as file:
                state = file.read()
    except (OSError, UnicodeError) as error:
        print(error, file=sys.stderr)
        sys.exit(USAGE)
    report, note = verify(arguments.bundle, policy_text, state)
    if arguments.json:
        print(json.dumps(report.to_json(), indent=2, ensure_ascii=False))
    else:
        print(f"ledger      {report.origin}\ncheckpoint  {report.size} entries\nroot        {report.root}")
        print(f"key         {'of your policy' if report.is_key_pinned else 'NOT given by you: compare it with the published one'}")
        begin = f" from {report.first} on" if report.first else ""
        print(f"read        {report.entries} entries{begin}\nvalues      {report.opened} opened, {report.withheld} withheld")
        for code, index, what in report.faults[:100]:
            print(f"FAULT       {OUTCOMES[code]}{'' if index is None else f' at entry {index}'}: {what}")
        print(f"outcome     {OUTCOMES[report.exit_code()]} (exit code {report.exit_code()})")
    if arguments.state and note is not None:
        if report.exit_code() == 0:
            replace(arguments.state, note)
        elif report.exit_code() == INCONSISTENT and state is not None:
            evidence = {"known": state, "found": note, "faults": report.to_json()["faults"]}
            beside = os.path.join(os.path.dirname(arguments.state), "fork-evidence.json")
            replace(beside, json.dumps(evidence, indent=2, ensure_ascii=False) + "\n")
    sys.exit(report.exit_code())


if __name__ == "__main__":
    main()
