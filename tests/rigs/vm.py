"""vm.py - a small Debian guest in QEMU, emulated (no KVM), to run the program beside real drivers.

    guest = vm.prepare("amd64")                        # skips the case where it cannot be had
    run = vm.boot(guest, steps="camera_steps.sh", files={"faceid": path, "pictures": folder})
    run.code, run.out                                  # of the steps; the folder that was /out

The kernel is Debian's own package, fetched through apt-get and unpacked only, never installed; a
state of its own lets apt-get do that for other architectures and without root. What was prepared
stays in build/cache. The initramfs is the prepared one and a second one with the files of the run:
programs bring their shared libraries."""
import os
import re
import shutil
import signal
import stat
import subprocess
import time

from check import CACHE, only_one, run, skip, temp_folder

HERE = os.path.dirname(os.path.abspath(__file__))
MODULES = ["uvcvideo", "vhci-hcd", "virtio_pci", "virtio_blk", "ext4", "crc32c_generic",
           "9pnet_virtio", "9p"]
MACHINES = {  # architecture: emulator and machine, console, triplet of its libraries
    "amd64": (["qemu-system-x86_64", "-machine", "q35"], "ttyS0", "x86_64-linux-gnu"),
    "arm64": (["qemu-system-aarch64", "-machine", "virt"], "ttyAMA0", "aarch64-linux-gnu"),
}


# ---- packages of any architecture, by apt-get, without touching the machine's own ----

class Apt:
    def __init__(self, folder, architecture):
        self.folder = os.path.join(folder, "apt")
        for name in ("lists/partial", "archives/partial", "state"):
            os.makedirs(os.path.join(self.folder, name), exist_ok=True)
        status = os.path.join(self.folder, "status")
        open(status, "a").close()
        settings = {"Dir::State": self.folder + "/state", "Dir::State::status": status,
                    "Dir::State::lists": self.folder + "/lists", "Dir::Cache": self.folder,
                    "APT::Architecture": architecture, "APT::Architectures": architecture,
                    "APT::Install-Recommends": "false", "Debug::NoLocking": "true",
                    "APT::Sandbox::User": "", "Acquire::Retries": "3"}
        self.options = [word for pair in settings.items() for word in ("-o", "%s=%s" % pair)]
        # One list that a mirror is just changing makes this fail; what is lacking then, the next call says.
        run("apt-get", *self.options, "update", cwd=self.folder)

    def call(self, *words):
        """The output; skips the case when the packages cannot be had."""
        done = run(words[0], *self.options, *words[1:], cwd=self.folder)
        if done.returncode:
            skip("%s: %s" % (" ".join(words[:2]), done.stderr.strip().split("\n")[-1]))
        return done.stdout

    def unpack(self, target, *names, dependencies=False):
        """Unpacks the packages, with dependencies all that they need, into the target folder."""
        archives = os.path.join(self.folder, "archives")
        if dependencies:
            self.call("apt-get", "install", "-y", "--download-only", *names)
        else:
            self.call("apt-get", "download", *names)
        for folder in (archives, self.folder):
            for name in sorted(os.listdir(folder)):
                if name.endswith(".deb"):
                    path = os.path.join(folder, name)
                    subprocess.run(["dpkg", "-x", path, target], check=True)
                    os.unlink(path)


# ---- initramfs: the "newc" form of cpio ----

def cpio(files):
    """files: name in the guest -> bytes, a path to copy, or None for a folder."""
    folders = {os.path.dirname(name) for name in files}
    for name in list(folders):
        while name:
            folders.add(name)
            name = os.path.dirname(name)
    entries = {name: None for name in folders if name}
    entries.update(files)
    parts = []

    def entry(name, mode, data):
        fields = [len(parts) + 1, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
        head = b"070701" + b"".join(b"%08X" % n for n in fields) + name.encode() + b"\0"
        parts.append(head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4))
    for name in sorted(entries):
        content = entries[name]
        if content is None:
            entry(name, stat.S_IFDIR | 0o755, b"")
        elif isinstance(content, bytes):
            entry(name, stat.S_IFREG | 0o755, content)
        else:
            executable = os.access(content, os.X_OK)
            with open(content, "rb") as file:
                entry(name, stat.S_IFREG | (0o755 if executable else 0o644), file.read())
    entry("TRAILER!!!", 0, b"")
    return b"".join(parts)


def _module_files(modules):
    """Paths, below the modules' folder, of MODULES and all that they need."""
    needs = {}
    with open(os.path.join(modules, "modules.dep")) as file:
        for line in file:
            path, needed = line.split(":")
            name = os.path.basename(path).split(".")[0].replace("-", "_")
            needs[name] = [path] + needed.split()
    return sorted({path for name in MODULES for path in needs.get(name.replace("-", "_"), [])})


def _make_base(root, release):
    """The initramfs that every run begins with: busybox and modules."""
    modules = os.path.join(root, "lib", "modules", release)
    subprocess.run(["depmod", "-b", root, release], check=True)
    inside = "lib/modules/" + release
    files = {"bin/busybox": os.path.join(root, "bin/busybox"),
             "etc/passwd": b"root:x:0:0::/:/bin/sh\nguest:x:1000:1000::/:/bin/sh\n",
             "dev": None, "proc": None, "sys": None, "out": None, "mnt": None, "tmp": None}
    for path in _module_files(modules):
        files[os.path.join(inside, path)] = os.path.join(modules, path)
    for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        files[os.path.join(inside, name)] = os.path.join(modules, name)
    kept = temp_folder()
    for name, path in files.items():  # depmod again: the lists must name what is there alone
        if name.startswith(inside):
            os.makedirs(os.path.dirname(os.path.join(kept, name)), exist_ok=True)
            shutil.copy(path, os.path.join(kept, name))
    subprocess.run(["depmod", "-b", kept, release], check=True)
    for name in os.listdir(os.path.join(kept, inside)):
        if name.startswith("modules."):
            files[os.path.join(inside, name)] = os.path.join(kept, inside, name)
    return cpio(files)


