#!/usr/bin/python3
"""Dictionaries of weights without a graph: PyTorch's two containers and safetensors read bit for bit,
FaceNet's Inception-ResNet v1 through converter and engine against an independent forward pass, and
what is damaged, hostile or unknown refused with a sentence."""
import io
import os
import struct
import zipfile
import zlib

import numpy as np

from check import case, main, require, shared, temp_folder

import cards
import convert
import reference_facenet
import safetensors_reader
import torch_reader
import vggface2_weights
from engine import first_difference, run_engine, tool
from facenet_weights import facenet_state
from graph import ConvertError
from own_card import command
from refusal import refused
from state_dict import layers_of
from torch_maker import (BFLOAT16, Checkpoint, bfloat16, checkpoint, many, name, number,
                         safetensors, storage_id, tensor, text)
from zip_file import ZipFile
from zip_reader import read_zip

LARGEST_ERROR = 1e-4  # of a layer's largest feature
MADE = {}


def facenet():
    """FaceNet with a class layer, made when first asked for."""
    if not MADE:
        MADE["state"] = facenet_state(1, 10)
        pixels = np.random.default_rng(2).integers(0, 256, (8, 8, 3)).repeat(20, 0).repeat(20, 1)
        noise = np.random.default_rng(3).normal(0, 20, pixels.shape)
        MADE["x"] = ((np.clip(pixels + noise, 0, 255) - 127.5) / 128).astype(np.float32)[None]
        MADE["want"] = reference_facenet.facenet_forward(MADE["state"], MADE["x"])
    return MADE


@case
def facenet_of_every_container_agrees_with_the_definition():
    """Every layer that is left, and the embedding."""
    tool()
    made, files = facenet(), {}
    for label, data in (("old.pth", checkpoint(made["state"])),
                        ("zip.pth", checkpoint(made["state"], old=False)),
                        ("one.safetensors", safetensors(made["state"]))):
        files[label] = convert.convert([("w", data)], cards.load("facenet"))[0]
    require(len({data[24:40] for data in files.values()}) == 1, "three files, several model ids")
    path = os.path.join(temp_folder(), "facenet.fid")
    with open(path, "wb") as file:
        file.write(files["old.pth"])
    got, want = run_engine(path, made["x"]), dict(made["want"])
    length = np.linalg.norm(got["embedding"])  # of length 1 or not: embeddings are compared by angle
    got["embedding"] = got["embedding"] / length
    common = [value for value in want if value in got]
    require(len(common) >= 130, "only %d layers in common" % len(common))
    wrong = first_difference(got, want, lambda _, value: LARGEST_ERROR * np.abs(value).max())
    require(wrong is None, "first diverging layer %s" % wrong)
    worst = max(np.abs(got[value] - want[value]).max() / np.abs(want[value]).max()
                for value in common)
    print("FaceNet: %d layers, largest error %.1e of the largest feature" % (len(common), worst))


# ---- containers ----

def mixed():
    random = np.random.default_rng(4)
    return {"a.weight": random.standard_normal((5, 3, 2, 2)).astype("f4"), "a.bias": np.arange(5, dtype="f8"),
            "b.weight": random.standard_normal((4, 6)).astype("f2"), "b.num_batches_tracked": np.int64(-7),
            "c": np.zeros((0, 3), "f4"), "d": np.float32([[1.5]])}


def content_of(data):
    """{name: array} of a checkpoint's bytes."""
    if data[:2] == b"PK":
        content = torch_reader.load_zip(ZipFile(data), "archive/")
    else:
        content = torch_reader.load_old(data)
    return {key: value.array() for key, value in content.items()}


def require_same(got, want, what):
    require(list(got) == list(want), "%s: %s" % (what, list(got)))
    for key, array in want.items():
        require(got[key].dtype == array.dtype and got[key].shape == np.shape(array) and
                got[key].tobytes() == np.asarray(array).tobytes(), "%s: '%s' differs" % (what, key))


@case
def every_container_reads_bit_for_bit():
    state = {key: np.asarray(array) for key, array in mixed().items()}
    low = {key: np.frombuffer(bfloat16(array), "<u2").astype("<u4") << 16 for key, array in state.items()
           if array.dtype.kind == "f"}
    low = {key: bits.view("<f4").reshape(state[key].shape) for key, bits in low.items()}
    for old in (True, False):
        require_same(content_of(checkpoint(state, old)), state, "a checkpoint, old %s" % old)
        require_same(content_of(checkpoint(state, old, BFLOAT16)), {**state, **low}, "bfloat16")
    require_same(safetensors_reader.load(safetensors(state)), state, "safetensors")
    require_same(safetensors_reader.load(safetensors(state, BFLOAT16)), {**state, **low}, "BF16")


