#!/usr/bin/python3
"""Whole Keras models, .h5 and .keras: every layer through converter and engine against a forward pass
of the configuration in double precision, and what is damaged, hostile or unknown refused by layer."""
import copy
import io
import json
import os
import zipfile

import numpy as np

from check import case, main, require, shared, skip, temp_folder

try:
    import h5py
except ImportError:
    h5py = None

import convert
import keras_model
import reference
import reference_keras
from engine import error_bounds, first_difference, run_engine, tool, write_fid
from keras_layers import EMITTERS
from keras_maker import Layers, write_keras2, write_keras3
from refusal import refused

LARGEST_ERROR = 1e-4  # of the largest output
CONV = {"kernel_size": [3, 3], "strides": [1, 1], "padding": "same", "dilation_rate": [1, 1],
        "data_format": "channels_last", "activation": "linear", "use_bias": True}


def need_h5py():
    if h5py is None:
        skip("python3-h5py is not installed")


# ---- models ----

def convolutions():
    m = Layers()
    m.add("Conv2D", "a", (3, 3, 3, 8), (8,), **{**CONV, "filters": 8, "strides": [2, 1],
                                                "activation": "relu"})
    m.add("BatchNormalization", "norm", (8,), (8,), (8,), (8,), axis=[3], epsilon=0.01)
    m.add("Conv2D", "b", (2, 3, 4, 6), **{**CONV, "filters": 6, "groups": 2, "use_bias": False,
                                          "kernel_size": [2, 3], "padding": "valid"})
    m.add("Activation", "relu6", activation="relu6")
    m.add("Conv2D", "c", (3, 3, 6, 4), (4,), **{**CONV, "filters": 4, "dilation_rate": [2, 1],
                                                "activation": "sigmoid"})
    m.add("Dropout", "drop", rate=0.5)
    return m


def depthwise():
    m = Layers()
    m.add("ZeroPadding2D", "pad", padding=[[1, 0], [2, 1]])
    m.add("DepthwiseConv2D", "d", (3, 3, 3, 2), (6,), **{**CONV, "depth_multiplier": 2, "padding": "valid",
                                                        "strides": [2, 2]})
    m.add("LeakyReLU", "leaky", alpha=0.2)
    m.add("SeparableConv2D", "s", (3, 3, 6, 1), (1, 1, 6, 5), (5,), **{
        **CONV, "filters": 5, "depth_multiplier": 1, "activation": "relu"})
    m.add("SeparableConv2D", "t", (3, 2, 5, 3), (1, 1, 15, 4), **{
        **CONV, "filters": 4, "depth_multiplier": 3, "use_bias": False, "kernel_size": [3, 2]})
    m.add("PReLU", "prelu", (1, 1, 4), shared_axes=[1, 2])
    m.add("Dense", "place", (4, 3), (3,), units=3, activation="linear", use_bias=True)
    m.add("Softmax", "soft", axis=-1)
    return m


def branches():
    """Pools, sums, products, joins, and a layer that is called twice."""
    m = Layers((8, 8, 4))
    m.add("Conv2D", "twice", (3, 3, 4, 4), (4,), **{**CONV, "filters": 4})
    m.again("twice", ["twice"])
    m.add("MaxPooling2D", "most", reads=["input"], pool_size=[3, 3], strides=[2, 2], padding="same")
    m.add("AveragePooling2D", "mean", reads=["twice"], pool_size=[3, 3], strides=[2, 2], padding="same")
    m.layers[-1]["inbound_nodes"] = [[["twice", 1, 0, {}]]]
    m.add("AveragePooling2D", "valid", reads=["input"], pool_size=[2, 2], strides=None, padding="valid")
    m.add("Add", "sum", reads=["most", "mean", "valid"])
    m.add("GlobalAveragePooling2D", "squeeze")
    m.add("Reshape", "spread", target_shape=[1, 1, 4])
    m.add("Conv2D", "excite", (1, 1, 4, 4), (4,), **{**CONV, "filters": 4, "kernel_size": [1, 1],
                                                    "activation": "hard_sigmoid"})
    m.add("Multiply", "product", reads=["excite", "sum"])
    m.add("UpSampling2D", "up", size=[2, 2], interpolation="nearest")
    m.add("Concatenate", "join", reads=["up", "input"], axis=-1)
    m.add("Rescaling", "scaled", scale=0.5, offset=-1.0)
    m.add("Activation", "swish", activation="swish")
    m.add("ReLU", "limited", max_value=3.0, negative_slope=0.0, threshold=0.0)
    m.add("ReLU", "sloped", max_value=None, negative_slope=0.1, threshold=0.0)
    m.add("Conv2D", "last", (1, 1, 8, 5), (5,), **{**CONV, "filters": 5, "kernel_size": [1, 1]})
    m.add("GlobalMaxPooling2D", "top")
    return m


