"""The MiniLM sentence encoder as a fused ONNX graph, made of config.json and model.safetensors alone."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

from rag.adapters.minilm_files import GRAPH_FILE, ModelFiles
from rag.errors import ModelUnavailableError

_WEIGHTS_FILE = "weights.bin"
_FUSED = "com.microsoft"
_INPUTS = ("input_ids", "token_type_ids", "attention_mask")
_REQUIRED = {"model_type": "bert", "hidden_act": "gelu", "position_embedding_type": "absolute"}

Weights = Mapping[str, NDArray[np.float32]]


def write_graph(files: ModelFiles, folder: Path) -> None:
    """Write the graph and, beside it, its weights: ONNX Runtime maps them, so processes share the pages.

    Raises ModelUnavailableError when the model is not a BERT with exact GELU, absolute positions and mean pooling.
    """
    config = files.config()
    _require_known(config)
    raw = load_file(files.weights)
    weights = {name.removeprefix("bert."): array for name, array in raw.items() if array.dtype.kind == "f"}
    onnx.save_model(
        _Builder(config, weights).model(),
        str(folder / GRAPH_FILE),
        save_as_external_data=True,
        all_tensors_to_one_file=True,
        location=_WEIGHTS_FILE,
        size_threshold=1024,
    )


def _require_known(config: Mapping[str, object]) -> None:
    pooling = config["pooling"]
    modes = {name for name, on in pooling.items() if on is True} if isinstance(pooling, dict) else set()
    if modes != {"pooling_mode_mean_tokens"} or any(config.get(name) != value for name, value in _REQUIRED.items()):
        raise ModelUnavailableError("The built-in embedder runs BERT with exact GELU and mean pooling only.")


class _Builder:
    """Collects nodes and initialisers, layer by layer."""

    def __init__(self, config: Mapping[str, object], weights: Weights) -> None:
        self._weights = weights
        self._layers, self._heads, self._dim = (
            int(str(config[name])) for name in ("num_hidden_layers", "num_attention_heads", "hidden_size")
        )
        self._epsilon = float(str(config["layer_norm_eps"]))
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[TensorProto] = []

    def model(self) -> onnx.ModelProto:
        hidden = self._embeddings()
        for layer in range(self._layers):
            hidden = self._layer(layer, hidden)
        self._pooling(hidden)
        graph = helper.make_graph(self._nodes, "minilm", self._inputs(), self._outputs(), self._constants)
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid(_FUSED, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8)

    def _inputs(self) -> list[onnx.ValueInfoProto]:
        return [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in _INPUTS]

    def _outputs(self) -> list[onnx.ValueInfoProto]:
        shapes: dict[str, list[str | int]] = {
            "sentence_embedding": ["batch", self._dim],
            "token_embeddings": ["batch", "tokens", self._dim],
        }
        return [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()]

    def _constant(self, name: str, array: NDArray[np.generic]) -> str:
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def _weight(self, name: str) -> str:
        return self._constant(name, self._weights[name].astype(np.float32))

    def _transposed(self, name: str) -> str:
        return self._constant(f"{name}.T", self._weights[name].astype(np.float32).T)

    def _add(self, operator: str, inputs: list[str], output: str, domain: str = "", **attributes: object) -> str:
        outputs = [output, "mask_index"] if operator == "EmbedLayerNormalization" else [output]
        self._nodes.append(
            helper.make_node(operator, inputs, outputs, name=output, domain=domain, **attributes)  # type: ignore[arg-type]
        )
        return output

    def _embeddings(self) -> str:
        ids, types, mask = (self._add("Cast", [name], f"{name}_32", to=TensorProto.INT32) for name in _INPUTS)
        tables = [f"embeddings.{kind}_embeddings.weight" for kind in ("word", "position", "token_type")]
        norms = [f"embeddings.LayerNorm.{part}" for part in ("weight", "bias")]
        inputs = [ids, types, *map(self._weight, tables + norms), mask]
        return self._add("EmbedLayerNormalization", inputs, "hidden", _FUSED, epsilon=self._epsilon)

    def _layer(self, layer: int, hidden: str) -> str:
        at = f"encoder.layer.{layer}."
        attended = self._attention(at, hidden)
        middle = self._add("MatMul", [attended, self._transposed(f"{at}intermediate.dense.weight")], f"{at}wide")
        bias = self._weight(f"{at}intermediate.dense.bias")
        middle = self._add("BiasGelu", [middle, bias], f"{at}gelu", _FUSED)
        last = layer + 1 == self._layers
        return self._residual(f"{at}output.", middle, attended, "token_embeddings" if last else f"{at}hidden")

    def _attention(self, at: str, hidden: str) -> str:
        parts = [f"{at}attention.self.{part}" for part in ("query", "key", "value")]
        weight = np.concatenate([self._weights[f"{part}.weight"].T for part in parts], axis=1).astype(np.float32)
        bias = np.concatenate([self._weights[f"{part}.bias"] for part in parts]).astype(np.float32)
        inputs = [hidden, self._constant(f"{at}qkv", weight), self._constant(f"{at}qkv_bias", bias), "mask_index"]
        mixed = self._add("Attention", inputs, f"{at}mixed", _FUSED, num_heads=self._heads)
        return self._residual(f"{at}attention.output.", mixed, hidden, f"{at}attended")

    def _residual(self, at: str, inner: str, skipped: str, output: str) -> str:
        projected = self._add("MatMul", [inner, self._transposed(f"{at}dense.weight")], f"{at}projected")
        parts = (f"{at}LayerNorm.weight", f"{at}LayerNorm.bias", f"{at}dense.bias")
        inputs = [projected, skipped, *map(self._weight, parts)]
        return self._add("SkipLayerNormalization", inputs, output, _FUSED, epsilon=self._epsilon)

    def _pooling(self, hidden: str) -> None:
        last, tokens = (self._constant(name, np.array([axis], np.int64)) for name, axis in (("last", -1), ("one", 1)))
        mask = self._add("Cast", ["attention_mask"], "mask", to=TensorProto.FLOAT)
        masked = self._add("Mul", [hidden, self._add("Unsqueeze", [mask, last], "mask_3d")], "masked")
        total = self._add("ReduceSum", [masked, tokens], "total", keepdims=0)
        count = self._add("ReduceSum", [mask, tokens], "count", keepdims=1)
        mean = self._add("Div", [total, count], "mean")
        self._add("LpNormalization", [mean], "sentence_embedding", axis=-1, p=2)
