"""tflite_reader.py - TFLite (float32, weights in float16, or int8 and uint8) to the graph of graph.py.
TFLite is channels-last as we are, so tensors and axes carry over; the batch that a file fixes is left
free. An activation of bytes is read as the real numbers that these stand for, rounded to its scale.

To add an operator: its number and options in tflite_file.py, its function and its line in EMITTERS of
tflite_operators.py."""
import math

import numpy as np

from graph import ConvertError, Graph, needed_steps
from grids import byte_filter, is_bytes
from tflite_file import ACTIVATIONS, SAME, parse_tflite
from tflite_operators import EMITTERS, graph_shape


def read_tflite(data, name, outputs=()):
    """The graph of a TFLite file's bytes; name is for messages. Values named in outputs become its
    outputs, if there are any, and what they do not need is not looked at. ConvertError."""
    model = parse_tflite(data, name)
    made = {model.tensors[i].name: i for operator in model.operators for i in operator.outputs}
    found = [made[output] for output in outputs if output in made]
    if found:
        model.outputs = found
        model.operators = needed_steps([(operator.inputs, operator.outputs, operator)
                                        for operator in model.operators], found)
    try:
        return _Reader(model).graph
    except ConvertError as error:
        raise ConvertError("%s: %s" % (name, error)) from None


class _Reader:
    def __init__(self, model):
        self.model = model
        if len(model.inputs) != 1:
            raise ConvertError("the model has %d inputs, wanted is one" % len(model.inputs))
        entry = model.tensors[model.inputs[0]]
        if entry.fault:
            raise ConvertError("tensor '%s', the input, %s" % (entry.name, entry.fault))
        self.batch = entry.shape[0] if entry.shape else 0
        self.graph = Graph("main", entry.name, *graph_shape(entry.shape))
        self.computed = {model.inputs[0]: entry.name}  # name of each tensor's value
        if entry.grid is not None:
            self.computed[model.inputs[0]] = entry.name + ":rounded"
            self.graph.append("round", [entry.name], entry.name + ":rounded", grid=entry.grid)
        for operator in model.operators:
            self._operator(operator)
        for output in model.outputs:
            if output not in self.computed:
                raise ConvertError("the output '%s' is not computed" % model.tensors[output].name)
            self.graph.outputs.append(model.tensors[output].name)
        names = [self.graph.input] + [node.output for node in self.graph.nodes]
        if len(set(names)) != len(names):
            raise ConvertError("two activations have the same name")
        self._check_shapes()

    def _operator(self, operator):
        call = Call(self, operator)
        try:
            if len(operator.outputs) != 1:
                raise ConvertError("%d outputs, wanted is one" % len(operator.outputs))
            if operator.name not in EMITTERS:
                raise ConvertError("the operator is not supported")
            call.check_types()
            EMITTERS[operator.name](call)
            call.fused_activation()
            call.rounding()
        except ConvertError as error:
            raise ConvertError("node '%s' (%s): %s" % (operator.label, operator.name,
                                                       error)) from None
        except (KeyError, IndexError, TypeError, ValueError, ArithmeticError) as error:
            raise ConvertError("node '%s' (%s): its inputs or options do not fit (%s)" %
                               (operator.label, operator.name, error)) from None
        if self.model.tensors[operator.outputs[0]].data is None:  # else it is a constant now
            self.computed[operator.outputs[0]] = operator.label

    def _check_shapes(self):
        """The shapes that the file states must be those that follow from its operators."""
        shapes = self.graph.shapes()
        stated = {name: self.model.tensors[i].shape for i, name in self.computed.items()}
        for name, shape in stated.items():
            if shapes[name] != graph_shape(shape):
                raise ConvertError("value '%s': the file states the shape %s, computed is %s" %
                                   (name, shape, shapes[name]))


