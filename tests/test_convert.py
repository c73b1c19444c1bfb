#!/usr/bin/python3
"""Converter: every ONNX operator against an interpreter of ONNX, and the engine against both; each
pass; deterministic bytes. What is refused: test_convert_refusals.py."""
import hashlib
import os
import shutil
import sys

import numpy as np

from check import BUILD, ROOT, case, main, require, run, shared, temp_folder

import cards
import convert
import graph_passes
import reference
import reference_tflite
import tflite_byte_maker
import tflite_maker
from crc32c import crc32c
from engine import error_bounds, first_difference, run_engine, tool, write_fid
from graph import Graph
from refusal import need_onnx, refused
from tflite_byte_maker import Quantized
from tflite_file import parse_tflite
from tflite_reader import EMITTERS, read_tflite

CONVERT = os.path.join(ROOT, "convert", "convert.py")
GOLDEN = os.path.join(ROOT, "tests", "golden")


def read_onnx_case(name):
    """(ModelProto, graph as read, simplified graph, input as the model takes it)."""
    from onnx_reader import read_onnx
    model, shape = need_onnx().CASES[name]()
    data = model.SerializeToString()
    x = np.random.default_rng(11).standard_normal(shape).astype(np.float32)
    return model, read_onnx(data, name), graph_passes.simplify(read_onnx(data, name)), x


def expected_outputs(name, model, x):
    """The interpreter's outputs as our engine lays them out."""
    import reference_onnx
    values = reference_onnx.run_onnx(model, x)
    outputs = [values[output.name] for output in model.graph.output]
    last = name in need_onnx().CHANNELS_LAST
    return {output.name: np.moveaxis(value, 1, -1) if value.ndim == 4 and not last else value
            for output, value in zip(model.graph.output, outputs)}


def as_ours(name, x):
    """The case's input with its channels last."""
    return x if name in need_onnx().INPUT_CHANNELS_LAST else np.moveaxis(x, 1, -1)


def in_length(name, value, of=None):
    """value by the length of `of`, or its own, where the passes drop that a network does it."""
    dropped = name in need_onnx().LENGTH_DROPPED
    return value / np.linalg.norm(value if of is None else of) if dropped else value


@case
def crc32c_of_the_rfc_and_of_all_lengths():
    require(crc32c(b"123456789") == 0xE3069283, "check value")
    require(crc32c(bytes(32)) == 0x8A9136AA, "RFC 3720: 32 zeros")
    require(crc32c(b"\xff" * 32) == 0x62A8AB43, "RFC 3720: 32 ones")

    def plain(data):
        crc = 0xFFFFFFFF
        for byte in data:
            crc ^= byte
            for _ in range(8):
                crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
        return crc ^ 0xFFFFFFFF

    data = np.random.default_rng(5).integers(0, 256, 3000, np.uint8).tobytes()
    for size in list(range(70)) + [127, 128, 1000, 2999]:
        require(crc32c(data[:size]) == plain(data[:size]), "%d bytes" % size)


@case
def onnx_cases_cover_every_operator():
    cases = need_onnx().CASES
    import onnx_byte_cases
    import onnx_operators
    made = [*cases.values(), *onnx_byte_cases.CASES.values()]
    used = {node.op_type for make in made for node in make()[0].graph.node}
    require(set(onnx_operators.EMITTERS) == used, "without a case: %s" %
            sorted(set(onnx_operators.EMITTERS) ^ used))


@case
def onnx_operators_agree_with_the_interpreter():
    for name in need_onnx().CASES:
        model, raw, simple, x = read_onnx_case(name)
        want = expected_outputs(name, model, x)
        for kind, graph in (("read", raw), ("simplified", simple)):
            got = reference.run_graph(graph, as_ours(name, x))
            for output, value in want.items():
                got[output] = in_length(name, got[output])
                scale = np.abs(value).max()
                error = np.abs(got[output].reshape(-1) - value.reshape(-1)).max()
                bound = 2.0 ** -24 if name in need_onnx().ROUNDED_CONSTANTS else 1e-12
                require(error <= bound * scale, "%s, %s, %s: error %g of %g" %
                        (name, kind, output, error, scale))


