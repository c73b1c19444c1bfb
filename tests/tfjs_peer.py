"""tfjs_peer.py - TensorFlow.js models and TensorFlow.js itself for tests, from npm packages."""
import functools
import os

import numpy as np

from check import ROOT, need, require, run, temp_folder
from npm_package import package_files

TFJS = ("@tensorflow/tfjs@4.22.0",
        "56505c191e24116787477b3bb5bb1cc0cf1c2bdce8112b9c402a8a2d31cf2f00")
HUMAN = ("@vladmandic/human@3.3.6",
         "425e9c51dbbca0c8934362b170cb0d54c2529c11c654b3c03092b16e9d6ad3f7")
FACE_API = ("@vladmandic/face-api@1.7.15",
            "0d77fffeef362ef9c0939cf6c567f3a2e8e177f114fa257a3270cbd2e509b031")
FACE_API_SCRIPT = "dist/face-api.node-wasm.js"


@functools.cache
def _files(package, *beginnings):
    """A folder with the files of a package whose paths begin so, without their own folders."""
    folder = temp_folder()
    for path, data in package_files(*package, lambda path: path.startswith(beginnings)).items():
        with open(os.path.join(folder, os.path.basename(path)), "wb") as file:
            file.write(data)
    return folder


def _library():
    return os.path.join(_files(TFJS, "dist/tf.min.js"), "tf.min.js")


def model_file(package, name):
    """Path of the JSON of HUMAN's or FACE_API's model of this name, its weights beside it."""
    if package == HUMAN:
        return os.path.join(_files(HUMAN, "models/"), name + ".json")
    return os.path.join(_files(FACE_API, "model/", FACE_API_SCRIPT), name + "-weights_manifest.json")


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
    return dict(zip(nodes, _run("tfjs_run.js", x, _library(), model,
                                "FOLDER", "INPUT", ",".join(nodes), *x.shape)))


def run_face_api(net, manifest, x):
    """What a network of face-api.js gives for a picture x [1, h, w, 3], RGB in 0..255."""
    need("node")
    script = os.path.join(os.path.dirname(manifest), os.path.basename(FACE_API_SCRIPT))
    return _run("faceapi_run.js", x, _library(), script, net, manifest, "FOLDER", "INPUT",
                *x.shape[1:3])
