"""keras_model.py - a Keras model's configuration, functional or sequential, to the graph of
graph.py.

The configuration is JSON: layers by class and name, and for each call of a layer what it reads, in
Keras 2's form [[name, node, output, {}], ...] or Keras 3's of serialized tensors. A model may be a
layer of another one. Nothing that a configuration names is looked up outside EMITTERS. Values have
the names of their layers, in a model that is a layer "model/layer"; a second call is "layer@1"."""
import graphlib
import json

import numpy as np

from graph import ConvertError, Graph, output_shape
from keras_layers import EMITTERS
from source_kinds import BY_TF2ONNX

MODELS = ("Model", "Functional", "Sequential")
LARGEST_CONFIG = 16 << 20
MAX_DEPTH = 8        # models in models
MAX_NODES = 1 << 16  # as many as a weight file may have
FREE = 224           # the customary side of a picture whose size is left open
CODE = ("Lambda", "TFOpLambda", "SlicingOpLambda")


def _is_call(entry):
    return type(entry) is list and len(entry) >= 3 and type(entry[0]) is str and (
        type(entry[1]) is int and type(entry[2]) is int)


def _tensors(found, depth=0):
    """(layer, call) of each serialized tensor of Keras 3 in call arguments, in order."""
    if depth > MAX_DEPTH:
        raise ConvertError("arguments nested deeper than %d" % MAX_DEPTH)
    if type(found) is dict and found.get("class_name") == "__keras_tensor__":
        history = found.get("config", {}).get("keras_history")
        if not _is_call(history):
            raise ConvertError("a tensor without its layer")
        return [_call_of(history)]
    inner = found if type(found) is list else found.values() if type(found) is dict else ()
    return [tensor for item in inner for tensor in _tensors(item, depth + 1)]


def _call_of(entry):
    if entry[2] != 0:
        raise ConvertError("output %d of '%.80s'; layers of one output are read" % (
            entry[2], entry[0]))
    return entry[0], entry[1]


def _ends(found, what):
    """(layer, call) of the model's inputs or outputs."""
    entries = [found] if _is_call(found) else found
    if type(entries) is dict:
        entries = list(entries.values())
    if type(entries) is not list or not entries or not all(map(_is_call, entries)):
        raise ConvertError("its %s are not given" % what)
    return [_call_of(entry) for entry in entries]


def _reads(node):
    """(layer, call) of what a call of a layer reads."""
    if type(node) is dict:
        if _tensors(node.get("kwargs", {})):
            raise ConvertError("inputs by name")
        return _tensors(node.get("args", []))
    entries = [node] if _is_call(node) else node
    if type(entries) is not list or not all(map(_is_call, entries)):
        raise ConvertError("what it reads")
    for entry in entries:
        if len(entry) > 3 and any(type(value) is list for value in dict(entry[3]).values()):
            raise ConvertError("inputs by name")
    return [_call_of(entry) for entry in entries]


def input_shape(layer):
    """[h, w, c] of what a layer's configuration says of its input, None where a size is free; or
    None if it says nothing."""
    config = layer["config"]
    shape = config.get("batch_input_shape") or config.get("batch_shape")
    if shape is None:
        return None
    if type(shape) is not list or not all(size is None or type(size) is int for size in shape):
        raise ConvertError("the input's shape %.60s" % (shape,))
    return shape[1:]


class Call:
    """One call of one layer, for its emitter. inputs: names of values; take: its next array."""

    def __init__(self, model, layer, name, inputs, arrays):
        self.model, self.config, self.name, self.inputs = model, layer["config"], name, inputs
        self.arrays, self.parts = list(arrays), 0

    def take(self, what, shape=None):
        """The layer's next array, of this shape."""
        if not self.arrays:
            raise ConvertError("its %s is missing" % what)
        array = self.arrays.pop(0)
        if shape is not None and array.shape != tuple(shape):
            raise ConvertError("its %s has the shape %s, wanted is %s" % (
                what, list(array.shape), list(shape)))
        return np.asarray(array)

    def only(self):
        if len(self.inputs) != 1:
            raise ConvertError("%d inputs, wanted is one" % len(self.inputs))
        return self.inputs[0]

    def several(self):
        if len(self.inputs) < 2:
            raise ConvertError("%d inputs, wanted are two or more" % len(self.inputs))
        return self.inputs

    def shape(self, value):
        return self.model.shapes[value]

    def rank(self, value):
        """Dimensions of a value in Keras, with the batch: 2 of a vector, 4 of a map."""
        return self.model.ranks[value]

    def fixed(self, value):
        """The shape, which must not follow from a free size."""
        if self.model.graph.free_size and self.rank(value) != 2:
            raise ConvertError("it needs an input of a fixed size")
        return self.shape(value)

    def append(self, op, inputs, rank=None, **fields):
        """Adds a node; returns its output's name."""
        self.parts += 1
        name = "%s:%d" % (self.name, self.parts)
        self.model.add(op, inputs, name, rank or self.rank(inputs[0]), fields)
        return name


