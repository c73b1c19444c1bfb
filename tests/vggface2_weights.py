"""vggface2_weights.py - seeded weights of VGGFace2's ResNet50 in the very layouts of the published
files, for the tests of exactness. The numbers are random but of a trained network's size: He-scaled
filters, and batch norm statistics near those that the layers' inputs have, so that features neither
fade nor explode on their way through 50 layers."""
import struct

import numpy as np

BLOCKS = ((3, 64), (4, 128), (6, 256), (3, 512))
PICTURE_POWER = 5000.0  # mean square of a picture's pixels less their mean


class _Numbers:
    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.weights = {}

    def conv(self, name, size, c_in, c_out, power, gain):
        """A convolution over an input of this mean square, and its norm; returns the mean square of
        the norm's output, which is about gain^2."""
        fan_in = size * size * c_in
        kernel = self.random.standard_normal((size, size, c_in, c_out)) * np.sqrt(2.0 / fan_in)
        self.weights[name + "/kernel"] = kernel.astype(np.float32)
        spread = self.random.uniform(0.8, 1.25, c_out)
        for kind, numbers in (("gamma", gain * self.random.uniform(0.6, 1.4, c_out)),
                              ("beta", 0.2 * gain * self.random.standard_normal(c_out)),
                              ("moving_mean", 0.3 * np.sqrt(2 * power) *
                               self.random.standard_normal(c_out)),
                              ("moving_variance", 2 * power * spread)):
            self.weights["%s/bn/%s" % (name, kind)] = numbers.astype(np.float32)
        return 1.2 * gain * gain


def keras_weights(seed, classes=0):
    """{"layer/kind": array} of the Keras network; classes > 0 adds the class layer."""
    numbers = _Numbers(seed)
    power = numbers.conv("conv1/7x7_s2", 7, 3, 64, PICTURE_POWER, 1.0) / 2
    channels = 64
    for stage, (blocks, width) in enumerate(BLOCKS):
        for block in range(blocks):
            name = "conv%d_%d_" % (stage + 2, block + 1)
            inner = numbers.conv(name + "1x1_reduce", 1, channels, width, power, 1.0) / 2
            inner = numbers.conv(name + "3x3", 3, width, width, inner, 1.0) / 2
            added = numbers.conv(name + "1x1_increase", 1, width, 4 * width, inner, 0.5)
            kept = power
            if block == 0:
                kept = numbers.conv(name + "1x1_proj", 1, channels, 4 * width, power, 1.0)
            power, channels = added / 2 + (kept if block else kept / 2), 4 * width
    if classes:
        numbers.weights["classifier/kernel"] = (
            numbers.random.standard_normal((channels, classes)) * 0.03).astype(np.float32)
        numbers.weights["classifier/bias"] = (
            numbers.random.standard_normal(classes) * 0.5).astype(np.float32)
    return numbers.weights


KERAS_ORDER = ("kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance")


def layers_of(weights):
    """{layer: [kinds]} in the order of the weights, kinds in Keras' order."""
    layers = {}
    for name in weights:
        layer, _, kind = name.rpartition("/")
        layers.setdefault(layer, []).append(kind)
    return {layer: sorted(kinds, key=KERAS_ORDER.index) for layer, kinds in layers.items()}


def write_h5(path, weights, group="", as_text=False):
    """Writes keras-vggface's layout. group: "model_weights" or ""; as_text: names as str instead of
    bytes. Layers without weights are listed too, as Keras does."""
    import h5py
    encode = (lambda words: words) if as_text else (
        lambda words: np.array([word.encode("utf-8") for word in words]))
    with h5py.File(path, "w") as file:
        root = file.create_group(group) if group else file
        layers = layers_of(weights)
        names = ["input_1"] + list(layers) + ["activation_1", "avg_pool"]
        root.attrs["layer_names"] = encode(names)
        root.attrs["backend"] = "tensorflow" if as_text else b"tensorflow"
        root.attrs["keras_version"] = "2.0.5" if as_text else b"2.0.5"
        for layer in names:
            root.require_group(layer)
        for layer in names:
            entries = ["%s/%s:0" % (layer, kind) for kind in layers.get(layer, [])]
            root[layer].attrs["weight_names"] = encode(entries) if entries else np.zeros((0,))
            for entry in entries:
                root[layer].create_dataset(entry, data=weights[entry[:-2]])


def caffe_state(seed, classes=8631):
    """{"layer1.0.conv1.weight": array} of the Caffe variant, from the same kind of numbers."""
    names = {"conv1/7x7_s2": ("conv1", "bn1")}
    for stage, (blocks, _) in enumerate(BLOCKS):
        for block in range(blocks):
            keras, torch = "conv%d_%d_" % (stage + 2, block + 1), "layer%d.%d." % (stage + 1, block)
            for i, kind in enumerate(("1x1_reduce", "3x3", "1x1_increase")):
                names[keras + kind] = (torch + "conv%d" % (i + 1), torch + "bn%d" % (i + 1))
            names[keras + "1x1_proj"] = (torch + "downsample.0", torch + "downsample.1")
    kinds = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean",
             "moving_variance": "running_var"}
    state = {}
    for name, array in keras_weights(seed, classes).items():
        layer, _, kind = name.rpartition("/")
        if layer == "classifier":
            state["fc.weight" if kind == "kernel" else "fc.bias"] = np.ascontiguousarray(array.T)
        elif kind == "kernel":
            state[names[layer][0] + ".weight"] = np.ascontiguousarray(array.transpose(3, 2, 0, 1))
        else:
            state["%s.%s" % (names[layer[:-3]][1], kinds[kind])] = array
    return state


def python2_pickle(state):
    """The bytes of a pickle of {text: array} as Python 2 wrote it: protocol 2, byte strings."""
    def text(data):
        return b"T" + struct.pack("<I", len(data)) + data

    def array(a):
        shape = b"".join(b"J" + struct.pack("<i", n) for n in a.shape)
        kind = (b"cnumpy\ndtype\n" + text(b"f4") + b"K\x00K\x01\x87R"
                b"(K\x03" + text(b"<") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb")
        return (b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + text(b"b") +
                b"\x87R(K\x01(" + shape + b"t" + kind + b"\x89" + text(a.astype("<f4").tobytes()) +
                b"tb")

    items = b"".join(text(name.encode("ascii")) + array(a) for name, a in state.items())
    return b"\x80\x02}(" + items + b"u."


def picture(seed):
    """[1, 224, 224, 3]: a smooth picture with noise, BGR less VGGFace2's mean."""
    random = np.random.default_rng(seed)
    coarse = random.uniform(0, 255, (8, 8, 3)).repeat(28, axis=0).repeat(28, axis=1)
    pixels = np.clip(coarse + random.normal(0, 25, coarse.shape), 0, 255).round()
    return (pixels - (91.4953, 103.8827, 131.0912)).astype(np.float32)[None]
