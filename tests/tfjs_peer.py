"""tfjs_peer.py - TensorFlow.js models and TensorFlow.js itself for tests, from npm packages."""
import os

import numpy as np

from check import ROOT, need, require, run, temp_folder
from npm_package import package_file

TFJS = ("@tensorflow/tfjs@4.22.0",
        "56505c191e24116787477b3bb5bb1cc0cf1c2bdce8112b9c402a8a2d31cf2f00")
HUMAN = ("@vladmandic/human@3.3.6",
         "425e9c51dbbca0c8934362b170cb0d54c2529c11c654b3c03092b16e9d6ad3f7")
FACE_API = ("@vladmandic/face-api@1.7.15",
            "0d77fffeef362ef9c0939cf6c567f3a2e8e177f114fa257a3270cbd2e509b031")


def _put(folder, package, inside):
    path = os.path.join(folder, os.path.basename(inside))
    if not os.path.exists(path):
        data = package_file(*package, inside)
        with open(path, "wb") as file:
            file.write(data)
    return path


def model_file(package, name):
    """Path of the JSON of HUMAN's or FACE_API's model of this name, its weights beside it."""
    folder = temp_folder()
    inside = "models/" if package == HUMAN else "model/"
    tail = ".json" if package == HUMAN else "-weights_manifest.json"
    _put(folder, package, inside + name + ".bin")
    return _put(folder, package, inside + name + tail)


def _run(script, x, *words):
    """The arrays that a script writes for the picture x."""
    folder = temp_folder()
    source = os.path.join(folder, "input")
    np.ascontiguousarray(x, "<f4").tofile(source)
    done = run("node", os.path.join(ROOT, "tests", script), *[
        {"FOLDER": folder, "INPUT": source}.get(word, word) for word in words])
    require(done.returncode == 0, done.stderr)
    return [np.fromfile(os.path.join(folder, "%d.f32" % i), "<f4")
            for i in range(sum(name.endswith(".f32") for name in os.listdir(folder)))]


def run_tfjs(model, x, nodes):
    """The values of nodes, a list of names, of a graph model's JSON for x [n, h, w, c]."""
    need("node")
    library = _put(temp_folder(), TFJS, "dist/tf.min.js")
    return dict(zip(nodes, _run("tfjs_run.js", x, library, model, "FOLDER", "INPUT",
                                ",".join(nodes), *x.shape)))


def run_face_api(net, manifest, x):
    """What a network of face-api.js gives for a picture x [1, h, w, 3], RGB in 0..255."""
    need("node")
    folder = temp_folder()
    return _run("faceapi_run.js", x, _put(folder, TFJS, "dist/tf.min.js"),
                _put(folder, FACE_API, "dist/face-api.node-wasm.js"), net, manifest, "FOLDER",
                "INPUT", *x.shape[1:3])
