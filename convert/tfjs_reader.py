"""tfjs_reader.py - a TensorFlow.js graph model (a GraphDef as JSON, and shards of weights) to the
graph of graph.py. TensorFlow is channels-last as we are, so constants and axes carry over; the
batch that a file fixes is left free.

Its operators: tfjs_operators.py."""
import numpy as np

from graph import ConvertError, Graph, output_shape
from tfjs_file import GraphNode, parse_json, read_weights
from tfjs_operators import EMITTERS

LARGEST_SIDE = 1 << 24
KERAS = ("this is a TensorFlow.js layers model, wanted is a graph model: convert the Keras model "
         "that it was made from, or write it as one (tensorflowjs_converter "
         "--output_format=tfjs_graph_model)")


def read_tfjs(data, name, outputs=()):
    """The graph of a model's bytes, its shards behind the JSON; name is for messages. Values named
    in outputs become its outputs, if there are any, and what they do not need is not looked at.
    ConvertError."""
    try:
        content, end = parse_json(data)
        nodes = parse_nodes(content)
        weights = read_weights(content, data[end:])
        wanted = [output for output in outputs if output in nodes]
        return _Reader(nodes, weights, content, wanted or stated_outputs(content, nodes)).graph
    except ConvertError as error:
        raise ConvertError("%s: %s" % (name, error)) from None


def parse_nodes(content):
    """{name: GraphNode} of a model's JSON. ConvertError."""
    topology = content.get("modelTopology") if isinstance(content, dict) else None
    if not isinstance(topology, dict):
        raise ConvertError("it has weights and no graph (modelTopology)")
    if "model_config" in topology or "config" in topology:
        raise ConvertError(KERAS)
    found = {}
    for entry in topology.get("node") or []:
        node = GraphNode(entry["name"], entry["op"], list(entry.get("input") or []),
                         dict(entry.get("attr") or {}))
        if not all(isinstance(text, str) for text in (node.name, node.op, *node.inputs)):
            raise ConvertError("the graph is damaged: a node's name, operator or input is no text")
        if node.name in found:
            raise ConvertError("two nodes are called '%s'" % node.name)
        found[node.name] = node
    if not found:
        raise ConvertError("the graph has no nodes")
    return found


def source_of(text):
    """The node that an input or output means; "" where it only says what comes before."""
    return "" if text.startswith("^") else text.partition(":")[0]


def _sources(node, nodes):
    """The nodes that a node reads. ConvertError."""
    for text in node.inputs:
        if text.partition(":")[2] not in ("", "0") and source_of(text) in nodes:
            read = nodes[source_of(text)]
            raise ConvertError("node '%s' (%s): it has several outputs, which is not supported" %
                               (read.name, read.op))
    return [source for source in map(source_of, node.inputs) if source]


def _signature(content, ends):
    found = content.get("signature") or (content.get("userDefinedMetadata") or {}).get("signature")
    return list(((found or {}).get(ends) or {}).values())


def stated_outputs(content, nodes):
    """The outputs that the file states, or else the nodes that no other reads."""
    stated = [source_of(end["name"]) for end in _signature(content, "outputs")]
    if stated and all(name in nodes for name in stated):
        return list(dict.fromkeys(stated))
    read = {source_of(text) for node in nodes.values() for text in node.inputs}
    found = [name for name, node in nodes.items()
             if name not in read and node.op not in ("Const", "Placeholder")]
    if not found:
        raise ConvertError("the graph has no outputs")
    return found


def in_order(nodes, outputs):
    """The nodes that outputs need, each behind those that it reads. ConvertError."""
    ordered, state = [], {}  # name -> False while its inputs are looked at, then True
    for output in outputs:
        stack = [output]
        while stack:
            name = stack[-1]
            if name not in nodes:
                raise ConvertError("the graph is damaged: there is no node '%s'" % name)
            inputs = _sources(nodes[name], nodes)
            if name not in state:
                state[name] = False
                stack += [source for source in inputs if source not in state]
                circle = next((source for source in inputs if state.get(source) is False), None)
                if circle is not None:
                    raise ConvertError("the nodes '%s' and '%s' (%s) stand in a circle: loops are "
                                       "not supported" % (circle, name, nodes[name].op))
                continue
            stack.pop()
            if not state[name]:
                state[name] = True
                ordered.append(nodes[name])
    return ordered


