"""engine.py - runs our engine from the Python tests, through the tool dump_layers, and bounds what
f32 may differ from double precision."""
import os

import numpy as np

from check import BUILD, ROOT, require, run, skip, temp_folder
from fid_writer import file_bytes

TOOL = os.path.join(BUILD, "tests", "dump_layers")
META = {"face.kind": "recognizer", "info.name": "test", "info.source": "seeded numbers",
        "info.source_sha256": "0" * 64, "info.licence": "none", "info.converter": "test"}
HALF_ULP = 2.0 ** -24


def tool():
    """The command of dump_layers; skips the case where it is not built."""
    if not os.path.exists(TOOL):
        skip("%s is not built" % os.path.relpath(TOOL, ROOT))
    return [TOOL]


def write_fid(graphs, **meta):
    """Writes graphs to a .fid file in a fresh folder; returns its path."""
    path = os.path.join(temp_folder(), "model.fid")
    with open(path, "wb") as file:
        file.write(file_bytes(graphs, {**META, **meta}))
    return path


def run_engine(path, x, graph="-", command=None, **options):
    """{name: [n, h, w, c]} of every value of a .fid file's graph for x [n, h, w, c], f32 or uint8. options: isa,
    method, threads. command: a dump_layers for another machine."""
    folder = temp_folder()
    x = np.ascontiguousarray(x, "<f4")
    x.tofile(os.path.join(folder, "input"))
    words = [word for name, value in sorted(options.items()) for word in ("--" + name, value)]
    done = run(*(command or tool()), path, graph, *x.shape[:3], os.path.join(folder, "input"),
               folder, *words)
    require(done.returncode == 0, "dump_layers %s: %s" % (" ".join(map(str, words)), done.stderr))
    values = {}
    with open(os.path.join(folder, "values.tsv"), encoding="utf-8") as table:
        for line in table:
            index, name, *shape = line.rstrip("\n").split("\t")
            path = os.path.join(folder, index)
            numbers = (np.fromfile(path + ".u8", np.uint8) if os.path.exists(path + ".u8")
                       else np.fromfile(path + ".f32", "<f4"))
            values[name] = numbers.reshape([int(size) for size in shape])
    return values


def error_bounds(graph, x):
    """{name: array}: how far f32 may be from the exact numbers, for each number of each value.

    Beside each value runs its magnitude m, what it would be if nothing cancelled (|weights|,
    |input|), and one relative error e for all of it. A sum of k products adds (k + 8) * 2^-24 * 2
    to e, which is the accuracy class of kernels.h; magnitudes take the derivative of what is no
    sum."""
    from reference import _RUN as run_node
    from reference import run_graph
    exact = run_graph(graph, x)
    magnitudes, errors = {graph.input: np.abs(np.asarray(x, np.float64))}, {graph.input: HALF_ULP}
    for node in graph.nodes:
        tensors = {role: np.abs(np.asarray(t, np.float64)) for role, t in node.tensors.items()}
        inputs = [magnitudes[name] for name in node.inputs]
        relative = [errors[name] for name in node.inputs]
        terms = 1
        if node.op in ("conv", "fully_connected"):
            terms = tensors["filter"][0].size + 2
        elif node.op in ("average_pool", "global_average_pool"):
            terms = inputs[0].shape[1] * inputs[0].shape[2]
        elif node.op == "matmul":
            terms = inputs[0].shape[3]
        if node.op in ("layer_norm", "l2_normalize"):
            m, terms = _norm_magnitude(node, tensors, inputs[0], exact[node.inputs[0]])
        elif node.op == "softmax":
            m = np.broadcast_to(inputs[0].max(axis=3, keepdims=True) + 1, inputs[0].shape)
            terms = inputs[0].shape[3]
        else:
            m = run_node[node.op](node, tensors, *inputs)
        if node.activation == "clamp":
            m = np.maximum(m, max(abs(v) for v in (node.low, node.high, 0) if np.isfinite(v)))
        elif node.activation == "prelu":
            m = m * np.maximum(1, tensors["slope"])
        elif node.activation == "sigmoid":
            m = m / 4 + 1
        elif node.activation in ("tanh", "gelu", "hard_swish"):
            m = 1.5 * m + 1
        elif node.activation == "exp":
            m = exact[node.output] * (m + 1)
        elif node.activation == "reciprocal":
            m = m * exact[node.output] ** 2
        carried = sum(relative) if node.op in ("multiply", "matmul") else max(relative)
        magnitudes[node.output] = m
        errors[node.output] = carried + (terms + 8) * HALF_ULP * 2
    return {name: errors[name] * m for name, m in magnitudes.items()}


def _norm_magnitude(node, tensors, magnitude, x):
    """(magnitude, terms) of a norm of x: by its derivatives."""
    if node.op == "l2_normalize":
        length = np.maximum(np.linalg.norm(x, axis=3, keepdims=True), max(node.epsilon, 1e-30))
        spread = np.linalg.norm(magnitude, axis=3, keepdims=True) / length
        return magnitude / length + np.abs(x) / length * spread, x.shape[3]
    middle = x - x.mean(axis=3, keepdims=True)
    size = np.sqrt((middle ** 2).mean(axis=3, keepdims=True) + node.epsilon)
    off = 2 * magnitude.max(axis=3, keepdims=True) / size * (1 + np.abs(middle) / size)
    return tensors["scale"] * off + tensors["shift"], x.shape[3]


def first_difference(got, want, bound):
    """Name and text of the first value, in order of computation, that differs by more than
    bound(name, want); None if all that both have agree. got, want: {name: array}."""
    common = [name for name in want if name in got]
    require(len(common) > 1, "there is nothing to compare: no names in common")
    for name in common:
        if got[name].shape != want[name].shape:
            return "%s: shape %s, wanted %s" % (name, got[name].shape, want[name].shape)
        excess = np.abs(got[name] - want[name]) - bound(name, want[name])
        if not np.all(excess <= 0):  # a NaN is a difference
            where = np.unravel_index(np.argmax(np.nan_to_num(excess, nan=np.inf)), excess.shape)
            return "%s %s: got %.9g, wanted %.9g" % (name, tuple(int(i) for i in where),
                                                     got[name][where], want[name][where])
    return None
