#!/usr/bin/python3
"""The writer of .fid files refuses what the reader refuses, and nothing else: graphs and metadata with
one thing changed, written in spite of the rules too, are shown to faceid."""
import os
import struct

import numpy as np

from check import ROOT, case, main, require, run, shared, skip, temp_folder

import cards
import convert
import fid_rules
import fid_writer
from engine import META
from graph import OPS, ConvertError, Graph
from grids import Filter, Grid, half
from refusal import refused

FACEID = os.path.join(ROOT, "faceid")
INF, NAN = float("inf"), float("nan")
KEYS = {**META, "input.scale": [1.0, 0.5, 2.0]}


def every_operator():
    """A small graph with all of them."""
    graph, ones = Graph("g", "in", 8, 8, 4), np.ones
    window = {"kernel": (3, 3), "stride": (1, 1), "pads": (1, 1, 1, 1)}
    graph.append("conv", ["in"], "conv", groups=1, dilation=(1, 1), activation="prelu", **window, tensors={
        "filter": ones((4, 3, 3, 4)), "bias": ones(4), "slope": ones(4)})
    graph.append("conv", ["conv", "in"], "residual", groups=4, dilation=(1, 1), activation="clamp", low=0.0,
                 high=INF, **window, tensors={"filter": ones((4, 3, 3, 1)), "bias": ones(4)})
    graph.append("max_pool", ["residual"], "most", kernel=(3, 3), stride=(2, 2), pad_mode="same")
    graph.append("average_pool", ["most"], "mean", kernel=(2, 2), stride=(1, 1), pad_mode="ceil")
    graph.append("resize_nearest", ["mean"], "large", scale=2)
    graph.append("affine", ["large"], "affine", tensors={"scale": ones(4), "shift": ones(4)})
    graph.append("activation", ["affine"], "sigmoid", activation="sigmoid")
    graph.append("add", ["sigmoid", "affine"], "sum")
    graph.append("multiply", ["sum", "affine"], "product")
    graph.append("concat", ["product", "sum"], "join", axis=3)
    graph.append("transpose", ["join"], "turned", shape=(0, 3, 1, 2))
    graph.append("reshape", ["turned"], "flat", shape=(0, 1, 1, -1))
    graph.append("fully_connected", ["flat"], "dense", tensors={"filter": ones((5, 288)), "bias": ones(5)})
    graph.append("softmax", ["dense"], "classes", axis=3)
    graph.append("layer_norm", ["join"], "norm", epsilon=1e-5, tensors={"scale": ones(8), "shift": ones(8)})
    graph.append("l2_normalize", ["norm"], "length", epsilon=1e-12)
    graph.append("matmul", ["norm", "length"], "matmul", axis=3)
    graph.append("resize_bilinear", ["matmul"], "bilinear", scale=2)
    graph.append("slice", ["bilinear"], "slice", axis=1, shape=(0, 1, 3, 0))
    graph.append("global_average_pool", ["join"], "top")
    graph.outputs = ["classes", "top", "slice"]
    return graph


def every_operator_of_bytes():
    """A small graph with all that take bytes."""
    graph, grid = Graph("g", "in", 8, 8, 4), Grid((0.5,), 7)
    window = {"kernel": (3, 3), "stride": (1, 1), "pads": (1, 1, 1, 1)}

    def filters(*dims):
        return Filter("s8", np.ones(dims, np.int16), np.full(dims[0], 0.25, np.float32))

    graph.append("convert", ["in"], "bytes", grid=Grid((0.5, 1.0, 2.0, 4.0), 7))
    graph.append("conv", ["bytes"], "depthwise", groups=4, dilation=(1, 1), activation="prelu", grid=grid, **window,
                 tensors={"filter": filters(4, 3, 3, 1), "bias": np.ones(4), "slope": np.ones(4)})
    graph.append("conv", ["depthwise", "depthwise"], "dense", groups=1, dilation=(1, 1), grid=grid, **window,
                 activation="clamp", low=0.0, high=INF, tensors={"filter": filters(4, 3, 3, 4), "bias": np.ones(4)})
    graph.append("max_pool", ["dense"], "most", kernel=(3, 3), stride=(2, 2), pad_mode="same", grid=grid)
    graph.append("resize_nearest", ["most"], "large", scale=2, grid=grid)
    graph.append("add", ["large", "dense"], "sum", grid=grid)
    graph.append("concat", ["sum", "large"], "join", axis=3, grid=grid)
    graph.append("transpose", ["join"], "turned", shape=(0, 3, 1, 2), grid=grid)
    graph.append("slice", ["turned"], "slice", axis=1, shape=(0, 1, 3, 0), grid=grid)
    graph.append("reshape", ["slice"], "flat", shape=(0, 1, 1, -1), grid=grid)
    graph.append("fully_connected", ["flat"], "vector", tensors={"filter": filters(5, 192), "bias": np.ones(5)})
    graph.append("conv", ["vector"], "half", kernel=(1, 1), stride=(1, 1), dilation=(1, 1), groups=1, activation="tanh",
                 tensors={"filter": half(np.ones((2, 1, 1, 5)), "bf16"), "bias": np.ones(2)})
    graph.append("global_average_pool", ["join"], "top")
    graph.append("convert", ["sum"], "real")
    graph.outputs = ["half", "top", "real"]
    return graph