@case
def half_precision_is_read_as_single():
    """A network whose input, weights and outputs are float16, or float between two Casts."""
    cases = need_onnx()
    import reference_onnx
    from onnx import TensorProto
    from onnx_reader import read_onnx
    for cast in (False, True):
        m = cases.Maker(13, (1, 3, 6, 5))
        x = m.add("Cast", "x", to=TensorProto.FLOAT16) if cast else "x"
        m.add("Conv", x, m.array(4, 3, 3, 3).astype("f2"), m.array(4).astype("f2"))
        m.add("PRelu", m.last, m.array(1).astype("f2"))
        m.add("Flatten")
        m.add("Gemm", m.last, m.array(48, 7).astype("f2"))
        if cast:
            m.add("Cast", m.last, to=TensorProto.FLOAT)
        model = m.model()[0]
        for end in (*model.graph.input, *model.graph.output):
            end.type.tensor_type.elem_type = TensorProto.FLOAT if cast else TensorProto.FLOAT16
        graph = graph_passes.simplify(read_onnx(model.SerializeToString(), "half"))
        inner = m.array(1, 3, 6, 5)
        want = reference_onnx.run_onnx(model, inner)[m.last].reshape(-1)
        got = reference.run_graph(graph, np.moveaxis(inner, 1, -1))[m.last].reshape(-1)
        require(np.abs(got - want).max() <= 1e-12 * np.abs(want).max(), "cast %s" % cast)
        require([node.op for node in graph.nodes] == ["conv", "fully_connected"], "operators")
        write_fid([graph])


@case
def engine_runs_every_onnx_operator():
    tool()
    for name in need_onnx().CASES:
        model, _, graph, x = read_onnx_case(name)
        inner = as_ours(name, x)
        bounds = error_bounds(graph, inner)
        exact = reference.run_graph(graph, inner)
        got = run_engine(write_fid([graph]), inner)
        wrong = first_difference(got, exact, lambda value, _: bounds[value])
        require(wrong is None, "%s: %s" % (name, wrong))
        for output, value in expected_outputs(name, model, x).items():
            error = np.abs(in_length(name, got[output]).reshape(-1) - value.reshape(-1))
            bound = in_length(name, bounds[output], got[output]).reshape(-1)
            require((error <= bound + 1e-12).all(), "%s: output %s" %
                    (name, output))


@case
def tflite_cases_cover_every_operator():
    made = [parse_tflite(make().bytes(), name) for name, make in tflite_maker.CASES.items()]
    made += [parse_tflite(Quantized(make(), floats).bytes(), name)
             for name, (make, floats) in tflite_byte_maker.CASES.items()]
    used = {operator.name for model in made for operator in model.operators}
    require(set(EMITTERS) == used, "without a case: %s" % sorted(set(EMITTERS) ^ used))


@case
def engine_runs_every_tflite_operator():
    tool()
    for name, make in tflite_maker.CASES.items():
        data = make().bytes()
        model, graph = parse_tflite(data, name), graph_passes.simplify(read_tflite(data, name))
        x = np.random.default_rng(9).standard_normal((1,) + graph.size).astype(np.float32)
        want = reference_tflite.run_tflite(model, x)
        got, bounds = run_engine(write_fid([graph]), x), error_bounds(graph, x)
        exact = reference.run_graph(graph, x)
        wrong = first_difference(got, exact, lambda value, _: bounds[value])
        require(wrong is None, "%s: %s" % (name, wrong))
        for output in graph.outputs:
            error = np.abs(exact[output].reshape(-1) - want[output].reshape(-1)).max()
            require(error <= 1e-12 * max(1.0, np.abs(want[output]).max()), "%s: %s by %g" %
                    (name, output, error))


