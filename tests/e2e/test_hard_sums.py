"""Answers of the harder reasoning items about sums, days, shares, votes and queues, worked out step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import combinations, permutations, product
from math import gcd, lcm

import pytest

from hard_items import check

CENT = Decimal("0.01")


def _cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, ROUND_HALF_UP)


def _loan(owed: str, yearly: str, paid: str, months: int) -> Decimal:
    left = Decimal(owed)
    for _ in range(months):
        left += _cents(left * Decimal(yearly) / 1200) - Decimal(paid)
    return left


def _growing(first: str, factor: str, times: int) -> Decimal:
    put, total = Decimal(first), Decimal(0)
    for _ in range(times):
        total += put
        put = _cents(put * Decimal(factor))
    return total


def _taxed(income: int, bands: Sequence[tuple[int, int]]) -> Decimal:
    """Return the tax where each band of a width is taxed with a percentage, and the rest with the last."""
    tax = Decimal(0)
    for width, percent in bands:
        part = min(income, width)
        tax += Decimal(part * percent) / 100
        income -= part
    return tax


def _ways(total: int, coins: Sequence[int]) -> int:
    found = [1] + [0] * total
    for coin in coins:
        for value in range(coin, total + 1):
            found[value] += found[value - coin]
    return found[total]


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(n) for n in range((last - first).days + 1))


def _working(first: date, last: date, off: Iterable[date], weekdays: set[int]) -> int:
    closed = set(off)
    return sum(day.weekday() in weekdays and day not in closed for day in _days(first, last))


def _in_turn(works: Sequence[int], machines: int) -> int:
    """Return when the last work is done, each taken in order by the machine that is free first."""
    free = [0] * machines
    for work in works:
        free[free.index(min(free))] += work
    return max(free)


def _first_fit(sizes: Sequence[int], room: int) -> str:
    boxes: list[int] = []
    for size in sizes:
        place = next((n for n, used in enumerate(boxes) if used + size <= room), None)
        if place is None:
            boxes.append(size)
        else:
            boxes[place] += size
    return "-".join(map(str, boxes))


def _shelf(start: int, sold: Sequence[int], order_at: int, order: int, takes: int) -> int:
    """Return the sum of what stands there each evening; ordered at the mark or below, there so many mornings later."""
    stock, coming, total = start, dict[int, int](), 0
    for day, wanted in enumerate(sold):
        stock += coming.pop(day, 0)
        stock -= min(stock, wanted)
        if stock <= order_at and not coming:
            coming[day + takes] = order
        total += stock
    return total


def _shortest(roads: Mapping[str, int], start: str, end: str) -> int:
    """Return the least sum of minutes along roads that are named by the letters of their two ends."""
    towns = sorted({letter for road in roads for letter in road})
    least = {town: 0 if town == start else 10**6 for town in towns}
    for _ in towns:
        for road, minutes in roads.items():
            for one, other in ((road[0], road[1]), (road[1], road[0])):
                least[other] = min(least[other], least[one] + minutes)
    return least[end]


def _highest(votes: Mapping[str, int], seats: int, step: int) -> str:
    """Return the seats by highest quotients, divisors 1, 1 + step, …, in the order of the parties."""
    won = dict.fromkeys(votes, 0)
    for _ in range(seats):
        won[max(votes, key=lambda party: Fraction(votes[party], 1 + step * won[party]))] += 1
    return "-".join(map(str, won.values()))


def _remainders(votes: Mapping[str, int], seats: int) -> str:
    quota = Fraction(sum(votes.values()), seats)
    won = {party: int(count / quota) for party, count in votes.items()}
    rest = sorted(votes, key=lambda party: votes[party] / quota - won[party], reverse=True)
    for party in rest[: seats - sum(won.values())]:
        won[party] += 1
    return "-".join(map(str, won.values()))


def _runoff(ballots: Mapping[str, int]) -> int:
    """Return the winner's votes in the round that decides; the least placed goes out each time."""
    running = set("".join(ballots))
    while True:
        firsts = dict.fromkeys(sorted(running), 0)
        for ballot, count in ballots.items():
            firsts[next(name for name in ballot if name in running)] += count
        if 2 * max(firsts.values()) > sum(firsts.values()):
            return max(firsts.values())
        running.remove(min(firsts, key=firsts.__getitem__))


