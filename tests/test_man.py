"""What the program says of itself stands in the manual page and in docs/ too."""
import os
import re
import shutil
import subprocess
import sys

from check import BUILD, ROOT, case, main, require, skip
from program import FACEID

PAGE = os.path.join(ROOT, "app", "man", "faceid.1")
LIBRARY_PAGE = os.path.join(BUILD, "libfaceid.3")


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def keys():
    """[(name, what it does)] of app/key_table.h."""
    return re.findall(r'^APP_KEY\(\w+, .*?, "(.*?)", "(.*?)"\)$', read("app/key_table.h"), re.M)


@case
def manual_page_is_the_programs():
    made = subprocess.run([sys.executable, os.path.join(ROOT, "app", "man", "make_page"), FACEID],
                          stdout=subprocess.PIPE, text=True, check=True).stdout
    require(made == read("app/man/faceid.1"), "app/man/faceid.1 is not what app/man/make_page makes: "
            "run app/man/make_page %s >app/man/faceid.1" % FACEID)
    for _, does in keys():
        require(does.replace("-", "\\-") in made, "the page has no key that does: " + does)
    for verb in re.findall(r"APP_VERB\((\w+)\)$", read("app/verb_table.h"), re.M):
        require("\n.SS faceid %s " % verb.replace("_", "\\-") in made, "the page has no " + verb)


@case
def manual_page_is_good_roff():
    if shutil.which("groff") is None:
        skip("no groff")
    for page in (PAGE, LIBRARY_PAGE):
        done = subprocess.run(["groff", "-man", "-ww", "-z", page], stderr=subprocess.PIPE, text=True)
        require(done.returncode == 0 and done.stderr == "", done.stderr)


@case
def manual_page_shows_commands_as_they_are_typed():
    """A macro takes quotation marks away: without them a shell gets other words."""
    if shutil.which("groff") is None:
        skip("no groff")
    shown = subprocess.run(["groff", "-man", "-Tascii", "-P-cbou", "-rLL=300n", PAGE], stdout=subprocess.PIPE,
                           text=True, check=True).stdout
    lines, quoted = {line.strip() for line in shown.splitlines()}, 0
    for verb in [()] + [(verb,) for verb in re.findall(r"APP_VERB\((\w+)\)$", read("app/verb_table.h"), re.M)]:
        told = subprocess.run([FACEID, *(v.replace("_", "-") for v in verb), "--help"], stdout=subprocess.PIPE,
                              text=True).stdout
        for command in re.findall(r"^  (.*?) +# ", told.split("Examples:")[1].split("\n\n")[0], re.M):
            require(command in lines, "not in the page: " + command)
            quoted += '"' in command
    require(quoted >= 2, "%d commands with quotation marks" % quoted)
    require("?." not in shown, "a full stop after a question mark")


@case
def library_page_has_every_function():
    page = read(LIBRARY_PAGE).replace("\\-", "-")
    parts = re.findall(r'^#include "(fid/.*)"$', read("engine/fid.h"), re.M)
    header = re.sub(r"/\*.*?\*/", "", "".join(read("engine/" + part) for part in parts), flags=re.S)
    names = set(re.findall(r"\b(fid_\w+)\(", header))
    require(len(names) > 50, "fid.h is not read well")
    for name in sorted(names):
        require(name + "(" in page, "the page has no " + name)


@case
def help_has_every_variable():
    told = subprocess.run([FACEID, "--help"], stdout=subprocess.PIPE, text=True).stdout
    told, found = told.split("Environment")[1].split("\n\n")[0], set()
    for folder, _, files in os.walk(os.path.join(ROOT, "app")):
        for file in files:
            if file.endswith(".c"):
                found.update(re.findall(r'(?:app_environment\(|= |, |^ +)"((?:FACEID|FID)_[A-Z_]+)"',
                                        read(os.path.join(folder, file)), re.M))
    require(len(found) >= 7, "%s" % found)
    for name in sorted(found):
        require(re.search(r"^  %s  " % name, told, re.M), "--help has no " + name)


@case
def help_and_docs_have_every_key():
    told = subprocess.run([FACEID, "live", "--help"], stdout=subprocess.PIPE, text=True).stdout
    page = read("docs/live.md")
    require(len(keys()) >= 14, "%d keys in the table" % len(keys()))
    for names, does in keys():
        require(re.search(r"^  %s +%s$" % (re.escape(names), re.escape(does)), told, re.M),
                "live --help has no %s" % names)
        for name in names.split(", "):
            require("`%s`" % name in page, "docs/live.md has no key `%s`" % name)


main()
