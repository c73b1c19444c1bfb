"""source_kinds.py - what a file is, told by its first bytes: one that a reader reads, or one of the
other kinds that people bring, with the one next step."""
import os
import re
from dataclasses import dataclass

from graph import ConvertError

HEAD = 4096  # bytes that tell
EXPORT = "export the network to ONNX (%s) and convert that"
BY_TORCH = EXPORT % "torch.onnx.export, with the code that made it"
BY_TF2ONNX = EXPORT % "python -m tf2onnx.convert"
MADE_FROM = "take the network that it was made from, as ONNX"
FREEZE = "freeze it to a graph and " + EXPORT % "python -m tf2onnx.convert --checkpoint FILE.meta"
UNPACK = "unpack it and convert the model in it"
NO_GRAPH = "it holds weights by name and no layers: "


@dataclass(frozen=True)
class Kind:
    name: str
    start: bytes        # a pattern over the first bytes
    reader: str = ""    # a key of convert.py's READERS; or
    advice: str = ""    # why not, and the next step


def _other(name, start, advice):
    return Kind(name, start, advice=advice)


# In this order: the first whose pattern fits.
KINDS = (
    Kind("HDF5", rb"\x89HDF\r\n\x1a\n", "keras"),
    Kind("TFLite", rb".{4}TFL3", "tflite"),
    _other("empty", rb"\Z", "download it again"),
    _other("a Git LFS pointer, not the file itself", rb"version https://git-lfs",
           "fetch the file with 'git lfs pull', or download it from the project's page"),
    _other("a web page or a server's answer",
           rb"(?i:(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?<(!doctype html|html|head|error>)"
           rb"|(entry|file|page)? ?not found|invalid username|access to model)",
           "the download has failed: open the address in a browser and save the file itself"),
    Kind("zip", rb"PK(\x03\x04|\x05\x06)", "zip"),  # PyTorch, Keras 3 and others: by its members
    _other("a compressed file (gzip)", rb"\x1f\x8b", UNPACK),
    _other("a compressed file (xz)", rb"\xfd7zXZ\x00", UNPACK),
    _other("a compressed file (bzip2)", rb"BZh[1-9]1AY", UNPACK),
    _other("a 7-Zip archive", rb"7z\xbc\xaf\x27\x1c", UNPACK),
    _other("a RAR archive", rb"Rar!\x1a\x07", UNPACK),
    _other("a tar archive", rb".{257}ustar", UNPACK),
    Kind("a PyTorch checkpoint (old container)",
         rb"\x80.(\x95.{8})?\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\.", "torch"),
    Kind("a pickle", rb"\x80|\(d|\}q|cc", "caffe"),  # protocol 2 and up; 0 and 1
    _other("a NumPy array (.npy)", rb"\x93NUMPY", NO_GRAPH + EXPORT % "with the code that made it"),
    Kind("safetensors", rb".{6}\x00\x00\{", "safetensors"),
    _other("a TensorRT engine", rb"[fp]trt", MADE_FROM),
    _other("a Rockchip model (.rknn)", rb"RKNN", MADE_FROM),
    _other("a picture", rb"\xff\xd8\xff|\x89PNG|GIF8|RIFF.{4}WEBP", "wanted is a network's file"),
    _other("a MATLAB file (.mat)", rb"MATLAB 5\.0 MAT-file", MADE_FROM),
    _other("a list of TensorFlow checkpoints", rb"model_checkpoint_path\s*:", FREEZE),
    _other("a Darknet network (.cfg)", rb"\s*(#[^\n]*\n\s*)*\[net(work)?\]", MADE_FROM),
    _other("a faceid model (.fid)", rb"\x89FID", "it needs no conversion"),
    Kind("a TensorFlow.js model",
         rb"\s*\{.{0,4000}?\"(modelTopology|weightsManifest|graph-model|layers-model)\"", "tfjs"),
    Kind("a manifest of TensorFlow.js weights", rb"\s*\[.{0,4000}?\"(paths|shape|dtype)\"",
         "tfjs_weights"),
    _other("a Keras configuration without weights",
           rb"\s*\{.{0,400}?\"class_name\":\s*\"(Model|Functional|Sequential)\"",
           "save the whole model (model.save('NAME.h5')) and convert that"),
    _other("an ncnn graph (.param)", rb"7767517\s", MADE_FROM),
    _other("an MXNet graph (-symbol.json)", rb"\s*\{\s*\"nodes\"",
           EXPORT % "mxnet.onnx.export_model"),
    _other("MXNet weights (.params)", rb"\x12\x01\x00\x00\x00\x00\x00\x00",
           NO_GRAPH + EXPORT % "mxnet.onnx.export_model"),
    _other("an OpenVINO graph", rb"\s*<(\?xml[^>]*>\s*)?<?net\b",
           MADE_FROM),
    _other("a TensorFlow SavedModel", rb"\x08\x01\x12[\x80-\xff]{1,4}[\x01-\x7f]\x0a",
           EXPORT % "python -m tf2onnx.convert --saved-model FOLDER"),
    _other("a Core ML model", rb"\x08[\x01-\x0a]\x12[\x80-\xff]{0,4}[\x01-\x7f]\x0a",
           MADE_FROM),
    Kind("ONNX", rb"\x08[\x01-\x3f].", "onnx"),  # a ModelProto's field 1, ir_version
    _other("a TensorFlow frozen graph (.pb)",
           rb"\x0a(.|.[\x01-\x7f])\x0a.[\w./-]+\x12.(Placeholder|Const|Identity|PlaceholderV2)",
           EXPORT % "python -m tf2onnx.convert --graphdef FILE"),
    _other("a Caffe network (.prototxt)", rb"\s*(#[^\n]*\n\s*)*(name\s*:|layers?\s*\{|input\s*:)",
           "convert it with its .caffemodel to ONNX (caffe2onnx) and convert that"),
    _other("a Caffe network (.caffemodel)", rb"\x0a[\x01-\x7f][\x20-\x7e]+[\x10-\x22\x92\xa2]",
           "convert it with its .prototxt to ONNX (caffe2onnx) and convert that"),
    _other("ncnn weights (.bin)", rb"\x47\x6b\x30\x01|\x38\x4b\x0d\x00", MADE_FROM),
)
PARTED = ("tfjs", "tfjs_weights")  # kinds whose files name further ones that belong to them


