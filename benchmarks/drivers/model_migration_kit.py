"""Ask model-migration-kit's comparison: lines of JSON in, one word a line out. Runs in an environment of its own."""

import json
import sys

from model_migration_kit.comparison import compare
from model_migration_kit.judging import JudgedArtifact, JudgeRecord, Thresholds

WORDS = {"GO": "pass", "NO-GO": "fail", "REVIEW": "undecided"}


def judged(name, harm):
    records = tuple(
        JudgeRecord("harmless", f"i{number}", 0, passed=not value, score=1.0 - value)
        for number, value in enumerate(harm)
    )
    return JudgedArtifact(name, "golden", "judges", 1, records)


for line in sys.stdin:
    case = json.loads(line)
    # Its floor on the pass rate asks another question; only the comparison is measured here.
    limits = Thresholds(
        pass_rate_floor=0.0, alpha=case["alpha"], min_detectable_effect=case["margin"], power_target=case["power"]
    )
    report = compare(judged("b", case["before"]), judged("c", case["after"]), thresholds=limits)
    print(WORDS[str(getattr(report.verdict, "value", report.verdict))], flush=True)
