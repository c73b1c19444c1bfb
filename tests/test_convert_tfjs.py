#!/usr/bin/python3
"""Converter: TensorFlow.js models. Every operator against TensorFlow's definitions, the engine
against both, TensorFlow.js beside them; shards that are not where and as they should be."""
import json
import os
import sys
import time

import numpy as np

from check import ROOT, case, main, need, require, run, shared, temp_folder

import cards
import convert
import graph_passes
import reference
import tfjs_maker
from engine import error_bounds, first_difference, run_engine, tool, write_fid
from printable import shortened
from refusal import refused
from starter import starter_file
from tfjs_operators import EMITTERS
from tfjs_peer import FACE_API, HUMAN, model_file, run_face_api, run_tfjs
from tfjs_reader import read_tfjs

CONVERT = os.path.join(ROOT, "convert", "convert.py")
AGREES = 1e-4  # of the largest number


def read(path, outputs=()):
    """The simplified graph of a JSON file's path, as the command reads it."""
    sources, _ = convert.read_sources([path])
    kind = convert.kind_of_sources(sources)
    return convert.read_graphs(kind, sources, outputs)[0]


def require_alike(got, want, what):
    error = np.abs(got.reshape(-1) - want.reshape(-1)).max()
    require(error <= AGREES * np.abs(want).max(), "%s: %g of %g" % (what, error,
                                                                    np.abs(want).max()))


@case
def tfjs_cases_cover_every_operator():
    used = {node["op"] for make in tfjs_maker.CASES.values() for node in make().nodes}
    require(set(EMITTERS) == used - {"Const", "Placeholder"}, "without a case: %s" % sorted(
        set(EMITTERS) ^ used))


@case
def operators_do_what_tensorflow_defines():
    for name, make in tfjs_maker.CASES.items():
        maker = make()
        for graph in (read_tfjs(maker.bytes(), name),
                      graph_passes.simplify(read_tfjs(maker.bytes(), name))):
            require(sorted(graph.outputs) == sorted(maker.outputs()), "outputs of " + name)
            got = reference.run_graph(graph, maker.values["x"])
            for output in graph.outputs:
                want = maker.values[output]
                error = np.abs(got[output].reshape(-1) - want.reshape(-1)).max()
                require(error <= 1e-12 * max(1, np.abs(want).max()), "%s, %s: %g" % (name, output,
                                                                                     error))


@case
def engine_runs_every_tfjs_operator():
    tool()
    for name, make in tfjs_maker.CASES.items():
        maker = make()
        graph, x = graph_passes.simplify(read_tfjs(maker.bytes(), name)), maker.values["x"]
        bounds = error_bounds(graph, x)
        wrong = first_difference(run_engine(write_fid([graph]), x), reference.run_graph(graph, x),
                                 lambda value, _: bounds[value])
        require(wrong is None, "%s: %s" % (name, wrong))


@case
def tensorflow_js_computes_the_same():
    """The definitions in tfjs_maker.py are TensorFlow's."""
    need("node")
    for name, make in tfjs_maker.CASES.items():
        maker = make()
        got = run_tfjs(maker.write(temp_folder()), maker.values["x"], maker.outputs())
        for output, value in got.items():
            require_alike(value, maker.values[output], "%s, %s" % (name, output))


@case
def networks_of_human_agree_with_tensorflow_js():
    """faceres by its card's output, two more by their own: in float32 and float16."""
    tool()
    for name, nodes in (("faceres", ["global_pooling/Mean"]), ("liveness", []), ("facemesh", [])):
        path = model_file(HUMAN, name)
        graph = read(path, nodes)
        x = np.random.default_rng(3).uniform(-1, 1, (1, *graph.size)).astype("f4")
        x *= 100 if name == "faceres" else 1
        want, got = run_tfjs(path, x, graph.outputs), run_engine(write_fid([graph]), x)
        for output in graph.outputs:
            require_alike(got[output], want[output], "%s, %s" % (name, output))


@case
def networks_of_face_api_agree_with_it():
    tool()
    for net, name in (("faceRecognitionNet", "face_recognition_model"),
                      ("faceLandmark68TinyNet", "face_landmark_68_tiny_model"),
                      ("faceExpressionNet", "face_expression_model"),
                      ("ageGenderNet", "age_gender_model")):
        path = model_file(FACE_API, name)
        graph = read(path)
        x = np.random.default_rng(4).integers(0, 256, (1, *graph.size)).astype("f4")
        want = run_face_api(net, path, x)
        scaled = (x - np.float32([122.782, 117.001, 104.298])) / 255  # where dlib has 256
        got = run_engine(write_fid([graph]), scaled)
        for output, value in zip(graph.outputs, want, strict=True):
            require_alike(got[output], value, "%s, %s" % (name, output))