def _points(ballots: Mapping[str, int], name: str) -> int:
    return sum((len(ballot) - 1 - ballot.index(name)) * count for ballot, count in ballots.items())


def _next_workday(day: date) -> date:
    while day.weekday() > 4:
        day += timedelta(1)
    return day


def _taper() -> int:
    dose, tablets = 40, 8 * 5
    while dose > 10:
        dose -= 5
        tablets += dose // 5 * 3
    return tablets + sum(n for n in (1,) * 4)


def _runs() -> Decimal:
    week, total = Decimal(18), Decimal(0)
    for _ in range(10):
        total += week
        week = (week * Decimal("1.1") * 2).quantize(Decimal(1), ROUND_HALF_UP) / 2
    return total


def _tank() -> int:
    level, minutes = 120, 0
    while level < 900:
        minutes += 1
        level += 17 if minutes % 10 not in (8, 9, 0) else 0
        level -= 4
    return minutes


def _cheapest_free(prices: Sequence[int], off: int) -> Decimal:
    dear = sorted(prices, reverse=True)
    paid = sum(price for n, price in enumerate(dear) if n % 3 != 2)
    return _cents(Decimal(paid * (100 - off)) / 10_000)


def _nights(first: date, cycle: str, kind: str, year_end: date) -> int:
    return sum(cycle[n % len(cycle)] == kind for n, _ in enumerate(_days(first, year_end)))


def _checkouts(score: int) -> int:
    """Return in how many ways three darts, of which the last is a double, make the score; the order counts."""
    singles = [*range(1, 21), 25]
    darts = [(f"S{n}", n) for n in singles] + [(f"D{n}", 2 * n) for n in singles]
    darts += [(f"T{n}", 3 * n) for n in range(1, 21)]
    doubles = [value for name, value in darts if name[0] == "D"]
    return sum(a + b + last == score for (_, a), (_, b) in product(darts, repeat=2) for last in doubles)


def _right_angles(first: int, last: int) -> int:
    """Return how often the hands of a clock stand at a right angle after one minute of the day and before another."""
    times = {Fraction(720 * (2 * k + 1), 22 * 2) for k in range(200)}
    return sum(first < moment < last for moment in times)


def _overtake() -> Decimal:
    ours, theirs = Decimal(400), Decimal(2100)
    while ours <= theirs:
        ours += _cents(ours * Decimal("0.011")) + 95
        theirs += _cents(theirs * Decimal("0.004")) + 52
    return ours


def _callers(minutes: int) -> list[int]:
    """Return how many learn the news in each minute, where each calls in the second and the third minute after it."""
    heard = [1]
    for minute in range(1, minutes + 1):
        heard.append((heard[minute - 2] if minute >= 2 else 0) + (heard[minute - 3] if minute >= 3 else 0))
    return heard


def _line(order: Sequence[str]) -> bool:
    at = {name: place for place, name in enumerate(order)}
    return (
        abs(at["Ada"] - at["Dia"]) == 2
        and at["Eli"] < at["Bo"] < at["Ada"]
        and abs(at["Cem"] - at["Fay"]) > 2
        and at["Fay"] not in (0, 5)
        and at["Dia"] != 5
        and abs(at["Bo"] - at["Eli"]) > 1
        and abs(at["Cem"] - at["Eli"]) == 1
    )


def _stairs(steps: int) -> int:
    """Return the ways up with strides of one, two or three steps and never two strides of three in a row."""
    ways = {(0, 0): 1}
    for step in range(1, steps + 1):
        for stride in (1, 2, 3):
            ways[step, stride] = sum(
                count for (at, last), count in list(ways.items()) if at == step - stride and not (stride == last == 3)
            )
    return sum(ways[steps, stride] for stride in (1, 2, 3))


