#!/usr/bin/python3
"""The processes that decode clips and streams: what they may take, that none outlives the program, and
that one that stands still holds nobody up. Most are scripts in the place of ffmpeg."""
import os
import resource
import signal
import subprocess
import sys
import time

from check import PATIENCE, case, figure, main, require, shared, temp_folder
from program import FACEID, environment, models

PICTURE = r'printf "P6\n64 48\n255\n"; head -c 9216 /dev/zero; '
SILENT = "echo '[info] : Video: 30 fps' >&2; exec sleep 600"


def path_with(**programs):
    """A PATH in which these stand first, as scripts."""
    folder = temp_folder()
    for name, text in programs.items():
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text if text.startswith("#!") else "#!/bin/sh\n" + text + "\n")
        os.chmod(path, 0o755)
    return folder + ":" + os.environ["PATH"]


def clip():
    path = os.path.join(temp_folder(), "a.avi")
    with open(path, "wb") as file:
        file.write(b"RIFF\0\0\0\0AVI " + bytes(200))
    return path


def start(path, *words, **options):
    return subprocess.Popen([FACEID, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, **options,
                            env=environment(os.path.join(temp_folder(), "g.db"), models(), PATH=path))


def wait_until(wanted, what):
    """What wanted() gives as soon as that is something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        got = wanted()
        if got:
            return got
        time.sleep(0.02)
    raise AssertionError("not within %d s: %s" % (PATIENCE, what))


def child_of(process, name):
    """The number of its child of this name, as soon as there is one."""
    def look():
        try:
            for thread in os.listdir("/proc/%d/task" % process.pid):
                with open("/proc/%d/task/%s/children" % (process.pid, thread), encoding="ascii") as file:
                    for pid in file.read().split():
                        with open("/proc/%s/comm" % pid, encoding="utf-8") as comm:
                            if comm.read().strip() == name:
                                return int(pid)
        except OSError:
            pass
        return None
    return wait_until(look, "a child " + name)


def is_gone(pid):
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0] in "ZX"
    except OSError:
        return True


def limits(pid):
    """(soft limits by name) of a process; None: unlimited."""
    found = {}
    with open("/proc/%d/limits" % pid, encoding="ascii") as file:
        for line in file.readlines()[1:]:
            soft = line[26:].split()[0]
            found[line[:26].strip()] = None if soft == "unlimited" else int(soft)
    return found


def end(process):
    process.kill()
    process.communicate()


def sources():
    """(words, has it an end)"""
    return ((("identify", clip()), True), (("live", "--headless", "--input", clip()), True),
            (("live", "--headless", "--input", "rtsp://127.0.0.1:9/x"), False))


def descriptors(pid):
    """Those that are open. A program that has just begun has those of its libraries too, for a moment."""
    return sorted(int(n) for n in os.listdir("/proc/%d/fd" % pid))


@case
def what_it_may_take():
    for words, ends in sources():
        process = start(path_with(ffmpeg=SILENT), *words)
        pid = child_of(process, "sleep")
        if ends:
            wait_until(lambda: limits(pid)["Max cpu time"], "a limit of computing")
        own, got = limits(process.pid), limits(pid)
        wait_until(lambda: descriptors(pid) == [0, 1, 2], "%s: no other descriptors" % (words,))
        end(process)
        require(got["Max core file size"] == got["Max file size"] == 0, str(got))
        require(got["Max data size"] is not None and got["Max data size"] <= 4 << 30, str(got))
        require(got["Max cpu time"] >= 60 if ends else got["Max cpu time"] is None, str(got))
        require(own["Max file size"] is None and own["Max cpu time"] is None, "its parent too: %s" % own)


@case
def not_what_our_parent_left_open():
    reader, writer = os.pipe()
    process = start(path_with(ffmpeg=SILENT), "identify", clip(), pass_fds=(writer,))
    pid = child_of(process, "sleep")
    wait_until(lambda: descriptors(pid) == [0, 1, 2], "no other descriptors")
    end(process)
    os.close(reader)
    os.close(writer)


@case
def commands_of_events_are_not_limited():
    """They get what the program has, which has more than its children."""
    folder = temp_folder()
    command = os.path.join(folder, "command")
    with open(command, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\necho \"$(ulimit -f) $(ulimit -t) $(ulimit -d)\" >%s/told\n" % folder)
    os.chmod(command, 0o755)
    pictures = os.path.join(folder, "pictures")
    os.mkdir(pictures)
    for i in range(5):
        os.symlink(shared("data/vggface/ajb.jpg"), os.path.join(pictures, "%d.jpg" % i))
    process = start(os.environ["PATH"], "live", "--headless", "--input", pictures, "--exec", command)
    process.communicate(timeout=PATIENCE)
    with open(os.path.join(folder, "told"), encoding="ascii") as file:
        require(file.read().split() == ["unlimited"] * 3, "limits of a command")


@case
def none_outlives_the_program():
    for number in (signal.SIGKILL, signal.SIGTERM):
        for words, _ in sources():
            process = start(path_with(ffmpeg=SILENT), *words)
            pid = child_of(process, "sleep")
            process.send_signal(number)
            began = time.monotonic()
            process.communicate(timeout=PATIENCE)
            took = time.monotonic() - began
            wait_until(lambda: is_gone(pid), "the child's end")
            require(process.returncode == (130 if number == signal.SIGTERM else -9), str(process.returncode))
            figure("end of %s after %s" % (words[0], signal.Signals(number).name), took, 1)


@case
def one_that_says_no_more_but_does_not_end():
    process = start(path_with(ffmpeg=PICTURE + "exec >&-; exec sleep 600"), "identify", clip())
    said = process.communicate(timeout=PATIENCE)[1]
    require(process.returncode == 3 and "ffmpeg gave up" in said, "%d: %s" % (process.returncode, said))


@case
def one_that_asks_for_the_clip_and_stands_still():
    process = start(path_with(ffprobe=SILENT), "enroll", "ana", clip())
    pid = child_of(process, "sleep")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE)
    require(process.returncode == 130, str(process.returncode))
    wait_until(lambda: is_gone(pid), "the child's end")


@case
def one_that_computes_without_end():
    """Its limit is a minute, which is made a second here."""
    process = start(path_with(ffmpeg="while :; do :; done"), "identify", clip())
    pid = child_of(process, "ffmpeg")
    wait_until(lambda: limits(pid)["Max cpu time"], "a limit")
    resource.prlimit(pid, resource.RLIMIT_CPU, (1, resource.prlimit(pid, resource.RLIMIT_CPU)[1]))
    said = process.communicate(timeout=PATIENCE)[1]
    require(process.returncode == 3 and "s without a frame" in said, "%d: %s" % (process.returncode, said))


@case
def one_that_computes_and_gives_frames():
    """Each frame moves the limit on."""
    text = """#!%s
import sys, time
while True:
    end = time.process_time() + 0.5
    while time.process_time() < end: pass
    sys.stdout.buffer.write(b"P6\\n64 48\\n255\\n" + bytes(9216))
    sys.stdout.buffer.flush()
""" % sys.executable
    process = start(path_with(ffmpeg=text), "identify", clip())
    pid = child_of(process, "ffmpeg")
    first = wait_until(lambda: limits(pid)["Max cpu time"], "a limit")
    wait_until(lambda: limits(pid)["Max cpu time"] > first, "a later limit than %d s" % first)
    end(process)


@case
def one_that_writes_a_file():
    path = os.path.join(temp_folder(), "taken")
    process = start(path_with(ffmpeg="echo '[error] one' >%s || echo '[error] refused' >&2; exit 1" % path),
                    "identify", clip())
    said = process.communicate(timeout=PATIENCE)[1]
    require(process.returncode == 3 and "refused" in said, "%d: %s" % (process.returncode, said))
    require(not os.path.exists(path) or os.path.getsize(path) == 0, "it could write")


@case
def one_that_talks_without_end():
    """Its stderr neither fills up nor is kept: frames go on coming."""
    talk = "[error] the first" + 40 * " and more"
    text = """#!%s
import os, sys
for i in range(60):
    for _ in range(100):
        try: os.write(2, b"%s\\n")
        except BlockingIOError: pass
    sys.stdout.buffer.write(b"P6\\n64 48\\n255\\n" + bytes(9216))
    sys.stdout.buffer.flush()
sys.exit(1)
""" % (sys.executable, talk)
    process = start(path_with(ffmpeg=text), "identify", "--json", "--every", "1", clip())
    seen, said = process.communicate(timeout=PATIENCE)
    require(seen.count("\n") == 60, "%d frames" % seen.count("\n"))
    require(process.returncode == 3 and "the first and more" in said, "%d: %s" % (process.returncode, said))


@case
def the_rest_of_a_clip_is_left():
    """Frames behind the last wanted one are not waited for."""
    process = start(path_with(ffmpeg=PICTURE + PICTURE + "exec sleep 600"), "identify", "--json", "--frames",
                    "0:1", clip())
    seen, said = process.communicate(timeout=PATIENCE)
    require(process.returncode == 3 and seen.count("\n") == 2 and "damaged" not in said,
            "%d: %s%s" % (process.returncode, seen, said))


main()
