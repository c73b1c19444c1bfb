"""evaluation.py - runs `faceid eval` and computes its figures once more from the scores it writes."""
import csv
import json
import os
import xml.etree.ElementTree

import numpy as np

from check import require, temp_folder
from program import faceid

SPACE = "{http://www.w3.org/2000/svg}"


def evaluate(*words, pair=None, plots=False):
    """The figures that `faceid eval` prints, which are printed for the record as well; with plots also
    the folder of its files."""
    folder = os.path.join(temp_folder(), "plots")
    done = faceid("eval", *words, "--json", *(("--plots", folder) if plots else ()), pair=pair)
    require(done.returncode == 0, "exit %d: %s" % (done.returncode, done.stderr))
    require(done.stderr == "", "progress without a terminal: " + done.stderr)
    figures = json.loads(done.stdout)
    print("    " + " ".join("%s=%s" % item for item in figures.items()
                            if not isinstance(item[1], (list, dict)) and item[0] != "v"))
    return (figures, folder) if plots else figures


def rows(folder, name):
    """The lines of a CSV file as dictionaries."""
    with open(os.path.join(folder, name), encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def same_number(got, want, what):
    """Figures are printed with six decimals."""
    require(abs(got - want) <= 0.5000001e-6, "%s: %.9f, and counted %.9f" % (what, got, want))


def fnv_half(name):
    """The half of the strangers that a name belongs to."""
    value = 0xcbf29ce484222325
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001b3 % 2 ** 64
    return value >> 63


# ---- bounds ----

def at_most(k, n, p):
    """The chance of at most k of n, by adding one after the other."""
    chances = np.zeros(n + 2)  # of -1, 0, 1, ... n
    chances[1] = 1
    for _ in range(n):
        chances[1:] = chances[1:] * (1 - p) + chances[:-1] * p
    return chances[:k + 2].sum()


def check_share(figures, key, k, n):
    """Is the share k of n, and do its bounds make so many and so few as rare as 2.5 %?"""
    same_number(figures[key], k / n, key)
    low, high = figures[key + "_95"]
    rounding = 1e-6
    require(high == 1 if k == n else
            at_most(k, n, high - rounding) > 0.025 > at_most(k, n, high + rounding),
            "%s: %d of %d is not below %f" % (key, k, n, high))
    require(low == 0 if k == 0 else
            at_most(k - 1, n, low - rounding) > 0.975 > at_most(k - 1, n, low + rounding),
            "%s: %d of %d is not above %f" % (key, k, n, low))


# ---- pictures ----

def picture(folder, name):
    """The picture's elements by class; every coordinate is inside."""
    root = xml.etree.ElementTree.parse(os.path.join(folder, name)).getroot()
    width, height = float(root.get("width")), float(root.get("height"))
    require(width == 800, "%s is %g wide" % (name, width))
    found = {}
    for element in root.iter():
        if element.get("class"):
            found.setdefault(element.get("class"), []).append(element)
        for x, y in vertices(element):
            require(0 <= x <= width and 0 <= y <= height, "%s: %g, %g is outside" % (name, x, y))
    found["texts"] = [text.text for text in root.iter(SPACE + "text")]
    return found


def vertices(element):
    return [tuple(map(float, point.split(","))) for point in (element.get("points") or "").split()]
