"""tflite_file.py - a .tflite file as plain objects: tensors and operators of its one subgraph.

Field numbers are those of TensorFlow Lite's schema, version 3. Refused: another version, several
subgraphs, sparse tensors. Operators, types other than float32, float16, int32, int8 and uint8, and
what is wrong with scales are left to the reader: what the outputs do not need may have any."""
from dataclasses import dataclass, field

import numpy as np

from flatbuffer import Buffer
from graph import QUANTIZED, ConvertError
from grids import activation_grid

# Names by number, as the schema has them, also of those that no reader knows.
OPERATORS = dict(enumerate("""
ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE
EMBEDDING_LOOKUP FLOOR FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D
LOCAL_RESPONSE_NORMALIZATION LOGISTIC LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 RELU6
RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH SVDF TANH CONCAT_EMBEDDINGS SKIP_GRAM CALL CUSTOM
EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND
TRANSPOSE MEAN SUB DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE BIDIRECTIONAL_SEQUENCE_RNN
EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM ARG_MAX
MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN TRANSPOSE_CONV
SPARSE_TO_DENSE TILE EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN FAKE_QUANT
REDUCE_PROD REDUCE_MAX PACK LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV
REDUCE_ANY SQUARE ZEROS_LIKE FILL FLOOR_MOD RANGE RESIZE_NEAREST_NEIGHBOR LEAKY_RELU
SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL REVERSE_V2 ADD_N GATHER_ND COS WHERE RANK ELU
REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND HARD_SWISH
""".split()))
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
    "LEAKY_RELU": (("alpha", 0, "f", 0.0),),
    "SUM": (("keep_dims", 0, "b", 0),),
    "MEAN": (("keep_dims", 0, "b", 0),),
    "L2_NORMALIZATION": (("activation", 0, "b", 0),),
    "RESIZE_BILINEAR": (("align_corners", 2, "b", 0), ("half_pixel_centers", 3, "b", 0)),
    "RESIZE_NEAREST_NEIGHBOR": (("align_corners", 0, "b", 0), ("half_pixel_centers", 1, "b", 0)),
    "REDUCE_MAX": (("keep_dims", 0, "b", 0),),
}
TYPES = {0: np.dtype("<f4"), 1: np.dtype("<f2"), 2: np.dtype("<i4"), 3: np.dtype("u1"),
         9: np.dtype("i1")}
BYTES = (3, 9)
OTHER_TYPES = {4: "int64", 5: "string", 6: "bool", 7: "int16", 8: "complex64", 10: "float64",
               16: "uint16", 17: "int4"}
READ = "is of type %s: read are float32, float16, and int8 and uint8 with scales"
SAME, VALID = 0, 1
ACTIVATIONS = {0: "NONE", 1: "RELU", 3: "RELU6"}


@dataclass
class Tensor:
    """data: an array, or None for an activation. scales, zeros, axis: of whole numbers, scale · (data -
    zero), one for all or for each index of axis; empty where the file has none. grid: an activation's,
    if it is of bytes. fault: why its data cannot be read, empty where they can."""
    name: str
    shape: list
    data: object = None
    scales: object = ()
    zeros: object = ()
    axis: int = 0
    grid: object = None
    fault: str = ""


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


def _quantization(tensor, table, kind):
    """Fills a tensor's scales, zero points and axis."""
    if table is None or not table.vector(2, 4)[1]:
        tensor.fault = tensor.fault or "is of whole numbers without a scale" * (kind in BYTES)
        return
    tensor.scales = np.array(table.numbers(2, "f"), np.float32)
    tensor.zeros = np.array(table.numbers(3, "q") or [0] * len(tensor.scales), np.int64)
    tensor.axis = table.scalar(6, "i", 0)
    if kind not in BYTES and TYPES.get(kind) != np.dtype("<i4"):
        tensor.fault = "is of type %s and has a scale: %s" % (
            TYPES.get(kind) or OTHER_TYPES.get(kind, kind), QUANTIZED)


def _tensor(table, buffers, name):
    label = table.text(3)
    kind = table.scalar(1, "b", 0)
    other = "" if kind in TYPES else OTHER_TYPES.get(kind, "number %d" % kind)
    if table.table(6) is not None:
        raise ConvertError("%s: tensor '%s' is sparse" % (name, label))
    shape, number = table.integers(0), table.scalar(2, "I", 0)
    if number >= len(buffers) or any(size < 0 for size in shape) or len(shape) > 4:
        raise ConvertError("%s: tensor '%s' is damaged" % (name, label))
    content = buffers[number].bytes(0)
    tensor = Tensor(label, shape, fault=READ % other if other else "")
    _quantization(tensor, table.table(4), kind)
    if kind in BYTES and not content and not tensor.fault:
        try:
            tensor.grid = activation_grid(tensor.scales, tensor.zeros, TYPES[kind])
        except ConvertError as error:
            tensor.fault = "has %s" % error
    if other or not content:
        return tensor
    count = 1
    for size in shape:
        count *= size
    if len(content) != count * TYPES[kind].itemsize:
        raise ConvertError("%s: tensor '%s' of shape %s has %d bytes" %
                           (name, label, shape, len(content)))
    tensor.data = np.frombuffer(content, TYPES[kind]).reshape(shape)
    return tensor


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
