"""fid_writer.py - writes weights/FORMAT.md, version 1.0, or 1.2 or 1.3 where a graph has what only
that has: graphs and metadata to bytes.

The bytes depend on nothing but the arguments: the same model gives the same file."""
import hashlib
import struct

import numpy as np

import fid_rules
from crc32c import crc32c
from graph import ACTIVATIONS, MAPS, OPS, PAD_MODES, RESIZE_MODES, ConvertError
from grids import TENSOR_TYPES, Filter

MAGIC = b"\x89FID\r\n\x1a\n"
MAJOR, MINOR, MINOR_OF_MORE, MINOR_OF_TYPES = 1, 0, 2, 3
LAST_OP, LAST_ACTIVATION, LAST_OP_OF_MORE = 14, 3, 19  # of version 1.0, and of 1.2
SMALLEST = 2.0 ** -126            # below, f32 is slow, and 0 does as well
ALIGN, DATA_ALIGN = 64, 4096
HEADER_BYTES, SECTION_BYTES = 64, 32
SECTIONS = ("STRS", "META", "MVAL", "GRPH", "VALU", "NODE", "INDX", "TENS", "DATA")
RECORD_BYTES = {"STRS": 1, "META": 32, "MVAL": 8, "GRPH": 64, "VALU": 8, "NODE": 160, "INDX": 4,
                "TENS": 64, "DATA": 1}
META_STRING, META_INT, META_FLOAT = 1, 2, 3
META_FORMS = {META_STRING: "Q", META_INT: "q", META_FLOAT: "d"}
FREE_SIZE = 1
GRID_ROLE = "grid"  # of the tensors of values, whose names are those of the values with this behind
MODEL_ID_SECTIONS = ("VALU", "NODE", "INDX", "TENS", "DATA", "GRPH")
OUTSIDE_MODEL_ID = ("info.", "decision.", "labels")


