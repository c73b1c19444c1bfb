#!/usr/bin/python3
"""Cards that are wrong, or do not fit: one sentence with card, key and what is wanted."""
import os
import random

from check import case, main, require, temp_folder

import cards
import convert
from own_card import KNOWN, OWN, command, converted, network, own, refusal, write
from refusal import need_onnx, refused

WRONG = (  # text of the card, what takes its place, what the sentence says
    ('channels = "rgb"', 'channels = "gbr"', "'input.channels'", "'gbr'", "one of rgb, bgr, gray"),
    ('channels = "rgb"', 'channels = 3', "'input.channels' is 3"),
    ('channels = "rgb"', '', "'input.channels' is missing", "rgb, bgr"),
    ('channels = "rgb"', 'channel = "rgb"', "no key 'input.channel'", "'input.channels'?"),
    ("mean = [127.5, 127.5, 127.5]", "mean = [127.5, 127.5]", "'input.mean'", "3 numbers"),
    ("mean = [127.5, 127.5, 127.5]", "mean = 127.5", "'input.mean' is 127.5", "3 numbers"),
    ("mean = [127.5, 127.5, 127.5]", "mean = [1, 2, nan]", "'input.mean'", "nan"),
    ("mean = [127.5, 127.5, 127.5]", "mean = [1, 2, -inf]", "'input.mean'"),
    ("mean = [127.5, 127.5, 127.5]", 'mean = [1, 2, "3"]', "'input.mean'"),
    ("mean = [127.5, 127.5, 127.5]", "mean = [1, 2, true]", "'input.mean'"),
    ("mean = [127.5, 127.5, 127.5]", "mean = [1, 2, 0x%s]" % ("f" * 9999), "TOML", "limit"),
    ('template = "arcface"', 'template = "arkface"', "'align.template'", "10 numbers", "name of a"),
    ('template = "arcface"', 'template = [1.0, 2.0]', "'align.template'", "10 numbers"),
    ('template = "arcface"', 'template = "arcface-128"', "'arcface-128' is for 128 x 128", "112 x 112"),
    ('kind = "landmarks5"', 'kind = "box"', "'align.template' has no place", "'align.kind' is 'box'"),
    ('metric = "cosine"', 'metric = "euclidean"', "'embed.metric'", "cosine"),
    ('output = "embedding"', 'output = "nothing"', "'embed.output' is 'nothing'", "only graph"),
    ('kind = "recognizer"', 'kind = "detector"', "has no place where 'face.kind' is 'detector'"),
    ('kind = "recognizer"', 'kind = "toaster"', "'face.kind'", "recognizer, detector, classifier"),
    ("accept = 0.6", "accept = 1.2", "'decision.accept' is 1.2", "-1 to 1"),
    ("accept = 0.6", "accept = [0.6]", "'decision.accept'", "a number"),
    ("size = [112, 112]", "size = [112]", "'graph.own.size'", "2 whole numbers"),
    ("size = [112, 112]", "size = [112.0, 112.0]", "'graph.own.size'"),
    ("size = [112, 112]", "size = [0, 112]", "'graph.own.size'"),
    ("size = [112, 112]", "size = [112, 33554432]", "'graph.own.size'"),
    ("size = [112, 112]", "size = [112, 112]\nmultiple = 32", "'graph.own.size'", "multiples of 32"),
    ("size = [112, 112]", "size = [112, 112]\ntransposed = 1", "'graph.own.transposed'", "true or false"),
    ("outputs = { embedding = 32 }", "outputs = { embedding = 0 }", "'graph.own.outputs'"),
    ("outputs = { embedding = 32 }", "outputs = {}", "'graph.own.outputs'"),
    ("outputs = { embedding = 32 }", "outputs = { embedding = 32, \"\" = 3 }", "'graph.own.outputs'"),
    ("outputs = { embedding = 32 }", "", "'graph.own.outputs' is missing"),
    ("[graph.own]", "[graph.\"o n\"]", "no key 'graph.o n.size'"),
    ("[graph.own]", "[graph]", "no key 'graph.size'"),
    ("[graph.own]\nsize = [112, 112]\noutputs = { embedding = 32 }", "", "'graph.NAME.size' is missing"),
    ('name = "Own"', 'name = "Own"\nlicence = "MIT"', "'info.licence' has no place", "[[known]]"),
    ('name = "Own"', 'name = "a\\nb"', "'info.name'", "a line of text"),
    ('name = "Own"', 'name = "a\\u0000b"', "'info.name'"),
    ('name = "Own"', 'name = ""', "'info.name'"),
    ('name = "Own"', 'name = 1979-05-27', "'info.name'"),
    ('name = "Own"', 'name = "Own"\nsha256 = "0"', "no key 'info.sha256'"),
    ("[info]", "\"info.name\" = 'x'\n[info]", "'info.name' is there twice"),
    ("[info]", "[nothing]\n[info]", "no key 'nothing'"),
    ("[info]", "[info", "TOML", "line 2"),
    ("[info]", "[detect]\n[info]", "no key 'detect'"),
    ("[info]", "known = 3\n[info]", "no key 'known'"),
    ("[info]", "a = %s1%s\n[info]" % ("[" * 5000, "]" * 5000), "TOML"),
    ("[info]", "%s = 1\n[info]" % ".".join(["a"] * 30000), "is no key of a card"),
    ("[info]", "[%s]\n[info]" % ".".join(["'='"] * 8000), "is no key of a card"),
)
WRONG_KNOWN = (
    ('sha256 = ["%s"]', "", "'known.0.sha256' is missing", "64"),
    ('sha256 = ["%s"]', 'sha256 = "%s"', "'known.0.sha256'", "a list"),
    ('sha256 = ["%s"]', 'sha256 = []', "'known.0.sha256'"),
    ('sha256 = ["%s"]', 'sha256 = ["%s", "%s"]', "'known.0.sha256'", "different"),
    ('sha256 = ["%s"]', 'sha256 = ["%s0"]', "'known.0.sha256'"),
    ('sha256 = ["%s"]', 'sha256 = ["X%.63s"]', "'known.0.sha256'"),
    ('licence = "MIT"', "", "'known.0.licence' is missing"),
    ('licence = "MIT"', "license = 'MIT'", "no key 'known.0.license'"),
    ("margin = 0.07", "", "'known.0.margin' is missing"),
    ('measured_on = "ten people"', "", "'known.0.measured_on' is missing"),
    ("accept = 0.4", "accept = '0.4'", "'known.0.accept'"),
)


