"""Installs tasklab with its recipes and its sample data; extras: test, bench, export, datasets, excel, ray, ..."""

import re
import sys
from pathlib import Path

from setuptools import find_packages, setup

if not (3, 10) <= sys.version_info < (3, 13):  # said before pip fetches anything, and in more words than pip's
    sys.exit(
        "tasklab runs on Python 3.10, 3.11 and 3.12, for which MindSpore has wheels; this is "
        f"{sys.version.split()[0]}. Make an environment of one of these, such as: "
        "python3.12 -m venv .venv && . .venv/bin/activate"
    )

HERE = Path(__file__).parent
VERSION = re.search(r'__version__ = "(.+?)"', (HERE / "tasklab/__init__.py").read_text(encoding="utf-8")).group(1)

EXPORT = ["onnx>=1.16", "onnxruntime>=1.17"]
DATASETS = ["datasets>=4.0"]  # mindformers brings it; earlier ones could run code that belongs to a data set
EXCEL = ["openpyxl>=3.1"]
STACKING = ["lightgbm>=4.0"]
HNSW = ["hnswlib>=0.8"]

setup(
    name="tasklab",
    version=VERSION,
    description="Fine-tune and use language models for classic NLP tasks on MindSpore: two names run a job.",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.10,<3.13",
    # the recipes live in configs/ beside the package and travel as tasklab/configs
    packages=find_packages(include=["tasklab", "tasklab.*"]) + ["tasklab.configs"],
    package_dir={"tasklab.configs": "configs"},
    package_data={
        "tasklab": ["py.typed", "samples/**/*.*", "kernels/src/*"],
        "tasklab.configs": ["**/*.yaml"],
    },
    install_requires=[
        "mindspore>=2.9,<2.11",
        "mindformers>=1.9,<3",  # for models of its own alone; 1.9 takes mindspore 2.9
        "numpy>=1.22,<2",  # with numpy 2 mindspore imports, then fails inside reshape
        "pyyaml>=6.0",
        "sentencepiece>=0.2.3",
        "tokenizers>=0.21",
        "safetensors>=0.4",
        "jinja2>=3.1",  # chat templates
        "gguf>=0.17",  # values of llama.cpp's quantised weights
        "google-crc32c>=1.5",  # checksums in TensorFlow checkpoints
        "matplotlib>=3.7",
        "optuna>=4.0",  # hyperparameter search
        "sacrebleu>=2.4",  # BLEU and chrF as papers report them
        "scikit-learn>=1.3",  # scores of classifiers, and the baselines beside them
        "scipy>=1.10",
        "tqdm>=4.60",
    ],
    extras_require={
        "test": ["pytest>=7.4", "hypothesis>=6.80", *EXPORT, *DATASETS, *EXCEL, *STACKING, *HNSW],
        "export": EXPORT,
        "datasets": DATASETS,
        "excel": EXCEL,
        "bench": ["torch==2.13.0", "transformers[torch]>=4.57"],
        "stacking": STACKING,
        "docs": ["mkdocs-material>=9.5", "mkdocstrings[python]>=0.27"],
        "hnsw": HNSW,
        "ray": ["ray[tune]>=2.40"],
        "tensorboard": ["tensorboardX>=2.6"],
    },
    entry_points={"console_scripts": ["tasklab=tasklab.cli:main"]},
)
