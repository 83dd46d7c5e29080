# SPDX-License-Identifier: Apache-2.0
"""What the programs of all Python clients share: arguments, payloads, and what is told about messages.

Usage of each: PROGRAM publish|receive PORT VERSION CLIENT_ID TOPIC COUNT WINDOW SIZE

VERSION is 4 or 5, WINDOW how many messages of QoS 2 may be in flight, SIZE that of a payload in bytes. A publisher sends
the messages 0 up to COUNT and prints "done" when all have been answered. A receiver prints "ready" when it has
subscribed, a line for each message, and "done" when it has had COUNT different ones and left. Both keep their session,
and connect again whenever the connection ends.
"""

import os
import sys

EXPIRY_SECONDS = 3600
RETRY_SECONDS = 0.02


class Arguments:
    """The command line."""

    def __init__(self):
        self.role, port, version, self.client_id, self.topic, count, window, size = sys.argv[1:]
        self.port, self.version, self.count = int(port), int(version), int(count)
        self.window, self.size = int(window), int(size)


def payload(number, size):
    """The payload of a message: its number, and bytes that follow from it."""
    head = b"%d " % number
    cycle = bytes((number + index) & 255 for index in range(256))
    return head + (cycle * (size // 256 + 1))[: max(0, size - len(head))]


def say(line):
    """Tells the test something, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class Receiver:
    """Tells of each message and knows when all have been there."""

    def __init__(self, arguments):
        self.count, self.size = arguments.count, arguments.size
        self.numbers = set()

    @property
    def is_complete(self):
        return len(self.numbers) == self.count

    def take(self, content, is_repeated=False):
        """A message has come; is_repeated tells that it says so and that the client hands on such ones."""
        content = bytes(content)
        number = int(content[:20].split(b" ")[0])
        words = [str(number)]
        if content != payload(number, self.size):
            words.append("bad")
        if is_repeated:
            words.append("repeated")
        say(" ".join(words))
        self.numbers.add(number)


def leave():
    """Ends the program when all is done; threads and tasks of a client have no say in it."""
    say("done")
    os._exit(0)