def _paths(east: int, north: int, shut: set[tuple[int, int]]) -> int:
    ways = {(0, 0): 1}
    for x, y in product(range(east + 1), range(north + 1)):
        if (x, y) != (0, 0):
            ways[x, y] = 0 if (x, y) in shut else ways.get((x - 1, y), 0) + ways.get((x, y - 1), 0)
    return ways[east, north]


PARTIES = {"A": 24130, "B": 17980, "C": 9640, "D": 5210, "E": 3075}
WARD = {"ABCD": 31, "BCDA": 27, "CBAD": 19, "DCBA": 16, "DBCA": 9}
ROADS = {
    "AB": 14,
    "AC": 9,
    "BC": 4,
    "BD": 11,
    "CD": 18,
    "CE": 27,
    "DE": 6,
    "DF": 19,
    "EF": 12,
    "EG": 33,
    "FG": 17,
    "BF": 32,
}

WORKED: dict[str, Callable[[], object]] = {
    "mortgage-fourteen": lambda: _loan("184000", "3.9", "1150", 14),
    "scooter-loan-left": lambda: _loan("6200", "7.2", "310", 9),
    "growing-envelope": lambda: _growing("20", "1.07", 18),
    "wage-bands": lambda: _taxed(61_840, ((9_500, 0), (14_000, 18), (22_000, 31), (99_000, 42))),
    "toll-ways": lambda: _ways(160, (5, 10, 20, 50)),
    "three-for-two": lambda: _cheapest_free((1290, 845, 2360, 1175, 990, 1640, 735, 1480), 15),
    "part-timer-days": lambda: _working(
        date(2025, 3, 3),
        date(2025, 9, 26),
        (
            date(2025, 4, 18),
            date(2025, 4, 21),
            date(2025, 5, 1),
            date(2025, 5, 29),
            date(2025, 6, 9),
            date(2025, 8, 15),
        ),
        {0, 1, 3, 4},
    ),
    "night-shifts-year": lambda: _nights(date(2026, 1, 5), "EELLNNOOOO", "N", date(2026, 12, 31)),
    "three-printers": lambda: _in_turn((17, 24, 9, 31, 16, 28, 15, 22, 8, 19, 26, 13), 3),
    "first-fit-boxes": lambda: _first_fit((7, 12, 5, 9, 14, 6, 11, 8, 4, 13, 10, 3, 9, 7, 12, 6), 20),
    "flour-shelf": lambda: _shelf(47, (9, 6, 11, 4, 8, 13, 7, 5, 12, 6, 10, 9, 3, 8), 20, 36, 3),
    "auckland-london": lambda: (
        (
            datetime(2026, 12, 30, 6, 5, tzinfo=timezone(timedelta(hours=13)))
            + timedelta(hours=17, minutes=25)
            + timedelta(hours=3, minutes=50)
            + timedelta(hours=7, minutes=35)
        )
        .astimezone(UTC)
        .strftime("%H:%M")
    ),
    "market-town-roads": lambda: _shortest(ROADS, "A", "G"),
    "hill-average": lambda: (Decimal(3 * 42) / (42 / Decimal(60) + 42 / Decimal(35) + 42 / Decimal(84))).quantize(CENT),
    "winter-stay": lambda: (date(2028, 3, 5) - date(2027, 11, 17)).days,
    "great-grandchild": lambda: Fraction(2 * (931_500 - 24_300), 3) / 4 / 3 / 5,
    "service-date": lambda: f"{_next_workday(date(2026, 2, 27) + timedelta(93)):%B} 1",
    "judgment-interest": lambda: _cents(
        Decimal(18_400) * (Decimal(181) * 4 + Decimal(184) * 5 + 77 * Decimal("4.5")) / 36500
    ),
    "dhondt-council": lambda: _highest(PARTIES, 19, 1),
    "odd-divisors": lambda: _highest(PARTIES, 19, 2),
    "hare-council": lambda: _remainders(PARTIES, 23),
    "ward-runoff": lambda: _runoff(WARD),
    "ward-points": lambda: _points(WARD, "B"),
    "taper-tablets": _taper,
    "ten-percent-weeks": _runs,
    "dose-after-ninth": lambda: _cents(Decimal(240) * 511 / 256),
    "cistern-fill": _tank,
    "bells-together": lambda: lcm(28, 45, 70),
    "friday-leap-days": lambda: ", ".join(
        str(year) for year in range(2012, 2100, 4) if date(year, 2, 29).weekday() == 4
    ),
    "thirteenth-fridays": lambda: sum(
        date(year, month, 13).weekday() == 4 for year in range(2026, 2036) for month in range(1, 13)
    ),
    "santa-couples": lambda: sum(
        all(n != to and n // 2 != to // 2 for n, to in enumerate(order)) for order in permutations(range(8))
    ),
    "round-table-exes": lambda: sum(
        all({order[n], order[(n + 1) % 8]} not in ({0, 1}, {2, 3}) for n in range(8))
        for order in ((0, *rest) for rest in permutations(range(1, 8)))
    ),
    "committee-rules": lambda: sum(
        1
        for six in combinations(range(13), 6)
        if sum(n < 7 for n in six) >= 2 and sum(n >= 7 for n in six) >= 2 and not {0, 7} <= set(six)
    ),
    "lock-digits": lambda: sum(
        1
        for code in product(range(10), repeat=5)
        if len(set(code)) == 5 and code[0] != 0 and sum(code) == 23 and code[4] % 2 == 0
    ),
    "plate-thirty-three": lambda: sum(sum(map(int, f"{n:05}")) == 33 for n in range(100_000)),
    "date-digits": lambda: sum(
        sum(map(int, day.strftime("%d%m%Y"))) == 20 for day in _days(date(2020, 1, 1), date(2029, 12, 31))
    ),
    "darts-checkout": lambda: _checkouts(50),
    "stairs-threes": lambda: _stairs(17),
    "grid-without-market": lambda: _paths(7, 6, {(3, 2), (4, 4)}),
    "dice-thirteen": lambda: Fraction(sum(sum(roll) == 13 for roll in product(range(1, 7), repeat=4)), 6**4),
    "socks-in-dark": lambda: Fraction(
        sum(len({a, b, c}) == 3 for a, b, c in combinations("RRRRBBBBBBWWW", 3)),
        sum(1 for _ in combinations(range(13), 3)),
    ),
    "orchard-trees": lambda: sum(gcd(row, column) == 1 for row in range(1, 25) for column in range(1, 25)),
    "lamps-but-fives": lambda: sum(
        sum(lamp % person == 0 for person in range(1, 151) if person % 5) % 2 for lamp in range(1, 151)
    ),
    "league-draws": lambda: 3 * 14 * 13 - 507,
    "right-angles": lambda: _right_angles(8 * 60, 19 * 60 + 45),
    "pills-together": lambda: (datetime(2026, 3, 2, 6) + timedelta(hours=lcm(7, 10))).strftime("%A %H:00"),
    "savings-overtake": _overtake,
    "chain-of-calls": lambda: sum(_callers(13)),
    "six-in-line": lambda: "-".join(
        next(order for order in permutations(("Ada", "Bo", "Cem", "Dia", "Eli", "Fay")) if _line(order))
    ),
    "three-grandsons": lambda: next(
        f"{a}, {b}, {c}"
        for a, b, c in product(range(1, 40), repeat=3)
        if a > b > c and a * b * c == 2310 and a + b + c == 44
    ),
    "library-fines": lambda: sum(min(15 * days, 400) for days in (3, 11, 29, 30, 8, 41, 17, 26, 5)) / Decimal(100),
    "sleep-debt": lambda: sum(
        (datetime(2026, 1, 1, h, m) - datetime(2026, 1, 1)).seconds // 60
        for h, m in ((6, 47), (5, 58), (7, 21), (4, 39), (6, 13), (8, 52), (7, 44), (5, 17), (6, 36), (7, 9))
    ),
}


@pytest.mark.parametrize("name", sorted(WORKED))
def test_what_is_accepted_is_what_comes_out(name: str) -> None:
    """The answer worked out here counts as right, and one beside it does not."""
    check(name, WORKED[name]())
