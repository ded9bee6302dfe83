"""What both tests of packages need: commands, checks, the package itself, and a fresh Debian."""
import pathlib, re, shutil, subprocess, sys, tempfile, time

ROOT = pathlib.Path(__file__).parents[2]
PACKAGING = ROOT / "src/server/packaging"


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


def debian(kept):
    """A fresh Debian 12 as a tar, made unless it is there; returns its path."""
    if not kept.is_file():
        with tempfile.TemporaryDirectory() as made:
            run("debootstrap", "--variant=minbase", "--include=systemd,systemd-sysv,dbus", "bookworm", made)
            # The root of a system is everybody's to enter.
            pathlib.Path(made).chmod(0o755)
            shutil.rmtree(pathlib.Path(made) / "var/cache/apt/archives")
            # As an installation has it.
            (pathlib.Path(made) / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
            # The name comes with the whole: a tar that is cut short is not taken for one.
            partial = kept.with_suffix(".partial")
            run("tar", "--create", "--file", partial, "--directory", made, ".")
            partial.rename(kept)
    return kept.resolve()


def package(program, made, *options):
    """Makes the package; returns its path."""
    run(PACKAGING / "build-deb", program, "--fast", "--compress-system", "--output", made, *options)
    return max(made.glob("*.deb"), key=lambda file: file.stat().st_mtime)


def first_events():
    """The events of the first page, of which 99.80 is payable."""
    return re.search(r"^cat > events.jsonl <<'EOF'\n(.*?)^EOF$", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)[1]
