"""The address benchmark: doors written badly, ours and the public matchers on the same library, in one go.

`gridweave city` makes the library and writes its doors badly (kinds and seed as it documents them), a fifth of them
withheld. Right means: the door itself, accepted; wrong: another door accepted. The peers have a normaliser in front
(full width, blanks, Chinese numerals), answer with their nearest address and never abstain: theirs is the share of doors
in the library that came first. They get as many queries as they manage in some seconds, all in one random order.
"""

import argparse
import collections
import csv
import json
import pathlib
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
import unicodedata
from importlib.metadata import version

SECONDS = 40
DIGITS = str.maketrans("〇零一二三四五六七八九", "00123456789")


def normal(text):
    return unicodedata.normalize("NFKC", text).replace(" ", "").translate(DIGITS)


def rows(path):
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def ours(program, folder):
    compiled = folder / "library.addresses"
    clock = time.perf_counter()
    told = subprocess.run([program, "--json", "address", "compile", "--library", folder / "library.csv", "--out", compiled], capture_output=True, text=True, check=True)
    made = json.loads(told.stdout.splitlines()[-1])
    made["whole_s"] = time.perf_counter() - clock
    call = [program, "--json", "address", "match", "--library", compiled, "--in", folder / "queries.csv", "--column", "text", "--out", folder / "matched.csv"]
    ran = subprocess.run(call, capture_output=True, text=True, check=True)
    run = json.loads(ran.stdout.splitlines()[-1])
    kinds, trust = collections.defaultdict(collections.Counter), collections.defaultdict(list)
    for row in rows(folder / "matched.csv"):
        if row["place_id"]:
            confidence = float(row["confidence"])
            part = next(floor for floor in (0.99, 0.95, 0.9) if confidence >= floor)
            trust[part].append((confidence, row["place_id"] == row["truth"]))
        count = kinds["three at once" if "+" in row["noise"] else row["noise"]]
        count["there" if row["truth"] else "absent"] += 1
        count["right"] += bool(row["truth"]) and row["place_id"] == row["truth"]
        count["wrong"] += bool(row["place_id"]) and row["place_id"] != row["truth"]
    told = lambda of: {"accepted": len(of), "confidence": sum(c for c, _ in of) / len(of), "right": sum(r for _, r in of) / len(of)}
    return made, run, kinds, {str(part): told(of) for part, of in sorted(trust.items())}


def timed(queries, answer):
    """How many first answers were right, and queries a second."""
    clock, done, there, right = time.perf_counter(), 0, 0, 0
    for row in queries:
        found = answer(normal(row["text"]))
        done += 1
        there += bool(row["truth"])
        right += bool(row["truth"]) and found == row["truth"]
        if time.perf_counter() - clock > SECONDS:
            break
    return {"queries": done, "per_s": done / (time.perf_counter() - clock), "right": right / max(1, there)}


def with_rapidfuzz(library, queries):
    from rapidfuzz import fuzz, process

    addresses = [normal(row["address"]) for row in library]
    return timed(queries, lambda text: library[process.extractOne(text, addresses, scorer=fuzz.ratio)[2]]["code"])


def with_fts5(library, queries):
    db = sqlite3.connect(":memory:")
    db.execute("create virtual table doors using fts5(code unindexed, address, tokenize = 'trigram')")
    db.executemany("insert into doors values (?, ?)", ((row["code"], normal(row["address"])) for row in library))

    def answer(text):
        words = " OR ".join(f'"{text[i:i + 3]}"' for i in range(len(text) - 2))
        found = db.execute("select code from doors where doors match ? order by rank limit 1", (words,)).fetchone()
        return found and found[0]

    return timed(queries, answer)


def with_pg_trgm(library, queries, url):
    import psycopg

    with psycopg.connect(url, autocommit=True) as db:
        db.execute("create extension if not exists pg_trgm")
        db.execute("create table doors (code text, address text)")
        with db.cursor().copy("copy doors from stdin") as copy:
            for row in library:
                copy.write_row((row["code"], normal(row["address"])))
        db.execute("create index on doors using gin (address gin_trgm_ops)")
        db.execute("analyze doors")
        db.execute("set pg_trgm.similarity_threshold = 0.5")

        def answer(text):
            found = db.execute("select code from doors where address %% %s order by similarity(address, %s) desc limit 1", (text, text)).fetchone()
            return found and found[0]

        return timed(queries, answer)


