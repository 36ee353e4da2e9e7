"""The filter of system calls, compared with the kernel's own tables where they are installed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from governance.system_calls import FORBIDDEN, PROCESSORS, seccomp_filter

HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


@pytest.mark.parametrize("processor", list(PROCESSORS))
def test_the_numbers_are_the_kernels(processor: str) -> None:
    header = HEADERS[processor]
    if not header.exists():
        pytest.skip("the kernel's headers are not installed (linux-libc-dev)")
    defined = {
        name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)\b", header.read_text())
    }
    column = list(PROCESSORS).index(processor)
    ours = {name: numbers[column] for name, numbers in FORBIDDEN.items() if numbers[column] is not None}
    assert {name: defined.get(name) for name in ours} == ours


def run(program: bytes, processor: int, number: int) -> int:
    """A slow reading of a filter, as seccomp(2) describes it."""
    lines = [
        (
            int.from_bytes(program[i : i + 2], "little"),
            program[i + 2],
            program[i + 3],
            int.from_bytes(program[i + 4 : i + 8], "little"),
        )
        for i in range(0, len(program), 8)
    ]
    place, value = 0, 0
    while True:
        code, if_true, if_false, constant = lines[place]
        place += 1
        if code == 0x20:
            value = {0: number, 4: processor}[constant]
        elif code == 0x15:
            place += if_true if value == constant else if_false
        elif code == 0x35:
            place += if_true if value >= constant else if_false
        else:
            return constant


@pytest.mark.parametrize("processor", list(PROCESSORS))
def test_every_call_gets_the_answer_it_should(processor: str) -> None:
    program, column = seccomp_filter(processor), list(PROCESSORS).index(processor)
    forbidden = {numbers[column] for numbers in FORBIDDEN.values()}
    for number in range(600):
        expected = 0x00050026 if number > 462 else 0x00050001 if number in forbidden else 0x7FFF0000
        assert run(program, PROCESSORS[processor], number) == expected, number
    assert run(program, PROCESSORS[processor], 0x40000000 + 1) == 0x00050026
    assert run(program, 0x40000003, 1) == 0x80000000
