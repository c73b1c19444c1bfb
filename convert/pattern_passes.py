"""pattern_passes.py - several operators that spell out one: PReLU and softmax as TFLite files of
older converters write them, norms and GELU as older ONNX files do. Same rules as graph_passes.py."""
import math

import numpy as np


def _channel_scale(graph, value):
    """(x, slope) if value is slope * x, channel by channel, else (None, None)."""
    node = graph.producer(value)
    if node is None or node.op != "affine" or node.activation != "none":
        return None, None
    if np.any(np.asarray(node.tensors["shift"])) or not graph.used_once(value):
        return None, None
    return node.inputs[0], np.asarray(node.tensors["scale"], np.float64)


def _is_relu(node):
    return (node is not None and node.op == "activation" and node.activation == "clamp" and
            node.low == 0.0 and node.high == np.inf)


def _to_prelu(graph, node, x, slope):
    graph.connect(node, [x])
    node.op, node.activation = "activation", "prelu"
    node.low = node.high = 0.0
    node.tensors = {"slope": slope}


def _relu_plus_scaled(graph, node):
    """If node is add(relu(x), slope * y): (x, y, slope), in each way that it is."""
    if node.op == "add" and node.activation == "none":
        for first, second in (node.inputs, node.inputs[::-1]):
            relu = graph.producer(first)
            y, slope = _channel_scale(graph, second)
            if _is_relu(relu) and y is not None:
                yield relu.inputs[0], graph.producer(y), slope


def fold_abs_prelu(graph, node):
    """relu(x) + c * (x - |x|) is PReLU with slope 2c: below zero, x - |x| is 2x."""
    for x, minus, scale in _relu_plus_scaled(graph, node):
        if minus is None or minus.op != "subtract" or minus.inputs[0] != x:
            continue
        absolute = graph.producer(minus.inputs[1])
        if absolute is not None and absolute.op == "abs" and absolute.inputs == [x]:
            _to_prelu(graph, node, x, 2.0 * scale)
            return True
    return False


def fold_negated_prelu(graph, node):
    """relu(x) + c * -relu(-x) is PReLU with slope c; the negations are affine by -1 or nodes."""
    for x, negative, scale in _relu_plus_scaled(graph, node):
        sign = 1.0
        if negative is not None and negative.op == "negate":
            sign, negative = -1.0, graph.producer(negative.inputs[0])
        if not _is_relu(negative):
            continue
        inner = graph.producer(negative.inputs[0])
        if inner is not None and inner.op == "negate" and inner.inputs == [x]:
            _to_prelu(graph, node, x, -sign * scale)
            return True
    return False


LARGEST_GUARD = 1e-3  # the largest lower limit of a norm that only prevents a division by zero


def fold_l2_normalize(graph, node):
    """x / max(norm(x), tiny) is x at length 1."""
    norm = graph.producer(node.inputs[1]) if node.op == "divide" else None
    if norm is not None and norm.op == "activation" and norm.activation == "clamp" and (
            0 <= norm.low <= LARGEST_GUARD and norm.high == np.inf):
        norm = graph.producer(norm.inputs[0])
    if norm is None or norm.op != "l2_norm" or norm.inputs != node.inputs[:1]:
        return False
    clamp = graph.producer(node.inputs[1])
    graph.connect(node, node.inputs[:1])
    node.op, node.epsilon = "l2_normalize", clamp.low if clamp is not norm else 0.0
    return True


def drop_last_l2_normalize(graph, node):
    """Length 1 at the end of a network: embeddings are compared by the cosine, which does not see
    it."""
    before = graph.producer(node.inputs[0])
    if (node.op != "l2_normalize" or node.output not in graph.outputs or before is None or
            graph.consumers(node.output) or not graph.used_once(before.output)):
        return False
    graph.remove(node)
    graph.compute(before, node.output)
    return True


