"""Runs lm-eval's own command line with one more model, `harbor`, which needs no weights and answers alike each time."""

from __future__ import annotations

import hashlib
from typing import Any

from lm_eval.__main__ import cli_evaluate
from lm_eval.api.model import LM
from lm_eval.api.registry import register_model


@register_model("harbor")
class HarborModel(LM):
    """A model whose answers follow from a hash of what it is asked and of its name."""

    def __init__(self, pretrained: str = "baseline", slips: int = 4, **other: Any) -> None:
        """Take its name, and at how many in sixteen questions it slips."""
        super().__init__()
        self.name, self.slips, self.asked = pretrained, int(slips), 0

    @classmethod
    def create_from_arg_obj(cls, arg_dict: dict[str, Any], additional_config: Any = None) -> HarborModel:
        """Return one from `--model_args`."""
        return cls(**arg_dict)

    def _slips(self, text: str) -> bool:
        return hashlib.sha256(f"{self.name} {text}".encode()).digest()[0] % 16 < self.slips

    def generate_until(self, requests: Any, disable_tqdm: bool = False) -> list[str]:
        """Answer sums, at times in a sentence."""
        said = []
        for request in requests:
            self.asked += 1
            one, other = (int(part) for part in request.args[0].split("is ")[-1].split("?")[0].split(" + "))
            right = str(one + other + (1 if self._slips(f"{request.args[0]} {self.asked}") else 0))
            said.append(f"That makes {right}." if self._slips(f"style {request.args[0]}") else right)
        return said

    def loglikelihood(self, requests: Any, disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        """Give the right sum the best odds, unless it slips."""
        found = []
        for request in requests:
            one, other = (int(part) for part in request.args[0].split("is ")[-1].split("?")[0].split(" + "))
            right = request.args[1].strip() == str(one + other)
            good = right != self._slips(" ".join(request.args))
            found.append(((-1.25 if good else -4.5) - 0.03 * len(request.args[1]), good))
        return found

    def loglikelihood_rolling(self, requests: Any, disable_tqdm: bool = False) -> list[float]:
        """Give each text odds by its length."""
        return [-1.5 * len(request.args[0]) - 7 * self._slips(request.args[0]) for request in requests]


if __name__ == "__main__":
    cli_evaluate()