@case
def tensors_are_views_of_storages():
    """Transposed, from the middle, two of one storage, and one number many times."""
    for old in (True, False):
        made, numbers = Checkpoint(old), np.arange(24, dtype="f4")
        storage = made.storage(numbers)
        for key, shape, strides, offset in (("t", (4, 6), (1, 4), 0), ("m", (2, 3), (3, 1), 7),
                                            ("s", (4, 2), (4, 8), 0), ("e", (9, 2), (0, 1), 22)):
            made.put(key, tensor(storage, shape, strides, offset))
        made.put("p", name("torch._utils", "_rebuild_parameter") + many([
            tensor(storage, (3,), (1,), 2), b"\x88", name("collections", "OrderedDict") + b")R"]) + b"R")
        got = content_of(made.bytes())
        require_same(got, {"t": numbers.reshape(6, 4).T, "m": numbers[7:13].reshape(2, 3),
                           "s": np.float32([[4 * i, 4 * i + 8] for i in range(4)]),
                           "e": np.tile(numbers[22:], (9, 1)), "p": numbers[2:5]}, "old %s" % old)


@case
def a_dictionary_is_found_in_what_training_saves():
    """Below "state_dict", beside numbers, with the prefix of several devices; ResNet50, too."""
    state = vggface2_weights.caffe_state(1, 3)
    made = Checkpoint()
    for key, array in state.items():
        made.add("module." + key, array)
    step = b"}" + number(0) + b"}" + text("exp_avg") + tensor(made.storage(np.ones(2, "f4")), (2,), (1,)) + b"ss"
    around = b"}(" + text("epoch") + number(7) + text("optimizer") + step + text("state_dict"), b"u"
    for what, graph in (("torch", torch_reader.read_torch(made.bytes(around), "w")),
                        ("zip", read_zip(checkpoint(state, False), "w")),
                        ("safetensors", safetensors_reader.read_safetensors(safetensors(state), "w"))):
        require(len(graph.nodes) == 175, "%s: %d nodes" % (what, len(graph.nodes)))
        require(np.array_equal(graph.producer("layer1.0.conv1").tensors["filter"],
                               layers_of(state)["layer1.0.conv1"]["filter"]), what)


# ---- what is refused ----

@case
def unknown_networks_are_named_by_what_they_hold():
    state = {"stem.weight": np.zeros((8, 3, 3, 3), "f4"), "stem.bias": np.zeros(8, "f4")}
    for what, data in (("PyTorch checkpoint (old container)", checkpoint(state)),
                       ("PyTorch checkpoint (zip)", checkpoint(state, False)),
                       ("safetensors", safetensors(state))):
        refused(lambda: convert.convert([("some.pt", data)]), "some.pt: this is a", what, "2 arrays",
                "'stem.weight' [8, 3, 3, 3]", "no layers", "torch.onnx.export")
    for file, *words in (("blazeface.pth", "74 arrays", "'backbone1.0.weight' [24, 3, 5, 5]"),
                         ("blazefaceback.pth", "138 arrays", "'backbone.0.weight' [24, 3, 5, 5]"),
                         ("mtcnn_pnet.pt", "13 arrays", "'conv1.weight' [10, 3, 3, 3]")):
        with open(shared("models/pytorch_no_graph/" + file), "rb") as source:
            data = source.read()
        refused(lambda: convert.convert([(file, data)]), file + ": this is", "PyTorch", "torch.onnx.export",
                *words)


@case
def facenet_with_a_wrong_layer_is_refused():
    state = facenet()["state"]
    for words, changed in (
            (("repeat_2.3.branch1.1.bn", "variance"), {"repeat_2.3.branch1.1.bn.running_var": None}),
            (("mixed_6a.branch0.conv", "missing"), {"mixed_6a.branch0.conv.weight": None}),
            (("block8.conv2d", "[1792, 1, 1, 384]"), {"block8.conv2d.weight": np.zeros((3, 4, 1, 1), "f4")}),
            (("negative",), {"last_bn.running_var": np.full(512, -1, "f4")}),
            (("no layer 'extra'",), {"extra.weight": np.zeros(3, "f4")}),
            (("'last_linear.bias'", "floats"), {"last_linear.bias": np.zeros(512, "i8")}),
            (("known kind",), {"last_linear.strange": np.zeros(3, "f4")})):
        made = {key: array for key, array in {**state, **changed}.items() if array is not None}
        refused(lambda: convert.convert([("f.safetensors", safetensors(made))]), "f.safetensors: ", *words)


def old(items=b"", **more):
    made = Checkpoint()
    made.storages = {"0": (4, bytes(16))}
    return made.old_bytes(b"\x80\x02}(" + items + b"u.")


FLOATS = storage_id("Float", "0", 4, True)


