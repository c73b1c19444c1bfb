#!/usr/bin/python3
"""Ctrl-C and full disks: an interrupted identification ends with exit 130 after a whole line, what was
done in spite of the signal with its own exit code, and data that could not be written is an error. No
verb outlives the signal, whatever it waits for."""
import fcntl
import glob
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import termios
import time

from check import PATIENCE, case, figure, main, require, run, shared, skip, temp_folder
from people_file import people_file, person
from program import FACEID, TRACED, environment, faceid, models, starter, strace
from small_model import small_model


def interrupt(lines_before, *words):
    """Sends SIGINT, as a terminal does, to identify and its children after some lines; returns the
    lines it had printed."""
    gallery = os.path.join(temp_folder(), "gallery.db")
    child = subprocess.Popen([FACEID, "identify", "--json", "--quiet", *words],
                             env=environment(gallery=gallery, pair=models()), text=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, start_new_session=True)
    try:
        text = "".join(child.stdout.readline() for _ in range(lines_before))
        os.killpg(child.pid, signal.SIGINT)
        rest, said = child.communicate(timeout=PATIENCE)
    finally:
        child.kill()
        child.wait()
    require(child.returncode == 130, "exit %d: %s" % (child.returncode, said))
    text += rest
    require(text.endswith("\n"), "the last line is cut: " + text[-80:])
    return [json.loads(line) for line in text.splitlines()]


@case
def of_a_folder():
    folder, count = temp_folder(), 2000
    for i in range(count):
        os.symlink(shared("data/vggface/ajb.jpg"), os.path.join(folder, "%04d.jpg" % i))
    seen = [os.path.basename(entry["file"]) for entry in interrupt(3, folder)]
    require(3 <= len(seen) < count, "%d of %d pictures" % (len(seen), count))
    require(seen == ["%04d.jpg" % i for i in range(len(seen))], "lines are missing: %s" % seen)


@case
def of_a_clip():
    if shutil.which("ffmpeg") is None:
        skip("no ffmpeg")
    clip = shared("data/clips/michelle1.avi")
    numbers = [entry["frame"] for entry in interrupt(3, "--every", "1", *[clip] * 20)]
    require(3 <= len(numbers) < 20 * 96, "all %d frames were done" % len(numbers))
    require(numbers == [i % 96 for i in range(len(numbers))], "frames are missing: %s" % numbers)


def interrupted_at(call, *words, **options):
    """Runs the program, to which SIGINT comes with its first one of this system call."""
    return run(*strace("-e", "trace=" + call, "-e", "inject=%s:signal=SIGINT:when=1" % call), FACEID, *words,
               env=environment(**options, **TRACED))


@case
def of_what_is_done_all_the_same():
    """All or nothing, and it was all: no script may take that for not done."""
    folder = temp_folder()
    gallery, file, copy, key, rest = (os.path.join(folder, n) for n in ("a.db", "a.people", "b.db", "key", "rest"))
    with open(file, "wb") as out:
        out.write(people_file(person("ana"), person("bob"), person("eva")))
    for call, *words in (("fdatasync", "import", file), ("link", "backup", copy), ("fdatasync", "forget", "ana"),
                         ("rename", "protect", "--new-key", key), ("link", "export", rest, "--key-file", key),
                         ("fdatasync", "rename", "bob", "rob", "--key-file", key),
                         ("rename", "protect", "--off", "--key-file", key)):
        done = interrupted_at(call, *words, gallery=gallery)
        require(done.returncode == 0, "%s: exit %d: %s" % (words, done.returncode, done.stderr))
    listed = faceid("list", gallery=gallery).stdout
    require(listed.startswith("eva\t") and "\nrob\t" in listed, listed)


@case
def of_going_over_to_another_model():
    """Face by face in one transaction: the signal, which comes while the copy is made, ends it before
    the first."""
    gallery, pair = os.path.join(temp_folder(), "gallery.db"), starter() or skip("no starter model can be had")
    pictures = sorted(glob.glob(os.path.join(shared("data/people"), "amy", "*")))[:2]
    done = faceid("enroll", "--keep-crops", "amy", *pictures, gallery=gallery, pair=models())
    require(done.returncode == 0, done.stderr)
    done = interrupted_at("link", "reembed", gallery=gallery, pair=pair)
    require(done.returncode == 130 and "nothing is changed" in done.stderr, "%d: %s" % (
        done.returncode, done.stderr))
    done = faceid("identify", pictures[0], gallery=gallery, pair=models())
    require(done.returncode == 0 and "amy" in done.stdout, done.stdout + done.stderr)


