#!/usr/bin/python3
"""Converter: what is damaged, hostile or unknown is refused with a sentence that names it."""
import gzip
import io
import os
import struct
import sys
import zipfile

import numpy as np

from check import ROOT, case, main, require, run, shared, skip, temp_folder

import convert
import graph_passes
import tflite_maker
import vggface2_weights
from graph import ConvertError
from refusal import need_onnx, refused

CONVERT = os.path.join(ROOT, "convert", "convert.py")


# ---- ONNX ----

def onnx_bytes(node_type, inputs=("x",), outputs=("y",), constants=(), shape=(1, 3, 8, 8), opset=13,
               **more):
    need_onnx()
    import onnx
    from onnx import TensorProto, helper
    nodes = [helper.make_node(node_type, list(inputs), list(outputs), "the_node", **more)]
    entry = helper.make_tensor_value_info("x", TensorProto.FLOAT, list(shape))
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    tensors = [onnx.numpy_helper.from_array(array, name) for name, array in constants]
    graph = helper.make_graph(nodes, "g", [entry], [result], tensors)
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("imported.and.unused", 3)]
    return helper.make_model(graph, opset_imports=imports).SerializeToString()


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
                ("w", np.zeros((2, 8), np.float32))])),
            (("Add", "the_node", "for each channel"), onnx_bytes("Add", ("x", "w"), shape=(
                1, 3, "h", "w"), constants=[("w", np.zeros((8, 8), np.float32))])),
            (("Slice", "the_node", "step 2"), onnx_bytes("Slice", ("x", "a", "b", "a", "c"), opset=13,
                constants=[("a", np.int64([2])), ("b", np.int64([8])), ("c", np.int64([2]))])),
            (("Gather", "the_node", "neighbors"), onnx_bytes("Gather", ("x", "w"), axis=1,
                constants=[("w", np.int64([0, 2]))])),
            (("Resize", "the_node", "tf_crop"), onnx_bytes("Resize", ("x", "", "s"), constants=[
                ("s", np.float32([1, 1, 2, 2]))], mode="linear",
                coordinate_transformation_mode="tf_crop_and_resize")),
            (("Resize", "the_node", "cubic"), onnx_bytes("Resize", ("x", "", "s"), constants=[
                ("s", np.float32([1, 1, 2, 2]))], mode="cubic")),
            (("Pow", "the_node", "exponents"), onnx_bytes("Pow", ("x", "w"), constants=[
                ("w", np.float32(3))])),
            (("QLinearConv", "the_node", "whole numbers", "float32 or float16", "QuantizeLinear"),
             onnx_bytes("QLinearConv")),
            (("DynamicQuantizeLinear", "the_node", "whole numbers"), onnx_bytes(
                "DynamicQuantizeLinear")),
            (("Resize", "the_node", "scales"), onnx_bytes("Resize", ("x", "", "s"), constants=[
                ("s", np.float32([1, 1, 1.5, 1.5]))], mode="nearest")),
            (("Transpose", "the_node", "perm"), onnx_bytes("Transpose", perm=[1, 0, 2, 2])),
            (("Clip", "the_node", "opset 9", "3 inputs"), onnx_bytes("Clip", (
                "x", "w", "w"), constants=[("w", np.float32(1))], opset=9)),
            (("Clip", "the_node", "opset 11", "'min'"), onnx_bytes("Clip", opset=11, min=0.0)),
            (("Resize", "opset 9"), onnx_bytes("Resize", ("x", "w"), opset=9, constants=[
                ("w", np.float32([1, 1, 2, 2]))])),
            (("opset 6", "7 to 21"), onnx_bytes("Relu", opset=6)),
            (("Conv", "the_node", "int64"), onnx_bytes("Conv", ("x", "w"), constants=[
                ("w", np.zeros((4, 3, 3, 3), np.int64))])),
            (("the_node", "l2_norm", "no such operator"), onnx_bytes(
                "ReduceL2", shape=(1, 3, 1, 1), axes=[1])),
            (("LpNormalization", "the_node", "p 1"), onnx_bytes("LpNormalization", axis=1, p=1)),
            (("LayerNormalization", "the_node", "several"), onnx_bytes("LayerNormalization", (
                "x", "w"), constants=[("w", np.ones((8, 8), np.float32))], axis=2, opset=17)),
            (("Expand", "the_node", "norm"), onnx_bytes("Expand", ("x", "w"), constants=[
                ("w", np.int64([1, 3, 8, 8]))])),
            (("my.own.Relu", "the_node"), onnx_bytes("Relu", domain="my.own")),
            (("Div", "the_node", "zero"), onnx_bytes("Div", ("x", "w"), constants=[
                ("w", np.float32([0]))])),
            (("Cast", "the_node", "floating"), onnx_bytes("Cast", to=7)),
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
    data = tflite_maker.CASES["spelled_out_patterns"]().bytes()
    whole = read_tflite(data, "p")
    for size in list(range(0, 64)) + list(range(64, len(data), 7)):
        try:
            graph = read_tflite(data[:size], "p.tflite")
        except ConvertError:
            continue
        require(len(graph.nodes) == len(whole.nodes), "%d of %d bytes" % (size, len(data)))
        raise AssertionError("cut to %d bytes it was accepted" % size)
    random = np.random.default_rng(1)
    for position in random.integers(0, len(data), 4000):
        changed = bytearray(data)
        changed[position] ^= 1 << int(random.integers(8))
        try:
            read_tflite(bytes(changed), "p.tflite")
        except ConvertError:
            pass


