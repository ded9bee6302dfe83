#!/usr/bin/env python3
"""The image is built, and runs as its page says: not as root, on a system that is read-only, with the ledger in a volume that outlives the
container.

    apt-get install buildah podman runc debootstrap dpkg-dev binutils
    cargo install cargo-deb
    image.py --program target/debug/partnership-ledger [--system target/ci-tools/debian.tar]

Needs root. The image is made on a Debian of debootstrap's in place of the one that its file names, which comes from a registry.
"""
import argparse, contextlib, json, pathlib, shutil, tempfile

from kit import PACKAGING, check, debian, eventually, first_events, package, run

#: On machines that have both versions of cgroups and limit open files, which runc gets along with.
PODMAN = ["podman", "--cgroup-manager=cgroupfs", "--runtime=runc"]
LIMITS = ["--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024"]


def image(folder, kept, program, ends):
    """Builds the image; returns its id, and the command by which it looks after its health."""
    context = folder / "context"
    context.mkdir()
    shutil.copy(package(program, folder), context)
    base = run("buildah", "from", "scratch").stdout.strip()
    ends.callback(run, "buildah", "rm", base)
    run("buildah", "add", base, debian(kept or folder / "debian.tar"), "/")
    base_image = run("buildah", "commit", "--quiet", base).stdout.strip()
    ends.callback(run, "buildah", "rmi", "--force", base_image)
    options = ["--isolation=chroot", "--format=docker", "--quiet", f"--build-arg=BASE={base_image}", f"--file={PACKAGING / 'Containerfile'}"]
    made = run("buildah", "build", *options, context).stdout.split()[-1]
    ends.callback(run, "buildah", "rmi", "--force", made)
    config = json.loads(run("buildah", "inspect", "--type=image", made).stdout)["Docker"]["config"]
    check("the image is not root's", config["User"], "65532:65532")
    check("it has a volume", list(config["Volumes"]), ["/var/lib/partnership-ledger"])
    kind, *health = config["Healthcheck"]["Test"]
    check("and a check of its health", kind, "CMD")
    return made, health


class Container:
    """The image, running."""

    def __init__(self, made, volume, files, ends):
        mounts = [f"--volume={volume}:/var/lib/partnership-ledger", f"--volume={files}:/etc/partnership-ledger:ro"]
        options = ["--detach", "--read-only", "--network=none", "--no-healthcheck", *LIMITS, *mounts]
        self.id = run(*PODMAN, "run", *options, made).stdout.strip()
        ends.callback(run, *PODMAN, "rm", "--force", "--time=10", self.id, check=False)

    def run(self, *command, check=True, **options):
        """Runs a command within."""
        return run(*PODMAN, "exec", "--interactive", self.id, *command, check=check, **options)

    def asked(self, *command, **options):
        """Runs a command of the program within, as an admin."""
        reached = ["--address=https://localhost:50051", "--ca=/etc/partnership-ledger/ca.pem", "--key-file=/etc/partnership-ledger/keys/admin"]
        return self.run("partnership-ledger", *reached, *command, **options)

    def end(self):
        """Ends it in good order, and removes it."""
        run(*PODMAN, "rm", "--force", "--time=10", self.id)


def files_to_try(program, folder):
    """The files of `serve --dev` under the names that the image expects, for its user to read."""
    run("timeout", "5", program, "serve", "--dev", "--listen=127.0.0.1:0", f"--data-dir={folder / 'try'}", check=False)
    files = folder / "files"
    shutil.copytree(folder / "try/dev", files)
    (files / "server.pem").rename(files / "tls.crt")
    (files / "server.key").rename(files / "tls.key")
    run("chown", "--recursive", "65532", files)
    return files


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--program", required=True, type=pathlib.Path)
    arguments.add_argument("--system", type=pathlib.Path)
    options = arguments.parse_args()
    program = options.program.resolve()
    with tempfile.TemporaryDirectory(prefix="packaging-") as folder, contextlib.ExitStack() as ends:
        folder = pathlib.Path(folder)
        made, health = image(folder, options.system, program, ends)
        files = files_to_try(program, folder)
        volume = run(*PODMAN, "volume", "create").stdout.strip()
        ends.callback(run, *PODMAN, "volume", "rm", "--force", volume)

        first = Container(made, volume, files, ends)
        eventually("it becomes healthy, as its own check says", lambda: first.run(*health, check=False).returncode == 0)
        check("it runs as its user", first.run("id", "--user").stdout.strip(), "65532")
        check("its system is read-only", "Read-only file system" in first.run("touch", "/usr/bin/mine", check=False).stderr)
        first.asked("append", "-", input=first_events())
        first.end()
        second = Container(made, volume, files, ends)
        eventually("another container goes on", lambda: second.run(*health, check=False).returncode == 0)
        check("with what the first has recorded", "99.80" in second.asked("balance", "acme").stdout)


if __name__ == "__main__":
    main()
