#!/usr/bin/python3
"""Pickles: the published layouts read bit for bit, and more than a hundred that want something else
refused by name, none of which may run anything."""
import collections
import io
import os
import pickle
import struct
import time

import numpy as np

from check import case, main, require, temp_folder

import array_pickle
import pickle_reader
from labels import read_labels
from refusal import refused

MARK = os.path.join(temp_folder(), "ran")


# ---- pickles by hand ----

def text(word):
    return b"X" + struct.pack("<I", len(word.encode())) + word.encode()


def short(word):
    return b"\x8c" + bytes([len(word)]) + word.encode()


def number(n):
    return b"J" + struct.pack("<i", n)


def data(content):
    return b"B" + struct.pack("<I", len(content)) + content


def many(*items):
    return b"(" + b"".join(items) + b"t"


def name(module, function):
    return b"c%s\n%s\n" % (module.encode(), function.encode())


def dtype(kind="f4", state=None, build=True):
    made = name("numpy", "dtype") + many(text(kind), b"\x89", b"\x88") + b"R"
    return made + (state or many(number(3), text("<"), b"NNN", number(-1), number(-1),
                                 number(0)) + b"b" if build else b"")


def array(kind=None, shape=(2,), content=bytes(8), version=1, fortran=b"\x89", start=None):
    start = start or many(name("numpy", "ndarray"), many(number(0)), data(b"b"))
    return name("numpy.core.multiarray", "_reconstruct") + start + b"R" + many(
        number(version), many(*map(number, shape)), kind or dtype(), fortran,
        data(content) if isinstance(content, bytes) else content[0]) + b"b"


def whole(body):
    """A dict with one value."""
    return b"\x80\x04}" + text("conv1.weight") + body + b"s."


# ---- what is read ----

def same(got, want):
    """Equal to the last bit, in type, shape and order too."""
    if isinstance(want, np.ndarray):
        return (isinstance(got, np.ndarray) and got.dtype == want.dtype and got.shape == want.shape and
                got.tobytes() == want.tobytes() and got.flags.f_contiguous == want.flags.f_contiguous)
    if isinstance(want, (np.floating, np.integer)):
        return type(got) is type(want) and got.tobytes() == want.tobytes()
    if isinstance(want, dict):
        return type(got) is dict and list(got) == list(want) and all(
            same(got[key], want[key]) for key in want)
    if isinstance(want, (list, tuple)):
        return type(got) is type(want) and len(got) == len(want) and all(map(same, got, want))
    return type(got) is type(want) and got == want


def network():
    random = np.random.default_rng(8)
    state = collections.OrderedDict()
    for i, kind in enumerate(("<f4", ">f4", "<f8", ">f8", "<f2", "i1", "u1", "<i2", ">i4", "<u4", "<i8",
                              ">u8")):
        state["layer%d.weight" % i] = random.integers(0, 100, (3, 1, 4)).astype(kind)
    state["fortran"] = np.asfortranarray(random.standard_normal((5, 7)))
    state["special"] = np.array([0x7fc00001, 0xffffffff, 0x80000000, 1], "<u4").view("<f4")
    state["scalars"] = [np.float32(0.1), np.float64(-0.0), np.int64(-5), np.uint8(255)]
    state["flat"] = np.float32(3).reshape(())
    state["plain"] = {"a": [1, -1, 255, 256, 65536, 1 << 31, -(1 << 40), 1 << 63, True, False, None],
                      "b": (1.5, float("inf"), -0.0, 1e-300, "text", "\u00fcber\n\\'\"", b"\x00\xff'\""),
                      "c": ((), ((1,), (2, 3)), [], {}, [[]])}
    state["again"] = state["layer0.weight"]
    return state


@case
def every_protocol_reads_bit_for_bit():
    for protocol in range(5):
        made = pickle.dumps(network(), protocol)
        require(same(array_pickle.load(made), dict(network())), "protocol %d" % protocol)
        got, want = array_pickle.load(made), pickle.loads(made)  # which turns the bytes of big-endian
        for name, value in want.items():
            require(not isinstance(value, np.ndarray) or got[name].astype(value.dtype).tobytes() ==
                    value.tobytes(), "protocol %d: pickle reads another '%s'" % (protocol, name))
        require(same(array_pickle.load(pickle.dumps(dict(network()), protocol)), dict(network())),
                "protocol %d, a dict" % protocol)
    plain = network()["plain"]
    require(same(array_pickle.load(pickle.dumps(plain, 5)), plain), "protocol 5")


