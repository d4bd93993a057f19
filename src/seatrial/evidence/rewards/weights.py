"""A model's weights as Transformers reads them; those of the embedded model are converted once and kept."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import warnings
from importlib import util
from pathlib import Path

from seatrial.errors import PolicyError, StoreError, TrainingError
from seatrial.models.embedded import SMOLLM2
from seatrial.models.embedded import weights as embedded_weights
from seatrial.models.identity import content_hash
from seatrial.policy import ModelSpec

__all__ = ["converted", "need_train", "quiet", "transformers_weights"]


def need_train() -> None:
    """Check that the packages of training are installed.

    Raises:
        TrainingError: one is missing.
    """
    missing = [
        name for name in ("torch", "transformers", "trl", "peft", "datasets", "gguf") if not util.find_spec(name)
    ]
    if missing:
        raise TrainingError(f"training needs {', '.join(missing)}; get them with: pip install 'seatrial[train]'")


def quiet() -> None:
    """Keep the libraries' bars, warnings and news from the terminal; what failed is raised and said by us."""
    import datasets
    import transformers

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    datasets.disable_progress_bars()
    logging.getLogger("gguf").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", module=r"(torch|transformers|trl|peft|datasets|accelerate)(\.|$)")


def transformers_weights(model: ModelSpec) -> str:
    """Return what Transformers loads a model from: a folder, or a name on the hub.

    Raises:
        PolicyError: the model's weights are not at hand: it is behind an endpoint, or recorded.
        TrainingError: the packages of training are not installed.
        StoreError: the converted weights cannot be kept.
    """
    need_train()
    if model.model == f"embedded/{SMOLLM2}":
        return str(converted(embedded_weights()))
    if model.provider == "hf":
        return model.target
    raise PolicyError(f"{model.model} cannot be trained here: give embedded/{SMOLLM2}, or hf/NAME, or hf/FOLDER")


def converted(gguf: Path, cache: Path | None = None) -> Path:
    """Return a folder with the weights of a GGUF file in 32 bits and its tokenizer, converted at the first call.

    Args:
        gguf: The file.
        cache: Folder to keep it in; the user's cache by default.

    Raises:
        StoreError: it cannot be written.
    """
    base = cache or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "seatrial"
    folder = base / f"{gguf.stem}-{content_hash(gguf)[:16]}"
    if folder.is_dir():
        return folder
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    quiet()
    try:
        base.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=base, prefix=".converting-"))
        try:
            model = AutoModelForCausalLM.from_pretrained(
                str(gguf.parent),
                gguf_file=gguf.name,
                dtype=torch.float32,
                quantization_config=GgufConfig(dequantize=True),
            )
            model.save_pretrained(made)
            AutoTokenizer.from_pretrained(str(gguf.parent), gguf_file=gguf.name).save_pretrained(made)
            # Another process may have been quicker; then its folder stays.
            if not folder.is_dir():
                made.rename(folder)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except OSError as error:
        raise StoreError(f"{base}: the converted weights cannot be kept: {error}; set XDG_CACHE_HOME") from error
    return folder
