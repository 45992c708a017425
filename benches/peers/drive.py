#!/usr/bin/env python3
"""Asks Redis, PostgreSQL and Saring the same question and prints what an answer costs each of them.

Requests and the answers that must come are bytes made before the clock runs: this program only sends, reads and compares.
CPU is that of the servers' threads, as the kernel counts it in nanoseconds (schedstat). Called by benches/peers/run.
"""

import argparse
import glob
import json
import os
import selectors
import socket
import struct
import subprocess
import time

CONNECTIONS = 4
PIPELINED = 32
PACKED = 256
# Of a hundred questions so many are about a device that nobody knows.
UNKNOWN_PERCENT = 5
BATCHES = 512


def questions(path):
    """(key, number asked, numbers of the device or None where it is unknown)"""
    asked = []
    with open(path, encoding="ascii") as rows:
        for nth, row in enumerate(rows):
            key, _, numbers = row.rstrip("\n").partition(",")
            number = int(numbers.split(";")[0]) if numbers else 6281200000000
            if nth % 100 < UNKNOWN_PERCENT:
                asked.append(("99" + key[2:], number, None))
            else:
                asked.append((key, number, numbers))
    return asked


def groups(asked, size):
    count = min(BATCHES, len(asked) // size)
    return [asked[nth * size : (nth + 1) * size] for nth in range(count)]


def bulk(numbers):
    return b"$-1\r\n" if numbers is None else b"$%d\r\n%s\r\n" % (len(numbers), numbers.encode())


def redis_get(asked):
    requests = (b"*2\r\n$3\r\nGET\r\n$14\r\n%s\r\n" % key.encode() for key, _, _ in asked)
    return b"".join(requests), b"".join(bulk(numbers) for _, _, numbers in asked)


def redis_mget(asked):
    keys = b"".join(b"$14\r\n%s\r\n" % key.encode() for key, _, _ in asked)
    request = b"*%d\r\n$4\r\nMGET\r\n%s" % (len(asked) + 1, keys)
    return request, b"*%d\r\n" % len(asked) + b"".join(bulk(numbers) for _, _, numbers in asked)


def message(kind, body):
    return kind + struct.pack("!i", len(body) + 4) + body


STATEMENT = (
    b"select class, exists (select 1 from pairing p where p.key = $1 and p.msisdn = $2) from listed where key = $1"
)


def postgres_query(asked):
    request, answer = [], []
    for key, number, numbers in asked:
        values = b"".join(struct.pack("!iq", 8, value) for value in (int(key), number))
        # Portal, statement, one format for all parameters: binary; two of them; results binary.
        bind = b"\0q\0" + struct.pack("!hhh", 1, 1, 2) + values + struct.pack("!hh", 1, 1)
        request += [message(b"B", bind), message(b"E", b"\0" + struct.pack("!i", 0))]
        answer.append(message(b"2", b""))
        if numbers is not None:
            paired = numbers != "" and number in map(int, numbers.split(";"))
            row = struct.pack("!h", 2) + struct.pack("!ih", 2, 1) + struct.pack("!i?", 1, paired)
            answer.append(message(b"D", row))
        answer.append(message(b"C", b"SELECT %d\0" % (numbers is not None)))
    request.append(message(b"S", b""))
    answer.append(message(b"Z", b"I"))
    return b"".join(request), b"".join(answer)


def connect(port):
    line = socket.create_connection(("127.0.0.1", port))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return line


def connect_postgres(port):
    line = connect(port)
    body = struct.pack("!i", 196608) + b"user\0postgres\0database\0postgres\0\0"
    line.sendall(struct.pack("!i", len(body) + 4) + body)
    read_until_ready(line)
    parse = b"q\0" + STATEMENT + b"\0" + struct.pack("!hii", 2, 20, 20)
    line.sendall(message(b"P", parse) + message(b"S", b""))
    read_until_ready(line)
    return line


def read_until_ready(line):
    have = b""
    while not have.endswith(message(b"Z", b"I")):
        got = line.recv(65536)
        assert got, "PostgreSQL closed the connection"
        have += got


def cpu(pids):
    """CPU nanoseconds of all threads of processes and of the processes that they forked."""
    total = 0
    for pid in pids:
        for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
            try:
                with open(path, encoding="ascii") as text:
                    total += int(text.read().split()[0])
            except FileNotFoundError:
                pass
    return total


def family(pid):
    """A process and its children: PostgreSQL has one a connection."""
    found = [pid]
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path, encoding="ascii", errors="replace") as text:
                fields = text.read().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid:
            found.append(int(path.split("/")[2]))
    return found


def memory(pids, shared_once):
    """Resident bytes; pages that processes share are counted once (Pss)."""
    total = 0
    for pid in pids:
        name = "smaps_rollup" if shared_once else "status"
        with open(f"/proc/{pid}/{name}", encoding="ascii") as text:
            word = "Pss:" if shared_once else "VmRSS:"
            total += next(int(line.split()[1]) for line in text if line.startswith(word)) * 1024
    return total


