# SPDX-License-Identifier: Apache-2.0
"""One scenario of dynamic security in {our, Debian's} plugin x {our, Debian's} broker x {our, Debian's} mosquitto_ctrl.

Usage: dynsec_matrix.py [OUR_BROKER OUR_PLUGIN OUR_CTRL]

Each step is checked against what the scenario says. Everything seen (refusals, output, the whole state as the plugin
tells it over $CONTROL, who is disconnected and who may come back, what clients may do) is compared with what was seen
with Debian's three programs. Exits with 1 at a difference. Standard library only.
"""

import concurrent.futures
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, TESTS + "/PluginsC")

from dynsec_scenario import SCENARIO  # noqa: E402
from mqtt import Client, Closed, free_port, text  # noqa: E402

BUILD = os.path.dirname(TESTS) + "/.build/debug"
OURS = sys.argv[1:4] or [
    f"{BUILD}/mosquitto", f"{BUILD}/libmosquitto_dynamic_security.so", f"{BUILD}/mosquitto_ctrl"]
DEBIANS = [
    "/usr/sbin/mosquitto", "/usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so",
    "/usr/bin/mosquitto_ctrl"]
WAIT_SECONDS = 30
ADMIN_PASSWORD = "admin-password"
CONTROL = "$CONTROL/dynamic-security/v1"
NOT_AUTHORIZED = 0x87
ADMINISTRATIVE_ACTION = 0x98


class Failure(Exception):
    """A combination does not do what the scenario says."""


# A combination --------------------------------------------------------------------------------------------------------


class Peer(Client):
    """A client of version 5 that remembers what has been published to it."""

    def __init__(self, port, identifier, name=None, password=None, will=None):
        super().__init__(port)
        self.socket.settimeout(WAIT_SECONDS)
        self.topics = []
        flags = 2 | (4 if will else 0) | (0 if name is None else 0xC0)
        body = text("MQTT") + bytes([5, flags, 0, 0, 0]) + text(identifier)
        if will:
            body += b"\0" + text(will) + text("gone")
        if name is not None:
            body += text(name) + text(password)
        self.send(0x10, body)
        self.reason = self.receive()[1][1]

    def answer(self, *kinds):
        """The body of the next packet of a kind; keeps the topics of messages that come first."""
        while True:
            first, body = self.receive()
            if first & 0xF0 in kinds:
                return body
            if first & 0xF0 != 0x30:
                raise Failure(f"unexpected packet {first:#x} {body!r}")
            self.topics.append(body[2:2 + int.from_bytes(body[:2], "big")].decode())

    def request(self, first, body, kind):
        """Sends a packet; the reason code at the end of the answer, 0 where it has been left out."""
        self.send(first, body)
        answer = self.answer(kind)
        return answer[-1] if len(answer) > 2 else 0

    def until_fence(self):
        """The topics of what came before the fence."""
        while "fence" not in self.topics:
            first, body = self.receive()
            if first & 0xF0 != 0x30:
                raise Failure(f"unexpected packet {first:#x} {body!r}")
            self.topics.append(body[2:2 + int.from_bytes(body[:2], "big")].decode())
        place = self.topics.index("fence")
        before, self.topics = self.topics[:place], self.topics[place + 1:]
        return before

    def is_alive(self):
        """Whether the broker still answers."""
        try:
            self.send(0xC0, b"")
            self.answer(0xD0)
            return True
        except (Closed, OSError, Failure):
            return False

    def kicked(self):
        """The reason of the disconnection that comes."""
        reason = None
        try:
            reason = self.answer(0xE0)[0]
            while True:
                self.receive()
        except (Closed, OSError):
            return reason


