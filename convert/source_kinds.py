"""source_kinds.py - what a file is, told by its first bytes: one that a reader reads, or one of the
other kinds that people bring, with the one next step."""
import re
from dataclasses import dataclass

from graph import ConvertError

HEAD = 4096  # bytes that tell
EXPORT = "export the network to ONNX (%s) and convert that"
BY_TORCH = EXPORT % "torch.onnx.export, with the code that made it"
BY_TF2ONNX = EXPORT % "python -m tf2onnx.convert"
NO_GRAPH = "it holds weights by name and no layers: "


@dataclass(frozen=True)
class Kind:
    name: str
    start: bytes        # a pattern over the first bytes
    reader: str = ""    # "keras", "caffe", "onnx", "tflite", "tfjs", "tfjs_weights"; or
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
    _other("a web page", rb"(?i:\s*<(!doctype|html|head))",
           "the download has failed: open the address in a browser and save the file itself"),
    _other("a PyTorch checkpoint (zip)",
           rb"PK\x03\x04.{26}[^\x00]*?/(data\.pkl|\.format_version|version|byteorder|code)",
           NO_GRAPH + BY_TORCH),
    _other("a Keras 3 archive (.keras)", rb"PK\x03\x04.{26}(metadata|config)\.json",
           "save it as HDF5 (model.save('NAME.h5')) and convert that, or " + BY_TF2ONNX),
    _other("a NumPy archive (.npz)", rb"PK\x03\x04.{26}[^\x00]*?\.npy", NO_GRAPH + EXPORT %
           "with the code that made it"),
    _other("a zip archive", rb"PK(\x03\x04|\x05\x06)", "unpack it and convert the model in it"),
    _other("a compressed file (gzip)", rb"\x1f\x8b", "unpack it and convert the model in it"),
    _other("a compressed file (xz)", rb"\xfd7zXZ\x00", "unpack it and convert the model in it"),
    _other("a compressed file (bzip2)", rb"BZh[1-9]1AY", "unpack it and convert the model in it"),
    _other("a 7-Zip archive", rb"7z\xbc\xaf\x27\x1c", "unpack it and convert the model in it"),
    _other("a RAR archive", rb"Rar!\x1a\x07", "unpack it and convert the model in it"),
    _other("a tar archive", rb".{257}ustar", "unpack it and convert the model in it"),
    _other("a PyTorch checkpoint (old container)",
           rb"\x80.(\x95.{8})?\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19\.",
           NO_GRAPH + BY_TORCH),
    Kind("a pickle", rb"\x80|\(d|\}q|cc", "caffe"),  # protocol 2 and up; 0 and 1
    _other("a NumPy array (.npy)", rb"\x93NUMPY", NO_GRAPH + EXPORT % "with the code that made it"),
    _other("safetensors", rb".{6}\x00\x00\{", NO_GRAPH + BY_TORCH),
    _other("a faceid model (.fid)", rb"\x89FID", "it needs no conversion"),
    Kind("a TensorFlow.js model", rb"\s*\{.{0,4000}?\"(modelTopology|weightsManifest)\"", "tfjs"),
    Kind("a manifest of TensorFlow.js weights", rb"\s*\[.{0,4000}?\"(paths|shape|dtype)\"",
         "tfjs_weights"),
    _other("an ncnn graph (.param)", rb"7767517\s",
           "take the network that it was made from, as ONNX"),
    _other("an MXNet graph (-symbol.json)", rb"\s*\{\s*\"nodes\"",
           EXPORT % "mxnet.onnx.export_model"),
    _other("MXNet weights (.params)", rb"\x12\x01\x00\x00\x00\x00\x00\x00",
           NO_GRAPH + EXPORT % "mxnet.onnx.export_model"),
    _other("an OpenVINO graph", rb"\s*<(\?xml[^>]*>\s*)?<?net\b",
           "take the network that it was made from, as ONNX"),
    _other("a TensorFlow SavedModel", rb"\x08\x01\x12[\x80-\xff]{1,4}[\x01-\x7f]\x0a",
           EXPORT % "python -m tf2onnx.convert --saved-model FOLDER"),
    _other("a Core ML model", rb"\x08[\x01-\x0a]\x12[\x80-\xff]{0,4}[\x01-\x7f]\x0a",
           "take the network that it was made from, as ONNX"),
    Kind("ONNX", rb"\x08[\x01-\x3f].", "onnx"),  # a ModelProto's field 1, ir_version
    _other("a TensorFlow frozen graph (.pb)",
           rb"\x0a(.|.[\x01-\x7f])\x0a.[\w./-]+\x12.(Placeholder|Const|Identity|PlaceholderV2)",
           EXPORT % "python -m tf2onnx.convert --graphdef FILE"),
    _other("a Caffe network (.prototxt)", rb"\s*(#[^\n]*\n\s*)*(name\s*:|layers?\s*\{|input\s*:)",
           "convert it with its .caffemodel to ONNX (caffe2onnx) and convert that"),
    _other("a Caffe network (.caffemodel)", rb"\x0a[\x01-\x7f][\x20-\x7e]+[\x10-\x22\x92\xa2]",
           "convert it with its .prototxt to ONNX (caffe2onnx) and convert that"),
    _other("ncnn weights (.bin)", rb"\x47\x6b\x30\x01|\x38\x4b\x0d\x00",
           "take the network that it was made from, as ONNX"),
)
PARTED = ("tfjs", "tfjs_weights")  # kinds whose files name further ones that belong to them


def source_kind(data, name):
    """The reader of a file's bytes, as KINDS has it. ConvertError says of another kind what it is
    and the next step."""
    head = data[:HEAD]
    for kind in KINDS:
        if re.match(kind.start, head, re.DOTALL):
            if kind.reader:
                return kind.reader
            raise ConvertError("%s: this is %s: %s" % (name, kind.name, kind.advice))
    raise ConvertError("%s: neither HDF5 (Keras), nor a pickle, nor ONNX, nor TFLite, nor a "
                       "TensorFlow.js model: no kind of file that is known; take the network's "
                       "ONNX file" % name)