OTHER, CHANNELS = Grid((0.25,), 7), Grid((0.5,) * 4, 7)
BYTE_CHANGES = (
    ("bytes", "grid", (None, OTHER, Grid((0.5,) * 3, 7), Grid((0.5, 1.0), 7), Grid((0.5,), 255), Grid((0.5,), 0))),
    ("depthwise", "grid", (None, CHANNELS, OTHER)), ("depthwise", "groups", (1, 2)),
    ("depthwise", "activation", ("none", "clamp", "sigmoid", "tanh")), ("depthwise", "inputs", (["in"], ["bytes", "in"])),
    ("dense", "grid", (None, CHANNELS, OTHER)), ("dense", "inputs", (["bytes"], ["depthwise", "bytes"], ["depthwise", "in"], ["in"])),
    ("dense", "activation", ("none", "sigmoid")), ("most", "grid", (None, OTHER)), ("large", "grid", (None, OTHER)),
    ("most", "op", ("average_pool",)), ("sum", "op", ("multiply",)), ("sum", "grid", (None, OTHER, CHANNELS)),
    ("sum", "inputs", (["large", "bytes"], ["large", "in"])), ("sum", "activation", ("sigmoid", "clamp")),
    ("join", "inputs", (["sum", "in"],)), ("join", "grid", (None, OTHER)), ("turned", "grid", (None, OTHER)),
    ("slice", "grid", (None,)), ("flat", "grid", (None, OTHER)), ("vector", "grid", (Grid((3.0,), 9),)),
    ("vector", "activation", ("sigmoid", "gelu")), ("top", "grid", (OTHER,)), ("top", "inputs", (["bytes"], ["in"])),
    ("real", "grid", (OTHER,)), ("real", "inputs", (["vector"], ["bytes"])), ("half", "grid", (OTHER,)),
    ("half", "inputs", (["top"], ["flat"])),
)

