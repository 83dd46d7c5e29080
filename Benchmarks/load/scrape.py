# SPDX-License-Identifier: Apache-2.0
# What Prometheus makes of a broker, and what a scrape costs; called by scripts/test-prometheus.sh.

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

FOLDER = os.environ["FOLDER"]
BROKER = os.environ["BROKER"]
LISTENERS = 24
REACTORS = 32
SCRAPES = 200
# Milliseconds of processor time for 2,000 series.
LIMIT = 5.0
RULES = "share/monitoring/mosquitto.rules.yml"


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def get(port, path, accept=None):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}")
    if accept:
        request.add_header("Accept", accept)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read()


def start_broker(ports):
    lines = [f"worker_threads {REACTORS}", "allow_anonymous true", "sys_interval 1"]
    if os.geteuid() == 0:
        lines.append("user root")
    lines += [f"listener {ports[0]} 127.0.0.1", "protocol http_api"]
    for port in ports[1:]:
        lines += [f"listener {port} 127.0.0.1", f"certfile {FOLDER}/cert.pem", f"keyfile {FOLDER}/key.pem"]
    with open(f"{FOLDER}/mosquitto.conf", "w") as file:
        file.write("\n".join(lines) + "\n")
    log = open(f"{FOLDER}/mosquitto.log", "w")
    broker = subprocess.Popen([BROKER, "-c", f"{FOLDER}/mosquitto.conf"], stderr=log)
    for _ in range(200):
        try:
            get(ports[0], "/health/ready")
            return broker
        except OSError:
            time.sleep(0.05)
    sys.exit("The broker does not get ready:\n" + open(f"{FOLDER}/mosquitto.log").read())


def check(arguments, text=None):
    done = subprocess.run(["promtool", "check", *arguments], input=text, capture_output=True)
    output = (done.stdout + done.stderr).decode()
    if done.returncode:
        sys.exit(f"promtool check {' '.join(arguments)}:\n{output}")
    return output


def processor_milliseconds(pid):
    with open(f"/proc/{pid}/schedstat") as file:
        total = int(file.read().split()[0])
    for task in os.listdir(f"/proc/{pid}/task"):
        if int(task) != pid:
            with open(f"/proc/{pid}/task/{task}/schedstat") as file:
                total += int(file.read().split()[0])
    return total / 1e6


def measure(pid, port):
    series = sum(not line.startswith(b"#") for line in get(port, "/metrics").splitlines())
    time.sleep(0.5)
    before = processor_milliseconds(pid)
    for _ in range(SCRAPES):
        get(port, "/metrics")
    each = (processor_milliseconds(pid) - before) / SCRAPES
    scaled = each * 2000 / series
    print(f"A scrape of {series} series takes {each:.2f} ms of processor time; for 2,000: {scaled:.2f} ms.")
    return scaled < LIMIT


def scrape(port):
    [own] = free_ports(1)
    with open(f"{FOLDER}/prometheus.yml", "w") as file:
        json.dump(
            {
                "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                "rule_files": [os.path.abspath(RULES)],
                "scrape_configs": [
                    {"job_name": "mosquitto", "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
                ],
            },
            file,
        )
    prometheus = subprocess.Popen(
        ["prometheus", f"--config.file={FOLDER}/prometheus.yml", f"--storage.tsdb.path={FOLDER}/data",
         f"--web.listen-address=127.0.0.1:{own}"],
        stderr=open(f"{FOLDER}/prometheus.log", "w"),
    )
    try:
        for _ in range(300):
            try:
                answer = json.loads(get(own, "/api/v1/query?query=mosquitto_ready"))
                result = answer["data"]["result"]
                rules = json.loads(get(own, "/api/v1/rules"))["data"]["groups"][0]["rules"]
                if result and all(rule["health"] == "ok" for rule in rules):
                    print(f"Prometheus has scraped: mosquitto_ready is {result[0]['value'][1]}; {len(rules)} rules are evaluated.")
                    return result[0]["value"][1] == "1"
            except OSError:
                pass
            time.sleep(0.1)
        print("Prometheus has not scraped:\n" + open(f"{FOLDER}/prometheus.log").read()[-3000:])
        return False
    finally:
        prometheus.send_signal(signal.SIGTERM)
        prometheus.wait()


def main():
    ports = free_ports(LISTENERS)
    broker = start_broker(ports)
    try:
        warnings = check(["metrics"], get(ports[0], "/metrics"))
        print("promtool check metrics: " + (warnings.strip() or "nothing to say"))
        print(check(["rules", RULES]).strip())
        if not get(ports[0], "/metrics", "application/openmetrics-text").endswith(b"# EOF\n"):
            sys.exit("OpenMetrics does not end as it should")
        isGood = measure(broker.pid, ports[0])
        isGood = scrape(ports[0]) and isGood
    finally:
        broker.send_signal(signal.SIGTERM)
        broker.wait()
    sys.exit(0 if isGood else 1)


main()
