#!/usr/bin/python3
"""convert.py - turns the weights of other frameworks into a .fid file (weights/FORMAT.md).

    convert/convert.py yunet_n_dynamic.onnx -o yunet.fid
    convert/convert.py rcmalli_vggface_tf_resnet50.h5 --labels rcmalli_vggface_labels_v2.npy \\
        -o vggface2.fid
    convert/convert.py w600k_r50.onnx -o arcface.fid
    convert/convert.py own.onnx -o own.fid --card arcface --set align.template=arcface-128 \\
        --set graph.arcface.size='[128, 128]'

What a source is, is told from its content: ONNX, TFLite, a Keras model (HDF5, .keras), weights
alone of a network that is known (a pickle, a checkpoint of PyTorch, safetensors), the JSON file of a
TensorFlow.js model (its weights' files are found beside it).
A card (convert/cards/NAME.toml, or a file of your own) says what weights do not: how a picture
becomes the input, what the outputs mean, limits. A card that names a file's sha256 is chosen by
itself, for that file alone. The same sources, card and flags give the same bytes. Sources are read
in a process of their own that can open no file and no connection; nothing in them is run."""
import argparse
import difflib
import errno
import hashlib
import importlib
import os
import stat
import struct
import sys

import cards
import sandbox
from card_graphs import apply_card, describe, fitting
from fid_writer import HEADER_BYTES, MAGIC, file_bytes
from graph import ConvertError
from graph_passes import simplify
from labels import read_labels
from printable import printable, shortened
from source_kinds import folder_text, source_kind
from source_parts import with_parts
from whole_file import check_target, kind_of, write_whole

CONVERTER = "faceid convert 1.0"
# kind -> module, which has read_<kind>(data, name)
READERS = {"keras": "keras_reader", "caffe": "caffe_pickle_reader", "onnx": "onnx_reader",
           "tflite": "tflite_reader", "tfjs": "tfjs_reader",
           "tfjs_weights": "tfjs_weights_reader", "torch": "torch_reader", "zip": "zip_reader",
           "safetensors": "safetensors_reader"}
LARGEST_SOURCE = 1 << 30
LONGEST_SENTENCE = 500  # characters beside the user's own words: sources bring names of any length
EXIT_INPUT, EXIT_REFUSED, EXIT_INTERRUPTED = 3, 4, 130
EXIT_TEXT = """exit codes: 0 written; 2 wrong usage; 3 a source or card cannot be read or the result
cannot be written, as where OUT.fid is a link, a pipe, a device, a folder or a source; 4 a source or
card is refused: damaged, of no known kind, over 1 GiB, with something that has no place in our
format (the message names operator and node), a file that no card names, a card that does not fit or
has a wrong key (the message says what is wanted); 130 interrupted"""


def load_reader(kind, name="a source"):
    """The function that reads a kind; its packages are loaded at need. name: of a file, for
    messages."""
    try:
        return getattr(importlib.import_module(READERS[kind]), "read_" + kind)
    except ImportError as error:
        raise ConvertError("%s: reading %s files needs Python's package %s (make deps installs "
                           "it)" % (name, kind, error.name)) from None


def guarded(name, function, *arguments):
    """function(*arguments) over untrusted bytes: what they make it raise is their fault, and is
    said of the file."""
    try:
        return function(*arguments)
    except ConvertError as error:
        raise error if str(error).startswith(name) else ConvertError("%s: %s" % (
            name, error)) from None
    except MemoryError:
        raise ConvertError("%s: reading it takes more memory than its size allows: damaged, or "
                           "made to take much" % name) from None
    except RecursionError:
        raise ConvertError("%s: it is nested too deeply" % name) from None
    except Exception as error:
        raise ConvertError("%s: the file is damaged (%s: %s)" %
                           (name, type(error).__name__, error)) from error


def read_graphs(kind, sources, outputs=(), at=lambda name: None):
    """The simplified graphs of the sources, as the reader of the kind sees them. outputs: names of
    values that become the outputs of those that have one of them."""
    read, graphs = load_reader(kind, sources[0][0]), []
    for name, data in sources:
        at(name)
        found = guarded(name, read, data, name, outputs)  # a graph, or all that the file has
        for graph in found if isinstance(found, list) else [found]:
            graphs.append(guarded(name, simplify, graph))
    return graphs


def kind_of_sources(sources):
    kinds = sorted({source_kind(data, name) for name, data in sources})
    if len(kinds) != 1:
        raise ConvertError("%s: the sources are of several kinds: %s" % (
            ", ".join(name for name, _ in sources), ", ".join(kinds)))
    return kinds[0]


def digests_of(sources):
    return [hashlib.sha256(data).hexdigest() for _, data in sources]


