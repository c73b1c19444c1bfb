"""tflite_file.py - a .tflite file as plain objects: tensors and operators of its one subgraph.

Field numbers are those of TensorFlow Lite's schema, version 3. Refused: another version, several
subgraphs, quantised or sparse tensors, types other than float32 and int32. An operator that is not
in OPERATORS is left to the reader: what the outputs do not need may have any."""
from dataclasses import dataclass, field

import numpy as np

from flatbuffer import Buffer
from graph import ConvertError

OPERATORS = {0: "ADD", 1: "AVERAGE_POOL_2D", 2: "CONCATENATION", 3: "CONV_2D",
             4: "DEPTHWISE_CONV_2D", 9: "FULLY_CONNECTED", 14: "LOGISTIC", 17: "MAX_POOL_2D",
             18: "MUL", 19: "RELU", 21: "RELU6", 22: "RESHAPE", 25: "SOFTMAX", 34: "PAD",
             41: "SUB", 42: "DIV", 47: "EXP", 54: "PRELU", 59: "NEG", 74: "SUM", 82: "REDUCE_MAX",
             101: "ABS"}
# Where an operator's options keep what we read: (name, field, format, default).
WINDOW = (("padding", 0, "b", 0), ("stride_w", 1, "i", 0), ("stride_h", 2, "i", 0))
OPTIONS = {
    "CONV_2D": WINDOW + (("activation", 3, "b", 0), ("dilation_w", 4, "i", 1),
                         ("dilation_h", 5, "i", 1)),
    "DEPTHWISE_CONV_2D": WINDOW + (("multiplier", 3, "i", 0), ("activation", 4, "b", 0),
                                   ("dilation_w", 5, "i", 1), ("dilation_h", 6, "i", 1)),
    "MAX_POOL_2D": WINDOW + (("kernel_w", 3, "i", 0), ("kernel_h", 4, "i", 0),
                             ("activation", 5, "b", 0)),
    "AVERAGE_POOL_2D": WINDOW + (("kernel_w", 3, "i", 0), ("kernel_h", 4, "i", 0),
                                 ("activation", 5, "b", 0)),
    "FULLY_CONNECTED": (("activation", 0, "b", 0), ("format", 1, "b", 0),
                        ("keep_dims", 2, "b", 0)),
    "ADD": (("activation", 0, "b", 0),),
    "SUB": (("activation", 0, "b", 0),),
    "MUL": (("activation", 0, "b", 0),),
    "DIV": (("activation", 0, "b", 0),),
    "CONCATENATION": (("axis", 0, "i", 0), ("activation", 1, "b", 0)),
    "SOFTMAX": (("beta", 0, "f", 0.0),),
    "SUM": (("keep_dims", 0, "b", 0),),
    "REDUCE_MAX": (("keep_dims", 0, "b", 0),),
}
TYPES = {0: np.dtype("<f4"), 2: np.dtype("<i4")}
SAME, VALID = 0, 1
ACTIVATIONS = {0: "NONE", 1: "RELU", 3: "RELU6"}


@dataclass
class Tensor:
    name: str
    shape: list
    data: object = None  # array, or None for an activation


@dataclass
class Operator:
    name: str
    label: str          # the name of its first output: the file gives operators none
    inputs: list        # tensor numbers, -1 for one that is left out
    outputs: list
    options: dict = field(default_factory=dict)


@dataclass
class Model:
    tensors: list
    operators: list
    inputs: list
    outputs: list


def _tensor(table, buffers, name):
    label = table.text(3)
    kind = table.scalar(1, "b", 0)
    if kind not in TYPES:
        raise ConvertError("%s: tensor '%s' is of type %d, only float32 is supported" %
                           (name, label, kind))
    quantization = table.table(4)
    if quantization is not None and quantization.vector(2, 4)[1]:
        raise ConvertError("%s: tensor '%s' is quantised" % (name, label))
    if table.table(6) is not None:
        raise ConvertError("%s: tensor '%s' is sparse" % (name, label))
    shape, number = table.integers(0), table.scalar(2, "I", 0)
    if number >= len(buffers) or any(size < 0 for size in shape) or len(shape) > 4:
        raise ConvertError("%s: tensor '%s' is damaged" % (name, label))
    content = buffers[number].bytes(0)
    if not content:
        return Tensor(label, shape)
    count = 1
    for size in shape:
        count *= size
    if len(content) != count * TYPES[kind].itemsize:
        raise ConvertError("%s: tensor '%s' of shape %s has %d bytes" %
                           (name, label, shape, len(content)))
    return Tensor(label, shape, np.frombuffer(content, TYPES[kind]).reshape(shape))


def _operator(table, codes, tensors, name):
    inputs, outputs = table.integers(1), table.integers(2)
    index = table.scalar(0, "I", 0)
    if index >= len(codes) or not outputs or any(
            not low <= i < len(tensors) for low, numbers in ((-1, inputs), (0, outputs))
            for i in numbers):
        raise ConvertError("%s: the file is damaged: an operator's numbers point outside" % name)
    code, label = codes[index], tensors[outputs[0]].name
    kind = "custom %s" % code if isinstance(code, str) else "operator number %d" % code
    operator = Operator(OPERATORS.get(code, kind), label, inputs, outputs)
    options = table.table(4)
    for key, number, form, default in OPTIONS.get(operator.name, ()):
        operator.options[key] = (default if options is None else
                                 options.scalar(number, form, default))
    return operator


def _operator_code(table):
    """A built-in operator's number, or a custom operator's name."""
    code = max(table.scalar(0, "b", 0), table.scalar(3, "i", 0))
    return table.text(1) or "CUSTOM" if code == 32 else code


def parse_tflite(data, name):
    """The Model in a file's bytes; name is for messages. ConvertError."""
    if data[4:8] != b"TFL3":
        raise ConvertError("%s: not a TFLite file" % name)
    root = Buffer(data, name).root()
    if root.scalar(0, "I", 0) != 3:
        raise ConvertError("%s: TFLite schema version %d, wanted is 3" %
                           (name, root.scalar(0, "I", 0)))
    subgraphs = root.tables(2)
    if len(subgraphs) != 1:
        raise ConvertError("%s: %d subgraphs, wanted is one" % (name, len(subgraphs)))
    codes = [_operator_code(code) for code in root.tables(1)]
    buffers = root.tables(4)
    tensors = [_tensor(table, buffers, name) for table in subgraphs[0].tables(0)]
    operators = [_operator(table, codes, tensors, name) for table in subgraphs[0].tables(3)]
    model = Model(tensors, operators, subgraphs[0].integers(1), subgraphs[0].integers(2))
    if any(not 0 <= i < len(tensors) for i in model.inputs + model.outputs):
        raise ConvertError("%s: the file is damaged: an input or output is no tensor" % name)
    return model