def classifier(nested=False):
    """Flatten and dense layers; without scale and center in the norms."""
    m = Layers((6, 5, 2), seed=5)
    m.add("Conv2D", "conv", (3, 3, 2, 4), (4,), **{**CONV, "filters": 4, "strides": [2, 2]})
    m.add("BatchNormalization", "plain", (4,), (4,), axis=-1, epsilon=0.001, scale=False, center=False)
    m.layers[-1]["config"]["epsilon"] = 0.001
    m.arrays["plain"][1] = np.abs(m.arrays["plain"][1]) + np.float32(0.5)
    m.add("Permute", "turn", dims=[2, 1, 3])
    m.add("Flatten", "flat")
    m.add("Dense", "hidden", (36, 7), (7,), units=7, activation="relu", use_bias=True)
    m.add("BatchNormalization", "vector", (7,), (7,), (7,), axis=1, epsilon=0.001, scale=False)
    m.arrays["vector"][2] = np.abs(m.arrays["vector"][2]) + np.float32(0.5)
    m.add("Dense", "classes", (7, 4), units=4, activation="softmax", use_bias=False)
    return m


def nested():
    inner = Layers((9, 7, 3), seed=9)
    inner.add("Conv2D", "c", (3, 3, 3, 3), (3,), **{**CONV, "filters": 3, "activation": "relu"})
    inner.add("BatchNormalization", "n", (3,), (3,), (3,), (3,), axis=-1, epsilon=0.001)
    m = Layers((9, 7, 3), seed=10)
    m.nest(inner, "block")
    m.add("Conv2D", "c", (3, 3, 3, 2), (2,), **{**CONV, "filters": 2})
    m.add("Add", "all", reads=["c", "c"])
    return m


MODELS = {"convolutions": convolutions, "depthwise": depthwise, "branches": branches,
          "classifier": classifier, "nested": nested}


def check_model(what, data, found, layers, version):
    """Converter against the reference, exactly, and engine against both within f32's bounds."""
    kind, name = ("zip", "m.keras") if data[:2] == b"PK" else ("keras", "m.h5")
    graph, = convert.read_graphs(kind, [(name, data)])
    x = np.random.default_rng(3).standard_normal((1,) + graph.size).astype(np.float32)
    want = reference_keras.keras_forward(found, layers.arrays, x, version)
    exact = reference.run_graph(graph, x)
    require(graph.outputs and set(graph.outputs) <= set(want), "%s: %s" % (what, graph.outputs))
    for value in set(want) & set(exact):
        error = np.abs(exact[value].reshape(-1) - want[value].reshape(-1)).max()
        require(error <= 1e-12 * max(1.0, np.abs(want[value]).max()), "%s: %s by %g" % (what, value, error))
    got, bounds = run_engine(write_fid([graph]), x), error_bounds(graph, x)
    wrong = first_difference(got, exact, lambda value, _: bounds[value])
    require(wrong is None, "%s: %s" % (what, wrong))


@case
def the_models_have_every_layer():
    kinds = set()
    for make in MODELS.values():
        for layer in make().layers:
            kinds |= {layer["class_name"]} | {inner["class_name"]
                                              for inner in layer["config"].get("layers", ())}
    want = set(EMITTERS) - {"ActivityRegularization", "AlphaDropout", "BatchNormalizationV1",
                            "BatchNormalizationV2", "GaussianDropout", "GaussianNoise", "SpatialDropout2D"}
    require(want <= kinds, "without a model: %s" % sorted(want - kinds))


