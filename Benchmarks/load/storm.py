# SPDX-License-Identifier: Apache-2.0
# The storm of scripts/storm.sh: storm.py ROOT BROKER PLUGIN_DIRECTORY STORM_PLUGIN SECONDS REPORT_PREFIX
"""Everything at once against a broker built with a sanitizer. Exits with 1 unless all of it worked and nothing was found."""

import base64
import glob
import hashlib
import json
import os
import random
import sys
import tempfile
import threading
import time

import harness
import transports
import visits

VISITORS, REACTORS = 12, 3
USERS = {name: f"{name}-password" for name in ("one", "two", "late1", "late2")}
WAIT_FOR_BROKER = 120
# How long a client waits for an answer: with the sanitizer everything takes twenty times as long.
PATIENCE = 15


def entry(name, password):
    """A line of the password file; few iterations, because the sanitizer makes each a hundred times dearer."""
    salt = name.encode().ljust(12, b"=")
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101)
    return f"{name}:$7$101${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}\n"


def access_rules(turn):
    """The access list by turns with and without some rights."""
    more = "user two\ntopic deny all/3\ntopic read wide/#\n" if turn % 2 else "user two\ntopic readwrite wide/#\n"
    return (
        "topic readwrite #\ntopic read /api/v1/#\ntopic read $SYS/#\n"
        + "".join(f"user {name}\ntopic readwrite #\n" for name in USERS if name != "two")
        + more + "topic readwrite own/#\ntopic readwrite all/#\ntopic read busy/#\npattern readwrite own/%c\n"
    )


def choose_login(dice):
    """Who a visitor says it is; some are wrong, some get an answer late."""
    name = dice.choice((None, None, None, "one", "one", "two", "two", "late1", "late2"))
    if name is None:
        return None, None
    return name, USERS[name] if dice.random() < 0.95 else "wrong"


class Storm:
    """One run."""

    def __init__(self, arguments):
        self.root, self.path, self.plugins, self.storm_plugin = map(os.path.realpath, arguments[:4])
        self.seconds, self.reports = int(arguments[4]), arguments[5]
        self.reloads = self.requests = self.changes = 0
        self.is_over = False
        self.failures = []

    def configuration(self, folder, everything, dynsec_port):
        """Listeners of each kind, and one where dynamic security decides."""
        return (
            f"worker_threads {REACTORS}\nworker_gathering false\nper_listener_settings true\n"
            "max_queued_messages 200\nlog_type all\nauth_timeout 30\n"
            f"plugin_load dynsec {self.plugins}/libmosquitto_dynamic_security.so\n"
            f"plugin_opt_config_file {folder}/dynsec.json\n"
            f"plugin_load storm {self.storm_plugin}\n"
            + everything.lines
            + f"listener {dynsec_port} 127.0.0.1\nallow_anonymous false\nplugin_use dynsec\n"
        )

    def run(self):
        """All of it; returns what failed."""
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            transports.make_certificates(self.root, folder)
            for name, content in (("passwords", "".join(entry(*user) for user in USERS.items())), ("acl", access_rules(0))):
                with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
                    os.chmod(file.name, 0o700)
                    file.write(content)
            each = f"allow_anonymous true\npassword_file {folder}/passwords\nacl_file {folder}/acl\nplugin_use storm\n"
            everything = transports.Transports(folder, folder, each)
            dynsec_port = harness.free_port()
            broker = harness.Broker(
                self.path, self.configuration(folder, everything, dynsec_port),
                environment={"MOSQUITTO_DYNSEC_PASSWORD": "right-password"}, wait=WAIT_FOR_BROKER,
            )
            everything.serve(broker.port)
            everything.open["dynamic security"] = lambda: transports.plain(dynsec_port)
            self.rage(broker, folder, everything, dynsec_port)
            self.judge(broker)
        return self.failures

    def rage(self, broker, folder, everything, dynsec_port):
        """Lets all of it happen for as long as asked."""
        visitors, tallies = visits.start(VISITORS, everything, is_hostile=True, login=choose_login, timeout=PATIENCE)
        others = [
            threading.Thread(target=self.reload, args=(broker, folder)),
            threading.Thread(target=self.ask, args=(everything,)),
            threading.Thread(target=self.administer, args=(dynsec_port,)),
        ]
        for thread in others:
            thread.start()
        limit = time.monotonic() + self.seconds
        while time.monotonic() < limit and broker.is_alive():
            time.sleep(0.2)
        self.is_over = True
        for thread in others:
            thread.join(60)
        visits.stop(visitors)
        text, is_complete = visits.table(tallies)
        print(text)
        print(f"{self.reloads} reloads, {self.requests} answers of the HTTP API, {self.changes} changes of dynamic security")
        if not is_complete:
            self.failures.append("nothing was exchanged on a transport")
        for count, what in ((self.reloads, "reloads"), (self.requests, "HTTP"), (self.changes, "dynamic security")):
            if count == 0:
                self.failures.append(f"no {what}")

    def judge(self, broker):
        """Is it alive, does it answer, does it end, has the sanitizer found anything?"""
        if broker.is_alive():
            if not serves(broker.port):
                self.failures.append("the broker does not serve any more")
        else:
            self.failures.append(f"the broker has died with {broker.process.returncode}")
            print(broker.log()[-3000:])
        status = broker.stop(timeout=60)
        if status != 0:
            self.failures.append(f"the broker ended with {status}")
        found = glob.glob(self.reports + "*")
        for name in found:
            with open(name, encoding="utf-8", errors="replace") as file:
                print(file.read())
        print(f"Findings of the sanitizer: {len(found)}")
        if found:
            self.failures.append("the sanitizer has found something")

    def reload(self, broker, folder):
        """SIGHUP twice a second, each time with other rights.

        Who comes during a reload waits for its end: the next one begins when somebody has been let in after the last.
        """
        while not self.is_over and broker.is_alive():
            with open(f"{folder}/acl", "w", encoding="utf-8") as file:
                file.write(access_rules(self.reloads))
            broker.reload()
            self.reloads += 1
            began = time.monotonic()
            try:
                client = harness.Client(broker.port, harness.connect("reload"), timeout=PATIENCE)
                client.close()
            except (OSError, AssertionError):
                pass  # A reload may throw out who has just come.
            time.sleep(max(0.05, 0.5 - (time.monotonic() - began)))

    def ask(self, everything):
        """Requests to the HTTP API, good and bad."""
        paths = ["/api/v1/systree", "/api/v1/version", "/api/v1/listeners", "/nothing", "/../x", "/%zz"]
        while not self.is_over:
            try:
                login = base64.b64encode(f"one:{USERS['one']}".encode()).decode()
                authorization = random.choice(("", f"Authorization: Basic {login}\r\n"))
                self.requests += " 200 " in everything.ask(random.choice(paths), authorization)
            except OSError:
                time.sleep(0.1)

    def administer(self, port):
        """Changes dynamic security all the time; its default access is what visitors of that listener need."""
        topic = "$CONTROL/dynamic-security/v1"
        turn = 0
        while not self.is_over:
            try:
                admin = harness.Client(port, harness.connect("admin", user="admin", password="right-password"))
                admin.send(harness.subscribe([topic + "/response"]))
                while not self.is_over:
                    turn += 1
                    admin.send(harness.publish(topic, json.dumps({"commands": commands(turn)}).encode(), 1, turn % 60000 + 1))
                    admin.read_until(0x30)
                    self.changes += 1
                    time.sleep(0.02)
            except (OSError, AssertionError):
                time.sleep(0.2)


