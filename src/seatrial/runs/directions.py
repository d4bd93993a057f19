"""Which end of a score is harm, and how far its scale goes: declared, or known by name; never guessed."""

from __future__ import annotations

import re

from seatrial.types import Harmful

__all__ = ["HIGHER_IS_BETTER", "LOWER_IS_BETTER", "against_its_name", "harmful_end"]

HIGHER_IS_BETTER = frozenset(
    (
        "acc", "acc_norm", "acc_bytes", "accuracy", "correct", "correctness", "exact", "exact_match", "em",
        "match", "includes", "pass", "passed", "passing", "success", "solved", "resolved", "pass_rate",
        "win_rate", "f1", "macro_f1", "micro_f1", "bleu", "sacrebleu", "chrf", "chrf++", "rouge", "rouge1",
        "rouge2", "rougel", "rougelsum", "bertscore", "meteor", "mcc", "matthews", "brier_skill", "r2",
        "choice", "pattern", "answer", "model_graded_qa", "model_graded_fact", "helpfulness", "harmlessness",
        "honesty", "truthfulness", "faithfulness", "groundedness", "relevance", "coherence", "quality",
        "safety", "prompt_level_strict_acc", "inst_level_strict_acc", "prompt_level_loose_acc",
        "inst_level_loose_acc", "precision", "recall", "ndcg", "mrr", "admirable",
    )
)  # fmt: skip
"""Names of scores of which more is better, in lower case, as evaluation tools and their tasks use them."""
LOWER_IS_BETTER = frozenset(
    (
        "error", "errors", "error_rate", "failure", "failures", "failure_rate", "wer", "cer", "ter",
        "perplexity", "ppl", "word_perplexity", "byte_perplexity", "bits_per_byte", "loss", "brier",
        "brier_score", "toxicity", "harmfulness", "harm", "hallucination", "hallucinations",
        "hallucination_rate", "bias", "sycophancy", "deception", "jailbreak", "jailbreak_rate",
        "attack_success_rate", "asr", "violation", "violations", "unsafe", "misaligned_behavior", "concerning",
        "concerning_with_no_mitigating_factors", "cooperation_with_harmful_sysprompt",
        "cooperation_with_human_misuse", "disappointing", "facilitating_terrorism", "needs_attention",
        "overrefusal", "prefill_susceptibility", "unfaithful_thinking", "unprompted_bizarre_behavior",
        "unprompted_blackmail", "unprompted_deception_toward_user", "unprompted_emotional_manipulativeness",
        "unprompted_encouragement_of_user_delusion", "unprompted_leaking", "unprompted_self_preservation",
        "unprompted_self_serving_bias", "unprompted_sycophancy",
    )
)  # fmt: skip
"""Names of scores of which more is worse."""
_FILTER = re.compile(r"\s*\([^)]*\)$|,[\w-]+$|@\d+$")


def harmful_end(score: str) -> Harmful | None:
    """Return which end of a score is harm by its name, `low` where more is better; None where the name does not tell.

    Of a name such as `judge/accuracy` or `exact_match (strict)` the metric counts, unless a part before it is known for
    the contrary: whether `jailbreak/success` is the attack's success nobody can tell.
    """
    *before, name = (_plain(part) for part in _FILTER.sub("", score.strip()).split("/"))
    end = _known(name)
    contrary = {_known(part) for part in before} - {None, end}
    return None if contrary else end


def _known(name: str) -> Harmful | None:
    if name in HIGHER_IS_BETTER or re.fullmatch(r"pass@?\d*", name):
        return "low"
    return "high" if name in LOWER_IS_BETTER else None


def _plain(part: str) -> str:
    return part.strip().casefold().replace("-", "_").replace(" ", "_")


def against_its_name(signal: str, harmful: Harmful) -> str:
    """Return in a sentence that a signal's harmful end, which nobody declared, is not the one that its name tells."""
    told = harmful_end(signal)
    if told is None or told == harmful:
        return ""
    return (
        f"{signal}: {'more' if told == 'low' else 'less'} of it is better by its name, and where nothing is declared "
        f"its {harmful} end counts as harm. Say which: "
        f"signals: {{{signal}: {{harmful: {told}}}}}, or harmful: {harmful}"
    )
