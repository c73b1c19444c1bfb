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


LARGEST_GUARD = 1e-3  # below which a norm is limited, so that nobody divides by zero


def fold_l2_normalize(graph, node):
    """x / max(norm(x), tiny) is x at length 1."""
    norm = graph.producer(node.inputs[1]) if node.op == "divide" else None
    if norm is not None and norm.op == "activation" and norm.activation == "clamp" and (
            norm.low <= LARGEST_GUARD and norm.high == np.inf):
        norm = graph.producer(norm.inputs[0])
    if norm is None or norm.op != "l2_norm" or norm.inputs != node.inputs[:1]:
        return False
    graph.connect(node, node.inputs[:1])
    node.op = "l2_normalize"
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
    if exponential is None or total is None or exponential.op != "exp" or total.op != "sum":
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