# ---- while it waits ----

ENDS_S = 1  # from the signal to the end; a fault takes for ever


def signalled(number, after, words, code=130, stdin=subprocess.DEVNULL, stdout=None, stderr=subprocess.PIPE):
    """Starts the program, waits for after(process) and sends the signal; it has to end with this code,
    and without a sentence about its own interruption. Returns what it said."""
    process = subprocess.Popen([FACEID, *words], stdin=stdin, stdout=stdout or subprocess.DEVNULL,
                               stderr=stderr, text=True,
                               env=environment(os.path.join(temp_folder(), "gallery.db"), models()))
    try:
        after(process)
        require(process.poll() is None, "%s: ended before the signal: %s" % (words, process.returncode))
        began = time.monotonic()
        process.send_signal(number)
        said = process.communicate(timeout=PATIENCE)[1] or ""
    finally:
        process.kill()
        process.wait()
    figure("end of " + " ".join(words[:3]), time.monotonic() - began, ENDS_S)
    require(process.returncode == code, "%s: exit %d: %s" % (words, process.returncode, said))
    require("Interrupted system call" not in said, said)
    return said


def a_moment(_process):
    time.sleep(1)


def waits(process):
    """It is there, and waits in the kernel: for a reader, a writer or a key."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with open("/proc/%d/wchan" % process.pid, encoding="ascii") as file:
            if re.search("pipe|fifo|wait_for_partner|poll", file.read()):
                return
        time.sleep(0.05)
    time.sleep(1)  # where that is not told


def is_full(reader):
    """Waits until what is written to the pipe stands still."""
    def wait(process):
        before, end = -1, time.monotonic() + PATIENCE
        while time.monotonic() < end and process.poll() is None:
            now = struct.unpack("i", fcntl.ioctl(reader, termios.FIONREAD, b"0000"))[0]
            if now == before and now > 0:
                return
            before = now
            time.sleep(1)
    return wait


def full_pipe(size=4096, filled=False):
    """(reader, writer) of a small pipe that nobody reads."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, size)
    if filled:
        os.write(writer, b" " * fcntl.fcntl(writer, fcntl.F_GETPIPE_SZ))
    return reader, writer


def pictures(count=4000):
    folder = temp_folder()
    for i in range(count):
        os.symlink(shared("data/vggface/ajb.jpg"), os.path.join(folder, "%04d.jpg" % i))
    return folder


def fifo():
    path = os.path.join(temp_folder(), "fifo")
    os.mkfifo(path)
    return path


BOTH = (signal.SIGTERM, signal.SIGINT)


@case
def beside_a_reader_that_stands_still():
    """Of stdout, and of a named pipe for the events. What is in the pipe ends with a whole line."""
    folder, path = pictures(), fifo()
    for number in BOTH:
        for words in (("identify", "--json", folder), ("live", "--headless", "--events-frames", "--loop", "--input", folder),
                      ("live", "--headless", "--events-frames", "--loop", "--input", folder, "--events", path)):
            reader, writer = full_pipe()
            if path in words:
                os.close(reader)
                reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
                fcntl.fcntl(reader, fcntl.F_SETPIPE_SZ, 4096)
            signalled(number, is_full(reader), words, stdout=writer)
            os.close(writer)
            left = os.read(reader, 1 << 16)
            os.close(reader)
            require(left.endswith(b"}\n"), "%s: the last line is cut: %r" % (words, left[-60:]))


@case
def with_output_that_does_not_go_out():
    """The pipe is full from the start, of data or of what is said."""
    folder = temp_folder()
    for number in BOTH:
        for words, said in ((("list",), False), (("cameras",), False), (("doctor",), False),
                            (("model", "info", small_model()), False), (("--help",), False),
                            (("check",), True), (("backup", os.path.join(folder, "copy.db")), True),
                            (("export", os.path.join(folder, "x")), True)):
            reader, writer = full_pipe(filled=True)
            process = subprocess.Popen([FACEID, *words], stdin=subprocess.DEVNULL,
                                       env=environment(os.path.join(folder, "gallery.db"), models()),
                                       stdout=subprocess.DEVNULL if said else writer,
                                       stderr=writer if said else subprocess.DEVNULL)
            os.close(writer)
            began = time.monotonic()
            while process.poll() is None and time.monotonic() - began < 1:
                time.sleep(0.01)
            process.send_signal(number)
            process.wait(timeout=PATIENCE)
            os.close(reader)
            require(process.returncode in (0, 5, 6, 130, -number), "%s: exit %d" % (words, process.returncode))


