#!/usr/bin/python3
"""Converter and engine against TensorFlow Lite itself, from the npm package of its WebAssembly, on
the TFLite networks at hand. It shares nothing with the interpreter in reference_tflite.py."""
import numpy as np

from check import case, main, need, require, shared

from engine import run_engine, tool, write_fid
from graph_passes import simplify
from starter import starter_file
from tflite_peer import run_lite
from tflite_reader import read_tflite

AGREES = 1e-4  # of the largest number of all outputs


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