@case
def tflite_refusals_name_operator_and_type():
    from tflite_reader import read_tflite
    m = tflite_maker.Maker(1, 4, 4, 3)
    for code, name in ((108, "COS"), (111, "ELU"), (114, "QUANTIZE")):
        m = tflite_maker.Maker(1, 4, 4, 3)
        m.add("RELU", 0)
        m.operators = [(code, *rest) for _, *rest in m.operators]
        refused(lambda: read_tflite(m.bytes(), "f"), "f: node", name)
    for kind, words in ((9, ("whole numbers", "scale")), (3, ("whole numbers", "scale")),
                        (7, ("int16",)), (4, ("int64", "float32")), (99, ("99",))):
        m = tflite_maker.Maker(1, 4, 4, 3)
        m.add("RELU", 0)
        m.tensors[0][1] = ("b", kind)
        refused(lambda: read_tflite(m.bytes(), "f"), "f: tensor", *words)
    m = tflite_maker.Maker(1, 4, 4, 3)  # a decision, which a cut before it leaves out
    m.add("RELU6", m.add("RELU", 0))
    m.tensors[2][1] = ("b", 6)
    refused(lambda: read_tflite(m.bytes(), "f"), "f: node", "RELU6", "'t2' is of type bool")
    require([node.output for node in read_tflite(m.bytes(), "f", ["t1"]).nodes] == ["t1"], "not cut")


@case
def labels_are_read_in_every_form():
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
        with open(path, "rb") as file:
            found = read_labels(file.read(), path)
        require(found == want, "form %d: %s" % (i, found))


@case
def onnx_changed_anywhere_is_refused_or_read():
    """A changed byte: refused, or read as another valid model, never a crash."""
    cases = need_onnx().CASES
    from onnx_reader import read_onnx
    random = np.random.default_rng(2)
    for name in ("flatten_gemm", "heads_of_free_size", "average_pools", "resize_to_sizes"):
        data = cases[name]()[0].SerializeToString()
        for position in random.integers(0, len(data), 400):
            changed = bytearray(data)
            changed[position] ^= 1 << int(random.integers(8))
            try:
                graph_passes.simplify(read_onnx(bytes(changed), "f.onnx"))
            except ConvertError:
                pass


@case
def a_file_of_no_known_kind_is_refused():
    for data in (b"\0", b"hello world", b"\x08", bytes(4000)):
        refused(lambda: convert.convert([("some.file", data)]), "some.file", "neither")
    refused(lambda: convert.convert([("t", struct.pack("<I4s", 9999, b"TFL3"))]), "t", "damaged")


def zipped(*names):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in names:
            archive.writestr(name, b"content")
    return data.getvalue()


def saved_array(save, *arguments):
    data = io.BytesIO()
    save(data, *arguments)
    return data.getvalue()


def message(number, content):
    """A field of a protocol buffer that holds bytes, up to 127."""
    return bytes([number << 3 | 2, len(content)]) + content


