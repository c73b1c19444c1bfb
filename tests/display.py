"""display.py - a display of the tests' own (Xvfb): a program's window on it, keys for it, and what it
shows, as an array of pixels."""
import mmap
import os
import struct
import subprocess
import time

import numpy as np
from check import PATIENCE, need, require, temp_folder

WIDTH, HEIGHT = 1400, 900


class Display:
    """with Display() as display: ... Skips the case where Xvfb or xdotool is not installed."""

    def __enter__(self):
        need("Xvfb", "xdotool")
        self.folder = temp_folder()
        reader, writer = os.pipe()
        self.server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writer), "-screen", "0", "%dx%dx24" % (WIDTH, HEIGHT), "-nolisten",
             "tcp", "-noreset", "-fbdir", self.folder], pass_fds=[writer], stderr=subprocess.DEVNULL)
        os.close(writer)
        with os.fdopen(reader) as file:
            number = file.readline().strip()
        require(number, "Xvfb does not start")
        self.variables = {"DISPLAY": ":" + number, "LC_ALL": "C.UTF-8", "XDG_RUNTIME_DIR": self.folder}
        return self

    def __exit__(self, *_):
        self.server.terminate()
        self.server.wait()

    def pixels(self):
        """The whole screen as [HEIGHT][WIDTH][red, green, blue]: Xvfb keeps it in a file, an XWD."""
        with open(os.path.join(self.folder, "Xvfb_screen0"), "rb") as file:
            data = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
            header = struct.unpack(">25I", data[:100])
            start, row = header[0] + 12 * header[19], header[12]
            image = np.frombuffer(data[start:start + HEIGHT * row], np.uint8)
        image = image.reshape(HEIGHT, row)[:, :4 * WIDTH].reshape(HEIGHT, WIDTH, 4)
        return (image[:, :, 2::-1] if header[7] == 0 else image[:, :, 1:]).astype(int)


class Window:
    """A program with a window on the display. with Window(display, words, env) as window: ..."""

    def __init__(self, display, words, env, cwd=None, stdin=subprocess.DEVNULL):
        self.display, self.env = display, dict(env, **display.variables)
        self.process = subprocess.Popen([str(w) for w in words], env=self.env, cwd=cwd,
                                        stdin=stdin, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        self.id = None
        until(lambda: self._find() or self.process.poll() is not None, "no window")
        require(self.id, "ended with %s instead of a window: %s" %
                (self.process.poll(), self.process.stderr.read() if self.id is None else ""))
        self._tell("windowfocus", "--sync", self.id)
        return self

    def __exit__(self, failure, *_):
        if failure is not None and self.process.poll() is None:
            keep(self.pixels(), "failed")
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def _tell(self, *words):
        return subprocess.run(["xdotool", *words], env=self.env, stdout=subprocess.PIPE, text=True,
                              stderr=subprocess.DEVNULL, timeout=PATIENCE).stdout

    def _find(self):
        found = self._tell("search", "--onlyvisible", "--pid", str(self.process.pid)).split()
        self.id = found[0] if found else None
        return self.id

    def place(self):
        """x, y, width, height on the screen."""
        shell = dict(line.split("=") for line in
                     self._tell("getwindowgeometry", "--shell", self.id).split())
        return [int(shell[key]) for key in ("X", "Y", "WIDTH", "HEIGHT")]

    def pixels(self):
        x, y, width, height = self.place()
        return self.display.pixels()[y:y + height, x:x + width]

    def key(self, *keys):
        for key in keys:
            self._tell("key", "--delay", "60", key)

    def type(self, words):
        self._tell("type", "--delay", "80", words)

    def end(self):
        """Waits for the program's end: (exit code, stdout, stderr)."""
        out, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, out, errors


def keep(pixels, name):
    """Writes pixels as a picture into the folder FACEID_KEEP, for people to look at; its path."""
    folder = os.environ.get("FACEID_KEEP")
    if not folder:
        return "nothing (FACEID_KEEP names no folder)"
    path = os.path.join(folder, name + ".png")
    height, width, _ = pixels.shape
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s",
                    "%dx%d" % (width, height), "-i", "-", path],
                   input=pixels.astype(np.uint8).tobytes(), check=True)
    return path


def until(what, message):
    """Calls what() again and again until it is true, and returns that."""
    last = time.monotonic() + PATIENCE
    while True:
        result = what()
        if result:
            return result
        require(time.monotonic() < last, message)
        time.sleep(0.05)