def serves(port):
    """Whether a new client is let in and answered; the plugin may have much to do first."""
    for _ in range(5):
        try:
            harness.Client(port, harness.connect("last"), timeout=PATIENCE).settle()
            return True
        except (OSError, AssertionError):
            time.sleep(1)
    return False


def commands(turn):
    """Users and roles come, change and go; those of the visitors are there most of the time."""
    name, role = f"user{turn % 7}", f"role{turn % 5}"
    acl = {"acltype": "publishClientSend", "topic": "own/#", "allow": True, "priority": turn % 3}
    result = [
        {"command": "createRole", "rolename": role, "acls": [acl]},
        {"command": "createClient", "username": name, "roles": [{"rolename": role}]},
        {"command": "addRoleACL", "rolename": role, **acl, "topic": f"all/{turn % 9}"},
        {"command": "disableClient" if turn % 3 == 0 else "enableClient", "username": name},
        {"command": "deleteClient", "username": f"user{(turn + 3) % 7}"},
        {"command": "deleteRole", "rolename": f"role{(turn + 2) % 5}"},
    ]
    if turn == 1:
        everywhere = [
            {"acltype": kind, "allow": True}
            for kind in ("publishClientSend", "publishClientReceive", "subscribe", "unsubscribe")
        ]
        rights = [
            {"acltype": kind, "topic": "#", "allow": True}
            for kind in ("publishClientSend", "publishClientReceive", "subscribePattern", "unsubscribePattern")
        ]
        result = [{"command": "setDefaultACLAccess", "acls": everywhere}]
        result.append({"command": "createRole", "rolename": "visitors", "acls": rights})
        for user in ("one", "two"):
            result.append({
                "command": "createClient", "username": user, "password": USERS[user], "roles": [{"rolename": "visitors"}],
            })
    return result


def main():
    """Runs as long as the command line says."""
    harness.raise_limits()
    failures = Storm(sys.argv[1:]).run()
    for failure in failures:
        print(f"FAIL: {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
