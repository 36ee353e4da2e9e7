"""Chance that can be repeated: every part of a district draws from a stream of its own, named by what it is for."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]


def stream(seed: int, purpose: str, *numbers: int) -> np.random.Generator:
    """A generator for one purpose: adding another purpose changes none of the others."""
    return np.random.default_rng([seed, zlib.crc32(purpose.encode()), *numbers])


def quotas(shares: Sequence[float], total: int) -> Ints:
    """Whole numbers that sum to `total` in proportion to the shares (largest remainders)."""
    exact = np.asarray(shares, dtype=np.float64) / np.sum(shares) * total
    counts = np.floor(exact).astype(np.int64)
    order = np.argsort(counts - exact, kind="stable")
    counts[order[: total - int(counts.sum())]] += 1
    return np.asarray(counts, dtype=np.int64)


def draw(rng: np.random.Generator, shares: Sequence[float], size: int) -> Ints:
    """Indices drawn with the given relative frequencies."""
    bounds = np.cumsum(shares) / np.sum(shares)
    drawn = np.searchsorted(bounds, rng.random(size), side="right")
    return np.asarray(np.minimum(drawn, len(shares) - 1), dtype=np.int64)


def rank_within(groups: Ints, key: Floats) -> tuple[Ints, Ints]:
    """Each element's place in its group by `key`, and the size of its group."""
    order = np.lexsort((key, groups))
    sizes = np.bincount(groups) if len(groups) else np.zeros(0, dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]) if len(sizes) else sizes
    ranks = np.empty(len(groups), dtype=np.int64)
    ranks[order] = np.arange(len(groups)) - starts[groups[order]]
    return ranks, sizes[groups].astype(np.int64)


def expand(counts: Ints) -> tuple[Ints, Ints]:
    """For counts [2, 1]: the owners [0, 0, 1] and the positions [0, 1, 0]."""
    owners = np.repeat(np.arange(len(counts)), counts)
    positions = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts)
    return owners, positions


_LEFT, _RIGHT = 90_000, 100_000


def _scramble(half: Ints, key: int) -> Ints:
    """A hash of numbers under 2**17, by multiplication and shifts modulo 2**64 (splitmix64's finalizer)."""
    bits = half.astype(np.uint64) + np.uint64(key)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((bits ^ (bits >> np.uint64(31))) >> np.uint64(16)).astype(np.int64)


def random_ten_digits(seed: int, serials: Ints) -> Ints:
    """Ten random-looking digits for each serial number, never the same twice: a Feistel network over 9·10⁹."""
    keys = stream(seed, "ten digits").integers(1, 2**62, size=8)
    left, right = serials // _RIGHT % _LEFT, serials % _RIGHT
    for first, second in zip(keys[::2], keys[1::2], strict=True):
        left = (left + _scramble(right, int(first))) % _LEFT
        right = (right + _scramble(left, int(second))) % _RIGHT
    return (left + 10_000) * _RIGHT + right
