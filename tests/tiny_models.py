"""Tiny models with weights of chance, in the form in which people bring their own."""

import json
from pathlib import Path

from rag.adapters.minilm_files import built_in

_SIZE = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}


def write_cross_encoder(folder: Path, outputs: int = 1, seed: int = 7) -> Path:
    """Write a BERT that classifies pairs, with the built-in model's tokenizer."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    torch.manual_seed(seed)
    config = BertConfig(vocab_size=30522, num_labels=outputs, max_position_embeddings=128, **_SIZE)
    BertForSequenceClassification(config).save_pretrained(folder)
    return _with_tokenizer(folder)


def write_encoder(folder: Path, seed: int = 7) -> Path:
    """Write a BERT without a head, with mean pooling."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(seed)
    BertModel(BertConfig(vocab_size=30522, max_position_embeddings=64, **_SIZE)).save_pretrained(folder)
    return _with_tokenizer(folder)


def _with_tokenizer(folder: Path) -> Path:
    (folder / "tokenizer.json").write_bytes(built_in().tokenizer.read_bytes())
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer"}), encoding="utf-8")
    return folder