# node, field, values to try
CHANGES = (
    ("conv", "kernel", ((3, 2), (0, 3), (256, 3), (1 << 31, 3))), ("conv", "stride", ((16, 1), (17, 1), (0, 1))),
    ("conv", "pads", ((255, 0, 0, 0), (256, 1, 1, 1), (-1, 1, 1, 1))), ("conv", "dilation", ((16, 1), (17, 1), (0, 0))),
    ("conv", "groups", (0, 2, -1)), ("conv", "axis", (1,)), ("conv", "scale", (2,)), ("conv", "shape", ((0, 1, 0, 0),)),
    ("conv", "pad_mode", ("same", "ceil")), ("conv", "low", (1.0,)),
    ("conv", "activation", ("none", "sigmoid", "clamp")), ("conv", "name", ("", "residual", "a\nb", "\ud800")),
    ("residual", "low", (NAN, INF, 1e39, -INF, 5.0)), ("residual", "high", (NAN, -INF, -1.0, 1e39)),
    ("residual", "inputs", (["conv"], ["in"], ["conv", "in", "in"], ["conv", "most"], ["residual"], ["nobody"], [])),
    ("most", "kernel", ((255, 3), (3, 0))), ("most", "pads", ((1, 0, 0, 0),)), ("most", "dilation", ((1, 1),)),
    ("most", "pad_mode", ("explicit", "ceil")), ("most", "activation", ("clamp", "sigmoid")), ("most", "groups", (1,)),
    ("mean", "pads", ((1, 1, 1, 1), (2, 0, 0, 0), (0, 0, 2, 0), (0, 0, 3, 0))), ("mean", "stride", ((16, 16),)),
    ("large", "scale", (1, 0, 3, 16, 17)), ("large", "shape", ((0, 1, 1, 1),)),
    ("sigmoid", "activation", ("none", "clamp")), ("sigmoid", "kernel", ((1, 1),)),
    ("sum", "inputs", (["sigmoid"], ["sigmoid", "mean"], ["sigmoid"] * 3, ["sigmoid", "sigmoid"])),
    ("sum", "activation", ("sigmoid", "clamp")), ("product", "inputs", (["sum", "mean"], ["sum", "dense"])),
    ("join", "axis", (0, 1, 2, 4, -1)), ("join", "inputs", (["product"], ["product", "mean"])),
    ("turned", "shape", ((0, 1, 2, 3), (0, 1, 1, 2), (1, 0, 2, 3), (0, 1, 2, 4), (0, 3, 1, -1))),
    ("flat", "shape", ((0, 1, 1, 288), (0, 0, 1, -1), (0, -1, 1, -1), (0, 5, 1, -1), (1, 1, 1, -1), (0, 1, 1, 1 << 25))),
    ("norm", "epsilon", (0.0, -1.0, NAN, INF)), ("length", "epsilon", (-1.0, 2.5)), ("length", "mode", ("asymmetric",)),
    ("matmul", "axis", (1, 2, 3)), ("matmul", "inputs", (["norm", "top"],)), ("conv", "epsilon", (1.0,)),
    ("bilinear", "scale", (0, 1, 17)), ("bilinear", "shape", ((0, 3, 4, 0),)), ("bilinear", "mode", ("align_corners",)),
    ("slice", "shape", ((0, 0, 0, 0), (0, 99, 1, 0), (0, 1, 2, 1), (0, -1, 2, 0))), ("slice", "axis", (0, 2, 3)),
    ("sigmoid", "activation", ("tanh", "gelu", "hard_swish", "exp", "reciprocal")),
    ("classes", "axis", (1, 2, 0)), ("top", "output", ("in", "", "classes")), ("dense", "op", ("softmax", "pad")),
)
GRAPH_CHANGES = (
    ("outputs", ([], ["classes", "classes"], ["in"], ["join", "top"])), ("name", ("", "x")), ("input", ("", "conv")),
    ("size", ((8, 8, 0), (0, 8, 4), (1 << 25, 1, 4))), ("multiple", (0, 2)), ("free_size", (True,)),
    ("nodes", ([],)),
)
META_CHANGES = ({"input.a": "b\nc"}, {"input=a": "b"}, {"info.a": "b\nc"}, {"info=a": "b"}, {"": "b"}, {"input.a": ""},
                {"input.a": "\ud800"}, {"a\0": "b"}, {"input.a": [1, 1 << 62]}, {"labels": ["a"] * 3},
                {"input.a": [1.0] * 5000}, {"input.%d" % i: 1 for i in range(4100)})


def written(graphs, meta, rules=True):
    """The bytes of a file, or None where it cannot be written; rules: by them or not."""
    kept = {name: getattr(fid_rules, name) for name in ("check_graphs", "check_metadata", "check_sections")}
    try:
        if not rules:
            for name in kept:
                setattr(fid_rules, name, lambda *_: None)
        return fid_writer.file_bytes(graphs, meta)
    except ConvertError:
        return None
    except (struct.error, OverflowError, KeyError, UnicodeEncodeError, TypeError, ValueError):
        require(not rules, "the rules let through what cannot be written")
        return None
    finally:
        for name, function in kept.items():
            setattr(fid_rules, name, function)


def accepted(data):
    """Does faceid take the file?"""
    if not os.path.exists(FACEID):
        skip("faceid is not built")
    path = os.path.join(temp_folder(), "model.fid")
    with open(path, "wb") as file:
        file.write(data)
    done = run(FACEID, "model", "info", path)
    require(done.returncode in (0, 3, 4), "exit %d: %s" % (done.returncode, done.stderr))
    return done.returncode == 0


def compare(label, graphs, meta):
    """Both say the same of a file; returns what."""
    by_rules, anyway = written(graphs, meta), written(graphs, meta, False)
    if by_rules is None and anyway is None:
        return False
    reader = accepted(anyway if by_rules is None else by_rules)
    require(reader == (by_rules is not None), "%s: the writer %s, faceid %s" % (
        label, "writes" if by_rules else "refuses", "takes it" if reader else "refuses it"))
    return reader


@case
def every_operator_has_a_rule():
    require(set(fid_rules.RULES) == set(OPS), str(set(fid_rules.RULES) ^ set(OPS)))
    both = [every_operator(), every_operator_of_bytes()]
    require({node.op for graph in both for node in graph.nodes} == set(OPS), "the graphs lack one")
    for graph in both:
        require(compare("whole", [graph], KEYS), "the graph itself is refused")


@case
def a_changed_node_is_refused_by_both_or_by_none():
    taken = refused_ = 0
    for name, field, values in CHANGES:
        for value in values:
            graph = every_operator()
            setattr(next(node for node in graph.nodes if node.name == name), field, value)
            answer = compare("%s.%s = %r" % (name, field, value), [graph], KEYS)
            taken, refused_ = taken + answer, refused_ + (not answer)
    require(taken >= 15 and refused_ >= 60, "%d taken, %d refused" % (taken, refused_))