def fold_softmax(graph, node):
    """exp(x - max(x)) / sum(exp(x - max(x))) over the channels is softmax."""
    if node.op != "divide":
        return False
    exponential, total = [graph.producer(value) for value in node.inputs]
    if exponential is None or total is None or total.op != "sum" or (
            exponential.op != "activation" or exponential.activation != "exp"):
        return False
    shifted = graph.producer(exponential.inputs[0])
    if total.inputs != [exponential.output] or shifted is None or shifted.op != "subtract":
        return False
    x, largest = shifted.inputs[0], graph.producer(shifted.inputs[1])
    if largest is None or largest.op != "reduce_max" or largest.inputs != [x]:
        return False
    graph.connect(node, [x])
    node.op, node.axis = "softmax", 3
    return True


def fold_layer_norm(graph, node, shapes):
    """(x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon) over the channels is a layer norm."""
    root = graph.producer(node.inputs[1]) if node.op == "divide" else None
    centered = graph.producer(node.inputs[0])
    if root is None or centered is None or root.op != "sqrt" or centered.op != "subtract":
        return False
    x, mean = centered.inputs[0], graph.producer(centered.inputs[1])
    guarded = graph.producer(root.inputs[0])
    if mean is None or mean.op != "mean" or mean.inputs != [x] or guarded is None or (
            guarded.op != "affine" or guarded.activation != "none" or
            np.any(np.asarray(guarded.tensors["scale"]) != 1.0)):
        return False
    variance = graph.producer(guarded.inputs[0])
    squared = graph.producer(variance.inputs[0]) if variance and variance.op == "mean" else None
    if squared is None or squared.op != "square" or squared.inputs != [centered.output]:
        return False
    count = shapes()[x][2]
    graph.connect(node, [x])
    node.op, node.epsilon = "layer_norm", float(np.asarray(guarded.tensors["shift"]).item())
    node.tensors = {"scale": np.ones(count), "shift": np.zeros(count)}
    return True


def _factor(graph, value):
    """(x, f) where value is f * x, with one f for all channels; (value, 1.0) otherwise."""
    node = graph.producer(value)
    if node is None or node.op != "affine" or node.activation != "none" or (
            np.any(np.asarray(node.tensors["shift"])) or np.ptp(node.tensors["scale"]) != 0):
        return value, 1.0
    return node.inputs[0], float(np.asarray(node.tensors["scale"]).reshape(-1)[0])


def _gelu_times(graph, product):
    """(x, f) where product is a node that computes f * gelu(x), or (None, 0.0)."""
    if product is None or product.op != "multiply" or product.activation != "none":
        return None, 0.0
    for left, right in (product.inputs, product.inputs[::-1]):
        gate = graph.producer(right)
        if gate is None or gate.op != "affine" or gate.activation != "none":
            continue
        share = np.asarray([gate.tensors["scale"], gate.tensors["shift"]], np.float64)
        curve = graph.producer(gate.inputs[0])
        if np.ptp(share) != 0 or curve is None or curve.op != "erf":
            continue
        (x, factor), (inside, narrow) = _factor(graph, left), _factor(graph, curve.inputs[0])
        if x != inside and left == inside:
            x, factor = left, 1.0
        if x == inside and math.isclose(narrow, math.sqrt(0.5), rel_tol=1e-5):
            return x, 2.0 * factor * share.flat[0]
    return None, 0.0


def fold_gelu(graph, node):
    """0.5 * x * (1 + erf(x / sqrt(2))), whichever is multiplied first, is GELU."""
    outer, product = 1.0, node
    if node.op == "affine" and node.activation == "none":
        value, outer = _factor(graph, node.output)
        product = graph.producer(value) if value != node.output else None
    x, factor = _gelu_times(graph, product)
    if x is None or not math.isclose(outer * factor, 1.0, rel_tol=1e-5):
        return False
    graph.connect(node, [x])
    node.op, node.activation, node.tensors = "activation", "gelu", {}
    return True
