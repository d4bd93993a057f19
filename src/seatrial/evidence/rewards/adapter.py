"""A LoRA adapter as PEFT writes it, made into the GGUF file that llama.cpp loads."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seatrial.errors import TrainingError

__all__ = ["rotated", "write_gguf_adapter"]

MODULES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
TENSOR = re.compile(r"layers\.(\d+)\.([a-z_]+\.[a-z_]+)\.lora_([AB])(?:\.\w+)?\.weight$")


def write_gguf_adapter(adapter: Path, base: str, out: Path) -> None:
    """Write a PEFT adapter of a Llama model as GGUF, whole or not at all.

    Args:
        adapter: PEFT's folder, with `adapter_config.json` and `adapter_model.safetensors`.
        base: The Transformers folder of the model that it was trained on.
        out: The GGUF file.

    Raises:
        TrainingError: a weight is not finite, or a tensor has no place in a GGUF adapter.
    """
    import gguf
    from safetensors.numpy import load_file
    from transformers import AutoConfig

    settings = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    config: Any = AutoConfig.from_pretrained(base)
    heads = {"attn_q": config.num_attention_heads, "attn_k": config.num_key_value_heads}
    tensors = {}
    for name, values in load_file(adapter / "adapter_model.safetensors").items():
        found = TENSOR.search(name)
        if found is None or found[2] not in MODULES:
            raise TrainingError(f"{adapter}: the tensor {name} has no place in an adapter for llama.cpp")
        if not np.isfinite(values).all():
            raise TrainingError(f"{adapter}: {name} is not finite: training diverged; lower `learning_rate`")
        module, side = MODULES[found[2]], found[3].lower()
        if side == "b" and module in heads:
            values = rotated(values, heads[module])
        tensors[f"blk.{found[1]}.{module}.weight.lora_{side}"] = np.ascontiguousarray(values, dtype=np.float16)
    partial = out.with_name(out.name + ".partial")
    writer = gguf.GGUFWriter(str(partial), config.model_type)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(settings["lora_alpha"]))
    for name in sorted(tensors):
        writer.add_tensor(name, tensors[name])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    partial.replace(out)


def rotated(rows: NDArray[Any], heads: int) -> NDArray[Any]:
    """Return the rows of a query or key matrix, shape (out, r), in llama.cpp's order.

    Transformers turns the two halves of a head against each other, llama.cpp neighbouring rows.
    """
    out, rank = rows.shape
    return rows.reshape(heads, 2, out // heads // 2, rank).swapaxes(1, 2).reshape(out, rank)
