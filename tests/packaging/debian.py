#!/usr/bin/env python3
"""The Debian package does for an operator what its page says, on a Debian that is started for it: installed, started, secured, upgraded,
removed and purged, with the ledger's files staying where they are.

    apt-get install debootstrap lintian systemd-container dpkg-dev binutils
    cargo install cargo-deb
    debian.py --program target/debug/partnership-ledger [--system target/ci-tools/debian.tar]

Needs root, cgroups and namespaces, as systemd runs in a container of its own without a network. `--system` keeps the Debian that
debootstrap makes for the next run.
"""
import argparse, contextlib, pathlib, re, shutil, subprocess, sys, tempfile, time

from kit import check, debian, eventually, first_events, package, run

SERVICE = "partnership-ledger"
NEXT = "0.2.0-2"
#: What `systemd-analyze security` may find at most, of 100: the lower the less the service may do.
EXPOSURE = 15


class Machine:
    """A Debian in a directory, with systemd running in it."""

    def __init__(self, directory, log):
        self.directory = directory
        options = ["--quiet", "--register=no", "--keep-unit", "--private-network", "--boot", "--console=pipe"]
        self._nspawn = subprocess.Popen(
            ["systemd-nspawn", *options, "--directory", directory], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )

    def wait(self):
        """Waits until all is started that is to be."""
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
        return self.run("journalctl", "--no-pager", "--output=cat", "--unit", SERVICE, check=False).stdout

    def serves(self, *options):
        """Whether the ledger within answers."""
        return self.run("partnership-ledger", *options, "whoami", check=False).returncode == 0

    def end(self):
        self._nspawn.terminate()
        try:
            self._nspawn.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._nspawn.kill()
            self._nspawn.wait()


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
    check("it serves once it is started", machine.serves())
    check("as it says itself", machine.property("StatusText"), "serving the ledger")
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


def watched(machine):
    """A service that hangs is started anew, here after less time than usual."""
    impatient = "[Service]\nWatchdogSec=4\nTimeoutStopSec=2\n"
    drop_in = f"/run/systemd/system/{SERVICE}.service.d"
    machine.run("sh", "-c", f"mkdir -p {drop_in} && cat > {drop_in}/impatient.conf", input=impatient)
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "restart", SERVICE)
    process = machine.property("MainPID")
    time.sleep(9)
    check("its watchdog is content while it serves", machine.property("MainPID"), process)
    machine.run("sh", "-c", f"kill -STOP {process}")
    eventually("a service that hangs is started anew", lambda: machine.property("MainPID") not in ("0", process) and machine.serves())
    machine.run("rm", "-r", drop_in)
    machine.run("systemctl", "daemon-reload")
    # So many starts within minutes are the test's doing.
    machine.run("systemctl", "reset-failed", SERVICE, check=False)


def secured(machine):
    # The files of `serve --dev`, put where an operator puts real ones.
    made = machine.run("sh", "-c", "cd /root && (timeout 5 partnership-ledger serve --dev --listen 127.0.0.1:0 --data-dir try; ls try/dev)")
    check("a certificate is made to try with", "ca.pem" in made.stdout)
    machine.run("sh", "-c", "install -m 0600 /root/try/dev/server.key /etc/partnership-ledger/credentials/tls.key")
    machine.run("install", "-m", "0640", "-g", SERVICE, "/root/try/dev/server.pem", "/etc/partnership-ledger/tls.crt")
    machine.run("install", "-m", "0640", "-g", SERVICE, "/root/try/dev/access.toml", "/etc/partnership-ledger/access.toml")
    options = machine.path("/etc/partnership-ledger/config.toml")
    # What stands there after a number sign is taken, as an operator takes it.
    proposed = re.compile("^#((?:access|tls-cert|tls-key|listen) = )")
    lines = [proposed.sub(r"\1", line) for line in options.read_text().splitlines()]
    options.write_text("\n".join(line for line in lines if line != 'listen = "127.0.0.1:50051"') + "\n")
    machine.run("partnership-ledger", "config", "check", "/etc/partnership-ledger/config.toml")
    machine.run("systemctl", "restart", SERVICE)
    asked = ["--address", "https://localhost:50051", "--ca", "/root/try/dev/ca.pem", "--key-file"]
    eventually("it serves other machines with a key that only root reads", lambda: machine.serves(*asked, "/root/try/dev/keys/auditor"))
    check("and nobody without one", machine.serves("--address", "https://localhost:50051", "--ca", "/root/try/dev/ca.pem"), False)
    return [*asked, "/root/try/dev/keys/auditor"]


def upgraded(machine, deb, options):
    before = machine.property("MainPID")
    install(machine, deb)
    check("the next version is installed", machine.run("dpkg-query", "--show", "--showformat=${Version}", SERVICE).stdout, NEXT)
    check("options that were changed stay", "\naccess = " in machine.path("/etc/partnership-ledger/config.toml").read_text())
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
    gone = ("/etc/partnership-ledger/config.toml", "/etc/partnership-ledger/credentials")
    check("options and credentials are gone", [path for path in gone if machine.path(path).exists()], [])
    check("the ledger stays when it is purged too", any(name.startswith("wal/") for name in files()))
    verified = run(program, "verify", "--data-dir", ledger).stdout
    check("whole, with all of its records", (bool(re.search(r"^records +4 in", verified)), "all is well" in verified), (True, True))


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
        run("tar", "--extract", "--file", debian(options.system or folder / "debian.tar"), "--directory", directory)
        log = ends.enter_context(open(folder / "nspawn.log", "w"))
        machine = Machine(directory, log)
        ends.callback(machine.end)
        try:
            machine.wait()
            installed(machine, first)
            started(machine)
            watched(machine)
            credentials = secured(machine)
            upgraded(machine, following, credentials)
            removed(machine, program, following, credentials)
        except SystemExit:
            print((folder / "nspawn.log").read_text(), machine.log(), file=sys.stderr)
            raise


if __name__ == "__main__":
    main()