@case
def what_a_simplified_graph_has():
    """The passes leave exactly these operators."""
    wanted = {
        "conv_without_bias_batch_norm_relu": ["conv"],
        "batch_norm_before_padding": ["affine", "conv"],
        "residuals": ["conv", "conv", "conv", "conv", "multiply"],
        "flatten_gemm": ["conv", "fully_connected", "fully_connected", "softmax"],
        "heads_of_free_size": ["conv"],
        "shapes_of_ones": ["global_average_pool", "conv"],
        "pad_before_conv": ["conv"],
        "average_pools": ["average_pool", "conv", "global_average_pool"],
    }
    for name, operators in wanted.items():
        graph = read_onnx_case(name)[2]
        found = [node.op for node in graph.nodes]
        require(found == operators, "%s: %s" % (name, found))


@case
def free_size_is_noticed():
    graph = read_onnx_case("heads_of_free_size")[2]
    require(graph.free_size, "the graph is not of free size")
    require(graph.shapes(64, 96)[graph.outputs[0]] == (32, 48, 8), "shape of another size")
    require(not read_onnx_case("flatten_gemm")[2].free_size, "a fixed graph is free")


def tiny_graph(*names):
    """A graph of 5 channels with the interim patterns that names say."""
    random = np.random.default_rng(3)
    graph = Graph("g", "x", 4, 3, 5)
    build = {"abs": _abs_prelu, "negated": _negated_prelu, "softmax": _softmax}
    value = "x"
    for name in names:
        value = build[name](graph, value, random.uniform(-0.5, 0.5, 5))
    graph.outputs = [value]
    return graph


def _affine(graph, x, scale, name):
    graph.append("affine", [x], name, tensors={"scale": scale, "shift": np.zeros(len(scale))})


def _relu(graph, x, name):
    graph.append("activation", [x], name, activation="clamp", low=0.0, high=np.inf)


def _abs_prelu(graph, x, slope):
    _relu(graph, x, "relu")
    graph.append("abs", [x], "abs")
    graph.append("subtract", [x, "abs"], "minus")
    _affine(graph, "minus", slope, "scaled")
    graph.append("add", ["relu", "scaled"], "sum")
    return "sum"


def _negated_prelu(graph, x, slope):
    _relu(graph, x, "n.relu")
    graph.append("negate", [x], "n.minus")
    _relu(graph, "n.minus", "n.relu2")
    graph.append("negate", ["n.relu2"], "n.minus2")
    _affine(graph, "n.minus2", slope, "n.scaled")
    graph.append("add", ["n.scaled", "n.relu"], "n.sum")
    return "n.sum"


def _softmax(graph, x, _):
    graph.append("reduce_max", [x], "max")
    graph.append("subtract", [x, "max"], "shifted")
    graph.append("activation", ["shifted"], "power", activation="exp")
    graph.append("sum", ["power"], "total")
    graph.append("divide", ["power", "total"], "softmax")
    return "softmax"


@case
def patterns_become_one_operator():
    x = np.random.default_rng(4).standard_normal((2, 4, 3, 5))
    for names, left in ((("abs",), "activation"), (("negated",), "activation"),
                        (("softmax",), "softmax"), (("abs", "negated", "softmax"), None)):
        graph = tiny_graph(*names)
        before = reference.run_graph(graph, x)[graph.outputs[0]]
        graph_passes.simplify(graph)
        after = reference.run_graph(graph, x)[graph.outputs[0]]
        require(np.abs(before - after).max() < 1e-14, "%s: other numbers" % (names,))
        require(len(graph.nodes) == len(names), "%s: %s" % (names, [n.op for n in graph.nodes]))
        require(left is None or graph.nodes[0].op == left, "%s: %s" % (names, graph.nodes[0].op))


