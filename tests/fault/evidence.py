"""Holds what clients have against what the ledger holds: receipts, fetched checkpoints, and every verifier there is."""

import base64
import calendar
import copy
import json
import subprocess
import sys
import time

import audit_tools
from place import ORIGIN, Failed

SIGNATURES_CHECKED = 40


class Ledger:
    """An exported ledger: leaves, their hashes, and the keys."""

    def __init__(self, lines):
        self.leaves, self.hashes = [], []
        header = json.loads(next(lines))
        self.checkpoint, self.log = header["checkpoint"], audit_tools.verify.Key(header["log"])
        self.receipt_key = base64.b64decode(header["receipts"].split("+", 2)[2])[-32:]
        for line in lines:
            entry = json.loads(line)
            if "tile" in entry:
                continue
            leaf = base64.b64decode(entry["leaf"])
            digest = audit_tools.verify.leaf_hash(leaf)
            if entry["i"] != len(self.leaves) or digest != base64.b64decode(entry["h"]):
                raise Failed(f"entry {entry['i']} stands at line {len(self.leaves)}, or does not hash to its hash")
            self.leaves.append(json.loads(leaf))
            self.hashes.append(digest)
        claims = audit_tools.verify.checkpoint_claims(self.checkpoint)
        if claims != (ORIGIN, len(self.hashes), audit_tools.roots_at(self.hashes, [claims[1]]).get(claims[1])):
            raise Failed("the export's checkpoint is not that of its entries")


def check_receipts(ledger, receipts):
    """Every receipt's entry stands at its index with its hash and its time, and no index was promised twice."""
    promised = set()
    for receipt in receipts:
        index = int(receipt["index"])
        if index >= len(ledger.hashes):
            raise Failed(f"LOST: entry {index} was acknowledged, and the ledger has {len(ledger.hashes)}: {receipt}")
        if base64.b64decode(receipt["leafHash"]) != ledger.hashes[index]:
            raise Failed(f"LOST: another entry stands at {index} than was acknowledged: {receipt}")
        if time_of(receipt["time"]) != ledger.leaves[index]["t"]:
            raise Failed(f"the receipt's time is not the leaf's: {receipt}")
        if index in promised:
            raise Failed(f"index {index} was acknowledged twice")
        promised.add(index)


def time_of(text):
    """Microseconds since 1970 of an RFC 3339 time with six decimals."""
    seconds, fraction = text.rstrip("Z").split(".")
    return calendar.timegm(time.strptime(seconds, "%Y-%m-%dT%H:%M:%S")) * 1_000_000 + int(fraction)


def check_signatures(ledger, receipts, rng):
    """Some of the receipts, drawn at random, are signed by the receipt key."""
    for receipt in rng.sample(receipts, min(SIGNATURES_CHECKED, len(receipts))):
        text = "".join(f"{line}\n" for line in (
            "chengxin/receipt/v1", receipt["origin"], receipt["index"], receipt["leafHash"], receipt["time"]))
        if not audit_tools.verify.ed25519_verifies(ledger.receipt_key, text.encode(), base64.b64decode(receipt["signature"])):
            raise Failed(f"a receipt is not signed: {receipt}")


def check_instances(ledger):
    """Each writing instance numbers its entries from 0 without gap or double, and its times grow; no entry stands twice."""
    last, ids = {}, set()
    for index, leaf in enumerate(ledger.leaves):
        number, before = last.get(leaf["ins"], (-1, -1))
        if leaf["iseq"] != number + 1:
            raise Failed(f"entry {index}: number {leaf['iseq']} of {leaf['ins']} follows {number}")
        if leaf["t"] <= before:
            raise Failed(f"entry {index}: the time of {leaf['ins']} does not grow")
        if leaf["id"] in ids:
            raise Failed(f"entry {index}: {leaf['id']} was written twice")
        ids.add(leaf["id"])
        last[leaf["ins"]] = (leaf["iseq"], leaf["t"])
    return len(last)


