#!/usr/bin/python3
"""Exactness: whole networks through converter and engine against independent forward passes in
double precision, every layer that both have, and against ONNX Runtime. The first diverging layer is
named."""
import glob
import os
import shutil
import struct
import sys
import zlib

import numpy as np

from check import ROOT, SOAK, case, main, require, run, shared, skip, temp_folder

import cards
import convert
import reference_resnet50
import reference_tflite
import vggface2_weights
from engine import first_difference, run_engine, tool, write_fid
from onnx_runtime import need_runtime, peers_resnet50, run_onnx_runtime
from starter import starter_file
from tflite_file import parse_tflite

LARGEST_ERROR = 1e-4    # of a layer's largest feature
LEAST_COSINE = 0.999999
CLASSES = 8631
LEVELS = ({"isa": "ref"}, {}, {"method": "im2col_gemm"})


def cosine(a, b):
    a, b = np.float64(a).reshape(-1), np.float64(b).reshape(-1)
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


def compare(what, got, want, output):
    """Every common layer within the bound, the embedding in direction too; prints the figures."""
    wrong = first_difference(got, want, lambda _, value: LARGEST_ERROR * np.abs(value).max())
    require(wrong is None, "%s: first diverging layer %s" % (what, wrong))
    common = [name for name in want if name in got]
    worst = max(common, key=lambda name: np.abs(got[name] - want[name]).max() /
                np.abs(want[name]).max())
    angle = cosine(got[output], want[output])
    require(angle >= LEAST_COSINE, "%s: cosine %.9f" % (what, angle))
    print("%s: %d layers, largest error %.1e of the largest feature (%s), cosine 1 - %.0e" % (
        what, len(common), np.abs(got[worst] - want[worst]).max() / np.abs(want[worst]).max(),
        worst, max(0.0, 1 - angle)))


def write(data):
    path = os.path.join(temp_folder(), "model.fid")
    with open(path, "wb") as file:
        file.write(data)
    return path


class Network:
    """A model's .fid file and what an independent forward says, made when first asked for."""

    def __init__(self, make):
        self.make, self.made = make, None

    def __call__(self):
        if self.made is None:
            self.made = self.make()
        return self.made


def _keras_top():
    try:
        import h5py  # noqa: F401
    except ImportError:
        skip("python3-h5py is not installed")
    weights = vggface2_weights.keras_weights(1, CLASSES)
    x = vggface2_weights.picture(2)
    path = os.path.join(temp_folder(), "top.h5")
    vggface2_weights.write_h5(path, weights, "model_weights")
    return {"h5": path, "weights": weights, "x": x, "name": "vggface2-top",
            "want": reference_resnet50.keras_forward(weights, x),
            "fid": _converted(path, "vggface2-top")}


def _keras_notop():
    top = KERAS_TOP()
    weights = {name: array for name, array in top["weights"].items() if "classifier" not in name}
    path = os.path.join(temp_folder(), "notop.h5")
    vggface2_weights.write_h5(path, weights, as_text=True)
    want = {name: value for name, value in top["want"].items() if "classifier" not in name}
    return {"h5": path, "x": top["x"], "want": want, "name": "vggface2",
            "fid": _converted(path, "vggface2")}


def _caffe():
    state = vggface2_weights.caffe_state(3, CLASSES)
    path = os.path.join(temp_folder(), "resnet50_ft_weight.pkl")
    with open(path, "wb") as file:
        file.write(vggface2_weights.python2_pickle(state))
    x = vggface2_weights.picture(4)
    return {"x": x, "want": reference_resnet50.caffe_forward(state, x), "name": "vggface2-caffe",
            "fid": _converted(path, "vggface2-caffe")}


def _converted(path, card):
    with open(path, "rb") as file:
        data, _, _, _ = convert.convert([(path, file.read())], cards.load(card))
    return write(data)


def by_sha256(sources):
    """convert.convert() with the card that names the sources."""
    return convert.convert(sources, cards.by_sha256(convert.digests_of(sources)))


KERAS_TOP, KERAS_NOTOP, CAFFE = Network(_keras_top), Network(_keras_notop), Network(_caffe)


def compare_resnet50(network, level, command=None):
    made = network()
    got = run_engine(made["fid"], made["x"], command=command, **level)
    what = "%s %s" % (made["name"], " ".join(level.values()) or "default")
    require(sum(name in got for name in made["want"]) >= 55, "%s: too few layers in common" % what)
    compare(what, got, made["want"], "avg_pool")
    if "classifier" in made["want"]:
        require(np.argmax(got["classifier"]) == np.argmax(made["want"]["classifier"]), "top class")


def resnet50_at_every_level(network):
    tool()
    for level in LEVELS:
        compare_resnet50(network, level)


@case
def keras_resnet50_without_top():
    resnet50_at_every_level(KERAS_NOTOP)


