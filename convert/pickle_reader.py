"""pickle_reader.py - interprets a pickle's opcodes to plain data and runs nothing of it.

A pickle is a program: Python's own machine calls any function that the file names. This one has no
way to call them. What a file names is looked up in a table of the caller's, {(module, name): make},
whose functions are ours; every other name, and every opcode that would make an object of a class,
is refused by name. Lists, dicts, tuples, text, bytes, numbers, booleans and None need no table.

Bounds: steps, memo and depth by the constants below, integers by 16 bytes, keys are text or bytes;
what is read is never longer than the file. So the time is linear in the file's size."""
import codecs
import struct

from graph import ConvertError

MAX_STEPS = 1 << 20    # opcodes; a network's pickle has some ten thousand
MAX_DEPTH = 64         # containers in containers
MAX_NAME = 200         # bytes of a module's or function's name
MAX_NUMBER = 40        # characters of a number that is written as text
MAX_INTEGER_BYTES = 16
USES = 4               # of each byte by calls; text that is encoded and then taken needs two
_SIZED = (str, bytes, list, dict, tuple)


def refuse(what):
    raise ConvertError("the pickle wants %s: refused, only plain arrays are read" % what)


def damaged(why):
    raise ConvertError("the pickle is damaged (%s)" % why)


class Name:
    """A name that the file mentions and the table knows. make(arguments) stands for the call of it;
    it gets a tuple and returns data or a Part. None: the name can only be an argument."""

    def __init__(self, module, name, make):
        self.text, self.make = "%s.%s" % (module, name), make


class Part:
    """What a make returns while its value still lacks something that BUILD brings."""

    def build(self, state):
        """Takes the state that the file gives, plain data. ConvertError."""
        raise NotImplementedError

    def value(self):
        """The finished value, which is what containers and arguments get. ConvertError."""
        raise NotImplementedError


class _Arguments(tuple):
    """A tuple with a Name in it: good for a call alone."""


def _described(item):
    return item.text if isinstance(item, Name) else "an object of type %s" % type(item).__name__


def check_key(key):
    """Keys of dicts are text or bytes: others could be made to collide, or nest."""
    if type(key) not in (str, bytes):
        refuse("a key that is %s" % _described(key))