@case
def wrong_cards_are_refused():
    own()
    for before, after, *words in WRONG:
        require(OWN.count(before) == 1, "the test: " + before)
        said = refused(lambda: own(OWN.replace(before, after)), *words)
        require(said.startswith("card own: ") and len(said) < 600, said)
    for before, after, *words in WRONG_KNOWN:
        text = OWN + KNOWN.replace(before, after)
        said = refused(lambda: own(text.replace("%s", "a" * 64).replace("%.63s", "a" * 63)), *words)
        require(said.startswith("card own: "), said)
    for key, value, *words in (("input.maen", "3", "'input.mean'?"), ("known.0.accept", "0", "no key"),
                               ("input.channels", "gbr", "'gbr'", "rgb, bgr"),
                               ("known", "[]", "no key"), ("graph.own", "{}", "no key"),
                               ("input.scale", "[1, 1]", "3 numbers")):
        refused(lambda: own(settings=((key, value),)), "card own", key, *words)
    source, path = write("net.onnx", network()), write("c.toml", OWN.replace("rgb", "gbr"))
    require("card %s: 'input.channels'" % path in refusal(source, "--card", path), "by path")
    path = write("c.toml", OWN.encode("utf-8") + b"\xff")
    require("card %s: " % path in refusal(source, "--card", path), "no UTF-8")
    path = write("c.toml", OWN + "#" * (1 << 16))
    require("65536 bytes" in refusal(source, "--card", path), "a large file")


@case
def cards_that_fit_are_named():
    for numbers, fits in ((128, "of mobilefacenet, sface, which fit"), (192, "of mobilefacenet-192, which fit"),
                          (512, "of arcface, edgeface, faceplugin, ghostfacenet, which fit"),
                          (136, "of landmarks68, pfld, which fit"), (99, "no card has such")):
        said = refusal(write("net.onnx", network(numbers=numbers)))
        require(fits in said and "--card plain" in said and len(said) < 500, said)
    require("no card has such" in refusal(write("net.onnx", network(size=96, numbers=128))), "by size")
    said = refusal(write("net.onnx", network()), "--card", "arcfase", code=2)
    require("did you mean arcface" in said and len(said.splitlines()[-1]) < 200, said)