@case
def hostile_checkpoints_are_refused_by_name():
    """What a pickle wants beside tensors, with the next step; nothing is run."""
    mark = os.path.join(temp_folder(), "ran")
    call = many([text("touch " + mark)]) + b"R"
    for words, value in (
            (("posix.system",), name("posix", "system") + call),
            (("torch.hub.load",), name("torch.hub", "load") + call),
            (("models.Net",), name("models", "Net") + b")\x81"),
            (("torch._utils._rebuild_qtensor",), name("torch._utils", "_rebuild_qtensor") + call),
            (("'module'",), many([text("module"), text("Net"), text("net.py"), text("code")]) + b"Q"),
            (("part of another",), many([text("storage"), name("torch", "FloatStorage"), text("0"),
                                         text("cpu"), number(4), b")"]) + b"Q"),
            (("torch.FloatStorage",), name("torch", "FloatStorage") + call),
            (("a key",), b"}" + b"J\xff\xff\xff\xffNs"), (("a key",), b"})Ns"),
            (("state",), b"}}" + text("__class__") + b"Nsb")):
        data = old(text("x") + value)
        refused(lambda: convert.convert([("h.pth", data)]), "h.pth: this is a PyTorch checkpoint",
                "refused", "torch.onnx.export", *words)
    require(not os.path.exists(mark), "a checkpoint ran a program")


@case
def damaged_checkpoints_are_refused():
    """Tensors that reach over their storage, by shape, strides or offset, and storages that lie."""
    require(content_of(old(text("x") + tensor(FLOATS, (2, 2), (2, 1))))["x"].shape == (2, 2), "not read")
    for label, value in (
            ("shape", tensor(FLOATS, (5,), (1,))), ("strides", tensor(FLOATS, (2, 2), (3, 1))),
            ("offset", tensor(FLOATS, (2,), (1,), 3)), ("negative", tensor(FLOATS, (2,), (-1,), 3)),
            ("many of one", tensor(FLOATS, (1 << 30,), (0,))), ("ranks", tensor(FLOATS, (2,), (1, 1))),
            ("huge", tensor(FLOATS, (1 << 30,) * 5, (1,) * 5)), ("deep", tensor(FLOATS, (1,) * 9, (1,) * 9)),
            ("no storage", tensor(number(4), (2,), (1,))),
            ("another size", tensor(storage_id("Float", "0", 3, True), (2,), (1,))),
            ("another kind", tensor(storage_id("Double", "0", 4, True), (2,), (1,))),
            ("an unlisted storage", tensor(storage_id("Float", "1", 4, True), (2,), (1,))),
            ("no tensor", name("torch._utils", "_rebuild_parameter") + many([number(1)]) + b"R")):
        try:
            refused(lambda: torch_reader.read_torch(old(text("x") + value), "d.pth"), "d.pth", "damaged")
        except AssertionError as error:
            raise AssertionError("%s: %s" % (label, error)) from None
    whole = checkpoint(mixed())
    for size in range(len(whole)):
        refused(lambda: torch_reader.load_old(whole[:size]), "the pickle")
    big = whole.replace(text("little_endian") + b"\x88", text("little_endian") + b"\x89")
    refused(lambda: torch_reader.load_old(big), "big-endian")
    require(not torch_reader._dictionaries([1, {"a": 2}]), "a list is none")
    refused(lambda: torch_reader.read_torch(checkpoint({}), "e.pth"), "e.pth", "without a dictionary")


def archive(*members, method=zipfile.ZIP_STORED):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as file:
        for member, data in members:
            file.writestr(member, data)
    return made.getvalue()


@case
def damaged_archives_are_refused():
    whole = checkpoint(mixed(), False)
    require(len(content_of(whole)) == 6, "not read")
    for size in range(0, len(whole), 7):
        refused(lambda: read_zip(whole[:size], "z.pth"), "z.pth", "zip archive")
    # one storage's member points at another's, or is missing, or its bytes are changed
    made = Checkpoint(False)
    made.add("x", np.arange(4, dtype="f4"))
    content, key = made.pickle(), list(made.storages)[0]
    for words, members in ((("no member 'archive/data/" + key,), ()),
                           (("another size",), [("archive/data/" + key, bytes(12))])):
        data = archive(("archive/data.pkl", content), *members)
        refused(lambda: read_zip(data, "z.pth"), "z.pth", *words)
    flipped = whole.replace(np.arange(5, dtype="f8").tobytes(), np.arange(1, 6, dtype="f8").tobytes())
    refused(lambda: read_zip(flipped, "z.pth"), "z.pth", "checksum")
    big = archive(("archive/data.pkl", content), ("archive/byteorder", b"big"))
    refused(lambda: read_zip(big, "z.pth"), "z.pth", "big-endian")
    script = Checkpoint(False).zip_bytes(b"\x80\x02}.", [("constants.pkl", b"\x80\x02)."),
                                                         ("code/m.py", b"")])
    refused(lambda: read_zip(script, "z.pt"), "z.pt: this is a TorchScript archive", "torch.jit.load")


