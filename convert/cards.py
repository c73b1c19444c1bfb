"""cards.py - recipes of networks, convert/cards/NAME.toml: what weights alone do not say.

A card's keys are those of weights/FORMAT.md, "Keys of META", and for each graph of the result its
input size and outputs. What is true of certain files only, their origin, licence and measured
limits, stands below [[known]] with the sha256 of these files, and is written for them alone."""
import difflib
import errno
import functools
import os
import re
import stat
import tomllib

from card_fields import (DECODINGS, FIELDS, FOLDER, TEMPLATES, applies, entry_counts, field_of,
                         templates, wrong_lengths)
from graph import ConvertError

NAMES = sorted(name[:-5] for name in os.listdir(FOLDER)
               if name.endswith(".toml") and name[:-5] != TEMPLATES)
LARGEST_CARD = 1 << 16
MOST_DOTS = 16  # in a key or the name of a table
_QUOTED = re.compile(rb"\"[^\"]*\"|'[^']*'|#.*")
LIMITS = ("accept", "maybe", "margin", "measured_on")
GIVEN = "as given at conversion"
NOT_MEASURED = ("limits not measured: a cautious start; measure them on your own faces (faceid "
                "eval, faceid calibrate)")


class Card:
    """A checked card. name: its name or path; keys: of META, without what is true of certain files
    only; graphs: name -> {"size": ..., "outputs": ..., ...}, in the order of the result; known:
    what it says of certain files; given: the keys that --set gave. ConvertError."""

    def __init__(self, name, keys, given=()):
        self.name, self.given, self.keys = name, given, {}
        groups = {"graph": {}, "known": {}}
        for key, value in keys.items():
            group, _, rest = key.partition(".")
            if group in groups:
                member, _, key = rest.partition(".")
                groups[group].setdefault(member, {})[key] = value
            else:
                self.keys[key] = value
        self.graphs, self.known = groups["graph"], list(groups["known"].values())
        self._check_keys()
        for group, members in groups.items():
            for member, found in members.items():
                self._check_member(group, member, found)
        self._check_input()
        self._check_outputs()

    def refuse(self, text, *words):
        raise ConvertError("card %s: " % self.name + text % words)

    def _missing(self, key, field):
        self.refuse("'%s' is missing, wanted is %s", key, field.wanted)

    def _check_keys(self):
        for key, field in FIELDS.items():
            if "*" not in key:
                place = applies(key, self.keys)
                if key in self.keys and not place:
                    self.refuse("'%s' has no place where '%s' is '%s'", key, field.when[0],
                                self.keys.get(field.when[0]))
                if key not in self.keys and place and not field.optional:
                    self._missing(key, field)
        if not self.graphs and self.keys.get("face.kind") != "plain network":
            self._missing("graph.NAME.size", FIELDS["graph.*.size"])

    def _check_member(self, group, member, found):
        """A graph, or an entry of known, whose limits are all there or none."""
        limits = any(key in found for key in LIMITS)
        for pattern, field in FIELDS.items():
            key = pattern.rpartition(".")[2]
            if pattern.startswith(group + ".*") and key not in found and (
                    not field.optional or (limits and key in LIMITS)):
                self._missing("%s.%s.%s" % (group, member, key), field)
        if group == "graph" and any(side % found.get("multiple", 1) for side in found["size"]):
            self.refuse("'graph.%s.size' is %s, wanted are multiples of %d", member, found["size"],
                        found["multiple"])

    def _check_input(self):
        """The crop is as large as the input, and so is the template, which is scaled to it. Mean and
        scale are there for each channel."""
        channels = 1 if self.keys["input.channels"] == "gray" else 3
        for graph in self.graphs.values():
            if channels == 1 and graph.setdefault("channels", 1) != 1:
                self.refuse("'input.channels' is 'gray', but an input has %d channels",
                            graph["channels"])
        for key in ("input.mean", "input.scale"):
            if len(self.keys[key]) != channels:
                self.refuse("'%s' is %s, wanted with 'input.channels' '%s': %d numbers", key,
                            self.keys[key], self.keys["input.channels"], channels)
        size = next((graph["size"] for graph in self.graphs.values()), None)
        name, crop = self.keys.get("align.template"), self.keys.get("align.box_crop")
        if type(name) is str:
            template = templates()[name]
            factor = size[0] // template["size"][0]
            if not factor or size != [factor * side for side in template["size"]]:
                self.refuse("the template '%s' is for %d x %d and multiples of that, the input is "
                            "%d x %d", name, *template["size"], *size)
            self.keys["align.template"] = [factor * number for number in template["points"]]
        if crop is not None and ([crop, crop] != size or crop > self.keys["align.box_resize"]):
            self.refuse("'align.box_crop' is %d, wanted is the input's size, %d x %d, and at most "
                        "'align.box_resize'", crop, *size)

    def _check_outputs(self):
        """The embedding and what the decoding reads are there."""
        output, kind = self.keys.get("embed.output"), self.keys.get("detect.kind")
        outputs = {name: graph["outputs"] for name, graph in self.graphs.items()}
        if output is not None and (len(outputs) != 1 or output not in [*outputs.values()][0]):
            self.refuse("'embed.output' is '%s', wanted is an output of the only graph", output)
        wrong = wrong_lengths(self.keys)
        if wrong:
            self.refuse("%s", wrong)
        wanted = [{[*outputs][0] if name is None else name: of_graph for name, of_graph in
                   choice.items()} for choice in DECODINGS[kind](self.keys)] if kind else [outputs]
        if outputs not in wanted:
            self.refuse("the decoding %s reads the outputs %s, but the card has %s", kind,
                        " or ".join(map(str, wanted)), outputs)
        if kind == "mtcnn" and any(graph.get("multiple", 0) != (name == "pnet")
                                   for name, graph in self.graphs.items()):
            self.refuse("the decoding mtcnn wants 'graph.pnet.multiple' to be 1, and no other's")

    def known_for(self, digests):
        """What the card says of the very files with these sha256, or None."""
        if len(set(digests)) != len(self.graphs):
            return None
        return next((known for known in self.known if set(digests) <= set(known["sha256"])), None)

    def outputs_for(self, digests):
        """Names of the values of the sources with these sha256 that are the outputs, in the order
        of the card's, where the card says so, else none."""
        return (self.known_for(digests) or {}).get("outputs", [])

    def entry_count(self, output, h, w):
        """How many entries of a detector the output of this name holds for an input of h x w; None
        where the decoding does not count so."""
        counts = entry_counts(self.keys, h, w)
        stride = output.rpartition("_")[2]
        if not counts:
            return None
        return counts[int(stride)] if stride.isdecimal() else sum(counts.values())

    def meta(self, digests, cut=False):
        """META for sources with these sha256. What was measured is said of what was measured: not
        where a setting or a cut gives other numbers."""
        known = self.known_for(digests) or {}
        same = not cut and all(key.startswith("info.") or key == "decision.measured_on"
                               for key in self.given)
        meta = {**self.keys, "info.source": GIVEN, "info.licence": GIVEN}
        if "decision.accept" in meta:
            meta["decision.measured_on"] = NOT_MEASURED
        meta.update({"info." + key: known[key] for key in ("name", "source", "licence")
                     if key in known})
        meta.update({"decision." + key: known[key] for key in LIMITS if key in known and same})
        meta.update({key: self.keys[key] for key in self.given if key in self.keys})
        return meta