@case
def every_layer_agrees_in_both_formats():
    need_h5py()
    tool()
    for what, make in MODELS.items():
        layers = make()
        found = layers.functional()
        check_model(what + ".h5", write_keras2(copy.deepcopy(found), layers), found, layers, 2)
        check_model(what + ".keras", write_keras3(copy.deepcopy(found), layers), found, layers, 3)
    old = write_keras3(found, layers, "_layer_checkpoint_dependencies", "2.12.0")
    check_model("2.12", old, found, layers, 2)
    check_model("no suffix", write_keras2(found, layers, suffix="", encode=str.encode), found,
                layers, 2)


@case
def sequential_models_are_read():
    """In Keras 2's forms, with a list of layers or a name too, and Keras 3's."""
    need_h5py()
    tool()
    layers = classifier()
    found = layers.sequential()
    check_model("sequential.h5", write_keras2(found, layers), found, layers, 2)
    check_model("sequential.keras", write_keras3(found, layers), found, layers, 3)
    old = {**found, "config": found["config"]["layers"]}
    check_model("a list", write_keras2(old, layers), old, layers, 2)


@case
def outputs_are_chosen_by_the_layers_names():
    need_h5py()
    layers = branches()
    data = write_keras2(layers.functional(), layers)
    for names in (["squeeze"], ["sum", "top"]):
        graph, = convert.read_graphs("keras", [("m.h5", data)], names)
        require(graph.outputs == names, str(graph.outputs))


@case
def a_real_model_of_one_channel_agrees():
    """mini_XCEPTION with its trained numbers: gray pictures, depthwise and separable convolutions."""
    need_h5py()
    tool()
    with open(shared("models/mini_xception/fer2013_mini_XCEPTION.102-0.66.hdf5"), "rb") as file:
        data = file.read()
    graph, = convert.read_graphs("keras", [("x.hdf5", data)])
    arrays = {}
    with h5py.File(io.BytesIO(data), "r") as file:
        found = json.loads(file.attrs["model_config"])
        for name, group in file["model_weights"].items():
            arrays[name] = [group[word][()] for word in group.attrs["weight_names"]]
    coarse = np.random.default_rng(8).uniform(-1, 1, (8, 8)).repeat(8, axis=0).repeat(8, axis=1)
    x = coarse[None, :, :, None].astype(np.float32)
    want = reference_keras.keras_forward(found, arrays, x)
    got = run_engine(write_fid([graph]), x)
    common = [value for value in want if value in got]
    require(len(common) >= 15 and graph.outputs == ["predictions"], "%d layers" % len(common))
    worst = 0.0
    for value in common:
        error = np.abs(got[value].reshape(-1) - want[value].reshape(-1)).max() / np.abs(want[value]).max()
        require(error <= LARGEST_ERROR, "%s differs by %g of its largest" % (value, error))
        worst = max(worst, error)
    print("mini_XCEPTION: %d layers, largest error %.1e of the largest feature" % (len(common), worst))


# ---- what is refused ----

def read(found, layers=None):
    data = write_keras2(found, layers or convolutions())
    return convert.read_graphs("keras", [("m.h5", data)])


def with_layer(kind, **config):
    """A model with one layer of a kind behind two others."""
    m = Layers()
    m.add("Conv2D", "a", (3, 3, 3, 8), (8,), **{**CONV, "filters": 8})
    m.add(kind, "the_layer", **config)
    return m