def passes_over(blocks):
    """How often the passes look at a node of a chain of so many residual blocks."""
    graph, value, looks = Graph("g", "x", 2, 2, 1), "x", 0
    for i in range(blocks):
        names = ["%d.%s" % (i, op) for op in ("conv", "affine", "relu", "add")]
        graph.append("conv", [value], names[0], kernel=(1, 1), stride=(1, 1), dilation=(1, 1),
                     groups=1, tensors={"filter": np.ones((1, 1, 1, 1)), "bias": np.ones(1)})
        _affine(graph, names[0], np.ones(1), names[1])
        _relu(graph, names[1], names[2])
        graph.append("add", [names[2], value], names[3])
        value = names[3]
    graph.outputs = [value]
    passes = graph_passes.PASSES

    def counted(one_pass):
        def look(*arguments):
            nonlocal looks
            looks += 1
            return one_pass(*arguments)
        return look

    by_shape, by_grid = graph_passes.BY_SHAPE, graph_passes.BY_GRID
    try:
        graph_passes.PASSES = [counted(one_pass) for one_pass in passes]
        graph_passes.BY_SHAPE, graph_passes.BY_GRID = [
            {new for new, old in zip(graph_passes.PASSES, passes) if old in by}
            for by in (by_shape, by_grid)]
        graph_passes.simplify(graph)
    finally:
        graph_passes.PASSES = passes
        graph_passes.BY_SHAPE, graph_passes.BY_GRID = by_shape, by_grid
    require(len(graph.nodes) == 2 * blocks, "%d nodes of %d blocks" % (len(graph.nodes), blocks))
    return looks


@case
def passes_take_linear_time():
    few, many = passes_over(10), passes_over(200)
    require(many <= 20 * few, "%d looks for 10 blocks, %d for 200" % (few, many))


@case
def a_chain_of_reshapes_takes_linear_time():
    """Each sinks behind the activations and is merged with the next on its way, not one a sweep."""
    def sweeps(count):
        graph, value, seen = Graph("g", "x", 2, 2, 1), "x", 0
        for i in range(count):
            graph.append("reshape", [value], "r%d" % i, shape=(0, 4 - 2 * (i % 2), 1 + i % 2, 1))
            value = "a%d" % i
            graph.append("activation", ["r%d" % i], value, activation="sigmoid")
        graph.outputs = [value]
        whole = graph_passes._sweep

        def counted(*arguments):
            nonlocal seen
            seen += 1
            return whole(*arguments)

        graph_passes._sweep = counted
        try:
            graph_passes.simplify(graph)
        finally:
            graph_passes._sweep = whole
        return seen

    few, many = sweeps(5), sweeps(100)
    require(many <= few, "%d sweeps for 5 reshapes, %d for 100" % (few, many))


@case
def a_pattern_that_is_almost_one_is_refused():
    graph = tiny_graph("abs")
    graph.producer("minus").inputs = ["abs", "x"]
    refused(lambda: graph_passes.simplify(graph), "abs", "no such operator")


@case
def a_value_that_others_read_is_not_fused_away():
    graph = Graph("g", "x", 4, 4, 3)
    random = np.random.default_rng(9)
    graph.append("conv", ["x"], "c", kernel=(1, 1), stride=(1, 1), dilation=(1, 1), groups=1,
                 tensors={"filter": random.standard_normal((3, 1, 1, 3)), "bias": np.zeros(3)})
    _relu(graph, "c", "r")
    graph.append("add", ["c", "r"], "s")
    graph.outputs = ["s", "r"]
    x = random.standard_normal((1, 4, 4, 3))
    before = reference.run_graph(graph, x)
    graph_passes.simplify(graph)
    after = reference.run_graph(graph, x)
    for name in graph.outputs:
        require(np.array_equal(before[name], after[name]), name)
    require([node.op for node in graph.nodes] == ["conv", "activation", "add"], "fused")