class Administrator(Client):
    """The one reader of the state, whatever the tool is."""

    def __init__(self, port):
        super().__init__(port)
        self.socket.settimeout(WAIT_SECONDS)
        self.number = 0
        if self.connect("reader", 4, "admin", ADMIN_PASSWORD)[1] != b"\0\0":
            raise Failure("the administrator does not get in")
        self.subscribe(CONTROL + "/response", 4)

    def run(self, *commands):
        """The answers to commands; those to the tool's are passed over."""
        self.number += 1
        mark = f"reader-{self.number}"
        commands = [command | {"correlationData": mark} for command in commands]
        self.send(0x30, text(CONTROL) + json.dumps({"commands": commands}).encode())
        while True:
            first, body = self.receive()
            if first & 0xF0 != 0x30:
                raise Failure(f"unexpected packet {first:#x}")
            answers = json.loads(body[2 + int.from_bytes(body[:2], "big"):])["responses"]
            if all(answer.pop("correlationData", None) == mark for answer in answers):
                return answers

    def state(self):
        """Everything the plugin knows, in what both versions have."""
        answers = self.run(
            *({"command": f"list{what}", "verbose": True} for what in ("Clients", "Groups", "Roles")),
            {"command": "getDefaultACLAccess"}, {"command": "getAnonymousGroup"})
        data = [answer["data"] for answer in answers]
        for client in data[0]["clients"]:
            client.pop("connections", None)  # 2.0 does not list them
        for role in data[2]["roles"]:
            role.pop("allowwildcardsubs", None)  # 2.0 has no such member
        return json.dumps(data, sort_keys=True, ensure_ascii=False)


