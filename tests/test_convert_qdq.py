#!/usr/bin/python3
"""Converter: ONNX files between QuantizeLinear and DequantizeLinear keep their scales, become graphs of
bytes, and agree with an interpreter, with ONNX Runtime and with the engine."""
import os

import numpy as np

from check import case, main, require, temp_folder

import graph_passes
import reference
import reference_bytes
from engine import META, run_engine, tool, write_fid
from fid_writer import file_bytes
from grids import is_bytes
from refusal import need_onnx


def cases():
    need_onnx()
    import onnx_byte_cases
    return onnx_byte_cases.CASES


def read(name):
    """(ModelProto, graph as read, simplified graph, input [n, c, h, w])."""
    from onnx_reader import read_onnx
    model, shape = cases()[name]()
    data = model.SerializeToString()
    x = np.random.default_rng(11).uniform(-3, 3, shape).astype(np.float32)
    return model, read_onnx(data, name), graph_passes.simplify(read_onnx(data, name)), x


def last_channels(x):
    return np.moveaxis(x, 1, -1) if x.ndim == 4 else x


def of_length(a, b):
    a, b = np.ravel(a).astype(np.float64), np.ravel(b).astype(np.float64)
    return a @ b / np.linalg.norm(a) / np.linalg.norm(b)


@case
def what_is_read_is_what_the_operators_say():
    import reference_onnx
    for name in cases():
        model, raw, _, x = read(name)
        want = reference_onnx.run_onnx(model, x)
        got = reference.run_graph(raw, np.moveaxis(x, 1, -1))
        for output in model.graph.output:
            value = last_channels(want[output.name]).reshape(-1)
            error = np.abs(got[output.name].reshape(-1) - value).max()
            require(error <= 1e-9 * np.abs(value).max(), "%s: %s by %g" % (name, output.name, error))


@case
def bytes_are_near_what_the_operators_say():
    """Roundings that are left out make the difference."""
    import reference_onnx
    for name in cases():
        model, _, graph, x = read(name)
        want = reference_onnx.run_onnx(model, x)
        got = reference_bytes.run_bytes(graph, np.moveaxis(x, 1, -1))
        for output in graph.outputs:
            found = of_length(got[output], last_channels(want[output]))
            require(found >= 0.999, "%s: cosine %g" % (name, found))


@case
def a_rounding_that_is_left_out_is_half_a_step():
    """The file's own numbers before an addition, one rounding fewer: no further than its half step."""
    import reference_onnx
    model, _, graph, x = read("a_residual_block")
    want = reference_onnx.run_onnx(model, x)
    node = next(node for node in graph.nodes if len(node.inputs) == 2)
    grids = {n.output: n.grid for n in graph.nodes}
    pooled = grids[node.inputs[0]].bytes_of(last_channels(want[node.inputs[0]]))
    found = reference_bytes.run_node(node, grids, [pooled, last_channels(want[node.inputs[1]])])
    off = np.abs(found.astype(int) - last_channels(want[node.output]))
    bound = 1 + 0.5 * 0.016 / node.grid.scales[0]
    middle = next(n for n in read("a_residual_block")[1].nodes if n.op == "round" and
                  n.grid.scales[0] == np.float32(0.016))  # its range's ends are another number
    off[np.isin(last_channels(want[middle.output]), (0, 255))] = 0
    require(off.max() <= bound and off.max() > 0, "off by %d steps, bound %g" % (off.max(), bound))


@case
def blocks_are_fused_as_in_float():
    form = [(node.op, len(node.inputs), node.activation, node.grid is not None)
            for node in read("a_residual_block")[2].nodes]
    require(form == [("convert", 1, "none", True), ("conv", 1, "none", True),
                     ("max_pool", 1, "none", True), ("conv", 1, "none", True),
                     ("conv", 1, "none", True), ("conv", 2, "clamp", True),
                     ("global_average_pool", 1, "none", False)], "the nodes: %s" % form)
    ops = [(node.op, node.grid is not None) for node in read("dense_layers")[2].nodes]
    require(ops == [("convert", True), ("transpose", True), ("reshape", True),
                    ("fully_connected", True), ("fully_connected", True), ("fully_connected", False)]
            or ops == [("convert", True), ("fully_connected", True), ("fully_connected", True),
                       ("fully_connected", False)], "dense layers: %s" % ops)
    graph = read("filters_for_numbers_that_are_not_rounded")[2]
    require([node.op for node in graph.nodes] == ["conv", "conv"] and all(
        is_bytes(node.tensors["filter"]) and node.grid is None for node in graph.nodes), "weights")