@case
def python_2_pickles_read_as_latin1():
    """As Python 2.7 writes an array and an OrderedDict by protocols 0, 1 and 2."""
    values = np.array([1.5, -2.25, 3e-30], "<f4")
    raw = values.tobytes()
    quoted = repr(raw.decode("latin1").encode("latin1"))[1:].encode()
    zero = (b"(dp0\nS'conv1.weight'\np1\ncnumpy.core.multiarray\n_reconstruct\np2\n(cnumpy\nndarray\np3\n"
            b"(I0\ntp4\nS'b'\np5\ntp6\nRp7\n(I1\n(L3L\ntp8\ncnumpy\ndtype\np9\n(S'f4'\np10\nI0\nI1\n"
            b"tp11\nRp12\n(I3\nS'<'\np13\nNNNI-1\nI-1\nI0\ntp14\nbI00\nS" + quoted + b"\np15\ntp16\nbs.")
    one = (b"}q\x00U\x0cconv1.weightq\x01cnumpy.core.multiarray\n_reconstruct\nq\x02(cnumpy\nndarray\n"
           b"q\x03(K\x00tq\x04U\x01bq\x05tq\x06Rq\x07(K\x01(K\x03tq\x08cnumpy\ndtype\nq\t(U\x02f4q\n"
           b"K\x00K\x01tq\x0bRq\x0c(K\x03U\x01<q\rNNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x0eb"
           b"I00\nU\x0c" + raw + b"q\x0ftq\x10bs.")
    two = b"\x80\x02" + one.replace(b"I00\n", b"\x89").replace(b"(K\x00tq\x04", b"K\x00\x85q\x04")
    ordered = (b"\x80\x02ccollections\nOrderedDict\nq\x00]q\x01]q\x02(U\x01aq\x03K\x05ea\x85q\x04Rq\x05.")
    for made in (zero, one, two):
        got = array_pickle.load(made)
        require(same(got, {"conv1.weight": values}), "%r" % got)
        require(same(got, pickle.loads(made, encoding="latin1")), "pickle reads something else")
    require(array_pickle.load(ordered) == {"a": 5}, "an OrderedDict of Python 2")


@case
def another_reader_can_add_names_of_its_own():
    """As one of PyTorch's files will: storages by a persistent id, tensors of them."""
    class Tensor(pickle_reader.Part):
        def __init__(self, arguments):
            self.numbers, self.shape = arguments[0], arguments[1]

        def value(self):
            return self.numbers.reshape(self.shape)

    def storage(name):
        require(name[0] == "storage" and name[1].text == "torch.FloatStorage", str(name))
        return np.arange(6, dtype="<f4")

    names = {**array_pickle.ARRAYS, ("torch", "FloatStorage"): None,
             ("torch._utils", "_rebuild"): Tensor}
    made = (b"\x80\x02}" + text("w") + name("torch._utils", "_rebuild") + many(
        many(text("storage"), name("torch", "FloatStorage")) + b"Q",
        many(number(2), number(3))) + b"Rs.")
    got = pickle_reader.Interpreter(made, names, storage).run()
    require(got["w"].tolist() == [[0, 1, 2], [3, 4, 5]], str(got))
    refused(lambda: array_pickle.load(made), "torch")


# ---- what is refused ----

FUNCTIONS = [("os", "system"), ("posix", "system"), ("nt", "system"), ("subprocess", "Popen"),
             ("subprocess", "check_output"), ("builtins", "eval"), ("builtins", "exec"),
             ("__builtin__", "eval"), ("builtins", "getattr"), ("builtins", "__import__"),
             ("builtins", "open"), ("builtins", "compile"), ("builtins", "globals"),
             ("builtins", "bytes"), ("builtins", "dict"), ("builtins", "object"), ("io", "open"),
             ("pickle", "loads"), ("_pickle", "loads"), ("marshal", "loads"), ("types", "CodeType"),
             ("types", "FunctionType"), ("ctypes", "CDLL"), ("importlib", "import_module"),
             ("runpy", "run_path"), ("operator", "attrgetter"), ("functools", "partial"),
             ("copyreg", "_reconstructor"), ("copy_reg", "_reconstructor"), ("socket", "socket"),
             ("urllib.request", "urlopen"), ("shutil", "rmtree"), ("webbrowser", "open"),
             ("numpy", "load"), ("numpy", "fromfile"), ("numpy", "memmap"), ("numpy", "frombuffer"),
             ("numpy", "core"), ("numpy.core.multiarray", "fromfile"), ("numpy.core", "multiarray"),
             ("numpy.core.numeric", "_frombuffer"), ("numpy.ctypeslib", "load_library"),
             ("numpy.testing._private.utils", "runstring"), ("numpy.f2py.compile", "x"),
             ("_codecs", "decode"), ("_codecs", "lookup"), ("codecs", "encode"),
             ("collections", "defaultdict"), ("collections", "Counter"), ("torch", "load"),
             ("torch._utils", "_rebuild_tensor_v2"), ("array_pickle", "load"), ("posix", "x\x1b[2J")]