def convert(sources, card=None, labels=None, outputs=(), at=lambda name: None):
    """Converts sources, a list of (file name, bytes). card: a cards.Card, or None, with which they
    are refused by what they are. labels: class names or None. outputs: names of values to cut the
    graphs behind. at is called with the name of each file before it is read. Returns (bytes of the
    .fid file, name of the card, graphs, metadata). ConvertError."""
    kind = kind_of_sources(sources)
    sums = digests_of(sources)
    wanted = outputs or (card.outputs_for(sums) or [
        name for graph in card.graphs.values() for name in graph["outputs"]] if card else [])
    graphs = read_graphs(kind, sources, wanted, at)
    if len(sums) == 1:
        sums *= len(graphs)
    digests = dict(zip(graphs, sums))
    return guarded(", ".join(name for name, _ in sources), _finish, card, graphs, digests, labels,
                   outputs)


def _no_card(graphs):
    """The sentence for a file that no card names: which may be its recipe?"""
    fits = fitting(cards.every(), graphs)
    first = "choose what it was trained for with --card NAME, of %s, which fit, or" % (
        ", ".join(fits)) if fits else "no card has such an input and outputs:"
    return "no card names this file by its sha256 (%s): %s --card plain, a network for programs of your " \
           "own; --card FILE takes a card of your own, --output NAME other outputs" % (
               "; ".join(map(describe, graphs)), first)


def _finish(card, graphs, digests, labels, outputs):
    if card is None:
        raise ConvertError(_no_card(graphs))
    missing = [name for name in outputs if not any(name in graph.outputs for graph in graphs)]
    if missing:
        raise ConvertError("there is no value '%s' to cut behind (%s)" % (
            missing[0], "; ".join(map(describe, graphs))))
    in_order = bool(outputs or card.outputs_for(list(digests.values())))
    graphs = apply_card(card, graphs, in_order)
    sums = [digests[graph] for graph in graphs]
    meta = card.meta(sums, bool(outputs))
    meta["info.source_sha256"] = " ".join(dict.fromkeys(sums))
    meta["info.converter"] = CONVERTER
    if labels is not None:
        _add_labels(meta, labels, graphs[0])
    return file_bytes(graphs, meta), card.name, graphs, meta


def convert_apart(sources, card=None, label_file=None, outputs=()):
    """convert() in a process of its own; label_file: (name, bytes) or None; without a card the one
    that names the sources. Returns (bytes of the .fid file, what was converted, for people).
    ConvertError, OSError."""
    load_reader(kind_of_sources(sources), sources[0][0])  # before the doors are shut
    card = card or cards.by_sha256(digests_of(sources))

    def work(at):
        labels = None
        if label_file:
            at(label_file[0])
            labels = guarded(label_file[0], read_labels, label_file[1], label_file[0])
        data, *rest = convert(sources, card, labels, outputs, at)
        text = summary(*rest).encode("utf-8", "replace")
        return struct.pack("<I", len(text)) + text + data

    files = sources + [label_file] * bool(label_file)
    answer = sandbox.run(work, sources[0][0], sum(len(data) for _, data in files))
    end = 4 + (struct.unpack_from("<I", answer)[0] if len(answer) >= 4 else 0)
    text, data = answer[4:end].decode("utf-8", "replace"), answer[end:]
    if len(data) < HEADER_BYTES or data[:8] != MAGIC or (
            struct.unpack_from("<Q", data, 16)[0] != len(data)):
        raise ConvertError("%s: the file is damaged: its reader gave no weight file back" %
                           sources[0][0])
    return data, text


def _add_labels(meta, labels, graph):
    """Of a classifier's two outputs one is the embedding, the other the classes."""
    shapes = graph.shapes()
    counts = [shapes[name][2] for name in graph.outputs if name != meta.get("embed.output")]
    if meta["face.kind"] != "classifier" or len(counts) != 1:
        raise ConvertError("%s has no classes that --labels could name" % meta["info.name"])
    if len(labels) != counts[0]:
        raise ConvertError("%d labels for %d classes" % (len(labels), counts[0]))
    meta["labels"] = labels


def summary(card, graphs, meta):
    """What was converted, for people. card: its name."""
    lines = ["%s (card %s)" % (meta["info.name"], card)]
    for graph in graphs:
        size = "%dx%dx%d%s" % (*graph.size, ", any multiple of %d" % graph.multiple
                               if graph.free_size else "")
        lines.append("  graph %-14s input %s, %d layers, %s multiply-adds, %s parameters" % (
            graph.name, size, len(graph.nodes), _thousands(graph.multiply_add_count()),
            _thousands(graph.parameter_count())))
        lines += _in_bytes(graph)
    for text in meta["info.source_sha256"].split():
        lines.append("  source sha256  %s" % text)
    lines.append("  from           %s" % meta["info.source"])
    lines.append("  licence        %s" % meta["info.licence"])
    if meta.get("decision.measured_on") == cards.NOT_MEASURED:
        lines.append("  limits         %s" % cards.NOT_MEASURED.partition(" ")[2])
    return "\n".join(lines)


