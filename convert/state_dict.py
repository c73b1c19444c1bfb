"""state_dict.py - dictionaries "layer.weight" -> array, as PyTorch names them, of the networks
whose graph we have. Whichever file holds the dictionary, its network is recognized by the
names; the shape of each array is checked afterwards.

VGGFace2's ResNet50 (torchvision's names) is Caffe's: unlike Keras' variant conv1 pads 3 on every
side, the first pool rounds up (112 -> 56), epsilon is 1e-5."""
import numpy as np

import facenet_graph
import resnet50_graph
from graph import ConvertError
from source_kinds import BY_TORCH, NO_GRAPH

NORM_ROLES = {"weight": "gamma", "bias": "beta", "running_mean": "mean", "running_var": "variance"}
LINEAR_ROLES = {"weight": "filter", "bias": "bias"}
IGNORED = "num_batches_tracked"  # PyTorch's training counter
PARALLEL = "module."             # before every name, where a network was trained on several devices
MOST_SEEN = 3                    # arrays in a message


class Names:
    """Names of ResNet50's layers (torchvision's) and values."""
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


CAFFE = resnet50_graph.Variant(
    epsilon=1e-5, conv1={"pads": (3, 3, 3, 3)}, pool1={"pad_mode": "ceil"}, names=Names)
# Some names that only this network has, and what makes its graph of {layer: {role: array}}.
NETWORKS = (
    (("layer1.0.downsample.0.weight", "layer3.5.conv3.weight", "layer4.2.conv3.weight"),
     lambda layers: resnet50_graph.build(CAFFE, layers, "Caffe weights")),
    (("conv2d_1a.conv.weight", "repeat_2.9.conv2d.weight", "last_linear.weight"),
     facenet_graph.build),
)


def _text(key):
    if isinstance(key, bytes):
        key = key.decode("latin1")
    if not isinstance(key, str):
        raise ConvertError("a key of the dictionary is no text but %s" % type(key).__name__)
    return key


def layers_of(state):
    """{layer: {role: array}} of a dictionary "layer.weight" -> array."""
    layers = {}
    norms = {key.rpartition(".")[0] for key in state if key.endswith(".running_mean")}
    for key, array in state.items():
        layer, _, kind = key.rpartition(".")
        if kind == IGNORED:
            continue
        role = (NORM_ROLES if layer in norms else LINEAR_ROLES).get(kind)
        if role is None:
            raise ConvertError("the array '%s' is of no known kind" % key)
        if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
            raise ConvertError("'%s' is no array of floats" % key)
        if array.ndim == 4:  # [c_out, c_in, kh, kw] as our [c_out, kh, kw, c_in]
            array = array.transpose(0, 2, 3, 1)
        layers.setdefault(layer, {})[role] = array
    return layers


def seen(state):
    """What a dictionary holds, for people."""
    arrays = [(key, value) for key, value in state.items() if isinstance(value, np.ndarray)]
    words = ["'%.80s' %s" % (key, list(array.shape)) for key, array in arrays[:MOST_SEEN]]
    return "%d arrays%s%s" % (len(arrays), ": " * bool(words) + ", ".join(words),
                              ", ..." * (len(arrays) > MOST_SEEN))


def graph_of(state, what, outputs=()):
    """The graph of a dictionary of arrays; what: the file that it was in, for messages. Values
    named in outputs become its outputs, if there are any. ConvertError."""
    state = {_text(key): array for key, array in state.items()}
    if state and all(key.startswith(PARALLEL) for key in state):
        state = {key[len(PARALLEL):]: array for key, array in state.items()}
    build = next((build for names, build in NETWORKS if all(name in state for name in names)), None)
    if build is None:
        raise ConvertError("this is %s of an unknown network (%s): %s" % (
            what, seen(state), NO_GRAPH + BY_TORCH))
    graph = build(layers_of(state))
    graph.cut(outputs)
    return graph
