"""zip_reader.py - what a zip archive is: a PyTorch checkpoint, a Keras 3 model, or another kind
that people bring, with the one next step."""
import re

import keras_archive
import torch_reader
from graph import ConvertError
from source_kinds import BY_TF2ONNX, EXPORT, NO_GRAPH, UNPACK
from zip_file import ZipFile

MODEL_NAMES = re.compile(r"\.(onnx|tflite|h5|hdf5|keras|pth?|pkl|safetensors)$", re.IGNORECASE)
# What a member's name tells of an archive that is not read.
OTHERS = (
    (r"(.*/)?saved_model\.pb", "a zipped TensorFlow SavedModel",
     "unpack it; " + EXPORT % "python -m tf2onnx.convert --saved-model FOLDER"),
    (r"(.*/)?Data/com\.apple\.CoreML/.*", "a Core ML package",
     "take the network that it was made from, as ONNX"),
    (r".*\.npy", "a NumPy archive (.npz)", NO_GRAPH + EXPORT % "with the code that made it"),
    (r"(.*/)?(model|group1-shard.*)\.(json|bin)", "a zipped TensorFlow.js model",
     "unpack it and convert the model.json in it, or " + BY_TF2ONNX),
)
TORCH_SCRIPT = EXPORT % "torch.onnx.export of torch.jit.load(FILE)"


def _torch(archive, folder, outputs):
    if folder + "constants.pkl" in archive.members or any(
            name.startswith(folder + "code/") for name in archive.names):
        raise ConvertError("this is a TorchScript archive, which holds its network as code: %s" %
                           TORCH_SCRIPT)
    what = "a PyTorch checkpoint (zip)"
    content = torch_reader.explained(what, torch_reader.load_zip, archive, folder)
    return torch_reader.graph_of(content, what, outputs)


def _graph(archive, outputs):
    folder = next((name[:-len("data.pkl")] for name in archive.names
                   if re.fullmatch(r"([^/]+/)?data\.pkl", name)), None)
    if folder is not None:
        return _torch(archive, folder, outputs)
    if keras_archive.CONFIG in archive.members and keras_archive.METADATA in archive.members:
        return keras_archive.graph_of(archive, outputs)
    for pattern, what, advice in OTHERS:
        if any(re.fullmatch(pattern, name) for name in archive.names):
            raise ConvertError("this is %s: %s" % (what, advice))
    models = [name for name in archive.names if MODEL_NAMES.search(name)]
    raise ConvertError("this is a zip archive: unpack it and convert the model in it%s" % (
        " (%.80s)" % models[0] if models else ""))


def read_zip(data, name, outputs=()):
    """The graph of a zip archive's bytes; name is for messages. Values named in outputs become its
    outputs, if there are any. ConvertError."""
    try:
        return _graph(ZipFile(data), outputs)
    except ConvertError as error:
        raise ConvertError("%s: %s" % (name, error)) from None
