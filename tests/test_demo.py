#!/usr/bin/python3
"""make demo's script: without a network one sentence and nothing half-made; with one, the whole run and
its page."""
import os
import re
import shutil
import sys

from check import ROOT, case, main, require, run, skip, temp_folder

DEMO = os.path.join(ROOT, "app", "demo", "demo")


def demo(output, **variables):
    return run(sys.executable, DEMO, "--no-window", "--output", output, env={**os.environ, **variables})


def refused(words, **variables):
    """A demo with nothing in its cache must fail cleanly."""
    build = temp_folder()
    output = os.path.join(temp_folder(), "demo")
    done = demo(output, BUILD=build, **variables)
    require(done.returncode == 1 and not done.stdout, "exit %d: %s" % (done.returncode, done.stdout))
    require(re.fullmatch("demo: [^\n]+\n", done.stderr) and words in done.stderr, done.stderr)
    require(not os.path.exists(output), "something half-made is left")
    left = [name for _, folders, names in os.walk(build) for name in names + folders]
    require(left in ([], ["cache"]), "left in the build folder: %s" % left)


@case
def no_npm():
    refused("npm is needed", PATH=temp_folder())


@case
def npm_fails():
    folder = temp_folder()
    with open(os.path.join(folder, "npm"), "w") as file:
        file.write("#!/bin/sh\nexit 1\n")
    os.chmod(os.path.join(folder, "npm"), 0o755)
    refused("is there a network", PATH=folder + os.pathsep + os.environ["PATH"])


@case
def npm_delivers_something_else():
    folder = temp_folder()
    with open(os.path.join(folder, "npm"), "w") as file:
        file.write("#!/bin/sh\necho other > other.tgz\n")
    os.chmod(os.path.join(folder, "npm"), 0o755)
    refused("checksum", PATH=folder + os.pathsep + os.environ["PATH"])


@case
def somebody_elses_folder():
    folder = temp_folder()
    with open(os.path.join(folder, "letter.txt"), "w") as file:
        file.write("dear eva\n")
    done = demo(folder)
    require(done.returncode == 2 and folder in done.stderr, done.stderr)
    require(os.listdir(folder) == ["letter.txt"], "the folder was replaced")


@case
def the_whole_run():
    if shutil.which("ffmpeg") is None:
        skip("no ffmpeg")
    if not os.path.exists(os.path.join(ROOT, "faceid")):
        skip("./faceid is not built")
    output = os.path.join(temp_folder(), "demo")
    done = demo(output)
    if done.returncode and re.search("npm|get ended with", done.stderr):
        skip(done.stderr.strip())
    require(done.returncode == 0, done.stderr)
    faces = int(re.search("^([0-9]+) faces in 6 pictures", done.stdout, re.M).group(1))
    counts = [int(n) for n in re.search("^  together +(.*)$", done.stdout, re.M).group(1).split()]
    require(sum(counts) == 4 * faces, "the four copies of %d faces are not all counted" % faces)
    right, wrong = counts[0], counts[2]
    require(right > sum(counts) / 2 and wrong < right, "too few are right: " + done.stdout)
    with open(os.path.join(output, "index.html"), encoding="utf-8") as file:
        text = file.read()
    for word in ("<th>right</th>", "<th>wrong</th>", "<td>together</td><td>%d</td>" % right):
        require(word in text, "the page does not say " + word)
    links = set(re.findall('href="([^"]+)"', text))
    missing = [link for link in links if not os.path.exists(os.path.join(output, link))]
    require(links and not missing, "dead links: %s" % missing)


main()
