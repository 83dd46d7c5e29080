# SPDX-License-Identifier: Apache-2.0
"""A broker under load: its process, MQTT packets as bytes, many clients on one epoll, the innocent client."""

import ctypes
import json
import os
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

SCHED_SETATTR = {"x86_64": 314}.get(os.uname().machine, 274)
PINGREQ, DISCONNECT = b"\xc0\0", b"\xe0\0"


def integer(value):
    """A Variable Byte Integer."""
    result = b""
    while True:
        value, low = value >> 7, value & 127
        result += bytes([low | (128 if value else 0)])
        if not value:
            return result


def text(value):
    """A UTF-8 string, or binary data."""
    value = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(value)) + value


def packet(kind, body):
    """A control packet; `kind` is its first byte."""
    return bytes([kind]) + integer(len(body)) + body


def connect(name, clean=True, version=4, keep_alive=0, user=None, password=None, will=None, expiry=None, maximum=None):
    """CONNECT; `will` is topic, payload, QoS, `expiry` and `maximum` need version 5."""
    flags = (2 if clean else 0) | (128 if user is not None else 0) | (64 if password is not None else 0)
    if will:
        flags |= 4 | will[2] << 3
    body = text("MQTT") + bytes([version, flags]) + struct.pack(">H", keep_alive)
    if version == 5:
        properties = b"" if expiry is None else b"\x11" + struct.pack(">I", expiry)
        properties += b"" if maximum is None else b"\x21" + struct.pack(">H", maximum)
        body += integer(len(properties)) + properties
    body += text(name)
    if will:
        body += (b"\0" if version == 5 else b"") + text(will[0]) + text(will[1])
    for part in (user, password):
        body += b"" if part is None else text(part)
    return packet(0x10, body)


def publish(topic, payload=b"", qos=0, identifier=1, retain=False, version=4):
    """PUBLISH."""
    head = text(topic) + (struct.pack(">H", identifier) if qos else b"")
    return packet(0x30 | qos << 1 | retain, head + (b"\0" if version == 5 else b"") + payload)


def subscribe(filters, qos=0, identifier=1, version=4):
    """SUBSCRIBE to all of `filters`."""
    option = bytes([qos])
    head = struct.pack(">H", identifier) + (b"\0" if version == 5 else b"")
    return packet(0x82, head + b"".join(text(name) + option for name in filters))


def unsubscribe(filters, identifier=1, version=4):
    """UNSUBSCRIBE from all of `filters`."""
    head = struct.pack(">H", identifier) + (b"\0" if version == 5 else b"")
    return packet(0xA2, head + b"".join(map(text, filters)))


def acknowledgement(kind, identifier):
    """PUBACK 0x40, PUBREC 0x50, PUBREL 0x62, PUBCOMP 0x70."""
    return struct.pack(">BBH", kind, 2, identifier)


