#!/usr/bin/python3
"""tests/fma_share.py OBJECT...: what the hot loop of a kernel is made of.

The hot loop is the innermost loop with the most multiply-adds (FMAs; on 32-bit ARM vmla too; of bytes
on ARM all that multiplies or adds products). Prints for each object its instructions, FMAs, loads,
stores and the share of FMAs; -l prints the loop too. Knows the objects of x86-64, AArch64 and 32-bit
ARM. test_kernels_neon.py holds kernels to the figures of their design."""
import collections
import re
import shutil
import subprocess
import sys

OBJDUMP = {0x3e: ("x86_64-linux-gnu-objdump", "objdump"), 0xb7: ("aarch64-linux-gnu-objdump",),
           0x28: ("arm-linux-gnueabihf-objdump",)}
FMA = re.compile(r"fml[as]|v(f|fn)m[as]\.f32|vml[as]\.f32|vfn?m(add|sub)\d{3}p[sd]"
                 r"|[us]{1,2}(dot|mmla)|[us](mull|mlal)2?\s+v|[us]adalp|v(mull|mlal|padal)\.[us]")
BRANCH = re.compile(r"(?!bl$|blx$|blr$|bic|bif|bit|bsl|bfi|bfx|bfc|bs)(j|b|cb|tb|loop)")
TARGET = re.compile(r"\b([0-9a-f]+) <")

Instruction = collections.namedtuple("Instruction", "address name operands")
Loop = collections.namedtuple("Loop", "function body instructions fmas loads stores")


def objdump_of(path):
    """The disassembler for an object, or None if it is not installed."""
    with open(path, "rb") as file:
        header = file.read(20)
    if header[:4] != b"\x7fELF":
        raise SystemExit("%s: not an object file; give the .o of a kernel" % path)
    machine = int.from_bytes(header[18:20], "little")
    names = OBJDUMP.get(machine)
    if names is None:
        raise SystemExit("%s: for machine 0x%x, of which nothing is known here" % (path, machine))
    return next((name for name in names if shutil.which(name)), None)


def functions(path):
    """Yields (name, [Instruction]) for each function of an object."""
    text = subprocess.run([objdump_of(path), "-d", "--no-show-raw-insn", path], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    name, code = None, []
    for line in text.split("\n"):
        label = re.match(r"[0-9a-f]+ <(.*)>:", line)
        step = re.match(r"\s*([0-9a-f]+):\s+(\S+)\s*(.*)", line)
        if label:
            yield name, code
            name, code = label.group(1), []
        elif step:
            code.append(Instruction(int(step.group(1), 16), step.group(2), step.group(3)))
    yield name, code


def spans(code):
    """(first, last) index of each innermost loop: a backward branch with no other inside."""
    at = {instruction.address: i for i, instruction in enumerate(code)}
    found = set()
    for i, instruction in enumerate(code):
        target = TARGET.search(instruction.operands)
        if target and BRANCH.match(instruction.name):
            first = at.get(int(target.group(1), 16))
            if first is not None and first <= i:
                found.add((first, i))
    return [a for a in found if not any(a != b and a[0] <= b[0] and b[1] <= a[1] for b in found)]


def memory(instruction):
    """"load", "store" or None. On x86 a load may be an operand of any instruction; a store has its
    memory last (AT&T order)."""
    name, operands = instruction.name, instruction.operands.split("#")[0]
    if "%" not in operands:
        kind = re.match(r"v?(ld|st|push|pop)", name)
        return None if not kind else "load" if kind.group(1) in ("ld", "pop") else "store"
    if "(" not in operands or name.startswith(("lea", "nop", "prefetch", "j")):
        return None
    stores = operands.rstrip().endswith(")") and not name.startswith(("cmp", "test", "vucom"))
    return "store" if stores and "," in operands else "load"


def innermost_loops(path):
    """Each innermost Loop of an object that has FMAs."""
    loops = []
    for name, code in functions(path):
        for first, last in spans(code):
            body = code[first:last + 1]
            kinds = collections.Counter(memory(instruction) for instruction in body)
            fmas = sum(bool(FMA.match("%s %s" % instruction[1:])) for instruction in body)
            loops.append(Loop(name, body, len(body), fmas, kinds["load"], kinds["store"]))
    return [loop for loop in loops if loop.fmas]


def hot_loop(path):
    """The innermost loop with the most FMAs; the shortest of several. None if no loop has any."""
    return max(innermost_loops(path), key=lambda loop: (loop.fmas, -loop.instructions), default=None)


def main():
    paths = [word for word in sys.argv[1:] if word != "-l"]
    if not paths:
        raise SystemExit(__doc__)
    print("%-40s %6s %6s %6s %6s %7s" % ("object", "instr.", "FMAs", "loads", "stores", "share"))
    for path in paths:
        tool = objdump_of(path)
        loop = hot_loop(path) if tool else None
        short = "/".join(path.split("/")[-2:])
        if loop is None:
            print("%-40s %s" % (short, "no loop with FMAs" if tool else "no objdump for it"))
            continue
        print("%-40s %6d %6d %6d %6d %6.1f %%" % (short, loop.instructions, loop.fmas, loop.loads,
                                                  loop.stores, 100 * loop.fmas / loop.instructions))
        for instruction in loop.body if "-l" in sys.argv else ():
            print("    %s %s" % (instruction.name, instruction.operands))


if __name__ == "__main__":
    main()
