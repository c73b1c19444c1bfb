#!/usr/bin/python3
"""Converter: whole numbers that are damaged, hostile or in a form that is not read are refused with a
sentence that names them, and the program ends with 4."""
import os
import sys

import numpy as np

from check import ROOT, case, main, require, run, temp_folder

import fid_writer
import graph_passes
import tflite_maker
from engine import META
from graph import ConvertError, Graph
from grids import Filter, Grid, half
from refusal import need_onnx, refused
from tflite_byte_maker import CASES, Quantized
from tflite_reader import read_tflite

CONVERT = os.path.join(ROOT, "convert", "convert.py")
INF, NAN = np.inf, np.nan


def network(**more):
    make, floats = CASES["blocks_of_a_mobile_network"]
    return Quantized(make(), floats, **more)


def tensor_of(whole, kind, rank=4):
    """A tensor of the type: the first activation, or the first constant with this rank."""
    for tensor in whole.tensors:
        if tensor[1] == ("b", kind) and len(tensor[0]) == rank and tensor[2] != ("I", 0):
            return tensor
    raise AssertionError("there is no such tensor")


# what is changed of a tensor's scales, and what the sentence says
SCALES = (
    ({2: np.float32([0])}, "scale of 0"), ({2: np.float32([-0.5])}, "scale of -0.5"),
    ({2: np.float32([NAN])}, "scale of nan"), ({2: np.float32([INF])}, "scale of inf"),
    ({2: np.float32([1e-12])}, "scale of 1e-12"), ({2: np.float32([1e30])}, "scale of 1e+30"),
    ({2: np.float32([])}, "without a scale"), ({3: np.int64([200])}, "zero point of 200"),
    ({3: np.int64([-129])}, "zero point of -129"), ({3: np.int64([1 << 40])}, "zero point of"),
    ({2: np.float32([0.1, 0.2])}, "2 scales"), ({3: np.int64([1, 2])}, "zero points"),
)


def sentence(data):
    """What the program says of a file; it has to be one sentence and exit 4."""
    path = os.path.join(temp_folder(), "q.tflite")
    with open(path, "wb") as file:
        file.write(data)
    done = run(sys.executable, CONVERT, path, "--card", "plain", "-o", path + ".fid")
    require(done.returncode == 4 and done.stderr.count("\n") == 1, "exit %d: %s" % (
        done.returncode, done.stderr))
    require(not os.path.exists(path + ".fid"), "a file was written")
    return done.stderr


@case
def scales_of_activations_that_are_none():
    for change, words in SCALES:
        whole = network()
        whole.tensors[0][4].update(change)
        refused(lambda: read_tflite(whole.bytes(), "f"), "f: ", words)


@case
def scales_of_filters_that_are_none():
    for change, words in SCALES:
        whole = network(weights="tensor")
        tensor_of(whole, 9)[4].update(change)
        refused(lambda: read_tflite(whole.bytes(), "f"), "f: node", "CONV_2D", words)
    whole = network()
    tensor_of(whole, 9)[4][6] = ("i", 1)
    refused(lambda: read_tflite(whole.bytes(), "f"), "CONV_2D", "each of its 8")


@case
def biases_that_are_none():
    whole = network()
    tensor_of(whole, 2, 1)[4][3] = np.int64([7] * 8)
    refused(lambda: read_tflite(whole.bytes(), "f"), "CONV_2D", "bias", "7")


@case
def types_where_none_belong():
    whole = network()
    whole.tensors[whole.operators[2][2]][1] = ("b", 7)
    refused(lambda: read_tflite(whole.bytes(), "f"), "int16")
    whole = network()  # a float32 tensor with a scale
    whole.tensors[whole.input][4] = {2: np.float32([0.5])}
    refused(lambda: read_tflite(whole.bytes(), "f"), "float32", "scale")
    whole = network()  # the result of QUANTIZE in float32
    whole.tensors[whole.operators[0][2]][1] = ("b", 0)
    whole.tensors[whole.operators[0][2]].pop(4)
    refused(lambda: read_tflite(whole.bytes(), "f"), "QUANTIZE")


@case
def the_program_says_one_sentence_and_ends_with_4():
    for change, words in SCALES[:2]:
        whole = network()
        whole.tensors[0][4].update(change)
        require(words in sentence(whole.bytes()), words)