@case
def small_archives_cannot_make_much_work():
    """Much compressed, the same bytes for many members, and sizes that are not true."""
    bomb = archive(("archive/data.pkl", bytes(100 << 20)), method=zipfile.ZIP_DEFLATED)
    require(len(bomb) < 200000, "not small")
    refused(lambda: read_zip(bomb, "b.pth"), "b.pth", "times its size")
    lying = bytearray(bomb)  # the central directory says 100 bytes
    entry = lying.index(b"PK\x01\x02")
    lying[entry + 24:entry + 28] = struct.pack("<I", 100)
    refused(lambda: read_zip(bytes(lying), "b.pth"), "b.pth", "size or checksum")
    twice = bytearray(archive(("a/data.pkl", b"N."), ("a/data.p2l", b"N.")))
    entry = twice.rindex(b"PK\x01\x02")
    twice[entry + 42:entry + 46] = bytes(4)
    refused(lambda: read_zip(bytes(twice), "b.pth"), "b.pth", "overlaps")
    same = archive(("a/data.pkl", b"N."), ("a/data.p2l", b"N.")).replace(b"data.p2l", b"data.pkl")
    refused(lambda: read_zip(same, "b.pth"), "b.pth", "twice")
    locked = bytearray(archive(("a/data.pkl", b"N.")))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    refused(lambda: read_zip(bytes(locked), "b.pth"), "b.pth", "encrypted")
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        unusual = archive(("a/data.pkl", b"N."), method=method)
        refused(lambda: read_zip(unusual, "b.pth"), "b.pth", "unusual")
    require(bytes(ZipFile(archive(("a", b"x" * 999), method=zipfile.ZIP_DEFLATED)).read("a")) == b"x" * 999,
            "deflate")


@case
def damaged_safetensors_are_refused():
    state = mixed()

    def changed(**more):
        def change(header):
            for key, value in more.items():
                header["b.weight" if key in ("dtype", "shape", "data_offsets") else key] = value if (
                    key not in ("dtype", "shape", "data_offsets")) else {**header["b.weight"], key: value}
        return safetensors({key: np.asarray(array) for key, array in state.items()}, change=change)

    whole = changed()
    require(len(safetensors_reader.load(whole)) == 6, "not read")
    for label, data in (
            ("gap", changed(data_offsets=[281, 329])), ("overlap", changed(data_offsets=[279, 327])),
            ("backwards", changed(data_offsets=[328, 280])), ("negative", changed(data_offsets=[-1, 47])),
            ("floats", changed(data_offsets=[280.0, 328.0])), ("shape", changed(shape=[4, 7])),
            ("truth", changed(shape=[True, 24])), ("huge", changed(shape=[1 << 40, 1 << 40])),
            ("deep", changed(shape=[1] * 9)), ("no entry", changed(extra=[])),
            ("more", changed(extra={"dtype": "F32"})), ("behind the end", whole[:-1]),
            ("extra byte", whole + b"x"),
            ("header", struct.pack("<Q", 1 << 40) + whole[8:]),
            ("no JSON", struct.pack("<Q", 8) + b"{nothing"),
            ("a list", struct.pack("<Q", 2) + b"[]"), ("empty", b""), ("short", bytes(7)),
            ("twice", struct.pack("<Q", 15) + b'{"a":{},"a":{}}')):
        try:
            refused(lambda: safetensors_reader.read_safetensors(data, "s.st"), "s.st", "damaged")
        except AssertionError as error:
            raise AssertionError("%s: %s" % (label, error)) from None
    refused(lambda: safetensors_reader.load(changed(dtype="F8_E4M3")), "'b.weight'", "F8_E4M3", "BF16")
    deep = b"[" * 100000
    code, said, _ = command(_written("deep", struct.pack("<Q", len(deep)) + b"{" + deep[1:]))
    require(code == 4 and "nested too deeply" in said or "damaged" in said, said)


def _written(label, data):
    path = os.path.join(temp_folder(), label)
    with open(path, "wb") as file:
        file.write(data)
    return path


@case
def the_command_reads_them_apart():
    """In the child that can open nothing: all that the readers need is loaded before."""
    state = {"stem.weight": np.zeros((8, 3, 3, 3), "f4")}
    deflated = archive(("x/data.pkl", b"\x80\x02}."), ("x/\u00e9", b""), method=zipfile.ZIP_DEFLATED)
    for label, data in (("a.pth", checkpoint(state)), ("b.pth", checkpoint(state, False)),
                        ("c.safetensors", safetensors(state)), ("d.pth", deflated)):
        path = _written(label, data)
        code, said, result = command(path, "--card", "facenet")
        require(code == 4 and result is None and said.startswith("convert.py: %s: this is a" % path), said)


main()
