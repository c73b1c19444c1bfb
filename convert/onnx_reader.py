"""onnx_reader.py - ONNX to the graph of graph.py.

Reads the operators that face networks use; every other one is refused with its name and its node.
Integer arithmetic on shapes (Shape, Gather, Concat, ... into a Reshape) is computed here for one
input size; a graph whose height and width are free is read at two sizes, and is free indeed only if
both readings give the same nodes."""
import re
import warnings
from dataclasses import replace

import numpy as np
import onnx
from google.protobuf.message import DecodeError

import onnx_byte_operators
import onnx_operators
from graph import QUANTIZED, ConvertError, Graph, needed_steps
from onnx_values import Builder, Value, tensor_array
from onnx_views import View, settle

OWN_DOMAINS = ("", "ai.onnx")
OPSETS = (7, 21)          # before, activations were broadcast by other rules
WHOLE_NUMBERS = re.compile("QLinear|QGemm|DynamicQuantizeLinear|.*Integer$")
PICTURE_CHANNELS = (1, 3, 4)
PROBE_SIZES = (320, 448)  # what a free height or width is read as: five halvings stay whole


def read_onnx(data, name, outputs=()):
    """The graph of an ONNX file's bytes; name is for messages. An input of free size gives a graph
    of free size. Values named in outputs become its outputs, if there are any, and what they do not
    need is not looked at. ConvertError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)  # a message that was read in part
            model = onnx.load_model_from_string(data)
    except (DecodeError, RuntimeWarning):
        raise ConvertError("%s: the file is damaged: not a complete ONNX message; fetch it again" % name) from None
    if not model.graph.node:
        raise ConvertError("%s: not an ONNX model, or one without nodes" % name)
    try:
        return _read_model(model, outputs)
    except ConvertError as error:
        raise ConvertError("%s: %s" % (name, error)) from None


def _read_model(model, outputs):
    nodes = list(model.graph.node)
    made = {name for node in nodes for name in node.output}
    outputs = [name for name in outputs if name in made]
    if outputs:
        nodes = needed_steps([(node.input, node.output, node) for node in nodes], outputs)
    else:
        outputs = [output.name for output in model.graph.output]
    axes, sizes = _input_axes(model)
    h, w = [sizes[axes.index(letter)] for letter in "hw"]
    if h and w:
        return _Reader(model, nodes, outputs, h, w, True).graph
    first, second = [_Reader(model, nodes, outputs, h or size, w or size, False).graph
                     for size in PROBE_SIZES]
    if repr(_structure(first)) != repr(_structure(second)):
        raise ConvertError("the graph is not the same for every input size")
    first.free_size = True
    return first


def _structure(graph):
    """What may not depend on the input's size: every node without its tensors' numbers."""
    return [(node.op, node.inputs, node.output, node.kernel, node.stride, node.pads, node.dilation,
             node.groups, node.pad_mode, node.axis, node.scale, node.shape, node.activation)
            for node in graph.nodes]


def _initializer_names(model):
    return {tensor.name for tensor in model.graph.initializer}


def _network_input(model):
    inputs = [i for i in model.graph.input if i.name not in _initializer_names(model)]
    if len(inputs) != 1:
        raise ConvertError("the graph has %d inputs (%s), wanted is one" %
                           (len(inputs), ", ".join(i.name for i in inputs)))
    return inputs[0]


def _input_axes(model):
    """("nchw" or, where only that gives a picture, "nhwc"; the sizes, 0 where one is free)."""
    sizes = [max(dim.dim_value, 0)
             for dim in _network_input(model).type.tensor_type.shape.dim]
    if len(sizes) != 4:
        raise ConvertError("the input has %d dimensions, wanted is [n, c, h, w]" % len(sizes))
    last = sizes[3] in PICTURE_CHANNELS and not 1 <= sizes[1] <= max(PICTURE_CHANNELS)
    return "nhwc" if last else "nchw", sizes


class _Reader:
    """Reads nodes of a model for one size. constants: ONNX name -> array; values: -> Value; bytes: of
    a constant the Bytes that it was; quantized: of a value in bytes what tells their scale."""

    def __init__(self, model, nodes, outputs, h, w, fixed):
        self.constants, self.bytes = {}, {}
        self.values, self.quantized = {}, {}
        versions = [o.version for o in model.opset_import if o.domain in OWN_DOMAINS]
        self.opset = versions[0] if versions else 1
        if not OPSETS[0] <= self.opset <= OPSETS[1]:
            raise ConvertError("its operators are those of opset %d, read are %d to %d: export it "
                               "with one of these" % (self.opset, *OPSETS))
        entry = _network_input(model)
        self.entry = entry.name
        axes, sizes = _input_axes(model)
        channels = sizes[axes.index("c")]
        if channels < 1:
            raise ConvertError("the input '%s' has no fixed number of channels" % entry.name)
        self.graph = Graph(model.graph.name or "main", entry.name, h, w, channels)
        self.builder = Builder(self.graph, fixed)
        self.values[entry.name] = Value(entry.name, axes, (h, w, channels))
        for tensor in model.graph.initializer:
            self.constants[tensor.name] = tensor_array(tensor)
        for node in nodes:
            self._node(node)
        self._outputs(outputs)

    def _node(self, node):
        label = node.name or (node.output[0] if node.output else "?")
        own = node.domain in OWN_DOMAINS
        emit = onnx_operators.EMITTERS.get(node.op_type) if own else None
        if emit is None and WHOLE_NUMBERS.match(str(node.op_type)):
            raise ConvertError("node '%s' (%s): %s" % (label, node.op_type, QUANTIZED))
        if emit is None:
            raise ConvertError("operator %s of node '%s' is not supported" % (
                node.op_type if own else "%s.%s" % (node.domain, node.op_type), label))
        if not node.output:
            raise ConvertError("node '%s' (%s) has no output" % (label, node.op_type))
        try:
            call = Call(self, node, label)
            call.check_form()
            call.check_bytes()
            with np.errstate(divide="raise", invalid="raise"):
                result = emit(call)
        except ConvertError as error:
            raise ConvertError("node '%s' (%s): %s" % (label, node.op_type, error)) from None
        except (KeyError, IndexError, TypeError, ValueError, ArithmeticError) as error:
            raise ConvertError("node '%s' (%s): its inputs or attributes do not fit (%s)" %
                               (label, node.op_type, error)) from None
        for output, one in zip(node.output, result if isinstance(result, list) else [result]):
            found = isinstance(one, (Value, View))
            (self.values if found else self.constants)[output] = one
            if found and call.in_bytes:
                self.quantized[output] = call.in_bytes

    def settled(self, name):
        """The activation of this name, in the graph as it is seen."""
        value = self.values[name]
        if isinstance(value, View):
            value = self.values[name] = settle(self.builder, value)
        return value

    def _outputs(self, names):
        for name in names:
            if name not in self.values:
                raise ConvertError("the output '%s' is not computed from the input" % name)
            if name in self.graph.outputs:
                raise ConvertError("the output '%s' is listed twice" % name)
            value = self.settled(name)
            if value.name == self.graph.input or value.name in self.graph.outputs:
                value = self.builder.append("reshape", [value], value.axes, name,
                                            shape=(0,) + value.shape)
            elif value.name != name:
                node = self.graph.producer(value.name)
                self.graph.rename(value.name, name)
                node.output = name
                self.values = {key: replace(v, name=name) if v.name == value.name else v
                               for key, v in self.values.items()}
            self.graph.outputs.append(name)


class Call:
    """One ONNX node, as the emitters of onnx_operators.py see it."""

    def __init__(self, reader, node, label):
        self.builder, self.opset = reader.builder, reader.opset
        self.reader, self.node, self.label = reader, node, label
        self.attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        self.in_bytes = None

    def check_form(self):
        """Number of inputs and names of attributes are those that the operator has in the file's
        opset, as far as the package knows it: others would be read by a wrong rule."""
        if self.opset > onnx.defs.onnx_opset_version():
            return
        try:
            schema = onnx.defs.get_schema(self.node.op_type, self.opset, "")
        except onnx.defs.SchemaError:
            raise ConvertError("opset %d has no such operator" % self.opset) from None
        unknown = sorted(set(self.attributes) - set(schema.attributes))
        if unknown:
            raise ConvertError("in opset %d it has no attribute '%s'" % (self.opset, unknown[0]))
        if not schema.min_input <= len(self.node.input) <= schema.max_input:
            raise ConvertError("%d inputs, in opset %d it has %d to %d" % (
                len(self.node.input), self.opset, schema.min_input, schema.max_input))

    def check_bytes(self):
        """Bytes are read by DequantizeLinear, and by what moves them; what tells their scale is
        in_bytes."""
        found = {self.reader.quantized.get(name) for name in self.node.input
                 if name in self.reader.values}
        if self.node.op_type == "DequantizeLinear" or found <= {None}:
            return
        if self.node.op_type not in onnx_byte_operators.MOVING or len(found) != 1:
            raise ConvertError("it computes with whole numbers, or with several scales of them: " +
                               QUANTIZED)
        self.in_bytes = found.pop()

    @property
    def output(self):
        return self.node.output[0]

    def has(self, i):
        return i < len(self.node.input) and self.node.input[i] != ""

    def is_constant(self, i):
        return self.has(i) and self.node.input[i] in self.reader.constants

    def value(self, i):
        """Input i as an activation."""
        self.seen(i)
        return self.reader.settled(self.node.input[i])

    def seen(self, i):
        """Input i as an activation, or as a View of one."""
        name = self.node.input[i] if self.has(i) else ""
        if name not in self.reader.values:
            raise ConvertError("input %d ('%s') is not computed from the network's input" %
                               (i, name))
        return self.reader.values[name]

    def constant(self, i):
        """Input i as a constant array."""
        name = self.node.input[i] if self.has(i) else ""
        if name not in self.reader.constants:
            raise ConvertError("input %d ('%s') must be a constant" % (i, name))
        return self.reader.constants[name]

    def weights(self, i):
        """Input i as a constant array of floating-point numbers."""
        found = self.constant(i)
        if found.dtype.kind != "f":
            raise ConvertError("input %d ('%s') is of type %s, wanted are floating-point numbers" %
                               (i, self.node.input[i], found.dtype))
        return found

    def filter(self, i, order):
        """Input i as a filter whose axes, in this order, begin with the output channels: an array, or
        a grids.Filter where the file has bytes."""
        name, found = self.node.input[i], self.weights(i)
        kept = self.reader.bytes.get(name)
        return found.transpose(order) if kept is None else kept.filter(order)

    def attribute(self, name, default):
        """An attribute, text as str, lists as list."""
        found = self.attributes.get(name, default)
        return found.decode("utf-8") if isinstance(found, bytes) else found

    def append(self, op, inputs, axes, **fields):
        """Appends the node that computes this node's output."""
        return self.builder.append(op, inputs, axes, self.output, self.label, **fields)