@case
def turned_pictures_give_the_same_numbers():
    """A network for transposed pictures, turned, gives on the picture what it gave on its
    transpose."""
    graph = Graph("g", "x", 9, 11, 3)
    random = np.random.default_rng(2)
    graph.append("conv", ["x"], "c", kernel=(3, 2), stride=(2, 1), dilation=(1, 1), groups=1,
                 pads=(0, 1, 2, 0), tensors={"filter": random.standard_normal((4, 3, 2, 3)),
                                             "bias": np.zeros(4)})
    graph.append("max_pool", ["c"], "p", kernel=(2, 3), stride=(1, 2), pad_mode="same")
    h, w, c = graph.shapes()["p"]
    graph.append("fully_connected", ["p"], "f", tensors={
        "filter": random.standard_normal((6, h * w * c)), "bias": np.zeros(6)})
    graph.outputs = ["f"]
    x = random.standard_normal((1, 9, 11, 3))
    before = reference.run_graph(graph, x)["f"]
    graph_passes.transpose_pictures(graph)
    require(graph.size == (11, 9, 3), "size")
    after = reference.run_graph(graph, x.transpose(0, 2, 1, 3))["f"]
    require(np.abs(before - after).max() < 1e-12, "other numbers")


@case
def the_same_source_gives_the_same_bytes():
    source = shared("models/yunet/yunet_n_dynamic.onnx")
    digests = set()
    for seed in ("1", "2"):
        target = os.path.join(temp_folder(), "y.fid")
        done = run(sys.executable, CONVERT, source, "-o", target,
                   env=dict(os.environ, PYTHONHASHSEED=seed))
        require(done.returncode == 0, done.stderr)
        for word in ("multiply-adds", "parameters", "source sha256", "licence", "Apache-2.0"):
            require(word in done.stdout, "the summary does not say %s" % word)
        with open(target, "rb") as file:
            digests.add(hashlib.sha256(file.read()).hexdigest())
    require(len(digests) == 1, "two runs, two files")


@case
def the_format_is_written_as_ever():
    """The bytes of a small model are those of tests/golden, so that no change of the writer, of a
    pass or of the model's id goes unseen. If one is intended: copy the file the message names."""
    name = "spelled_out_patterns"
    graph = graph_passes.simplify(read_tflite(tflite_maker.CASES[name]().bytes(), name))
    path = write_fid([graph], **{"input.scale": [1.0, 0.5, 1 / 3], "detect.strides": [8, 16]})
    with open(path, "rb") as made, open(os.path.join(GOLDEN, name + ".fid"), "rb") as golden:
        same = made.read() == golden.read()
    if not same:
        kept = os.path.join(BUILD, name + ".fid")
        shutil.copy(path, kept)
        require(False, "tests/golden/%s.fid differs from %s" % (name, kept))


@case
def real_models_are_recognized_and_agree():
    """YuNet and MobileFaceNet, found by their sha256, every value of the engine against the
    interpreter's outputs and the graph in double precision."""
    tool()
    need_onnx()
    import onnx
    import reference_onnx
    for path, size, name in (("models/yunet/yunet_n_dynamic.onnx", (96, 160), "yunet"),
                             ("models/mobilefacenet/MobileFaceNet.onnx", (112, 112),
                              "mobilefacenet")):
        with open(shared(path), "rb") as file:
            data = file.read()
        card = cards.by_sha256(convert.digests_of([(path, data)]))
        bytes_, found, graphs, _ = convert.convert([(path, data)], card)
        require(found == name, "%s was taken for %s" % (path, found))
        x = np.random.default_rng(6).uniform(-1, 1, (1,) + size + (3,)).astype(np.float32)
        x *= 100 if name == "yunet" else 2
        target = os.path.join(temp_folder(), "m.fid")
        with open(target, "wb") as file:
            file.write(bytes_)
        got = run_engine(target, x)
        exact = reference.run_graph(graphs[0], x)
        bounds = error_bounds(graphs[0], x)
        wrong = first_difference(got, exact, lambda value, _: bounds[value])
        require(wrong is None, "%s: %s" % (name, wrong))
        values = reference_onnx.run_onnx(onnx.load_model_from_string(data), np.moveaxis(x, -1, 1))
        for output in graphs[0].outputs:
            want = values[output].reshape(-1)
            error = np.abs(got[output].reshape(-1) - want).max()
            require(error <= 1e-5 * max(1, np.abs(want).max()), "%s: %s differs by %g" %
                    (name, output, error))


main()