# Endings of names, for content that has no mark of its own: a hint, and said to be one.
ENDINGS = (
    (r"\.mnn", "an MNN model", MADE_FROM),
    (r"\.(engine|plan|trt)", "a TensorRT engine", MADE_FROM),
    (r"\.(ckpt(\..*)?|meta|index|data-\d+-of-\d+)", "a part of a TensorFlow checkpoint", FREEZE),
    (r"\.(pdmodel|pdiparams)", "a PaddlePaddle model", EXPORT % "paddle2onnx"),
    (r"\.tar", "a tar archive", UNPACK),
    (r"\.weights", "Darknet weights", MADE_FROM),
    (r"\.dat", "a network in dlib's own form", "take the same network as ONNX, or for dlib's face "
     "recognizer face_recognition_model of @vladmandic/face-api"),
    (r"\.bin", "weights beside a graph (ncnn, OpenVINO, TensorFlow.js)",
     "they hold no layers: convert its graph, or " + MADE_FROM),
)
# What a folder holds: a file in it, what it is, the next step.
FOLDERS = (
    ("saved_model.pb", "a TensorFlow SavedModel",
     EXPORT % "python -m tf2onnx.convert --saved-model FOLDER"),
    ("Manifest.json", "a Core ML package", MADE_FROM),
    ("model.json", "a TensorFlow.js model", "convert the model.json in it"),
)


def folder_text(path):
    """What a folder is, for people, who were asked for a file."""
    text = "is a folder, wanted is a regular file"
    return next(("%s (in it is %s: %s)" % (text, what, advice) for name, what, advice in FOLDERS
                 if os.path.exists(os.path.join(path, name))), text + ": name the network's file in it")


def source_kind(data, name):
    """The reader of a file's bytes, a key of convert.py's READERS. ConvertError says of another
    kind what it is and the next step."""
    head = data[:HEAD]
    for kind in KINDS:
        if re.match(kind.start, head, re.DOTALL):
            if kind.reader:
                return kind.reader
            raise ConvertError("%s: this is %s: %s" % (name, kind.name, kind.advice))
    for ending, what, advice in ENDINGS:
        if re.search(r"[^/]" + ending + r"\Z", name, re.IGNORECASE):
            raise ConvertError("%s: by its name this is %s: %s" % (name, what, advice))
    raise ConvertError("%s: neither a Keras model (HDF5, .keras), nor a pickle or a checkpoint of "
                       "PyTorch, nor safetensors, ONNX, TFLite or a TensorFlow.js model: no kind of file "
                       "that is known; take the network's ONNX file" % name)
