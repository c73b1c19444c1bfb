"""sibling_passes.py - the heads of a detector, layers of a few channels side by side on one value,
become one layer and slices of what it computes. A tile of a matrix product has 16 columns or more:
heads with 1, 1, 4 and 10 outputs cost as much each as all of them together. Same rules as
graph_passes.py; these passes come last, when every other has found what it looks for."""
import numpy as np

from graph import Node

MOST_CHANNELS = 16  # of the layer that siblings become
GEOMETRY = ("kernel", "stride", "pads", "dilation", "pad_mode")
CHANNELS = 3        # the axis


def _geometry(node):
    return tuple(getattr(node, name) for name in GEOMETRY)


def _array(node, role):
    return np.asarray(node.tensors[role])


def _is_plain(node):
    return node.op == "conv" and len(node.inputs) == 1 and node.activation != "prelu"


def _activation(node):
    return {"activation": node.activation, "low": node.low, "high": node.high}


def _join(graph, siblings, value, groups):
    """One convolution of value in place of siblings, which become slices of it. An activation that
    all have is its own; otherwise each comes behind its slice."""
    first = siblings[0]
    common = all(_activation(node) == _activation(first) for node in siblings)
    joined = graph.insert_before(
        first, "conv", [value], "+".join(node.output for node in siblings), groups=groups,
        **{name: getattr(first, name) for name in GEOMETRY}, **(_activation(first) if common else {}),
        tensors={role: np.concatenate([_array(node, role) for node in siblings])
                 for role in ("filter", "bias")})
    at = 0
    for node in siblings:
        count = len(_array(node, "bias"))
        if common or node.activation == "none":
            _become(graph, node, joined, "slice", axis=CHANNELS, shape=(0, at, count, 0))
        else:
            part = graph.insert_before(node, "slice", [joined.output], node.output + "/slice",
                                       axis=CHANNELS, shape=(0, at, count, 0))
            _become(graph, node, part, "activation", **_activation(node))
        at += count


def _become(graph, node, source, op, **fields):
    """node is an op that reads source's output from now on; its name and output stay."""
    graph.connect(node, [source.output])
    vars(node).update(vars(Node(node.name, op, node.inputs, node.output, **fields)))


def join_siblings(graph, node):
    """Narrow convolutions of one geometry that read what node computes."""
    rows = {}
    for reader in graph.consumers(node.output):
        if _is_plain(reader) and reader.groups == 1 and len(_array(reader, "bias")) < MOST_CHANNELS:
            rows.setdefault(_geometry(reader), []).append(reader)
    changed = False
    for row in rows.values():
        fitting, total = [], 0
        for sibling in row:
            total += len(_array(sibling, "bias"))
            if total <= MOST_CHANNELS:
                fitting.append(sibling)
        if len(fitting) > 1:
            fitting.sort(key=graph.nodes.index)
            _join(graph, fitting, node.output, 1)
            changed = True
    return changed


def _keeps_channels_apart(node, count):
    return _is_plain(node) and node.groups == count == len(_array(node, "bias"))


def join_behind_slices(graph, node):
    """Convolutions by channel, one behind each slice of what node computes, which together take all
    of its channels: one convolution by channel comes before the slices."""
    parts = graph.consumers(node.output)
    if len(parts) < 2 or node.output in graph.outputs or any(
            part.op != "slice" or part.axis != CHANNELS or not graph.used_once(part.output)
            for part in parts):
        return False
    parts.sort(key=lambda part: part.shape[1])
    readers, end = [graph.consumers(part.output)[0] for part in parts], 0
    for part, reader in zip(parts, readers):
        if part.shape[1] != end or not _keeps_channels_apart(reader, part.shape[2]) or (
                _geometry(reader) != _geometry(readers[0])):
            return False
        end += part.shape[2]
    if node.op != "conv" or end != len(_array(node, "bias")):
        return False
    _join(graph, readers, node.output, end)
    return True
