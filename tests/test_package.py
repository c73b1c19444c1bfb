#!/usr/bin/python3
"""What is installed and taken away again, by make and as Debian packages, and the shells' completion, which names every verb and option
that the program's help names."""
import os
import re
import shutil
import subprocess

from check import BUILD, ROOT, SHARED, case, main, only_one, require, run, skip, temp_folder
from people_file import people_file, person
from program import FACEID, environment

PACKAGE = os.path.join(ROOT, "app", "package")


def make(*words):
    """make, of what is built, with any switches."""
    build = os.path.relpath(BUILD, ROOT)
    with only_one("install"):
        done = run("make", "-s", "-C", ROOT, "BUILT=1", "BUILD=" + build, "WEIGHTS=no", *words)
    require(done.returncode == 0, done.stderr)
    return done


def files_under(folder):
    return sorted(os.path.relpath(os.path.join(at, name), folder)
                  for at, _, names in os.walk(folder) for name in names)


def gets_models(program):
    """The program lists models, and converts one with what was installed with it."""
    env = environment()
    said = run(program, "model", "get", env=env)
    require(said.returncode == 0 and "\nyunet " in said.stdout, said.stdout + said.stderr)
    path = os.path.join(SHARED, "models/yunet/yunet_n_dynamic.onnx")
    if os.path.exists(path):
        said = run(program, "model", "get", "yunet", "--file", path, env=env)
        require(said.returncode == 0, said.stdout + said.stderr)
        require(os.path.exists(os.path.join(env["XDG_DATA_HOME"], "faceid/models/yunet.fid")), said.stdout)


# ---- installation ----

@case
def install_and_uninstall():
    root = temp_folder()
    make("install", "DESTDIR=" + root)
    there = files_under(root)
    for name in ("bin/faceid", "include/fid.h", "include/fid/model.h", "lib/libfaceid.a", "lib/libfaceid.so",
                 "lib/pkgconfig/faceid.pc", "share/man/man1/faceid.1", "share/man/man3/libfaceid.3",
                 "share/zsh/site-functions/_faceid", "share/bash-completion/completions/faceid",
                 "share/fish/vendor_completions.d/faceid.fish", "lib/faceid/weights/get",
                 "lib/faceid/weights/SOURCES", "lib/faceid/convert/convert.py", "lib/faceid/convert/cards/arcface.toml"):
        require("usr/local/" + name in there, "%s is not among %s" % (name, there))
    for at, folders, names in os.walk(root):
        for name in names:
            mode = os.lstat(os.path.join(at, name)).st_mode
            require(not mode & 0o022 or os.path.islink(os.path.join(at, name)), name + " is writable for others")
    said = run(os.path.join(root, "usr/local/bin/faceid"), "--version", env=environment())
    require(said.returncode == 0 and said.stdout.startswith("faceid "), said.stderr)
    gets_models(os.path.join(root, "usr/local/bin/faceid"))
    own = os.path.join(root, "usr/local/share/faceid/own.fid")
    os.makedirs(os.path.dirname(own), exist_ok=True)
    open(own, "w").close()
    said = make("uninstall", "DESTDIR=" + root).stdout
    require(own in said and "no models of this clone" in said, said)
    require(files_under(root) == ["usr/local/share/faceid/own.fid"], "left: %s" % files_under(root))
    os.remove(own)
    require(make("uninstall", "DESTDIR=" + root).stdout == "" and not os.path.exists(os.path.dirname(own)), "a folder")
    require(make("uninstall", "DESTDIR=" + root).stdout == "", "said of a folder that is not there")


@case
def install_elsewhere():
    root = temp_folder()
    make("install", "DESTDIR=" + root, "LIBDIR=/usr/local/lib/some-arch", "ZSHDIR=/usr/local/zsh")
    there = files_under(root)
    require("usr/local/lib/some-arch/libfaceid.a" in there and "usr/local/zsh/_faceid" in there, str(there))
    with open(root + "/usr/local/lib/some-arch/pkgconfig/faceid.pc") as file:
        require("libdir=/usr/local/lib/some-arch\n" in file.read(), "faceid.pc has another libdir")


@case
def the_linker_is_told_of_the_library():
    """Else a program that is linked with it does not start; a copy below DESTDIR is not for this machine."""
    require("ldconfig" in make("-n", "install").stdout, "no ldconfig")
    require("ldconfig" not in make("-n", "install", "DESTDIR=" + temp_folder()).stdout, "ldconfig for another root")


