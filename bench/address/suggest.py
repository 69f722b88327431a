"""Completing as one types, over a library of five million doors and more: five invented cities beside each other.

Doors are drawn at random (seed) and typed letter by letter as people type them: the compound in letters, in pinyin or in its
initials, then building, unit and room. Every state of the box is one question; the time of each is what the program itself
measured, on one core. Also printed: how often the door stood among the ten proposed when all of it was typed. Then the
same library is imported into a server on SQLite, and a part of the questions is asked of `/api/v1/places/suggest`, one
after another over one connection.
"""

import argparse
import csv
import http.client
import json
import os
import pathlib
import random
import re
import socket
import subprocess
import tempfile
import time
import urllib.parse

from pypinyin import Style, lazy_pinyin

CITIES = "甲乙丙丁戊"


def places(path):
    with open(path, newline="", encoding="utf-8-sig") as file:
        yield from csv.DictReader(file)


def typed(address, rng):
    """The states of the box for a door, and in which way it was typed."""
    found = re.search(r"号([^号\d]+?)(\d+栋)(\d+单元)?(\d+室)?$", address)
    if not found:
        return []
    name, numbers = found[1], [re.sub(r"\D", "", part) for part in found.groups()[1:] if part]
    way = rng.choice(["letters", "pinyin", "initials"])
    text = {
        "letters": name,
        "pinyin": "".join(lazy_pinyin(name)),
        "initials": "".join(lazy_pinyin(name, style=Style.FIRST_LETTER)),
    }[way]
    whole = text + "-".join(numbers)
    return [(way, whole[:n], n == len(whole)) for n in range(1, len(whole) + 1)]


