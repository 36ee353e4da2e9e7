"""What one answer says, as statements about sets of units: the form in which it is remembered, and weighed.

A unit is a person (for counts) or a row of a table (for sums of a measure). A statement is printed, or a secret of
which so much must remain open.
"""

from __future__ import annotations

import io
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from pyroaring import BitMap, FrozenBitMap

Ints = npt.NDArray[np.int64]
FORMAT = 3
LENGTH_BYTES = 8


@dataclass(frozen=True)
class Family:
    """Positions of the sets along one axis of a table or several, and of their margin."""

    margin: int
    parts: tuple[int, ...]


@dataclass(frozen=True)
class Said:
    """`units`: keys, sorted, each once; `persons`: whom each unit is about. `sets`: places in `units`.

    `width`: of a set that is not printed, how wide its interval must remain; 0 where the set is printed. `low`, `high`:
    what the mark of a set that is not printed says of its total, -inf and inf where it says nothing. `smallest`: the
    fewest persons that were shown under the rules of the answer. `families`: the groups along the axes of a table,
    needed while the answer is weighed, and not remembered.
    """

    quantity: str
    units: Ints
    persons: Ints
    sets: tuple[FrozenBitMap, ...]
    printed: npt.NDArray[np.bool_]
    width: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    smallest: int
    families: tuple[Family, ...] = ()

    def __post_init__(self) -> None:
        if len(self.units) != len(self.persons) or (np.diff(self.units) <= 0).any():
            raise ValueError("said: units are sorted, each once, and each is about a person")
        if not len(self.sets) == len(self.printed) == len(self.width) == len(self.low) == len(self.high):
            raise ValueError("said: every set is printed, or has a width and what its mark says")
        if any(each and each.max() >= len(self.units) for each in self.sets) or (self.width[self.printed] != 0).any():
            raise ValueError("said: sets are of its units, and what is printed is no secret")

    @classmethod
    def of_printed(
        cls,
        quantity: str,
        units: Ints,
        persons: Ints,
        sets: tuple[FrozenBitMap, ...],
        smallest: int,
        families: tuple[Family, ...] = (),
    ) -> Said:
        """Sets that are all printed."""
        shown, zeros, ends = np.ones(len(sets), dtype=bool), np.zeros(len(sets)), np.full(len(sets), np.inf)
        return cls(quantity, units, persons, sets, shown, zeros, -ends, ends, smallest, families)

    @property
    def counts(self) -> bool:
        """Whether units are persons, so that each amounts to one."""
        return bool((self.units == self.persons).all())

    def member(self) -> sp.csr_array:
        """Sets × units, 0/1."""
        columns = [np.asarray(each.to_array(), dtype=np.int32) for each in self.sets]
        ends = np.cumsum([0, *map(len, columns)])
        flat = np.concatenate(columns) if columns else np.empty(0, dtype=np.int32)
        return sp.csr_array((np.ones(len(flat)), flat, ends), shape=(len(self.sets), len(self.units)))


def sets_of(member: sp.csr_array) -> tuple[FrozenBitMap, ...]:
    """The rows of a 0/1 matrix as bitmaps."""
    parts = np.split(np.asarray(member.indices, dtype=np.uint32), member.indptr[1:-1])
    return tuple(FrozenBitMap(part) for part in parts)


def encode(answer: Sequence[Said]) -> bytes:
    """All that one answer says, for the ledger: opaque keys and sets of places, no value of anybody."""
    parts = [_encode(said) for said in answer]
    return zlib.compress(b"".join(len(part).to_bytes(LENGTH_BYTES, "little") + part for part in parts), 1)


def decode(data: bytes) -> list[Said]:
    """The inverse of `encode`; raises ValueError for anything else."""
    try:
        source, found = io.BytesIO(zlib.decompress(data)), list[Said]()
    except zlib.error:
        raise ValueError("what is recorded of a release cannot be read") from None
    while head := source.read(LENGTH_BYTES):
        found.append(_decode(io.BytesIO(source.read(int.from_bytes(head, "little")))))
    return found


def _encode(said: Said) -> bytes:
    sets = [each.serialize() for each in said.sets]
    head = {
        "format": FORMAT,
        "quantity": said.quantity,
        "smallest": said.smallest,
        "units": len(said.units),
        "sets": [len(each) for each in sets],
        "printed": said.printed.astype(int).tolist(),
        "width": said.width.tolist(),
        "low": _ended(said.low),
        "high": _ended(said.high),
    }
    text = json.dumps(head).encode()
    parts = [len(text).to_bytes(LENGTH_BYTES, "little"), text, said.units.astype("<i8").tobytes()]
    parts += [said.persons.astype("<i8").tobytes(), *sets]
    return b"".join(parts)


def _ended(bounds: npt.NDArray[np.float64]) -> list[float | None]:
    """JSON knows no infinity."""
    return [float(bound) if np.isfinite(bound) else None for bound in bounds]


def _decode(source: io.BytesIO) -> Said:
    head = json.loads(source.read(int.from_bytes(source.read(LENGTH_BYTES), "little")))
    if head["format"] != FORMAT:
        raise ValueError("a release is recorded in a form that this version does not know")
    count = head["units"]
    units, persons = (np.frombuffer(source.read(8 * count), dtype="<i8").astype(np.int64) for _ in range(2))
    sets = tuple(FrozenBitMap(BitMap.deserialize(source.read(size))) for size in head["sets"])
    return Said(
        head["quantity"],
        units,
        persons,
        sets,
        np.array(head["printed"], dtype=bool),
        np.array(head["width"], dtype=np.float64),
        np.array([-np.inf if bound is None else bound for bound in head["low"]], dtype=np.float64),
        np.array([np.inf if bound is None else bound for bound in head["high"]], dtype=np.float64),
        head["smallest"],
    )
