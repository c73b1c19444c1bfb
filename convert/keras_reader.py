"""keras_reader.py - Keras' HDF5 files: a whole model (.h5, .hdf5), whose configuration stands in
the attribute `model_config`, and the weights alone of keras-vggface's ResNet50, with or without the
class layer.

The file lists its layers in the attribute `layer_names` and each layer's arrays in `weight_names`
(of bytes or text, at the root or in the group `model_weights`, long lists cut into numbered
pieces). ResNet50's values have the names that Keras gives its layers in a fresh session."""
import keras_model
import resnet50_graph
from graph import ConvertError
from keras_hdf5 import array_in, is_group, member, names_in, open_file
from source_kinds import BY_TF2ONNX, NO_GRAPH

ROLES = {"kernel": "filter", "bias": "bias", "gamma": "gamma", "beta": "beta",
         "moving_mean": "mean", "moving_variance": "variance"}
MODEL = "model_config"  # the attribute of a whole model
MAX_PARTS = 16          # of an array's name
WHOLE = "save the whole model (model.save('NAME.h5')) and convert that, or " + BY_TF2ONNX


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


VARIANT = resnet50_graph.Variant(
    epsilon=1e-3, conv1={"pad_mode": "same"}, pool1={}, names=Names)


def read_layers(file):
    """{layer: {role: array}} of an open file of weights, only layers that have weights."""
    root = member(file, "model_weights") or file
    layers = {}
    for layer in names_in(root, "layer_names"):
        group = member(root, layer)
        if not is_group(group):
            raise ConvertError("layer '%s' is listed but missing" % layer)
        arrays = {}
        for name in names_in(group, "weight_names"):
            kind = name.rpartition("/")[2].partition(":")[0]
            if kind not in ROLES:
                raise ConvertError("layer '%s': the array '%s' is of no known kind" % (layer, name))
            arrays[ROLES[kind]] = array_in(group, name)
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
        raise ConvertError("these are weights of a SENet50 without its layers: %s" % WHOLE)
    if "conv1_1" in layers or "fc6" in layers:
        raise ConvertError("these are weights of a VGG16 without its layers: %s" % WHOLE)
    if Names.CONV1[0] not in layers:
        raise ConvertError("these are weights of an unknown network, not of keras-vggface's "
                           "ResNet50 (%d layers: %s; '%s' is missing): %s%s" % (
                               len(layers), ", ".join("'%.80s'" % name for name in [*layers][:3]),
                               Names.CONV1[0], NO_GRAPH, WHOLE))


class NamedWeights:
    """The weights of a whole model, for keras_model.py: the places of a layer are the names of the
    models around it and its own. A model that is a layer lists the arrays of all its layers, below
    names that end in theirs."""

    def __init__(self, root):
        self.root, self.listed = root, {}

    def below(self, place, layers):
        return [(place or ()) + (layer["name"],) for layer in layers]

    def arrays(self, place):
        outer, inner = place[0], place[-1] if len(place) > 1 else ""
        if outer not in self.listed:
            self.listed[outer] = self._list(outer)
        return [array_in(member(self.root, outer), name)
                for name in self.listed[outer].get(inner, ())]

    def _list(self, layer):
        """{"": its arrays, name of a layer in it: those of that layer}."""
        group, found = member(self.root, layer), {}
        for name in names_in(group, "weight_names") if is_group(group) else ():
            parts = name.split("/")[:-1]
            for ending in [""] + ["/".join(parts[i:]) for i in range(len(parts))][:MAX_PARTS]:
                found.setdefault(ending, []).append(name)
        return found


def _major(version):
    """The first number of a version's text, 2 where there is none."""
    version = version.decode("latin1") if isinstance(version, bytes) else str(version)
    return int(version[0]) if version[:1].isdecimal() else 2


def _graph(file, outputs):
    if MODEL in file.attrs:
        weights = NamedWeights(member(file, "model_weights") or file)
        return keras_model.graph_of(keras_model.parse(file.attrs[MODEL]), weights,
                                    _major(file.attrs.get("keras_version", "2")), outputs)
    if "layer_names" not in file.attrs and member(file, "model_weights") is None and (
            "layer_names0" not in file.attrs):
        raise ConvertError("this is an HDF5 file without a Keras model: %s" % WHOLE)
    layers = read_layers(file)
    _check_architecture(layers)
    layers = {layer: _in_our_order(arrays) for layer, arrays in layers.items()}
    graph = resnet50_graph.build(VARIANT, layers, "Keras weights")
    graph.cut(outputs)
    return graph


def read_keras(data, name, outputs=()):
    """The graph of a .h5 file's bytes; name is for messages. Values named in outputs become its
    outputs, if there are any. ConvertError."""
    try:
        with open_file(data) as file:
            return _graph(file, outputs)
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise ConvertError("%s: the HDF5 file is damaged (%s)" % (name, error)) from None
    except ConvertError as error:
        raise ConvertError("%s: %s" % (name, error)) from None
