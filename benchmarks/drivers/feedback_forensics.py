"""Ask feedback-forensics how two models' answers differ: lines of JSON in and out. Runs in an environment of its own.

Its annotator, a model, is asked of each pair which answer has more of each trait of its list. Here is no such model, so
the patterns that a case brings stand in for it; of traits without one nothing is said. Of the annotations its own
metrics are taken, of the candidate as the target model, as its guide to comparing models does; what its page does not
show in gray, those with p-values below 0.05, it is taken to say.
"""

import json
import re
import sys
import tempfile
from pathlib import Path

from feedback_forensics import DatasetHandler
from feedback_forensics.tools.ff_annotate import get_default_principles
from inverse_cai.data.annotated_pairs_format import hash_string
from loguru import logger

STATISTICS, LEVEL = "strength_with_stats", 0.05


def annotated(case):
    """Return the pairs as its format of annotated pairs, version 2."""
    standard = get_default_principles()
    principles = {name: f"Select the response that {name}" for name in case["traits"]}
    if missing := set(principles.values()) - set(standard):
        sys.exit(f"its list has no {missing}")
    ids = {name: hash_string(words) for name, words in principles.items()}
    return {
        "metadata": {"version": "2.0", "dataset_name": "pairs", "available_metadata_keys_per_comparison": []},
        "annotators": {
            ids[name]: {"name": words, "description": words, "type": "principle"} for name, words in principles.items()
        },
        "comparisons": [
            {
                "id": f"i{number}",
                "prompt": f"question {number}",
                "response_a": {"text": after, "model": "candidate"},
                "response_b": {"text": before, "model": "baseline"},
                "annotations": {
                    ids[name]: preferred(
                        sign * len(re.findall(pattern, after, re.M)), sign * len(re.findall(pattern, before, re.M))
                    )
                    for name, (sign, pattern) in case["traits"].items()
                },
                "metadata": {},
            }
            for number, (before, after) in enumerate(zip(case["before"], case["after"], strict=True))
        ],
    }


def preferred(after, before):
    if after == before:
        return {"pref": None, "no_pref_reason": "not_applicable"}
    return {"pref": "a" if after > before else "b"}


def said(case):
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "pairs.json"
        path.write_text(json.dumps(annotated(case)))
        handler = DatasetHandler()
        handler.add_data_from_path(path)
    handler.set_annotator_cols(annotator_visible_names=["Model: candidate"])
    (column,) = handler.get_annotator_metrics().values()
    sure = {name: one["strength"] for name, one in column["metrics"][STATISTICS].items() if one["p_value"] < LEVEL}
    findings = sorted(sure, key=lambda name: -abs(sure[name]))
    return {"changed": bool(findings), "findings": [f"{name} ({sure[name]:+.2f})" for name in findings]}


logger.remove()
standard_output, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    print(json.dumps(said(json.loads(line))), file=standard_output, flush=True)
