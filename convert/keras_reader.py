"""keras_reader.py - the .h5 weights of keras-vggface's ResNet50, with or without the class layer.

The file lists its layers in the attribute `layer_names` and each layer's arrays in `weight_names`
(of bytes or text, at the root or in the group `model_weights`, long lists cut into numbered
pieces). Values have the names that Keras gives its layers in a fresh session."""
import io
import os

import numpy as np

os.environ["HDF5_PLUGIN_PRELOAD"] = "::"  # a file's filters may not load libraries
try:
    import h5py
except ImportError:
    h5py = None

import resnet50_graph
from graph import ConvertError

ROLES = {"kernel": "filter", "bias": "bias", "gamma": "gamma", "beta": "beta",
         "moving_mean": "mean", "moving_variance": "variance"}


class Names:
    """Layer and value names of keras-vggface's ResNet50."""
    INPUT = "input_1"
    CONV1 = ("conv1/7x7_s2", "conv1/7x7_s2/bn")
    RELU1, POOL1, POOL5 = "activation_1", "max_pooling2d_1", "avg_pool"
    DENSE, LOGITS, CLASSES = "classifier", "classifier/BiasAdd", "classifier"

    def __init__(self, stage, block):
        before = sum(blocks for blocks, _ in resnet50_graph.STAGES[:stage]) + block
        part = "conv%d_%d_%%s" % (stage + 2, block + 1)
        self.reduce, self.middle, self.increase, self.project = [
            (part % kind, part % kind + "/bn")
            for kind in ("1x1_reduce", "3x3", "1x1_increase", "1x1_proj")]
        self.relus = ["activation_%d" % (3 * before + i) for i in (2, 3, 4)]
        self.add = "add_%d" % (before + 1)


LINKS = {} if h5py is None else {h5py.h5l.TYPE_SOFT: "a soft",
                                 h5py.h5l.TYPE_EXTERNAL: "an external"}

VARIANT = resnet50_graph.Variant(
    epsilon=1e-3, conv1={"pad_mode": "same"}, pool1={}, names=Names)


def _names(holder, attribute):
    """A list of names from an attribute, whole or in pieces attribute0, attribute1, ..."""
    if attribute in holder.attrs:
        pieces = [holder.attrs[attribute]]
    else:
        pieces = []
        while "%s%d" % (attribute, len(pieces)) in holder.attrs:
            pieces.append(holder.attrs["%s%d" % (attribute, len(pieces))])
        if not pieces:
            raise ConvertError("'%s' has no attribute '%s': not a file of Keras weights" %
                               (holder.name, attribute))
    words = [word for piece in pieces for word in np.asarray(piece).reshape(-1).tolist()]
    return [word.decode("utf-8") if isinstance(word, bytes) else str(word) for word in words]


def _member(group, path):
    """What path names below a group, or None. Each step is looked at before it is taken: a link
    that is no entry of this very file is refused, and not followed."""
    for part in path.split("/"):
        name = part.encode("utf-8")
        if part in ("", "."):
            continue
        if not isinstance(group, h5py.Group) or not group.id.links.exists(name):
            return None
        kind = group.id.links.get_info(name).type
        if kind != h5py.h5l.TYPE_HARD:
            raise ConvertError("'%s' in '%s' is %s link: refused, a file of weights has all inside" %
                               (part, group.name, LINKS.get(kind, "a foreign")))
        group = group[part]
    return group


def _array(group, name):
    dataset = _member(group, name)
    if not isinstance(dataset, h5py.Dataset):
        raise ConvertError("the array '%s' of layer '%s' is missing" % (name, group.name))
    if dataset.id.get_create_plist().get_external_count() or dataset.is_virtual:
        raise ConvertError("the array '%s' lies in another file" % name)
    if dataset.dtype.kind != "f":
        raise ConvertError("the array '%s' is of type %s, wanted are floats" %
                           (name, dataset.dtype))
    return dataset[()]


def read_layers(file):
    """{layer: {role: array}} of an open file of weights, only layers that have weights."""
    root = _member(file, "model_weights") or file
    layers = {}
    for layer in _names(root, "layer_names"):
        group = _member(root, layer)
        if not isinstance(group, h5py.Group):
            raise ConvertError("layer '%s' is listed but missing" % layer)
        arrays = {}
        for name in _names(group, "weight_names"):
            kind = name.rpartition("/")[2].partition(":")[0]
            if kind not in ROLES:
                raise ConvertError("layer '%s': the array '%s' is of no known kind" % (layer, name))
            arrays[ROLES[kind]] = _array(group, name)
        if arrays:
            layers[layer] = arrays
    return layers


def _in_our_order(arrays):
    """Keras' [kh, kw, c_in, c_out] and [in, out] as our [c_out, kh, kw, c_in] and [out, in]."""
    filters = arrays.get("filter")
    if filters is None:
        return arrays
    order = {4: (3, 0, 1, 2), 2: (1, 0)}.get(filters.ndim)
    if order is None:
        raise ConvertError("a kernel of %d dimensions" % filters.ndim)
    return {**arrays, "filter": filters.transpose(order)}


def _check_architecture(layers):
    """Says what the file is when it is another of keras-vggface's networks."""
    if any("_1x1_down" in name or "_1x1_up" in name for name in layers):
        raise ConvertError("this is a SENet50; only ResNet50 can be converted")
    if "conv1_1" in layers or "fc6" in layers:
        raise ConvertError("this is a VGG16; only ResNet50 can be converted")
    if Names.CONV1[0] not in layers:
        raise ConvertError("not keras-vggface's ResNet50: layer '%s' is missing" % Names.CONV1[0])


def _warm_up():
    """Reads a tiny file of our own, so that what h5py loads at its first use is there: where
    sources are read nothing can be loaded."""
    made = io.BytesIO()
    with h5py.File(made, "w") as file:
        file.attrs["layer_names"] = ["l"]
        file.create_group("l").attrs["weight_names"] = np.array([b"k/kernel:0"])
        file["l"].create_dataset("k/kernel:0", data=np.zeros(4, np.float32), compression="gzip")
    with h5py.File(io.BytesIO(made.getvalue()), "r") as file:
        read_layers(file)


def read_keras(data, name, outputs=()):
    """The graph of a .h5 file's bytes; name is for messages. Values named in outputs become its
    outputs, if there are any. ConvertError."""
    if h5py is None:
        raise ConvertError("%s: reading HDF5 needs the package python3-h5py" % name)
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            layers = read_layers(file)
        _check_architecture(layers)
        layers = {layer: _in_our_order(arrays) for layer, arrays in layers.items()}
        weights = resnet50_graph.LayerWeights(layers, "Keras weights")
        graph = resnet50_graph.build(VARIANT, weights)
        graph.cut(outputs)
        return graph
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise ConvertError("%s: the HDF5 file is damaged (%s)" % (name, error)) from None
    except ConvertError as error:
        raise ConvertError("%s: %s" % (name, error)) from None


if h5py is not None:
    _warm_up()
