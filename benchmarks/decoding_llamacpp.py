"""llama.cpp's side of decoding.py, of Llamas alone: greedy, rows together in a batch; one JSON line.

Exit status 3: llama-cpp-python is not there, or has no such model.
"""

import json
import sys
from pathlib import Path

import numpy as np
from decoding_cases import timed_cases

try:
    import gguf
    import llama_cpp
except ImportError:
    sys.exit(3)
TYPES = {"fp32": gguf.GGMLQuantizationType.F32, "int8": gguf.GGMLQuantizationType.Q8_0}
LAYER = {
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output", "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}  # fmt: skip
PLACES = 256  # tokens of a row at most
END = 2  # never said: every row has as many tokens as are asked for


def make(folder: Path) -> dict:
    """One file for each precision, of the weights that the other sides read."""
    from safetensors.numpy import load_file

    config = json.loads((folder / "config.json").read_text())
    weights = load_file(folder / "weights" / "model.safetensors")
    heads = {"attn_q": config["num_attention_heads"], "attn_k": config["num_key_value_heads"]}
    for precision, kind in TYPES.items():
        writer = gguf.GGUFWriter(folder / f"{precision}.gguf", "llama")
        writer.add_context_length(config["max_position_embeddings"])
        writer.add_embedding_length(config["hidden_size"])
        writer.add_block_count(config["num_hidden_layers"])
        writer.add_feed_forward_length(config["intermediate_size"])
        writer.add_head_count(heads["attn_q"])
        writer.add_head_count_kv(heads["attn_k"])
        writer.add_rope_dimension_count(config["hidden_size"] // heads["attn_q"])
        writer.add_rope_freq_base(config["rope_theta"])
        writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
        writer.add_vocab_size(config["vocab_size"])
        writer.add_tokenizer_model("none")
        for name, values in weights.items():
            there = _name(name.removesuffix(".weight"))
            if there.endswith(tuple(heads)):  # llama.cpp turns neighbours, transformers both halves
                values = _neighbours(values, heads[there.rpartition(".")[2]])
            stored = kind if values.ndim == 2 else gguf.GGMLQuantizationType.F32
            packed = gguf.quants.quantize(values.astype(np.float32), stored)
            writer.add_tensor(f"{there}.weight", packed, raw_dtype=stored)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    return {}


def _name(theirs: str) -> str:
    top = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
    if theirs in top:
        return top[theirs]
    _, _, number, cell = theirs.split(".", 3)
    return f"blk.{number}.{LAYER[cell]}"


def _neighbours(values: np.ndarray, heads: int) -> np.ndarray:
    out, size = values.shape
    return values.reshape(heads, 2, out // heads // 2, size).swapaxes(1, 2).reshape(out, size)


class Batch:
    """Rows that go on together, each with its own keys and values."""

    def __init__(self, file: Path, rows: int, threads: int):
        self.model = llama_cpp.Llama(
            str(file), n_ctx=PLACES * rows, n_batch=PLACES * rows, n_threads=threads, n_threads_batch=threads,
            verbose=False, n_gpu_layers=0,
        )  # fmt: skip
        settings = self.model.context_params
        settings.n_seq_max, settings.n_ctx, settings.n_batch = rows, PLACES * rows, PLACES * rows
        self.context = llama_cpp.llama_init_from_model(self.model.model, settings)
        self.batch, self.words = llama_cpp.llama_batch_init(PLACES * rows, 0, 1), self.model.n_vocab()

    def likeliest(self, tokens: np.ndarray, place: int) -> np.ndarray:
        """The tokens [rows] behind these [rows, n], the first of which stands at `place`."""
        rows, count = tokens.shape
        self.batch.n_tokens = rows * count
        for i in range(rows * count):
            row, at = divmod(i, count)
            self.batch.token[i], self.batch.pos[i] = int(tokens[row, at]), place + at
            self.batch.n_seq_id[i], self.batch.seq_id[i][0] = 1, row
            self.batch.logits[i] = at == count - 1
        if llama_cpp.llama_decode(self.context, self.batch):
            raise SystemExit("llama_decode failed")
        last = [(row + 1) * count - 1 for row in range(rows)]
        logits = (np.ctypeslib.as_array(llama_cpp.llama_get_logits_ith(self.context, i), (self.words,)) for i in last)
        found = []
        for scores in logits:  # [V], in the program's own memory
            scores[END] = -np.inf
            found.append(scores.argmax())
        return np.array(found)

    def clear(self):
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), True)


def main(folder: Path, precision: str, threads: int) -> dict:
    batches = {}

    def answer(given, beams, new):
        rows, count = given.shape
        if rows not in batches:
            batches.clear()
            batches[rows] = Batch(folder / f"{precision}.gguf", rows, threads)
        batch = batches[rows]
        batch.clear()
        found = [batch.likeliest(given, 0)]
        while len(found) < new:
            found.append(batch.likeliest(found[-1][:, None], count + len(found) - 1))
        return np.stack(found, axis=1)  # [rows, new]

    return timed_cases(folder, answer, threads)


if __name__ == "__main__":
    place, asked, threads = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    if json.loads((place / "config.json").read_text())["model_type"] != "llama" or asked not in (*TYPES, "make"):
        sys.exit(3)
    print(json.dumps(make(place) if asked == "make" else main(place, asked, threads)))