@case
def damaged_bytes_end_in_a_sentence():
    data, random = network().bytes(), np.random.default_rng(4)
    taken = 0
    for position in random.integers(0, len(data), 300):
        changed = bytearray(data)
        changed[position] ^= 1 << int(random.integers(8))
        try:
            fid_writer.file_bytes([graph_passes.simplify(read_tflite(bytes(changed), "f"))], META)
            taken += 1
        except ConvertError:
            pass
    require(0 < taken < 300, "%d of 300 damaged files were taken" % taken)


# ---- ONNX ----

def pair(change=None, between=(), kind=np.uint8):
    """The bytes of a model: QuantizeLinear, what stands between, DequantizeLinear. change: (scale, zero
    point) of the latter, or of both where nothing stands between."""
    need_onnx()
    import onnx_byte_cases
    m = onnx_byte_cases.Maker((1, 4, 6, 6))
    how = m.constant(np.float32(0.1)), m.constant(np.array(3, kind))
    other = how if change is None else tuple(map(m.constant, change))
    m.add("QuantizeLinear", "x", *(other if change is not None and between == () else how))
    for operator, *inputs in between:
        m.add(operator, m.last, *inputs)
    m.add("DequantizeLinear", m.last, *other)
    return m.model()[0].SerializeToString()


@case
def onnx_scales_that_are_none():
    need_onnx()
    from onnx_reader import read_onnx
    byte = np.uint8(3)
    for scale, words in ((0.0, "scale of 0"), (-1.0, "scale of -1"), (NAN, "scale of nan"),
                         (INF, "scale of inf"), (1e-12, "1e-12"), (1e12, "1e+12")):
        refused(lambda: read_onnx(pair((np.float32(scale), byte)), "f"), "f: node", "QuantizeLinear",
                words)
    for change, words in (((np.float32([0.1] * 4), np.uint8([3] * 4)), "4 scales"),
                          ((np.float32([[0.1]]), np.uint8([[3]])), "scales of shape"),
                          ((np.float32([0.1] * 4), byte), "zero points of shape"),
                          ((np.float32(0.1), np.int32(3)), "int32"),
                          ((np.float32(0.1), np.int16(3)), "int16"),
                          ((np.int32(1), byte), "int32")):
        refused(lambda: read_onnx(pair(change), "f"), "f: node", words)


@case
def onnx_bytes_that_are_computed_with():
    need_onnx()
    from onnx_reader import read_onnx
    for between, words in (((("Relu",),), "Relu"), ((("Add", np.uint8(3)),), "Add")):
        refused(lambda: read_onnx(pair(None, between), "f"), "f: node", words, "whole numbers")
    between = (("Identity",),)  # another scale, zero point or type before than behind
    for change in ((np.float32(0.2), np.uint8(3)), (np.float32(0.1), np.uint8(4)),
                   (np.float32(0.1), np.int8(3))):
        refused(lambda: read_onnx(pair(change, between), "f"), "DequantizeLinear", "own")
    read_onnx(pair(None, between), "f")


@case
def onnx_weights_that_are_none():
    need_onnx()
    import onnx_byte_cases
    from onnx_reader import read_onnx
    for scale, zero, axis, words in (
            (0.0, 0, 0, "scale of 0"), (-0.1, 0, 0, "scale of -0.1"), (NAN, 0, 0, "scale of nan"),
            (1e-12, 0, 0, "1e-12"), (0.1, 0, 1, "each of its 4"), (0.1, 0, 7, "do not fit")):
        m = onnx_byte_cases.Maker((1, 4, 6, 6))
        w = m.add("DequantizeLinear", m.random.integers(1, 99, (4, 4, 1, 1)).astype(np.int8),
                  np.full(4, scale, np.float32), np.full(4, zero, np.int8), axis=axis)
        m.add("Conv", "x", w)
        refused(lambda: read_onnx(m.model()[0].SerializeToString(), "f"), "f: node", words)


# ---- the writer ----

def small(**more):
    """convert, conv of bytes, convert; more: fields of the nodes by their names."""
    graph = Graph("g", "x", 4, 4, 3)
    graph.append("convert", ["x"], "a", grid=Grid((0.5,), 128))
    graph.append("conv", ["a"], "b", kernel=(1, 1), stride=(1, 1), dilation=(1, 1), groups=1,
                 grid=Grid((0.25,), 3), tensors={"bias": np.ones(2), "filter": Filter(
                     "s8", np.ones((2, 1, 1, 3), np.int16), np.float32([0.5, 1]))})
    graph.append("convert", ["b"], "c")
    graph.outputs = ["c"]
    for name, fields in more.items():
        node = graph.producer(name)
        for field, value in fields.items():
            if field in ("filter", "bias"):
                node.tensors[field] = value
            else:
                setattr(node, field, value)
    return graph


