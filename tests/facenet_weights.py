"""facenet_weights.py - seeded weights of FaceNet's Inception-ResNet v1 under facenet-pytorch's names,
for the tests of exactness: He-scaled filters and batch norm statistics near those of the layers'
inputs, so that features neither fade nor explode."""
import numpy as np

POWER = 0.6  # mean square of what a unit gives, about


class _State:
    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        self.state = {}

    def norm(self, name, count, power):
        random = self.random
        for kind, numbers in (("weight", random.uniform(0.6, 1.4, count)),
                              ("bias", 0.2 * random.standard_normal(count)),
                              ("running_mean", 0.3 * np.sqrt(power) * random.standard_normal(count)),
                              ("running_var", power * random.uniform(0.8, 1.25, count))):
            self.state["%s.%s" % (name, kind)] = numbers.astype(np.float32)
        self.state[name + ".num_batches_tracked"] = np.array(1000, np.int64)

    def filters(self, name, c_out, c_in, kernel, gain=2.0):
        scale = np.float32(np.sqrt(gain / (c_in * kernel[0] * kernel[1])))
        self.state[name + ".weight"] = scale * self.random.standard_normal(
            (c_out, c_in, *kernel), np.float32)

    def unit(self, name, c_in, c_out, kernel=(1, 1), power=POWER):
        self.filters(name + ".conv", c_out, c_in, kernel)
        self.norm(name + ".bn", c_out, 2 * power)

    def row(self, name, c_in, *units):
        for i, (c_out, *kernel) in enumerate(units):
            self.unit("%s.%d" % (name, i), c_in, c_out, *kernel)
            c_in = c_out

    def up(self, name, c_in, c_out):
        self.filters(name + ".conv2d", c_out, c_in, (1, 1), 1.0)
        self.state[name + ".conv2d.bias"] = 0.1 * self.random.standard_normal(c_out, np.float32)


def facenet_state(seed, classes=0):
    """{"conv2d_1a.conv.weight": array}; classes > 0 adds the class layer."""
    made, three = _State(seed), (3, 3)
    made.unit("conv2d_1a", 3, 32, three, 0.3)
    for name, c_in, c_out, kernel in (("2a", 32, 32, three), ("2b", 32, 64, three),
                                      ("3b", 64, 80, (1, 1)), ("4a", 80, 192, three),
                                      ("4b", 192, 256, three)):
        made.unit("conv2d_" + name, c_in, c_out, kernel)
    for i in range(5):
        name = "repeat_1.%d" % i
        made.unit(name + ".branch0", 256, 32)
        made.row(name + ".branch1", 256, (32,), (32, three))
        made.row(name + ".branch2", 256, (32,), (32, three), (32, three))
        made.up(name, 96, 256)
    made.unit("mixed_6a.branch0", 256, 384, three)
    made.row("mixed_6a.branch1", 256, (192,), (192, three), (256, three))
    for i in range(10):
        name = "repeat_2.%d" % i
        made.unit(name + ".branch0", 896, 128)
        made.row(name + ".branch1", 896, (128,), (128, (1, 7)), (128, (7, 1)))
        made.up(name, 256, 896)
    made.row("mixed_7a.branch0", 896, (256,), (384, three))
    made.row("mixed_7a.branch1", 896, (256,), (256, three))
    made.row("mixed_7a.branch2", 896, (256,), (256, three), (256, three))
    for name in ["repeat_3.%d" % i for i in range(5)] + ["block8"]:
        made.unit(name + ".branch0", 1792, 192)
        made.row(name + ".branch1", 1792, (192,), (192, (1, 3)), (192, (3, 1)))
        made.up(name, 384, 1792)
    made.state["last_linear.weight"] = np.float32(0.03) * made.random.standard_normal(
        (512, 1792), np.float32)
    made.norm("last_bn", 512, 1.0)
    if classes:
        made.state["logits.weight"] = made.random.standard_normal((classes, 512), np.float32)
        made.state["logits.bias"] = made.random.standard_normal(classes, np.float32)
    return made.state
