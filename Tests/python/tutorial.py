#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Does what a tutorial says: tutorial.py DOCUMENT PROGRAMS

PROGRAMS is the folder with the built programs, which come first in PATH. What is done, from the top of the document to its end:

* a fenced block behind a line that is just `NAME`: is written to the file NAME;
* in a block fenced as `console` each line `$ COMMAND` is run by one shell for the whole document, and must succeed; each other
  line must come out as it stands by the end of the block, from whichever of the commands, perhaps behind a time and a colon.

Everything happens in a temporary folder and in name spaces of its own, so that the ports are free and nothing stays behind. The
checkout of this project is beside that folder and in it as `mosquitto`, and /usr/local/lib/mosquitto/mosquitto_NAME.so is the built plugin.
Lines with sudo or pip are left out: they install what a test has. A command in the background is ready before the next one begins: a broker when it says that it runs, mosquitto_sub when it
has subscribed, for which it gets the option -d.
"""

import os
import pathlib
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FILE_NAME = re.compile(r"^`([^`]+)`:$")
READY = re.compile(r"mosquitto version \S+ running|^Subscribed \(mid")
SECONDS = float(os.environ.get("TUTORIAL_SECONDS", "20"))


def steps(text):
    """Yields ("file", name, content) and ("console", number, lines) in the order of the document."""
    name = None
    lines = iter(enumerate(text.split("\n"), 1))
    for number, line in lines:
        if not line.startswith("```"):
            if line.strip():
                match = FILE_NAME.match(line)
                name = match and match.group(1)
            continue
        content = []
        for _, inner in lines:
            if inner.startswith("```"):
                break
            content.append(inner)
        if line == "```console":
            yield "console", number, content
        elif name:
            yield "file", name, "\n".join(content) + "\n"
        name = None


class Shell:
    """A shell in name spaces of its own, and the lines that come from it and what it starts."""

    def __init__(self, folder, programs):
        environment = dict(os.environ, HOME=str(folder), LC_ALL="C.UTF-8")
        environment["PATH"] = f"{programs}:{environment['PATH']}:/usr/sbin:/sbin"
        # As root the broker would become a user who may not look into the folder.
        environment["PUID"] = environment["PGID"] = "0"
        spaces = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        if os.geteuid() != 0:
            spaces += ["--user", "--map-root-user"]
        self.process = subprocess.Popen(
            ["unshare", *spaces, "bash", "--noprofile", "--norc"],
            cwd=folder, env=environment, text=True, bufsize=1, errors="replace",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.lines = []
        self.arrived = queue.Queue()
        threading.Thread(target=self.collect, daemon=True).start()
        self.run("ip link set lo up")

    def collect(self):
        for line in self.process.stdout:
            self.arrived.put(line.rstrip("\n"))
        self.arrived.put(None)

    def wait_for(self, test, begin, what):
        """Waits for a line from number `begin` on; returns it."""
        deadline = time.monotonic() + SECONDS
        index = begin
        while True:
            while index < len(self.lines):
                found = test(self.lines[index])
                index += 1
                if found:
                    return self.lines[index - 1]
            try:
                line = self.arrived.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                shown = "\n".join(self.lines[begin:])
                raise SystemExit(f"{what} did not come within {SECONDS} s; what came:\n{shown}")
            self.lines.append(line)

    def run(self, command):
        begin = len(self.lines)
        is_background = command.endswith("&")
        if is_background:
            command = re.sub(r"^mosquitto_sub ", "stdbuf -oL mosquitto_sub -d ", command)
        self.process.stdin.write(f"{command}\necho \"=status $?\"\n")
        # A command that reads standard input would swallow what follows.
        line = self.wait_for(lambda line: line.startswith("=status "), begin, f"the end of: {command}")
        if line != "=status 0":
            shown = "\n".join(self.lines[begin:])
            raise SystemExit(f"{command}: {line}\n{shown}")
        if is_background:
            self.wait_for(READY.search, begin, f"readiness of: {command}")


def main():
    document, programs = sys.argv[1:]
    programs = os.path.abspath(programs)
    text = (ROOT / document).read_text()
    text = text.replace("/usr/local/lib/mosquitto/mosquitto_", f"{programs}/libmosquitto_")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tutorial-"))
    work = folder / "work"
    work.mkdir()
    # Beside the folder of the tutorial, and beside one that it makes.
    for place in (folder, work):
        (place / "mosquitto").symlink_to(ROOT)
    shell = Shell(work, programs)
    count = 0
    try:
        for kind, place, content in steps(text):
            if kind == "file":
                shell.run(f"mkdir -p \"$(dirname '{place}')\"")
                shell.run(f"cat >'{place}' <<'=end of file'\n{content}=end of file")
                continue
            begin = len(shell.lines)
            for line in content:
                if line.startswith("$ ") and not line.startswith(("$ sudo ", "$ pip ")):
                    shell.run(line[2:])
                    count += 1
            for line in content:
                if line and not line.startswith("$ "):
                    shell.wait_for(
                        lambda shown: shown == line or shown.endswith(": " + line), begin,
                        f"{document}:{place}: the line '{line}'")
    finally:
        shell.process.kill()
        shell.process.wait()
        shutil.rmtree(folder)
    if count == 0:
        raise SystemExit(f"{document}: there is no command in it")
    print(f"{document}: {count} commands")


if __name__ == "__main__":
    main()
