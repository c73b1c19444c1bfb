#!/usr/bin/python3
"""The library as programs of others use it: what libfaceid.so exports is what fid.h declares, it keeps
to itself, and the example programs, built from an installed copy by pkg-config, do their work."""
import ctypes
import glob
import os
import re
import subprocess
import sys

from check import BUILD, ROOT, case, main, need, only_one, require, run, shared, temp_folder
from program import environment, models, png

HEADER = os.path.join(ROOT, "engine", "fid.h")
LIBRARY = os.path.join(BUILD, "libfaceid.so")
EXAMPLES = sorted(glob.glob(os.path.join(ROOT, "engine", "examples", "*.c")))
# What a library that neither prints nor ends the process nor looks around has no use for.
BANNED = {"printf", "vprintf", "puts", "putchar", "perror", "fprintf", "__printf_chk", "__fprintf_chk",
          "stdout", "stderr", "exit", "_exit", "quick_exit", "abort", "getenv", "secure_getenv", "setenv",
          "signal", "sigaction", "setlocale", "srand", "rand", "strtok", "localtime", "gmtime"}


def output(*words):
    return subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout


def declared():
    """The functions of fid.h as a compiler reads it."""
    text = output("gcc", "-E", "-P", HEADER)
    return set(re.findall(r"\b(fid_\w+)\s*\((?!\*)", text[text.index("enum fid_status"):]))


def symbols(*options):
    """[(type, name)] of the shared library."""
    lines = output("nm", "-D", *options, LIBRARY).split("\n")
    return [tuple(line.split()[-2:]) for line in lines if line]


@case
def exports_what_the_header_declares():
    found = {name.split("@@")[0] for kind, name in symbols("--defined-only") if kind != "A"}
    require(len(declared()) > 50, "fid.h is not read well")
    require(found == declared(), "exported alone: %s; declared alone: %s" % (
        sorted(found - declared()), sorted(declared() - found)))


@case
def symbols_have_the_version_and_the_library_its_name():
    for kind, name in symbols("--defined-only"):
        require(kind == "A" or name.endswith("@@FACEID_0"), name + " has no version")
    version = re.search(r'#define FID_VERSION "(\d+\.\d+)\.\d+"', open(HEADER).read()).group(1)
    require("Library soname: [libfaceid.so.%s]" % version in output("readelf", "-d", LIBRARY),
            "no SONAME of version " + version)


@case
def prints_nothing_and_ends_nothing():
    used = {name.split("@")[0] for _, name in symbols("--undefined-only")}
    require("malloc" in used or "aligned_alloc" in used, "the list of symbols is not read well")
    require(not used & BANNED, "the library uses %s" % sorted(used & BANNED))


@case
def keeps_no_globals():
    """What can be written to after the start: the tests' allocation counter and the CPU's features in
    words, which are written before main."""
    found = set()
    for line in output("objdump", "-t", LIBRARY).split("\n"):
        match = re.match(r"^[0-9a-f]+ .{7} \.(?:data|bss|tdata|tbss)\s+([0-9a-f]+)\s+(?:\.hidden )?(\S+)$",
                         line)
        if match and int(match.group(1), 16) and not match.group(2).startswith((".", "completed")):
            found.add(match.group(2))
    require(found == {"allocation_count", "fail_at", "text"}, str(found))


@case
def headers_are_good_cplusplus():
    need("g++")
    parts = glob.glob(os.path.join(ROOT, "engine", "fid", "*.h"))
    require(len(parts) >= 9, str(parts))
    for header in [HEADER, *parts]:
        done = subprocess.run(["g++", "-std=c++11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x", "c++",
                               header], stderr=subprocess.PIPE, text=True)
        require(done.returncode == 0, done.stderr)


@case
def kinds_that_are_none_are_refused():
    library = ctypes.CDLL(LIBRARY)
    runtime, model, rule = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.create_string_buffer(64)
    require(library.fid_runtime_open(ctypes.byref(runtime), None, None) == 0, "no runtime")
    require(library.fid_model_open(runtime, models()[0].encode(), ctypes.byref(model), None) == 0, "no model")
    require(library.fid_rule_default(model, 0, rule, None) == 0, "no rule of cosines")
    require(library.fid_rule_default(model, 77, rule, None) == 1, "a rule of kind 77")


