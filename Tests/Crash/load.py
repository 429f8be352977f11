"""Clients that send events until they are told to end, each item again and again until it is answered."""

import threading
import time

import wire

UNAVAILABLE, EXHAUSTED = 14, 8


class Load:
    def __init__(self, socket, receiver, clients, chance):
        self.socket, self.receiver = socket, receiver
        self.lock = threading.Lock()
        self.answered = set()  # Numbers of items.
        self.duplicates = self.unanswered = self.refused = 0
        self.faults = []
        self.next = 0
        self.is_ending = False
        self.threads = [
            threading.Thread(target=self.run, args=[chance.randrange(1 << 30)], daemon=True) for _ in range(clients)
        ]
        for thread in self.threads:
            thread.start()

    def take(self, count):
        with self.lock:
            self.next += count
            return range(self.next - count, self.next)

    @property
    def is_ahead(self):
        """Whether the receiver has much to catch up with: two messages of each item."""
        return 2 * len(self.answered) - len(self.receiver.received) > 1_000

    def run(self, seed):
        connection = None
        while not self.is_ending:
            if self.is_ahead:
                time.sleep(0.02)
                continue
            numbers = self.take(1 + seed % 3)
            items = [wire.item(f"u{number % 97}", number) for number in numbers]
            while True:
                try:
                    connection = connection or wire.Connection(self.socket, 30)
                    results = connection.track(items)
                    self.note(numbers, results)
                    break
                except wire.Broken:
                    self.unanswered += 1
                    if connection:
                        connection.close()
                    connection = None
                except wire.Refused as refused:
                    self.refused += 1
                    if refused.code not in (UNAVAILABLE, EXHAUSTED):
                        self.faults.append(f"items {numbers} are refused: {refused}")
                        return
                time.sleep(0.02)
            time.sleep(0.01)

    def note(self, numbers, results):
        with self.lock:
            for number, result in zip(numbers, results):
                if result not in (1, 2):
                    self.faults.append(f"item {number} is answered {result}")
                self.duplicates += result == 2
                self.answered.add(number)

    def end(self):
        self.is_ending = True
        for thread in self.threads:
            thread.join(120)
            if thread.is_alive():
                self.faults.append("a client got no answer for two minutes")