# Attribute chains, which protocol 4 resolves, and names that are only nearly known.
CHAINS = [("numpy", "core.multiarray._reconstruct"), ("numpy.core", "multiarray.scalar"),
          ("numpy", "dtype.type"), ("numpy", "ndarray.tofile"), ("numpy", "ndarray.__class__"),
          ("collections", "OrderedDict.fromkeys"), ("builtins", "str.join"), ("os", "path.os.system"),
          ("numpy", "dtype "), (" numpy", "dtype"), ("Numpy", "dtype"), ("numpy", ""), ("", "dtype"),
          ("numpy.dtype", ""), ("numpy.core.multiarray", "_Reconstruct"), ("numpy", "dt\u0131pe")]
CALL = many(text("touch " + MARK)) + b"R"

HOSTILE = {}
for _module, _function in FUNCTIONS:
    _label = "%s.%s" % (_module, _function)
    HOSTILE["GLOBAL " + _label] = name(_module, _function) + CALL, (_module,)
    HOSTILE["STACK_GLOBAL " + _label] = short(_module) + short(_function) + b"\x93" + CALL, (_module,)
for _module, _function in CHAINS:
    HOSTILE["chain %s %s" % (_module, _function)] = (
        text(_module) + text(_function) + b"\x93" + CALL, (_function or _module,))
for _module, _function in FUNCTIONS[:8]:
    HOSTILE["INST %s.%s" % (_module, _function)] = (
        b"(" + text("true") + b"i%s\n%s\n" % (_module.encode(), _function.encode()),
        ("%s.%s" % (_module, _function),))

ARRAY, DTYPE = name("numpy", "ndarray"), name("numpy", "dtype")
for _label, _body, *_words in (
        ("OBJ", b"(" + ARRAY + text("x") + b"o", "OBJ", "numpy.ndarray"),
        ("OBJ without a class", b"(o", "OBJ"),
        ("OBJ of OrderedDict", b"(" + name("collections", "OrderedDict") + b"o", "OrderedDict"),
        ("NEWOBJ", ARRAY + b")\x81", "NEWOBJ", "numpy.ndarray"),
        ("NEWOBJ of a dtype", DTYPE + many(text("f4")) + b"\x81", "NEWOBJ", "numpy.dtype"),
        ("NEWOBJ of text", text("x") + b")\x81", "NEWOBJ"),
        ("NEWOBJ_EX", ARRAY + b")}\x92", "NEWOBJ_EX", "numpy.ndarray"),
        ("NEWOBJ_EX of a dtype", DTYPE + b")}\x92", "NEWOBJ_EX", "numpy.dtype"),
        ("EXT1", b"\x82\x01", "EXT1 1"), ("EXT2", b"\x83\x01\x02", "EXT2 513"),
        ("EXT4", b"\x84\x01\0\0\0", "EXT4 1"), ("EXT1 of 0", b"\x82\0", "EXT1"),
        ("PERSID", b"Pos.system\n", "persistent id 'os.system'"),
        ("BINPERSID", text("storage") + b"Q", "persistent id 'storage'"),
        ("BINPERSID of a tuple", many(text("storage"), ARRAY) + b"Q", "persistent id"),
        ("REDUCE of text", text("os.system") + CALL, "to call", "str"),
        ("REDUCE of an array", array() + b")R", "to call"),
        ("REDUCE of a dtype", dtype() + b")R", "to call"),
        ("REDUCE of ndarray", ARRAY + many(number(1 << 30)) + b"R", "to call numpy.ndarray"),
        ("a name as a value", ARRAY, "numpy.ndarray as a value"),
        ("a name in a list", b"]" + DTYPE + b"a", "numpy.dtype as a value"),
        ("a name in a tuple", many(number(1), DTYPE), "numpy.dtype as a value"),
        ("a name as a state", dtype(state=DTYPE + b"b"), "numpy.dtype as a value"),
        ("BUILD on a dict", b"}}b", "state", "dict"), ("BUILD on a list", b"]}b", "state", "list"),
        ("BUILD on text", text("x") + b"}b", "state", "str"),
        ("BUILD on a name", ARRAY + b"}" + text("__class__") + b"Nsb", "state", "numpy.ndarray"),
        ("BUILD on a dtype's name", DTYPE + b"}b", "state", "numpy.dtype"),
        ("BUILD on a scalar", name("numpy.core.multiarray", "scalar") + many(
            dtype(), data(bytes(4))) + b"R}b", "state"),
        ("BUILD twice on an array", array() + many() + b"b", "change an array"),
        ("BUILD twice on a dtype", dtype() + many() + b"b", "change a numpy.dtype"),
        ("BUILD on an OrderedDict", name("collections", "OrderedDict") + b")R}b", "state", "dict"),
        ("a set", b"\x8f", "a set"), ("a frozenset", b"(\x91", "a frozenset"),
        ("items of a set", b"\x8f(\x90", "a set"), ("a bytearray", b"\x96" + bytes(8), "bytearray"),
        ("a buffer", b"\x97", "buffer"), ("a read-only buffer", b"\x98", "buffer"),
        ("bytes in a list", b"]B\0\0\0\0\x8f\x90", "a set"),
        ("another encoding", name("_codecs", "encode") + many(text("x"), text("rot13")) + b"R",
         "encoding"),
        ("append to a dict", b"}" + text("x") + b"a", "into an object of type dict"),
        ("set an item of a list", b"]" + text("x") * 2 + b"s", "into an object of type list"),
        ("append to an array", array() + text("x") + b"a", "into an object"),
        ("a list in itself", b"]q\0h\0a", "that others hold"),
        ("a key that is a tuple", b"})Ns", "a key"), ("a key that is a number", b"}K\x01Ns", "a key")):
    HOSTILE[_label] = _body, tuple(_words)
