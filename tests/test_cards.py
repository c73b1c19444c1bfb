#!/usr/bin/python3
"""Cards, the recipes of networks: each one fits a network of its shape and the program takes the
result; a sha256 alone chooses one and brings origin, licence and measured limits; --set and --output.
What is refused: test_cards_refusals.py."""
import contextlib
import hashlib
import os
import re

import numpy as np

from check import BUILD, ROOT, case, main, require, shared, skip, temp_folder

import card_fields
import cards
import convert
import reference
import tflite_maker
from graph import Graph
from own_card import KNOWN, OWN, command, converted, network, own, refusal, write
from program import faceid
from refusal import need_onnx, refused
from small_model import BOX, DETECTOR, small_model

TEXTS = ("info.name", "info.source", "info.licence", "decision.accept", "decision.maybe",
         "decision.margin", "decision.measured_on")
NOT_KNOWN = ["Own", cards.GIVEN, cards.GIVEN, 0.6, 0.5, 0.05, cards.NOT_MEASURED]


# ---- the cards that there are ----

def _append_maps(graph, output, count, maps):
    """An output of a detector: what each entry of each cell has, maps of (stride, entries of a cell)
    joined."""
    joined = []
    for stride, entries in maps:
        name, part = "%s of %d" % (output, stride), min(16, stride // 2)
        graph.append("max_pool", ["in"], "part of " + name, kernel=(part, part), stride=(part, part),
                     pad_mode="same")
        rest = (stride // part, stride // part)
        graph.append("conv", ["part of " + name], name, kernel=rest, stride=rest, dilation=(1, 1),
                     groups=1, pad_mode="same", tensors={
                         "filter": np.zeros((count * entries, *rest, 3)), "bias": np.zeros(count * entries)})
        if maps != [(stride, 1)]:
            graph.append("reshape", [name], "entries of " + name, shape=(0, -1, 1, count))
        joined.append(graph.nodes[-1].output)
    if len(maps) > 1:
        graph.append("concat", joined, output, axis=1)
    else:
        graph.nodes[-1].output = output


def graphs_for(card):
    """Small graphs of the sizes and outputs that a card names."""
    made = []
    strides = card.keys.get("detect.strides", [8])
    maps = list(zip(strides, card.keys.get("detect.per_cell", [1] * len(strides))))
    for name, wanted in card.graphs.items():
        channels = wanted.get("channels", 3)
        graph = Graph("source", "in", *wanted["size"], channels)
        for output, count in wanted["outputs"].items():
            stride = re.search(r"_(\d+)$", output)
            if "multiple" in wanted or "detect.strides" in card.keys:
                _append_maps(graph, output, count, [
                    of for of in maps if not stride or of[0] == int(stride.group(1))])
            else:
                graph.append("global_average_pool", ["in"], "mean of " + output)
                graph.append("fully_connected", ["mean of " + output], output, tensors={
                    "filter": np.zeros((count, channels)), "bias": np.ones(count)})
        graph.outputs = list(wanted["outputs"])
        made.append(graph)
    if not card.graphs:
        made.append(Graph("source", "in", 24, 40, 1))
        made[0].append("global_average_pool", ["in"], "out")
        made[0].outputs = ["out"]
    return made


@case
def every_card_makes_a_model_that_the_program_takes():
    if not os.path.exists(os.path.join(BUILD, "faceid")):
        skip("faceid is not built")
    require(len(cards.NAMES) >= 17, "cards are missing: %s" % cards.NAMES)
    for name in cards.NAMES:
        card = cards.load(name)
        graphs = graphs_for(card)
        digests = {graph: hashlib.sha256(b"%d" % i).hexdigest() for i, graph in enumerate(graphs)}
        data, _, _, meta = convert._finish(card, graphs[::-1], digests, None, ())
        require(meta["info.source"] == meta["info.licence"] == cards.GIVEN, name + " claims an origin")
        path = write(name + ".fid", data)
        detects, plain = [meta["face.kind"] == kind for kind in ("detector", "plain network")]
        require(detects or plain or meta["decision.measured_on"] == cards.NOT_MEASURED,
                name + " claims limits")
        if plain:
            done = faceid("verify", "a.jpg", "b.jpg", pair=(path, small_model(DETECTOR)))
            require(done.returncode == 4 and "is a plain network, and a recognizer" in done.stderr,
                    name + ": " + done.stderr)
        if plain or meta["face.kind"] == "classifier":  # which verify does not take
            done = faceid("model", "verify", path)
            require(done.returncode == 0, name + ": " + done.stderr)
            continue
        done = faceid("verify", "/nowhere/a.jpg", "/nowhere/b.jpg",
                      pair=(small_model(BOX), path) if detects else (path, small_model(DETECTOR)))
        require(done.returncode == 3 and "/nowhere/a.jpg" in done.stderr, name + ": " + done.stderr)


@case
def every_sum_stands_in_one_card():
    found = [(text, name) for name in cards.NAMES for known in cards.load(name).known
             for text in known["sha256"]]
    require(len({text for text, _ in found}) == len(found) >= 10, "a sum stands twice: %s" % found)
    require(cards.by_sha256(["0" * 64]) is None, "a card for anything")


@case
def format_md_lists_the_keys():
    """Each key of META that a card may have, and no other; each key of a card; each card."""
    with open(os.path.join(ROOT, "weights", "FORMAT.md"), encoding="utf-8") as file:
        text = file.read()
    meta, cards_part = text.split("## Keys of META")[1].split("## Cards")
    told = set(re.findall(r"`((?:face|input|align|embed|decision|compat|detect)\.[a-z_.]+)`", meta))
    keys = {key for key in card_fields.FIELDS if "*" not in key and not key.startswith("info.")}
    require(told == keys, "FORMAT.md and FIELDS: %s" % (told ^ keys))
    for key in card_fields.FIELDS:
        if "*" in key:
            require("`%s`" % key.rpartition(".")[2] in cards_part, "FORMAT.md lacks " + key)


@case
def yunet_and_mobilefacenet_bring_their_texts():
    """The real files; with other bytes, though the same numbers, nothing is said of them."""
    need_onnx()
    import onnx
    for path, name, texts in (
            ("yunet/yunet_s_320_320.onnx", "yunet", ["YuNet", "ShiqiYu/libfacedetection.train, onnx/",
                                                    "Apache-2.0"]),
            ("mobilefacenet/MobileFaceNet.onnx", "mobilefacenet", [
                "MobileFaceNet, 128 numbers",
                "foamliu/MobileFaceNet, weights/; trained on refined MS-Celeb-1M", "Apache-2.0", 0.433,
                0.293, 0.05])):
        path = shared("models/" + path)
        with open(path, "rb") as file:
            data = file.read()
        card = cards.by_sha256(convert.digests_of([(path, data)]))
        require(card and card.name == name, "%s: %s" % (path, card and card.name))
        _, meta = converted(card, data)
        require([meta[key] for key in TEXTS[:len(texts)]] == texts, str(meta))
        require("LFW folds 1-4" in meta.get("decision.measured_on", "LFW folds 1-4"), "not measured")
        model = onnx.load_model_from_string(data)
        model.doc_string = "other bytes"
        other = write("other.onnx", model.SerializeToString())
        require("--card" in refusal(other), "chosen by its shape")
        _, meta = converted(cards.load(name), model.SerializeToString())
        require(meta["info.source"] == meta["info.licence"] == cards.GIVEN, "origin of another file")
        require(name == "yunet" or [meta[key] for key in TEXTS[3:]] == NOT_KNOWN[3:], "limits of another")


# ---- sums ----

@contextlib.contextmanager
def only_cards(**texts):
    """These are the cards that there are."""
    folder = temp_folder()
    for name, text in texts.items():
        write(name + ".toml", text, folder)
    before = cards.FOLDER, cards.NAMES
    cards.FOLDER, cards.NAMES = folder, sorted(texts)
    try:
        yield
    finally:
        cards.FOLDER, cards.NAMES = before


@case
def a_sum_chooses_and_brings_origin_licence_and_limits():
    data = network()
    first, second = write("net.onnx", data), write("net.onnx", network(seed=8))
    text = OWN + KNOWN % hashlib.sha256(data).hexdigest()
    with only_cards(other=OWN, own=text):
        code, said, made = command(first)
        require(code == 0, said)
        for word in (b"a page", b"MIT", b"Known", b"ten people"):
            require(word in made, "the file does not say %s" % word)
        said = refusal(second)
        for word in (second, "input 112x112x3, outputs v3 (32)", "--card NAME, of other, own", "FILE"):
            require(word in said, "%s is not in: %s" % (word, said))
        code, said, made = command(second, "--card", "own")
        require(code == 0, said)
        for word in (b"a page", b"MIT", b"Known", b"ten people"):
            require(word not in made, "the other file says %s" % word)
        require(cards.GIVEN.encode() in made and cards.NOT_MEASURED.encode() in made, "what it is")
        require(command(first, "--card", "other")[2] != command(first)[2], "another card was asked for")


@case
def sums_of_several_sources_count_together():
    card = cards.load("mtcnn")
    sums = card.known[0]["sha256"]
    require(card.known_for(sums[::-1]) is card.known[0], "in another order")
    for other in (sums[:2], [*sums, "0" * 64], [*sums[:2], "0" * 64], [sums[0]] * 3):
        require(card.known_for(other) is None, "taken for the known ones: %s" % other)


@case
def what_was_measured_is_said_of_what_was_measured():
    data = network()
    text = OWN + KNOWN % hashlib.sha256(data).hexdigest()
    known = ["Known", "a page", "MIT", 0.4, 0.3, 0.07, "ten people"]
    for settings, texts in (
            ((), known), ((("info.licence", "Zlib"),), known[:2] + ["Zlib"] + known[3:]),
            ((("info.name", "2"),), ["2"] + known[1:]),
            ((("decision.measured_on", "my own"),), known[:6] + ["my own"]),
            ((("decision.accept", "0.45"),), known[:3] + [0.45, 0.5, 0.05, cards.NOT_MEASURED]),
            ((("input.channels", "bgr"),), known[:3] + NOT_KNOWN[3:])):
        _, meta = converted(own(text, settings=settings), data)
        require([meta[key] for key in TEXTS] == texts, "%s: %s" % (settings, meta))
    _, meta = converted(own(text), data, outputs=["v3"])
    require([meta[key] for key in TEXTS] == known[:3] + NOT_KNOWN[3:], "a cut: %s" % meta)
    _, meta = converted(own(text), network(seed=9))
    require([meta[key] for key in TEXTS] == NOT_KNOWN, "other weights: %s" % meta)


# ---- the command line ----

@case
def a_card_by_path_and_settings():
    source, path = write("net.onnx", network()), write("my card.toml", OWN)
    code, said, made = command(source, "--card", path, "--set", "input.channels=bgr", "--set",
                               "input.scale=[1, 1.5, 2e-1]", "--set", 'info.licence="CC0-1.0"',
                               "--set", "info.source=my own = ours", "--set", "embed.output=683",
                               "--set", 'graph.own.outputs={683 = 32}')
    require(code == 0, said)
    settings = [("input.channels", "bgr"), ("input.scale", "[1, 1.5, 2e-1]"),
                ("info.licence", '"CC0-1.0"'), ("info.source", "my own = ours"),
                ("embed.output", "683"), ("graph.own.outputs", "{683 = 32}")]
    with open(source, "rb") as file:
        data, _, graphs, meta = convert.convert([(source, file.read())],
                                                own(settings=settings))
    require(data == made, "the command makes another file")
    require(meta["input.scale"] == [1.0, 1.5, 0.2] and meta["info.licence"] == "CC0-1.0" and
            meta["info.source"] == "my own = ours" and graphs[0].outputs == ["683"], str(meta))


@case
def a_setting_may_leave_others_without_a_place():
    box = (("align.kind", "box"), ("align.box_extend", "1.3"), ("align.box_resize", "128"),
           ("align.box_crop", "112"))
    card = own(settings=box)
    require("align.template" not in card.keys and card.keys["align.box_crop"] == 112, str(card.keys))
    refused(lambda: own(settings=box[:3]), "card own", "'align.box_crop' is missing")
    refused(lambda: own(settings=box[1:2]), "'align.box_extend' has no place", "landmarks5")
    refused(lambda: own(settings=(("align.box_crop", "0x70"), *box[:3], ("align.template", "arcface"))),
            "'align.template' has no place")


# ---- cuts ----

@case
def a_cut_drops_what_comes_after():
    """What is behind the cut may be what we cannot read, and the numbers before it are the same."""
    x = np.random.default_rng(3).standard_normal((1, 112, 112, 3))
    want = reference.run_graph(converted(own())[0], x)["embedding"]
    for tail in (("Softplus",), ("Relu", "Softplus", "Relu")):
        data = network(tail=tail)
        said = refused(lambda: converted(own(), data), "net.onnx", "Softplus")
        require(said.startswith("net.onnx: "), said)
        graph, _ = converted(own(), data, outputs=["v3"])
        got = reference.run_graph(graph, x)
        require(graph.outputs == ["embedding"] and np.array_equal(got["embedding"], want), "numbers")
        named = own(settings=(("embed.output", "v3"), ("graph.own.outputs", "{v3 = 32}")))
        require(converted(named, data)[0].outputs == ["v3"], "the card's own value is not cut behind")
    code, said, _ = command(write("net.onnx", data), "--card", write("c.toml", OWN), "--output", "v3")
    require(code == 0, said)
    said = refusal(write("net.onnx", network()), "--card", write("c.toml", OWN), "--output", "v99")
    require("no value 'v99'" in said and "v3 (32)" in said, said)


@case
def a_gray_input_has_one_channel():
    maker = need_onnx().Maker(13, (1, 1, 16, 16))
    maker.conv(8, 1, 16)
    maker.add("Flatten")
    maker.add("Gemm", maker.last, maker.array(32, 8), maker.array(32), transB=1)
    data = maker.model()[0].SerializeToString()
    gray = [("input.channels", "gray"), ("input.mean", "[127.5]"), ("input.scale", "[0.0078125]"),
            ("graph.own.size", "[16, 16]"), ("align.template", str([1.0] * 10))]
    graph, meta = converted(own(settings=gray), data)
    require(graph.size == (16, 16, 1), str(graph.size))
    require(meta["input.channels"] == "gray" and meta["input.mean"] == [127.5], str(meta))
    refused(lambda: own(settings=gray[:1] + gray[2:]), "'input.mean'", "'gray'", "1 numbers")
    refused(lambda: own(settings=gray[1:]), "'input.mean'", "'rgb'", "3 numbers")
    refused(lambda: own(settings=gray + [("graph.own.channels", "3")]), "'gray'", "3 channels")
    refused(lambda: converted(own(settings=gray)), "112x112x3", "input 16x16x1")


@case
def a_plain_network_is_taken_as_it_is():
    data, graphs, plain = network(), {}, cards.load("plain")
    for outputs in ((), ("v2",)):
        graphs[outputs] = convert.convert([("net.onnx", data)], plain, outputs=outputs)[2][0]
    require(graphs[()].size == graphs[("v2",)].size == (112, 112, 3), "another size")
    require(graphs[()].outputs == ["v3"] and graphs[("v2",)].outputs == ["v2"], "other outputs")
    refused(lambda: convert.convert([(name, data) for name in ("a.onnx", "b.onnx")], plain), "one network", "2")


@case
def a_cut_of_other_kinds_of_files():
    maker = tflite_maker.Maker(1, 4, 5, 3)
    y = maker.add("FULLY_CONNECTED", maker.add("RESHAPE", 0, np.int32([1, 60])), maker.array(32, 60),
                  maker.array(32))
    maker.add("SOFTMAX", y, beta=1.0)
    code, inputs, output, fields = maker.operators[-1]
    maker.operators[-1] = (111, inputs, output, fields)  # ELU
    settings = (("graph.own.size", "[4, 5]"), ("align.template", str([1.0] * 10)))
    data = maker.bytes()
    refused(lambda: convert.convert([("n.tflite", data)], own(settings=settings)), "n.tflite", "ELU")
    _, _, graphs, _ = convert.convert([("n.tflite", data)], own(settings=settings), outputs=["t%d" % y])
    require([node.op for node in graphs[0].nodes] == ["fully_connected"], "not cut")
    import vggface2_weights
    pickle = vggface2_weights.python2_pickle(vggface2_weights.caffe_state(1, 3))
    _, _, graphs, meta = convert.convert([("w.pkl", pickle)], cards.load("vggface2"))
    require(graphs[0].outputs == ["avg_pool"] and meta["face.kind"] == "recognizer", "the top is left")
    refused(lambda: convert.convert([("w.pkl", pickle)], cards.load("vggface2"), ["a"]), "no classes")
    refused(lambda: convert.convert([("w.pkl", pickle)], cards.load("vggface2-caffe")), "classifier (3)",
            "classifier (8631)")


def heads(*names):
    """An ONNX network of one 8 x 8 convolution to each of some heads: (name, channels)."""
    maker = need_onnx().Maker(13, (1, 3, 64, 64))
    for name, count in names:
        maker.conv(count, 3, 8, source="x", strides=[8, 8])
        maker.nodes[-1].output[0] = name
    return maker.model(*[name for name, _ in names])[0].SerializeToString()


@case
def several_outputs_are_told_apart():
    """By name; by the number of channels where it says so; by the order of --output; or not at all."""
    text = OWN.replace("recognizer", "detector").split("[align]")[0] + """
[detect]
kind = "yunet"
score = 0.6
nms = 0.45
strides = [8]
[graph.own]
size = [64, 64]
multiple = 8
outputs = { cls_8 = 1, obj_8 = 1, bbox_8 = 4, kps_8 = 10 }
"""
    mixed = heads(("kps_8", 10), ("cls_8", 1), ("extra", 3), ("bbox_8", 4), ("obj_8", 1))
    graph, _ = converted(own(text), mixed)
    require(graph.outputs == ["cls_8", "obj_8", "bbox_8", "kps_8"] and len(graph.nodes) == 4, "by name")
    foreign = heads(("d", 10), ("a", 1), ("c", 4), ("b", 1))
    refused(lambda: converted(own(text), foreign), "d (10), a (1), c (4), b (1)", "cls_8 (1)", "--output")
    sorted_ = heads(("a", 1), ("b", 1), ("c", 4), ("d", 10))  # which is the score nobody has said
    refused(lambda: converted(own(text), sorted_), "choose another card")
    graph, _ = converted(own(text), foreign, outputs=["b", "a", "c", "d"])
    bias = [reference.run_graph(graph, np.zeros((1, 64, 64, 3)))[name][0, 0, 0, 0]
            for name in ("cls_8", "obj_8")]
    graph, _ = converted(own(text), foreign, outputs=["a", "b", "c", "d"])
    swapped = [reference.run_graph(graph, np.zeros((1, 64, 64, 3)))[name][0, 0, 0, 0]
               for name in ("obj_8", "cls_8")]
    require(bias == swapped and bias[0] != bias[1], "the order of --output does not count")
    refused(lambda: converted(own(text), foreign, outputs=["d", "a", "c", "b"]), "choose another card")


@case
def templates_are_scaled_to_the_input():
    def points(name, size):
        return own(settings=(("align.template", name), ("graph.own.size", str(size)))).keys[
            "align.template"]

    usual = points("arcface", [112, 112])
    require(usual[:2] == [38.2946, 51.6963] and len(usual) == 10, str(usual))
    require(points("arcface", [224, 224]) == [2 * number for number in usual], "twice as large")
    shift = np.array([8.0, 0.0] * 5)
    require(np.allclose(points("arcface-128", [128, 128]), usual + shift, atol=1e-9), "128")
    require(np.allclose(points("arcface-96", [112, 96]), usual - shift, atol=1e-9), "96")
    for name, size in (("arcface", [100, 100]), ("arcface", [112, 96]), ("arcface", [56, 56]),
                       ("arcface-128", [128, 256])):
        refused(lambda: points(name, size), "'%s' is for" % name)


main()