@case
def keras_resnet50_with_8631_classes():
    resnet50_at_every_level(KERAS_TOP)


@case
def caffe_resnet50():
    resnet50_at_every_level(CAFFE)


@case
def all_three_by_openblas():
    # The runtime opens before any file: without OpenBLAS it says so, else the file is missing.
    done = run(*tool(), "none", "-", 1, 0, 0, "none", "none", "--method", "im2col_openblas")
    if "im2col_openblas" in done.stderr:
        skip(done.stderr.strip())
    for network in (KERAS_NOTOP, KERAS_TOP, CAFFE):
        compare_resnet50(network, {"method": "im2col_openblas"})


@case
def threads_and_batches_change_no_bit():
    tool()
    fid = KERAS_NOTOP()["fid"]
    x = np.concatenate([KERAS_NOTOP()["x"], vggface2_weights.picture(5)])
    one = run_engine(fid, x, threads=1)["avg_pool"]
    for threads in (2, 3):
        require(np.array_equal(one, run_engine(fid, x, threads=threads)["avg_pool"]),
                "%d threads give other bits" % threads)
    require(np.array_equal(one[:1], run_engine(fid, x[:1])["avg_pool"]), "a batch gives other bits")


@case
def an_error_in_a_layer_is_found():
    """The comparison itself: a wrong filter must be seen, and named by its layer."""
    tool()
    made = KERAS_NOTOP()
    weights = dict(KERAS_TOP()["weights"])
    name = "conv3_2_3x3/kernel"
    weights[name] = weights[name].copy()
    weights[name][1, 1, :, 6] += 0.05
    want = reference_resnet50.keras_forward(
        {key: array for key, array in weights.items() if "classifier" not in key}, made["x"])
    got = run_engine(made["fid"], made["x"])
    wrong = first_difference(got, want, lambda _, value: LARGEST_ERROR * np.abs(value).max())
    # conv3_2 is the fifth block: activation_1 + 4 blocks of 3, then its second activation
    require(wrong is not None and wrong.startswith("activation_15 "), "found instead: %s" % wrong)


# ---- make check-vggface2 ----

def write_png(path, pixels):
    """Writes [h, w, 3] bytes without a picture library."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" +
                   chunk(b"IHDR", struct.pack(">2I5B", pixels.shape[1], pixels.shape[0], 8, 2, 0,
                                              0, 0)) +
                   chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


@case
def check_vggface2_on_the_synthetic_file():
    """The check for the published file, run on ours: its answer is the double-precision one, and
    another expected number or name is noticed."""
    tool()
    made, folder = KERAS_TOP(), temp_folder()
    pixels = np.random.default_rng(12).integers(0, 256, (13, 11, 3), np.uint8)
    pixels = pixels.repeat(23, axis=0).repeat(29, axis=1)[:290, :310]
    picture, labels = os.path.join(folder, "p.png"), os.path.join(folder, "labels.txt")
    write_png(picture, pixels)
    with open(labels, "w", encoding="utf-8") as file:
        file.writelines("Person_%d\n" % i for i in range(CLASSES))
    rows = [int((i + 0.5) * 290 / 224) for i in range(224)]
    columns = [int((i + 0.5) * 310 / 224) for i in range(224)]
    x = pixels[np.ix_(rows, columns)][:, :, ::-1] - np.array([91.4953, 103.8827, 131.0912])
    want = reference_resnet50.keras_forward(made["weights"], x[None])["classifier"].reshape(-1)
    best = int(np.argmax(want))
    for name, probability, code in (("Person_%d" % best, want[best], 0),
                                    ("Person_%d" % best, want[best] + 0.01, 1),
                                    ("Person_%d" % (best + 1), want[best], 1)):
        done = run(sys.executable, os.path.join(ROOT, "convert", "check_vggface2.py"), made["h5"],
                   "--labels", labels, "--picture", picture, "--class", name, "--probability",
                   "%.8f" % probability, "--tolerance", "0.0001")
        require(done.returncode == code, "exit %d, wanted %d: %s%s" %
                (done.returncode, code, done.stdout, done.stderr))


# ---- NEON, under qemu ----

CROSS = "aarch64-linux-gnu-"
ARM_BUILD = "build/arm64-exact"


def _neon_tool():
    """Builds dump_layers for arm64 from the parts that need no library, linked statically."""
    if shutil.which(CROSS + "gcc") is None or shutil.which("qemu-aarch64-static") is None:
        skip("no %sgcc or no qemu-aarch64-static" % CROSS)
    if not glob.glob(os.path.join(ROOT, "kernels", "neon", "*.c")):
        skip("there are no NEON kernels")
    folders = ("kernels", "kernels/ref", "kernels/neon", "weights", "engine/base", "engine/nn",
               "engine/nn/ops")
    sources = ["tests/tools/dump_layers.c"] + [
        os.path.relpath(path, ROOT) for folder in folders
        for path in sorted(glob.glob(os.path.join(ROOT, folder, "*.c")))]
    objects = ["%s/%s.o" % (ARM_BUILD, os.path.splitext(source)[0]) for source in sources]
    made = run("make", "-s", "-j2", "CROSS=" + CROSS, "BUILD=" + ARM_BUILD, "OPENBLAS=0", "SDL=0",
               "OPT=-O2", *objects, cwd=ROOT)
    require(made.returncode == 0, "the arm64 objects: " + made.stderr[-2000:])
    program = os.path.join(ROOT, ARM_BUILD, "dump_layers")
    made = run(CROSS + "gcc", "-static", "-o", program, *objects, "-lm", "-pthread", cwd=ROOT)
    require(made.returncode == 0, "the arm64 program: " + made.stderr[-2000:])
    return ["qemu-aarch64-static", program]


@case
def all_three_on_neon():
    if not SOAK:
        skip("make soak: minutes under qemu")
    for network in (KERAS_NOTOP, KERAS_TOP, CAFFE):
        compare_resnet50(network, {"isa": "neon"}, _neon_tool())


# ---- ONNX Runtime ----

def compare_onnx_runtime(path, x, graph, fid):
    """Every output of the engine against ONNX Runtime's for the input x [n, c, h, w]."""
    want = run_onnx_runtime(path, x)
    for level in LEVELS[:2]:
        got = run_engine(fid, np.moveaxis(x, 1, -1), **level)
        errors = {}
        for output in graph.outputs:
            value = want[output]
            if value.ndim == 4:
                value = np.moveaxis(value, 1, -1)
            error = np.abs(got[output].reshape(-1) - value.reshape(-1)).max()
            errors[output] = error / np.abs(value).max()
        worst = max(errors, key=errors.get)
        require(errors[worst] <= LARGEST_ERROR, "%s: output %s differs by %.1e of its largest" %
                (path, worst, errors[worst]))
        print("%s %s: largest difference %.1e of the largest number (%s)" % (
            os.path.basename(path), " ".join(level.values()) or "default", errors[worst], worst))