class Model:
    """The graph of a configuration {"class_name": ..., "config": ...}. weights: has arrays(place),
    the arrays of the layer at a place, and below(place, layers), the places of the layers of the
    model at a place. version: Keras' first number. ConvertError."""

    def __init__(self, found, weights, version):
        self.weights, self.version, self.graph = weights, version, None
        self.shapes, self.ranks = {}, {}
        _check_layer(found)
        if found["class_name"] not in MODELS:
            raise ConvertError("this is a model of the class %.60s, whose layers only its code "
                               "knows: %s" % (found["class_name"], BY_TF2ONNX))
        outputs = self._model(found, None, "", None, 0)
        self.graph.outputs = list(dict.fromkeys(outputs))
        if self.graph.input in self.graph.outputs or not self.graph.nodes:
            raise ConvertError("its output is its input")

    def add(self, op, inputs, name, rank, fields):
        if len(self.graph.nodes) >= MAX_NODES or name in self.shapes:
            raise ConvertError("more than %d nodes, or two called '%.80s'" % (MAX_NODES, name))
        node = self.graph.append(op, inputs, name, **fields)
        self.shapes[name] = output_shape(node, [self.shapes[value] for value in inputs])
        self.ranks[name] = rank

    def _input(self, name, shape):
        if shape is None or len(shape) not in (1, 3) or shape[-1] is None or (
                len(shape) == 3 and (shape[0] is None) != (shape[1] is None)):
            raise ConvertError("the input '%.80s' has the shape %s, wanted is [h, w, channels]" % (
                name, shape))
        if any(size is not None and size < 1 for size in shape):
            raise ConvertError("the input '%.80s' has the shape %s" % (name, shape))
        free = shape[0] is None
        size = [1] * (3 - len(shape)) + [size or FREE for size in shape]
        self.graph = Graph("main", name, *size)
        self.graph.free_size = free
        self.shapes[name], self.ranks[name] = tuple(size), len(shape) + 1
        return name

    def _model(self, found, inputs, prefix, place, depth):
        """Runs a model on inputs (None: its own); returns the names of its outputs."""
        if depth > MAX_DEPTH:
            raise ConvertError("models nested deeper than %d" % MAX_DEPTH)
        config = found["config"]
        sequence = config if type(config) is list else config.get("layers")  # a list: old Keras 2
        if type(sequence) is not list or not sequence:
            raise ConvertError("the model '%.80s' has no layers" % found["name"])
        for layer in sequence:
            _check_layer(layer)
        places = self.weights.below(place, sequence)
        run = self._sequence if found["class_name"] == "Sequential" else self._functional
        return run(found, sequence, places, inputs, prefix, depth)

    def _sequence(self, found, sequence, places, inputs, prefix, depth):
        first = sequence[0]
        if inputs is None:
            shape = input_shape(first)
            if shape is None and type(found["config"]) is dict:
                shape = (found["config"].get("build_input_shape") or [None])[1:]
            ending = "" if first["class_name"] == "InputLayer" else "_input"
            inputs = [self._input(first["name"] + ending, shape)]
        for layer, place in zip(sequence, places):
            if layer["class_name"] != "InputLayer":
                inputs = [self._layer(layer, place, inputs, prefix + layer["name"], depth)]
        return inputs

    def _functional(self, found, sequence, places, inputs, prefix, depth):
        layers = {layer["name"]: (layer, place) for layer, place in zip(sequence, places)}
        starts, ends = [_ends(found["config"].get(key), key) for key in (
            "input_layers", "output_layers")]
        if inputs is None and len(starts) == 1 and starts[0][0] in layers:
            inputs = [self._input(starts[0][0], input_shape(layers[starts[0][0]][0]))]
        if len(layers) != len(sequence) or inputs is None or len(starts) != len(inputs):
            raise ConvertError("the model '%.80s' has %d inputs, wanted is one, or two layers of "
                               "one name" % (found["name"], len(starts)))
        values = dict(zip(starts, inputs))
        calls = {(layer["name"], i): reads for layer in sequence
                 for i, reads in enumerate(_calls(layer)) if layer["class_name"] != "InputLayer"}
        try:
            order = list(graphlib.TopologicalSorter(calls).static_order())
        except graphlib.CycleError:
            raise ConvertError("its layers read each other in a circle") from None
        for name, i in order:
            if (name, i) in values:
                continue
            if (name, i) not in calls:
                raise ConvertError("the layer '%.80s' is missing, or its call %d" % (name, i))
            read = [values[call] for call in calls[name, i]]
            values[name, i] = self._layer(*layers[name], read,
                                          prefix + name + "@%d" % i * bool(i), depth)
        missing = [end for end in ends if end not in values]
        if missing:
            raise ConvertError("the output '%.80s' is not computed" % missing[0][0])
        return [values[end] for end in ends]

    def _layer(self, layer, place, inputs, name, depth):
        """Calls a layer; returns the name of its first output, the only one that can be read."""
        kind = layer["class_name"]
        if kind in MODELS:
            return self._model(layer, inputs, name + "/", place, depth + 1)[0]
        label = "layer '%.80s' (%.40s)" % (name, kind)
        if kind in CODE:
            raise ConvertError("%s holds code, which is not run: %s" % (label, BY_TF2ONNX))
        if kind not in EMITTERS:
            raise ConvertError("%s: layers of this class are not supported: %s" % (
                label, BY_TF2ONNX))
        try:
            call = Call(self, layer, name, inputs, self.weights.arrays(place))
            output = EMITTERS[kind](call)
            if call.arrays:
                raise ConvertError("it has %d arrays too many" % len(call.arrays))
        except ConvertError as error:
            raise ConvertError("%s: %s" % (label, error)) from None
        except (KeyError, IndexError, TypeError, ValueError, ArithmeticError) as error:
            raise ConvertError("%s: its configuration does not fit (%s)" % (label, error)) from None
        return self._named(output, name) if call.parts else output

    def _named(self, output, name):
        """The last node and its output have the layer's name."""
        if name in self.shapes:
            raise ConvertError("two values are called '%.80s'" % name)
        node = self.graph.nodes[-1]
        node.name = node.output = name
        self.shapes[name], self.ranks[name] = self.shapes.pop(output), self.ranks.pop(output)
        return name