@case
def layers_that_are_not_read_are_named():
    need_h5py()
    for kind, config, *words in (
            ("Lambda", {"function": ["4wE...", None, None]}, "holds code", "tf2onnx"),
            ("Conv2DTranspose", {}, "(Conv2DTranspose)", "not supported", "tf2onnx"),
            ("MyOwn>Layer", {}, "(MyOwn>Layer)", "not supported"),
            ("Activation", {"activation": "selu"}, "'selu'"),
            ("Activation", {"activation": {"class_name": "function", "config": "own"}}, "'own'"),
            ("Conv2D", {**CONV, "filters": 8, "data_format": "channels_first"}, "channels first"),
            ("Conv2D", {**CONV, "filters": 8, "padding": "causal"}, "causal"),
            ("Conv2D", {**CONV, "filters": "8"}, "'filters'"),
            ("Conv2D", {**CONV, "filters": 8}, "kernel is missing"),
            ("Conv2D", {**CONV, "filters": 8, "groups": 3}, "groups"),
            ("Conv2D", {**CONV, "filters": 8, "kernel_size": [3, 3, 3]}, "'kernel_size'"),
            ("MaxPooling2D", {"pool_size": [1 << 40, 1]}, "'pool_size'"),
            ("MaxPooling2D", {"pool_size": [20, 20]}, "larger"),
            ("BatchNormalization", {"axis": 1}, "axis"), ("Softmax", {"axis": 1}, "axis"),
            ("UpSampling2D", {"size": [2, 2], "interpolation": "bilinear"}, "bilinear"),
            ("UpSampling2D", {"size": [2, 3]}, "2 x 3"), ("Permute", {"dims": [1, 2]}, "order"),
            ("Reshape", {"target_shape": [5]}, "504 numbers"), ("ReLU", {"threshold": 1.0}, "threshold"),
            ("LeakyReLU", {"alpha": float("nan")}, "'alpha'"), ("Add", {}, "inputs"),
            ("ZeroPadding2D", {"padding": [[1, -1], [0, 0]]}, "'padding'")):
        m = with_layer(kind, **config)
        refused(lambda: read(m.functional(), m), "m.h5: ", "the_layer", *words)


@case
def broken_configurations_are_refused():
    need_h5py()
    good = convolutions().functional()

    def changed(change):
        found = copy.deepcopy(good)
        change(found["config"], found["config"]["layers"], found)
        return found

    refused(lambda: read(changed(lambda config, layers, found: found.update(class_name="MyModel"))),
            "m.h5: this is a model of the class MyModel", "tf2onnx")
    for label, words, change in (
            ("circle", ("circle",), lambda c, l, f: l[1].update(inbound_nodes=[[["b", 0, 0, {}]]])),
            ("missing", ("'nobody'",), lambda c, l, f: l[1].update(inbound_nodes=[[["nobody", 0, 0, {}]]])),
            ("call", ("'a'", "call 4"), lambda c, l, f: l[2].update(inbound_nodes=[[["a", 4, 0, {}]]])),
            ("output", ("output 1",), lambda c, l, f: l[2].update(inbound_nodes=[[["a", 0, 1, {}]]])),
            ("no nodes", ("what it reads",), lambda c, l, f: l[2].pop("inbound_nodes")),
            ("by name", ("by name",), lambda c, l, f: l[2].update(
                inbound_nodes=[[["a", 0, 0, {"y": ["input", 0, 0]}]]])),
            ("two inputs", ("2 inputs",), lambda c, l, f: c.update(input_layers=[["input", 0, 0]] * 2)),
            ("no outputs", ("output_layers",), lambda c, l, f: c.pop("output_layers")),
            ("twice", ("one name",), lambda c, l, f: l.append(l[1])),
            ("no class", ("without a class",), lambda c, l, f: l[1].pop("class_name")),
            ("no name", ("without a name",), lambda c, l, f: l[1].update(name="")),
            ("no layers", ("no layers",), lambda c, l, f: c.update(layers=[])),
            ("shape", ("shape",), lambda c, l, f: l[0]["config"].update(batch_input_shape=[None, 9, 7])),
            ("text", ("shape",), lambda c, l, f: l[0]["config"].update(batch_input_shape="many")),
            ("zero", ("shape",), lambda c, l, f: l[0]["config"].update(batch_input_shape=[None, 0, 7, 3])),
            ("half free", ("shape",), lambda c, l, f: l[0]["config"].update(
                batch_input_shape=[None, None, 7, 3])),
            ("itself", ("input",), lambda c, l, f: c.update(output_layers=[["input", 0, 0]]))):
        try:
            refused(lambda: read(changed(change)), "m.h5: ", *words)
        except AssertionError as error:
            raise AssertionError("%s: %s" % (label, error)) from None