class Guest:
    def __init__(self, architecture):
        self.architecture = architecture
        self.emulator, self.console, self.triplet = MACHINES[architecture]
        self.folder = os.path.join(CACHE, "vm-" + architecture)
        self.kernel = os.path.join(self.folder, "kernel")
        self.base = os.path.join(self.folder, "base.cpio")


def prepare(architecture):
    """The guest of an architecture; skips the case where emulator or kernel cannot be had."""
    if not os.environ.get("FACEID_RIG"):
        skip("virtual machines take minutes each: make rig runs them")
    guest = Guest(architecture)
    for tool in (guest.emulator[0], "depmod", "apt-get"):
        if shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin:/sbin") is None:
            skip("no %s (make deps-rig installs what the virtual machines need)" % tool)
    with only_one("vm-" + architecture):
        if not os.path.exists(guest.kernel):
            _fetch_kernel(guest, architecture)
    return guest


def _fetch_kernel(guest, architecture):
    os.makedirs(guest.folder, exist_ok=True)
    apt = Apt(guest.folder, architecture)
    listed = apt.call("apt-cache", "depends", "linux-image-" + architecture)
    image = re.search(r"Depends: (linux-image-([0-9]\S*))", listed)
    root, release = os.path.join(guest.folder, "root"), image.group(2)
    apt.unpack(root, image.group(1), "busybox-static")
    with open(guest.base, "wb") as file:
        file.write(_make_base(root, release))
    os.rename(os.path.join(root, "boot", "vmlinuz-" + release), guest.kernel)
    shutil.rmtree(root)


# ---- the files of a run ----

def _elf(path):
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def _libraries(program, triplet, sysroot, found):
    """Adds the program's shared libraries: name in the guest -> path here."""
    folders = ["lib/" + triplet, "usr/lib/" + triplet, "lib", "lib64", "usr/lib",
               "usr/lib/%s/pulseaudio" % triplet, "usr/lib/%s/blas" % triplet]
    listing = run("readelf", "-dl", program).stdout
    names = re.findall(r"\(NEEDED\).*\[(.*)\]", listing)
    loader = re.search(r"program interpreter: /(\S+)\]", listing)
    if loader:
        path = os.path.realpath(os.path.join(sysroot, loader.group(1)))
        found[loader.group(1)] = path
    for name in names:
        path = next((p for p in (os.path.join(sysroot, f, name) for f in folders)
                     if os.path.exists(p)), None)
        if path is None:
            raise AssertionError("%s needs %s, which is not in %s" % (program, name, sysroot))
        inside = os.path.join("lib", triplet, name)
        if inside not in found:
            found[inside] = os.path.realpath(path)
            _libraries(path, triplet, sysroot, found)


def _all_files(guest, steps, files, sysroot):
    result = {"init": os.path.join(HERE, "init"), "rig/steps.sh": os.path.join(HERE, steps)}
    for name, path in files.items():
        inside = os.path.join("rig", name)
        if os.path.isdir(path):
            for folder, _, names in os.walk(path):
                for each in names:
                    full = os.path.join(folder, each)
                    result[os.path.join(inside, os.path.relpath(full, path))] = full
        else:
            result[inside] = path
        if _elf(path):
            _libraries(path, guest.triplet, sysroot, result)
    return result


# ---- a run ----

class Run:
    """code: of the steps, None when the guest never said; out: the folder that was its /out."""


def boot(guest, steps, files, sysroot="/", memory=768, limit=170, disk=None, cut_after=None):
    """Runs a script of this folder in the guest. disk: a file that becomes /dev/vda. cut_after: a
    function of the console's text that says True when the power is to be cut."""
    result, work = Run(), temp_folder()
    result.out, console = os.path.join(work, "out"), os.path.join(work, "console")
    os.mkdir(result.out)
    with open(guest.base, "rb") as base, open(os.path.join(work, "initrd"), "wb") as file:
        file.write(base.read() + cpio(_all_files(guest, steps, files, sysroot)))
    words = guest.emulator + [
        "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", str(memory),
        "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-serial", "stdio",
        "-kernel", guest.kernel, "-initrd", os.path.join(work, "initrd"), "-append",
        "console=%s quiet panic=-1 mitigations=off rdinit=/init" % guest.console,
        "-virtfs", "local,path=%s,mount_tag=out,security_model=none" % result.out]
    if disk:
        words += ["-drive", "file=%s,if=virtio,format=raw,cache=writeback" % disk]
    start = time.monotonic()
    with open(console, "wb") as output:
        machine = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT)
        try:
            while machine.poll() is None and time.monotonic() - start < limit:
                time.sleep(0.05)
                if cut_after and cut_after(_text(console)):
                    break
        finally:
            if machine.poll() is None:
                machine.send_signal(signal.SIGKILL)
            machine.wait()
    result.seconds = time.monotonic() - start
    result.console = _text(console)
    ended = re.search(r"^RIG ended (\d+)", result.console, re.M)
    result.code = int(ended.group(1)) if ended else None
    return result


def _text(path):
    with open(path, "rb") as file:
        return file.read().decode("utf-8", "replace").replace("\r", "")