@case
def a_build_uses_all_cores_where_nobody_said_otherwise():
    clean = {k: v for k, v in os.environ.items() if k not in ("BUILD", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")}

    rules = os.path.join(temp_folder(), "say.mk")
    with open(rules, "w") as file:
        file.write("include Makefile\nsay: ; @echo 'flags $(MAKEFLAGS)'\n")

    def jobs(*words, **env):
        done = run("make", "-s", "-C", ROOT, "-f", rules, "say", *words, env={**clean, **env})
        require(done.returncode == 0, done.stderr)
        return re.findall(r" -j(\d+)", re.search("flags.*", done.stdout).group())
    cores = str(len(os.sched_getaffinity(0)))
    require(jobs() == [cores], str(jobs()))
    require(jobs("-j1") == ["1"] and jobs("-j3") == ["3"] and jobs(MAKEFLAGS="-j3") == ["3"], "the user's -j is lost")
    require(jobs(MAKELEVEL="1") == [], "a make inside of a make has jobs of its own")
    require(jobs("clean", "-n") == [], "clean beside another goal")


# ---- Debian packages ----

def debs(made=[]):
    """The three packages, built once."""
    if not made:
        for tool in ("dpkg-deb", "dpkg-shlibdeps"):
            if not shutil.which(tool):
                skip("no " + tool)
        done = make("deb")
        made.extend(done.stdout.split())
    return made


@case
def packages_are_three_and_say_what_they_need():
    fields = {}
    for path in debs():
        lines = run("dpkg-deb", "-f", path).stdout.split("\n")
        fields[os.path.basename(path).split("_")[0]] = dict(re.findall(r"^(\S+): (.*)$", "\n".join(lines), re.M))
    library = next(name for name in fields if re.fullmatch(r"libfaceid[0-9.]+", name))
    require(set(fields) == {"faceid", library, "libfaceid-dev"}, str(sorted(fields)))
    for name in ("faceid", library):
        for needed in ("libc6", "libjpeg62-turbo", "libsqlite3-0"):
            require(needed in fields[name]["Depends"], "%s: %s" % (name, fields[name]["Depends"]))
    require("sdl" not in fields[library]["Depends"], fields[library]["Depends"])
    require(library + " (= " in fields["libfaceid-dev"]["Depends"], fields["libfaceid-dev"]["Depends"])


@case
def packages_are_installed_and_leave_nothing():
    if os.geteuid() != 0:
        skip("dpkg installs for root alone")
    root = temp_folder()
    for folder in ("info", "updates", "triggers", "parts"):
        os.makedirs(os.path.join(root, "var/lib/dpkg", folder))
    for name in ("status", "available"):
        open(os.path.join(root, "var/lib/dpkg", name), "w").close()
    dpkg = ["dpkg", "--root=" + root, "--force-depends", "--log=/dev/null"]
    done = run(*dpkg, "-i", *debs())
    require(done.returncode == 0, done.stdout + done.stderr)
    there = [name for name in files_under(root) if not name.startswith("var/lib/dpkg")]
    require({"usr/bin/faceid", "usr/include/fid.h", "usr/include/fid/model.h"} <= set(there), str(there))
    said = run(os.path.join(root, "usr/bin/faceid"), "--version", env=environment())
    require(said.returncode == 0, said.stderr)
    gets_models(os.path.join(root, "usr/bin/faceid"))
    names = [os.path.basename(path).split("_")[0] for path in debs()]
    done = run(*dpkg, "--purge", *names)
    require(done.returncode == 0, done.stdout + done.stderr)
    left = [name for name in files_under(root) if not name.startswith("var/lib/dpkg")]
    require(left == [] and not os.path.exists(root + "/usr"), "left: %s" % left)


@case
def packages_are_what_debian_expects():
    if not shutil.which("lintian"):
        skip("no lintian")
    done = run("lintian", "--allow-root", "--fail-on", "error,warning", *debs())
    require(done.returncode == 0, done.stdout + done.stderr)


# ---- completion ----

def helped():
    """{verb: its long options} as the help has them."""
    def ask(*words):
        return subprocess.run([FACEID, *words], stdout=subprocess.PIPE, text=True, check=True).stdout
    listed = re.search(r"^Verbs.*:\n((?:  .*\n)+)", ask("--help"), re.M).group(1)
    return {verb: re.findall(r"^ +(?:-\w, +)?(--[a-z0-9-]+)", ask(verb, "--help").split("\nOptions:\n")[1], re.M)
            for verb in re.findall(r"^  ([\w-]+)", listed, re.M)}


def in_bash(*words):
    """What bash's completion offers behind these words, the last one begun."""
    script = """source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _faceid
                printf '%s\\n' "${COMPREPLY[@]}" """
    done = run("bash", "-c", script, "bash", os.path.join(PACKAGE, "faceid.bash"), FACEID, *words)
    require(done.returncode == 0 and done.stderr == "", done.stderr)
    return done.stdout.split()


def in_zsh(*words):
    """The same of zsh's, whose two helpers print what they are given."""
    if not shutil.which("zsh"):
        skip("no zsh")
    script = """_describe() { print -l -- "${(@P)@[-1]}" }; _files() { print :files }
                at=$1; shift; words=("$@"); CURRENT=$#; source $at"""
    done = run("zsh", "-f", "-c", script, "zsh", os.path.join(PACKAGE, "_faceid"), FACEID, *words)
    require(done.returncode == 0 and done.stderr == "", done.stderr)
    return [line.split(":")[0] or line for line in done.stdout.split("\n") if line]


def in_fish(*words):
    """The same of fish's, which wants the command line as a text."""
    if not shutil.which("fish"):
        skip("no fish")
    line = " ".join([FACEID, *words[:-1]]) + " " + words[-1]
    script = "source $argv[1]; complete -C $argv[2]"
    there = temp_folder()
    with open(os.path.join(PACKAGE, "faceid.fish")) as file, open(os.path.join(there, "own.fish"), "w") as own:
        own.write(file.read().replace("-c faceid", "-p " + FACEID))
    done = run("fish", "--no-config", "-c", script, os.path.join(there, "own.fish"), line,
               env={**os.environ, "HOME": there, "XDG_DATA_HOME": there})
    require(done.returncode == 0 and done.stderr == "", done.stderr)
    return [word.split("\t")[0] for word in done.stdout.split("\n") if word]


def names_everything(complete):
    said = helped()
    require(len(said) >= 9, str(said))
    require(set(complete("")) == set(said), "verbs: %s" % complete(""))
    for verb, options in said.items():
        require(len(options) >= 3 and sorted(complete(verb, "--")) == sorted(options),
                "%s: %s" % (verb, complete(verb, "--")))
    require(complete("ident") == ["identify"], str(complete("ident")))
    require(set(complete("model", "")) == {"info", "verify", "pack", "quantize", "limits", "get"}, str(complete("model", "")))
    require("--version" in complete("--v"), str(complete("--v")))


@case
def bash_completion_names_every_verb_and_option():
    require(run("bash", "-n", os.path.join(PACKAGE, "faceid.bash")).returncode == 0, "bash -n")
    names_everything(in_bash)


@case
def zsh_completion_names_every_verb_and_option():
    names_everything(in_zsh)
    require(in_zsh("identify", "--model", "") == [":files"], str(in_zsh("identify", "--model", "")))


@case
def fish_completion_names_every_verb_and_option():
    names_everything(in_fish)


@case
def people_are_offered_where_a_name_stands():
    gallery = os.path.join(temp_folder(), "gallery.db")
    people = os.path.join(temp_folder(), "all.people")
    with open(people, "wb") as out:
        out.write(people_file(person("ana"), person("Ana M"), person("bob")))
    require(run(FACEID, "import", people, "--gallery", gallery, env=environment()).returncode == 0, "no gallery")

    def asked(*words, **more):
        done = run(FACEID, "--complete", *words, env=environment(FACEID_GALLERY=gallery, **more))
        require(done.returncode == 0 and done.stderr == "", done.stderr)
        return [line.split("\t")[0] for line in done.stdout.splitlines()]
    for words in (("show", ""), ("forget", ""), ("rename", ""), ("merge", "ana", ""), ("enroll", ""), ("remove", ""),
                  ("export", "x", ""), ("export", "x", "ana", "bob", ""), ("show", "--json", "")):
        require(asked(*words) == ["ana", "Ana M", "bob"], "%s: %s" % (words, asked(*words)))
    require(asked("show", "b") == ["bob"] and asked("show", "Ana ") == ["Ana M"], str(asked("show", "Ana ")))
    for words in (("rename", "ana", ""), ("show", "ana", ""), ("identify", ""), ("model", "get", "")):
        require("bob" not in asked(*words), "%s: %s" % (words, asked(*words)))
    require(asked("show", "--gallery", gallery + "none", "") == [], "of a gallery that is not there")
    require(asked("show", "", FACEID_KEY_FILE="/dev/null") == [], "with a key file that is none")
    os.environ["FACEID_GALLERY"] = gallery
    try:
        require(in_bash("show", "Ana\\ ") == ["Ana\\", "M"], str(in_bash("show", "Ana\\ ")))
        require(in_zsh("show", "A") == ["Ana M"], str(in_zsh("show", "A")))
        require(in_fish("show", "b") == ["bob"], str(in_fish("show", "b")))
    finally:
        del os.environ["FACEID_GALLERY"]


@case
def files_are_offered_where_one_may_stand():
    def asked(*words):
        return run(FACEID, "--complete", *words).stdout
    for words in (("identify", ""), ("identify", "-m", ""), ("identify", "--json", "a.jpg", "b"),
                  ("model", "info", "x"), ("enroll", "ana", ""), ("backup", "")):
        require(asked(*words) == ":files\n", "%s: %s" % (words, asked(*words)))
    for words in (("list", ""), ("identify", "--threads", ""), ("eval", "lfw", "x", ""), ("nothing", ""),
                  ("identify", "--none"), ()):
        require(":files" not in asked(*words), "%s: %s" % (words, asked(*words)))


main()
