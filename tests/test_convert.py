#!/usr/bin/python3
"""Converter: every ONNX operator against an interpreter of ONNX, and the engine against both; each
pass; deterministic bytes; refusals."""
import hashlib
import os
import struct
import sys

import numpy as np

from check import ROOT, case, main, require, run, shared, skip, temp_folder

try:
    import onnx
    from onnx import TensorProto, helper
except ImportError:
    onnx = None

import array_pickle
import convert
import graph_passes
import reference
import vggface2_weights
from crc32c import crc32c
from engine import error_bounds, first_difference, run_engine, tool, write_fid
from graph import ConvertError, Graph
from starter import starter_file

CONVERT = os.path.join(ROOT, "convert", "convert.py")


def need_onnx():
    if onnx is None:
        skip("python3-onnx is not installed")
    import onnx_cases
    return onnx_cases


def refused(function, *words):
    """function() must raise a ConvertError whose text has all of words; returns the text."""
    try:
        function()
    except ConvertError as error:
        missing = [word for word in words if word not in str(error)]
        require(not missing, "the message '%s' does not say %s" % (error, missing))
        return str(error)
    raise AssertionError("not refused (wanted: %s)" % ", ".join(words))


def read_onnx_case(name):
    """(ModelProto, graph as read, simplified graph, input [n, c, h, w])."""
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
    import onnx_operators
    used = {node.op_type for make in cases.values() for node in make()[0].graph.node}
    require(set(onnx_operators.EMITTERS) == used, "without a case: %s" %
            sorted(set(onnx_operators.EMITTERS) ^ used))


@case
def onnx_operators_agree_with_the_interpreter():
    for name in need_onnx().CASES:
        model, raw, simple, x = read_onnx_case(name)
        want = expected_outputs(name, model, x)
        for kind, graph in (("read", raw), ("simplified", simple)):
            got = reference.run_graph(graph, np.moveaxis(x, 1, -1))
            for output, value in want.items():
                scale = np.abs(value).max()
                error = np.abs(got[output].reshape(-1) - value.reshape(-1)).max()
                require(error <= 1e-12 * scale, "%s, %s, %s: error %g of %g" %
                        (name, kind, output, error, scale))


@case
def engine_runs_every_onnx_operator():
    tool()
    for name in need_onnx().CASES:
        model, _, graph, x = read_onnx_case(name)
        inner = np.moveaxis(x, 1, -1)
        bounds = error_bounds(graph, inner)
        exact = reference.run_graph(graph, inner)
        got = run_engine(write_fid([graph]), inner)
        wrong = first_difference(got, exact, lambda value, _: bounds[value])
        require(wrong is None, "%s: %s" % (name, wrong))
        for output, value in expected_outputs(name, model, x).items():
            error = np.abs(got[output].reshape(-1) - value.reshape(-1))
            require((error <= bounds[output].reshape(-1) + 1e-12).all(), "%s: output %s" %
                    (name, output))


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
    graph.append("exp", ["shifted"], "power")
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
    """A network for transposed pictures, turned, gives on the picture what it gave on its transpose."""
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
        done = run(sys.executable, CONVERT, source, "-o", target, "--as", "yunet",
                   env=dict(os.environ, PYTHONHASHSEED=seed))
        require(done.returncode == 0, done.stderr)
        for word in ("multiply-adds", "parameters", "source sha256", "licence", "Apache-2.0"):
            require(word in done.stdout, "the summary does not say %s" % word)
        with open(target, "rb") as file:
            digests.add(hashlib.sha256(file.read()).hexdigest())
    require(len(digests) == 1, "two runs, two files")


@case
def real_models_are_recognised_and_agree():
    """YuNet and MobileFaceNet, found by structure, every value of the engine against the interpreter's
    outputs and the graph in double precision."""
    tool()
    import reference_onnx
    for path, size, name in (("models/yunet/yunet_n_dynamic.onnx", (96, 160), "yunet"),
                             ("models/mobilefacenet/MobileFaceNet.onnx", (112, 112),
                              "mobilefacenet")):
        with open(shared(path), "rb") as file:
            data = file.read()
        bytes_, found, graphs, _ = convert.convert([(path, data)])
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


# ---- refusals ----

def onnx_bytes(node_type, inputs=("x",), outputs=("y",), constants=(), shape=(1, 3, 8, 8), **more):
    need_onnx()
    nodes = [helper.make_node(node_type, list(inputs), list(outputs), "the_node", **more)]
    entry = helper.make_tensor_value_info("x", TensorProto.FLOAT, list(shape))
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    tensors = [onnx.numpy_helper.from_array(array, name) for name, array in constants]
    graph = helper.make_graph(nodes, "g", [entry], [result], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]).SerializeToString()


