"""server.py - a PostgreSQL server of a test's own: an unprivileged user, a Unix socket in a temporary folder,
no network. As a program for the C tests (server_fixture.h) it prints the address, takes "stop", "start" and "sql
STATEMENT" a line, answers each with a line, and ends the server when its input ends, however the test did."""
import ctypes
import glob
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time

NOBODY = 65534
LIBC = ctypes.CDLL(None)


def programs():
    """The folder of the newest server's programs, None: there is none."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    return os.path.dirname(found[-1]) if found else None


class Server:
    """durable: commits reach the disk, as a real server's do."""

    def __init__(self, durable=False):
        self.folder = tempfile.mkdtemp(prefix="faceid-pg-", dir="/tmp")  # a socket's path is short
        self.durable, self.process = durable, None
        self.user = NOBODY if os.geteuid() == 0 else os.geteuid()
        self.name = pwd.getpwuid(self.user).pw_name
        os.chown(self.folder, self.user, -1)
        self.run("initdb", "-D", "data", "-U", "faceid", "-A", "trust", "-N", "-E", "UTF8", "--locale=C")
        self.start()

    def become(self):
        """Of a child: nobody, and gone when the test is."""
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        LIBC.prctl(1, signal.SIGQUIT)  # PR_SET_PDEATHSIG: the server's own immediate shutdown

    def command(self, name, words):
        return {"args": [os.path.join(programs(), name), *words], "cwd": self.folder, "preexec_fn": self.become,
                "stdin": subprocess.DEVNULL, "env": {"PATH": "/usr/bin:/bin", "HOME": self.folder, "LC_ALL": "C"}}

    def run(self, name, *words):
        done = subprocess.run(**self.command(name, words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=120)
        if done.returncode != 0:
            raise RuntimeError("%s: %s" % (name, done.stdout))
        return done.stdout

    def start(self):
        fast = [] if self.durable else ["-c", "fsync=off", "-c", "full_page_writes=off"]
        with open(os.path.join(self.folder, "log"), "ab") as log:
            self.process = subprocess.Popen(
                **self.command("postgres", ["-D", "data", "-k", self.folder, "-c", "listen_addresses=", *fast,
                                            "-c", "unix_socket_permissions=0700"]), stdout=log, stderr=log)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if subprocess.run(**self.command("pg_isready", ["-q", "-h", self.folder])).returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError("the server does not start: " + open(os.path.join(self.folder, "log")).read())

    def stop(self, how=signal.SIGINT):
        """SIGINT: connections end at once; SIGQUIT: as if its machine had lost power."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(60)
        self.process = None

    def url(self, more=""):
        return "postgresql://faceid@/postgres?host=%s%s" % (self.folder, more)

    def sql(self, statement):
        """Runs it as the owner of everything; its rows as text."""
        return self.run("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U", "faceid",
                        "-d", "postgres", "-c", statement).strip()

    def close(self):
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    if programs() is None:
        return print("none", flush=True)
    server = Server(durable=bool(os.environ.get("FACEID_SOAK")))
    try:
        print(server.url(), flush=True)
        for line in sys.stdin:
            word, _, rest = line.strip().partition(" ")
            answer = {"stop": server.stop, "start": server.start, "sql": lambda: server.sql(rest)}[word]()
            print("ok" if answer is None else "ok " + answer.replace("\n", ";"), flush=True)
    finally:
        server.close()


if __name__ == "__main__":
    main()