for _kind in ("O", "O8", "V8", "S4", "U4", "M8", "m8", "M8[ns]", "c8", "b1", "f16", "?", "f4,f4", "(2,)f4",
              "<f4", "f3", "object", "i4\n", "\u0664f", ""):
    HOSTILE["dtype " + repr(_kind)] = dtype(_kind), ("numpy.dtype", _kind.strip("\n"))


def state(*items):
    return many(*items) + b"b"


MINUS, NONE = number(-1), b"N"
for _label, _state, _word in (
        ("flags", state(number(3), text("|"), b"NNN", MINUS, MINUS, number(0x20)), "flags"),
        ("all flags", state(number(3), text("<"), b"NNN", MINUS, MINUS, number(63)), "flags"),
        ("a size", state(number(3), text("<"), b"NNN", number(1 << 20), number(1), number(0)), "size"),
        ("a subarray", state(number(3), text("<"), many(dtype(), many(number(2))), b"NN", MINUS, MINUS,
                             number(0)), "subarray"),
        ("names", state(number(3), text("<"), NONE, many(text("a")), NONE, MINUS, MINUS, number(0)),
         "names"),
        ("fields", state(number(3), text("<"), b"NN", b"}" + text("a") + many(
            dtype(), number(0)) + b"s", MINUS, MINUS, number(0)), "fields"),
        ("metadata", state(number(4), text("<"), b"NNN", MINUS, MINUS, number(0), b"}"), "metadata"),
        ("a unit of time", state(number(4), text("<"), b"NNN", MINUS, MINUS, number(0), many(
            NONE, many(data(b"ns"), number(1), number(1), number(1)))), "version"),
        ("an old state", state(number(1), text("<"), b"NN"), "version"),
        ("a byte order", state(number(3), text("="), b"NNN", MINUS, MINUS, number(0)), "order"),
        ("no byte order", state(number(3), text("|"), b"NNN", MINUS, MINUS, number(0)), "order"),
        ("a dict", b"}b", "version"), ("a list", b"]b", "version")):
    HOSTILE["a dtype's state: " + _label] = dtype(state=_state), ("numpy.dtype", _word)
HOSTILE["an object array of names"] = array(
    dtype("O8", state(number(3), text("|"), b"NNN", MINUS, MINUS, number(63))),
    content=(b"](" + name("os", "system") + b"e",)), ("O8",)
HOSTILE["a version of an array"] = array(version=2), ("version",)
HOSTILE["an array of another class"] = array(start=many(DTYPE, many(number(0)), data(b"b"))), ("unknown",)
HOSTILE["an array with a size"] = array(start=many(ARRAY, many(number(9)), data(b"b"))), ("unknown",)