@case
def the_writer_refuses_what_the_reader_would():
    file = fid_writer.file_bytes([small()], META)
    require(file[8:12] == b"\1\0\3\0", "version %s" % file[8:12])

    def filters(data=1, scales=(0.5, 1), kind="s8"):
        return Filter(kind, np.full((2, 1, 1, 3), data, np.int16), np.float32(scales))

    for change in (
            {"a": {"grid": Grid((0.0,), 128)}}, {"a": {"grid": Grid((NAN,), 128)}},
            {"a": {"grid": Grid((-1.0,), 0)}}, {"a": {"grid": Grid((1e12,), 0)}},
            {"a": {"grid": Grid((1.0,), 256)}}, {"a": {"grid": Grid((1.0,), -1)}},
            {"a": {"grid": Grid((1.0,), 0.5)}}, {"a": {"grid": Grid((1.0, 1.0), 0)}},
            {"a": {"grid": None}}, {"c": {"grid": Grid((1.0,), 0)}}, {"b": {"activation": "sigmoid"}},
            {"a": {"grid": Grid((1.0,) * 3, 0)}}, {"b": {"filter": np.ones((2, 1, 1, 3))}},
            {"b": {"filter": filters(128)}}, {"b": {"filter": filters(-128)}},
            {"b": {"filter": filters(scales=(0, 1))}}, {"b": {"filter": filters(scales=(1,))}},
            {"b": {"filter": filters(scales=(NAN, 1))}}, {"b": {"bias": half(np.ones(2))}},
            {"b": {"filter": half(np.ones((2, 1, 1, 3)))}}):
        graph = small(**change)
        refused(lambda: fid_writer.file_bytes([graph], META), "node")
    graph = small()
    graph.outputs = ["b"]
    refused(lambda: fid_writer.file_bytes([graph], META), "'b'", "bytes")


@case
def files_have_the_lowest_version_that_they_need():
    graph = small()
    for node in graph.nodes:
        node.grid = None
    graph.nodes = graph.nodes[1:2]
    graph.nodes[0].inputs, graph.outputs = ["x"], ["b"]
    node = graph.nodes[0]
    for filters, version in ((np.ones((2, 1, 1, 3)), 0), (half(np.ones((2, 1, 1, 3))), 3),
                             (half(np.ones((2, 1, 1, 3)), "bf16"), 3), (node.tensors["filter"], 3)):
        node.tensors["filter"] = filters
        require(fid_writer.file_bytes([graph], META)[10] == version, "version %d" % version)
    node.activation = "tanh"
    node.tensors["filter"] = np.ones((2, 1, 1, 3))
    require(fid_writer.file_bytes([graph], META)[10] == 2, "1.2 for tanh")


@case
def sixteen_bits_are_rounded_to_the_nearest():
    random = np.random.default_rng(2)
    numbers = np.float32(random.standard_normal(5000) * 2.0 ** random.integers(-20, 12, 5000))
    for kind, bits in (("f16", 11), ("bf16", 8)):
        back = np.asarray(half(numbers, kind), np.float64)
        bound = np.maximum(np.abs(numbers) * 2.0 ** -bits, 2.0 ** -25 if kind == "f16" else 0)
        require((np.abs(back - numbers) <= bound).all(), kind)
    graph = small()
    graph.nodes = graph.nodes[1:2]
    node = graph.nodes[0]
    node.inputs, node.grid, graph.outputs = ["x"], None, ["b"]
    node.tensors["filter"] = half(np.full((2, 1, 1, 3), 1e6))
    refused(lambda: fid_writer.file_bytes([graph], META), "finite in f16")


@case
def a_filter_of_the_wrong_shape_is_no_float():
    """What is not of bytes keeps its old sentence."""
    m = tflite_maker.Maker(1, 4, 4, 3)
    m.add("RELU", 0)
    m.tensors[0][1] = ("b", 9)
    refused(lambda: read_tflite(m.bytes(), "f"), "whole numbers without a scale")


main()