class Client:
    """One connection that sends and reads when told to."""

    def __init__(self, port, greeting=None, timeout=20, receive_buffer=None):
        """`port` of a TCP listener, or what is connected already and has the methods of a socket."""
        self.socket = port
        if isinstance(port, int):
            self.socket = socket.socket()
            if receive_buffer:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            self.socket.settimeout(timeout)
            self.socket.connect(("127.0.0.1", port))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.waiting, self.offset = b"", 0
        self.connack = None
        if greeting is not None:
            self.send(greeting)
            kind, self.connack = self.read()
            assert kind == 0x20, f"no CONNACK but {kind:#x}"

    def send(self, data):
        """Sends all of it."""
        self.socket.sendall(data)

    def read(self):
        """The first byte and the body of the next packet; raises ConnectionError at the end."""
        while True:
            start, data = self.offset, self.waiting
            length, shift, place = 0, 0, start + 1
            while place < len(data):
                byte = data[place]
                length |= (byte & 127) << shift
                shift, place = shift + 7, place + 1
                if byte < 128:
                    if len(data) < place + length:
                        break
                    self.offset = place + length
                    return data[start], data[place : self.offset]
            self._receive()

    def _receive(self, count=1 << 20):
        data = self.socket.recv(count)
        if not data:
            raise ConnectionError("closed by the broker")
        self.waiting, self.offset = self.waiting[self.offset :] + data, 0

    def read_until(self, kind):
        """Reads up to the next packet whose first byte is `kind`; returns its body."""
        while True:
            found, body = self.read()
            if found == kind:
                return body

    def settle(self):
        """Waits until all that was sent has been dealt with."""
        self.send(PINGREQ)
        self.read_until(0xD0)

    def drain(self):
        """The same, without looking at what comes before; no payload may end like a PINGRESP."""
        self.send(PINGREQ)
        last = self.waiting[-2:]
        while last != b"\xd0\0":
            data = self.socket.recv(1 << 20)
            if not data:
                raise ConnectionError("closed by the broker")
            last = (last + data)[-2:]
        self.waiting, self.offset = b"", 0

    def skip(self, count):
        """Reads and forgets `count` bytes."""
        count -= len(self.waiting) - self.offset
        if count < 0:
            raise RuntimeError("more has come than is to be skipped")
        self.waiting, self.offset = b"", 0
        while count > 0:
            data = self.socket.recv(min(count, 1 << 20))
            if not data:
                raise ConnectionError("closed by the broker")
            count -= len(data)

    def reset(self):
        """Closes with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self):
        """Closes with FIN."""
        self.socket.close()


class Crowd:
    """Many connections on one epoll, which say something at once and count what comes back."""

    def __init__(self, port, count, greeting, first=0):
        """`greeting(index)` is what client `index` sends first; all of it is answered before this returns."""
        self.poll = select.epoll()
        self.sockets, self.received, self.bytes_read = {}, {}, 0
        for start in range(first, first + count, 500):
            batch = range(start, min(start + 500, first + count))
            for index in batch:
                # The range of local ports of one address is too small for some crowds.
                one = socket.socket()
                one.bind((f"127.0.0.{2 + index % 8}", 0))
                one.connect(("127.0.0.1", port))
                one.sendall(greeting(index))
                one.setblocking(False)
                self.sockets[one.fileno()] = one
                self.received[one.fileno()] = 0
                self.poll.register(one.fileno(), select.EPOLLIN)
            self.read_until(len(self.sockets), bytes_each=4)

    def read_until(self, clients, bytes_each, timeout=60):
        """Reads until so many clients have had so many bytes since they came."""
        limit = time.monotonic() + timeout
        done = sum(1 for count in self.received.values() if count >= bytes_each)
        while done < clients:
            if time.monotonic() > limit:
                raise TimeoutError(f"{done} of {clients} clients were served")
            for descriptor, _ in self.poll.poll(1, 2000):
                before = self.received[descriptor]
                data = self.sockets[descriptor].recv(1 << 18)
                if not data:
                    raise ConnectionError("the broker has closed one of the crowd")
                self.bytes_read += len(data)
                self.received[descriptor] = before + len(data)
                done += before < bytes_each <= before + len(data)

    def end(self, reset=False, last_words=b""):
        """All leave at once: with `last_words` and FIN, or with RST."""
        self.poll.close()
        if last_words:
            for one in self.sockets.values():
                one.sendall(last_words)
        for one in self.sockets.values():
            if reset:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            one.close()
        self.sockets = {}


def favour(process):
    """Puts a process, which leads a session, before all others that want its core, if we may.

    Where the kernel shares the processor out by session, niceness counts within one alone.
    """
    try:
        with open(f"/proc/{process}/autogroup", "w", encoding="utf-8") as file:
            file.write("-20")
    except OSError:
        pass  # Without: what others do on the machine is seen in the figures.


def shorten_slice():
    """Lets this process, and those it becomes, run at once when woken instead of after the slice of another.

    On a machine where nobody else wants the core it changes nothing.
    """
    class Attributes(ctypes.Structure):  # struct sched_attr
        _fields_ = [
            ("size", ctypes.c_uint32), ("policy", ctypes.c_uint32), ("flags", ctypes.c_uint64), ("nice", ctypes.c_int32),
            ("priority", ctypes.c_uint32), ("runtime", ctypes.c_uint64), ("deadline", ctypes.c_uint64), ("period", ctypes.c_uint64),
        ]

    wanted = Attributes(size=48, nice=-20 if os.geteuid() == 0 else 0, runtime=100_000)
    ctypes.CDLL(None).syscall(SCHED_SETATTR, 0, ctypes.byref(wanted), 0)


def free_port():
    """A port nobody uses yet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Broker:
    """A running broker; in `lines` of configuration PORT and FOLDER stand for its own."""

    def __init__(self, path, lines="", core=None, files=None, environment=None, wait=60):
        self.folder, self.port = tempfile.mkdtemp(prefix="harness-"), free_port()
        os.chmod(self.folder, 0o755)
        for name, content in (files or {}).items():
            with open(f"{self.folder}/{name}", "w", encoding="utf-8") as file:
                os.chmod(file.name, 0o700)
                file.write(content)
        configuration = f"log_dest file {self.folder}/log\nlog_type error\nlog_type warning\nsys_interval 1\n"
        configuration += "user root\n" if os.geteuid() == 0 else ""
        configuration += lines.replace("PORT", str(self.port)).replace("FOLDER", self.folder)
        if "listener" not in lines:
            configuration += f"\nlistener {self.port} 127.0.0.1\nallow_anonymous true\n"
        with open(f"{self.folder}/conf", "w", encoding="utf-8") as file:
            file.write(configuration)
        command = [path, "-c", file.name]
        if core is not None:
            command = ["taskset", "-c", str(core)] + command
        self.errors = open(f"{self.folder}/errors", "w+", encoding="utf-8")
        self.command, self.core, self.environment = command, core, environment or {}
        self.start_again(wait)

    def start_again(self, wait=60):
        """Starts it, the first time or after it has ended; returns when it accepts connections."""
        self.process = subprocess.Popen(
            self.command, stdout=self.errors, stderr=self.errors, env={**os.environ, **self.environment},
            start_new_session=True, preexec_fn=shorten_slice if self.core is not None else None,
        )
        if self.core is not None:
            favour(self.process.pid)
        self.wait(timeout=wait)

    def wait(self, port=None, timeout=60):
        """Waits until it accepts connections."""
        limit = time.monotonic() + timeout
        while self.process.poll() is None and time.monotonic() < limit:
            try:
                return socket.create_connection(("127.0.0.1", port or self.port), 1).close()
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"the broker does not start: {self.log()}")

    def log(self):
        """What it has written."""
        result = ""
        for name in ("errors", "log"):
            if os.path.exists(f"{self.folder}/{name}"):
                with open(f"{self.folder}/{name}", encoding="utf-8", errors="replace") as file:
                    result += file.read()
        return result

    def resident_kilobytes(self):
        """Resident memory."""
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))

    def descriptors(self):
        """Open descriptors."""
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def processor_seconds(self):
        """Processor time used so far."""
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def waited_seconds(self):
        """How long its threads could have run but had to wait for the processor: the fault of the machine."""
        result = 0
        for thread in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{thread}/schedstat", encoding="utf-8") as file:
                result += int(file.read().split()[1])
        return result / 1e9

    def is_alive(self):
        """Whether it still runs."""
        return self.process.poll() is None

    def reload(self):
        """Sends SIGHUP."""
        self.process.send_signal(signal.SIGHUP)

    def stop(self, timeout=30):
        """Sends SIGTERM; returns the exit status, or what went wrong. Removes its folder."""
        if self.is_alive():
            self.process.terminate()
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            status = "does not stop"
        self.errors.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        return status


