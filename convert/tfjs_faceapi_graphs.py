"""tfjs_faceapi_graphs.py - the graphs of the networks whose weights face-api.js has by name, as
their makers describe them. Filters are [kh, kw, c_in, c_out]; pictures are RGB."""
import math

import numpy as np

from graph import ConvertError, Graph

RELU = {"activation": "clamp", "low": 0.0, "high": math.inf}


class Layers:
    """A graph that is written down layer by layer over named weights, each of which must be there
    and have the dimensions that the layer wants; its name is added to used."""

    def __init__(self, weights, used, h, w):
        self.weights, self.used = weights, used
        self.graph = Graph("main", "input", h, w, 3)

    def take(self, name, rank):
        if name not in self.weights:
            raise ConvertError("the weight '%s' is missing" % name)
        self.used.add(name)
        found = self.weights[name].array()
        if found.ndim != rank or found.dtype.kind != "f":
            raise ConvertError("the weight '%s' has the shape %s, wanted are %d dimensions" %
                               (name, list(found.shape), rank))
        return found

    def append(self, op, inputs, output, **fields):
        self.graph.append(op, inputs, output, **fields)
        return output

    def conv(self, x, name, filters, bias, stride=1, mode="same"):
        """A convolution with the filter and bias of these names; bias: or None."""
        weights = self.take(filters, 4).transpose(3, 0, 1, 2)
        shift = self.take(bias, 1) if bias else np.zeros(len(weights), np.float32)
        return self.append("conv", [x], name, kernel=weights.shape[1:3], stride=(stride, stride),
                           dilation=(1, 1), groups=1, pad_mode=mode,
                           tensors={"filter": weights, "bias": shift})

    def separable(self, x, name, stride=1):
        """A depthwise convolution, then one of 1 x 1."""
        depthwise = self.take(name + "/depthwise_filter", 4)
        kh, kw, channels, times = depthwise.shape
        x = self.append("conv", [x], name + "/depthwise", kernel=(kh, kw), stride=(stride, stride),
                        dilation=(1, 1), groups=channels, pad_mode="same", tensors={
                            "filter": depthwise.transpose(2, 3, 0, 1).reshape(-1, kh, kw, 1),
                            "bias": np.zeros(channels * times, np.float32)})
        return self.conv(x, name, name + "/pointwise_filter", name + "/bias")

    def relu(self, x, name):
        return self.append("activation", [x], name, **RELU)

    def pool(self, op, x, name, kernel, stride, mode="explicit"):
        return self.append(op, [x], name, kernel=(kernel, kernel), stride=(stride, stride),
                           pad_mode=mode)

    def connected(self, x, name, filters, bias=None):
        weights = self.take(filters, 2).T
        shift = self.take(bias, 1) if bias else np.zeros(len(weights), np.float32)
        return self.append("fully_connected", [x], name,
                           tensors={"filter": weights, "bias": shift})


# ---- dlib's ResNet ----

def _scaled_conv(layers, x, name, stride=1, mode="same"):
    """A convolution and dlib's affine layer, which is what is left of a batch norm."""
    x = layers.conv(x, name + "/conv", name + "/conv/filters", name + "/conv/bias", stride, mode)
    return layers.append("affine", [x], name, tensors={
        "scale": layers.take(name + "/scale/weights", 1),
        "shift": layers.take(name + "/scale/biases", 1)})


def _residual(layers, x, name):
    y = layers.relu(_scaled_conv(layers, x, name + "/conv1"), name + "/relu")
    y = _scaled_conv(layers, y, name + "/conv2")
    return layers.relu(layers.append("add", [x, y], name + "/add"), name)


def _residual_down(layers, x, name):
    """Half the size: the shortcut is an average pool. dlib adds maps of different sizes as if the
    smaller had zeros below, on the right and in further channels."""
    y = layers.relu(_scaled_conv(layers, x, name + "/conv1", 2, "explicit"), name + "/relu")
    y = _scaled_conv(layers, y, name + "/conv2")
    x = layers.pool("average_pool", x, name + "/pool", 2, 2)
    shapes = layers.graph.shapes()
    (h, w, c), (h_in, w_in, c_in) = shapes[y], shapes[x]
    if c != c_in:
        x = layers.append("conv", [x], name + "/widen", kernel=(1, 1), stride=(1, 1),
                          dilation=(1, 1), groups=1, tensors={
                              "filter": np.eye(c, c_in, dtype=np.float32)[:, None, None, :],
                              "bias": np.zeros(c, np.float32)})
    if (h, w) != (h_in, w_in):
        y = layers.append("pad", [y], name + "/pad", pads=(0, 0, h_in - h, w_in - w))
    return layers.relu(layers.append("add", [x, y], name + "/add"), name)


def dlib_resnet(layers):
    """dlib_face_recognition_resnet_model_v1: 29 convolutions, 128 numbers."""
    x = layers.relu(_scaled_conv(layers, "input", "conv32_down", 2, "explicit"), "conv32_down/relu")
    x = layers.pool("max_pool", x, "conv32_down/pool", 3, 2)
    for width, count in ((32, 3), (64, 3), (128, 2), (256, 2)):
        if width > 32:
            x = _residual_down(layers, x, "conv%d_down" % width)
        for i in range(count):
            x = _residual(layers, x, "conv%d_%d" % (width, i + 1))
    x = _residual_down(layers, x, "conv256_down_out")
    x = layers.append("global_average_pool", [x], "pooled")
    return [layers.connected(x, "embedding", "fc")]


