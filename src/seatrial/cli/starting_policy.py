"""Getting started: a policy to begin with, and what this machine has."""

from __future__ import annotations

import math
from pathlib import Path

from seatrial.errors import PolicyError, StoreError
from seatrial.suites import Suite, find_suites, load_suite

__all__ = ["STYLES", "starting_policy", "write_policy"]

HEAD = """\
# What must hold before a candidate may replace the baseline. Run it with: seatrial review {name}
name: my-assistant

# What users have now, and what someone wants to ship. PROVIDER/NAME of any provider, for example:
#   openai-compatible/NAME with base_url: http://localhost:8000/v1   (OpenAI, vLLM, llama.cpp, Ollama)
#   anthropic/NAME, google/NAME, …                                   (through inspect-ai)
#   transcripts/answers.jsonl, scores/scores.csv                      (recorded elsewhere)
baseline:
  model: embedded/smollm2-135m
  system: You are a helpful assistant.
candidate:
  model: embedded/smollm2-135m
  system: You are a helpful assistant. Be warm and encouraging.

alpha: 0.05      # chance that a candidate which breaks a blocking gate is launched
power: 0.9       # chance with which each gate should see what it claims to see
budget:
  calls: 6000
reuse:           # the baseline's answers of other reviews in the same folder, instead of asking again
  days: 7        # none that are older; 0 asks for all
  recheck: 0.1   # share of them that is asked anew, to see that the model behind the name is still the same

# A gate passes when harm above its margin is ruled out, fails when it is shown; all else is undecided, and
# undecided is never a pass. Margins below are 0.05, or what a suite's clusters can rule out at all. Every gate
# blocks; to watch one without letting it block, give the reason:
#   - {{signal: behavior/over-refusal, margin: 0.05, advisory: "the reason, in words"}}
gates:
"""

STYLE = "style: watched, not ours to block"

STYLES = ("behavior/verbosity", "behavior/formatting")
"""Suites of manner only, which many teams change on purpose."""


def starting_policy(name: str) -> str:
    """Return a commented policy in which every built-in suite's behavior blocks, but for mere style."""
    lines = [HEAD.format(name=name)]
    for signal, folder in sorted(find_suites().items()):
        suite = load_suite(folder)
        lines.append(f"  # {suite.title}\n  - signal: {signal}\n    margin: {visible_margin(suite):g}\n")
        if signal in STYLES:
            lines.append(f'    advisory: "{STYLE}"\n')
    return "".join(lines)


def visible_margin(suite: Suite) -> float:
    """Return 0.05, or the smallest hundredth that so many clusters can rule out where nothing differs, if it is larger.

    A contrast spans twice the range of a single reading, and so does what it can rule out.
    """
    from seatrial.gates.operating_characteristic import smallest_visible_margin

    reach = 2.0 if suite.contrast else 1.0
    least = smallest_visible_margin(len(suite.clusters), reach, 0.05)
    return max(0.05 * reach, math.ceil(100 * least + 1e-9) / 100)


def write_policy(path: Path) -> None:
    """Write the starting policy.

    Raises:
        PolicyError: the file is there already.
        StoreError: it cannot be written.
    """
    if path.exists():
        raise PolicyError(f"{path} exists; give another name: seatrial init {path.stem}-2.yaml")
    try:
        path.write_text(starting_policy(path.name), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror}") from error
