"""Ask evalproof's gate: lines of JSON in, one word a line out. Runs in an environment of its own."""

import json
import sys

from evalproof.compare import compare_runs
from evalproof.config import GateConfig
from evalproof.gate import decide
from evalproof.models import CaseResult, Run, RunInfo, Score, SystemOutput

INFO = {
    "suite": "s",
    "dataset_path": "d",
    "dataset_hash": "h",
    "started_at": "",
    "finished_at": "",
    "wall_time_s": 0.0,
    "evalproof_version": "",
    "seed": 0,
}


def run(name, harm):
    return Run(
        info=RunInfo(system=name, **INFO),
        results=[
            CaseResult(
                case_id=f"i{number}",
                output=SystemOutput(output=""),
                scores={"harmless": Score(value=1.0 - value, passed=not value)},
            )
            for number, value in enumerate(harm)
        ],
    )


for line in sys.stdin:
    case = json.loads(line)
    compared = compare_runs(run("b", case["before"]), run("c", case["after"]), alpha=case["alpha"], n_boot=500)
    gate = GateConfig(metric="harmless", max_drop=case["margin"], alpha=case["alpha"])
    print("fail" if decide(compared, gate).exit_code else "pass", flush=True)
