"""convert_fuzz.py - small source files of every kind, damaged at random, and convert.py run over
them.

The command's main function is called in this process, in which the converter and its packages are
loaded already, so that thousands can be run; each case is read in a child, as the command does it.
`python3 tests/convert_fuzz.py KIND COUNT FOLDER` runs some outside the test, for strace
(PYTHONPATH=tests/check:convert)."""
import contextlib
import io
import os
import pickle
import pickletools
import random
import struct
import sys

import numpy as np

from check import SHARED, temp_folder

import convert
import keras_maker
import sandbox
import tflite_maker
import torch_maker
import vggface2_weights

sandbox.NAMESPACES = ()  # the kernel makes some fifty a second; there is no descriptor for a socket

INTERESTING = (0, 1, 2, 7, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff)
PICKLE_OPCODES = [opcode.code.encode("latin1") for opcode in pickletools.opcodes]


def _real(path):
    """A file of ../shared, where it is there."""
    path = os.path.join(SHARED, "models", path)
    if not os.path.exists(path):
        return []
    with open(path, "rb") as file:
        return [file.read()]


def _some_weights():
    random = np.random.default_rng(4)
    shapes = {"kernel": (7, 7, 3, 8), "gamma": (8,), "beta": (8,), "moving_mean": (8,),
              "moving_variance": (8,)}
    return {"conv1/7x7_s2" + ("/" if kind == "kernel" else "/bn/") + kind:
            random.standard_normal(shape).astype(np.float32) for kind, shape in shapes.items()}


def h5_seeds():
    import h5py
    found = []
    for options in ({}, {"group": "model_weights"}, {"as_text": True}):
        path = os.path.join(temp_folder(), "w.h5")
        vggface2_weights.write_h5(path, _some_weights(), **options)
        with h5py.File(path, "a") as file:
            if not options:  # links that lead out and astray, and compressed numbers
                file["conv1/7x7_s2/soft"] = h5py.SoftLink("/nowhere")
                file["conv1/7x7_s2/outside"] = h5py.ExternalLink("outside.h5", "/")
            name = ("model_weights/" if options.get("group") else "") + "conv1/7x7_s2/conv1/7x7_s2"
            data = file[name + "/kernel:0"][()]
            del file[name + "/kernel:0"]
            file.create_dataset(name + "/kernel:0", data=data, chunks=(7, 7, 3, 2),
                                compression="gzip", shuffle=True, fletcher32=True)
        with open(path, "rb") as file:
            found.append(file.read())
    return found + _keras_model()[:1] + _real("mini_xception/fer2013_mini_XCEPTION.102-0.66.hdf5")


def _keras_model():
    """The same small model as .h5 and .keras."""
    layers = keras_maker.Layers((4, 4, 2))
    layers.add("Conv2D", "conv", (3, 3, 2, 2), (2,), filters=2, kernel_size=[3, 3], strides=[1, 1],
               padding="same", activation="relu")
    layers.add("BatchNormalization", "norm", (2,), (2,), (2,), (2,), axis=-1, epsilon=0.001)
    layers.add("GlobalAveragePooling2D", "top")
    found = layers.functional()
    return [keras_maker.write_keras2(found, layers), keras_maker.write_keras3(found, layers)]


def zip_seeds():
    return [torch_maker.checkpoint(_some_state(), False), _keras_model()[1]] + _real(
        "pytorch_no_graph/blazefaceback.pth")


def torch_seeds():
    return [torch_maker.checkpoint(_some_state()), torch_maker.safetensors(_some_state())] + _real(
        "pytorch_no_graph/mtcnn_pnet.pt")


def _some_state():
    """Layers with the names of a network that is known, so that reading goes on to their shapes."""
    return {name: np.ones(shape, "<f4") for name, shape in (
        ("conv2d_1a.conv.weight", (32, 3, 3, 3)), ("conv2d_1a.bn.weight", (32,)),
        ("repeat_2.9.conv2d.weight", (2, 2, 1, 1)), ("last_linear.weight", (2, 2)))}


def onnx_seeds():
    import onnx_cases
    return [make()[0].SerializeToString() for make in onnx_cases.CASES.values()] + 2 * _real(
        "yunet/yunet_s_320_320.onnx") + 2 * _real("yunet/yunet_n_dynamic.onnx")


def tflite_seeds():
    return [make().bytes() for make in tflite_maker.CASES.values()] + _real(
        "mediapipe/face_detection_back.tflite")


def pkl_seeds():
    state = {"conv1.weight": np.ones((2, 3, 2, 2), "<f4"), "bn1.weight": np.arange(2, dtype=">f8"),
             "bn1.bias": np.asfortranarray(np.ones((3, 2), "<f2")), "bn1.num": np.int64(7)}
    return [pickle.dumps(state, protocol) for protocol in range(5)] + [
        vggface2_weights.python2_pickle({"conv1.weight": state["conv1.weight"]})]


