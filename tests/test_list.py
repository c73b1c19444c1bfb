#!/usr/bin/python3
"""What `faceid list` and `faceid cameras` print: lines with tabs for programs, CSV for spreadsheets, columns
under a header on a terminal."""
import csv
import io
import os
import pty
import subprocess

from check import case, main, require, run, temp_folder
from galleries import gallery_of, good, refused
from people_file import NOW, person
from program import FACEID, environment


def on_a_terminal(*words, gallery):
    """What the program prints where its output is a terminal."""
    ours, its = pty.openpty()
    try:
        done = subprocess.run([FACEID, *words], stdout=its, env=environment(FACEID_GALLERY=gallery))
        require(done.returncode == 0, "exit code %d" % done.returncode)
        os.close(its)
        its, said = -1, b""
        try:
            while part := os.read(ours, 4096):
                said += part
        except OSError:  # Linux's end of a terminal that nobody has open
            pass
        return said.decode().replace("\r\n", "\n")
    finally:
        os.close(ours)
        if its >= 0:
            os.close(its)


@case
def list_is_lines_columns_or_csv():
    gallery = gallery_of(person("ana", 2, expires="2999-01-31"), person("Zoë, \"the\" boss", 1))
    lines = good("list", gallery=gallery).stdout.splitlines()
    require([line.split("\t")[0] for line in lines] == ["ana", "Zoë, \"the\" boss"], str(lines))
    rows = list(csv.DictReader(io.StringIO(good("list", "--csv", gallery=gallery).stdout)))
    require([(row["name"], row["faces"], row["enrolled"], row["last_day"]) for row in rows] == [
        ("ana", "2", NOW, "2999-01-31"), ("Zoë, \"the\" boss", "1", NOW, "")], str(rows))
    shown = on_a_terminal("list", gallery=gallery).splitlines()
    require(len(shown) == 3 and shown[0].split() == ["NAME", "FACES", "VECTORS", "ENROLLED", "LAST", "DAY"], str(shown))
    for line, row in zip(shown[1:], rows):
        for title, field in (("ENROLLED", "enrolled"), ("LAST DAY", "last_day")):
            at = shown[0].index(title)
            require(line[at:at + len(row[field])] == row[field], "%s: %r" % (title, line))
        require(line.startswith(row["name"] + " ") and line == line.rstrip(), repr(line))
    refused(2, ("list", "--json", "--csv"), "--csv", gallery=gallery)


@case
def nobody_has_no_header():
    none = os.path.join(temp_folder(), "none.db")
    require(on_a_terminal("list", gallery=none) == "", "a header over nothing")
    require(good("list", "--csv", gallery=none).stdout == "name,faces,vectors,enrolled,last_day\n", "no header in CSV")


@case
def cameras_are_csv_too():
    done = run(FACEID, "cameras", "--csv")
    require(done.returncode == 0, done.stderr)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    titles = "index,path,id_path,name,bus,readable,format,width,height,fps"
    require(done.stdout.startswith(titles + "\n") and all(len(row) == 10 and None not in row for row in rows), done.stdout)
    require(run(FACEID, "cameras", "--csv", "--json").returncode == 2, "both")


main()