def _check_layer(layer):
    """Its class, its name, which may stand in its configuration, and the configuration."""
    if type(layer) is not dict or type(layer.get("class_name")) is not str or not (
            type(layer.get("config")) is dict or layer["class_name"] == "Sequential"):
        raise ConvertError("its configuration has a layer without a class or a configuration")
    config = layer["config"] if type(layer["config"]) is dict else {}
    layer.setdefault("name", config.get("name", "sequential"))
    if type(layer["name"]) is not str or not layer["name"]:
        raise ConvertError("its configuration has a layer without a name")


def _calls(layer):
    """What each call of a layer reads."""
    nodes = layer.get("inbound_nodes")
    if type(nodes) is not list:
        raise ConvertError("layer '%.80s': what it reads is not given" % layer["name"])
    try:
        return [_reads(node) for node in nodes]
    except (ConvertError, TypeError, ValueError) as error:
        raise ConvertError("layer '%.80s': %s" % (layer["name"], error)) from None


def parse(text):
    """A configuration from its JSON, text or bytes. ConvertError."""
    if not isinstance(text, (str, bytes)) or len(text) > LARGEST_CONFIG:
        raise ConvertError("the model's configuration is no text of up to %d bytes" %
                           LARGEST_CONFIG)
    try:
        return json.loads(text)
    except ValueError as error:
        raise ConvertError("the model's configuration is no JSON: %s" % error) from None


def graph_of(found, weights, version, outputs=()):
    """The graph of a configuration. Values named in outputs become its outputs, if there are
    any."""
    graph = Model(found, weights, version).graph
    graph.cut(outputs)
    return graph