def check_checkpoints(ledger, notes, rng, signatures=300):
    """All checkpoints lie on one chain: each has the root that the exported leaves have at its size. Some signatures too."""
    claims = {note: audit_tools.verify.checkpoint_claims(note) for note in notes}
    roots = audit_tools.roots_at(ledger.hashes, {size for _, size, _ in claims.values()})
    for note, (origin, size, root) in claims.items():
        if origin != ORIGIN or roots.get(size) != root:
            raise Failed(f"FORK: a checkpoint that was published is none of this ledger's:\n{note}")
    for note in rng.sample(sorted(notes), min(signatures, len(notes))):
        if not audit_tools.verify.signers(note, [ledger.log]):
            raise Failed(f"a checkpoint is not signed:\n{note}")


def see_it_fail(ledger, receipts, notes, rng):
    """Makes sure that the checks above can fail: each must refuse what was falsified."""
    at = rng.randrange(len(receipts))
    victim = int(receipts[at]["index"])
    without = copy.copy(ledger)
    without.leaves = ledger.leaves[:victim] + ledger.leaves[victim + 1:]
    without.hashes = ledger.hashes[:victim] + ledger.hashes[victim + 1:]
    shorter = copy.copy(ledger)
    shorter.hashes = ledger.hashes[:max(int(receipt["index"]) for receipt in receipts)]
    double = copy.copy(ledger)
    double.leaves = ledger.leaves + [ledger.leaves[victim]]
    # Of an instance that has written more than one entry, the first.
    numbers = {(leaf["ins"], leaf["iseq"]) for leaf in ledger.leaves}
    headless = copy.copy(ledger)
    headless.leaves = list(ledger.leaves)
    headless.leaves.remove(next(leaf for leaf in ledger.leaves if leaf["iseq"] == 0 and (leaf["ins"], 1) in numbers))
    falsified = [lambda: check_receipts(without, receipts), lambda: check_receipts(shorter, receipts),
                 lambda: check_receipts(ledger, receipts + [receipts[at]]), lambda: check_instances(double),
                 lambda: check_instances(headless)]
    grown = [note for note in notes if int(note.split("\n")[1]) > victim]
    if grown:
        falsified.append(lambda: check_checkpoints(without, grown, rng, 0))
    for number, check in enumerate(falsified):
        try:
            check()
        except Failed:
            continue
        raise Failed(f"the checks themselves do not work: falsification {number} was not noticed")


def verify_database(place, environment=None):
    """`chengxin ledger verify` on the database in place."""
    place.run("ledger", "verify", "--config", "chengxin.toml", environment=environment)


def hold(place, journal, rng, name="export", environment=None, can_be_falsified=True):
    """Exports the ledger of a gateway that is stopped, verifies it four ways and holds the journal against it.

    Gives the ledger, for what a test has to check besides."""
    journal.must_be_clean()
    verify_database(place, environment)
    who = ("--config", "chengxin.toml", "--by", "tests/faults", "--reason", "test")
    place.run("ledger", "export", *who, "--format", "bundle", "--out", name, environment=environment)
    place.run("ledger", "verify", name, environment=environment)
    other = subprocess.run([sys.executable, str(audit_tools.VERIFY_PY), name], cwd=place.folder, capture_output=True, text=True)
    if other.returncode != 0:
        raise Failed(f"verify.py does not accept the bundle:\n{other.stdout[-2000:]}{other.stderr[-2000:]}")
    with open(place.path(f"{name}/entries.ndjson"), encoding="utf-8") as lines:
        ledger = Ledger(lines)
    check_receipts(ledger, journal.receipts)
    check_signatures(ledger, journal.receipts, rng)
    check_instances(ledger)
    check_checkpoints(ledger, journal.checkpoints, rng)
    if can_be_falsified and journal.receipts:
        see_it_fail(ledger, journal.receipts, journal.checkpoints, rng)
    return ledger