@case
def onnx_refusals_name_operator_and_node():
    need_onnx()
    from onnx_reader import read_onnx
    filters = np.zeros((4, 2, 3, 3), np.float32)
    for words, data in (
            (("operator LSTM", "the_node"), onnx_bytes("LSTM")),
            (("Conv", "the_node", "channels"), onnx_bytes("Conv", ("x", "w"),
                                                          constants=[("w", filters)])),
            (("Conv", "the_node", "constant"), onnx_bytes("Conv", ("x", "x"))),
            (("MaxPool", "the_node", "larger"), onnx_bytes("MaxPool", kernel_shape=[9, 9])),
            (("Add", "the_node"), onnx_bytes("Add", ("x", "w"), constants=[
                ("w", np.zeros((8, 8), np.float32))])),
            (("Resize", "the_node", "scales"), onnx_bytes("Resize", ("x", "", "s"), constants=[
                ("s", np.float32([1, 1, 1.5, 1.5]))], mode="nearest")),
            (("Transpose", "the_node", "batch"), onnx_bytes("Transpose", perm=[1, 0, 2, 3])),
            (("Softmax", "the_node", "batch"), onnx_bytes("Softmax", axis=0)),
            (("one",), onnx_bytes("Relu", shape=(1, 3, 8))[:0] + b"\x08\x07\x12\x00")):
        try:
            refused(lambda: graph_passes.simplify(read_onnx(data, "f.onnx")), *words)
        except AssertionError:
            if words != ("one",):
                raise
            refused(lambda: read_onnx(data, "f.onnx"), "f.onnx")


@case
def onnx_cut_anywhere_is_refused():
    need_onnx()
    from onnx_reader import read_onnx
    with open(shared("models/yunet/yunet_n_320_320.onnx"), "rb") as file:
        data = file.read()
    whole = len(read_onnx(data, "f").nodes)
    for size in range(1, len(data), 7919):
        try:
            graph = read_onnx(data[:size], "f.onnx")
        except ConvertError:
            continue
        require(len(graph.nodes) == whole, "%d of %d bytes were accepted" % (size, len(data)))


# ---- Keras, Caffe and TFLite files that are not what they should be ----

def resnet50_weights():
    """Weights of the right names and shapes, all zero but the variances: what is refused is found
    before any number matters."""
    if not hasattr(resnet50_weights, "made"):
        made = vggface2_weights.keras_weights(1)
        resnet50_weights.made = {name: np.full_like(array, "variance" in name)
                                 for name, array in made.items()}
    return dict(resnet50_weights.made)


def h5_bytes(weights, **options):
    try:
        import h5py  # noqa: F401
    except ImportError:
        skip("python3-h5py is not installed")
    path = os.path.join(temp_folder(), "w.h5")
    vggface2_weights.write_h5(path, weights, **options)
    with open(path, "rb") as file:
        return file.read()