def row_of(times):
    times = sorted(times)
    return {"questions": len(times), "p50_ms": times[len(times) // 2], "p99_ms": times[len(times) * 99 // 100], "max_ms": times[-1]}


def asked_of_a_server(program, library, folder, questions):
    """The times of questions to a server of the library, in milliseconds; and how long importing took."""
    data = folder / "data"
    settings = ["--data", data, "--listen", "127.0.0.1:0"]

    def run(*words):
        told = subprocess.run([str(word) for word in (program, *words, "--data", data, "--json")], capture_output=True, text=True, check=True)
        return json.loads(told.stdout.splitlines()[-1])

    clock = time.perf_counter()
    run("import", "places", library)
    seconds = time.perf_counter() - clock
    key = run("account", "create", "--login", "bench", "--name", "bench", "--role", "integrator")["key"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings[-1] = f"127.0.0.1:{port}"
    # The day's export would run beside the questions.
    server = subprocess.Popen([str(word) for word in (program, "serve", *settings)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "GRIDWEAVE_EXPORT_DAYS": "0"})
    try:
        def ask(text):
            path = "/api/v1/places/suggest?limit=10&q=" + urllib.parse.quote(text)
            connection.request("GET", path, headers={"authorization": f"Bearer {key}"})
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == 200, body
            return json.loads(body)

        # Until the library is compiled and written, and the rules are looked through, the server has other work.
        for _ in range(600):
            time.sleep(1)
            kept = list((data / "library").glob("*.addresses")) if (data / "library").exists() else []
            if kept:
                break
        time.sleep(60)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        ask("东湖")
        times = []
        for text in questions:
            clock = time.perf_counter()
            ask(text)
            times.append((time.perf_counter() - clock) * 1000)
        return times, seconds
    finally:
        server.terminate()
        server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="the gridweave binary, release build")
    parser.add_argument("--households", type=int, default=1_000_000, help="of each city")
    parser.add_argument("--doors", type=int, default=2000, help="that are typed")
    parser.add_argument("--over-http", type=int, default=6000, help="questions that are asked of a server, 0 for none")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--out", type=pathlib.Path, help="also write the numbers here (JSON)")
    call = parser.parse_args()
    rng = random.Random(call.seed)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        doors, seen = [], 0
        with open(folder / "library.csv", "w", newline="", encoding="utf-8") as file:
            library = csv.writer(file)
            library.writerow(["place_id", "code", "kind", "parent", "name", "address", "lon", "lat", "division"])
            for n, city in enumerate(CITIES):
                make = [call.program, "city", "make", "--households", call.households, "--days", 1, "--seed", call.seed + n, "--name", f"{city}江市", "--out", folder / "city"]
                subprocess.run([str(word) for word in make], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                for row in places(folder / "city/places.csv"):
                    code, parent = f"{n}-{row['code']}", row["parent"] and f"{n}-{row['parent']}"
                    library.writerow([code, code, row["kind"], parent, row["name"], row["address"], row["lon"], row["lat"], row["division"]])
                    # A fair draw from what goes by.
                    seen += 1
                    door = (code, row["address"])
                    if len(doors) < call.doors:
                        doors.append(door)
                    elif (at := rng.randrange(seen)) < call.doors:
                        doors[at] = door
                subprocess.run(["rm", "-rf", folder / "city"], check=True)
        compiled = folder / "library.addresses"
        told = subprocess.run([call.program, "--json", "address", "compile", "--library", folder / "library.csv", "--out", compiled], capture_output=True, text=True, check=True)
        made = json.loads(told.stdout.splitlines()[-1])
        (folder / "one.csv").write_text("text\n东湖花园1栋\n", encoding="utf-8")
        # Twice: what is asked here is how long it takes to open, not how fast a disk is.
        for _ in range(2):
            told = subprocess.run([call.program, "--json", "address", "match", "--library", compiled, "--in", folder / "one.csv", "--column", "text", "--out", folder / "matched.csv"], capture_output=True, text=True, check=True)
        opened = json.loads(told.stdout.splitlines()[-1])["library_s"]
        questions = [(*state, id) for id, address in doors for state in typed(address, rng)]
        lines = "\n".join(text for _, text, _, _ in questions) + "\n"
        told = subprocess.run([call.program, "address", "suggest", "--library", compiled], input=lines, capture_output=True, text=True, check=True)
        answers = [json.loads(line) for line in told.stdout.splitlines()]
        some = rng.sample([text for _, text, _, _ in questions], min(call.over_http, len(questions)))
        over_http, imported_s = asked_of_a_server(call.program, folder / "library.csv", folder, some) if some else ([], 0)
    assert len(answers) == len(questions)
    result = {"places": made["places"], "bytes": made["bytes"], "compile_s": made["seconds"], "open_s": opened, "ways": {}}
    print(f"{made['places']:,} places, {made['bytes'] / made['places']:.0f} bytes each, compiled in {made['seconds']:.0f} s, opened in {opened * 1000:.0f} ms")
    print(f"\n{'typed in':10} {'questions':>9} {'p50 ms':>8} {'p99 ms':>8} {'most ms':>8} {'proposed':>9}")
    for way in ["letters", "pinyin", "initials", "all"]:
        of = [(answer, whole, id) for answer, (how, _, whole, id) in zip(answers, questions) if way in (how, "all")]
        row = row_of([answer["micros"] / 1000 for answer, _, _ in of])
        ends = [any(place["place_id"] == id for place in answer["places"]) for answer, whole, id in of if whole]
        row["proposed"] = sum(ends) / max(1, len(ends))
        result["ways"][way] = row
        print(f"{way:10} {row['questions']:9} {row['p50_ms']:8.3f} {row['p99_ms']:8.3f} {row['max_ms']:8.3f} {row['proposed']:9.2%}")
    if over_http:
        row = row_of(over_http)
        result["over_http"] = {**row, "imported_s": imported_s}
        print(f"{'over HTTP':10} {row['questions']:9} {row['p50_ms']:8.3f} {row['p99_ms']:8.3f} {row['max_ms']:8.3f}   (imported in {imported_s:.0f} s)")
    if call.out:
        call.out.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