# ---- face-api.js's own ----

def _dense_block(layers, x, name, count, first):
    """Convolutions of which each reads the sum of all before it; the first halves the size."""
    start = name + "/conv0"
    total = (layers.conv(x, start, start + "/filters", start + "/bias", 2) if first else
             layers.separable(x, start, 2))
    total = x = layers.relu(total, start + "/relu")
    for i in range(1, count):
        y = layers.separable(x, "%s/conv%d" % (name, i))
        total = layers.append("add", [total, y], "%s/sum%d" % (name, i))
        x = layers.relu(total, "%s/relu%d" % (name, i))
    return x


def _features(layers, blocks, convolutions):
    x = "input"
    for i in range(blocks):
        x = _dense_block(layers, x, "dense%d" % i, convolutions, i == 0)
    return layers.append("global_average_pool", [x], "pooled")


def landmarks68(layers):
    """68 points, x y in fractions of the crop."""
    return [layers.connected(_features(layers, 4, 4), "points", "fc/weights", "fc/bias")]


def landmarks68_tiny(layers):
    return [layers.connected(_features(layers, 3, 3), "points", "fc/weights", "fc/bias")]


def expressions(layers):
    x = layers.connected(_features(layers, 4, 4), "logits", "fc/weights", "fc/bias")
    return [layers.append("softmax", [x], "expressions", axis=3)]


def _chain(layers, x, name, count):
    """Separable convolutions, each behind a ReLU."""
    for i in range(count):
        part = "%s/separable_conv%d" % (name, i)
        x = layers.separable(layers.relu(x, part + "/relu"), part)
    return x


def _reduction_block(layers, x, name):
    y = layers.pool("max_pool", _chain(layers, x, name, 2), name + "/pool", 3, 2, "same")
    part = name + "/expansion_conv"
    x = layers.conv(x, part, part + "/filters", part + "/bias", 2)
    return layers.append("add", [y, x], name)


def age_gender(layers):
    """A small Xception. Years, and how likely male and female."""
    part = "entry_flow/conv_in"
    x = layers.conv("input", part, part + "/filters", part + "/bias", 2)
    x = layers.relu(x, part + "/relu")
    for i in range(2):
        x = _reduction_block(layers, x, "entry_flow/reduction_block_%d" % i)
    for i in range(2):
        name = "middle_flow/main_block_%d" % i
        x = layers.append("add", [_chain(layers, x, name, 3), x], name)
    x = _reduction_block(layers, x, "exit_flow/reduction_block")
    x = layers.separable(x, "exit_flow/separable_conv")
    x = layers.append("global_average_pool", [layers.relu(x, "exit_flow/relu")], "pooled")
    age = layers.connected(x, "age", "fc/age/weights", "fc/age/bias")
    logits = layers.connected(x, "gender/logits", "fc/gender/weights", "fc/gender/bias")
    return [age, layers.append("softmax", [logits], "gender", axis=3)]


# ---- MTCNN ----

def _prelu(layers, x, name):
    return layers.append("activation", [x], name, activation="prelu",
                         tensors={"slope": layers.take(name + "_alpha", 1)})


def _stage(layers, stage, pools):
    """Convolutions with PReLU, each but the last before a pool: (kernel, padding), or None."""
    x = "input"
    for i, pool in enumerate(pools, 1):
        part = "%s/conv%d" % (stage, i)
        x = layers.conv(x, part, part + "/weights", part + "/bias", mode="explicit")
        x = _prelu(layers, x, "%s/prelu%d" % (stage, i))
        if pool:
            x = layers.pool("max_pool", x, part + "/pool", pool[0], 2, pool[1])
    return x


def pnet(layers):
    x = _stage(layers, "pnet", ((2, "same"), None, None))
    heads = [layers.conv(x, name, part + "/weights", part + "/bias")
             for name, part in (("logits", "pnet/conv4_1"), ("box", "pnet/conv4_2"))]
    return [layers.append("softmax", heads[:1], "prob", axis=3)] + heads[1:]


def _heads(layers, x, stage, number, names):
    part = stage + "/fc1"
    x = layers.connected(x, part, part + "/weights", part + "/bias")
    x = _prelu(layers, x, "%s/prelu%d" % (stage, number))
    made = [layers.connected(x, name, *("%s/fc2_%d/%s" % (stage, i, role)
                                        for role in ("weights", "bias")))
            for i, name in enumerate(names, 1)]
    return [layers.append("softmax", made[:1], "prob", axis=3)] + made[1:]


def rnet(layers):
    x = _stage(layers, "rnet", ((3, "same"), (3, "explicit"), None))
    return _heads(layers, x, "rnet", 4, ("logits", "box"))


def onet(layers):
    x = _stage(layers, "onet", ((3, "same"), (3, "explicit"), (2, "same"), None))
    return _heads(layers, x, "onet", 5, ("logits", "box", "landmarks"))
