"""keras_maker.py - whole Keras models of the tests' own, in the layouts that Keras 2 (.h5) and Keras 3
(.keras) write: a configuration as JSON and the arrays of its layers. There is no Keras here."""
import io
import json
import zipfile

import numpy as np

WEIGHTS = {  # class -> names of its arrays in Keras' order
    "Conv2D": ("kernel", "bias"), "Dense": ("kernel", "bias"),
    "DepthwiseConv2D": ("depthwise_kernel", "bias"),
    "SeparableConv2D": ("depthwise_kernel", "pointwise_kernel", "bias"),
    "BatchNormalization": ("gamma", "beta", "moving_mean", "moving_variance"), "PReLU": ("alpha",)}


class Layers:
    """A model under way, functional or, where nothing is said of what a layer reads, sequential."""

    def __init__(self, shape=(9, 7, 3), seed=1, name="model"):
        self.random, self.name = np.random.default_rng(seed), name
        self.layers, self.arrays = [], {}
        self.add("InputLayer", "input", batch_input_shape=[None, *shape])

    @property
    def last(self):
        return self.layers[-1]["name"]

    def add(self, kind, name, *arrays, reads=None, **config):
        """Adds a layer; arrays: their shapes. reads: names of layers, by default of the one before."""
        self.arrays[name] = [self.numbers(shape, kind, i) for i, shape in enumerate(arrays)]
        reads = [] if kind == "InputLayer" else [reads or [self.last]]
        self.layers.append({"class_name": kind, "name": name, "config": {"name": name, **config},
                            "inbound_nodes": [[[read, 0, 0, {}] for read in call] for call in reads]})

    def again(self, name, reads):
        """Calls a layer a second time."""
        layer = next(layer for layer in self.layers if layer["name"] == name)
        layer["inbound_nodes"].append([[read, 0, 0, {}] for read in reads])

    def numbers(self, shape, kind, i):
        numbers = self.random.standard_normal(shape).astype(np.float32)
        return np.abs(numbers) + np.float32(0.5) if kind == "BatchNormalization" and i == 3 else numbers

    def nest(self, inner, name, reads=None):
        """A model as a layer."""
        self.arrays.update({"%s/%s" % (name, layer): arrays for layer, arrays in inner.arrays.items()})
        found = inner.functional()
        self.layers.append({"class_name": "Model", "name": name, "config": {
            **found["config"], "name": name}, "inbound_nodes": [
                [[read, 0, 0, {}] for read in reads or [self.last]]]})

    def functional(self, outputs=None):
        return {"class_name": "Model", "config": {
            "name": self.name, "layers": self.layers,
            "input_layers": [[self.layers[0]["name"], 0, 0]],
            "output_layers": [[name, 0, 0] for name in outputs or [self.last]]}}

    def sequential(self):
        """Without an input layer: the first layer has the shape."""
        entry, *layers = [{"class_name": layer["class_name"], "config": dict(layer["config"])}
                          for layer in self.layers]
        layers[0]["config"]["batch_input_shape"] = entry["config"]["batch_input_shape"]
        return {"class_name": "Sequential", "config": {"name": self.name, "layers": layers}}

    def kinds(self):
        return {layer["name"]: layer["class_name"] for layer in self.layers}


def _names(kind, count):
    """Names of so many arrays; of a norm without scale or center the first are missing."""
    names = WEIGHTS[kind]
    return names[-count:] if kind == "BatchNormalization" else names[:count]


def write_keras2(found, layers, version="2.2.4", suffix="_1", encode=str):
    """The bytes of a .h5 file. suffix: of the layers' names within the arrays' names. encode: what is
    done to texts; h5py keeps str and bytes as different types."""
    import h5py
    made = io.BytesIO()
    with h5py.File(made, "w") as file:
        file.attrs["keras_version"] = encode(version)
        file.attrs["model_config"] = encode(json.dumps(found))
        root = file.create_group("model_weights")
        kinds, listed = layers.kinds(), {}
        for name in layers.kinds():
            listed[name] = []
        for name, arrays in layers.arrays.items():
            outer, _, inner = name.partition("/")
            if arrays and inner:
                kind = next(layer["class_name"] for model in layers.layers if model["name"] == outer
                            for layer in model["config"]["layers"] if layer["name"] == inner)
                listed[outer] += [("%s/%s:0" % (inner, word), array)
                                  for word, array in zip(_names(kind, len(arrays)), arrays)]
            elif arrays:
                listed[outer] += [("%s%s/%s:0" % (outer, suffix, word), array)
                                  for word, array in zip(_names(kinds[outer], len(arrays)), arrays)]
        root.attrs["layer_names"] = np.array([name.encode() for name in listed])
        for name, entries in listed.items():
            group = root.create_group(name)
            group.attrs["weight_names"] = np.array([word.encode() for word, _ in entries])
            for word, array in entries:
                group.create_dataset(word, data=array)
    return made.getvalue()


def _keras3(found):
    """The configuration in Keras 3's form."""
    def tensor(entry):
        return {"class_name": "__keras_tensor__", "config": {
            "shape": [None, 1], "dtype": "float32", "keras_history": entry[:3]}}

    def node(entries):
        tensors = [tensor(entry) for entry in entries]
        return {"args": tensors if len(tensors) == 1 else [tensors], "kwargs": {"training": False}}

    layers = []
    for layer in found["config"]["layers"]:
        config = {("batch_shape" if key == "batch_input_shape" else key): value
                  for key, value in layer["config"].items()}
        inner = {"class_name": layer["class_name"], "config": config}
        if layer["class_name"] == "Model":
            inner = _keras3(inner)
        layers.append({**layer, **inner, "module": "keras.layers",
                       "inbound_nodes": [node(call) for call in layer.get("inbound_nodes", [])]})
    config = {**found["config"], "layers": layers}
    if "input_layers" in config:
        config.update(input_layers=config["input_layers"][0], output_layers=config["output_layers"])
    return {"module": "keras", "class_name": "Functional" if found["class_name"] == "Model" else
            found["class_name"], "config": config}


FOLDERS = {"BatchNormalization": "batch_normalization", "Conv2D": "conv2d", "Dense": "dense",
           "DepthwiseConv2D": "depthwise_conv2d", "Functional": "functional", "PReLU": "p_re_lu",
           "SeparableConv2D": "separable_conv2d"}


def write_keras3(found, layers, folder="layers", version="3.4.1"):
    """The bytes of a .keras archive."""
    import h5py
    found, weights, made = _keras3(found), io.BytesIO(), io.BytesIO()

    def put(group, found, prefix):
        counts = {}
        for layer in found["config"]["layers"]:
            kind = layer["class_name"]
            name = FOLDERS.get(kind, kind.lower())
            counts[name] = counts.get(name, -1) + 1
            inner = group.create_group("%s/%s" % (folder, name + "_%d" % counts[name] * bool(counts[name])))
            own = prefix + layer["config"]["name"]
            values = inner.create_group("vars")
            for i, array in enumerate(layers.arrays.get(own, [])):
                values.create_dataset(str(i), data=array)
            if kind == "Functional":
                put(inner, layer, own + "/")

    with h5py.File(weights, "w") as file:
        put(file, found, "")
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": version}))
        archive.writestr("config.json", json.dumps(found))
        archive.writestr("model.weights.h5", weights.getvalue())
    return made.getvalue()