@case
def models_in_models_are_bounded():
    """Each calls the one before it ten times: ten million layers in a small file."""
    need_h5py()
    keras_model.MAX_NODES, most = 300, keras_model.MAX_NODES
    require(most == 65536, "another limit than the format's")
    inner = Layers((1, 1, 1))
    inner.add("Activation", "act", activation="relu")
    for _ in range(7):
        outer = Layers((1, 1, 1))
        outer.nest(inner, "m")
        outer.layers[-1]["inbound_nodes"] += [[["m", i, 0, {}]] for i in range(9)]
        outer.add("Activation", "end", activation="relu")
        outer.layers[-1]["inbound_nodes"] = [[["m", 9, 0, {}]]]
        inner = outer
    refused(lambda: read(inner.functional(), inner), "m.h5: ", "more than 300 nodes")
    keras_model.MAX_NODES = most
    for _ in range(4):
        outer = Layers((1, 1, 1))
        outer.nest(inner, "m")
        inner = outer
    refused(lambda: read(inner.functional(), inner), "m.h5: ", "nested deeper")


@case
def wrong_arrays_are_refused_by_layer():
    need_h5py()
    for words, change in ((("'a'", "kernel", "[3, 3, 3, 8]"),
                           lambda a: a.update(a=[np.zeros((3, 3, 3, 9), "f4"), a["a"][1]])),
                          (("'norm'", "variance is missing"), lambda a: a.update(norm=a["norm"][:3])),
                          (("'norm'", "negative"), lambda a: a["norm"].__setitem__(3, np.full(8, -1, "f4"))),
                          (("'b'", "too many"), lambda a: a["b"].append(np.zeros(6, "f4"))),
                          (("int32",), lambda a: a["c"].__setitem__(1, np.zeros(4, "i4")))):
        m = convolutions()
        change(m.arrays)
        refused(lambda: read(m.functional(), m), "m.h5: ", *words)


@case
def other_keras_files_are_named():
    need_h5py()
    made = io.BytesIO()
    with h5py.File(made, "w") as file:
        file.create_dataset("numbers", data=np.zeros(3))
    refused(lambda: convert.convert([("d.h5", made.getvalue())]), "d.h5: this is an HDF5 file", "model.save")
    broken = io.BytesIO()
    m = convolutions()
    whole = write_keras3(m.functional(), m)
    with zipfile.ZipFile(io.BytesIO(whole)) as source, zipfile.ZipFile(broken, "w") as archive:
        for name in ("metadata.json", "config.json"):
            archive.writestr(name, source.read(name))
    refused(lambda: convert.convert([("k.keras", broken.getvalue())]), "k.keras: ", "model.weights.h5",
            "HDF5")
    for member, content in (("config.json", b"{"), ("model.weights.h5", b"\x89HDF\r\n\x1a\n"),
                            ("config.json", b"[" * 100000), ("metadata.json", b"[]")):
        made = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(whole)) as source, zipfile.ZipFile(made, "w") as archive:
            for name in source.namelist():
                archive.writestr(name, content if name == member else source.read(name))
        if member != "metadata.json":
            refused(lambda: convert.convert([("k.keras", made.getvalue())]), "k.keras: ")
        else:
            convert.read_graphs("zip", [("k.keras", made.getvalue())])


@case
def the_command_reads_them_apart():
    """In the child that can open nothing: all that the readers need is loaded before."""
    need_h5py()
    from own_card import command
    m = classifier()
    for label, data in (("m.h5", write_keras2(m.functional(), m)),
                        ("m.keras", write_keras3(m.functional(), m))):
        path = os.path.join(temp_folder(), label)
        with open(path, "wb") as file:
            file.write(data)
        code, said, result = command(path)
        require(code == 4 and result is None and "input 6x5x2, outputs classes (4)" in said and
                said.startswith("convert.py: %s: no card" % path), said)


main()
