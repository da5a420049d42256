"""Turns block-quantised ONNX files into plain fp32 ones that onnxruntime runs.

onnxruntime accepts the OpenCV-Zoo `int8bq` files when a session is made and refuses them at the first run. The weights
are dequantised here once, exactly as `DequantizeLinear` (opset 21, `block_size`) defines it: y = (x - zero point) *
scale. Element-wise IEEE arithmetic only, so the output bytes are the same on every machine.
"""

from collections.abc import Sequence

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 13  # the newest in which per-block quantisation cannot occur again
IR_VERSION = 8
STRIDES = (8, 16, 32)


def parsed(source: bytes) -> onnx.ModelProto:
    return onnx.load_model_from_string(source)


def fold(source: bytes) -> onnx.ModelProto:
    """The same network with its weights in fp32: no quantisation nodes, no stale weight inputs, opset 13."""
    graph = parsed(source).graph
    known = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    kept: list[onnx.NodeProto] = []
    folded: dict[str, NDArray[np.float32]] = {}
    for node in graph.node:
        if node.op_type == "DequantizeLinear":
            folded[node.output[0]] = _dequantised(node, [known[name] for name in node.input])
        elif node.op_type == "Reshape" and node.input[0] in folded:
            folded[node.output[0]] = folded[node.input[0]].reshape(known[node.input[1]])
        else:
            kept.append(node)
    used = {name for node in kept for name in node.input}
    weights = [tensor for tensor in graph.initializer if tensor.name in used]
    weights += [numpy_helper.from_array(value, name) for name, value in sorted(folded.items()) if name in used]
    inputs = [value for value in graph.input if value.name in used and value.name not in known | folded]
    return _model(graph.name, kept, inputs, list(graph.output), weights)


def as_scrfd(model: onnx.ModelProto) -> onnx.ModelProto:
    """YuNet in the nine-output shape that insightface's `SCRFD` reads, for any height and width that 32 divides.

    Differences bridged: channel order (SCRFD feeds RGB, YuNet wants BGR), score = sqrt(class * objectness), centre and
    log size to four distances from the anchor, one anchor a cell to two (the second never scores).
    """
    graph = model.graph
    source = graph.input[0].name
    red_first = {node.input[1] for node in graph.node if node.op_type == "Conv" and node.input[0] == source}
    nodes = list(graph.node)
    weights = [
        *(_swapped(tensor) if tensor.name in red_first else tensor for tensor in graph.initializer),
        numpy_helper.from_array(np.array(0.5, np.float32), "half"),
        numpy_helper.from_array(np.array(0.0, np.float32), "nought"),
        numpy_helper.from_array(np.array([2, 2], np.int64), "centre_size"),
        *(numpy_helper.from_array(np.array([1, -1, n], np.int64), f"rows_{n}") for n in (1, 4, 10)),
    ]
    for stride in STRIDES:
        nodes += _scrfd_head(stride)
    outputs = [
        helper.make_tensor_value_info(f"{name}_{stride}", TensorProto.FLOAT, [1, f"cells_{stride}", width])
        for name, width in (("score", 1), ("distance", 4), ("point", 10))
        for stride in STRIDES
    ]
    image = helper.make_tensor_value_info(source, TensorProto.FLOAT, [1, 3, "height", "width"])
    return _model(graph.name, nodes, [image], outputs, weights)


def _scrfd_head(stride: int) -> list[onnx.NodeProto]:
    def name(what: str) -> str:
        return f"{what}_{stride}"

    def op(kind: str, inputs: Sequence[str], outputs: Sequence[str], axis: int | None = None) -> onnx.NodeProto:
        made = helper.make_node(kind, [i if i in shared else name(i) for i in inputs], [name(o) for o in outputs])
        if axis is not None:
            made.attribute.append(helper.make_attribute("axis", axis))
        return made

    shared = {"half", "nought", "centre_size", "rows_1", "rows_4", "rows_10"}
    return [
        op("Mul", ["cls", "obj"], ["product"]),
        op("Sqrt", ["product"], ["one_score"]),
        op("Mul", ["one_score", "nought"], ["no_score"]),
        op("Concat", ["one_score", "no_score"], ["two_scores"], axis=2),
        op("Reshape", ["two_scores", "rows_1"], ["score"]),
        op("Split", ["bbox", "centre_size"], ["offset", "log_size"], axis=2),
        op("Exp", ["log_size"], ["size"]),
        op("Mul", ["size", "half"], ["half_size"]),
        op("Sub", ["half_size", "offset"], ["before"]),
        op("Add", ["half_size", "offset"], ["after"]),
        op("Concat", ["before", "after", "before", "after"], ["two_distances"], axis=2),
        op("Reshape", ["two_distances", "rows_4"], ["distance"]),
        op("Concat", ["kps", "kps"], ["two_points"], axis=2),
        op("Reshape", ["two_points", "rows_10"], ["point"]),
    ]


def written(model: onnx.ModelProto) -> bytes:
    """The file's bytes, the same ones every time."""
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString(deterministic=True))


def _swapped(weight: onnx.TensorProto) -> onnx.TensorProto:
    """A first convolution that takes red first where it took blue first."""
    return numpy_helper.from_array(np.ascontiguousarray(numpy_helper.to_array(weight)[:, ::-1]), weight.name)


def _dequantised(node: onnx.NodeProto, inputs: Sequence[NDArray[np.generic]]) -> NDArray[np.float32]:
    attributes = {item.name: helper.get_attribute_value(item) for item in node.attribute}
    axis, block = int(attributes["axis"]), int(attributes["block_size"])
    values, scales, zeros = inputs

    def spread(blocks: NDArray[np.generic]) -> NDArray[np.float32]:
        whole = np.repeat(blocks.astype(np.float32), block, axis=axis)
        return np.take(whole, range(values.shape[axis]), axis=axis)

    return (values.astype(np.float32) - spread(zeros)) * spread(scales)


def _model(
    name: str,
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[onnx.ValueInfoProto],
    weights: Sequence[onnx.TensorProto],
) -> onnx.ModelProto:
    graph = helper.make_graph(list(nodes), name, list(inputs), list(outputs), list(weights))
    return helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="jianzheng"
    )
