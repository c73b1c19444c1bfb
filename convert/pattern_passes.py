"""pattern_passes.py - several operators that spell out one: PReLU and softmax as TFLite files of
older converters write them. Same rules as graph_passes.py."""
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


def _to_prelu(node, x, slope):
    node.op, node.inputs, node.activation = "activation", [x], "prelu"
    node.low = node.high = 0.0
    node.tensors = {"slope": slope}


def _relu_plus_scaled(graph):
    """Every add(relu(x), slope * y): (add, x, y, slope)."""
    for node in graph.nodes:
        if node.op != "add" or node.activation != "none":
            continue
        for first, second in (node.inputs, node.inputs[::-1]):
            relu = graph.producer(first)
            y, slope = _channel_scale(graph, second)
            if _is_relu(relu) and y is not None:
                yield node, relu.inputs[0], graph.producer(y), slope


def fold_abs_prelu(graph):
    """relu(x) + c * (x - |x|) is PReLU with slope 2c: below zero, x - |x| is 2x."""
    for node, x, minus, scale in _relu_plus_scaled(graph):
        if minus is None or minus.op != "subtract" or minus.inputs[0] != x:
            continue
        absolute = graph.producer(minus.inputs[1])
        if absolute is not None and absolute.op == "abs" and absolute.inputs == [x]:
            _to_prelu(node, x, 2.0 * scale)
            return True
    return False


def fold_negated_prelu(graph):
    """relu(x) + c * -relu(-x) is PReLU with slope c; the negations are affine by -1 or nodes."""
    for node, x, negative, scale in _relu_plus_scaled(graph):
        sign = 1.0
        if negative is not None and negative.op == "negate":
            sign, negative = -1.0, graph.producer(negative.inputs[0])
        if not _is_relu(negative):
            continue
        inner = graph.producer(negative.inputs[0])
        if inner is not None and inner.op == "negate" and inner.inputs == [x]:
            _to_prelu(node, x, -sign * scale)
            return True
    return False


def fold_softmax(graph):
    """exp(x - max(x)) / sum(exp(x - max(x))) over the channels is softmax."""
    for node in graph.nodes:
        if node.op != "divide":
            continue
        exponential, total = [graph.producer(value) for value in node.inputs]
        if exponential is None or total is None or exponential.op != "exp" or total.op != "sum":
            continue
        shifted = graph.producer(exponential.inputs[0])
        if total.inputs != [exponential.output] or shifted is None or shifted.op != "subtract":
            continue
        x, largest = shifted.inputs[0], graph.producer(shifted.inputs[1])
        if largest is not None and largest.op == "reduce_max" and largest.inputs == [x]:
            node.op, node.inputs, node.axis = "softmax", [x], 3
            return True
    return False
