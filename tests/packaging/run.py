#!/usr/bin/env python3
"""The Debian package does for an operator what its page says, on a Debian that is started for it: installed, started, secured, upgraded,
removed and purged, with the ledger's files staying where they are.

    apt-get install debootstrap lintian systemd-container dpkg-dev binutils
    cargo install cargo-deb
    run.py --program target/debug/partnership-ledger [--system target/ci-tools/debian.tar]

Needs root, cgroups and namespaces, as systemd runs in a container of its own without a network. `--system` keeps the Debian that
debootstrap makes for the next run.
"""
import argparse, contextlib, pathlib, re, shutil, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).parents[2]
PACKAGING = ROOT / "src/server/packaging"
SERVICE = "partnership-ledger"
NEXT = "0.2.0-2"
#: What `systemd-analyze security` may find at most, of 100: the lower the less the service may do.
EXPOSURE = 15


def run(*command, check=True, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if check and done.returncode != 0:
        sys.exit(f"{' '.join(str(word) for word in command)}: ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def check(what, got, want=True):
    if got != want:
        sys.exit(f"{what}: want {want!r}, got {got!r}")
    print(f"ok  {what}", flush=True)


def eventually(what, ask, seconds=20):
    """Asks until the answer is true."""
    end = time.monotonic() + seconds
    while not ask():
        if time.monotonic() > end:
            sys.exit(f"{what}: not within {seconds} s")
        time.sleep(0.1)
    print(f"ok  {what}", flush=True)


class Machine:
    """A Debian in a directory, with systemd running in it."""

    def __init__(self, directory, log):
        self.directory = directory
        options = ["--quiet", "--register=no", "--keep-unit", "--private-network", "--boot", "--console=pipe"]
        self._nspawn = subprocess.Popen(
            ["systemd-nspawn", *options, "--directory", directory], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        eventually("systemd runs", lambda: self.run("systemctl", "is-system-running", check=False).stdout.strip() == "running", 60)

    def run(self, *command, check=True, **options):
        """Runs a command within."""
        leader = run("pgrep", "--parent", self._nspawn.pid, check=False).stdout.split()
        if not leader:
            return subprocess.CompletedProcess(command, 1, "", "not started yet")
        within = ["nsenter", "--target", leader[0], "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd"]
        return run(*within, *command, check=check, **options)

    def path(self, path):
        """A file within, seen from outside."""
        return self.directory / path.lstrip("/")

    def is_active(self):
        return self.run("systemctl", "is-active", SERVICE, check=False).stdout.strip() == "active"

    def property(self, name):
        return self.run("systemctl", "show", "--value", "--property", name, SERVICE).stdout.strip()

    def log(self):
        return self.run("journalctl", "--no-pager", "--output=cat", "--unit", SERVICE).stdout

    def serves(self, *options):
        """Whether the ledger within answers."""
        return self.run("partnership-ledger", *options, "whoami", check=False).returncode == 0

    def end(self):
        self._nspawn.terminate()
        self._nspawn.wait()


def system(kept, directory):
    """A fresh Debian 12."""
    if not kept.is_file():
        with tempfile.TemporaryDirectory() as made:
            run("debootstrap", "--variant=minbase", "--include=systemd,systemd-sysv,dbus", "bookworm", made)
            shutil.rmtree(pathlib.Path(made) / "var/cache/apt/archives")
            run("tar", "--create", "--file", kept, "--directory", made, ".")
    run("tar", "--extract", "--file", kept, "--directory", directory)
    # As an installation has it.
    (directory / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")


def package(program, made, *options):
    """Makes the package; returns its path."""
    run(PACKAGING / "build-deb", program, "--fast", "--compress-system", "--output", made, *options)
    return max(made.glob("*.deb"), key=lambda file: file.stat().st_mtime)


def first_events():
    """The events of the first page, of which 99.80 is payable."""
    return re.search(r"^cat > events.jsonl <<'EOF'\n(.*?)^EOF$", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)[1]


def install(machine, deb):
    shutil.copy(deb, machine.path("/root/package.deb"))
    return machine.run("dpkg", "--install", "/root/package.deb").stdout


def mode(machine, path):
    return machine.run("stat", "--format=%a %U:%G", path).stdout.strip()


def installed(machine, deb):
    said = install(machine, deb)
    check("it says that it is not started", "systemctl enable --now partnership-ledger" in said)
    check("it is not enabled", machine.run("systemctl", "is-enabled", SERVICE, check=False).stdout.strip(), "disabled")
    check("nor started", machine.is_active(), False)
    check("its user has no login", machine.run("getent", "passwd", SERVICE).stdout.strip().rsplit(":", 1)[1], "/usr/sbin/nologin")
    check("its group alone reads its files", mode(machine, "/etc/partnership-ledger"), "750 root:partnership-ledger")
    check("root alone reads credentials", mode(machine, "/etc/partnership-ledger/credentials"), "700 root:root")
    verified = machine.run("systemd-analyze", "verify", f"{SERVICE}.service")
    check("systemd finds nothing wrong with its unit", verified.stdout + verified.stderr, "")
    machine.run("systemd-analyze", "security", f"--threshold={EXPOSURE}", f"{SERVICE}.service")
    print(f"ok  systemd finds an exposure of {EXPOSURE} of 100 at most")


def started(machine):
    machine.run("systemctl", "start", SERVICE)
    eventually("it serves once it is started", machine.serves)
    machine.run("partnership-ledger", "append", "-", input=first_events())
    check("it records", "99.80" in machine.run("partnership-ledger", "balance", "acme").stdout)
    check("its user alone reads the ledger", mode(machine, "/var/lib/partnership-ledger"), "700 partnership-ledger:partnership-ledger")
    process = machine.property("MainPID")
    status = machine.run("cat", f"/proc/{process}/status").stdout
    for line in ("NoNewPrivs:\t1", "Seccomp:\t2", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000"):
        check(f"the kernel says {line.replace(chr(9), ' ')}", line in status)
    touched = machine.run("nsenter", "--target", process, "--mount", "touch", "/usr/bin/mine", check=False).stderr
    check("the system is read-only to it", "Read-only file system" in touched)
    lowered = machine.run("sh", "-c", f"for t in /proc/{process}/task/*/stat; do cut -d ' ' -f 19 $t; done").stdout.split()
    check("threads in the background have lowered their priority", any(int(niceness) > 0 for niceness in lowered))
    machine.run("systemctl", "reload", SERVICE)
    eventually("it reads its files anew when it is told", lambda: "reading files anew" in machine.log())
    machine.run("sh", "-c", f"kill -9 {process}")
    eventually("it is started again when it was killed", lambda: machine.property("MainPID") not in ("0", process) and machine.serves())


def secured(machine):
    # The files of `serve --dev`, put where an operator puts real ones.
    made = machine.run("sh", "-c", "cd /root && (timeout 5 partnership-ledger serve --dev --listen 127.0.0.1:0 --data-dir try; ls try/dev)")
    check("a certificate is made to try with", "ca.pem" in made.stdout)
    machine.run("sh", "-c", "install -m 0600 /root/try/dev/server.key /etc/partnership-ledger/credentials/tls.key")
    machine.run("install", "-m", "0640", "-g", SERVICE, "/root/try/dev/server.pem", "/etc/partnership-ledger/tls.crt")
    machine.run("install", "-m", "0640", "-g", SERVICE, "/root/try/dev/access.toml", "/etc/partnership-ledger/access.toml")
    options = machine.path("/etc/partnership-ledger/environment")
    # What stands there after a number sign is taken, as an operator takes it.
    proposed = re.compile("^#(PARTNERSHIP_LEDGER_(?:ACCESS|TLS_CERT|TLS_KEY|LISTEN)=)")
    lines = [proposed.sub(r"\1", line) for line in options.read_text().splitlines()]
    kept = [line for line in lines if line != "PARTNERSHIP_LEDGER_LISTEN=127.0.0.1:50051"]
    options.write_text("\n".join(kept) + "\n")
    machine.run("systemctl", "restart", SERVICE)
    asked = ["--address", "https://localhost:50051", "--ca", "/root/try/dev/ca.pem", "--key-file"]
    eventually("it serves other machines with a key that only root reads", lambda: machine.serves(*asked, "/root/try/dev/keys/auditor"))
    check("and nobody without one", machine.serves("--address", "https://localhost:50051", "--ca", "/root/try/dev/ca.pem"), False)
    return [*asked, "/root/try/dev/keys/auditor"]


def upgraded(machine, deb, options):
    before = machine.property("MainPID")
    install(machine, deb)
    check("the next version is installed", machine.run("dpkg-query", "--show", "--showformat=${Version}", SERVICE).stdout, NEXT)
    check("options that were changed stay", "\nPARTNERSHIP_LEDGER_ACCESS=" in machine.path("/etc/partnership-ledger/environment").read_text())
    eventually("it runs on as the next version", lambda: machine.property("MainPID") not in ("0", before) and machine.serves(*options))
    check("with the ledger of before", "99.80" in machine.run("partnership-ledger", *options, "balance", "acme").stdout)


def removed(machine, program, deb, options):
    ledger = machine.path("/var/lib/partnership-ledger")
    files = lambda: sorted(str(file.relative_to(ledger)) for file in ledger.rglob("*") if file.is_file())
    machine.run("dpkg", "--remove", SERVICE)
    check("removing ends it", machine.is_active(), False)
    check("the program is gone", machine.path("/usr/bin/partnership-ledger").exists(), False)
    left = files()
    check("the ledger stays", any(name.startswith("wal/") for name in left))
    install(machine, deb)
    machine.run("systemctl", "start", SERVICE)
    eventually("installed again it serves the same ledger", lambda: machine.serves(*options))
    check("with all that was recorded", "99.80" in machine.run("partnership-ledger", *options, "balance", "acme").stdout)
    said = machine.run("dpkg", "--purge", SERVICE).stdout
    check("purging says where the ledger is", "The ledger stays in /var/lib/partnership-ledger" in said)
    gone = ("/etc/partnership-ledger/environment", "/etc/partnership-ledger/credentials")
    check("options and credentials are gone", [path for path in gone if machine.path(path).exists()], [])
    check("the ledger stays when it is purged too", any(name.startswith("wal/") for name in files()))
    check("whole", "4 records" in run(program, "verify", "--data-dir", ledger).stdout)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--program", required=True, type=pathlib.Path)
    arguments.add_argument("--system", type=pathlib.Path)
    options = arguments.parse_args()
    program = options.program.resolve()
    with tempfile.TemporaryDirectory(prefix="packaging-") as folder, contextlib.ExitStack() as ends:
        folder = pathlib.Path(folder)
        first, following = package(program, folder), package(program, folder, "--deb-version", NEXT)
        run("lintian", "--allow-root", "--fail-on", "error,warning", first)
        print("ok  lintian finds nothing wrong")
        directory = folder / "debian"
        directory.mkdir()
        system((options.system or folder / "debian.tar").resolve(), directory)
        # What systemd-nspawn says itself is of no interest unless systemd does not come up in it.
        log = ends.enter_context(open(folder / "nspawn.log", "w+"))
        try:
            machine = Machine(directory, log)
        except SystemExit:
            print((folder / "nspawn.log").read_text(), file=sys.stderr)
            raise
        ends.callback(machine.end)
        try:
            installed(machine, first)
            started(machine)
            credentials = secured(machine)
            upgraded(machine, following, credentials)
            removed(machine, program, following, credentials)
        except SystemExit:
            print(machine.log(), file=sys.stderr)
            raise


if __name__ == "__main__":
    main()