@case
def wrong_detectors_are_refused():
    for name, *settings, word in (
            ("yunet", ("detect.strides", "[8, 16]"), "reads the outputs"),
            ("yunet", ("detect.strides", "[8, 16, 32, 0]"), "'detect.strides'"),
            ("yunet", ("detect.kind", "mtcnn"), "'detect.stage_scores' is missing"),
            ("yunet", ("graph.other.size", "[8, 8]"), "'graph.other.outputs' is missing"),
            ("yunet", ("graph.yunet.size", "[640, 648]"), "multiples of 32"),
            ("mtcnn", ("graph.pnet.multiple", "2"), "'graph.pnet.multiple'"),
            ("mtcnn", ("graph.rnet.multiple", "1"), "no other's"),
            ("mtcnn", ("graph.onet.outputs", "{prob = 2, box = 4}"), "reads the outputs"),
            ("mtcnn", ("detect.pyramid_factor", "1.0"), "0.1 to 0.95")):
        refused(lambda: cards.load(name, settings), "card " + name, word)


@case
def mutated_cards_are_cards_or_refused():
    """Never another exception, for any text."""
    dice, found = random.Random(14), {}
    seeds = [OWN + KNOWN % ("b" * 64)]
    for name in cards.NAMES:
        with open(os.path.join(cards.FOLDER, name + ".toml"), encoding="utf-8") as file:
            seeds.append(file.read())
    pieces = [line for text in seeds for line in text.splitlines()] + [
        "=", "[", "]", "[[", '"', "'''", "{", "}", ".", "nan", "-1", "1e999", "true", "\\", "\0", "#", "é",
        "1979-05-27T07:32:00Z", "graph.a.size = [1, 1]", "[[known]]"]
    for _ in range(2000):
        lines = dice.choice(seeds).splitlines()
        for _ in range(dice.choice((1, 1, 2, 8))):
            i = dice.randrange(len(lines))
            how, piece = dice.randrange(4), dice.choice(pieces)
            if how == 0:
                lines[i] = piece
            elif how == 1:
                lines.insert(i, piece)
            elif how == 2:
                place = dice.randrange(len(lines[i]) + 1)
                lines[i] = lines[i][:place] + piece + lines[i][place + dice.randrange(2):]
            else:
                lines[i] = ""
        text = "\n".join(lines)
        try:
            card = own(text)
            found["a card"] = found.get("a card", 0) + 1
            card.meta(["b" * 64])
        except convert.ConvertError as error:
            require(str(error).startswith("card own: "), str(error))
            found["refused"] = found.get("refused", 0) + 1
    require(min(found.values()) > 100, "one-sided: %s" % found)


@case
def wrong_usage():
    source = write("net.onnx", network())
    for words in (("--card", "nothing"), ("--card", "arcface", "--set", "nothing"), ("--as", "yunet"),
                  ("--card", "arcface", "--set", "input.channels="), ("--set", "input.channels=bgr")):
        require("usage" in refusal(source, *words, code=2), str(words))
    for path in ("/nowhere/card.toml", temp_folder() + "/"):
        require(path in refusal(source, "--card", path, code=3), path)
    path = write("c.toml", OWN)
    code, said, left = command(source, "--card", path, target=path)
    require(code == 3 and left == OWN.encode("utf-8"), "the card was overwritten: " + said)


@case
def what_does_not_fit_is_refused():
    for data, words in ((network(size=128), ("128x128x3", "112x112x3")),
                        (network(numbers=31), ("v3 (31)", "embedding (32)"))):
        said = refused(lambda: converted(own(), data), "card own", *words)
        require(said.startswith("net.onnx: input"), said)
    maker = need_onnx().Maker(13, (1, 3, 112, 112))
    maker.conv(32, 3, 16, strides=[16, 16])
    refused(lambda: converted(own(), maker.model()[0].SerializeToString()), "map of 7 x 7")
    large = (("graph.own.size", "[65536, 65536]"), ("graph.own.multiple", "1"),
             ("align.template", str([1.0] * 10)))
    refused(lambda: converted(own(settings=large), maker.model()[0].SerializeToString()), "65536 x 65536",
            str(1 << 28))
    maker = need_onnx().Maker(13, (1, 1, 112, 112))
    maker.conv(32, 1, 112)
    refused(lambda: converted(own(), maker.model()[0].SerializeToString()), "112x112x1")


main()
