"""GGUF, the file format of llama.cpp: read without trust, and written as far as tokenizers need it."""

from tasklab.gguf.layout import MAGIC
from tasklab.gguf.reading import GGUFFile, is_gguf, read_gguf
from tasklab.gguf.tensors import GGUFTensor, nbytes
from tasklab.gguf.writing import tokenizer_part

__all__ = ["MAGIC", "GGUFFile", "GGUFTensor", "is_gguf", "nbytes", "read_gguf", "tokenizer_part"]
