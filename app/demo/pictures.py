"""Crops and transformed copies of pictures, made by ffmpeg, and where a face goes in them."""
import math
import os
import subprocess

FFMPEG = ["ffmpeg", "-v", "error", "-nostdin", "-y"]


class Change:
    """What is done to a picture: a turn about its middle (degrees, clockwise; the canvas grows), a
    scale, and JPEG compression by ffmpeg's -q:v (2 is best, 31 worst)."""

    def __init__(self, name, text, turn, scale, quantizer):
        self.name, self.text = name, text
        self.turn, self.scale, self.quantizer = math.radians(turn), scale, quantizer

    def canvas(self, width, height):
        """Size of the turned picture before it is scaled."""
        c, s = abs(math.cos(self.turn)), abs(math.sin(self.turn))
        return 2 * round((width * c + height * s) / 2), 2 * round((width * s + height * c) / 2)

    def place(self, x, y, width, height):
        """Where the point x, y of a width x height picture lies in the changed one."""
        new_width, new_height = self.canvas(width, height)
        c, s = math.cos(self.turn), math.sin(self.turn)
        dx, dy = x - width / 2, y - height / 2
        return (self.scale * (new_width / 2 + c * dx - s * dy),
                self.scale * (new_height / 2 + s * dx + c * dy))

    def apply(self, source, width, height, target):
        new_width, new_height = self.canvas(width, height)
        filters = "rotate=%.6f:ow=%d:oh=%d:fillcolor=gray,scale=%d:%d:flags=area" % (
            self.turn, new_width, new_height, round(new_width * self.scale),
            round(new_height * self.scale))
        subprocess.run(FFMPEG + ["-i", source, "-vf", filters, "-q:v", str(self.quantizer), target],
                       check=True)


CHANGES = [
    Change("left", "turned 12° to the left", -12, 1, 4),
    Change("right", "turned 18° to the right, at 3/4 of its size", 18, 0.75, 6),
    Change("small", "at half of its size", 0, 0.5, 5),
    Change("pressed", "compressed to a small file", 0, 1, 16),
]


def crop(source, box, size, target):
    """Cuts one face out, with as much again around it so that the detector finds it once more."""
    x, y, w, h = box
    left, top = max(0, round(x - 0.5 * w)), max(0, round(y - 0.5 * h))
    right, bottom = min(size[0], round(x + 1.5 * w)), min(size[1], round(y + 1.5 * h))
    filters = "crop=%d:%d:%d:%d" % (right - left, bottom - top, left, top)
    subprocess.run(FFMPEG + ["-i", source, "-vf", filters, "-q:v", "2", target], check=True)


def thumbnail(source, width, target):
    """A small copy for the page."""
    subprocess.run(FFMPEG + ["-i", source, "-vf", "scale=%d:-2:flags=area" % width, "-q:v", "5",
                             target], check=True)


def stem(path):
    return os.path.splitext(os.path.basename(path))[0]