def installed(made={}):
    """The folder that a copy is installed under."""
    if not made:
        need("make", "pkg-config")
        made["at"] = temp_folder()
        build = os.path.relpath(BUILD, ROOT)
        with only_one("install"):
            done = run("make", "-s", "-C", ROOT, "BUILT=1", "BUILD=" + build, "WEIGHTS=no", "install",
                       "DESTDIR=" + made["at"], "PREFIX=/usr/local")
        require(done.returncode == 0, done.stderr)
    return made["at"]


def pkg_config(root, *words):
    return output("env", "PKG_CONFIG_SYSROOT_DIR=" + root,
                  "PKG_CONFIG_PATH=%s/usr/local/lib/pkgconfig" % root, "pkg-config", *words, "faceid").split()


def built(static, made={}):
    """{name: path} of the example programs."""
    if static not in made:
        root, folder = installed(), temp_folder()
        words = pkg_config(root, "--cflags", "--libs", *(["--static"] if static else []))
        if static:
            words = [word if word != "-lfaceid" else "-l:libfaceid.a" for word in words]
        made[static] = {}
        for source in EXAMPLES:
            name = os.path.splitext(os.path.basename(source))[0]
            made[static][name] = os.path.join(folder, name)
            done = run("gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-o", made[static][name], source,
                       *words, "-pthread")
            require(done.returncode == 0, done.stderr)
    return made[static]


def example(name, *words, static=False):
    path = built(static)[name]
    return run(path, *words, env=environment(LD_LIBRARY_PATH=installed() + "/usr/local/lib"))


@case
def examples_are_built_from_an_installed_copy():
    require(len(EXAMPLES) == 3, str(EXAMPLES))
    needed = output("readelf", "-d", built(False)["who"])
    require("libfaceid.so" in needed and "libsqlite3" not in needed, needed)
    require("libfaceid.so" not in output("readelf", "-d", built(True)["who"]), "not static")
    for name in built(False):
        done = example(name)
        require(done.returncode == 2 and done.stdout == "" and done.stderr.startswith(name + " "), done.stderr)


@case
def example_says_what_is_wrong():
    done = example("features", "nothing.fid", "nothing.fid", "nothing.png")
    require(done.returncode == 1 and done.stdout == "" and "nothing.fid" in done.stderr, done.stderr)
    picture = png(os.path.join(temp_folder(), "plain.png"), 320, 240)
    gallery = os.path.join(temp_folder(), "gallery.db")
    done = example("enroll", *models(), gallery, "Nobody", picture)
    require(done.returncode == 0 and done.stdout == "" and "has no face" in done.stderr, done.stderr)
    done = example("who", *models(), gallery, picture)
    require((done.returncode, done.stdout, done.stderr) == (0, "", ""), done.stdout + done.stderr)


@case
def examples_know_who_they_enrolled():
    picture = shared("data/vggface/ajb.jpg")
    stranger = shared("data/clips/gallery/alex_lacamoire/alex-lacamoire.png")
    gallery = os.path.join(temp_folder(), "gallery.db")
    done = example("enroll", *models(), gallery, "Zoë", picture)
    require(done.returncode == 0 and done.stdout == "Zoë: face 1 of %s\n" % picture, done.stdout + done.stderr)
    for static in (False, True):
        done = example("who", *models(), gallery, picture, static=static)
        require(re.search(r"^\S+ \S+ Zoë 1\.000$", done.stdout, re.M), done.stdout + done.stderr)
        done = example("who", *models(), gallery, stranger, static=static)
        require(re.search(r"^\S+ \S+ \? \S+$", done.stdout, re.M), done.stdout + done.stderr)
    numbers = example("features", *models(), picture).stdout
    require(len(numbers.split("\n")[0].split(" ")) >= 128, numbers[:200])
    require(example("features", *models(), picture, static=True).stdout == numbers,
            "the archive's numbers are others than the shared library's")


main()