@case
def other_kinds_are_named_with_the_next_step():
    frozen = message(1, message(1, b"input_1") + message(2, b"Placeholder"))
    saved = b"\x08\x01\x12" + b"\xb7\x04" + message(1, message(4, b"serve")) + bytes(600)
    for data, *words in (
            (b"", "empty", "again"),
            (b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS", "git lfs pull"),
            (b"\n<!DOCTYPE html>\n<html>", "web page", "browser"), (b"<html>", "web page"),
            (b"Entry not found", "web page"), (b"\xef\xbb\xbf<html>", "web page"),
            (b'<?xml version="1.0"?><Error><Code>AccessDenied', "web page"),
            (zipped("metadata.json", "config.json"), "Keras archive", "HDF5"),
            (zipped("net/saved_model.pb", "net/variables/variables.index"), "SavedModel", "--saved-model"),
            (zipped("Manifest.json", "Data/com.apple.CoreML/model.mlmodel"), "Core ML", "ONNX"),
            (zipped("w.npy"), ".npz"), (zipped("readme", "m.onnx"), "zip", "unpack"),
            (zipped(), "zip"), (gzip.compress(b"model"), "gzip", "unpack"),
            (saved_array(np.save, np.zeros(3)), ".npy", "no layers"),
            (b'[{"weights":[{"name":"c","shape":[1]}],"paths":["s"]}]', "manifest", "no layers"),
            (b'{"modelTopology": {"model_config": {"class_name": "Functional"}}}', "TensorFlow.js"),
            (b"7767517\n75 83\nInput data 0 1 data\n", "ncnn graph"),
            (b"\x47\x6b\x30\x01" + bytes(40), "ncnn weights"),
            (b'{\n  "nodes": [', "MXNet"), (struct.pack("<QQ", 0x112, 0), "MXNet weights"),
            (frozen, "frozen graph", "--graphdef"), (saved, "SavedModel", "--saved-model"),
            (b'name: "PNet"\ninput: "data"\n', ".prototxt", ".caffemodel"),
            (message(1, b"ResNet-50") + b"\xa2\x06\x10", ".caffemodel", ".prototxt"),
            (b'<?xml version="1.0"?>\n<net name="n" version="11">', "OpenVINO", "ONNX"),
            (b"ftrt" + bytes(60), "TensorRT", "ONNX"), (b"ptrt" + bytes(60), "TensorRT", "ONNX"),
            (b"RKNN" + bytes(60), "Rockchip", "ONNX"), (b"\xff\xd8\xff\xe0", "picture"),
            (b"\x89PNG\r\n\x1a\n", "picture"), (b"# yolo\n[net]\nbatch=1\n", "Darknet"),
            (b"MATLAB 5.0 MAT-file, Platform", "MATLAB"),
            (b'model_checkpoint_path: "model-20180402"', "checkpoint", "freeze it"),
            (b'{"class_name": "Functional", "config": {', "without weights", "model.save"),
            (b"\x89FID\r\n\x1a\n" + bytes(50), "faceid model", "no conversion")):
        text = refused(lambda: convert.convert([("some.file", data)]), "some.file: this is", *words)
        require("neither" not in text, text)


@case
def files_without_a_mark_are_named_by_their_ending():
    """By content first: an ending is a hint where nothing else is known."""
    for ending, *words in (("mnn", "an MNN model"), ("bin", "weights beside", "its graph"),
                           ("engine", "TensorRT"), ("pdmodel", "PaddlePaddle", "paddle2onnx"),
                           ("data-00000-of-00001", "TensorFlow checkpoint", "freeze"), ("dat", "dlib"),
                           ("weights", "Darknet"), ("MNN", "an MNN model"), ("tar", "tar archive")):
        name = "some.net." + ending
        refused(lambda: convert.convert([(name, b"\x18\0\0\0" + bytes(40))]), name + ": by its name this is",
                *words)
    refused(lambda: convert.convert([("some.mnn", b"<html>")]), "some.mnn: this is a web page")
    refused(lambda: convert.convert([("mnn", bytes(40))]), "mnn: ", "neither")


@case
def folders_are_named_with_the_next_step():
    for inside, *words in ((None, "wanted is a regular file"),
                           ("saved_model.pb", "SavedModel", "--saved-model"),
                           ("model.json", "model.json"), ("Manifest.json", "Core ML")):
        folder = temp_folder()
        if inside:
            open(os.path.join(folder, inside), "w", encoding="ascii").close()
        done = run(sys.executable, CONVERT, folder, "-o", os.path.join(temp_folder(), "out.fid"))
        require(done.returncode == 3 and done.stderr.startswith("convert.py: %s: is a folder" % folder) and
                all(word in done.stderr for word in words), done.stderr)


@case
def every_refusal_begins_with_the_file():
    """Also where several files, or none that can be read, are at fault."""
    refused(lambda: convert.convert([("a.onnx", b"\x08\x07\x12\x00"), ("b.h5", b"\x89HDF\r\n\x1a\n")]),
            "a.onnx, b.h5: ", "several kinds")


@case
def an_onnx_file_is_none_of_the_other_kinds():
    """Whichever program made it, and however long its name is."""
    from source_kinds import source_kind
    for version in range(1, 11):
        for name in (b"", b"pytorch", b"keras2onnx", b"skl2onnx", b"x" * 127):
            data = bytes([8, version]) + message(2, name) + message(3, b"1.0")
            require(source_kind(data, "f") == "onnx", "%d %s" % (version, name))


@case
def exit_codes():
    folder = temp_folder()
    junk = os.path.join(folder, "junk")
    with open(junk, "wb") as file:
        file.write(b"hello world")
    out = os.path.join(folder, "out.fid")
    for words, code in (([junk, "-o", out], 4), ([folder + "/none", "-o", out], 3),
                        ([junk], 2), ([junk, "-o", out, "--card", "nothing"], 2), (["--help"], 0)):
        done = run(sys.executable, CONVERT, *words)
        require(done.returncode == code, "%s: exit %d, wanted %d" % (words, done.returncode, code))
        require("Traceback" not in done.stderr, done.stderr)
    require(os.listdir(folder) == ["junk"], "a refused source left a file")
    require("exit codes" in run(sys.executable, CONVERT, "--help").stdout, "help names no codes")


main()
