#!/usr/bin/python3
"""Converter and engine against TensorFlow Lite itself, from the npm package of its WebAssembly, on
the TFLite networks at hand. It shares nothing with the interpreter in reference_tflite.py."""
import functools
import os

import numpy as np

from check import ROOT, case, main, need, require, run, shared, temp_folder

from engine import run_engine, tool, write_fid
from graph_passes import simplify
from npm_package import package_files
from starter import starter_file
from tflite_reader import read_tflite

LITE = ("@tensorflow/tfjs-tflite@0.0.1-alpha.10",
        "ce63551608097a5ecb0f0128fc64c53c15843a851fcd17f83e66e1908a628d71")
BINARY = "wasm/tflite_web_api_cc_simd"
AGREES = 1e-4  # of the largest number of all outputs


@functools.cache
def library():
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
    folder = temp_folder()
    with open(os.path.join(folder, "model.tflite"), "wb") as file:
        file.write(data)
    np.ascontiguousarray(x, "<f4").tofile(os.path.join(folder, "input"))
    done = run("node", os.path.join(ROOT, "tests", "tflite_run.js"), library(),
               os.path.join(folder, "model.tflite"), folder, os.path.join(folder, "input"))
    require(done.returncode == 0, done.stderr)
    outputs = {}
    with open(os.path.join(folder, "outputs.tsv"), encoding="utf-8") as table:
        for line in table:
            index, name, batch, *_ = line.rstrip("\n").split("\t")
            numbers = np.fromfile(os.path.join(folder, index + ".f32"), "<f4")
            outputs[name] = numbers[:numbers.size // int(batch)]
    return outputs


def compare(name, data):
    graph = simplify(read_tflite(data, name))
    x = np.random.default_rng(11).uniform(-1, 1, (1, *graph.size)).astype("f4")
    want, got = run_lite(data, x), run_engine(write_fid([graph]), x)
    require(set(graph.outputs) <= set(want), "%s: outputs %s, ours are %s" % (
        name, list(want), graph.outputs))
    largest = max(np.abs(want[output]).max() for output in graph.outputs)
    worst = max(np.abs(got[output].reshape(-1) - want[output]).max() for output in graph.outputs)
    require(largest > 0 and worst <= AGREES * largest, "%s: off by %g of %g" % (
        name, worst, largest))
    print("%s: %d outputs, off by %.1e of the largest number" % (
        name, len(graph.outputs), worst / largest))


@case
def networks_of_the_starter():
    tool(), need("node")
    for name in ("MobileFaceNet.tflite", "pnet.tflite", "rnet.tflite", "onet.tflite"):
        compare(name, starter_file(name))


@case
def detectors_and_landmarks():
    tool(), need("node")
    for name in ("mediapipe/face_detection_back", "mediapipe/face_landmark", "coral/ulffd_landmark"):
        with open(shared("models/%s.tflite" % name), "rb") as file:
            compare(name, file.read())


main()