def npy_seeds():
    found = []
    for array in (np.array(["one", "two"], object), np.array([b"one", b"three"]),
                  np.array(["one", "three"])):
        made = io.BytesIO()
        np.save(made, array, allow_pickle=True)
        found.append(made.getvalue())
    return found


SEEDS = {"h5": h5_seeds, "onnx": onnx_seeds, "tflite": tflite_seeds, "pkl": pkl_seeds,
         "npy": npy_seeds, "torch": torch_seeds, "zip": zip_seeds}
CARD = {"h5": "vggface2", "npy": "vggface2-caffe", "onnx": "yunet", "pkl": "vggface2-caffe",
        "tflite": "mobilefacenet-192", "torch": "facenet", "zip": "facenet"}


def _place(dice, data):
    """Where to change a byte: anywhere, or near an end, where formats keep their structure."""
    size = len(data)
    return dice.choice((dice.randrange(size), dice.randrange(min(size, 512)),
                        size - 1 - dice.randrange(min(size, 2048))))


def mutate(dice, data, kind):
    """data with one to sixteen changes."""
    data = bytearray(data)
    for _ in range(dice.choice((1, 1, 1, 2, 4, 16))):
        if len(data) < 16:
            return bytes(data)
        place, how = _place(dice, data), dice.randrange(8)
        if how <= 1:
            data[place] ^= 1 << dice.randrange(8)
        elif how == 2:
            data[place] = dice.randrange(256)
        elif how == 3:
            form = dice.choice(("<B", "<H", "<I", "<Q", ">I"))
            size = struct.calcsize(form)
            data[place:place + size] = struct.pack(form, dice.choice(INTERESTING) % (
                1 << 8 * size))
        elif how == 4:
            del data[place:place + dice.choice((1, 2, 4, 8, dice.randrange(1, 200)))]
        elif how == 5:
            other = _place(dice, data)
            data[place:place] = data[other:other + dice.randrange(1, 64)]
        elif how == 6 and dice.random() < 0.3:
            del data[place:]
        elif kind in ("pkl", "npy", "torch"):
            data[place:place + dice.randrange(2)] = dice.choice(PICKLE_OPCODES)
        else:
            other = _place(dice, data)
            data[place:place + 4] = data[other:other + 4]
    return bytes(data)


def words_for(kind, folder):
    """The command line over the file `source` of a folder (kind npy: over the labels)."""
    words = [os.path.join(folder, "source"), "-o", os.path.join(folder, "out.fid"), "--quiet"]
    if kind == "npy":
        words += ["--labels", words[0]]
        words[0] = os.path.join(folder, "network")
    return words + ["--card", CARD[kind]]


def run_here(words):
    """(exit code, stderr) of convert.main, which reads in a child as ever."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        code = convert.main(words)
    return code, said.getvalue()


def complaint(folder, code, said):
    """What is wrong with how a case ended, or None."""
    made = os.path.exists(os.path.join(folder, "out.fid"))
    if code not in (0, 4):
        return "exit code %d" % code
    if made != (code == 0):
        return "exit code %d with%s a result" % (code, "" if made else "out")
    if code == 4 and not (said.startswith("convert.py: ") and said.count("\n") == 1 and
                          said.endswith("\n") and said[:-1].isprintable()):
        return "not one sentence"
    if code == 0 and said:
        return "it speaks"
    return "a traceback" if "Traceback" in said else None


def fuzz(kind, count, folder, first=0):
    """Runs so many mutated files; returns {exit code: how many}. AssertionError names the first
    that ends otherwise than it should, and where its file is kept."""
    seeds, found = SEEDS[kind](), {}
    with open(os.path.join(folder, "network"), "wb") as file:
        file.write(pkl_seeds()[2])
    path, out = os.path.join(folder, "source"), os.path.join(folder, "out.fid")
    for number in range(first, first + count):
        dice = random.Random("%s %d" % (kind, number))
        with open(path, "wb") as file:
            file.write(mutate(dice, dice.choice(seeds), kind))
        if os.path.exists(out):
            os.unlink(out)
        code, said = run_here(words_for(kind, folder))
        wrong = complaint(folder, code, said)
        if wrong:
            kept = "%s-%s-%d" % (path, kind, number)
            os.rename(path, kept)
            raise AssertionError("%s %d (%s): %s: %s" % (kind, number, kept, wrong, said[-2000:]))
        found[code] = found.get(code, 0) + 1
    left = set(os.listdir(folder)) - {"source", "out.fid", "network"}
    if left:
        raise AssertionError("left behind: %s" % sorted(left))
    return found


def load_readers():
    """What readers load at first use, once for all cases."""
    for kind in convert.READERS:
        try:
            convert.load_reader(kind)
        except ImportError:
            pass


if __name__ == "__main__":
    load_readers()
    print(fuzz(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
