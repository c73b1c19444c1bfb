#!/usr/bin/python3
"""Converter: TFLite files in whole numbers keep their scales, agree with TensorFlow Lite's own
arithmetic up to single steps, and the engine computes them bit by bit as kernels.h says."""
import numpy as np

from check import case, main, require, shared

import convert
import graph_passes
import reference
import reference_bytes
import reference_tflite_bytes as exact
from engine import run_engine, tool, write_fid
from grids import is_bytes
from reference_tflite_bytes import run_tflite_bytes
from tflite_byte_maker import CASES, Quantized
from tflite_file import parse_tflite
from tflite_peer import run_lite
from tflite_reader import read_tflite

FORMS = (("int8", np.int8, "channel", True), ("per tensor", np.int8, "tensor", False),
         ("uint8", np.uint8, "tensor", True), ("uint8 weights", np.uint8, "uint8", False))
CORAL = "coral/mobilefacenet_993_quant.tflite"


def read(data, name):
    """(tflite_file.Model, simplified graph)."""
    return parse_tflite(data, name), graph_passes.simplify(read_tflite(data, name))


def made(name, kind=np.int8, weights="channel", ends=True):
    """(Model, graph, input) of a case."""
    make, floats = CASES[name]
    whole = Quantized(make(), floats, kind, weights, ends)
    return (*read(whole.bytes(), name), whole.x)


def plain(name):
    """The name in the file of a value of the graph."""
    return name.removesuffix(":bytes").removesuffix(":rounded")


def left_out(model, inputs, output):
    """The activations between tensors called inputs and the one called output, with the largest slope
    that lies behind each."""
    maker = {model.tensors[operator.outputs[0]].name: operator for operator in model.operators}
    found, open_, slope = [], [output], 1.0
    while open_:
        operator = maker.get(open_.pop())
        for number in operator.inputs if operator else ():
            tensor = model.tensors[number]
            if operator.name == "PRELU" and tensor.data is not None:
                slope = max(slope, float(np.abs(tensor.data).max()))
            if number >= 0 and tensor.data is None and tensor.name not in inputs:
                found.append(tensor)
                open_.append(tensor.name)
    return found, slope


def bytes_of(tensor, values):
    return exact.unsigned(tensor, values[tensor.name])


def compare(node, grids, tensors, values, model):
    """How far a node of bytes, given what TensorFlow Lite computed before it, is from what that computes
    next: (steps, bound, is it the same operator there?), or None where there are no bytes."""
    names, tensor = [plain(value) for value in node.inputs], tensors.get(plain(node.output))
    given = [grids.get(value) for value in node.inputs]
    if tensor is None or all(grid is None for grid in [node.grid] + given) or any(
            name not in tensors or (tensors[name].grid is None) != (grid is None)
            for name, grid in zip(names, given)):
        return None
    inputs = [values[name] if grid is None else bytes_of(tensors[name], values)
              for name, grid in zip(names, given)]
    found = reference_bytes.run_node(node, grids, [x.reshape(x.shape[:1] + graph_shape(x))
                                                   for x in inputs])
    skipped, slope = left_out(model, names, tensor.name)
    skipped = [t for t in skipped if t.grid is not None]
    grid = tensor.grid or skipped[0].grid
    step = grid.scales[0]
    if tensor.grid is None:
        off = np.abs(found.reshape(values[tensor.name].shape) - values[tensor.name]) / step
    else:
        found = found if node.grid is not None else grid.bytes_of(found)
        off = np.abs(found.astype(int).ravel() - bytes_of(tensor, values).ravel())
    for t in skipped:  # what ran into the ends of a range that is left out is another number
        if values[t.name].size == off.size:
            off[np.isin(bytes_of(t, values), (0, 255)).reshape(off.shape)] = 0
    bound = 1 + sum(0.5 * slope * t.grid.scales[0] / step for t in skipped) + 1e-4
    return off, bound, not skipped


def check_steps(label, model, graph, values):
    """Every node of bytes agrees up to one step, and half a step of each rounding that is left out.
    Returns (nodes compared, share of numbers that differ where none is left out)."""
    tensors = {tensor.name: tensor for tensor in model.tensors}
    grids = {node.output: node.grid for node in graph.nodes}
    compared, differ, count = 0, 0, 0
    for node in graph.nodes:
        found = compare(node, grids, tensors, values, model)
        if found is None:
            continue
        off, bound, same = found
        require(off.max() <= bound, "%s: %s is off by %g steps, bound %g" % (
            label, node.output, off.max(), bound))
        compared += 1
        if same:
            differ, count = differ + np.count_nonzero(off), count + off.size
    return compared, differ / max(count, 1)