@case
def before_output_that_does_not_go_out():
    """The signal comes first, so that nothing interrupts the write; it ends all the same."""
    for words in (("doctor",), ("model", "info", small_model()), ("--help",)):
        reader, writer = full_pipe(filled=True)
        began = time.monotonic()
        done = subprocess.run([*strace("-e", "trace=write", "-e", "inject=write:signal=SIGTERM:when=1"), FACEID,
                               *words], stdin=subprocess.DEVNULL, stdout=writer, stderr=subprocess.DEVNULL,
                              timeout=PATIENCE, env=environment(pair=models(), **TRACED), check=False)
        figure("end of %s under strace" % words[0], time.monotonic() - began)
        os.close(reader)
        os.close(writer)
        require(done.returncode == 130, "%s: exit %d" % (words, done.returncode))


@case
def while_it_waits_for_the_other_end_of_a_pipe():
    path = fifo()
    for number in BOTH:
        for words in (("live", "--headless", "--input", pictures(3), "--events", path),
                      ("list", "--key-file", path), ("list", "--passphrase-file", path)):
            signalled(number, waits, words)


@case
def while_stdin_is_silent():
    reader, writer = os.pipe()
    for number in BOTH:
        for words in (("live", "--headless", "--input", "-"), ("list", "--passphrase-file", "-")):
            signalled(number, a_moment, words, stdin=reader)
    os.close(reader)
    os.close(writer)


@case
def while_a_passphrase_is_asked_for():
    """The terminal shows again what is typed."""
    for number in BOTH:
        controller, terminal = os.openpty()
        def asks(_process):
            end = time.monotonic() + PATIENCE
            while termios.tcgetattr(terminal)[3] & termios.ECHO and time.monotonic() < end:
                time.sleep(0.02)
        signalled(number, asks, ("protect",), stdin=terminal)
        shown = termios.tcgetattr(terminal)[3] & termios.ECHO
        os.close(controller)
        os.close(terminal)
        require(shown, "the terminal keeps quiet")


@case
def beside_a_command_that_hangs():
    """It goes on, in a group of its own."""
    command = os.path.join(temp_folder(), "command")
    with open(command, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\necho $$ >%s.pid\nexec sleep 300\n" % command)
    os.chmod(command, 0o755)
    folder = pictures()
    for number in BOTH:
        def runs(_process):
            end = time.monotonic() + PATIENCE
            while not os.path.exists(command + ".pid") and time.monotonic() < end:
                time.sleep(0.05)
        signalled(number, runs, ("live", "--headless", "--input", folder, "--exec", command,
                                 "--events", os.path.join(temp_folder(), "events")), stderr=subprocess.DEVNULL)
        with open(command + ".pid", encoding="ascii") as file:
            os.kill(int(file.read()), signal.SIGKILL)
        os.unlink(command + ".pid")


@case
def of_work_under_way():
    """Enrolling, in the midst of a folder; nobody is enrolled."""
    folder = pictures()
    for number in BOTH:
        signalled(number, a_moment, ("enroll", "ana", folder))


@case
def also_if_signals_were_blocked_for_us():
    """By a parent, which is inherited."""
    reader, writer = os.pipe()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM, *BOTH])
    try:
        signalled(signal.SIGTERM, a_moment, ("live", "--headless", "--input", "-"), stdin=reader)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    os.close(reader)
    os.close(writer)


# ---- full disks ----

def into_a_full_disk(*words, **options):
    if not os.path.exists("/dev/full"):
        skip("no /dev/full")
    with open("/dev/full", "w") as full:
        done = subprocess.run([FACEID, *words], env=environment(**options), text=True, stdout=full,
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, timeout=PATIENCE)
    require(done.returncode == 70, "%s: exit %d: %s" % (words, done.returncode, done.stderr))
    require("could not be written" in done.stderr and done.stderr.count("\n") == 1, done.stderr)


@case
def model_info_into_a_full_disk():
    into_a_full_disk("model", "info", "--json", small_model())


@case
def identify_into_a_full_disk():
    into_a_full_disk("identify", "--quiet", shared("data/vggface/ajb.jpg"), pair=models(),
                     gallery=os.path.join(temp_folder(), "gallery.db"))


main()
