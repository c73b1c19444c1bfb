"""own_card.py - a card of a test's own, a network that it fits, and convert.py run on both."""
import contextlib
import io
import os
import re

from check import require, temp_folder

import cards
import convert
from refusal import need_onnx

OWN = """
[info]
name = "Own"
[face]
kind = "recognizer"
[input]
channels = "rgb"
mean = [127.5, 127.5, 127.5]
scale = [0.0078125, 0.0078125, 0.0078125]
[align]
kind = "landmarks5"
template = "arcface"
[embed]
output = "embedding"
metric = "cosine"
[decision]
accept = 0.6
maybe = 0.5
margin = 0.05
[graph.own]
size = [112, 112]
outputs = { embedding = 32 }
"""
KNOWN = """
[[known]]
sha256 = ["%s"]
name = "Known"
source = "a page"
licence = "MIT"
accept = 0.4
maybe = 0.3
margin = 0.07
measured_on = "ten people"
"""


def network(seed=7, size=112, numbers=32, tail=()):
    """The bytes of an ONNX network, size x size pixels to "v3" of so many numbers; its weights follow
    the seed. tail: operators after that."""
    maker = need_onnx().Maker(13, (1, 3, size, size), seed)
    maker.conv(8, 3, 16, strides=[16, 16])
    maker.add("GlobalAveragePool")
    maker.add("Flatten", axis=1)
    maker.add("Gemm", maker.last, maker.array(numbers, 8), maker.array(numbers), transB=1)
    for operator in tail:
        maker.add(operator)
    return maker.model()[0].SerializeToString()


def write(name, content, folder=None):
    path = os.path.join(folder or temp_folder(), name)
    with open(path, "wb") as file:
        file.write(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def own(text=OWN, **options):
    return cards.parse("own", text.encode("utf-8"), **options)


def converted(card, data=None, **options):
    """(graph, META) of an ONNX network by a card."""
    _, _, graphs, meta = convert.convert([("net.onnx", data or network())], card, **options)
    return graphs[0], meta


def command(*words, target=None):
    """(exit code, stderr, bytes of what the target is then, or None) of convert.py."""
    target, said = target or os.path.join(temp_folder(), "out.fid"), io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()) as told:
        try:
            code = convert.main([*map(str, words), "-o", target])
        except SystemExit as exit_:
            code = exit_.code
    require("Traceback" not in said.getvalue() + told.getvalue(), said.getvalue())
    if not os.path.exists(target):
        return code, said.getvalue(), None
    with open(target, "rb") as file:
        return code, said.getvalue(), file.read()


def refusal(*words, code=4):
    """The one sentence with which convert.py refuses."""
    found, said, result = command(*words)
    require(found == code and result is None, "%s: exit %s, wanted %d: %s" % (words, found, code, said))
    if code == 4:
        require(re.fullmatch("convert.py: [^\n]+\n", said), repr(said))
    return said