class Site:
    """A broker with a plugin and a state file; restarts on the same file."""

    def __init__(self, broker, plugin, control):
        self.broker, self.plugin, self.control = broker, plugin, control
        self.folder = tempfile.mkdtemp(prefix="dynsec-matrix-")
        self.process = None
        # The plugin of 2.0 cannot read the password hashes of 2.1, so its file is made by the tool of 2.0.
        maker = DEBIANS[2] if plugin == DEBIANS[1] else control
        made = self.run_program(maker, "dynsec", "init", self.folder + "/dynsec.json", "admin", ADMIN_PASSWORD)
        if made.returncode != 0:
            raise Failure(f"dynsec init: {made.stderr}")
        self.start()

    @staticmethod
    def run_program(*words):
        return subprocess.run(
            words, capture_output=True, text=True, timeout=WAIT_SECONDS, check=False, stdin=subprocess.DEVNULL,
            env=os.environ | {"XDG_CONFIG_HOME": "/nonexistent"})

    def start(self):
        self.port = free_port()
        with open(self.folder + "/conf", "w", encoding="utf-8") as file:
            file.write(
                f"listener {self.port} 127.0.0.1\nallow_anonymous true\nuser root\nlog_type all\n"
                f"plugin {self.plugin}\nplugin_opt_config_file {self.folder}/dynsec.json\n")
        self.log = []
        self.running = threading.Event()
        self.process = subprocess.Popen(
            [self.broker, "-c", self.folder + "/conf"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            errors="replace")
        self.drain = threading.Thread(target=self.read_log, daemon=True)
        self.drain.start()
        if not self.running.wait(WAIT_SECONDS) or self.process.poll() is not None:
            raise Failure("the broker did not start:\n" + "".join(self.log))

    def read_log(self):
        """Keeps the pipe empty, so that the broker never waits for it."""
        for line in self.process.stderr:
            self.log.append(line)
            if line.endswith(" running\n"):
                self.running.set()
        self.running.set()

    def stop(self):
        self.process.terminate()
        status = self.process.wait(WAIT_SECONDS)
        self.drain.join(WAIT_SECONDS)
        self.process.stderr.close()
        self.process = None
        if status != 0:
            raise Failure(f"the broker ended with {status}")

    def close(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder)


class Run:
    """The scenario in one combination, and what is seen in it."""

    def __init__(self, site):
        self.site = site
        self.passwords = {"anonymous": None}
        self.watched = {}
        self.identifiers = {}
        self.seen = []
        self.administrator = Administrator(site.port)
        self.tester = None

    def credentials(self, name):
        return (None, None) if name == "anonymous" else (name, self.passwords[name])

    def peer(self, identifier, name, will=None):
        return Peer(self.site.port, identifier, *self.credentials(name), will)

    def do(self, step):
        kind, *rest = step
        if kind in ("tool", "raw"):
            return self.change(kind, *rest)
        return {"watch": self.watch, "access": self.access, "login": self.login, "restart": self.restart}[kind](*rest)

    # Steps

    def watch(self, name, identifier=None):
        self.identifiers[name] = identifier = identifier or self.identifiers[name]
        self.watched[name] = self.peer(identifier, name, "will/" + name)
        return self.watched[name].reason

    def change(self, kind, what, refused, kicked, back):
        error, output = (self.run_tool if kind == "tool" else self.run_raw)(what)
        if bool(error) != refused:
            raise Failure(f"refused: {error!r}")
        if not refused:
            self.learn(kind, what)
        if kind == "raw" and what["command"] == "modifyRole" and self.site.plugin == DEBIANS[1]:
            # Version 2.0 lets the clients of a modified role stay; they leave by themselves here.
            for name in kicked:
                self.watched[name].send(0xE0, b"")
            reasons = {name: ADMINISTRATIVE_ACTION for name in kicked if self.watched[name].kicked() is None}
        else:
            reasons = {name: self.watched[name].kicked() for name in kicked}
        for name in kicked:
            self.watched[name].close()
            self.watched[name] = None
        dead = [name for name, peer in self.watched.items() if peer and not peer.is_alive()]
        if dead or any(reason != ADMINISTRATIVE_ACTION for reason in reasons.values()):
            raise Failure(f"disconnected: {reasons} and unexpectedly {dead}")
        came = self.come_back()
        if sorted(came) != sorted(kicked if back is None else back):
            raise Failure(f"came back: {came}")
        if kind == "tool" and what[0] == "deleteClient" and not refused:
            self.watched.pop(what[1], None)
        return [error, output, reasons, came, self.administrator.state()]

    def come_back(self):
        """Connects those again who are outside; who gets in."""
        outside = [name for name, peer in self.watched.items() if peer is None]
        came = [name for name in outside if self.watch(name) == 0]
        for name in set(outside) - set(came):
            self.watched[name].close()
            self.watched[name] = None
        return came

    def run_tool(self, words):
        """What the tool says against it and prints."""
        if words[0] == "setDefaultACLAccess" and self.site.control == DEBIANS[2]:
            # The tool of 2.0 ends with 0 and changes nothing, so the reader sends what was meant.
            return self.run_raw({"command": words[0], "acls": [{"acltype": words[1], "allow": words[2] == "allow"}]})
        done = Site.run_program(
            self.site.control, "-h", "127.0.0.1", "-p", str(self.site.port), "-u", "admin", "-P", ADMIN_PASSWORD,
            "dynsec", *words)
        errors = [line for line in done.stderr.splitlines() if "Error" in line or "not recognised" in line]
        # The tool of 2.0 ends with 0 when the broker has refused; ours must not.
        refused = done.returncode != 0 or bool(errors)
        if self.site.control != DEBIANS[2] and (done.returncode != 0) != bool(errors):
            raise Failure(f"status {done.returncode} with {done.stderr!r}")
        # 2.0 ends errors without a full stop, has other columns and no connections.
        lines = (" ".join(line.split()) for line in done.stdout.splitlines())
        return refused and [line.rstrip(".") for line in errors] or "", [
            line for line in lines if not line.startswith("Connections:")]

    def run_raw(self, command):
        answer, = self.administrator.run(command)
        return answer.get("error", ""), []

    def learn(self, kind, what):
        """Remembers passwords that have been set."""
        if kind == "raw" and "password" in what:
            self.passwords[what["username"]] = what["password"]
        if kind == "tool" and what[0] == "createClient":
            self.passwords[what[1]] = what[what.index("-p") + 1]
        if kind == "tool" and what[0] == "setClientPassword":
            self.passwords[what[1]] = what[2]
        if what == ["addRoleACL", "fence", "publishClientSend", "will/#", "allow"]:
            self.start_tester()

    def start_tester(self):
        self.tester = self.peer("tester", "tester")
        if self.tester.request(0x82, b"\0\1\0" + text("#") + b"\0", 0x90) != 0:
            raise Failure("the tester may not subscribe")

    def login(self, name, password, identifier, is_in):
        with Peer(self.site.port, "login-" + identifier if name is None else identifier, name, password) as peer:
            if peer.reason != (0 if is_in else NOT_AUTHORIZED):
                raise Failure(f"reason {peer.reason:#x}")
            return peer.reason

    def access(self, name, topic, may):
        """Subscribes, has the tester publish, publishes, unsubscribes; compares with what the client may."""
        can = []
        with self.peer("access-" + name, name) as peer:
            # Option 4: not what it publishes itself.
            reasons = [
                peer.request(0x82, b"\0\1\0" + text(wanted) + b"\4", 0x90) for wanted in ("fence", topic)]
            can += ["sub"] if reasons[1] == 0 else []
            if "#" not in topic:
                can += self.exchange(peer, topic, reasons)
            reasons.append(peer.request(0xA2, b"\0\3\0" + text(topic), 0xB0))
            # 0x11: it was not subscribed, which it may.
            can += ["unsub"] if reasons[-1] in (0, 0x11) else []
        if sorted(can) != sorted(may) or set(reasons) - {0, 0x11, NOT_AUTHORIZED}:
            raise Failure(f"may {can}, reason codes {reasons}")
        return reasons

    def exchange(self, peer, topic, reasons):
        """One message to a client and one from it; which of the two came through."""
        can = []
        for name in (topic, "fence"):
            self.tester.publish(name, b"")
        # Wills of the disconnected would be seen here.
        others = set(self.tester.until_fence()) - {topic}
        received = peer.until_fence()
        can += ["recv"] if received else []
        reasons.append(peer.request(0x32, text(topic) + b"\0\2\0", 0x40))
        peer.publish("fence", b"")
        seen = self.tester.until_fence()
        can += ["pub"] if seen else []
        if others or received not in ([], [topic]) or seen not in ([], [topic]) or bool(seen) != (reasons[-1] == 0):
            raise Failure(f"received {received}, sent {seen}, reason codes {reasons}, besides {others}")
        return can

    def restart(self):
        before = self.administrator.state()
        self.site.stop()
        self.site.start()
        self.administrator = Administrator(self.site.port)
        self.start_tester()
        for name in self.watched:
            if self.watch(name) != 0:
                raise Failure(f"{name} does not get in again")
        if self.administrator.state() != before:
            raise Failure(f"{before} has become {self.administrator.state()}")
        return before

    def close(self):
        for peer in [self.administrator, self.tester, *self.watched.values()]:
            if peer:
                peer.close()


# The matrix -----------------------------------------------------------------------------------------------------------


def title(programs):
    return " + ".join(
        ("our " if program == our else "Debian's ") + what
        for program, our, what in zip(programs, OURS, ("broker", "plugin", "mosquitto_ctrl")))


def run(programs):
    """What is seen in one combination, step by step, and what is wrong with it."""
    site = None
    try:
        site = Site(*programs)
        scenario = Run(site)
        for number, step in enumerate(SCENARIO):
            try:
                scenario.seen.append(scenario.do(step))
            except (Failure, Closed, OSError, KeyError, IndexError, ValueError, subprocess.SubprocessError) as error:
                log = "".join(site.log[-20:])
                return scenario.seen, f"step {number} {step}: {type(error).__name__} {error}\n{log}"
        scenario.close()
        site.stop()
        return scenario.seen, None
    except (Failure, OSError) as error:
        return [], f"start or end: {error}"
    finally:
        if site:
            site.close()


def main():
    steps = sum(step[0] in ("tool", "raw", "restart") for step in SCENARIO)
    matrix = list(itertools.product(*zip(DEBIANS, OURS)))
    # More at a time than processors: much of it is waiting.
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(run, matrix))
    reference = outcomes[0][0]
    failed = False
    for programs, (seen, problem) in zip(matrix, outcomes):
        differing = [number for number, pair in enumerate(zip(reference, seen)) if pair[0] != pair[1]]
        failed = failed or bool(problem) or bool(differing)
        print(f"{'failed' if problem or differing else 'same'}: {title(programs)}, {len(seen)} of {len(SCENARIO)}")
        if problem:
            print(f"    {problem}")
        for number in differing[:3]:
            print(f"    step {number} {SCENARIO[number]}\n    {reference[number]}\n    {seen[number]}")
    print(f"{len(matrix)} combinations, {steps} commands and restarts, {len(SCENARIO) - steps} probes")
    return 1 if failed or steps < 60 else 0


if __name__ == "__main__":
    sys.exit(main())