@case
def keras_refusals_name_the_layer():
    from keras_reader import read_keras
    weights = resnet50_weights()
    whole = h5_bytes(weights)
    require(len(read_keras(whole, "w.h5").nodes) == 173, "the whole file is not read")

    def without(part):
        return {name: array for name, array in weights.items() if part not in name}

    wrong = {**weights, "conv2_1_3x3/kernel": np.zeros((3, 3, 64, 65), np.float32)}
    negative = {**weights, "conv2_1_3x3/bn/moving_variance": np.full(64, -1, np.float32)}
    text = {**weights, "conv2_1_3x3/bn/gamma": np.zeros(64, np.int32)}
    extra = {**weights, "conv9/kernel": np.zeros((1, 1, 8, 8), np.float32)}
    for words, changed in ((("conv4_3_3x3", "missing"), without("conv4_3_3x3")),
                           (("conv4_3_3x3/bn", "missing"), without("conv4_3_3x3/bn")),
                           (("conv4_3_3x3/bn", "mean"), without("conv4_3_3x3/bn/moving_mean")),
                           (("conv2_1_3x3", "shape"), wrong), (("variance",), negative),
                           (("conv2_1_3x3", "int32"), text), (("conv9",), extra),
                           (("SENet50",), {**weights, "conv2_1_1x1_down/kernel": extra[
                               "conv9/kernel"]}),
                           (("VGG16",), {"conv1_1/kernel": extra["conv9/kernel"]}),
                           (("conv1/7x7_s2",), {"dense/kernel": extra["conv9/kernel"]})):
        data = h5_bytes(changed)
        refused(lambda: read_keras(data, "w.h5"), "w.h5", *words)
    for size in (8, 100, 2000, len(whole) // 2, len(whole) - 1):
        refused(lambda: read_keras(whole[:size], "w.h5"), "w.h5")


@case
def caffe_refusals_name_the_array():
    from caffe_pickle_reader import read_caffe
    state = vggface2_weights.caffe_state(1, 3)
    require(len(read_caffe(vggface2_weights.python2_pickle(state), "w").nodes) == 175, "not read")
    missing = {name: array for name, array in state.items() if name != "layer2.1.bn3.running_var"}
    wrong = {**state, "layer2.1.conv2.weight": np.zeros((128, 128, 1, 1), np.float32)}
    other = {**state, "layer2.1.conv2.scale": np.zeros(4, np.float32)}
    for words, changed in ((("layer2.1.bn3", "variance"), missing),
                           (("layer2.1.conv2", "shape"), wrong),
                           (("layer2.1.conv2.scale",), other)):
        data = vggface2_weights.python2_pickle(changed)
        refused(lambda: read_caffe(data, "w.pkl"), "w.pkl", *words)
    refused(lambda: read_caffe(b"\x80\x02]q\x00.", "w.pkl"), "list")


@case
def tflite_cut_or_changed_is_refused_or_read():
    """Truncated: refused. A changed byte: refused, or read as another valid file, never a crash."""
    from tflite_reader import read_tflite
    data = starter_file("pnet.tflite")
    whole = read_tflite(data, "p")
    for size in list(range(0, 64)) + list(range(64, len(data), 331)):
        try:
            graph = read_tflite(data[:size], "p.tflite")
        except ConvertError:
            continue
        require(len(graph.nodes) == len(whole.nodes), "%d of %d bytes" % (size, len(data)))
        raise AssertionError("cut to %d bytes it was accepted" % size)
    random = np.random.default_rng(1)
    for position in random.integers(0, len(data), 1500):
        changed = bytearray(data)
        changed[position] ^= 1 << int(random.integers(8))
        try:
            read_tflite(bytes(changed), "p.tflite")
        except ConvertError:
            pass


@case
def labels_are_read_in_every_form():
    import pickle
    from labels import read_labels
    names = [" A._First", " B._Second", " C"]
    want = ["A._First", "B._Second", "C"]
    folder = temp_folder()
    for i, array in enumerate((np.array(names), np.array([n.encode() for n in names]),
                               np.array(names, object), None)):
        path = os.path.join(folder, "labels%d" % i)
        if array is None:
            with open(path, "w", encoding="utf-8") as file:
                file.write("\n".join(names) + "\n")
        else:
            with open(path, "wb") as file:
                np.save(file, array, allow_pickle=True)
        require(read_labels(path) == want, "form %d: %s" % (i, read_labels(path)))
    path = os.path.join(folder, "evil.npy")
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False,
                                                    "shape": (1,)})
        file.write(pickle.dumps(_Evil(os.system, "false")))
    refused(lambda: read_labels(path), "system", "refused")


class _Evil:
    def __init__(self, function, *words):
        self.call = function, words

    def __reduce__(self):
        return self.call


@case
def a_pickle_cannot_run_code():
    import pickle
    marker = os.path.join(temp_folder(), "marker")
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        for function, words, named in (
                (os.system, ("touch " + marker,), "system"), (eval, ("1",), "eval"),
                (np.load, (marker,), "load"), (np.fromfile, (marker,), "fromfile")):
            data = pickle.dumps({"conv1.weight": _Evil(function, *words)}, protocol)
            refused(lambda: array_pickle.load(data), "refused", named)
    require(not os.path.exists(marker), "the pickle ran a program")
    array = pickle.dumps({"a": np.arange(6, dtype=np.float32).reshape(2, 3)}, 2)
    require(array_pickle.load(array)["a"].sum() == 15, "an array is not read")
    for size in range(len(array) - 1):
        refused(lambda: array_pickle.load(array[:size]), "damaged")
    refused(lambda: array_pickle.load(b"\x80\x02cnumpy\nndarray\nJ\xff\xff\xff\x7f\x85R."), "damaged")


@case
def a_file_of_no_known_kind_is_refused():
    for data in (b"", b"\0", b"hello world", b"PK\x03\x04" + bytes(100), bytes(4000)):
        refused(lambda: convert.convert([("some.file", data)]), "some.file", "neither")
    refused(lambda: convert.convert([("t", struct.pack("<I4s", 9999, b"TFL3"))]), "t", "damaged")


@case
def exit_codes():
    folder = temp_folder()
    junk = os.path.join(folder, "junk")
    with open(junk, "wb") as file:
        file.write(b"hello world")
    out = os.path.join(folder, "out.fid")
    for words, code in (([junk, "-o", out], 4), ([folder + "/none", "-o", out], 3),
                        ([junk], 2), ([junk, "-o", out, "--as", "nothing"], 2), (["--help"], 0)):
        done = run(sys.executable, CONVERT, *words)
        require(done.returncode == code, "%s: exit %d, wanted %d" % (words, done.returncode, code))
        require("Traceback" not in done.stderr, done.stderr)
    require(os.listdir(folder) == ["junk"], "a refused source left a file")
    require("exit codes" in run(sys.executable, CONVERT, "--help").stdout, "help without exit codes")


main()
