"""card_fields.py - the keys of a card and what each may hold: weights/FORMAT.md, "Keys of META" and
"Cards". A new key is a line of FIELDS, a new decoding a line of DECODINGS."""
import functools
import os
import re
import tomllib
from dataclasses import dataclass

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cards")
TEMPLATES = "templates"  # the file there that is no card
LARGEST_SIZE = 1 << 24   # of anything in a .fid file
POINTS = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth", "mouth", "other")


@dataclass(frozen=True)
class Field:
    """take(value): the value as META has it, or None if it is not what is wanted. when: another key
    and those of its values that this key belongs to; () for every card. settable: --set alone may
    give it, which speaks of the one file that is converted."""
    wanted: str
    take: object
    when: tuple = ()
    optional: bool = False
    settable: bool = False


def _line(value):
    return value if type(value) is str and value.strip() and value.isprintable() else None


def _text(when=(), **more):
    return Field("a line of text", _line, when, **more)


def _choice(*words, when=(), optional=False):
    return Field("one of " + ", ".join(words),
                 lambda value: value if value in words else None, when, optional)


def _number(value, low, high, whole):
    if type(value) not in ((int,) if whole else (int, float)) or not low <= value <= high:
        return None
    return value if whole else float(value)


def _numbers(count, low, high, when=(), most=0, whole=False, optional=False):
    """A list of count (to most) numbers; count 0: a number that is no list."""
    def take(value):
        if not count:
            return _number(value, low, high, whole)
        if type(value) is not list or not count <= len(value) <= (most or count):
            return None
        taken = [_number(number, low, high, whole) for number in value]
        return None if None in taken else taken

    some = "a" if not count else "%d to %d" % (count, most) if most else "%d" % count
    kind = "whole " * whole + "number" + "s" * bool(count)
    return Field("%s %s from %g to %g" % (some, kind, low, high), take, when, optional)


def _template(value):
    """Ten numbers, or a template's name for later: how large the input is, the graph says."""
    return value if type(value) is str and value in templates() else _POINTS.take(value)


def _truth(value):
    return value if type(value) is bool else None


def _outputs(value):
    fits = type(value) is dict and value and all(
        _line(name) and _number(count, 1, LARGEST_SIZE, True) for name, count in value.items())
    return value if fits else None


def _sums(value):
    fits = type(value) is list and value and all(
        type(text) is str and re.fullmatch("[0-9a-f]{64}", text) for text in value)
    return value if fits and len(set(value)) == len(value) else None


def _names(value):
    fits = type(value) is list and value and all(map(_line, value))
    return value if fits and len(set(value)) == len(value) else None


def _points(value):
    """The words as one text: META has it so."""
    fits = type(value) is list and 1 <= len(value) <= 16 and all(word in POINTS for word in value)
    return " ".join(value) if fits else None


