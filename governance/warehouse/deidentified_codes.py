"""Codes for persons, and orders of rows: made with a release's key, and telling nothing without it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

import numpy as np
import pyarrow as pa

CODE_BYTES = 10
CODE_LETTERS = 12


def person_codes(keys: Iterable[int], prefix: str, key: bytes) -> pa.Array:
    """One code for each random key: "S-" and 12 letters and digits, 60 bits of a keyed hash (BLAKE2b, RFC 7693).

    What is hashed is the random key that the load drew, never anything about the person. Among 500,000 persons two
    share a code with a probability of one in ten million.
    """
    return pa.array([prefix + _letters(number, key) for number in keys], pa.string())


def random_order(key: bytes) -> np.random.Generator:
    """A source of random numbers that is the same for the same key."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(int.from_bytes(key, "little"))))


def _letters(number: int, key: bytes) -> str:
    digest = hashlib.blake2b(number.to_bytes(8, "little", signed=True), key=key, digest_size=CODE_BYTES).digest()
    return base64.b32encode(digest)[:CODE_LETTERS].decode()
