"""Ask dedrift's check whether answers changed: lines of JSON in and out. Runs in an environment of its own.

It watches an agent over cycles of the same canaries. Each case brings the answers of every cycle, the candidate's last;
the first cycles are its golden baseline, those between its rolling window. All settings are those it comes with; where
a case names an embedder it is pinned, as its quickstart offers.
"""

import json
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dedrift.check import run_check, set_golden_baseline
from dedrift.config import ProjectConfig
from dedrift.embeddings import pin_embedder
from dedrift.schema import AgentConfig, InteractionInput, InteractionOutput, InteractionRecord, Source
from dedrift.store import Store

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
CONFIG = AgentConfig(model="m", prompt_hash="p", tool_schema_hash="t", agent_version="1")


def records(cycles):
    for cycle, answers in enumerate(cycles):
        for number, text in enumerate(answers):
            yield InteractionRecord(
                ts=BEGAN + timedelta(days=cycle, seconds=number),
                source=Source.CANARY,
                canary_id=f"i{number}",
                cycle_id=f"cycle-{cycle:04d}",
                repetition=1,
                config=CONFIG,
                input=InteractionInput(text=f"question {number}", metadata={"family": "happy_path"}),
                output=InteractionOutput(text=text),
            )


for line in sys.stdin:
    case = json.loads(line)
    with tempfile.TemporaryDirectory() as name:
        Store.init_project(Path(name)).close()
        with Store(Path(name)) as store:
            if case["embedder"]:
                pin_embedder(store, case["embedder"])
            store.append_many(list(records(case["cycles"])), finalize_cycles=True)
            set_golden_baseline(store, [f"cycle-{cycle:04d}" for cycle in range(case["golden"])])
            found = run_check(store, config=ProjectConfig.load(store.project_dir))
    alerts = sorted(found.alerts(), key=lambda alert: alert.p_adjusted)
    findings = list(dict.fromkeys(f"{alert.signature} ({alert.outcome.test})" for alert in alerts))
    print(json.dumps({"changed": found.overall_verdict == "DRIFT DETECTED", "findings": findings}), flush=True)
