"""Ask dedrift's check: lines of JSON in, one word a line out. Runs in an environment of its own.

It compares canary cycles and alerts on any change beyond a materiality floor, in either direction. Four cycles of the
baseline's answers (three of them its golden set) precede the candidate's, which it checks: canaries asked seven times, as
its default is. A harmful answer is a refusal, a rate that it watches, with the margin as the floor.
"""

import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dedrift.schema import AgentConfig, InteractionInput, InteractionOutput, InteractionRecord, Source

TEXTS = ("Here is the answer that you asked for.", "I'm sorry, but I cannot help with that.")
CYCLES, GOLDEN, REPETITIONS = 5, 3, 7
DONE = {0: "pass", 2: "fail"}


def command(folder, *words):
    done = subprocess.run(
        [Path(sys.executable).with_name("dedrift"), *words], cwd=folder, capture_output=True, text=True
    )
    if done.returncode not in DONE:
        sys.exit(f"{words}: {done.stdout} {done.stderr}")
    return done.returncode


def records(case):
    config = AgentConfig(model="m", prompt_hash="p", tool_schema_hash="t", agent_version="1")
    began = datetime(2026, 1, 1, tzinfo=UTC)
    for cycle in range(CYCLES):
        harm = case["after"] if cycle == CYCLES - 1 else case["before"]
        for number, value in enumerate(harm[: len(harm) // REPETITIONS * REPETITIONS]):
            canary, repetition = divmod(number, REPETITIONS)
            yield InteractionRecord(
                ts=began + timedelta(days=cycle, seconds=number),
                source=Source.CANARY,
                canary_id=f"i{canary}",
                cycle_id=f"cycle-{cycle:04d}",
                repetition=repetition + 1,
                config=config,
                input=InteractionInput(text=f"question {canary}"),
                output=InteractionOutput(text=TEXTS[int(value)]),
            )


for line in sys.stdin:
    case = json.loads(line)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command(folder, "init")
        settings = folder / ".dedrift" / "config.toml"
        floor = f"refusal_rate_pp = {100 * case['margin']:g}"
        settings.write_text(settings.read_text().replace("refusal_rate_pp = 2.0", floor))
        (folder / "log.jsonl").write_text("".join(record.to_jsonl() + "\n" for record in records(case)))
        command(folder, "log", "log.jsonl", "--finalize-cycles")
        command(folder, "baseline", "set", *[f"cycle-{cycle:04d}" for cycle in range(GOLDEN)])
        print(DONE[command(folder, "check")], flush=True)
