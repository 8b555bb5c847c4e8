"""What the tests take from docs/verify.py, the verifier that shares no code with the program: hashes, trees, signatures."""

import hashlib
import importlib.util
import pathlib

VERIFY_PY = pathlib.Path(__file__).resolve().parents[2] / "docs" / "verify.py"

_spec = importlib.util.spec_from_file_location("chengxin_verify", VERIFY_PY)
verify = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(verify)


def public_key(seed):
    """The public key of an Ed25519 seed (RFC 8032, section 5.1.5)."""
    scalar = int.from_bytes(hashlib.sha512(seed).digest()[:32], "little")
    scalar = scalar & ((1 << 254) - 8) | (1 << 254)
    x, y, z, _ = verify.point_multiply(scalar, verify.BASE)
    inverse = pow(z, verify.P - 2, verify.P)
    x, y = x * inverse % verify.P, y * inverse % verify.P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def roots_at(hashes, sizes):
    """The Merkle root (RFC 6962) over the first `size` leaf hashes, for each of `sizes`."""
    wanted, roots, growing = set(sizes), {}, verify.Range()
    if 0 in wanted:
        roots[0] = hashlib.sha256().digest()
    for size, leaf in enumerate(hashes, 1):
        growing.push(leaf)
        if size in wanted:
            roots[size] = growing.root()
    return roots
