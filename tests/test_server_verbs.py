#!/usr/bin/python3
"""The program with a gallery on a PostgreSQL server: every verb that works there, addresses that are refused, and the
live program while the server is away."""
import atexit
import json
import os
import re
import subprocess
import time

import server
from check import PATIENCE, case, main, require, run, skip, temp_folder
from people import portraits
from people_file import people_file, person
from program import FACEID, environment, models

SIZE = 6
_start = {}


def start():
    """A server, and the key of the galleries on it."""
    if "server" not in _start:
        if server.programs() is None:
            skip("there is no PostgreSQL server")
        if "without sealed" in run(FACEID, "doctor", env=environment()).stdout:
            skip("built without libsodium")
        _start["server"] = server.Server()
        atexit.register(_start["server"].close)
        _start["key"] = os.path.join(temp_folder(), "key")
        with open(_start["key"], "wb") as file:
            file.write(bytes(range(40)))
        os.chmod(_start["key"], 0o600)
    return _start["server"]


def url(name):
    return start().url("&gallery=" + name)


def put(name, data):
    path = os.path.join(temp_folder(), name)
    with open(path, "wb") as file:
        file.write(data)
    return path


def faceid(gallery, *words, code=0, key=True, **options):
    """Runs a verb on a gallery, which may be a server's."""
    done = run(FACEID, *words, *(["--key-file", _start["key"]] if key else []),
               env=environment(gallery=gallery, **options))
    require(done.returncode == code, "%s: %d, wanted %d: %s%s" % (words, done.returncode, code, done.stdout, done.stderr))
    return done


def names(gallery, **options):
    return [json.loads(line)["name"] for line in faceid(gallery, "list", "--json", **options).stdout.splitlines()]


def filled(name, *people):
    """A gallery on the server with made-up people."""
    where = url(name)
    faceid(where, "import", put("first.people", people_file(*[person(p, SIZE) for p in people])))
    return where


@case
def people_are_listed_renamed_and_forgotten():
    where = filled("verbs", "ana", "bob", "eva")
    require(names(where) == ["ana", "bob", "eva"], "%s" % names(where))
    faceid(where, "rename", "bob", "rob")
    faceid(where, "merge", "eva", "ana")
    require(names(where) == ["ana", "rob"], "%s" % names(where))
    faceid(where, "undo")
    require(names(where) == ["ana", "eva", "rob"], "%s" % names(where))
    done = faceid(where, "forget", "rob")
    require("proven" in done.stderr or "log" in done.stderr, done.stderr)
    require(names(where) == ["ana", "eva"], "%s" % names(where))
    faceid(where, "check")


@case
def people_move_between_file_and_server():
    where, folder = filled("moves", "ana", "bob"), temp_folder()
    copy, people, file = (os.path.join(folder, name) for name in ("copy.db", "all.people", "file.db"))
    faceid(where, "backup", copy)
    require(names(copy) == ["ana", "bob"], "the copy has %s" % names(copy))
    faceid(where, "export", people)
    faceid(file, "import", people)
    require(names(file) == ["ana", "bob"], "the file has %s" % names(file))
    faceid(where, "forget", "bob")
    faceid(where, "restore", copy, code=0)
    require("ana" in names(where), "%s" % names(where))
    faceid(url("other"), "restore", copy)
    require("ana" in names(url("other")), "%s" % names(url("other")))


@case
def addresses_with_a_password_are_refused():
    start()
    for address in ("postgresql://me:hunter2@localhost/faces", "postgresql://localhost/faces?password=hunter2"):
        done = faceid(address, "list", code=5)
        require("hunter2" not in done.stdout + done.stderr and "password" in done.stderr, done.stderr)


@case
def passwords_come_from_the_environment_and_a_file():
    where, folder = filled("secret", "ana"), start().folder
    start().sql("CREATE ROLE door LOGIN PASSWORD 'let me in'; GRANT USAGE ON SCHEMA secret TO door;"
                " GRANT SELECT ON ALL TABLES IN SCHEMA secret TO door")
    rules = os.path.join(folder, "data", "pg_hba.conf")
    with open(rules, encoding="ascii") as file:
        before = file.read()
    with open(rules, "w", encoding="ascii") as file:
        file.write("local all door scram-sha-256\n" + before)
    start().sql("SELECT pg_reload_conf()")
    as_door = where.replace("faceid@", "door@")
    passfile = put("passfile", b"*:*:*:door:let me in\n")
    os.chmod(passfile, 0o600)
    end = time.monotonic() + PATIENCE
    while run(FACEID, "list", "--key-file", _start["key"],
              env=environment(gallery=as_door)).returncode == 0 and time.monotonic() < end:
        time.sleep(0.1)  # until the server has read its rules
    done = faceid(as_door, "list", code=5)
    require("let me in" not in done.stderr and "password" in done.stderr, done.stderr)
    require(names(as_door, PGPASSWORD="let me in") == ["ana"], "by PGPASSWORD")
    require(names(as_door, PGPASSFILE=passfile) == ["ana"], "by PGPASSFILE")
    done = faceid(as_door, "rename", "ana", "eva", code=5, PGPASSFILE=passfile)
    require("denied" in done.stderr, done.stderr)


@case
def plain_galleries_are_wished_for():
    where = url("plain")
    people = put("plain.people", people_file(person("ana", SIZE)))
    done = faceid(where, "import", people, key=False, code=5)
    require("sealed" in done.stderr, done.stderr)
    faceid(where, "import", people, "--plain-server", key=False)
    require("ana" in faceid(where, "list", "--plain-server", key=False).stdout, "it is not there")
    require("sealed" in faceid(where, "list", key=False, code=5).stderr, "it is opened unasked")


@case
def a_server_that_is_away_is_told():
    start()
    done = faceid("postgresql:///faces?host=/nowhere/at/all", "list", code=5)
    require("does not answer" in done.stderr and "/nowhere/at/all" in done.stderr, done.stderr)


@case
def faces_are_known_while_the_server_is_away():
    where = url("live")
    pictures = portraits("amy", 1, 2, 3)
    faceid(where, "enroll", "amy", *pictures, pair=models())
    done = faceid(where, "identify", "--json", portraits("amy", 4)[0], pair=models())
    require('"amy"' in done.stdout, done.stdout)
    folder = os.path.join(temp_folder(), "frames")
    os.mkdir(folder)
    os.symlink(portraits("amy", 4)[0], os.path.join(folder, "a.png"))
    events = os.path.join(temp_folder(), "events")
    with open(events, "w", encoding="utf-8") as out, open(events + ".talk", "w", encoding="utf-8") as talk:
        live = subprocess.Popen([FACEID, "live", "--headless", "--input", folder, "--loop", "--events", "-", "--key-file",
                                 _start["key"]], env=environment(gallery=where, pair=models()), stdin=subprocess.DEVNULL,
                                stdout=out, stderr=talk)
    try:
        def wait_for(path, words):
            end = time.monotonic() + PATIENCE
            while time.monotonic() < end and live.poll() is None:
                with open(path, encoding="utf-8") as file:
                    if re.search(words, file.read()):
                        return
                time.sleep(0.1)
            with open(events + ".talk", encoding="utf-8") as file:
                raise AssertionError("no '%s': %s" % (words, file.read()))
        wait_for(events, '"identified".*"amy"')
        start().stop()
        wait_for(events + ".talk", "does not answer.*who is known stays known")
        start().start()
        wait_for(events + ".talk", "can be read again, after [0-9]+ s")
    finally:
        if start().process is None:
            start().start()
        live.terminate()
        live.wait(PATIENCE)


main()
