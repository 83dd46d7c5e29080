# SPDX-License-Identifier: Apache-2.0
# The test of scripts/plugin-panics.sh: panics.py BROKER PROGRAMS SECONDS; PROGRAMS is a folder with pinger and panics.so.
"""A plugin in a process of its own panics amid a storm of logins; who is connected must not notice."""

import argparse
import os
import re
import threading
import time

import harness

STAYING = 200
THREADS = 8
# One login in so many panics at random, one in so many is of a user at which it always does.
RANDOM, POISON = 300, 400
PING_MILLISECONDS_MAX = 5
SERVER_UNAVAILABLE = 0x88


class Storm:
    """Logins as fast as they are answered, from many threads."""

    def __init__(self, port):
        self.port, self.lock, self.ends = port, threading.Lock(), False
        self.answers, self.poisons, self.wrong = {}, 0, []
        self.threads = [threading.Thread(target=self._run, args=(number,)) for number in range(THREADS)]
        for thread in self.threads:
            thread.start()

    def _run(self, number):
        turn = 0
        while not self.ends:
            turn += 1
            is_poison = turn % POISON == POISON // 2
            name = f"{'poison' if is_poison else 'user'}-{number}-{turn}"
            try:
                client = harness.Client(self.port, harness.connect(name, version=5, user=name), timeout=30)
                code = client.connack[1]
                client.close()
            except (OSError, AssertionError) as error:
                code = repr(error)
            with self.lock:
                self.answers[code] = self.answers.get(code, 0) + 1
                self.poisons += is_poison
                if is_poison and code != SERVER_UNAVAILABLE:
                    self.wrong.append((name, code))

    def stop(self):
        """Ends it, and waits until the last login is answered."""
        self.ends = True
        for thread in self.threads:
            thread.join()


def main():
    """Prints what was seen; returns whether it is as it must be."""
    parser = argparse.ArgumentParser()
    parser.add_argument("broker")
    parser.add_argument("programs")
    parser.add_argument("seconds", type=float)
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    lines = f"worker_threads {arguments.workers}\nmax_pending_logins 0\n"
    lines += f"plugin {os.path.realpath(arguments.programs)}/panics.so\nplugin_isolation process\n"
    lines += f"plugin_restart_wait 10\nplugin_opt_one_in {RANDOM}\n"
    broker = harness.Broker(
        os.path.realpath(arguments.broker), lines, environment={"SWIFT_BACKTRACE": "enable=no"}
    )
    try:
        staying = [harness.Client(broker.port, harness.connect(f"staying-{number}")) for number in range(STAYING)]
        pinger = harness.Pinger(f"{arguments.programs}/pinger", broker.port)
        time.sleep(2)
        quiet = pinger.report()
        storm = Storm(broker.port)
        time.sleep(arguments.seconds)
        stormy = pinger.report()
        storm.stop()
        pinger.stop()
        for client in staying:
            client.settle()
        crashes = len(re.findall(r"its process \d+ was ended by signal 6 ", broker.log()))
        others = len(re.findall(r"its process \d+ (?!was ended by signal 6 )", broker.log()))
    finally:
        status = broker.stop()
    failures = storm.answers.get(SERVER_UNAVAILABLE, 0)
    print(f"logins: {sum(storm.answers.values())}, by answer: {storm.answers}")
    print(f"panics: {crashes}; users at which it always panics: {storm.poisons}; failure answers: {failures}")
    for name, figures in (("before", quiet), ("meanwhile", stormy)):
        print(f"pings {name}: {figures[0]}, ms at p50 {figures[1]:.2f}, p99 {figures[2]:.2f}, at most {figures[3]:.2f}")
    print(f"connected clients that stayed: {STAYING}; the broker ended with {status}")
    checks = {
        "the plugin has panicked": crashes > 0 and others == 0,
        "users at which it panics were told to come later": not storm.wrong,
        "all others were let in, but those at which it has panicked twice": set(storm.answers) <= {0, SERVER_UNAVAILABLE},
        "a login fails for two panics, never for fewer": 2 * failures <= crashes,
        # Where the machine is not quiet, pings are late without any storm.
        "pings of others": stormy[2] < max(PING_MILLISECONDS_MAX, 2 * quiet[2]) and stormy[4] == 0,
        "the broker has ended as it should": status == 0,
    }
    for name, is_good in checks.items():
        if not is_good:
            print(f"NOT so: {name}")
    return all(checks.values())


if __name__ == "__main__":
    raise SystemExit(0 if main() else 1)
