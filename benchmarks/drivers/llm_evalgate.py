"""Ask llm-evalgate's regression gate: lines of JSON in, one word a line out. Runs in an environment of its own."""

import json
import sys

from llm_evalgate.bench.gate import RegressionGate
from llm_evalgate.bench.runner import BenchmarkResult


def result(harm):
    return BenchmarkResult(
        predicted=[not value for value in harm],
        labels=[True] * len(harm),
        metrics={},
        n=len(harm),
        dataset_fingerprint="same",
    )


for line in sys.stdin:
    case = json.loads(line)
    gate = RegressionGate(metrics=("accuracy",), threshold=case["margin"], alpha=case["alpha"], n_resamples=500)
    print("pass" if gate.check(result(case["after"]), result(case["before"])).passed else "fail", flush=True)
