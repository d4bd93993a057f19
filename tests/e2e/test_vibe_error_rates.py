"""The error rates of a session's statistics, in the small; `python -m benchmarks raters` measures them in the large."""

from __future__ import annotations

import pytest
from benchmarks.raters import ALPHA, BENCHES, covers, gate_rates


@pytest.mark.parametrize("controls", [5, 10, 20])
def test_bounds_of_d_prime_hold(controls: int) -> None:
    """Summed over all counts that can come: 90 % intervals hold at 88 % or more; who hears nothing counts in 6 %."""
    found = covers(controls)
    assert found.least >= 0.88
    assert found.deaf <= 0.06
    assert found.heard > 0.65


def test_the_gate_is_seldom_wrong_with_raters_of_mixed_ears() -> None:
    """At the margin, weights from ten controls: false launches and alarms stay near alpha; the null passes."""
    found = gate_rates(BENCHES[1], 10, 80)
    allowed = 80 * ALPHA + 3 * (80 * ALPHA * (1 - ALPHA)) ** 0.5
    assert found.launched <= allowed
    assert found.broken <= allowed
    assert found.null_failed == 0
    assert found.null_passed > 56