# ---- reading ----

def _flat(table, prefix=""):
    """Pairs of dotted key and value; what is a key of a card is not looked into."""
    for key, value in table.items():
        if prefix + key == "known" and type(value) is list:
            value = {str(i): entry for i, entry in enumerate(value)}
        if type(value) is dict and value and not field_of(prefix + key):
            yield from _flat(value, prefix + key + ".")
        else:
            yield prefix + key, value


def _take(card, key, values, given=False):
    """The first of values that the key may hold. given: by --set."""
    field = field_of(key)
    if field and field.settable and not given:
        raise ConvertError("card %s: '%s' has no place here: what is true of one file stands below "
                           "[[known]], with its sha256" % (card, key))
    if field is None or (given and key.startswith("known.")):
        near = difflib.get_close_matches(key, FIELDS, 1)
        raise ConvertError("card %s: there is no key '%s'%s (weights/FORMAT.md, Cards, lists them)" %
                           (card, key, ", did you mean '%s'?" % near[0] if near else ""))
    taken = next((field.take(value) for value in values if field.take(value) is not None), None)
    if taken is None:
        raise ConvertError("card %s: '%s' is %.80r, wanted is %s" % (card, key, values[-1],
                                                                     field.wanted))
    return taken


def parse(card, data, settings=()):
    """The Card in a file's bytes; card: its name. settings: pairs of key and value, text, that take
    the place of the card's. ConvertError."""
    own = {}
    for line in data.splitlines():  # tomllib takes the square of a key's parts in time and memory
        if _QUOTED.sub(b"", line).partition(b"=")[0].count(b".") > MOST_DOTS:
            raise ConvertError("card %s: '%.40s...' is no key of a card" % (
                card, line[:40].decode("utf-8", "replace")))
    try:
        for key, value in _flat(tomllib.loads(data.decode("utf-8"))):
            if key in own:
                raise ConvertError("card %s: '%s' is there twice" % (card, key))
            own[key] = _take(card, key, [value])
        given = {key: _take(card, key, _values(text), True) for key, text in settings}
    except (ValueError, RecursionError) as error:
        raise ConvertError("card %s: no TOML that can be read: %s" % (card, error)) from None
    keys = {**own, **given}
    keys = {key: value for key, value in keys.items()  # a setting may leave others without a place
            if key in given or applies(key, keys) or not applies(key, own)}
    return Card(card, keys, frozenset(given))


def _values(text):
    """What the text after --set KEY= may stand for: a value as TOML has it, or the text itself."""
    try:
        table = tomllib.loads("value = " + text)
        return [table["value"], text] if len(table) == 1 else [text]
    except (ValueError, RecursionError):
        return [text]


def is_path(name):
    return os.sep in name or name.endswith(".toml")


def load(name, settings=()):
    """The card of a name or path. OSError, ConvertError."""
    path = name if is_path(name) else os.path.join(FOLDER, name + ".toml")
    with open(path, "rb", opener=_open_card) as file:
        data = file.read(LARGEST_CARD + 1)
    if len(data) > LARGEST_CARD:
        raise ConvertError("card %s: more than %d bytes" % (name, LARGEST_CARD))
    return parse(name, data, settings)


def _open_card(path, flags):
    """A regular file: another would make us wait."""
    handle = os.open(path, flags | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "no regular file", path)
    return handle


@functools.lru_cache(maxsize=1)
def _every(_, names):
    return [load(name) for name in names]


def every():
    """All cards that have a name. They are read once: a process that may open no file has those that
    its parent has read."""
    return _every(FOLDER, tuple(NAMES))


def by_sha256(digests):
    """The card that names the very files with these sha256, or None."""
    return next((card for card in every() if card.known_for(digests)), None)
