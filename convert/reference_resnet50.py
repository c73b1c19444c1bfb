"""reference_resnet50.py - the forward pass of VGGFace2's ResNet50 in NumPy, double precision, once
as Keras defines its layers and once as Caffe does.

Written from the two networks' definitions, layer by layer: padding is written out as zeros, batch
norm is applied as such, nothing is folded, and no code is shared with the converter. For tests."""
import numpy as np

BLOCKS = (3, 4, 6, 3)


def pad(x, before, after, filling=0.0):
    return np.pad(x, ((0, 0), (before, after), (before, after), (0, 0)),
                  constant_values=filling)


def windows(x, size, stride):
    """[n, oh, ow, c, size, size]: every whole window of x [n, h, w, c]."""
    view = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(1, 2))
    return view[:, ::stride, ::stride]


def conv2d(x, kernel, stride=1):
    """x [n, h, w, c_in] without padding by a Keras kernel [kh, kw, c_in, c_out]."""
    size, _, c_in, c_out = kernel.shape
    if size == 1:
        seen = x[:, ::stride, ::stride]
    else:
        seen = windows(x, size, stride).transpose(0, 1, 2, 4, 5, 3)
    rows = np.ascontiguousarray(seen).reshape(-1, size * size * c_in)
    return (rows @ kernel.reshape(-1, c_out)).reshape(seen.shape[:3] + (c_out,))


def batch_norm(x, gamma, beta, mean, variance, epsilon):
    return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta


def relu(x):
    return np.maximum(x, 0.0)


def softmax(x):
    power = np.exp(x - x.max(axis=-1, keepdims=True))
    return power / power.sum(axis=-1, keepdims=True)


def keras_forward(weights, x):
    """{Keras layer name: [n, h, w, c]} in order of computation. weights: "layer/kernel" and so on
    -> array; x [n, 224, 224, 3]."""
    w = {name: np.asarray(array, np.float64) for name, array in weights.items()}
    values = {}

    def convolution(name, x, stride=1):
        values[name] = conv2d(x, w[name + "/kernel"], stride)
        values[name + "/bn"] = batch_norm(
            values[name], *[w["%s/bn/%s" % (name, kind)] for kind in
                            ("gamma", "beta", "moving_mean", "moving_variance")], 1e-3)
        return values[name + "/bn"]

    def activation(x):
        count = sum(name.startswith("activation_") for name in values)
        return values.setdefault("activation_%d" % (count + 1), relu(x))

    # 'same' at stride 2: five zeros are needed for 112 windows of 7, two of them in front.
    x = activation(convolution("conv1/7x7_s2", pad(np.asarray(x, np.float64), 2, 3), 2))
    x = values["max_pooling2d_1"] = windows(x, 3, 2).max(axis=(4, 5))
    for stage, blocks in enumerate(BLOCKS):
        for block in range(blocks):
            name = "conv%d_%d_" % (stage + 2, block + 1)
            stride = 2 if stage and block == 0 else 1
            y = activation(convolution(name + "1x1_reduce", x, stride))
            y = activation(convolution(name + "3x3", pad(y, 1, 1)))
            y = convolution(name + "1x1_increase", y)
            if block == 0:
                x = convolution(name + "1x1_proj", x, stride)
            count = sum(key.startswith("add_") for key in values)
            values["add_%d" % (count + 1)] = y + x
            x = activation(y + x)
    x = values["avg_pool"] = x.mean(axis=(1, 2), keepdims=True)
    if "classifier/kernel" in w:
        values["classifier/BiasAdd"] = x @ w["classifier/kernel"] + w["classifier/bias"]
        values["classifier"] = softmax(values["classifier/BiasAdd"])
    return values


def caffe_forward(state, x):
    """The same for the Caffe variant: state as in the pickle, "layer1.0.conv1.weight" -> array."""
    w = {name: np.asarray(array, np.float64) for name, array in state.items()}
    values = {}

    def convolution(name, norm, x, stride=1):
        values[name] = conv2d(x, w[name + ".weight"].transpose(2, 3, 1, 0), stride)
        values[norm] = batch_norm(values[name], *[w["%s.%s" % (norm, kind)] for kind in (
            "weight", "bias", "running_mean", "running_var")], 1e-5)
        return values[norm]

    def keep(name, x):
        values[name] = x
        return x

    x = keep("relu", relu(convolution("conv1", "bn1", pad(np.asarray(x, np.float64), 3, 3), 2)))
    # Rounding up: one more window, which hangs over the right and lower edge by one.
    x = keep("maxpool", windows(np.pad(x, ((0, 0), (0, 1), (0, 1), (0, 0)),
                                       constant_values=-np.inf), 3, 2).max(axis=(4, 5)))
    for stage, blocks in enumerate(BLOCKS):
        for block in range(blocks):
            name = "layer%d.%d." % (stage + 1, block)
            stride = 2 if stage and block == 0 else 1
            y = keep(name + "relu1", relu(convolution(name + "conv1", name + "bn1", x, stride)))
            y = keep(name + "relu2", relu(convolution(name + "conv2", name + "bn2", pad(y, 1, 1))))
            y = convolution(name + "conv3", name + "bn3", y)
            if block == 0:
                x = convolution(name + "downsample.0", name + "downsample.1", x, stride)
            x = keep(name + "relu3", relu(keep(name + "add", y + x)))
    x = keep("avg_pool", x.mean(axis=(1, 2), keepdims=True))
    if "fc.weight" in w:
        logits = keep("fc", x @ w["fc.weight"].T + w["fc.bias"])
        keep("classifier", softmax(logits))
    return values
