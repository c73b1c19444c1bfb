"""fid_reader.py - reads weights/FORMAT.md up to version 1.3 into the converter's Graph, with what a
quantized file says beside it. Only for the tests: it believes what it reads."""
import struct

import numpy as np

import graph as rules
from graph import Graph, Node

OPS = {**{number: name for name, number in rules.OPS.items()}, 20: "convert"}
ACTIVATIONS = {number: name for name, number in rules.ACTIVATIONS.items()}
PAD_MODES = {number: name for name, number in rules.PAD_MODES.items()}
RESIZE_MODES = {number: name for name, number in rules.RESIZE_MODES.items()}
F32, F16, BF16, S8 = 1, 2, 3, 4


class Quantized:
    """A value of bytes: number = scales * (byte - zero)."""

    def __init__(self, numbers):
        self.zero, self.scales = int(numbers[0]), np.asarray(numbers[1:], np.float32)


class Filter:
    """A filter of bytes: number = scales[output channel] * byte."""

    def __init__(self, scales, numbers):
        self.scales, self.bytes = scales, numbers

    def widened(self):
        return self.bytes * self.scales.reshape((-1,) + (1,) * (self.bytes.ndim - 1)).astype(np.float32)


class File:
    """minor, id, meta {key: list}, graphs [Graph], tensor_types {name: type}, and for each graph in
    quantized {value: Quantized} of the values of bytes. Filters of bytes are Filter; those of 16 bits are
    widened."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.data = file.read()
        magic, major, self.minor, count = struct.unpack_from("<8sHHI", self.data)
        if magic != b"\x89FID\r\n\x1a\n" or major != 1:
            raise ValueError("%s is no weight file" % path)
        self.id = self.data[24:40].hex()
        self.sections = {}
        for i in range(count):
            kind, _, offset, size, _, _ = struct.unpack_from("<4sIQQII", self.data, 64 + 32 * i)
            self.sections[kind.decode()] = self.data[offset:offset + size]
        self.index = struct.unpack("<%dI" % (len(self.sections["INDX"]) // 4), self.sections["INDX"])
        self.tensor_types = {}
        self.tensors = [self._tensor(record) for record in self._records("TENS", "<IHH4IQQ24x")]
        self.meta = {self._string(key): self._values(kind, first, count) for key, kind, first, count in
                     self._records("META", "<IHxxII16x")}
        self.graphs, self.quantized = [], []
        for record in self._records("GRPH", "<12I16x"):
            self._graph(record)

    def _records(self, kind, form):
        return list(struct.iter_unpack(form, self.sections[kind]))

    def _string(self, offset):
        text = self.sections["STRS"]
        return text[offset:text.index(b"\0", offset)].decode()

    def _values(self, kind, first, count):
        raw = struct.unpack_from("<%d%s" % (count, " QqdQ"[kind].replace(" ", "")), self.sections["MVAL"],
                                 8 * first)
        return [self._string(value) for value in raw] if kind == 1 else list(raw)

    def _tensor(self, record):
        name, kind, rank, *rest = record
        dims, offset = rest[:rank], rest[4]
        blob, count = self.sections["DATA"][offset:offset + rest[5]], int(np.prod(dims))
        self.tensor_types[self._string(name)] = kind
        if kind == S8:
            scales = np.frombuffer(blob, "<f4", dims[0])
            return Filter(scales, np.frombuffer(blob, np.int8, count, 4 * dims[0]).reshape(dims))
        if kind == BF16:
            wide = np.frombuffer(blob, "<u2", count).astype("<u4") << 16
            return wide.view("<f4").reshape(dims)
        return np.frombuffer(blob, {F32: "<f4", F16: "<f2"}[kind], count).astype(np.float32).reshape(dims)

    def _graph(self, record):
        name, first_value, value_count, first_node, node_count, first_output, outputs, h, w, c, free, multiple = record
        values = self._records("VALU", "<2I")[first_value:first_value + value_count]
        names = [self._string(value) for value, _ in values]
        graph = Graph(self._string(name), names[0], h, w, c)
        graph.free_size, graph.multiple = bool(free), multiple
        graph.outputs = [names[i] for i in self.index[first_output:first_output + outputs]]
        for fields in self._records("NODE", "<IH H5I2f14i4ifi44x".replace(" ", ""))[first_node:first_node + node_count]:
            graph.nodes.append(self._node(fields, names))
        self.graphs.append(graph)
        self.quantized.append({self._string(value): Quantized(self.tensors[number - 1])
                               for value, number in values if number})

    def _node(self, fields, names):
        name, op, activation, first, count, first_tensor, tensors, output = fields[:8]
        low, high = fields[8:10]
        whole = fields[10:24]
        node = Node(self._string(name), OPS[op], [names[i] for i in self.index[first:first + count]], names[output])
        roles = list(rules.TENSOR_ORDER.get(node.op, ()))
        node.activation = ACTIVATIONS[activation]
        roles += ["slope"] * (node.activation == "prelu")
        node.tensors = {role: self.tensors[i] for role, i in
                        zip(roles, self.index[first_tensor:first_tensor + tensors])}
        node.low, node.high = low, high
        node.kernel, node.stride, node.pads, node.dilation = whole[:2], whole[2:4], whole[4:8], whole[8:10]
        node.groups, node.pad_mode, node.axis, node.scale = whole[10], PAD_MODES[whole[11]], whole[12], whole[13]
        node.shape, node.epsilon, node.mode = fields[24:28], fields[28], RESIZE_MODES[fields[29]]
        return node