def graph_shape(x):
    inner = x.shape[1:]
    return {1: (1, 1) + inner, 2: inner[:1] + (1,) + inner[1:], 3: inner}[len(inner)]


@case
def small_networks_agree_with_tensorflow_lite():
    for label, kind, weights, ends in FORMS:
        total = 0
        for name in CASES:
            model, graph, x = made(name, kind, weights, ends)
            compared, share = check_steps("%s, %s" % (name, label), model, graph,
                                          run_tflite_bytes(model, x))
            total += compared
            require(share <= 0.05, "%s, %s: %g of the numbers differ" % (name, label, share))
        require(total >= 5, "%s: %d nodes were compared" % (label, total))


@case
def results_are_near_those_of_the_network_in_float():
    for label, kind, weights, ends in FORMS:
        for name, (make, _) in CASES.items():
            _, graph, x = made(name, kind, weights, ends)
            got, maker = reference_bytes.run_bytes(graph, x)[graph.outputs[0]], make()
            want = maker.values[maker.outputs[0] if maker.outputs else maker.operators[-1][2]]
            require(cosine(got, want) >= 0.99, "%s, %s: cosine %g" % (name, label,
                                                                      cosine(got, want)))


def nodes_of(name, **form):
    return [(node.op, len(node.inputs), node.activation, node.grid is not None)
            for node in made(name, **form)[1].nodes]


@case
def a_mobile_network_is_bytes_from_end_to_end():
    """PReLU, padding and residual are the convolutions'; the last one gives float32."""
    wanted = [("convert", 1, "none", True), ("conv", 1, "prelu", True), ("conv", 1, "prelu", True),
              ("conv", 1, "none", True), ("conv", 2, "none", True), ("conv", 1, "none", False)]
    for ends in (True, False):
        found = nodes_of("blocks_of_a_mobile_network", ends=ends)
        require(found == wanted, "ends %s: %s" % (ends, found))
    graph = made("blocks_of_a_mobile_network")[1]
    require(graph.nodes[1].pads == (1, 1, 1, 1) and graph.nodes[3].pads == (1, 1, 1, 1),
            "the paddings are not the convolutions'")


@case
def scales_and_bytes_are_the_files():
    model, graph, _ = made("blocks_of_a_mobile_network")
    tensors = {tensor.name: tensor for tensor in model.tensors}
    filters = [tensor for tensor in model.tensors if tensor.data is not None and
               tensor.data.dtype == np.int8]
    for node in graph.nodes:
        if node.grid is not None:
            tensor = tensors[plain(node.output)]
            require(node.grid.scales == (float(tensor.scales[0]),) and
                    node.grid.zero == tensor.zeros[0] + 128, "%s: another grid" % node.output)
        if is_bytes(node.tensors.get("filter")):
            found = [t for t in filters if t.data.size == node.tensors["filter"].data.size and
                     np.array_equal(np.sort(t.data.ravel()),
                                    np.sort(node.tensors["filter"].data.ravel()))]
            require(len(found) == 1 and np.array_equal(node.tensors["filter"].scales,
                                                       found[0].scales), "%s: its filter" % node.name)


@case
def a_bias_comes_back_as_the_whole_number_it_was():
    """In f32, as the engine rounds it: up to 2^22 products exactly."""
    random = np.random.default_rng(3)
    for scale in 2.0 ** random.uniform(-20, 0, 50):
        step = np.float64(np.float32(scale)) * np.float64(np.float32(random.uniform(0.001, 0.1)))
        whole = random.integers(-1 << 22, 1 << 22, 500)
        back = np.rint(np.float32(whole * step).astype(np.float64) / step)
        require(np.array_equal(back, whole), "a bias is another number")


@case
def weights_of_nine_bits_are_the_sum_of_two_filters():
    model, graph, x = made("channels_by_padding", np.uint8, "uint8")
    names = [node.name for node in graph.nodes]
    require(any(name.endswith(":upper") for name in names) and
            any(name.endswith(":lower") for name in names), "no filter was split: %s" % names)
    for node in graph.nodes:
        if is_bytes(node.tensors.get("filter")):
            require(np.abs(node.tensors["filter"].data).max() <= 127, "%s: a wide filter" % node.name)


