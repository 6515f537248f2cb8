#!/usr/bin/python3
"""Many printers fetch a file at once, each over a slow connection; some vanish and come back for the
rest. Meanwhile /readyz and /metrics are asked, and the server's memory is watched.

    bench/downloads.py --base http://127.0.0.1:8080 --pid PID --md5 HEX --urls FILE
                       [--rate 1000000] [--vanish 0.25] [--seed 1] [--latency-ms 50] [--growth-mib 64]

FILE has the address of each download, one a line: as many printers as lines. Exit code 1 where a digest is
wrong, a download does not end, an answer takes longer than --latency-ms, or memory grows beyond
--growth-mib.
"""
import argparse
import hashlib
import multiprocessing
import pathlib
import random
import socket
import struct
import sys
import threading
import time
import urllib.parse

PIECE = 32 << 10
RECEIVE_BUFFER = 128 << 10  # small: the server feels the slow reader
ATTEMPTS_MAX = 100
ANSWER_TIMEOUT_S = 60


class Refused(Exception):
    """503: come back later."""


def connect(base):
    url = urllib.parse.urlsplit(base)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    connection.settimeout(ANSWER_TIMEOUT_S)
    connection.connect((url.hostname, url.port or 80))
    return connection


def ask(connection, url, start):
    """Sends the request; (status, headers, the body's first bytes)."""
    parts = urllib.parse.urlsplit(url)
    head = f"GET {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
    if start:
        head += f"Range: bytes={start}-\r\n"
    connection.sendall((head + "\r\n").encode())
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(PIECE)
        if not piece:
            raise ConnectionError("closed before its answer")
        received += piece
    lines, body = received.split(b"\r\n\r\n", 1)
    first, *others = lines.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in others)
    return int(first.split()[1]), headers, body


class Printer(threading.Thread):
    """Reads at its rate; vanishes where it is told to, and comes back."""

    def __init__(self, url, rate, vanishes):
        super().__init__(daemon=True)
        self.url, self.rate, self.vanishes = url, rate, list(vanishes)
        self.digest, self.received, self.size = hashlib.md5(), 0, None
        self.attempts, self.busy, self.problem, self.kept = 0, 0, "", []

    def run(self):
        try:
            while self.size is None or self.received < self.size:
                self.attempts += 1
                if self.attempts > ATTEMPTS_MAX:
                    raise ConnectionError(f"{ATTEMPTS_MAX} attempts")
                try:
                    self.fetch()
                except Refused:
                    self.busy += 1
                    time.sleep(1)
        except (OSError, ValueError) as error:
            self.problem = str(error) or type(error).__name__

    def fetch(self):
        connection = connect(self.url)
        status, headers, body = ask(connection, self.url, self.received)
        if status == 503:
            connection.close()
            raise Refused()
        if status != (206 if self.received else 200):
            raise ValueError(f"status {status}: {body[:200]!r}")
        self.size = self.received + int(headers["content-length"])
        start, taken = time.monotonic(), 0
        while True:
            self.digest.update(body)
            self.received += len(body)
            taken += len(body)
            if self.received >= self.size:
                connection.close()
                return
            if self.vanishes and self.received >= self.vanishes[0][0] * self.size:
                self.vanish(connection, *self.vanishes.pop(0)[1:])
                return
            time.sleep(max(0, start + taken / self.rate - time.monotonic()))
            body = connection.recv(PIECE)
            if not body:
                connection.close()
                return  # cut: the rest is asked for

    def vanish(self, connection, away_s, silent):
        if silent:  # its power is gone: nobody tells the server
            self.kept.append(connection)
        else:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        time.sleep(away_s)


def probe(base, path, done, results):
    """Asks again and again; the times in ms. A process of its own: the printers do not slow it down."""
    times, wrong = [], 0
    while not done.is_set():
        start = time.monotonic()
        try:
            with connect(base) as connection:
                status, headers, body = ask(connection, base + path, 0)
                left = int(headers["content-length"]) - len(body)
                while left > 0:
                    piece = connection.recv(1 << 20)
                    if not piece:
                        raise ConnectionError("cut")
                    left -= len(piece)
                wrong += status != 200
        except OSError:
            wrong += 1
        times.append((time.monotonic() - start) * 1000)
        done.wait(0.05)
    results.put((path, times, wrong))


def rss_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ValueError("no VmRSS")


def quantile(times, share):
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def plan(count, share, random_):
    """For each printer where in the file it vanishes, for how long, and whether silently."""
    chosen = set(random_.sample(range(count), round(count * share)))
    return [sorted((random_.uniform(0.05, 0.95), random_.uniform(0.5, 5), random_.random() < 0.5)
                   for _ in range(random_.randint(1, 2))) if i in chosen else [] for i in range(count)]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", required=True)
    parser.add_argument("--pid", type=int, required=True)
    parser.add_argument("--md5", required=True)
    parser.add_argument("--urls", type=pathlib.Path, required=True)
    parser.add_argument("--rate", type=int, default=1_000_000, help="bytes a second, each")
    parser.add_argument("--vanish", type=float, default=0.25, help="share of the printers")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--latency-ms", type=float, default=50)
    parser.add_argument("--growth-mib", type=float, default=64)
    options = parser.parse_args()

    urls = options.urls.read_text().split()
    done, results = multiprocessing.Event(), multiprocessing.Queue()
    probes = [multiprocessing.Process(target=probe, args=(options.base, path, done, results))
              for path in ("/readyz", "/metrics")]
    before = rss_mib(options.pid)
    printers = [Printer(url, options.rate, vanishes) for url, vanishes in
                zip(urls, plan(len(urls), options.vanish, random.Random(options.seed)))]
    vanishing = sum(bool(printer.vanishes) for printer in printers)
    for process in probes:
        process.start()
    start, memory = time.monotonic(), [before]
    for printer in printers:
        printer.start()
    while any(printer.is_alive() for printer in printers):
        memory.append(rss_mib(options.pid))
        time.sleep(0.25)
    took = time.monotonic() - start
    done.set()
    answers = [results.get(timeout=60) for _ in probes]
    for process in probes:
        process.join()

    right = [printer for printer in printers
             if not printer.problem and printer.digest.hexdigest() == options.md5]
    for printer in printers:
        if printer not in right:
            print(f"{printer.url.rsplit('/', 1)[-1]}: {printer.problem or 'another digest'}")
    moved = sum(printer.received for printer in printers)
    print(f"downloads: {len(right)} of {len(printers)} right, {moved / 1e6:.0f} MB in {took:.1f} s, "
          f"{vanishing} vanished, {sum(printer.attempts for printer in printers)} requests, "
          f"{sum(printer.busy for printer in printers)} told to wait")
    print(f"memory: {before:.1f} MiB before, {max(memory):.1f} MiB at most")
    worst = 0
    for path, times, wrong in sorted(answers):
        worst = max(worst, max(times))
        print(f"{path}: {len(times)} answers, {wrong} wrong, ms: p50 {quantile(times, 0.5):.1f}, "
              f"p99 {quantile(times, 0.99):.1f}, max {max(times):.1f}")
    good = (len(right) == len(printers) and worst <= options.latency_ms and
            not any(wrong for _, _, wrong in answers) and max(memory) - before <= options.growth_mib)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