class _Reader:
    """values: name of an activation -> its TensorFlow dimensions, batch 1; constants: -> array."""

    def __init__(self, nodes, weights, content, outputs):
        self.weights, self.content = weights, content
        self.graph, self.values, self.constants, self.shapes = None, {}, {}, {}
        ordered = in_order(nodes, outputs)
        entries = [node for node in ordered if node.op == "Placeholder"]
        if len(entries) != 1:
            raise ConvertError("the graph has %d inputs (%s), wanted is one" % (
                len(entries), ", ".join(node.name for node in entries[:8])))
        self._input(entries[0])
        for node in ordered:
            if node.op == "Const":
                self._constant(node)
            elif node.op != "Placeholder":
                self._node(node)
        for output in outputs:
            if output not in self.values or output == self.graph.input:
                raise ConvertError("the output '%s' is not computed from the input" % output)
        self.graph.outputs = list(outputs)

    def _input(self, node):
        dims = node.attributes.get("shape", {}).get("shape", {}).get("dim")
        if not dims:
            dims = next((end["tensorShape"]["dim"] for end in _signature(self.content, "inputs")
                         if source_of(end["name"]) == node.name and "tensorShape" in end), [])
        sizes = [int(dim["size"]) for dim in dims]
        if len(sizes) != 4 or not all(1 <= size <= LARGEST_SIDE for size in sizes[1:]):
            raise ConvertError("the input '%s' has the shape %s, wanted is [n, h, w, c] with h, w "
                               "and c fixed" % (node.name, sizes))
        self.graph = Graph("main", node.name, *sizes[1:])
        self.add_value(node.name, tuple(sizes[1:]), 4)

    def add_value(self, name, shape, rank):
        """shape: (h, w, c) in the graph."""
        h, w, c = shape
        self.shapes[name] = shape
        self.values[name] = {2: [1, c], 3: [1, h, c], 4: [1, h, w, c]}[rank]

    def _constant(self, node):
        if node.name not in self.weights:
            raise ConvertError("the manifest has no weights for the constant '%s'" % node.name)
        self.constants[node.name] = self.weights[node.name].array()

    def _node(self, node):
        try:
            if node.op not in EMITTERS:
                raise ConvertError("the operator is not supported")
            with np.errstate(divide="raise", invalid="raise"):
                result = EMITTERS[node.op](Call(self, node))
        except ConvertError as error:
            raise ConvertError("node '%s' (%s): %s" % (node.name, node.op, error)) from None
        except (KeyError, IndexError, TypeError, ValueError, ArithmeticError,
                AttributeError) as error:
            raise ConvertError("node '%s' (%s): its inputs or attributes do not fit (%s)" %
                               (node.name, node.op, error)) from None
        if result is not None:
            self.constants[node.name] = np.asarray(result)


class Call:
    """One node, as the emitters see it; those of tflite_reader.py that are the same, too."""

    def __init__(self, reader, node):
        self.reader, self.node, self.output = reader, node, node.name
        self.inputs = [name for name in map(source_of, node.inputs) if name]

    def has(self, i):
        return i < len(self.inputs)

    def _name(self, i):
        if not self.has(i):
            raise ConvertError("input %d is missing" % i)
        return self.inputs[i]

    def is_constant(self, i):
        return self._name(i) in self.reader.constants

    def constant(self, i):
        name = self._name(i)
        if name not in self.reader.constants:
            raise ConvertError("input %d ('%s') must be a constant" % (i, name))
        return self.reader.constants[name]

    def value(self, i):
        """Name of the activation that is input i."""
        name = self._name(i)
        if name not in self.reader.values:
            raise ConvertError("input %d ('%s') is a constant, wanted is an activation" % (i, name))
        return name

    def dims(self, i):
        """TensorFlow's dimensions of the activation that is input i, the batch as 1."""
        return self.reader.values[self.value(i)]

    def shape(self, i):
        """(h, w, c) of the activation that is input i."""
        return self.reader.shapes[self.value(i)]

    def append(self, op, inputs, rank=0, **fields):
        """Adds a node that computes this one's output, so far; its rank is its first input's, or
        rank. What is added next may read self.output."""
        if self.output in self.reader.values:
            self._set_aside(inputs)
        node = self.reader.graph.append(op, inputs, self.output, **fields)
        shapes = [self.reader.shapes[name] for name in inputs]
        self.reader.add_value(self.output, output_shape(node, shapes),
                              rank or len(self.reader.values[inputs[0]]))
        return node

    def _set_aside(self, inputs):
        """Gives what was computed so far another name, for a further node to read."""
        aside = "%s:%d" % (self.output, len(self.reader.graph.nodes))
        self.reader.graph.nodes[-1].output = aside
        self.reader.values[aside] = self.reader.values.pop(self.output)
        self.reader.shapes[aside] = self.reader.shapes.pop(self.output)
        inputs[:] = [aside if name == self.output else name for name in inputs]