DAMAGED = {
    "too few numbers": array(content=bytes(7)), "too many numbers": array(content=bytes(12)),
    "a negative size": array(shape=(-1, -2)), "a huge shape": array(shape=(1 << 30,) * 8),
    "many dimensions": array(shape=(1,) * 9, content=bytes(4)),
    "a dtype without its order": array(dtype(build=False)),
    "text for a dtype": array(text("<f4")), "an array for a dtype": array(array()),
    "a call without a tuple": DTYPE + b"](" + text("f4") + b"eR",
    "no array yet": name("numpy.core.multiarray", "_reconstruct") + many(
        ARRAY, many(number(0)), data(b"b")) + b"R",
    "an empty stack": b"0000", "a mark": b"t", "a memo": b"h\x05", "a far memo": b"Nr\xff\xff\xff\xff",
    "a key alone": b"}(" + text("x") + b"u", "an opcode": b"\xff", "a protocol": b"\x80\x06",
    "a frame": b"\x95" + b"\xff" * 8, "negative text": b"T\xff\xff\xff\xff",
    "a huge integer": b"\x8a\xff" + bytes(255), "a long number": b"I" + b"9" * 5000 + b"\n",
    "a huge text": b"\x8d" + b"\xff" * 8, "no UTF-8": b"X\x01\0\0\0\xff", "no quotes": b"Sabc\n",
    "deep": b"]" * 100 + b"a" * 99, "deep tuples": b")" + b"\x85" * 100,
    "no number": b"Fabc\n", "text without an end": b"Vabc"}


@case
def what_is_not_on_the_list_is_refused_by_name():
    require(len(HOSTILE) >= 100, "only %d" % len(HOSTILE))
    for label, (body, words) in HOSTILE.items():
        try:
            refused(lambda: array_pickle.load(whole(body)), "refused", *words)
            refused(lambda: array_pickle.load(b"\x80\x02" + body + b"."), *words)
        except AssertionError as error:
            raise AssertionError("%s: %s" % (label, error)) from None
    require(not os.path.exists(MARK), "a pickle ran a program")


@case
def what_is_damaged_is_refused():
    for label, body in DAMAGED.items():
        try:
            refused(lambda: array_pickle.load(whole(body)), "damaged")
        except AssertionError as error:
            raise AssertionError("%s: %s" % (label, error)) from None


@case
def work_is_bounded_by_the_size():
    """Doubling tuples, text that is used over and over, memos and steps without end."""
    doubled = b")" + b"q\0h\0\x86" * 60
    array_pickle.load(whole(doubled))  # as values they cost nothing
    refused(lambda: array_pickle.load(b"\x80\x02}" + doubled + b"Ns."), "a key")
    again = b"X" + struct.pack("<I", 100000) + b"a" * 100000 + b"q\0" + (
        b"0" + name("_codecs", "encode") + b"h\0" + text("latin1") + b"\x86R") * 1000
    start = time.process_time()
    refused(lambda: array_pickle.load(b"\x80\x02" + again + b"."), "over and over")
    refused(lambda: array_pickle.load(b"N" * (pickle_reader.MAX_STEPS + 10)), "steps")
    require(time.process_time() - start < 60, "it took %f s" % (time.process_time() - start))


# ---- class names ----

def npy(body, header="{'descr': '|O', 'fortran_order': False, 'shape': (2,), }"):
    header = header.ljust(117) + "\n"
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header.encode() + body


@case
def labels_are_text_and_nothing_else():
    made = io.BytesIO()
    np.save(made, np.array(["one", "two"], object), allow_pickle=True)
    require(read_labels(made.getvalue(), "l") == ["one", "two"], "an array of objects")
    objects = dtype("O8", state(number(3), text("|"), b"NNN", MINUS, MINUS, number(63)))
    words = b"](" + data(b"one") + text("two") + b"e"
    require(read_labels(npy(b"\x80\x02" + array(objects, content=(words,)) + b"."), "l") == [
        "one", "two"], "by hand")
    for body, *said in ((array(objects, content=(b"](" + text("one") + number(2) + b"e",)), "no text"),
                        (array(objects, content=(b"](" + text("one") + b"e",)), "no text"),
                        (array(objects), "no text"), (array(), "no list"),
                        (name("os", "system") + CALL, "os.system"),
                        (dtype("O8", state(number(3), text("|"), b"NNN", MINUS, MINUS, number(0x20))),
                         "flags"), (b"N", "no list")):
        refused(lambda: read_labels(npy(b"\x80\x02" + body + b"."), "l.npy"), "l.npy", *said)
    for header in ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }",
                   "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }",
                   "{'descr': '|S9999999', 'fortran_order': False, 'shape': (2,), }",
                   "{'descr': '|S1', 'fortran_order': False, 'shape': (99999999999999999999,), }",
                   "{'descr': '|S1', 'fortran_order': False, 'shape': (3,), }", "(" * 100, ""):
        refused(lambda: read_labels(npy(b"ab", header), "l.npy"), "l.npy")


main()
