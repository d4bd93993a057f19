"""Answers of the harder reasoning items about programs, words, numbers and puzzles, worked out step by step."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import combinations, groupby, pairwise, permutations, product
from math import comb, factorial, gcd, isqrt, prod

import pytest

from hard_items import check, prompt


def _collatz(number: int) -> int:
    steps = 0
    while number != 1:
        number, steps = (number // 2 if number % 2 == 0 else 3 * number + 1), steps + 1
    return steps


def _calls(n: int) -> int:
    return 1 if n < 2 else 1 + _calls(n - 1) + _calls(n - 3)


def _popped() -> str:
    names = list("ABCDEFGHIJKLM")
    for place, name in enumerate(names):
        if place % 2 or name in "CG":
            names.remove(name)
    return "".join(names)


def _closures() -> int:
    made: list[Callable[[int], int]] = []
    for n in range(6):

        def scaled(x: int, k: int = n * n) -> int:
            return x * k - n  # noqa: B023  (what the item is about)

        made.append(scaled)
    return sum(one(place + 2) for place, one in enumerate(made))


def _shared() -> str:
    rows = [[0] * 3] * 2 + [[1, 2, 3]]
    for n in range(5):
        rows[n % 3][n % 2] += n
    return "-".join("".join(map(str, row)) for row in rows)


def _hash(word: str) -> int:
    value = 7
    for letter in word:
        value = (31 * value + ord(letter)) % 9973
    return value


def _folded() -> int:
    value = 0b1011
    for n in range(1, 15):
        value = ((value << 1) ^ (n * 37)) & 0xFF
    return value


def _swaps(numbers: Sequence[int]) -> int:
    return sum(a > b for a, b in combinations(numbers, 2))


def _tries(size: int, wanted: int) -> int:
    low, high, tries = 0, size - 1, 0
    while low <= high:
        middle, tries = (low + high) // 2, tries + 1
        if middle == wanted:
            return tries
        low, high = (middle + 1, high) if middle < wanted else (low, middle - 1)
    return 0


def _runs(text: str) -> str:
    return "".join(f"{len(list(group))}{letter}" for letter, group in groupby(text))


def _shifted(text: str, by: int) -> str:
    return re.sub("[a-z]", lambda found: chr((ord(found.group()) - 97 + by) % 26 + 97), text)


def _mixed() -> int:
    total = 0
    for i in range(1, 13):
        for j in range(i, 13):
            if (i * j) % 3 == 0:
                continue
            if i + j > 17:
                break
            total += i ^ j
    return total


def _queue() -> int:
    queue, total = [3, 8, 5], 0
    for n in range(1, 13):
        first = queue.pop(0)
        total += first * n
        queue.append((first * 2 + n) % 11)
        if len(queue) < 5 and n % 3 == 0:
            queue.insert(0, n)
    return total


def _js_plus(values: Sequence[object]) -> str:
    """Return what adding up an array makes in JavaScript; an array within it is given as it would be written."""
    total: int | str = 0
    for value in values:
        if isinstance(value, int) and isinstance(total, int):
            total += value
        else:
            total = f"{total}" + {None: "null", True: "true"}.get(value, f"{value}")  # type: ignore[call-overload]
    return f"{total}"


def _nulls() -> str:
    table = sqlite3.connect(":memory:")
    table.execute("create table visits (shop text, spent int)")
    rows = [
        ("A", 5),
        ("A", None),
        ("B", 5),
        ("B", 9),
        (None, 9),
        ("C", None),
        ("A", 5),
        (None, None),
        ("C", 3),
        ("B", None),
    ]
    table.executemany("insert into visits values (?, ?)", rows)
    query = prompt("nulls-counted").split("\n\n")[1]
    return "-".join(map(str, table.execute(query).fetchone()))


def _joseph(people: int, step: int) -> int:
    last = 0
    for size in range(2, people + 1):
        last = (last + step) % size
    return last + 1


def _primes(first: int, last: int) -> list[int]:
    return [n for n in range(first, last + 1) if n > 1 and all(n % d for d in range(2, isqrt(n) + 1))]


def _letters(name: str, which: str) -> int:
    return sum(letter in which for letter in _quoted(name).lower())


def _quoted(name: str) -> str:
    found = re.search(r"“([^”]+)”", prompt(name))
    assert found is not None
    return found.group(1)


def _words(name: str) -> list[str]:
    return re.findall(r"[a-z']+", _quoted(name).lower())


def _value(word: str) -> int:
    return sum(ord(letter) - 96 for letter in word.lower() if letter.isalpha())


def _roman(number: int) -> str:
    table = (
        (1000, "M"),
        (900, "CM"),
        (500, "D"),
        (400, "CD"),
        (100, "C"),
        (90, "XC"),
        (50, "L"),
        (40, "XL"),
        (10, "X"),
    )
    written = ""
    for value, sign in (*table, (9, "IX"), (5, "V"), (4, "IV"), (1, "I")):
        written += sign * (number // value)
        number %= value
    return written


def _determinant(rows: Sequence[Sequence[int]]) -> int:
    if len(rows) == 1:
        return rows[0][0]
    return sum(
        (-1) ** n * first * _determinant([[*row[:n], *row[n + 1 :]] for row in rows[1:]])
        for n, first in enumerate(rows[0])
    )


def _sequence(terms: int) -> int:
    a, b = 3, 5
    for _ in range(terms - 2):
        a, b = b, (2 * b + 3 * a) % 1000
    return b


def _derived(steps: int) -> str:
    said = "1"
    for _ in range(steps - 1):
        said = _runs(said)
    return said


def _ant() -> str:
    x, y, heading, black = 0, 0, 0, set[tuple[int, int]]()
    for _ in range(24):
        heading = (heading + (-1 if (x, y) in black else 1)) % 4
        black ^= {(x, y)}
        x, y = x + (0, 1, 0, -1)[heading], y + (1, 0, -1, 0)[heading]
    return f"{x}, {y}"


def _life(steps: int) -> int:
    alive = {(0, 1), (1, 1), (1, 2), (2, 0), (2, 1)}
    for _ in range(steps):
        near = Counter((x + a, y + b) for x, y in alive for a, b in product((-1, 0, 1), repeat=2) if (a, b) != (0, 0))
        alive = {cell for cell, count in near.items() if count == 3 or (count == 2 and cell in alive)}
    return len(alive)


def _islanders() -> str:
    """Return who tells the truth, where each of six always does or never does."""
    fitting = []
    for a, b, c, d, e, f in product((True, False), repeat=6):
        said = (b is not c, sum((a, b, c, d, e, f)) == 3, not d or e, a is f, b + d + f >= 2, not (b and e))
        if said == (a, b, c, d, e, f):
            fitting.append((a, b, c, d, e, f))
    assert len(fitting) == 1
    return ", ".join(
        name for name, true in zip(("Ana", "Ben", "Cleo", "Dov", "Eva", "Finn"), fitting[0], strict=True) if true
    )


def _suitcase(things: Sequence[tuple[int, int]], room: int) -> int:
    best = [0] * (room + 1)
    for weight, worth in things:
        for size in range(room, weight - 1, -1):
            best[size] = max(best[size], best[size - weight] + worth)
    return best[room]


MARKS = (62, 71, 55, 80, 68, 91, 47, 74, 59, 83)
THINGS = ((7, 41), (11, 68), (4, 22), (9, 55), (13, 77), (5, 33), (8, 46), (3, 14), (6, 37), (12, 75))
LIST = (38, 12, 45, 7, 29, 51, 3, 33, 18, 40, 25, 9, 49, 14, 31)

WORKED: dict[str, Callable[[], object]] = {
    "steps-to-one": lambda: _collatz(703),
    "three-back-calls": lambda: _calls(17),
    "remove-while-looping": _popped,
    "late-closures": _closures,
    "shared-rows": _shared,
    "hash-of-name": lambda: _hash("lighthouse"),
    "folded-byte": _folded,
    "bubble-swaps": lambda: _swaps(LIST),
    "binary-tries": lambda: sum(_tries(100, wanted) for wanted in (0, 37, 62, 99, 24, 75)),
    "run-lengths": lambda: _runs(_quoted("run-lengths")),
    "break-continue": _mixed,
    "queue-insert": _queue,
    "floor-negative": lambda: sum(n // 3 * (n % 4) for n in range(-17, 18)),
    "slices-chain": lambda: "marzipanlighthouse"[::-1][2:15:3] + "marzipanlighthouse"[-7:3:-2],
    "js-mixed-sum": lambda: _js_plus((5, True, "2", None, -1, "3,4")),
    "nulls-counted": _nulls,
    "said-aloud": lambda: _derived(9),
    "ant-walk": _ant,
    "life-steps": lambda: _life(12),
    "last-in-circle": lambda: f"child {_joseph(61, 5)}",
    "power-ends": lambda: pow(7, 2026, 10_000),
    "digits-of-power": lambda: sum(map(int, str(2**75))),
    "zeros-at-end": lambda: sum(2026 // 5**k for k in range(1, 6)),
    "primes-added": lambda: sum(_primes(400, 500)),
    "hex-to-octal": lambda: f"{0x3A7F:o}",
    "base-seven": lambda: int("46253", 7) - int("35164", 7),
    "spread-of-marks": lambda: Fraction(sum((x - Fraction(sum(MARKS), len(MARKS))) ** 2 for x in MARKS)) / len(MARKS),
    "four-by-four": lambda: _determinant(((2, -1, 3, 0), (4, 1, -2, 5), (0, 3, 1, -4), (1, 2, 0, 6))),
    "twentieth-term": lambda: _sequence(20),
    "divisor-sum": lambda: sum(d for d in range(1, 5041) if 5040 % d == 0),
    "remainders-met": lambda: next(
        n for n in range(1, 10**6) if n % 7 == 3 and n % 11 == 8 and n % 13 == 5 and n % 9 == 2
    ),
    "palindrome-years": lambda: sum(n for n in range(1000, 3000) if str(n) == str(n)[::-1] and n % 7 == 0),
    "letters-e": lambda: _letters("letters-e", "e"),
    "letters-vowels": lambda: _letters("letters-vowels", "aeiou"),
    "letters-doubled": lambda: sum(a == b for word in _words("letters-doubled") for a, b in pairwise(word)),
    "shifted-note": lambda: _shifted(_quoted("shifted-note"), -11),
    "nth-letters": lambda: "".join(word[n % 4] for n, word in enumerate(_words("nth-letters"))),
    "ninth-of-list": lambda: sorted(_words("ninth-of-list"))[8][::-1],
    "word-values": lambda: _value(_quoted("word-values")),
    "heaviest-and-lightest": lambda: sum(f(map(_value, _words("heaviest-and-lightest"))) for f in (max, min)),
    "odd-words": lambda: sum(len(word) for word in _words("odd-words") if len(word) % 2),
    "roman-sum": lambda: _roman(1944 + 789 - 1066),
    "anagrams-before": lambda: sorted({"".join(p) for p in permutations("lantern")}).index("lantern") + 1,
    "letters-in-rows": lambda: factorial(13) // prod(map(factorial, Counter("senselessness").values())),
    "knights-six": _islanders,
    "suitcase-worth": lambda: _suitcase(THINGS, 31),
    "handshakes-left": lambda: comb(23, 2) - comb(6, 2) - 7,
    "rectangles-in-frame": lambda: sum(
        1
        for left, right in combinations(range(9), 2)
        for low, high in combinations(range(7), 2)
        if not (left <= 3 < right and low <= 2 < high)
    ),
    "subsets-apart": lambda: sum(
        1 for size in range(8) for some in combinations(range(1, 15), size) if all(b - a > 1 for a, b in pairwise(some))
    ),
    "coins-heads": lambda: Fraction(sum("HHH" not in "".join(flips) for flips in product("HT", repeat=9)), 2**9),
    "bishop-free": lambda: sum(abs(a // 8 - b // 8) != abs(a % 8 - b % 8) for a, b in combinations(range(64), 2)),
    "common-measures": lambda: sum(gcd(a, b) for a, b in combinations(range(1, 31), 2)),
}


@pytest.mark.parametrize("name", sorted(WORKED))
def test_what_is_accepted_is_what_comes_out(name: str) -> None:
    """The answer worked out here counts as right, and one beside it does not."""
    check(name, WORKED[name]())
