"""onnx_runtime.py - runs models in ONNX Runtime, from the npm package onnxruntime-node kept in
build/cache. Only where ../shared/peers is, whose comparisons use the same package."""
import os
import shutil
import subprocess
import sys

import numpy as np

from check import CACHE, ROOT, only_one, require, run, shared, skip, temp_folder

PACKAGE = "onnxruntime-node@1.30.0"
MODULES = os.path.join(CACHE, "npm", "node_modules")
SCRIPT = os.path.join(ROOT, "tests", "ort_run.js")


def need_runtime():
    """Installs the package at the first use; skips the case where it cannot be had."""
    shared("peers")
    if shutil.which("npm") is None or shutil.which("node") is None:
        skip("no npm or node for " + PACKAGE)
    with only_one("npm"):
        if not os.path.isdir(os.path.join(MODULES, "onnxruntime-node")):
            _install()


def _install():
    folder = os.path.dirname(MODULES)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "package.json"), "w", encoding="ascii") as file:
        file.write('{"private": true}\n')
    try:
        subprocess.run(["npm", "install", "--ignore-scripts", PACKAGE], cwd=folder, timeout=240,
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except (subprocess.SubprocessError, OSError):
        skip(PACKAGE + " cannot be installed")


def run_onnx_runtime(model, x):
    """{name: array} of the outputs of a model file for x [n, c, h, w]."""
    need_runtime()
    folder = temp_folder()
    source = os.path.join(folder, "input")
    np.ascontiguousarray(x, "<f4").tofile(source)
    done = run("node", SCRIPT, MODULES, model, folder, source, *x.shape)
    require(done.returncode == 0, done.stderr)
    outputs = {}
    with open(os.path.join(folder, "outputs.tsv"), encoding="utf-8") as table:
        for line in table:
            index, name, *shape = line.rstrip("\n").split("\t")
            numbers = np.fromfile(os.path.join(folder, index + ".f32"), "<f4")
            outputs[name] = numbers.reshape([int(size) for size in shape])
    return outputs


def peers_resnet50():
    """Path of the ResNet50 that ../shared/peers measures with, written at the first use."""
    folder = os.path.join(CACHE, "peers")
    path = os.path.join(folder, "resnet50.onnx")
    with only_one("peers"):
        if not os.path.exists(path):
            done = run(sys.executable, shared("peers/gen_model.py"), folder)
            require(done.returncode == 0, done.stderr)
    return path
