# SPDX-License-Identifier: Apache-2.0
# The measurements of Benchmarks/tls.sh: tls.py BROKER DIRECTORY THREADS
"""Starts a broker with TLS and WebSocket listeners and prints one figure per line."""

import json
import os
import re
import socket
import ssl
import subprocess
import sys
import threading
import time

BROKER, DIRECTORY, THREADS = sys.argv[1:4]
socket.setdefaulttimeout(5)
PLAIN, ECDSA, RSA, WEB, SECURE_WEB = range(18831, 18836)
CONNECT = b"\x10\x12\x00\x04MQTT\x04\x02\x00\x00\x00\x06%06d"
UPGRADE = (
    b"GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: mqtt\r\n\r\n"
)


def configuration(threads):
    """The configuration; only our broker has threads."""
    own = f"worker_threads {threads}\n" if "2.1" in version() else ""
    user = "user root\n" if os.geteuid() == 0 else ""
    text = own + user + "allow_anonymous true\nset_tcp_nodelay true\nmax_queued_messages 0\nlog_type error\n"
    for port, name, protocol in [
        (PLAIN, None, "mqtt"),
        (ECDSA, "server", "mqtt"),
        (RSA, "rsa", "mqtt"),
        (WEB, None, "websockets"),
        (SECURE_WEB, "server", "websockets"),
    ]:
        text += f"listener {port} 127.0.0.1\nprotocol {protocol}\n"
        if name:
            text += f"certfile {DIRECTORY}/{name}.crt\nkeyfile {DIRECTORY}/{name}.key\n"
    return text


def version():
    """What the broker says it is."""
    result = subprocess.run([BROKER, "-h"], capture_output=True, text=True, check=False)
    return result.stdout.split("\n")[0]


