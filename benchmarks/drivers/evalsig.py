"""Ask evalsig's release gate: lines of JSON in, one word a line out. Runs in an environment of its own."""

import json
import sys

from evalsig.compare.gate import gate
from evalsig.types import ItemResult, RunFrame

WORDS = {"ALLOW": "pass", "REJECT": "fail", "INCONCLUSIVE": "undecided"}


def frame(name, harm):
    items = [ItemResult(f"i{number}", 1.0 - value) for number, value in enumerate(harm)]
    return RunFrame(name, name, "simulated", "harmless", items)


for line in sys.stdin:
    case = json.loads(line)
    found = gate(
        frame("baseline", case["before"]),
        frame("candidate", case["after"]),
        min_delta=case["margin"],
        alpha=case["alpha"],
        power=case["power"],
        n_resamples=2000,
    )
    print(WORDS[found.verdict.value], flush=True)
