"""caffe_pickle_reader.py - VGGFace2's ResNet50 as it was published for Caffe and carried over to
PyTorch: a pickle with a dictionary of NumPy arrays under torchvision's names.

Unlike Keras' variant: conv1 pads 3 on every side, the first pool rounds up (112 -> 56), epsilon
1e-5."""
import numpy as np

import array_pickle
import resnet50_graph
from graph import ConvertError

NORM_ROLES = {"weight": "gamma", "bias": "beta", "running_mean": "mean", "running_var": "variance"}
LINEAR_ROLES = {"weight": "filter", "bias": "bias"}
IGNORED = "num_batches_tracked"  # PyTorch's training counter


class Names:
    """Names of layers (torchvision's) and values."""
    INPUT = "data"
    CONV1 = ("conv1", "bn1")
    RELU1, POOL1, POOL5 = "relu", "maxpool", "avg_pool"
    DENSE, LOGITS, CLASSES = "fc", "fc", "classifier"

    def __init__(self, stage, block):
        part = "layer%d.%d." % (stage + 1, block)
        self.reduce, self.middle, self.increase = [
            (part + "conv%d" % i, part + "bn%d" % i) for i in (1, 2, 3)]
        self.project = (part + "downsample.0", part + "downsample.1")
        self.relus = [part + "relu1", part + "relu2", part + "relu3"]
        self.add = part + "add"


VARIANT = resnet50_graph.Variant(
    epsilon=1e-5, conv1={"pads": (3, 3, 3, 3)}, pool1={"pad_mode": "ceil"}, names=Names)


def _text(key):
    if isinstance(key, bytes):
        key = key.decode("latin1")
    if not isinstance(key, str):
        raise ConvertError("a key of the dictionary is no text but %s" % type(key).__name__)
    return key


def _is_norm(layer):
    last = layer.rpartition(".")[2]
    return last.startswith("bn") or layer.endswith("downsample.1")


def layers_of(state):
    """{layer: {role: array}} of a dictionary "layer.weight" -> array."""
    if not isinstance(state, dict):
        raise ConvertError("the pickle holds no dictionary but %s" % type(state).__name__)
    layers = {}
    for key, array in state.items():
        layer, _, kind = _text(key).rpartition(".")
        if kind == IGNORED:
            continue
        role = (NORM_ROLES if _is_norm(layer) else LINEAR_ROLES).get(kind)
        if role is None:
            raise ConvertError("the array '%s' is of no known kind" % _text(key))
        if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
            raise ConvertError("'%s' is no array of floats" % _text(key))
        if array.ndim == 4:  # [c_out, c_in, kh, kw] as our [c_out, kh, kw, c_in]
            array = array.transpose(0, 2, 3, 1)
        layers.setdefault(layer, {})[role] = array
    return layers


def read_caffe(data, name, outputs=()):
    """The graph of a pickle's bytes; name is for messages. Values named in outputs become its
    outputs, if there are any. ConvertError."""
    try:
        graph = resnet50_graph.build(VARIANT, layers_of(array_pickle.load(data)), "Caffe weights")
        graph.cut(outputs)
        return graph
    except ConvertError as error:
        raise ConvertError("%s: %s" % (name, error)) from None
