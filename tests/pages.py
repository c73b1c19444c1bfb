"""pages.py - README.md and docs/ as tests see them: their blocks of commands, their links, and what stands between
backquotes."""
import glob
import os
import re

from check import ROOT

PAGES = ["README.md"] + sorted("docs/" + os.path.basename(path) for path in glob.glob(os.path.join(ROOT, "docs/*.md")))


def text(page):
    with open(os.path.join(ROOT, page), encoding="utf-8") as file:
        return file.read()


def blocks(page):
    """The page's blocks without a language, which are commands: [[command]]. A command that a backslash ends goes
    on in the next line; what two blanks and # begin is a comment."""
    found = []
    for language, body in re.findall(r"^```(\w*)\n(.*?)^```$", text(page), re.M | re.S):
        if not language:
            lines = re.sub(r"\\\n *", "", body).splitlines()
            found.append([re.sub(r" +# .*", "", line).strip() for line in lines])
    return found


def prose(page):
    """The page without its blocks."""
    return re.sub(r"^```.*?^```$", "", text(page), flags=re.M | re.S)


def spans(page):
    """What stands between backquotes."""
    return re.findall(r"`([^`\n]+)`", prose(page))


def links(page):
    """[(file from ROOT, anchor or "")] of all links that are no addresses."""
    found = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            path = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
            found.append((path, anchor))
    return found


def anchors(page):
    """What its headings can be linked by."""
    headings = re.findall(r"^#+ (.*)$", prose(page), re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