def ask(lines, pid, made, per_request, seconds):
    """One request waits on each connection at all times."""
    poller = selectors.DefaultSelector()
    state, times, done = {}, [], 0
    turn = iter(range(1 << 62))

    def send(line):
        request, answer = made[next(turn) % len(made)]
        state[line] = [answer, [], 0, time.perf_counter()]
        line.sendall(request)

    pids = family(pid)
    for line in lines:
        poller.register(line, selectors.EVENT_READ)
    before, begun = cpu(pids), time.perf_counter()
    for line in lines:
        send(line)
    while state:
        for key, _ in poller.select():
            line = key.fileobj
            answer, have, length, sent = state[line]
            got = line.recv(1 << 20)
            assert got, "the server closed the connection"
            have.append(got)
            length += len(got)
            state[line][2] = length
            if length < len(answer):
                continue
            now = time.perf_counter()
            assert b"".join(have) == answer, (b"".join(have)[:200], answer[:200])
            times.append(now - sent)
            done += per_request
            if now - begun < seconds:
                send(line)
            else:
                del state[line]
    took = time.perf_counter() - begun
    spent = cpu(pids) - before
    poller.close()
    times.sort()
    at = lambda share: 1e6 * times[min(len(times) - 1, int(share * len(times)))]
    return {"ns": spent / done, "rate": done / took, "p50": at(0.5), "p99": at(0.99)}


def ask_saring(args, mode):
    words = [args.saring, "bench", "check", "--server", args.url, "--mode", mode, "--rate", "max", "--json"]
    words += ["--imeis", str(args.imeis), "--pairs", str(args.pairs), "--seed", str(args.seed)]
    words += ["--duration", f"{args.seconds}s", "--server-pid", str(args.saring_pid), "--questions", "262144"]
    found = json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE).stdout)
    assert found["wrong"] == 0 and found["failed"] == 0, found
    latency = found["latency_us"]
    rate = found["checks_per_second"]
    return {"ns": found["server"]["process_ns"], "rate": rate, "p50": latency["p50"], "p99": latency["p99"]}


def scaled(number, units, step=1000.0):
    for unit in units:
        if number < step or unit == units[-1]:
            return f"{number:.3g}{unit}" if number < 1000 else f"{number:.0f}{unit}"
        number /= step


def main():
    parser = argparse.ArgumentParser()
    for name in ("questions", "saring", "url"):
        parser.add_argument("--" + name, required=True)
    for name in ("redis", "redis-pid", "redis-disk", "postgres", "postgres-pid", "postgres-disk"):
        parser.add_argument("--" + name, type=int, required=True)
    for name in ("saring-pid", "saring-disk", "imeis", "pairs", "seed", "rounds"):
        parser.add_argument("--" + name, type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    args = parser.parse_args()

    asked = questions(args.questions)
    get = [redis_get(group) for group in groups(asked, PIPELINED)]
    mget = [redis_mget(group) for group in groups(asked, PACKED)]
    query = [postgres_query(group) for group in groups(asked, PIPELINED)]
    redis = [connect(args.redis) for _ in range(CONNECTIONS)]
    postgres = [connect_postgres(args.postgres) for _ in range(CONNECTIONS)]
    ways = {
        f"Redis GET, {PIPELINED} a pipeline": lambda: ask(redis, args.redis_pid, get, PIPELINED, args.seconds),
        f"Redis MGET, {PACKED} keys": lambda: ask(redis, args.redis_pid, mget, PACKED, args.seconds),
        f"PostgreSQL prepared, {PIPELINED} a pipeline": lambda: ask(
            postgres, args.postgres_pid, query, PIPELINED, args.seconds
        ),
        "Saring unary, 32 in flight": lambda: ask_saring(args, "unary"),
        "Saring stream": lambda: ask_saring(args, "stream"),
        f"Saring packed {PACKED}": lambda: ask_saring(args, "batch"),
    }
    # What else runs on the machine only adds: the least of the rounds counts.
    best = {}
    for _ in range(args.rounds):
        for name, way in ways.items():
            found = way()
            if name not in best or found["ns"] < best[name]["ns"]:
                best[name] = found
    get_ns, mget_ns, query_ns, unary_ns, stream_ns, packed_ns = (best[name]["ns"] for name in ways)

    print(f"{args.imeis} IMEIs, {args.pairs} pairings, {CONNECTIONS} connections, least of {args.rounds} rounds\n")
    print("| asked | CPU a check | checks/s a core | answered here | p50 of a request | p99 |")
    print("|---|---|---|---|---|---|")
    for name, found in best.items():
        rate, core = scaled(found["rate"], ("", " k", " M")), scaled(1e9 / found["ns"], ("", " k", " M"))
        cost = scaled(found["ns"], (" ns", " us"))
        print(f"| {name} | {cost} | {core} | {rate}/s | {found['p50']:.0f} us | {found['p99']:.0f} us |")
    print("\n| ratio of CPU | |\n|---|---|")
    for name, ratio in (
        ("Redis pipelined GET / Saring unary", get_ns / unary_ns),
        ("Redis pipelined GET / Saring stream", get_ns / stream_ns),
        ("Redis MGET a key / Saring packed", mget_ns / packed_ns),
        ("PostgreSQL prepared / Saring unary", query_ns / unary_ns),
        ("PostgreSQL prepared / Saring stream", query_ns / stream_ns),
        ("PostgreSQL prepared / Saring packed", query_ns / packed_ns),
    ):
        print(f"| {name} | {ratio:.2f} |")
    held = {
        "Redis": (memory([args.redis_pid], False), args.redis_disk),
        "PostgreSQL": (memory(family(args.postgres_pid), True), args.postgres_disk),
        "Saring": (memory([args.saring_pid], False), args.saring_disk),
    }
    mine = held["Saring"]
    print("\n| holds | memory | disk | memory / Saring | disk / Saring |\n|---|---|---|---|---|")
    for name, (resident, disk) in held.items():
        sizes = [scaled(size, (" B", " KiB", " MiB", " GiB"), 1024.0) for size in (resident, disk)]
        print(f"| {name} | {sizes[0]} | {sizes[1]} | {resident / mine[0]:.1f} | {disk / mine[1]:.1f} |")


if __name__ == "__main__":
    main()
