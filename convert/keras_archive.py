"""keras_archive.py - Keras 3's archive (.keras): a zip of the configuration and of an HDF5 file
with the weights, where a layer's place follows from its class: layers/conv2d, layers/conv2d_1, ...
in the order of the configuration, in each its arrays by number."""
import re

import keras_model
from graph import ConvertError
from keras_hdf5 import array_in, is_group, member, open_file
from source_kinds import BY_TF2ONNX

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
FOLDERS = ("layers", "_layer_checkpoint_dependencies")  # the second: TensorFlow's Keras up to 2.13
SAVE = "save it as HDF5 (model.save('NAME.h5')) and convert that, or " + BY_TF2ONNX


def folder_name(kind):
    """BatchNormalization as batch_normalization, the way that Keras spells its folders."""
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", kind))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()


class NumberedWeights:
    """The weights of an open file, for keras_model.py."""

    def __init__(self, file):
        self.file = file
        self.folder = next((name for name in FOLDERS if is_group(member(file, name))), FOLDERS[0])

    def below(self, place, layers):
        counts, places = {}, []
        for layer in layers:
            name = folder_name(layer["class_name"])
            counts[name] = counts.get(name, -1) + 1
            places.append("%s%s/%s%s" % (place + "/" if place else "", self.folder, name,
                                         "_%d" % counts[name] if counts[name] else ""))
        return places

    def arrays(self, place):
        group = member(self.file, place + "/vars")
        return [array_in(group, str(i)) for i in range(len(group))] if is_group(group) else []


def _version(archive):
    """Keras' first number; 3 where the archive does not say it."""
    found = keras_model.parse(bytes(archive.read(METADATA))) if METADATA in archive.members else {}
    version = found.get("keras_version") if type(found) is dict else None
    return int(version[0]) if type(version) is str and version[:1].isdecimal() else 3


def graph_of(archive, outputs=()):
    """The graph of an open archive; values named in outputs become its outputs, if there are any.
    ConvertError."""
    if WEIGHTS not in archive.members:
        raise ConvertError("this is a Keras archive without %s: %s" % (WEIGHTS, SAVE))
    found = keras_model.parse(bytes(archive.read(CONFIG)))
    try:
        with open_file(bytes(archive.read(WEIGHTS))) as file:
            return keras_model.graph_of(found, NumberedWeights(file), _version(archive), outputs)
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise ConvertError("%s in it is damaged (%s)" % (WEIGHTS, error)) from None
