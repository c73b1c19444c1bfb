#!/usr/bin/python3
"""Heads side by side become one layer (convert/sibling_passes.py): which do and which do not, the
same numbers before and after, and the engine with them."""
import copy

import numpy as np

from check import case, main, require

import graph_passes
import reference
from engine import error_bounds, first_difference, run_engine, write_fid
from graph import Graph
from sibling_passes import MOST_CHANNELS

RANDOM = np.random.default_rng(21)
ONE, THREE = {"kernel": (1, 1)}, {"kernel": (3, 3), "pads": (1, 1, 1, 1)}
HEADS = (("cls", 1, "sigmoid"), ("box", 4, "none"), ("obj", 1, "sigmoid"), ("points", 10, "none"))


def conv(graph, value, name, count, channels, groups=1, **fields):
    kernel = fields["kernel"]
    graph.append("conv", [value], name, groups=groups,
                 **{"stride": (1, 1), "dilation": (1, 1), **fields},
                 tensors={"filter": RANDOM.standard_normal((count, *kernel, channels // groups)),
                          "bias": RANDOM.standard_normal(count)})
    return name


def trunk(channels=24):
    graph = Graph("g", "x", 6, 5, 3)
    conv(graph, "x", "trunk", channels, 3, **THREE)
    return graph


def detector(heads=HEADS):
    """A trunk and heads of a narrow 1x1 layer and a 3x3 layer by channel each."""
    graph = trunk()
    for name, count, activation in heads:
        conv(graph, "trunk", name + ".narrow", count, 24, **ONE)
        conv(graph, name + ".narrow", name, count, count, groups=count, **THREE)
        if activation != "none":
            graph.append("activation", [name], name + ".score", activation=activation)
    graph.outputs = [name + ".score" * (activation != "none") for name, _, activation in heads]
    return graph


def simplified(graph):
    """The graph after the passes, with the numbers that it computed before."""
    x = RANDOM.standard_normal((2, 6, 5, 3))
    before = reference.run_graph(graph, x)
    graph_passes.simplify(graph)
    after = reference.run_graph(graph, x)
    for name in graph.outputs:
        require(np.abs(before[name] - after[name]).max() < 1e-12, "%s has other numbers" % name)
    return graph


def counted(graph):
    return {op: sum(node.op == op for node in graph.nodes) for op in ("conv", "slice", "activation")}


@case
def heads_become_two_layers_and_slices():
    graph = simplified(detector())
    require(counted(graph) == {"conv": 3, "slice": 4, "activation": 2}, "%s" % counted(graph))
    require([len(node.tensors["bias"]) for node in graph.nodes if node.op == "conv"] ==
            [24, 16, 16], "not sixteen channels")


@case
def the_engine_computes_the_same():
    graph = simplified(detector())
    x = RANDOM.standard_normal((2, 6, 5, 3)).astype(np.float32)
    want, path = reference.run_graph(graph, x), write_fid([graph])
    bounds = error_bounds(graph, x)
    for options in ({"isa": "ref"}, {}, {"threads": "2"}):
        wrong = first_difference(run_engine(path, x, **options), want,
                                 lambda name, _: bounds[name])
        require(wrong is None, "%s: %s" % (options, wrong))


@case
def an_activation_of_all_stays_in_the_layer():
    graph = detector(HEADS[::2])
    for name in ("cls.narrow", "obj.narrow"):
        node = graph.producer(name)
        node.activation, node.low, node.high = "clamp", 0.0, np.inf
    require(counted(simplified(graph)) == {"conv": 3, "slice": 2, "activation": 0}, "apart")


@case
def seventeen_channels_stay_apart():
    wide = (("a", 8, "none"), ("b", 9, "none"))
    require(counted(simplified(detector(wide))) == {"conv": 5, "slice": 0, "activation": 0}, "joined")
    three = wide[:1] + (("c", 8, "none"),) + wide[1:]
    graph = simplified(detector(three))
    require(counted(graph) == {"conv": 5, "slice": 2, "activation": 0}, "%s" % counted(graph))
    require(max(len(node.tensors["bias"]) for node in graph.nodes[1:] if node.op == "conv") ==
            MOST_CHANNELS, "not as many as fit")


@case
def others_stay_apart():
    """Another geometry, a slope, groups, another reader of a narrow value: as they were."""
    def changed(change):
        graph = detector(HEADS[:2])
        change(graph, *(copy.copy(graph.producer(name)) for name in ("box.narrow", "box")))
        return counted(simplified(graph))

    def stride(graph, *_):
        graph.producer("box.narrow").stride = (2, 2)

    def slope(graph, *_):
        node = graph.producer("box.narrow")
        node.activation, node.tensors["slope"] = "prelu", np.full(4, 0.5)

    def groups(graph, *_):
        node = graph.producer("box.narrow")
        node.groups, node.tensors["filter"] = 2, node.tensors["filter"][..., :12]

    for change in (stride, slope, groups):
        require(changed(change)["conv"] == 5, "%s: joined" % change.__name__)

    def dilated(graph, *_):
        graph.producer("box").dilation, graph.producer("box").pads = (2, 2), (2, 2, 2, 2)

    def read_twice(graph, *_):
        graph.outputs.append("box.narrow")

    for change in (dilated, read_twice):
        found = changed(change)
        require(found["conv"] == 4 and found["slice"] == 2, "%s: %s" % (change.__name__, found))


main()