class Call:
    """One operator, as the emitters below see it."""

    def __init__(self, reader, operator):
        self.reader, self.operator, self.options = reader, operator, operator.options
        self.graph, self.output = reader.graph, operator.label

    def tensor(self, i):
        """(number, tflite_file.Tensor) of input i."""
        number = self.operator.inputs[i] if i < len(self.operator.inputs) else -1
        if number < 0:
            raise ConvertError("input %d is missing" % i)
        return number, self.reader.model.tensors[number]

    def check_types(self):
        for number in self.operator.inputs + self.operator.outputs:
            tensor = self.reader.model.tensors[number]
            if number >= 0 and tensor.fault:
                raise ConvertError("tensor '%s' %s" % (tensor.name, tensor.fault))

    def has(self, i):
        return i < len(self.operator.inputs) and self.operator.inputs[i] >= 0

    def is_constant(self, i):
        return self.tensor(i)[1].data is not None

    def constant(self, i):
        """Input i as an array of real numbers; of whole numbers where these have no scale."""
        tensor = self.tensor(i)[1]
        if tensor.data is None:
            raise ConvertError("input %d ('%s') must be a constant" % (i, tensor.name))
        if not len(tensor.scales) or tensor.data.dtype.kind == "f":
            return tensor.data
        each = [-1 if axis == tensor.axis else 1 for axis in range(tensor.data.ndim)]
        scales, zeros = [np.asarray(numbers, np.float64).reshape(each if len(numbers) > 1 else ())
                         for numbers in (tensor.scales, tensor.zeros)]
        return (tensor.data - zeros) * scales

    def filter(self, i, order=None):
        """Input i as a filter whose axes, in this order, begin with the output channels: an array, or
        a Filter where the file has bytes."""
        tensor = self.tensor(i)[1]
        order = list(order or range(len(tensor.shape)))
        if tensor.data is None or tensor.data.dtype.kind == "f":
            return self.constant(i).transpose(order)
        axis = order.index(tensor.axis) if len(tensor.scales) > 1 else 0
        return byte_filter(tensor.data.transpose(order), tensor.scales, tensor.zeros, axis)

    def value(self, i):
        """Name of the activation that is input i."""
        number, tensor = self.tensor(i)
        if number not in self.reader.computed:
            raise ConvertError("input %d ('%s') is not computed before" % (i, tensor.name))
        return self.reader.computed[number]

    def shape(self, i):
        """(h, w, c) of the activation that is input i."""
        return graph_shape(self.tensor(i)[1].shape)

    def append(self, op, inputs, **fields):
        return self.graph.append(op, inputs, self.output, **fields)

    def fused_activation(self):
        kind = ACTIVATIONS.get(self.options.get("activation", 0))
        if kind is None:
            raise ConvertError("fused activation %d is not supported" % self.options["activation"])
        if kind != "NONE":
            node = self.graph.nodes[-1]
            node.output += ":linear"
            self.graph.append("activation", [node.output], self.output, activation="clamp",
                              low=0.0, high=6.0 if kind == "RELU6" else math.inf)

    def rounding(self):
        """Of an output in bytes: to its scale."""
        grid = self.reader.model.tensors[self.operator.outputs[0]].grid
        if grid is not None:
            node = self.graph.nodes[-1]
            node.output += ":real"
            self.graph.append("round", [node.output], self.output, grid=grid)

    def window(self, kernel):
        """The fields that convolutions and pools share."""
        return {"kernel": tuple(kernel),
                "stride": (self.options["stride_h"], self.options["stride_w"]),
                "pad_mode": "same" if self.options["padding"] == SAME else "explicit"}

    def bias(self, filters):
        """As real numbers. The unit of an int32 bias is the input's scale times the filter's; the scale
        that the file gives for the bias itself is not used."""
        if not self.has(2):
            return np.zeros(filters.shape[0], np.float32)
        found, grid = self.tensor(2)[1], self.tensor(0)[1].grid
        if found.data is None or found.data.dtype != np.int32:
            return self.constant(2)
        if np.any(found.zeros):
            raise ConvertError("a bias with a zero point of %d" % np.ravel(found.zeros)[0])
        if grid is None or not is_bytes(filters):
            if not len(found.scales):
                raise ConvertError("a bias of whole numbers without a scale")
            return self.constant(2)
        return found.data * (grid.scales[0] * filters.scales.astype(np.float64))
