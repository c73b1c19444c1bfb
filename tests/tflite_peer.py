"""tflite_peer.py - TensorFlow Lite itself for tests: the WebAssembly build of an npm package. It shares
nothing with the interpreters in convert/."""
import functools
import os

import numpy as np

from check import ROOT, need, require, run, temp_folder
from npm_package import package_files

LITE = ("@tensorflow/tfjs-tflite@0.0.1-alpha.10",
        "ce63551608097a5ecb0f0128fc64c53c15843a851fcd17f83e66e1908a628d71")
BINARY = "wasm/tflite_web_api_cc_simd"


@functools.cache
def _library():
    """A folder with TensorFlow Lite's two files."""
    folder = temp_folder()
    files = package_files(*LITE, lambda path: path in (BINARY + ".js", BINARY + ".wasm"))
    require(len(files) == 2, "the package has other files")
    for path, data in files.items():
        with open(os.path.join(folder, os.path.basename(path)), "wb") as file:
            file.write(data)
    return folder


def run_lite(data, x):
    """{name: numbers} of the outputs of a model's bytes for x [1, h, w, c], the first of its batch."""
    need("node")
    folder = temp_folder()
    with open(os.path.join(folder, "model.tflite"), "wb") as file:
        file.write(data)
    np.ascontiguousarray(x, "<f4").tofile(os.path.join(folder, "input"))
    done = run("node", os.path.join(ROOT, "tests", "tflite_run.js"), _library(),
               os.path.join(folder, "model.tflite"), folder, os.path.join(folder, "input"))
    require(done.returncode == 0, done.stderr)
    outputs = {}
    with open(os.path.join(folder, "outputs.tsv"), encoding="utf-8") as table:
        for line in table:
            index, name, batch, *_ = line.rstrip("\n").split("\t")
            numbers = np.fromfile(os.path.join(folder, index + ".f32"), "<f4")
            outputs[name] = numbers[:numbers.size // int(batch)]
    return outputs