def measure(program, words, port, pid, core):
    """Microseconds of a process' CPU for each message, and messages a second, of one run of the load generator."""
    command = [
        program, *words.split(), "--port", str(port), "--pid", str(pid), "--cpu", str(core), "--json",
    ]
    found = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    if found.returncode != 0:
        raise RuntimeError(f"{words}: {found.stdout}{found.stderr}")
    figures = json.loads(found.stdout)
    if words.startswith("queue"):
        return figures["us_per_enqueue"], figures["enqueue_per_s"]
    return figures["us_per_msg"], figures["out_per_s"]


class Pinger:
    """The innocent client of `pinger.c`."""

    def __init__(self, program, port, core=None, interval=1000):
        command = [program, str(port), str(interval)]
        if core is not None:
            command = ["taskset", "-c", str(core)] + command
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError(self.process.stderr.read())

    def report(self):
        """Pings, p50, p99, max (milliseconds) and pings without an answer since the last report."""
        try:
            self.process.stdin.write("report\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # What it said before it went is read below.
        fields = self.process.stdout.readline().split()
        if len(fields) != 5:
            raise RuntimeError(self.process.stderr.read().strip() or "the pinger has gone")
        return int(fields[0]), *(int(field) / 1000 for field in fields[1:4]), int(fields[4])

    def stop(self):
        """Ends it."""
        self.process.kill()
        self.process.wait()


def raise_limits():
    """As many descriptors as the system lets us have; children inherit them."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if os.geteuid() == 0 and most < 65536:
        try:
            return resource.setrlimit(resource.RLIMIT_NOFILE, (65536, 65536))
        except (ValueError, OSError):
            pass  # A container may forbid it: what there is may do.
    return resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