class Interpreter:
    """data: bytes; names: the table; persistent: function of a persistent id, or None."""
    attributes = frozenset()  # names of attributes that a file may set on a dict; they are ignored
    check_key = staticmethod(check_key)

    def __init__(self, data, names, persistent=None, start=0):
        self.data, self.names, self.persistent = data, names, persistent
        self.position = start  # after run(): behind the pickle
        self.stack, self.marks, self.memo = [], [], {}
        self.depths = {}       # id of a container -> (the container, its depth)
        self.closed = set()    # ids of lists and dicts that others hold: they change no more
        self.left = USES * len(data) + MAX_DEPTH

    def run(self):
        """The pickle's object. ConvertError."""
        try:
            for _ in range(MAX_STEPS):
                code = self.take(1)
                if code == b".":
                    return self.plain(self.pop())
                step = _STEPS.get(code)
                if step is None:
                    damaged("there is no opcode 0x%02x" % code[0])
                step(self)
        except (ValueError, OverflowError) as error:
            damaged(error)
        damaged("more than %d steps" % MAX_STEPS)

    # ---- the file ----

    def take(self, size):
        if size > len(self.data) - self.position:
            damaged("it ends in the middle")
        self.position += size
        return self.data[self.position - size:self.position]

    def number(self, form):
        return struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))[0]

    def sized(self, form):
        """Bytes behind a number that is their count."""
        size = self.number(form)
        if size < 0:
            damaged("a negative size")
        return self.take(size)

    def line(self, limit=None):
        end = self.data.find(b"\n", self.position)
        if end < 0 or (limit and end - self.position > limit):
            damaged("a line without an end")
        return self.take(end - self.position + 1)[:-1]

    # ---- the stack ----

    def push(self, item, depth=1):
        if type(item) in (list, dict, tuple, _Arguments):
            if depth > MAX_DEPTH:
                damaged("nested deeper than %d" % MAX_DEPTH)
            self.depths[id(item)] = item, depth
        self.stack.append(item)

    def pop(self):
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            damaged("its stack is empty")
        return self.stack.pop()

    def pop_mark(self):
        """The items above the last mark."""
        if not self.marks:
            damaged("a mark is missing")
        start = self.marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items

    def depth_of(self, items):
        return max((self.depths[id(item)][1] for item in items if id(item) in self.depths),
                   default=0)

    def plain(self, item):
        """item as a container or the caller may have it."""
        if isinstance(item, Part):
            item = item.value()
        if isinstance(item, _Arguments):
            item = next(part for part in item if isinstance(part, Name))
        if isinstance(item, Name):
            refuse("%s as a value" % item.text)
        if type(item) in (list, dict):
            self.closed.add(id(item))
        return item

    def extend(self, kind, items):
        """The list or dict on top of the stack, to put items into."""
        holder = self.stack[-1] if self.stack else None
        if type(holder) is not kind:
            refuse("to put items into %s" % _described(holder))
        if id(holder) in self.closed:
            refuse("to change a container that others hold")
        depth = max(1 + self.depth_of(items), self.depths[id(holder)][1])
        if depth > MAX_DEPTH:
            damaged("nested deeper than %d" % MAX_DEPTH)
        self.depths[id(holder)] = holder, depth
        return holder

    def spend(self, items):
        """A call reads what it is given, and may be given the same again and again."""
        self.left -= sum(len(item) for item in items if type(item) in _SIZED)
        if self.left < 0:
            damaged("it uses its contents over and over")

    # ---- what several opcodes share ----

    def append(self, items):
        items = [self.plain(item) for item in items]
        self.extend(list, items).extend(items)

    def set_items(self, items):
        if len(items) % 2:
            damaged("a key without a value")
        items = [self.plain(item) for item in items]
        for key in items[::2]:
            self.check_key(key)
        self.extend(dict, items).update(zip(items[::2], items[1::2]))

    def make_tuple(self, items):
        items = [item if isinstance(item, Name) else self.plain(item) for item in items]
        kind = _Arguments if any(isinstance(item, Name) for item in items) else tuple
        self.push(kind(items), 1 + self.depth_of(items))

    def put(self, index):
        if not 0 <= index < MAX_STEPS or not self.stack:
            damaged("entry %d of its memo" % index)
        self.memo[index] = self.stack[-1]

    def get(self, index):
        if index not in self.memo:
            damaged("entry %d of its memo is missing" % index)
        self.stack.append(self.memo[index])

    def look_up(self, module, name):
        if type(module) is not str or type(name) is not str:
            damaged("a name that is no text")
        if (module, name) not in self.names:
            refuse(("%s.%s" % (module, name))[:2 * MAX_NAME])
        self.stack.append(Name(module, name, self.names[module, name]))

    def reduce(self):
        arguments, function = self.pop(), self.pop()
        if not isinstance(function, Name) or function.make is None:
            refuse("to call %s" % _described(function))
        if not isinstance(arguments, tuple):
            damaged("arguments that are no tuple")
        self.spend(arguments)
        self.push(function.make(arguments), 1 + self.depth_of([arguments]))

    def build(self):
        state, target = self.pop(), self.pop()
        if type(target) is dict and type(state) is dict and state and self.attributes >= set(state):
            return self.stack.append(target)
        if not isinstance(target, Part):
            refuse("to set the state of %s" % _described(target))
        state = self.plain(state)
        self.spend(state if isinstance(state, tuple) else (state,))
        target.build(state)
        self.stack.append(target)

    def persistent_id(self, name):
        if self.persistent is None:
            refuse("the persistent id %s" % (repr(name)[:MAX_NAME] if isinstance(
                name, (str, int)) else _described(name)))
        self.push(self.persistent(name))


# ---- the opcodes, by protocol ----

def _integer(data):
    if len(data) > MAX_INTEGER_BYTES:
        damaged("an integer of %d bytes" % len(data))
    return int.from_bytes(data, "little", signed=True)


def _integer_line(machine):
    text = machine.line(MAX_NUMBER)
    return text == b"01" if text in (b"00", b"01") else int(text.decode("ascii").rstrip("L"))


def _quoted(machine):
    text = machine.line()
    if len(text) < 2 or text[:1] != text[-1:] or text[:1] not in (b"'", b'"'):
        damaged("a string without quotes")
    return codecs.escape_decode(text[1:-1])[0].decode("latin1")


def _name_line(machine):
    return machine.line(MAX_NAME).decode("utf-8")


def _global(machine):
    machine.look_up(_name_line(machine), _name_line(machine))


def _stack_global(machine):
    name, module = machine.pop(), machine.pop()
    machine.look_up(module, name)


def _instance(machine):
    refuse("to make %s.%s (INST)" % (_name_line(machine), _name_line(machine)))


def _frame(machine):
    if machine.number("Q") > len(machine.data) - machine.position:
        damaged("a frame passes its end")


def _protocol(machine):
    version = machine.number("B")
    if version > 5:
        damaged("protocol %d is not known" % version)


def _list(machine):
    items = machine.pop_mark()
    machine.push([])
    machine.append(items)


def _dict(machine):
    items = machine.pop_mark()
    machine.push({})
    machine.set_items(items)


