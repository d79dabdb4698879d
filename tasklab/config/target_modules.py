"""The modules that peft's and MindFormers' LoRA change, in our names: lists of names, and MindFormers' patterns.

Source: peft, LoraConfig.target_modules; MindFormers, pet_config.target_modules, matched against the names of its cells.
"""

import re

NAMES = {
    "query": ("wq", "q_proj", "dense1", "query"), "key": ("wk", "k_proj", "dense2", "key"),
    "value": ("wv", "v_proj", "dense3", "value"),
    "attention.output": ("wo", "o_proj", "out_proj", "attention.projection", "attn.c_proj"),
    "feed_forward.gate": ("w1", "gate_proj"), "feed_forward.output": ("w2", "down_proj", "fc2", "mlp.c_proj"),
    "feed_forward.intermediate": ("w3", "up_proj", "fc1", "c_fc"), "all": ("all-linear", "all"),
}  # fmt: skip
"""Name in lora.targets -> what GPT-2, Llama, BERT and encoder-decoders call that Dense there."""
_OURS = {theirs: ours for ours, every in NAMES.items() for theirs in every}
_ONE = re.compile(r"(?:\^|\.\*)*(?:\\?\.)?([\w.-]+?)\$?")


def read_target_modules(value) -> list[str]:
    """lora.targets of a list of their names, a name, or a pattern such as '.*wq|.*wv'.

    Raises: ValueError with what is read instead, for a pattern of another kind or a name that nobody knows.
    """
    alternatives = value if isinstance(value, (list, tuple)) else _alternatives(str(value))
    targets = []
    for each in alternatives:
        hit = _ONE.fullmatch(str(each).strip())
        if hit is None or hit[1] not in _OURS:
            raise ValueError(
                f"{each} is not read; names are {', '.join(sorted(_OURS))}, a pattern is such as '.*wq|.*wv': name the "
                "Denses in lora.targets instead"
            )
        targets.append(_OURS[hit[1]])
    return list(dict.fromkeys(targets))


def _alternatives(pattern: str) -> list[str]:
    """Of a.*(b|c) and a|b|c."""
    pattern = pattern.strip()
    if hit := re.fullmatch(r"((?:\^|\.\*)*)(?:\\?\.)?\((?:\?:)?([^()]*)\)\$?", pattern):
        return [hit[1] + each for each in hit[2].split("|")]
    return re.split(r"[|,]", pattern)
