"""reference_facenet.py - the forward pass of FaceNet's Inception-ResNet v1 in NumPy, double
precision, from a dictionary of weights as facenet-pytorch names them.

Written from the network's definition, layer by layer: padding is written out as zeros, batch norm
and the blocks' factors are applied as such, nothing is folded, and no code is shared with the
converter. For tests."""
import numpy as np

EPSILON = 0.001


def conv2d(x, weight, stride=1, padding=(0, 0)):
    """x [n, c_in, h, w] by weight [c_out, c_in, kh, kw]; padding: zeros on both sides of h, w."""
    x = np.pad(x, ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2))
    seen = np.lib.stride_tricks.sliding_window_view(x, weight.shape[2:], axis=(2, 3))
    seen = seen[:, :, ::stride, ::stride].transpose(0, 2, 3, 1, 4, 5)
    rows = seen.reshape(-1, weight[0].size) @ weight.reshape(len(weight), -1).T
    return rows.reshape(seen.shape[:3] + (-1,)).transpose(0, 3, 1, 2)


def max_pool(x):
    seen = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(2, 3))
    return seen[:, :, ::2, ::2].max(axis=(4, 5))


class _Network:
    def __init__(self, state):
        self.state = {name: np.asarray(array, np.float64) for name, array in state.items()}
        self.values = {}

    def keep(self, name, x):
        self.values[name] = x
        return x

    def norm(self, name, x):
        gamma, beta, mean, variance = [
            self.state["%s.%s" % (name, kind)].reshape((1, -1) + (1,) * (x.ndim - 2))
            for kind in ("weight", "bias", "running_mean", "running_var")]
        return self.keep(name, gamma * (x - mean) / np.sqrt(variance + EPSILON) + beta)

    def unit(self, name, x, stride=1, padding=(0, 0)):
        x = self.keep(name + ".conv", conv2d(x, self.state[name + ".conv.weight"], stride, padding))
        return self.keep(name, np.maximum(self.norm(name + ".bn", x), 0))

    def row(self, name, x, *units):
        """Units one behind the other; each (stride, padding)."""
        for i, unit in enumerate(units):
            x = self.unit("%s.%d" % (name, i), x, *unit)
        return x

    def add(self, name, x, branches, factor, relu=True):
        joined = self.keep(name + ".cat", np.concatenate(branches, axis=1))
        up = conv2d(joined, self.state[name + ".conv2d.weight"])
        up = self.keep(name + ".conv2d", up + self.state[name + ".conv2d.bias"][:, None, None])
        x = factor * up + x
        return self.keep(name, np.maximum(x, 0) if relu else x)

    def block35(self, name, x):
        same = 1, (1, 1)
        return self.add(name, x, [self.unit(name + ".branch0", x),
                                  self.row(name + ".branch1", x, (), same),
                                  self.row(name + ".branch2", x, (), same, same)], 0.17)

    def block17(self, name, x):
        return self.add(name, x, [self.unit(name + ".branch0", x), self.row(
            name + ".branch1", x, (), (1, (0, 3)), (1, (3, 0)))], 0.10)

    def block8(self, name, x, factor=0.20, relu=True):
        return self.add(name, x, [self.unit(name + ".branch0", x), self.row(
            name + ".branch1", x, (), (1, (0, 1)), (1, (1, 0)))], factor, relu)

    def mixed_6a(self, x):
        return self.keep("mixed_6a", np.concatenate([
            self.unit("mixed_6a.branch0", x, 2),
            self.row("mixed_6a.branch1", x, (), (1, (1, 1)), (2,)),
            self.keep("mixed_6a.branch2", max_pool(x))], axis=1))

    def mixed_7a(self, x):
        return self.keep("mixed_7a", np.concatenate([
            self.row("mixed_7a.branch0", x, (), (2,)), self.row("mixed_7a.branch1", x, (), (2,)),
            self.row("mixed_7a.branch2", x, (), (1, (1, 1)), (2,)),
            self.keep("mixed_7a.branch3", max_pool(x))], axis=1))

    def run(self, x):
        x = self.unit("conv2d_1a", x, 2)
        x = self.unit("conv2d_2a", x)
        x = self.unit("conv2d_2b", x, 1, (1, 1))
        x = self.keep("maxpool_3a", max_pool(x))
        x = self.unit("conv2d_3b", x)
        x = self.unit("conv2d_4a", x)
        x = self.unit("conv2d_4b", x, 2)
        for i in range(5):
            x = self.block35("repeat_1.%d" % i, x)
        x = self.mixed_6a(x)
        for i in range(10):
            x = self.block17("repeat_2.%d" % i, x)
        x = self.mixed_7a(x)
        for i in range(5):
            x = self.block8("repeat_3.%d" % i, x)
        x = self.block8("block8", x, 1.0, False)
        x = self.keep("avgpool_1a", x.mean(axis=(2, 3)))
        x = self.norm("last_bn", self.keep("last_linear", x @ self.state["last_linear.weight"].T))
        self.keep("embedding", x / np.linalg.norm(x, axis=1, keepdims=True))


def facenet_forward(state, x):
    """{name: [n, h, w, c]} of every module's output, in the order of computation, and "embedding"
    of length 1. state: "conv2d_1a.conv.weight" and so on -> array; x [n, h, w, 3]."""
    network = _Network(state)
    network.run(np.asarray(x, np.float64).transpose(0, 3, 1, 2))
    return {name: value[:, None, None, :] if value.ndim == 2 else value.transpose(0, 2, 3, 1)
            for name, value in network.values.items()}