@case
def onnx_runtime_resnet50():
    tool()
    need_runtime()
    from graph_passes import simplify
    from onnx_reader import read_onnx
    path = peers_resnet50()
    with open(path, "rb") as file:
        graph = simplify(read_onnx(file.read(), path))
    x = np.fromfile(os.path.join(os.path.dirname(path), "input.bin"), "<f4")
    compare_onnx_runtime(path, x.reshape(1, 3, 224, 224), graph, write_fid([graph]))


@case
def onnx_runtime_yunet_and_mobilefacenet():
    tool()
    need_runtime()
    random = np.random.default_rng(13)
    for name, size, high in (("models/yunet/yunet_n_dynamic.onnx", (160, 224), 255.0),
                             ("models/mobilefacenet/MobileFaceNet.onnx", (112, 112), 2.0)):
        path = shared(name)
        with open(path, "rb") as file:
            data, _, graphs, _ = by_sha256([(path, file.read())])
        x = random.uniform(0, high, (1, 3) + size).astype(np.float32)
        compare_onnx_runtime(path, x, graphs[0], write(data))


@case
def onnx_runtime_detectors_and_landmarks():
    """With any card, what is read and simplified computes what the file says."""
    tool()
    need_runtime()
    from graph_passes import simplify
    from onnx_reader import read_onnx
    random = np.random.default_rng(17)
    for name, size in (("models/pfld/pfld.onnx", (112, 112)),
                       ("models/retinaface/FaceDetector.onnx", (640, 640)),
                       ("models/scrfd/insightface_det_500m.onnx", (160, 224))):
        path = shared(name)
        with open(path, "rb") as file:
            graph = simplify(read_onnx(file.read(), path))
        x = random.uniform(-1, 1, (1, 3) + size).astype(np.float32)
        compare_onnx_runtime(path, x, graph, write_fid([graph]))


@case
def onnx_runtime_edgeface():
    """By its card: norms, GELU and attention of a whole network."""
    tool()
    need_runtime()
    folder = temp_folder()
    weights, path = [os.path.join(folder, name) for name in ("weights", "edgeface.onnx")]
    for words in (("gen_efxs.py", weights), ("efxs_onnx.py", weights, path)):
        done = run(sys.executable, shared("peers/networks/" + words[0]), *words[1:])
        require(done.returncode == 0, done.stderr)
    with open(path, "rb") as file:
        data, _, graphs, _ = convert.convert([(path, file.read())], cards.load("edgeface"))
    ops = {node.op for node in graphs[0].nodes}
    require({"layer_norm", "matmul", "l2_normalize", "slice", "softmax"} <= ops, str(ops))
    gelu = [node for node in graphs[0].nodes if node.activation == "gelu"]
    require(gelu and all(node.op == "conv" for node in gelu), "GELU is not fused")
    x = np.random.default_rng(19).uniform(-1, 1, (1, 3, 112, 112)).astype(np.float32)
    compare_onnx_runtime(path, x, graphs[0], write(data))