@case
def a_changed_type_is_refused_by_both_or_by_none():
    taken = refused_ = 0
    for name, field, values in BYTE_CHANGES:
        for value in values:
            graph = every_operator_of_bytes()
            setattr(next(node for node in graph.nodes if node.name == name), field, value)
            answer = compare("%s.%s = %r" % (name, field, value), [graph], KEYS)
            taken, refused_ = taken + answer, refused_ + (not answer)
    require(taken >= 10 and refused_ >= 30, "%d taken, %d refused" % (taken, refused_))


@case
def numbers_in_few_bits_are_refused_by_both_or_by_none():
    """Scales, zero points and bytes that are none: written in spite of the rules they are refused."""
    taken = 0
    for scale in (0.0, -1.0, NAN, INF, 1e-10, 1e10, 2.0 ** 30, 2.0 ** -30):
        for name in ("depthwise", "bytes"):
            graph = every_operator_of_bytes()
            node = next(node for node in graph.nodes if node.name == name)
            if name == "bytes":
                node.grid = Grid((scale, 1.0, 2.0, 4.0), 7)
            else:
                node.tensors["filter"].scales[1] = scale
            taken += compare("scale %g of %s" % (scale, name), [graph], KEYS)
    for zero in (-1, 256, 0.5, 0, 255):
        graph = every_operator_of_bytes()
        graph.nodes[0].grid = Grid((1.0,), zero)
        taken += compare("zero point %g" % zero, [graph], KEYS)
    for byte in (-128, -127):
        graph = every_operator_of_bytes()
        graph.nodes[1].tensors["filter"].data[0] = byte
        taken += compare("byte %d" % byte, [graph], KEYS)
    require(taken == 7, "%d are taken" % taken)


@case
def a_changed_graph_is_refused_by_both_or_by_none():
    for field, values in GRAPH_CHANGES:
        for value in values:
            graph = every_operator()
            setattr(graph, field, value)
            compare("%s = %r" % (field, value), [graph], KEYS)
    two = [every_operator(), every_operator()]
    compare("two of one name", two, KEYS)
    two[1].name = "h"
    require(compare("two", two, KEYS), "two graphs are refused")
    for label, change in (("rank", {"bias": np.ones((4, 1))}), ("empty", {"bias": np.ones(0)}),
                          ("none", {"filter": np.ones((0, 3, 3, 4))}), ("groups", {"filter": np.ones((4, 3, 3, 2))})):
        graph = every_operator()
        graph.nodes[0].tensors.update(change)
        require(not compare(label, [graph], KEYS), "%s is taken" % label)


@case
def changed_metadata_is_refused_by_both_or_by_none():
    for change in META_CHANGES:
        compare("metadata %.60s" % change, [every_operator()], {**KEYS, **change})


@case
def limits_of_size_and_work_are_the_readers():
    """Values of 2^28 numbers, work of 2^42, 65,536 nodes."""
    def pools(size, count, kernel):
        graph = Graph("g", "in", *size)
        for i in range(count):
            graph.append("max_pool", ["p%d" % (i - 1) if i else "in"], "p%d" % i, kernel=(kernel, kernel),
                         stride=(1, 1), pad_mode="same")
        graph.outputs = ["p%d" % (count - 1)]
        return graph

    for label, graph, fits in (("2^28", pools((1 << 14, 1 << 14, 1), 1, 3), True),
                               ("over 2^28", pools((1 << 14, (1 << 14) + 1, 1), 1, 3), False),
                               ("work", pools((1 << 13, 1 << 13, 1), 1, 255), True),
                               ("too much work", pools((1 << 14, 1 << 14, 1), 1, 255), False),
                               ("many nodes", pools((1, 1, 1), 5000, 1), True)):
        require(compare(label, [graph], KEYS) == fits, label)
    refused(lambda: fid_rules.check_sections({**dict.fromkeys(fid_rules.MOST_RECORDS, 0), "VALU": 65537}, 0),
            "65537", "VALU")


@case
def what_the_converter_accepts_faceid_accepts():
    """The small models of ../shared that have a card."""
    for name in ("mobilefacenet/MobileFaceNet.onnx", "yunet/yunet_n_dynamic.onnx", "yunet/yunet_s_320_320.onnx"):
        with open(shared("models/" + name), "rb") as file:
            sources = [(name, file.read())]
        data = convert.convert(sources, cards.by_sha256(convert.digests_of(sources)))[0]
        require(accepted(data), name)


main()
