"""Long runs of the live program: memory, threads and descriptors stay what they are.

`make soak` looks at 100,000 frames, a gate at 2,000 and without ThreadSanitizer. What the first
twentieth takes is the program's; what comes on top afterwards would be a leak. The frames are a few
small pictures in a loop, with faces that come and go. The window shows half of them, and until half of
these it may still grow: its heap's pages are touched one by one. With ThreadSanitizer the window shows
a tenth, and a hundredth is looked at without it."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "rigs"))
import builds  # noqa: E402
import scenes  # noqa: E402
from check import SOAK, case, figure, main, require, skip, temp_folder  # noqa: E402
import program  # noqa: E402

FRAMES = 100000 if SOAK else 2000
GROWTH_KB = 1024


class Watch:
    """What a process holds, looked at again and again."""

    def __init__(self, child):
        self.folder = "/proc/%d/" % child.pid
        self.rss, self.threads, self.descriptors = [], [], []

    def look(self):
        with open(self.folder + "status", encoding="ascii") as file:
            fields = dict(line.split(":", 1) for line in file)
        if "VmRSS" not in fields:
            return  # it is ending
        self.rss.append(int(fields["VmRSS"].split()[0]))
        self.threads.append(len(os.listdir(self.folder + "task")))
        self.descriptors.append(sum(not self._is_picture(n) for n in os.listdir(self.folder + "fd")))

    def _is_picture(self, number):
        """One of the source's files, open for a moment."""
        try:
            return os.readlink(self.folder + "fd/" + number).endswith(".jpg")
        except OSError:
            return True  # it was closed again

    def judge(self, what):
        require(len(self.rss) >= 10, "%s: looked only %d times" % (what, len(self.rss)))
        grown = max(self.rss) - self.rss[0]
        figure("%s: %d frames, %d kB after the start, growth" % (what, FRAMES, self.rss[0]), grown, GROWTH_KB, "kB")
        require(grown <= GROWTH_KB, "%s grew by %d kB: %r" % (what, grown, self.rss[::20]))
        require(len(set(self.threads)) == 1, "%s: threads come and go" % what)
        # The gallery's file is open for a moment each second: what stays open is what we want to see.
        half = len(self.descriptors) // 2
        first, last = (min(part) for part in (self.descriptors[:half], self.descriptors[half:]))
        require(first == last, "%s: %d descriptors at first, later %d" % (what, first, last))


def looped_source():
    """A folder of a few pictures."""
    pictures, folder = temp_folder(), temp_folder()
    scenes.draw(pictures)
    for i, scene in enumerate(["pair", "pair", "amy", "nobody", "nobody", "raj", "nobody", "pair"]):
        os.link(os.path.join(pictures, scene + ".jpg"), os.path.join(folder, "%d.jpg" % i))
    return folder


def start(frames, *words, binary=program.FACEID, **more):
    gallery, pair = os.path.join(temp_folder(), "gallery.db"), program.models()
    done = program.faceid("enroll", "--from", scenes.people(), gallery=gallery, pair=pair)
    require(done.returncode == 0, done.stderr)
    return subprocess.Popen([binary, "live", "--input", looped_source(), "--loop", "--events", "-",
                             "--events-frames", "--frames", str(frames), *words],
                            stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
                            stderr=subprocess.PIPE, text=True,
                            env=program.environment(gallery=gallery, pair=pair, **more))


def ended(child):
    """Fails the case unless the program ends well."""
    said = child.stderr.read()
    require(child.wait() == 0, "exit code %d: %s" % (child.returncode, said[-4000:]))


@case
def headless_holds_what_it_has():
    child = start(FRAMES, "--headless")
    watch = Watch(child)
    frame = 0
    for line in child.stdout:
        frame += '"event":"faces"' in line
        if frame % 100 == 0 and FRAMES // 20 <= frame < FRAMES - 100:
            watch.look()
    ended(child)
    require(frame == FRAMES, "%d frames" % frame)
    watch.judge("headless")


@case
def window_holds_what_it_has():
    frames = FRAMES // 2
    child = start(frames, "--fps", "240", SDL_VIDEODRIVER="dummy")
    watch = Watch(child)
    for line in child.stdout:
        if '"event":"faces"' in line:
            frame = json.loads(line)["frame"]
            if frame % (10 if SOAK else 1) == 0 and frames // 2 <= frame < frames - 100:  # not while it ends
                watch.look()
    ended(child)
    watch.judge("window")


@case
def threads_do_not_race():
    if not SOAK:
        skip("make soak builds it with ThreadSanitizer")
    binary = builds.with_tsan()
    child = start(FRAMES // 10, "--fps", "60", binary=binary, SDL_VIDEODRIVER="dummy")
    require(sum('"event":"faces"' in line for line in child.stdout) >= 10, "looked at hardly any")
    ended(child)
    child = start(FRAMES // 100, "--headless", binary=binary)
    require(sum('"event":"faces"' in line for line in child.stdout) == FRAMES // 100, "frames lost")
    ended(child)


main()