@case
def mtcnn_is_the_starters():
    """One manifest has three graphs, and the numbers of the starter's three files."""
    sources, _ = convert.read_sources([shared(
        "models/faceapi_mtcnn/mtcnn_model-weights_manifest.json")])
    data, _, graphs, meta = convert.convert(sources, cards.load("mtcnn"))
    require(len(meta["info.source_sha256"]) == 64, meta["info.source_sha256"])
    files = [(name, starter_file(name)) for name in ("pnet.tflite", "rnet.tflite", "onet.tflite")]
    for got, want in zip(graphs, convert.convert(files, cards.load("mtcnn"))[2], strict=True):
        x = np.random.default_rng(6).uniform(-1, 1, (1, *got.size))
        got, want, outputs = reference.run_graph(got, x), reference.run_graph(want, x), got.outputs
        for output in outputs:
            require_alike(got[output], want[output], output)
    require(data[:4] == b"\x89FID", "no file")


@case
def a_cut_needs_only_what_is_before_it():
    m = tfjs_maker.Maker(1, 4, 4, 3)
    y = m.add("Relu", "x")
    m.nodes.append({"name": "odd", "op": "Odd", "input": [y]})
    refused(lambda: read_tfjs(m.bytes(), "f"), "f: node 'odd' (Odd)", "not supported")
    require(read_tfjs(m.bytes(), "f", [y]).outputs == [y], "output")


@case
def a_signature_names_the_outputs():
    m = tfjs_maker.Maker(1, 4, 4, 3)
    y = m.add("Relu", "x")
    m.add("Neg", y)
    m.more["signature"] = {"outputs": {"out": {"name": y + ":0"}}}
    require(read_tfjs(m.bytes(), "f").outputs == [y], "output")
    long = b'{"format": "graph-model", "signature": "' + b"x" * 9000 + b'", ' + m.bytes()[1:]
    require(convert.kind_of_sources([("f", long)]) == "tfjs", "a long signature hides the kind")


# ---- the files of a model ----

def written(change=None):
    """(folder, path of the JSON) of a model; change(content) changes the JSON."""
    folder = temp_folder()
    path = tfjs_maker.CASES["quantized"]().write(folder)
    if change:
        with open(path, encoding="utf-8") as file:
            content = json.load(file)
        change(content)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(content, file)
    return folder, path


def paths_become(*names):
    def change(content):
        content["weightsManifest"][0]["paths"] = list(names)
    return change


@case
def shards_are_found_beside_the_json():
    folder, path = written()
    sources, parts = convert.read_sources([path])
    require([os.path.basename(part) for part in parts] == ["shard0.bin", "shard1.bin"], parts)
    require(sources == [(path, tfjs_maker.CASES["quantized"]().bytes())], "other bytes")
    every = [os.path.join(folder, name) for name in sorted(os.listdir(folder))]
    require(convert.read_sources(every)[0] == sources, "shards that are named too are sources")


@case
def shards_stay_in_the_folder():
    outside = temp_folder() + "/secret"
    with open(outside, "wb") as file:
        file.write(bytes(5000))
    for name in (outside, "../" + outside[5:], "./shard0.bin", "a\\b", "..", ".", "", "a\nb",
                 "x" * 256):
        folder, path = written(paths_become("shard0.bin", name))
        refused(lambda: convert.read_sources([path]), path + ": ", "of its own folder")
    folder, path = written(paths_become("shard0.bin", "link"))
    os.symlink(outside, folder + "/link")
    done = run(sys.executable, CONVERT, path, "-o", folder + "/out.fid")
    require(done.returncode == 3 and "is a link" in done.stderr, done.stderr)
    require(not os.path.exists(folder + "/out.fid"), "written")
    for names in (["shard0.bin"] * 2, ["%d" % i for i in range(5000)]):
        folder, path = written(paths_become(*names))
        refused(lambda: convert.read_sources([path]), "%d files" % len(names), "up to")
    folder, path = written(paths_become(None))
    refused(lambda: convert.read_sources([path]), path + ": ")


@case
def a_shard_that_is_missing_or_another_is_said():
    folder, path = written(paths_become("shard0.bin", "gone.bin"))
    done = run(sys.executable, CONVERT, path, "-o", folder + "/out.fid")
    require(done.returncode == 3 and "gone.bin: No such file" in done.stderr and
            "'model.json' names it" in done.stderr, done.stderr)
    for change in (lambda data: data[:-1], lambda data: data + b"x"):
        folder, path = written()
        with open(folder + "/shard1.bin", "rb+") as file:
            data = change(file.read())
            file.seek(0)
            file.truncate()
            file.write(data)
        done = run(sys.executable, CONVERT, path, "-o", folder + "/out.fid")
        require(done.returncode == 4 and "the shards have" in done.stderr, done.stderr)
    folder, path = written()
    done = run(sys.executable, CONVERT, path, "-o", folder + "/shard1.bin")
    require(done.returncode != 0 and os.path.getsize(folder + "/shard1.bin") < 100,
            "a shard was replaced")


