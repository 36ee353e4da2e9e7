"""k-anonymity, read slowly: dictionaries of persons, every node of the lattice. Shares no code with the product."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations, product

Row = tuple[int, ...]
UNIT = 2**30
GONE = -1


class SlowAnonymizer:
    """`rows`: the persons' codes; `levels[column][level][code]`: groups; `sensitive`: the persons' sensitive codes."""

    def __init__(self, rows: Sequence[Row], levels: Sequence[Sequence[Sequence[int]]], weights: Sequence[float], k: int,
                 sensitive: Sequence[Row] = (), diversity: int = 1) -> None:  # fmt: skip
        self.rows, self.levels, self.k, self.diversity = rows, levels, k, diversity
        self.sensitive = sensitive or [() for _ in rows]
        self.whole = [max(1, round(weight / max(weights) * UNIT)) for weight in weights]

    def best(self) -> tuple[int, int, int, Row]:
        """The smallest loss, in units, with its node: (loss, cells suppressed, sum of levels, levels)."""
        return min((self.loss(node), self.cells(node), sum(node), node) for node in self.nodes())

    def cells(self, node: Row) -> int:
        return sum(row.count(GONE) for row in self.release(node))

    def best_without_suppression(self) -> int:
        return min(self.own_loss(node) for node in self.nodes() if all(map(self.passes, self.classes(node).values())))

    def nodes(self) -> list[Row]:
        return list(product(*[range(len(levels)) for levels in self.levels]))

    def everything(self) -> int:
        return len(self.rows) * sum(self.whole)

    def loss(self, node: Row) -> int:
        released = self.release(node)
        return sum(self.cell_loss(column, node, value) for row in released for column, value in enumerate(row))

    def own_loss(self, node: Row) -> int:
        return sum(self.cell_loss(c, node, value) for row in self.generalized(node) for c, value in enumerate(row))

    def cell_loss(self, column: int, node: Row, value: int) -> int:
        if value == GONE:
            return self.whole[column]
        groups = list(self.levels[column][node[column]])
        return round(self.whole[column] * ((groups.count(value) - 1) / max(1, len(groups) - 1)))

    def generalized(self, node: Row) -> list[Row]:
        return [tuple(self.levels[c][node[c]][code] for c, code in enumerate(row)) for row in self.rows]

    def classes(self, node: Row) -> dict[Row, list[int]]:
        return self.by_face(self.generalized(node), range(len(self.rows)))

    def by_face(self, faces: Sequence[Row], persons: Sequence[int]) -> dict[Row, list[int]]:
        found: dict[Row, list[int]] = defaultdict(list)
        for person in persons:
            found[faces[person]].append(person)
        return dict(sorted(found.items()))

    def passes(self, persons: Sequence[int]) -> bool:
        values = list(zip(*(self.sensitive[person] for person in persons), strict=True))
        return len(persons) >= self.k and all(len(set(column)) >= self.diversity for column in values)

    def release(self, node: Row) -> list[Row]:
        """The procedure, step by step, as the product's documentation words it."""
        faces = self.generalized(node)
        failing = [p for group in self.classes(node).values() if not self.passes(group) for p in group]
        columns = [c for c in range(len(self.levels)) if len({face[c] for face in faces}) > 1]
        for taken in self.sets(columns, node, faces, failing):
            hidden = [self.hide(face, taken) for face in faces]
            for group in self.by_face(hidden, failing).values():
                if self.passes(group):
                    failing = [person for person in failing if person not in group]
                    for person in group:
                        faces[person] = hidden[person]
        self.join_rest(node, faces, failing, columns)
        return faces

    def remaining(self, node: Row, column: int, value: int) -> int:
        return self.whole[column] - self.cell_loss(column, node, value)

    def sets(self, columns: list[int], node: Row, faces: list[Row], failing: list[int]) -> list[Row]:
        prices = {c: sum(self.remaining(node, c, faces[person][c]) for person in failing) for c in columns}
        every = [taken for size in range(1, len(columns) + 1) for taken in combinations(columns, size)]
        return sorted(every, key=lambda taken: (sum(prices[c] for c in taken), len(taken), taken))

    def hide(self, face: Row, taken: Sequence[int]) -> Row:
        return tuple(GONE if column in taken else value for column, value in enumerate(face))

    def join_rest(self, node: Row, faces: list[Row], failing: list[int], columns: list[int]) -> None:
        left = self.by_face(faces, failing)
        if len(left) > self.k:
            for person in failing:
                faces[person] = self.hide(faces[person], columns)
            left = self.by_face(faces, failing)
        waiting = set(failing)
        for face, group in left.items():
            released = self.by_face(faces, [person for person in range(len(faces)) if person not in waiting])
            self.join(node, faces, face, group, released)
            waiting -= set(group)

    def join(self, node: Row, faces: list[Row], face: Row, group: list[int], released: dict[Row, list[int]]) -> None:
        def price(other: Row) -> int:
            differ = [c for c in range(len(face)) if face[c] != other[c]]
            both = ((face, len(group)), (other, len(released[other])))
            return sum(self.remaining(node, c, seen[c]) * n for c in differ for seen, n in both if seen[c] != GONE)

        other = min(released, key=lambda seen: (price(seen), seen))
        differ = [c for c in range(len(face)) if face[c] != other[c]]
        for person in group + released[other]:
            faces[person] = self.hide(faces[person], differ)