def start(threads=THREADS):
    """Starts the broker and waits until it answers."""
    path = f"{DIRECTORY}/bench.conf"
    with open(path, "w", encoding="utf-8") as file:
        file.write(configuration(threads))
    process = subprocess.Popen([BROKER, "-c", path], stderr=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", SECURE_WEB)).close()
            return process
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the broker did not start")


def cpu(pid):
    """Seconds of processor time of all threads."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid):
    """Resident bytes."""
    with open(f"/proc/{pid}/statm", encoding="utf-8") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def handshakes(pid, port, *options, seconds=4):
    """Handshakes with one client after the other."""
    before = cpu(pid)
    command = ["openssl", "s_time", "-connect", f"127.0.0.1:{port}", "-time", str(seconds), *options]
    text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    count = max(int(number) for number in re.findall(r"(\d+) connections in \d+ real", text))
    return f"{count / seconds:8.0f}/s {(cpu(pid) - before) / count * 1e6:8.0f} us of broker CPU each"


def crowd(threads, seconds=3):
    """Handshakes a second with 16 clients at once, which cost little themselves."""
    process = start(threads)
    try:
        before = cpu(process.pid)
        command = [f"{DIRECTORY}/handshakes", str(RSA), f"{DIRECTORY}/rsa.crt", str(seconds)]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        made, failed, elapsed, client = (float(word) for word in text.split())
        cost = (cpu(process.pid) - before) / made * 1e6
        print(
            f"crowd, {threads} reactor(s)         {made / elapsed:8.0f}/s {cost:8.0f} us of broker CPU each,"
            f" {client:.0f} of the client's, {failed:.0f} failed"
        )
        return made / elapsed
    finally:
        process.terminate()
        process.wait()


def scaling(rounds=3):
    """How many times the handshakes of one reactor two make, in rounds by turns."""
    if "2.1" not in version():
        crowd(1)
        return
    ratios = [1 / crowd(1) * crowd(2) for _ in range(rounds)]
    print("two reactors, times the rate", " ".join(f"{ratio:.2f}" for ratio in ratios))


def context():
    """A client that trusts everybody."""
    result = ssl.create_default_context()
    result.check_hostname = False
    result.verify_mode = ssl.CERT_NONE
    return result


def latency(port_of_storm, seconds=5, clients=4):
    """Round trips of PINGREQ on a plain connection during a storm of handshakes."""
    stop = threading.Event()
    storm = []
    if port_of_storm:
        for _ in range(clients):
            command = ["openssl", "s_time", "-connect", f"127.0.0.1:{port_of_storm}", "-new"]
            storm.append(
                subprocess.Popen(
                    [*command, "-time", str(seconds + 2)],
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
        time.sleep(0.5)
    connection = socket.create_connection(("127.0.0.1", PLAIN))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.send(CONNECT % 0)
    connection.recv(4)
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        begin = time.perf_counter()
        connection.send(b"\xc0\x00")
        connection.recv(2)
        times.append(time.perf_counter() - begin)
        time.sleep(0.001)
    stop.set()
    for process in storm:
        process.kill()
        process.wait()
    connection.close()
    times.sort()
    p50, p99 = times[len(times) // 2], times[len(times) * 99 // 100]
    return f"p50 {p50 * 1e3:.2f} ms  p99 {p99 * 1e3:.2f} ms  max {times[-1] * 1e3:.2f} ms"


def idle(port, secure, web, count=1000):
    """Resident bytes per idle connection, of a broker that has served nobody else."""
    process = start()
    try:
        time.sleep(0.5)
        return idle_in(process.pid, port, secure, web, count)
    except OSError as error:
        return f"not measured: {error}"
    finally:
        process.terminate()
        process.wait()


def idle_in(pid, port, secure, web, count):
    """Opens the connections and looks at the broker's size."""
    before = memory(pid)
    open_connections = []
    tls = context()
    for index in range(count):
        connection = socket.create_connection(("127.0.0.1", port))
        if secure:
            connection = tls.wrap_socket(connection)
        packet = CONNECT % index
        if web:
            connection.send(UPGRADE)
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                more = connection.recv(1000)
                if not more:
                    raise OSError("the upgrade was refused")
                head += more
            packet = bytes([0x82, 0x80 | len(packet)]) + b"\0\0\0\0" + packet
        connection.send(packet)
        connection.recv(8)
        open_connections.append(connection)
    time.sleep(3)
    used = (memory(pid) - before) / count
    for connection in open_connections:
        connection.close()
    time.sleep(0.5)
    return f"{used:8.0f} bytes each"


def load(pid, *arguments):
    """A run of the load generator."""
    tool = os.environ.get("MQTTLOAD")
    if not tool:
        return "not measured: MQTTLOAD is not set"
    command = [tool, *arguments, "--pid", str(pid), "--json"]
    text = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=60
    ).stdout
    result = json.loads(text.strip().split("\n")[-1])
    return f"{result['out_per_s']:8.0f}/s {result['us_per_msg']:8.2f} us of broker CPU each"


def main():
    """Prints all figures."""
    process = start()
    pid = process.pid
    try:
        sys.stdout.reconfigure(line_buffering=True)
        print("full, ECDSA P-256, TLS 1.3  ", handshakes(pid, ECDSA, "-new", "-tls1_3"))
        print("full, RSA 2048, TLS 1.3     ", handshakes(pid, RSA, "-new", "-tls1_3"))
        print("full, ECDSA P-256, TLS 1.2  ", handshakes(pid, ECDSA, "-new", "-tls1_2"))
        print("full, RSA 2048, TLS 1.2     ", handshakes(pid, RSA, "-new", "-tls1_2"))
        print("resumed, RSA 2048, TLS 1.2  ", handshakes(pid, RSA, "-reuse", "-tls1_2"))
        print("neighbour, quiet            ", latency(None))
        print("neighbour of RSA handshakes ", latency(RSA))
        for name, port, tls in [("plain", PLAIN, []), ("TLS  ", ECDSA, ["--tls"])]:
            ports = ["--port", str(port), *tls, "--seconds", "4"]
            print(f"fan-out to 100, {name}       ", load(pid, "fanout", "--subs", "100", *ports))
            print(f"50 pairs, {name}             ", load(pid, "pairs", "--pubs", "50", *ports))
    finally:
        process.terminate()
        process.wait()
    scaling()
    print("idle, plain                 ", idle(PLAIN, False, False))
    print("idle, TLS                   ", idle(ECDSA, True, False))
    # Some brokers take a tenth of a second for each of these.
    print("idle, WebSocket             ", idle(WEB, False, True, 200))
    print("idle, WebSocket over TLS    ", idle(SECURE_WEB, True, True, 200))


main()