def _round_up(n, alignment):
    return -(-n // alignment) * alignment


class _Strings:
    """STRS: each different string once, in the order of first use; offset 0 is the empty one."""

    def __init__(self):
        self.bytes = bytearray(b"\0")
        self.offsets = {"": 0}

    def add(self, text):
        if text not in self.offsets:
            if "\0" in text:
                raise ConvertError("the string %r has a zero byte inside" % text)
            self.offsets[text] = len(self.bytes)
            self.bytes += text.encode("utf-8") + b"\0"
        return self.offsets[text]


class _Writer:
    def __init__(self):
        self.strings = _Strings()
        self.sections = {kind: bytearray() for kind in SECTIONS}
        self.index_count = 0
        self.tensor_count = 0
        self.tensor_names = set()
        self.minor = MINOR

    def _list(self, numbers):
        """Appends a run to INDX and returns (first, count)."""
        first = self.index_count
        self.sections["INDX"] += struct.pack("<%dI" % len(numbers), *numbers)
        self.index_count += len(numbers)
        return first, len(numbers)

    def _needs(self, minor):
        self.minor = max(self.minor, minor)

    def _tensor(self, name, array):
        """Appends a tensor, a Filter as it is and others rounded to f32, and returns its number."""
        kind = array.kind if isinstance(array, Filter) else "f32"
        if kind == "f32":
            with np.errstate(over="ignore"):
                array = np.array(array, dtype="<f4", order="C")
            array[np.abs(array) < SMALLEST] = 0.0
        else:
            self._needs(MINOR_OF_TYPES)
        if kind != "s8" and not np.isfinite(np.asarray(array, np.float32)).all():
            raise ConvertError("tensor '%s': not every number is finite in %s" % (name, kind))
        data = array.tobytes() if kind == "f32" else array.stored()
        if name in self.tensor_names:
            raise ConvertError("tensor '%s' exists twice" % name)
        self.tensor_names.add(name)
        blob = self.sections["DATA"]
        blob += bytes(_round_up(len(blob), ALIGN) - len(blob))
        rank = len(array.shape)
        self.sections["TENS"] += struct.pack(
            "<IHH4IQQ24x", self.strings.add(name), TENSOR_TYPES[kind], rank, *array.shape,
            *(0,) * (4 - rank), len(blob), len(data))
        blob += data
        self.tensor_count += 1
        return self.tensor_count - 1

    def _node(self, node, prefix, values):
        inputs = self._list([values[value] for value in node.inputs])
        tensors = self._list([self._tensor("%s%s/%s" % (prefix, node.name, role),
                                           node.tensors[role]) for role in node.tensor_roles()])
        clamps = node.activation == "clamp"
        maps = node.op == "affine" and any(np.ndim(node.tensors[role]) > 1 for role in MAPS)
        if maps or OPS[node.op] > LAST_OP or ACTIVATIONS[node.activation] > LAST_ACTIVATION:
            self._needs(MINOR_OF_MORE if OPS[node.op] <= LAST_OP_OF_MORE else MINOR_OF_TYPES)
        self.sections["NODE"] += struct.pack(
            "<IHH5I2f14i4ifi44x", self.strings.add(node.name), OPS[node.op],
            ACTIVATIONS[node.activation], *inputs, *tensors, values[node.output],
            node.low if clamps else 0.0, node.high if clamps else 0.0, *node.kernel, *node.stride,
            *node.pads, *node.dilation, node.groups, PAD_MODES[node.pad_mode], node.axis,
            node.scale, *node.shape, node.epsilon, RESIZE_MODES[node.mode])

    def _values(self, graph, prefix):
        """VALU's records; values on one grid share the tensor that says it: zero point, scales."""
        tensors = {None: -1}
        for name, grid in [(graph.input, None)] + [(node.output, node.grid) for node in graph.nodes]:
            if grid not in tensors:
                self._needs(MINOR_OF_TYPES)
                tensors[grid] = self._tensor("%s%s/%s" % (prefix, name, GRID_ROLE),
                                             [grid.zero, *grid.scales])
            self.sections["VALU"] += struct.pack("<2I", self.strings.add(name), tensors[grid] + 1)

    def graphs(self, graphs):
        numbers, outputs = [], []
        for graph in graphs:
            names = [graph.input] + [node.output for node in graph.nodes]
            numbers.append({name: i for i, name in enumerate(names)})
            if len(numbers[-1]) != len(names):
                raise ConvertError("graph '%s': a value is computed twice" % graph.name)
        for graph, values in zip(graphs, numbers):
            outputs.append(self._list([values[name] for name in graph.outputs]))
        first_value = first_node = 0
        for graph, values, output in zip(graphs, numbers, outputs):
            self.sections["GRPH"] += struct.pack(
                "<12I16x", self.strings.add(graph.name), first_value, len(values), first_node,
                len(graph.nodes), *output, *graph.size, FREE_SIZE if graph.free_size else 0,
                graph.multiple)
            prefix = graph.name + "/" if len(graphs) > 1 else ""
            self._values(graph, prefix)
            for node in graph.nodes:
                self._node(node, prefix, values)
            first_value += len(values)
            first_node += len(graph.nodes)

    def metadata(self, meta):
        """Returns the part of the model id's text that comes from META."""
        text, first = "", 0
        for key in sorted(meta, key=lambda k: k.encode("utf-8", "surrogatepass")):
            kind, values = _meta_values(key, meta[key])
            words = [v if kind == META_STRING else "%d" % v if kind == META_INT else "%.17g" % v
                     for v in values]
            inside = not key.startswith(OUTSIDE_MODEL_ID)
            fid_rules.check_metadata(key, words, inside)
            if kind == META_STRING:
                values = list(map(self.strings.add, values))
            packed = struct.pack("<%d%s" % (len(values), META_FORMS[kind]), *values)
            self.sections["META"] += struct.pack("<IHHII16x", self.strings.add(key), kind, 0, first,
                                                 len(values))
            self.sections["MVAL"] += packed
            first += len(values)
            if inside:
                text += "%s=%s\n" % (key, ",".join(words))
        return text

    def file(self, meta_text):
        """The finished bytes: header, section table, sections."""
        model_id = hashlib.sha256()
        for kind in MODEL_ID_SECTIONS:
            model_id.update(self.sections[kind])
        model_id.update(meta_text.encode("utf-8"))
        sizes = {kind: len(section) for kind, section in self.sections.items()}
        sizes["STRS"] = len(self.strings.bytes)
        records = {kind: size // RECORD_BYTES[kind] for kind, size in sizes.items()}
        fid_rules.check_sections(records, sum(sizes.values()) + DATA_ALIGN * len(SECTIONS))
        table, body = b"", bytearray()
        start = HEADER_BYTES + SECTION_BYTES * len(SECTIONS)
        self.sections["STRS"] = self.strings.bytes
        for kind in SECTIONS:
            section = self.sections[kind]
            offset = _round_up(start + len(body), DATA_ALIGN if kind == "DATA" else ALIGN)
            body += bytes(offset - start - len(body)) + section
            table += struct.pack("<4sIQQII", kind.encode("ascii"), crc32c(section), offset,
                                 len(section), RECORD_BYTES[kind], 0)
        header = struct.pack("<8sHHIQ16s20x", MAGIC, MAJOR, self.minor, len(SECTIONS),
                             start + len(body), model_id.digest()[:16])
        return header + struct.pack("<I", crc32c(header + table)) + table + bytes(body)


def _meta_values(key, value):
    """(type, list of values) of a metadata entry; a list has one type, integers widen to floats."""
    values = list(value) if isinstance(value, (list, tuple)) else [value]
    if not values:
        raise ConvertError("metadata '%s' has no value" % key)
    if all(isinstance(v, str) for v in values):
        return META_STRING, values
    if all(isinstance(v, int) and -1 << 63 <= v < 1 << 63 for v in values):
        return META_INT, values
    if all(isinstance(v, (int, float)) and np.isfinite(v) for v in values):
        return META_FLOAT, [float(v) for v in values]
    raise ConvertError("metadata '%s' is no list of strings or finite numbers" % key)


def file_bytes(graphs, meta):
    """The .fid file of graphs (passes done) with the metadata meta (key -> value or list).
    ConvertError for what the reader would refuse (fid_rules.py)."""
    fid_rules.check_graphs(graphs)
    writer = _Writer()
    writer.graphs(graphs)
    return writer.file(writer.metadata(meta))
