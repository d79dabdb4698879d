"""What stands in a GGUF file besides tensors: kinds of values, and the codes that `struct` has for them.

Source: github.com/ggml-org/ggml, docs/gguf.md, versions 2 and 3.
"""

MAGIC = b"GGUF"
VERSIONS = (2, 3)
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
TEXT, ARRAY = 8, 9