_POINTS = _numbers(10, -4096, 4096)
EMBEDS, DETECTS = ("face.kind", "recognizer", "classifier"), ("face.kind", "detector")
BOX, MTCNN, PRIORS = ("align.kind", "box"), ("detect.kind", "mtcnn"), ("detect.kind", "ssd_priors")
CELLS = ("detect.kind", "yunet", "scrfd", "ssd_priors", "blazeface")  # detectors of one network
ENTRIES = CELLS[:1] + CELLS[2:]
FIELDS = {  # ranges as engine/face/network/model_card.c has them; * is a name
    "info.name": _text(),
    "info.source": _text(optional=True, settable=True),
    "info.licence": _text(optional=True, settable=True),
    "face.kind": _choice("recognizer", "detector", "classifier", "plain network"),
    "input.channels": _choice("rgb", "bgr", "gray"),
    "input.mean": _numbers(1, -1e6, 1e6, most=3),  # one for each channel
    "input.scale": _numbers(1, -1e6, 1e6, most=3),
    "align.kind": _choice("landmarks5", "box", when=EMBEDS),
    "align.template": Field(_POINTS.wanted + ", or the name of a template", _template,
                            ("align.kind", "landmarks5")),
    "align.box_extend": _numbers(0, 0.1, 10, BOX),
    "align.box_resize": _numbers(0, 1, 4096, BOX, whole=True),
    "align.box_crop": _numbers(0, 1, 4096, BOX, whole=True),
    "embed.output": _text(EMBEDS),
    "embed.metric": _choice("cosine", when=EMBEDS),
    "decision.accept": _numbers(0, -1, 1, EMBEDS),
    "decision.maybe": _numbers(0, -1, 1, EMBEDS),
    "decision.margin": _numbers(0, 0, 2, EMBEDS),
    "decision.measured_on": _text(EMBEDS, optional=True, settable=True),
    "compat.demo.margin": _numbers(0, 0, 1, EMBEDS, optional=True),
    "compat.demo.threshold": _numbers(0, 0, 1e6, EMBEDS, optional=True),
    "detect.kind": _choice(*CELLS[1:], "mtcnn", when=DETECTS),
    "detect.score": _numbers(0, 0, 1, DETECTS),
    "detect.nms": _numbers(0, 0, 1, DETECTS),
    "detect.strides": _numbers(1, 1, 256, CELLS, 8, whole=True),
    "detect.fit": _choice("corner", "center", "squeeze", when=CELLS, optional=True),
    "detect.max_side": _numbers(0, 16, 16384, CELLS, whole=True, optional=True),
    "detect.per_cell": _numbers(1, 1, 8, ENTRIES, 8, whole=True),
    "detect.activation": _choice("none", "sigmoid", "softmax", when=ENTRIES),
    "detect.classes": _numbers(0, 1, 16, ENTRIES, whole=True, optional=True),
    "detect.points": Field("a list of up to 16 of " + ", ".join(POINTS), _points, ENTRIES,
                           optional=True),
    "detect.mouth_width": _numbers(0, 0.01, 4, ENTRIES, optional=True),
    "detect.widths": _numbers(1, 1, 4096, PRIORS, 64),
    "detect.heights": _numbers(1, 1, 4096, PRIORS, 64),
    "detect.variances": _numbers(2, 1e-3, 10, PRIORS),
    "detect.grid": _choice("stride", "spread", when=PRIORS),
    "detect.stage_scores": _numbers(3, 0, 1, MTCNN),
    "detect.stage_nms": _numbers(4, 0, 1, MTCNN),
    "detect.pyramid_factor": _numbers(0, 0.1, 0.95, MTCNN),
    "detect.min_face": _numbers(0, 1, 10000, MTCNN, whole=True),
    "graph.*.size": _numbers(2, 1, LARGEST_SIZE, whole=True),  # height, width
    "graph.*.multiple": _numbers(0, 1, LARGEST_SIZE, whole=True, optional=True),
    "graph.*.channels": _numbers(0, 1, 4, whole=True, optional=True),
    "graph.*.transposed": Field("true or false", _truth, optional=True),
    "graph.*.outputs": Field("a table of names and how many channels each has", _outputs),
    "known.*.sha256": Field("a list of different sums, 64 hexadecimal digits each", _sums),
    "known.*.outputs": Field("a list of different names", _names, optional=True),
    "known.*.name": _text(optional=True),
    "known.*.source": _text(),
    "known.*.licence": _text(),
    "known.*.accept": _numbers(0, -1, 1, optional=True),
    "known.*.maybe": _numbers(0, -1, 1, optional=True),
    "known.*.margin": _numbers(0, 0, 2, optional=True),
    "known.*.measured_on": _text(optional=True),
}
# What a decoding reads, of each graph: {output: channels}, or several such, of which one is enough;
# None stands for the card's only graph.
DECODINGS = {
    "yunet": lambda keys: _of_maps(keys, {"cls": 1, "obj": 1, "bbox": 4, "kps": 10})[:1],
    "scrfd": lambda keys: _of_maps(keys, _usual(keys)),
    "ssd_priors": lambda keys: _of_maps(keys, _usual(keys)),
    "blazeface": lambda keys: _of_maps(keys, {"scores": keys.get("detect.classes", 1),
                                              "boxes": 4 + 2 * _point_count(keys)}),
    "mtcnn": lambda keys: [{"pnet": {"prob": 2, "box": 4}, "rnet": {"prob": 2, "box": 4},
                            "onet": {"prob": 2, "box": 4, "landmarks": 10}}],
}


def _point_count(keys):
    return len(keys.get("detect.points", "").split())


def _usual(keys):
    points = {"points": 2 * _point_count(keys)} if _point_count(keys) else {}
    return {"scores": keys.get("detect.classes", 1), "boxes": 4, **points}


def _of_maps(keys, parts):
    """The parts of an entry, each in an output for each stride, or in one."""
    apart = {"%s_%d" % (name, stride): count for name, count in parts.items()
             for stride in keys["detect.strides"]}
    return [{None: apart}, {None: parts}]


def entry_counts(keys, h, w):
    """{stride: how many entries its map has for an input of h x w}, of detectors of one network."""
    strides = keys.get("detect.strides", [])
    return {stride: -(-h // stride) * -(-w // stride) * count for stride, count in zip(
        strides, keys.get("detect.per_cell", [1] * len(strides)))}


def wrong_lengths(keys):
    """A sentence on lists that do not fit each other, or None."""
    per_cell, points = keys.get("detect.per_cell"), keys.get("detect.points", "").split()
    if per_cell and len(per_cell) != len(keys["detect.strides"]):
        return "'detect.per_cell' has %d numbers for %d strides" % (len(per_cell),
                                                                    len(keys["detect.strides"]))
    for key in ("detect.widths", "detect.heights"):
        if key in keys and len(keys[key]) != sum(per_cell):
            return "'%s' has %d numbers, 'detect.per_cell' makes it %d" % (key, len(keys[key]),
                                                                          sum(per_cell))
    if points and not ({*POINTS[:3]} <= {*points} and (
            {*POINTS[3:5]} <= {*points} or "mouth" in points)):
        return "'detect.points' must have both eyes, the nose, and the mouth or its corners"
    if ("mouth" in points) != ("detect.mouth_width" in keys):
        return "'detect.mouth_width' belongs to the word mouth of 'detect.points'"
    return None


@functools.lru_cache(maxsize=None)
def templates():
    """name -> {"size": [height, width] of the input, "points": ten numbers}."""
    with open(os.path.join(FOLDER, TEMPLATES + ".toml"), "rb") as file:
        return tomllib.load(file)


def field_of(key):
    """The Field of a card's key, or None."""
    return FIELDS.get(re.sub(r"^(graph|known)\.[A-Za-z0-9_-]+\.", r"\1.*.", key))


def applies(key, keys):
    """Has a known key a place in a card with these keys?"""
    when = field_of(key).when
    return not when or (keys.get(when[0]) in when[1:] and applies(when[0], keys))
