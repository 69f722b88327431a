"""Readings pushed to the server of a city of a million homes, until the last worker has the last task.

A city that `gridweave city make` invents is imported with its people and devices; a fleet of as many meters that `gridweave city
meters` invents bears the same numbers. All days but the last four are pushed as Parquet, then three days as CSV: three
million readings, timed until the answer (read, judged, signals made) and until no job waits any more (matched with
the registers, judged by the rules, cases opened and dispatched, tasks made).
"""

import http.client
import json
import re
import shutil
import subprocess
import sys
import time
import urllib.parse

TIMED_DAYS = 3
# Days behind the timed ones are left over.
FIRST_OF_TIMED = 4


def fresh_database(server):
    """A database of its own on a server, by its address."""
    import psycopg

    name = f"gridweave_{int(time.time())}"
    with psycopg.connect(server, autocommit=True) as line:
        line.execute(f"create database {name}")
    return urllib.parse.urlparse(server)._replace(path=f"/{name}").geturl()


def served(program, data, database):
    call = [program, "serve", "--data", data, "--listen", "127.0.0.1:0"]
    call += ["--database", database] if database else []
    server = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    line = server.stdout.readline()
    if "http://" not in line:
        sys.exit(f"the server did not start: {line}")
    return server, urllib.parse.urlparse(line.split()[-1])


def asked(at, path, key="", body=None):
    line = http.client.HTTPConnection(at.hostname, at.port, timeout=3600)
    headers = {"authorization": f"Bearer {key}"} if key else {}
    line.request("POST" if body else "GET", path, body=body, headers=headers)
    answer = line.getresponse()
    text = answer.read().decode()
    if answer.status != 200:
        sys.exit(f"{path}: {answer.status} {text}")
    return text


def waiting(at):
    """Jobs that wait, or that stay because they failed."""
    told = asked(at, "/metrics")
    count = lambda name: float(re.search(rf"^gridweave_{name} (\S+)$", told, re.M).group(1))
    return count("jobs_ready"), count("jobs_failed")


def settled(at):
    quiet = 0
    while quiet < 3:
        ready, _ = waiting(at)
        quiet = quiet + 1 if ready == 0 else 0
        time.sleep(0.1)


def push(at, key, path, form):
    begun = time.perf_counter()
    with open(path, "rb") as body:
        said = json.loads(asked(at, f"/api/v1/feeds/water-daily/push?format={form}", key, body))
    answered = time.perf_counter() - begun
    settled(at)
    counts = {name: said[name] for name in ["rows", "accepted", "signals", "unmatched", "rejected_count"]}
    return counts | {"answer_s": answered, "last_task_s": time.perf_counter() - begun}


def parted(fleet, work):
    """The readings before, and those that are timed."""
    import duckdb

    before, timed = work / "before.parquet", work / "timed.csv"
    db = duckdb.connect(config={"threads": 2})
    source = f"read_parquet('{fleet}/readings.parquet')"
    last = db.execute(f"select max(time::date) - {FIRST_OF_TIMED - 1} from {source}").fetchone()[0]
    db.execute(f"copy (select * from {source} where time::date < date '{last}') to '{before}' (format parquet)")
    within = f"time::date >= date '{last}' and time::date < date '{last}' + {TIMED_DAYS}"
    db.execute(f"copy (select * from {source} where {within}) to '{timed}' (header)")
    return before, timed


def run(program, ours, fleet, homes, work, database):
    """Figures of one database: SQLite in the data folder where no address is given."""
    work.mkdir(parents=True, exist_ok=True)
    city, data = work / "city", work / ("data-postgres" if database else "data-sqlite")
    shutil.rmtree(data, ignore_errors=True)
    if not (city / "city.json").exists():
        ours(program, "city", "make", "--households", homes, "--days", 1, "--seed", 5, "--start", "2026-03-01", "--out", city)
    on = ["--data", data] + (["--database", database] if database else [])
    begun = time.perf_counter()
    subprocess.run(list(map(str, [program, "import", "city", "--accounts", city, *on])), check=True, stdout=subprocess.DEVNULL)
    imported = time.perf_counter() - begun
    account = ["account", "create", "--login", "meters-feed", "--name", "对接", "--role", "integrator"]
    key = subprocess.run(list(map(str, [program, *account, *on])), check=True, capture_output=True, text=True).stdout.strip()
    before, timed = parted(fleet, work)
    server, at = served(program, data, database)
    try:
        history = push(at, key, before, "parquet")
        timed = push(at, key, timed, "csv")
        _, failed = waiting(at)
        status = open(f"/proc/{server.pid}/status").read()
        peak = int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024
    finally:
        server.terminate()
        server.wait()
    return {
        "database": "PostgreSQL" if database else "SQLite", "homes": homes, "import_s": imported, "history": history,
        "timed": timed, "failed_jobs": failed, "peak_mib": peak,
    }