def check_engine(label, graph, x):
    """Node by node on the engine's own inputs: bytes, and f32 out of bytes, are the same bits."""
    got = run_engine(write_fid([graph]), x)
    grids, compared = {node.output: node.grid for node in graph.nodes}, 0
    for node in graph.nodes:
        if node.grid is None and all(grids.get(value) is None for value in node.inputs):
            continue  # f32 alone
        if node.activation not in ("none", "clamp", "prelu"):
            continue  # a curve, which is not the same bits everywhere
        want = reference_bytes.run_node(node, grids, [got[value] for value in node.inputs])
        require(got[node.output].dtype == (np.uint8 if node.grid is not None else np.float32),
                "%s: %s has another type" % (label, node.output))
        require(np.array_equal(got[node.output], want), "%s: %s (%s) has other bits" % (
            label, node.output, node.op))
        compared += 1
    require(compared >= 2, "%s: nothing was compared" % label)


@case
def the_engine_computes_the_same_bits():
    tool()
    for label, kind, weights, ends in FORMS:
        for name in CASES:
            _, graph, x = made(name, kind, weights, ends)
            check_engine("%s, %s" % (name, label), graph, x)


@case
def operators_of_the_cases_are_all_that_bytes_have():
    used = {node.op for label, kind, weights, ends in FORMS for name in CASES
            for node in made(name, kind, weights, ends)[1].nodes if node.grid is not None}
    require(used >= {"conv", "add", "max_pool", "concat", "convert", "resize_nearest"},
            "bytes come out of %s alone" % sorted(used))


# ---- the network of ../shared ----

def coral():
    with open(shared("models/" + CORAL), "rb") as file:
        return file.read()


def in_float(data):
    """The graph of a file whose activations are not rounded."""
    graph = read_tflite(data, CORAL)
    for node in graph.nodes:
        if node.op == "round":
            node.op, node.grid = "same", None
    return graph


@case
def coral_is_bytes_from_end_to_end():
    model, graph = read(coral(), CORAL)
    found = [node.op for node in graph.nodes]
    require(found == ["convert"] + ["conv"] * 50, "its nodes: %s" % found)
    require(sum(len(node.inputs) == 2 for node in graph.nodes) == 12, "residuals")
    require([node.grid is None for node in graph.nodes] == [False] * 50 + [True], "types")


@case
def coral_agrees_with_tensorflow_lite_step_by_step():
    model, graph = read(coral(), CORAL)
    x = np.random.default_rng(5).uniform(-1, 1, (1, 112, 96, 3)).astype(np.float32)
    compared, share = check_steps("coral", model, graph, run_tflite_bytes(model, x))
    require(compared >= 45 and share <= 0.002, "%d nodes, share %g" % (compared, share))


def smooth_picture(seed, h, w):
    """Like a face in that neighbors are alike, [1, h, w, 3] in -1..1."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:h, :w] / 16.0
    waves = [a * np.sin(b * y + c * x + d) for a, b, c, d in random.uniform(0, 1, (3, 4)) * [1, 3, 3, 6]]
    return np.clip(np.stack(waves, axis=-1)[None], -1, 1).astype(np.float32)


def cosine(a, b):
    a, b = np.ravel(a).astype(np.float64), np.ravel(b).astype(np.float64)
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


@case
def coral_is_as_near_to_its_float_network_as_tensorflow_lite():
    """8 bits make noise in this network: two builds of TensorFlow Lite differ as much from each other."""
    data = coral()
    graph, real = read(data, CORAL)[1], in_float(data)
    found = []
    for seed in range(4):
        x = smooth_picture(seed, 112, 96)
        exact_ = reference.run_graph(real, x)[real.outputs[0]]
        ours, theirs = reference_bytes.run_bytes(graph, x)[graph.outputs[0]], next(iter(run_lite(data, x).values()))
        found.append((cosine(ours, exact_), cosine(theirs, exact_), cosine(ours, theirs)))
    ours, theirs, both = np.mean(found, axis=0)
    require(ours >= theirs - 0.01 and both >= 0.95,
            "cosine of ours %g, of TensorFlow Lite %g, of both %g" % (ours, theirs, both))


@case
def coral_is_converted_and_runs():
    data = coral()
    sources = [(CORAL, data)]
    import cards
    card = cards.by_sha256(convert.digests_of(sources))
    file, name, graphs, meta = convert.convert(sources, card)
    require(name == "coral" and file[8:12] == b"\1\0\3\0", "card %s, version %s" % (name, file[8:12]))
    require(meta["embed.output"] == graphs[0].outputs[0], "its embedding")
    tool()
    x = np.random.default_rng(5).uniform(-1, 1, (1, 112, 96, 3)).astype(np.float32)
    check_engine("coral", graphs[0], x)


main()