@case
def damaged_models_are_refused():
    def changed(**change):
        m = tfjs_maker.CASES["quantized"]()
        for key, value in change.items():
            m.entries[0][key] = value
        return m.bytes()

    def with_nodes(*nodes, **more):
        m = tfjs_maker.Maker(1, 4, 4, 3)
        m.nodes += nodes
        m.more.update(more)
        return m.bytes()

    relu = {"name": "y", "op": "Relu", "input": ["x"]}
    for data, *words in (
            (changed(dtype="string"), "type string", "float32"),
            (changed(quantization={"dtype": "int4"}), "int4", "uint8"),
            (changed(shape=[1 << 40, 1 << 40, 1, 1]), "the shards have"),
            (changed(shape=[-1]), "the shape [-1]"), (changed(shape=[1] * 9), "the shape"),
            (changed(name="c2"), "constant 'c1'"),
            (with_nodes(relu, relu), "two nodes are called 'y'"),
            (with_nodes({**relu, "input": ["z"]}), "no node 'z'"),
            (with_nodes({**relu, "input": ["y"]}), "no outputs"),
            (with_nodes({**relu, "input": ["y"]}, {"name": "z", "op": "Relu", "input": ["y"]}),
             "'y' (Relu) stand in a circle"),
            (with_nodes({**relu, "input": ["x:1"]}), "several outputs"),
            (with_nodes({"name": "y", "op": "Const"}, {**relu, "name": "z", "input": ["y"]}),
             "0 inputs"),
            (with_nodes({"name": "x2", "op": "Placeholder"},
                        {"name": "z", "op": "Add", "input": ["x", "x2"]}), "2 inputs"),
            (with_nodes({"name": "y", "op": "Conv2D", "input": ["x"]}), "input 1 is missing"),
            (with_nodes({**relu, "input": 7}), "damaged"),
            (with_nodes(modelTopology={"model_config": {}}), "layers model", "graph model"),
            (with_nodes(modelTopology={"node": []}), "no nodes"),
            (b'{"format": "graph-model", "modelTopology": {}}', "no nodes"),
            (with_nodes(relu, weightsManifest=5), "manifest"),
            (b'{"modelTopology": {"node": NaN}}', "JSON is damaged"),
            (b'{"modelTopology": {', "JSON is damaged"),
            (b'{"modelTopology": ' + b"[" * 100000, "nested too deeply"),
            (b'[{"weights": [], "paths": []}]', "manifest", "no layers", "dlib")):
        refused(lambda: convert.convert([("f.json", data)]), "f.json: ", *words)


@case
def a_long_name_makes_no_long_sentence():
    """Beginning and end stay: the file's name and the next step."""
    def named(count, op="Relu"):
        def change(content):
            content["modelTopology"]["node"] += [
                {"name": "n%d" % i + "\x1b" * 3000, "op": op + "p" * 3000 * (op != "Relu"), "input": ["x"]}
                for i in range(count)]
        return change

    for change in (named(1, "O"), named(1), named(30), named(2, "\x1b")):
        folder, path = written(change)
        done = run(sys.executable, CONVERT, path, "-o", folder + "/out.fid")
        said = done.stderr
        require(done.returncode == 4 and said.count("\n") == 1, "exit %d: %s" % (done.returncode, said))
        require(said.startswith("convert.py: %s: " % path) and " [...] " in said, said)
        require(len(said) < 600 + len(path), "%d characters: %s" % (len(said), said))
    require(shortened("a" * 500, 500) == "a" * 500, "cut without need")
    text = shortened("a" * 501 + "b" * 500, 500)
    require(text == "a" * 333 + " [...] " + "b" * 166, text)


@case
def weights_without_a_graph_are_named():
    for name, *words in (("tiny_face_detector_model", "tiny face detector", "YuNet"),
                         ("ssd_mobilenetv1_model", "SSD MobileNet v1", "YuNet")):
        path = model_file(FACE_API, name)
        refused(lambda: read(path), path + ": this is face-api.js's", *words)
    m = tfjs_maker.Maker(1, 2, 2, 3)
    m.constant(m.array(256, 128))
    m.entries[0]["name"] = "fc"
    manifest = json.dumps([{"paths": ["s"], "weights": m.entries}]).encode()
    refused(lambda: convert.convert([("f", manifest + m.shards[0])]), "f: the weight 'conv32_down/",
            "missing")


@case
def damaged_bytes_end_in_a_sentence():
    random = np.random.default_rng(8)
    seeds = [make().bytes() for make in tfjs_maker.CASES.values()]
    for i in range(200):
        data = bytearray(seeds[i % len(seeds)])
        for _ in range(1 + i % 4):
            at, more = int(random.integers(len(data))), int(random.integers(40))
            data[at:at + (more if i % 2 else 1)] = bytes(random.integers(0, 256, 1 + i % 2, "u1"))
        try:
            convert.convert([("f.json", bytes(data))])
        except convert.ConvertError as error:
            require("f.json" in str(error), str(error))


@case
def a_long_chain_takes_linear_time():
    """Twice the nodes take about twice the time; more than three times is another law."""
    def seconds(count):
        m = tfjs_maker.Maker(1, 2, 2, 3)
        y = "x"
        for _ in range(count):
            y = m.add("Relu", y)
        data, start = m.bytes(), time.process_time()
        read_tfjs(data, "f")
        return time.process_time() - start

    seconds(100)
    ratio = min(seconds(4000) / seconds(1000) for _ in range(3))
    require(ratio < 10, "four times the nodes take %.1f times the time" % ratio)


main()