def _in_bytes(graph):
    """What is said of a graph that computes with bytes."""
    grids = {node.output: node.grid for node in graph.nodes}
    whole = [node for node in graph.nodes if node.op != "convert" and
             any(grids.get(value) is not None for value in node.inputs)]
    if not whole:
        return []
    return ["    of these %d compute with bytes, %d convert from or to float32" % (
        len(whole), sum(node.op == "convert" for node in graph.nodes))]


def _thousands(n):
    return "{:,}".format(n)


def read_source(path, most=LARGEST_SOURCE, flags=0):
    """(path, bytes) of a regular file of bounded size. OSError, ConvertError."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | flags)  # no wait at a pipe
    try:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, folder_text(path) if stat.S_ISDIR(found.st_mode) else
                          "is %s, wanted is a regular file" % kind_of(found.st_mode), path)
        if found.st_size > most:
            raise ConvertError("%s: %s bytes; sources of up to 1 GiB are read" %
                               (path, _thousands(found.st_size)))
        with os.fdopen(handle, "rb", closefd=False) as file:
            return path, file.read(found.st_size)
    finally:
        os.close(handle)


def read_sources(paths):
    """([(path, bytes)] of the sources, with the bytes of the files that they name behind their own;
    the paths of these files). A path that is such a file is no source. OSError, ConvertError."""
    sources, parts = [], []
    for source in map(read_source, paths):
        whole, found = with_parts(source, read_source, LARGEST_SOURCE)
        sources.append(whole)
        parts += found
    named = {os.path.realpath(part) for part in parts}
    return [source for source in sources if os.path.realpath(source[0]) not in named], parts


def parse_arguments(words):
    parser = argparse.ArgumentParser(
        prog="convert.py", description=__doc__.partition("\n")[2], epilog=EXIT_TEXT,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="a file to convert")
    parser.add_argument("-o", dest="target", required=True, metavar="OUT.fid")
    parser.add_argument("--card", metavar="FILE|NAME",
                        help="the network's recipe: a file, or one of %s (default: the one that "
                             "names the source's sha256)" % ", ".join(cards.NAMES))
    parser.add_argument("--set", dest="settings", metavar="KEY=VALUE", action="append", default=[],
                        help="another value for a key of the card, as input.channels=bgr or "
                             "info.licence=TEXT (repeatable)")
    parser.add_argument("--output", dest="outputs", metavar="NAME", action="append", default=[],
                        help="cut the graph behind this value; of several, in the order of the "
                             "card's outputs (repeatable)")
    parser.add_argument("--labels", metavar="FILE",
                        help="class names: a NumPy file of strings, or text with one a line")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    arguments = parser.parse_args(words)
    arguments.settings = [text.partition("=")[::2] for text in arguments.settings]
    if not all(key.strip() and value for key, value in arguments.settings):
        parser.error("--set: wanted is KEY=VALUE")
    if arguments.card and not cards.is_path(arguments.card) and arguments.card not in cards.NAMES:
        near = difflib.get_close_matches(arguments.card, cards.NAMES, 1)
        parser.error("--card: there is no card '%s'%s: --help lists them, and a card of your own is a "
                     "FILE.toml" % (arguments.card, ", did you mean %s" % near[0] if near else ""))
    if arguments.settings and not arguments.card:
        parser.error("--set changes a card: say which with --card")
    return arguments


def run(arguments):
    """Does what the command line says; returns the exit code. OSError, ConvertError."""
    inputs = arguments.sources + [arguments.labels] * bool(arguments.labels)
    inputs += [arguments.card] * bool(arguments.card and cards.is_path(arguments.card))
    check_target(arguments.target, inputs)
    card = cards.load(arguments.card, arguments.settings) if arguments.card else None
    sources, parts = read_sources(arguments.sources)
    labels = read_source(arguments.labels) if arguments.labels else None
    data, text = convert_apart(sources, card, labels, list(dict.fromkeys(arguments.outputs)))
    write_whole(arguments.target, data, inputs + parts)
    if not arguments.quiet:
        for line in text.split("\n"):
            print(printable(line))
        print("  written        %s, %s bytes" % (printable(arguments.target),
                                                 _thousands(len(data))))
    return 0


def main(words):
    arguments = parse_arguments(words)
    try:
        return run(arguments)
    except OSError as error:
        said, code = "%s: %s" % (error.filename, error.strerror), EXIT_INPUT
    except MemoryError:
        said, code = "%s: there is not enough memory for the sources and the result" % ", ".join(
            arguments.sources), EXIT_INPUT
    except ConvertError as error:
        said, code = str(error), EXIT_REFUSED
    except KeyboardInterrupt:
        said, code = "interrupted", EXIT_INTERRUPTED
    most = LONGEST_SENTENCE + max(map(len, words))
    print("convert.py: %s" % shortened(printable(said), most), file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