@case
def signed_and_unsigned_bytes_are_one_file():
    files = [file_bytes([read(name)[2]], META) for name in ("a_residual_block",
                                                            "a_residual_block_in_int8")]
    require(files[0] == files[1], "int8 and uint8 of the same numbers give two files")
    require(files[0][8:12] == b"\1\0\3\0", "version %s" % files[0][8:12])


@case
def the_engine_computes_the_same_bits():
    tool()
    for name in cases():
        _, _, graph, x = read(name)
        got = run_engine(write_fid([graph]), np.moveaxis(x, 1, -1))
        grids, compared = {node.output: node.grid for node in graph.nodes}, 0
        for node in graph.nodes:
            if all(grid is None for grid in [node.grid] + [grids.get(v) for v in node.inputs]):
                continue
            want = reference_bytes.run_node(node, grids, [got[value] for value in node.inputs])
            if node.activation == "sigmoid":
                require(np.abs(got[node.output] - want).max() <= 1e-6, "%s: a curve" % name)
                continue
            require(np.array_equal(got[node.output], want), "%s: %s (%s) has other bits" % (
                name, node.output, node.op))
            compared += 1
        if "not_rounded" not in name:
            require(compared >= 3, "%s: nothing was compared" % name)
            continue
        exact = reference.run_graph(graph, np.moveaxis(x, 1, -1))[graph.outputs[0]]
        require(np.abs(got[graph.outputs[0]] - exact).max() <= 1e-5 * np.abs(exact).max(), name)


@case
def onnx_runtime_computes_nearly_the_same():
    from onnx_runtime import run_onnx_runtime
    for name in cases():
        model, _, graph, x = read(name)
        path = os.path.join(temp_folder(), "m.onnx")
        with open(path, "wb") as file:
            file.write(model.SerializeToString())
        theirs = run_onnx_runtime(path, x)
        ours = reference_bytes.run_bytes(graph, np.moveaxis(x, 1, -1))
        for output in graph.outputs:
            found = of_length(ours[output], last_channels(theirs[output]))
            require(found >= 0.999, "%s: cosine %g" % (name, found))


@case
def resnet50_of_the_peers_is_all_bytes():
    """What ../shared/peers measures with: 53 convolutions, as ONNX Runtime computes them."""
    need_onnx()
    from onnx_reader import read_onnx
    from onnx_runtime import peers_resnet50, run_onnx_runtime
    tool()
    path = peers_resnet50().replace("resnet50.onnx", "resnet50_qdq.onnx")
    with open(path, "rb") as file:
        graph = graph_passes.simplify(read_onnx(file.read(), "resnet50_qdq.onnx"))
    ops = [node.op for node in graph.nodes]
    require(ops == ["convert", "conv", "max_pool"] + ["conv"] * 52 + ["global_average_pool"], str(ops))
    require(sum(len(node.inputs) == 2 for node in graph.nodes) == 16, "residuals")
    require(all(node.grid is not None for node in graph.nodes[:-1]), "types")
    folder = os.path.dirname(path)
    x = np.fromfile(os.path.join(folder, "input.bin"), "<f4").reshape(1, 3, 224, 224)
    exact = np.fromfile(os.path.join(folder, "ref.bin"), "<f4")
    got = run_engine(write_fid([graph]), np.moveaxis(x, 1, -1))["feat"]
    theirs = run_onnx_runtime(path, x)["feat"]
    require(of_length(got, theirs) >= 0.9999, "cosine %g to ONNX Runtime" % of_length(got, theirs))
    require(of_length(got, exact) >= of_length(theirs, exact) - 1e-5 and of_length(got, exact) >= 0.999,
            "cosine to float %g, of ONNX Runtime %g" % (of_length(got, exact),
                                                        of_length(theirs, exact)))


main()