@case
def onnx_runtime_agrees_on_every_operator():
    """The interpreter that the operators are tested with (test_convert.py) is itself held to ONNX
    Runtime."""
    need_runtime()
    import onnx
    import onnx_cases
    import reference_onnx
    for name, make in onnx_cases.CASES.items():
        model, shape = make()
        path = os.path.join(temp_folder(), name + ".onnx")
        onnx.save(model, path)
        x = np.random.default_rng(11).standard_normal(shape).astype(np.float32)
        want, got = reference_onnx.run_onnx(model, x), run_onnx_runtime(path, x)
        for output, value in got.items():
            error = np.abs(value - want[output]).max()
            require(error <= 1e-5 * np.abs(value).max(), "%s: %s differs by %g of %g" %
                    (name, output, error, np.abs(value).max()))


# ---- TFLite ----

def compare_tflite(graph_name, card, names, size, outputs):
    """The engine against the file's own operators. names: the sources of the card; outputs: ours
    -> the file's; size: the input as our engine takes it."""
    tool()
    sources = [(name, starter_file(name)) for name in names]
    data, found, _, _ = by_sha256(sources)
    require(found == card, "%s was taken for %s" % (card, found))
    source = next(data_ for name, data_ in sources if name.lower().startswith(graph_name))
    x = np.random.default_rng(8).uniform(-1, 1, (2,) + size + (3,)).astype(np.float32)
    turned = card == "mtcnn"
    want = reference_tflite.run_tflite(parse_tflite(source, graph_name),
                                       x.transpose(0, 2, 1, 3) if turned else x)
    path = write(data)
    for level in LEVELS[:2]:
        got = run_engine(path, x, graph=graph_name, **level)
        for ours, theirs in outputs.items():
            value = want[theirs]
            if value.ndim == 4 and turned:
                value = value.transpose(0, 2, 1, 3)
            error = np.abs(got[ours].reshape(value.shape) - value).max() / np.abs(value).max()
            require(error <= LARGEST_ERROR, "%s %s: error %.1e of the largest" % (graph_name, ours,
                                                                                 error))
            print("%s %s %s: largest error %.1e of the largest number" % (
                graph_name, " ".join(level.values()) or "default", ours, error))


@case
def tflite_mediapipe_and_ulffd():
    """Networks with float16 weights, added channels and leaky ReLU."""
    tool()
    from graph_passes import simplify
    from tflite_reader import read_tflite
    for name in ("mediapipe/face_detection_back", "mediapipe/face_landmark",
                 "coral/ulffd_landmark"):
        with open(shared("models/%s.tflite" % name), "rb") as file:
            data = file.read()
        graph = simplify(read_tflite(data, name))
        x = np.random.default_rng(8).uniform(-1, 1, (1,) + graph.size).astype(np.float32)
        want, path = reference_tflite.run_tflite(parse_tflite(data, name), x), write_fid([graph])
        for level in LEVELS[:2]:
            got = run_engine(path, x, **level)
            for output in graph.outputs:
                value = want[output].reshape(-1)
                error = np.abs(got[output].reshape(-1) - value).max() / np.abs(value).max()
                require(error <= LARGEST_ERROR, "%s %s: error %.1e of the largest" % (name, output,
                                                                                     error))
                print("%s %s %s: largest error %.1e of the largest number" % (
                    name, " ".join(level.values()) or "default", output, error))


MTCNN = ("rnet.tflite", "onet.tflite", "pnet.tflite")


@case
def tflite_mobilefacenet():
    compare_tflite("mobilefacenet", "mobilefacenet-192", ["MobileFaceNet.tflite"], (112, 112),
                   {"embeddings": "embeddings"})


@case
def tflite_pnet():
    for size in ((37, 53), (12, 12)):
        compare_tflite("pnet", "mtcnn", MTCNN, size,
                       {"prob": "pnet/prob1", "box": "pnet/conv4-2/BiasAdd"})


@case
def tflite_rnet():
    compare_tflite("rnet", "mtcnn", MTCNN, (24, 24),
                   {"prob": "rnet/prob1", "box": "rnet/conv5-2/conv5-2"})


@case
def tflite_onet():
    compare_tflite("onet", "mtcnn", MTCNN, (48, 48),
                   {"prob": "onet/prob1", "box": "onet/conv6-2/conv6-2",
                    "landmarks": "onet/conv6-3/conv6-3"})


main()