def _set_item(machine):
    value, key = machine.pop(), machine.pop()
    machine.set_items([key, value])


def _tuple(count):
    def step(machine):
        machine.make_tuple([machine.pop() for _ in range(count)][::-1])
    return step


def _duplicate(machine):
    machine.stack += [machine.pop()] * 2


def _pop(machine):
    at_mark = machine.marks and machine.marks[-1] == len(machine.stack)
    (machine.marks if at_mark else machine).pop()  # as pickle does: at a mark it takes the mark


def _object(what, below):
    """An opcode that makes an object of a class: the first item above the mark, or so many from the
    top."""
    def step(machine):
        items = machine.stack[-below:] if below else machine.pop_mark()
        refuse("to make %s (%s)" % (_described(items[0]) if items else "nothing", what))
    return step


def _extension(what, form):
    def step(machine):
        refuse("%s %d" % (what, machine.number(form)))
    return step


def _refused(what):
    return lambda machine: refuse(what)


def _push(read):
    return lambda machine: machine.push(read(machine))


def _text(form):
    return _push(lambda machine: machine.sized(form).decode("utf-8", "surrogatepass"))


def _old_text(form):
    return _push(lambda machine: machine.sized(form).decode("latin1"))


_STEPS = {
    # structure
    b"\x80": _protocol, b"\x95": _frame, b"0": _pop, b"2": _duplicate,
    b"(": lambda machine: machine.marks.append(len(machine.stack)),
    b"1": lambda machine: machine.pop_mark(),
    b"p": lambda machine: machine.put(_integer_line(machine)),
    b"q": lambda machine: machine.put(machine.number("B")),
    b"r": lambda machine: machine.put(machine.number("I")),
    b"\x94": lambda machine: machine.put(len(machine.memo)),
    b"g": lambda machine: machine.get(_integer_line(machine)),
    b"h": lambda machine: machine.get(machine.number("B")),
    b"j": lambda machine: machine.get(machine.number("I")),
    # numbers
    b"N": _push(lambda machine: None),
    b"\x88": _push(lambda machine: True), b"\x89": _push(lambda machine: False),
    b"I": _push(_integer_line), b"L": _push(_integer_line),
    b"J": _push(lambda machine: machine.number("i")),
    b"K": _push(lambda machine: machine.number("B")),
    b"M": _push(lambda machine: machine.number("H")),
    b"\x8a": _push(lambda machine: _integer(machine.sized("B"))),
    b"\x8b": _push(lambda machine: _integer(machine.sized("i"))),
    b"F": _push(lambda machine: float(machine.line(MAX_NUMBER))),
    b"G": _push(lambda machine: struct.unpack(">d", machine.take(8))[0]),
    # text and bytes; S, T and U are Python 2's strings
    b"S": _push(_quoted), b"T": _old_text("i"), b"U": _old_text("B"),
    b"V": _push(lambda machine: machine.line().decode("raw-unicode-escape")),
    b"X": _text("I"), b"\x8c": _text("B"), b"\x8d": _text("Q"),
    b"B": _push(lambda machine: machine.sized("I")),
    b"C": _push(lambda machine: machine.sized("B")),
    b"\x8e": _push(lambda machine: machine.sized("Q")),
    # containers
    b"]": _push(lambda machine: []), b"}": _push(lambda machine: {}), b"l": _list, b"d": _dict,
    b"a": lambda machine: machine.append([machine.pop()]),
    b"e": lambda machine: machine.append(machine.pop_mark()),
    b"s": _set_item, b"u": lambda machine: machine.set_items(machine.pop_mark()),
    b")": _tuple(0), b"\x85": _tuple(1), b"\x86": _tuple(2), b"\x87": _tuple(3),
    b"t": lambda machine: machine.make_tuple(machine.pop_mark()),
    # names and what is done with them
    b"c": _global, b"\x93": _stack_global,
    b"R": lambda machine: machine.reduce(), b"b": lambda machine: machine.build(),
    b"P": lambda machine: machine.persistent_id(_name_line(machine)),
    b"Q": lambda machine: machine.persistent_id(machine.pop()),
    # never: objects of classes, and types that no network's weights have
    b"i": _instance,
    b"o": _object("OBJ", 0), b"\x81": _object("NEWOBJ", 2), b"\x92": _object("NEWOBJ_EX", 3),
    b"\x82": _extension("EXT1", "B"), b"\x83": _extension("EXT2", "H"),
    b"\x84": _extension("EXT4", "i"),
    b"\x8f": _refused("a set"), b"\x90": _refused("a set"), b"\x91": _refused("a frozenset"),
    b"\x96": _refused("a bytearray"), b"\x97": _refused("a buffer of another file"),
    b"\x98": _refused("a buffer of another file"),
}