def with_tantivy(library, queries):
    import tantivy

    schema = tantivy.SchemaBuilder().add_text_field("code", stored=True, tokenizer_name="raw").add_text_field("address", tokenizer_name="grams").build()
    index = tantivy.Index(schema)
    grams = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.ngram(2, 3, False)).build()
    index.register_tokenizer("grams", grams)
    writer = index.writer(500_000_000, 2)
    for row in library:
        writer.add_document(tantivy.Document(code=row["code"], address=normal(row["address"])))
    writer.commit()
    index.reload()
    searcher = index.searcher()

    def answer(text):
        terms = {text[i : i + n] for n in (2, 3) for i in range(len(text) - n + 1)}
        should = [(tantivy.Occur.Should, tantivy.Query.term_query(schema, "address", term)) for term in terms]
        hits = searcher.search(tantivy.Query.boolean_query(should), 1).hits
        return hits and searcher.doc(hits[0][1])["code"][0]

    return timed(queries, answer)


def with_tf_idf(library, queries):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sparse_dot_topn import sp_matmul_topn

    words = TfidfVectorizer(analyzer="char", ngram_range=(2, 3), dtype="float32")
    doors = words.fit_transform([normal(row["address"]) for row in library]).T.tocsr()
    clock, done, there, right = time.perf_counter(), 0, 0, 0
    for first in range(0, len(queries), 200):
        some = queries[first : first + 200]
        best = sp_matmul_topn(words.transform([normal(row["text"]) for row in some]), doors, top_n=1, n_threads=2)
        for row, found in zip(some, best):
            there += bool(row["truth"])
            right += bool(row["truth"]) and found.nnz and library[found.indices[0]]["code"] == row["truth"]
        done += len(some)
        if time.perf_counter() - clock > SECONDS:
            break
    return {"queries": done, "per_s": done / (time.perf_counter() - clock), "right": right / max(1, there)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="the gridweave binary, release build")
    parser.add_argument("--postgres", required=True, help="URL of a PostgreSQL with pg_trgm at hand")
    parser.add_argument("--households", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--out", type=pathlib.Path, help="also write the numbers here (JSON)")
    call = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        make = [call.program, "city", "make", "--households", call.households, "--days", 1, "--seed", call.seed, "--out", folder / "city"]
        subprocess.run([str(word) for word in make], check=True, stdout=subprocess.DEVNULL)
        write = [call.program, "city", "queries", "--places", folder / "city/places.csv", "--each", 2000, "--seed", call.seed, "--out", folder]
        subprocess.run([str(word) for word in write], check=True)
        made, run, kinds, trust = ours(call.program, folder)
        library, queries = rows(folder / "library.csv"), rows(folder / "queries.csv")
        random.Random(call.seed).shuffle(queries)
        print(f"{made['places']:,} places, compiled in {made['whole_s']:.1f} s, {made['bytes'] / made['places']:.0f} bytes a place, opened in {run['library_s'] * 1000:.0f} ms")
        print(f"{run['rows']:,} queries, {run['per_second']:,.0f} a second on all cores\n\n{'noise':16} {'there':>6} {'right':>8} {'absent':>7} {'wrong':>7}")
        table = {}
        for kind, count in kinds.items():
            asked = count["there"] + count["absent"]
            table[kind] = {"there": count["there"], "absent": count["absent"], "right": count["right"] / count["there"], "wrong": count["wrong"] / asked}
            print(f"{kind:16} {count['there']:6} {table[kind]['right']:8.2%} {count['absent']:7} {table[kind]['wrong']:7.2%}")
        print(f"\n{'confidence':16} {'accepted':>8} {'mean':>7} {'right':>8}")
        for floor, of in trust.items():
            print(f"from {floor:11} {of['accepted']:8} {of['confidence']:7.3f} {of['right']:8.2%}")
        result = {"places": made["places"], "gridweave": {**run, "compile": made, "kinds": table, "confidence": trust}, "peers": {}}
        peers = {
            f"character TF-IDF (scikit-learn {version('scikit-learn')}, sparse_dot_topn {version('sparse-dot-topn')})": lambda: with_tf_idf(library, queries),
            f"tantivy {version('tantivy')}, 2- and 3-grams": lambda: with_tantivy(library, queries),
            "PostgreSQL pg_trgm, GIN": lambda: with_pg_trgm(library, queries, call.postgres),
            f"SQLite {sqlite3.sqlite_version} FTS5, trigram": lambda: with_fts5(library, queries),
            f"rapidfuzz {version('rapidfuzz')}, ratio": lambda: with_rapidfuzz(library, queries),
        }
        print(f"\n{'peer':74} {'queries':>8} {'right':>8} {'a second':>9} {'ours is':>9}")
        for name, measure in peers.items():
            found = result["peers"][name] = measure()
            print(f"{name:74} {found['queries']:8} {found['right']:8.2%} {found['per_s']:9.1f} {run['per_second'] / found['per_s']:8,.0f}x", flush=True)
        if call.out:
            call.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
