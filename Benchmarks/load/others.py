# SPDX-License-Identifier: Apache-2.0
"""The same acknowledged messages through other brokers that keep them: ours, NATS with JetStream, Mosquitto."""

import os
import shutil
import statistics
import subprocess
import tempfile
import time

import harness

BROKER_CORE, LOAD_CORE = 0, 1
KEPT = "max_queued_messages 0\nset_tcp_nodelay true\npersistence true\npersistence_location FOLDER/\n"
OURS = f"{KEPT}max_inflight_messages 0\nworker_threads 1\nsys_interval 0\n"
LOADS = {
    "100 pairs": "pairs --qos 1 --persistent --seconds {seconds}",
    "one to 100": "fanout --subs 100 --qos 1 --persistent --seconds {seconds}",
    "queued for absent sessions": "queue --qos 1 --msgs 50000 --seconds 60",
}


class Nats:
    """A NATS server whose MQTT sessions are in JetStream, in files."""

    def __init__(self, path):
        self.folder, self.port = tempfile.mkdtemp(prefix="nats-"), harness.free_port()
        with open(f"{self.folder}/conf", "w", encoding="utf-8") as file:
            file.write(
                f'server_name: "bench"\nlisten: "127.0.0.1:{harness.free_port()}"\njetstream {{ store_dir: "{self.folder}" }}\n'
                f'mqtt {{ listen: "127.0.0.1:{self.port}", max_ack_pending: 65535 }}\n'
            )
        with open(f"{self.folder}/log", "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(["taskset", "-c", str(BROKER_CORE), path, "-c", file.name], stdout=log, stderr=log)
        harness.Broker.wait(self)
        # The port is open before JetStream is.
        while "Server is ready" not in self.log():
            if self.process.poll() is not None:
                raise RuntimeError(self.log())
            time.sleep(0.05)

    def log(self):
        """What it has written."""
        with open(f"{self.folder}/log", encoding="utf-8") as file:
            return file.read()

    def stop(self):
        """Ends it."""
        self.process.terminate()
        self.process.wait(30)
        shutil.rmtree(self.folder)


def others(bed):
    """Microseconds of CPU for each acknowledged message, and messages a second."""
    kinds = {
        "ours, `everysec`": lambda: harness.Broker(bed.path, OURS, core=BROKER_CORE),
        "ours, `always`": lambda: harness.Broker(bed.path, f"{OURS}persistence_fsync always\n", core=BROKER_CORE),
    }
    plugin = os.path.join(os.path.dirname(bed.path), "libmosquitto_persist_sqlite.so")
    if os.path.exists(plugin):
        lines = OURS.replace("persistence true\n", "") + f"plugin {plugin}\n"
        kinds["ours, SQLite"] = lambda: harness.Broker(bed.path, lines, core=BROKER_CORE)
    if bed.debian:
        kinds["Mosquitto"] = lambda: harness.Broker(bed.debian, f"{KEPT}log_type none\n", core=BROKER_CORE)
    if bed.nats:
        kinds["NATS"] = lambda: Nats(bed.nats)
    print("| Load | broker | µs of CPU | messages a second |")
    print("|---|---|---|---|")
    for name, words in LOADS.items():
        for kind, start in kinds.items():
            rows = [one_load(bed, start(), words.format(seconds=bed.seconds)) for _ in range(bed.rounds)]
            cost, rate = (statistics.median(column) for column in zip(*rows))
            print(f"| {name} | {kind} | {cost:.2f} | {rate:,.0f} |", flush=True)


def one_load(bed, broker, words):
    """Microseconds of CPU for each message and messages a second of one run of the load generator."""
    try:
        return harness.measure(bed.load, f"{words} --stall 60", broker.port, broker.process.pid, LOAD_CORE)
    finally:
        broker.stop()
