"""The triage benchmark: categories beside scikit-learn's LinearSVC, and what invented messages tell of the rest.

Categories: real messages with their category (`labelled.csv` with columns text and label, in the folder given by --messages;
without it this part is left out and says so). A third is held out by hash of the text, for three hashes. The peer gets TF-IDF
of words and of one and two letters, which is the best of what was tried, and both cores where it can use them.
Related reports, dangers, and one more report against a million: messages that `gridweave city messages` invents, with seeds
that nothing was learnt from. Topics and related messages of `raw.csv` in the same folder, in the order of the file: what is
written to results is their numbers and the topics' own words; their texts lie in the work folder, for a person to read.
"""

import argparse
import csv
import hashlib
import json
import multiprocessing
import pathlib
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version

csv.field_size_limit(10**9)
SPLITS = ["", "a", "b"]
RELATED_SEEDS = [21, 22]


def rows(path):
    with open(path, newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def ours(program, *call):
    told = subprocess.run([program, "--json", *map(str, call)], capture_output=True, text=True)
    if told.returncode:
        sys.exit(f"{' '.join(map(str, call))}: {told.stderr}")
    return json.loads(told.stdout.splitlines()[-1])


def write(path, header, all_rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(all_rows)


def words(text):
    return text.split()


def letters(text):
    text = "".join(text.split())
    return [text[at : at + n] for n in (1, 2) for at in range(len(text) - n + 1)]


def beside(parts):
    from scipy.sparse import hstack

    return hstack(parts).tocsr()


# The model that the processes of a pool have from the moment they are forked: it is not sent to them.
PEER = None


def predicted(texts):
    return PEER(texts)


class LinearSvc:
    def __init__(self, train):
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.svm import LinearSVC

        self.kinds = [TfidfVectorizer(analyzer=kind, sublinear_tf=True, min_df=2) for kind in (words, letters)]
        texts = [text for text, _ in train]
        self.model = LinearSVC().fit(beside([kind.fit_transform(texts) for kind in self.kinds]), [label for _, label in train])

    def __call__(self, texts):
        return list(self.model.predict(beside([kind.transform(texts) for kind in self.kinds])))


def categories(program, folder, work):
    from sklearn.metrics import accuracy_score, f1_score

    messages = [(row["text"], row["label"]) for row in rows(folder / "labelled.csv")]
    found = []
    for salt in SPLITS:
        held = lambda text: int(hashlib.md5((salt + text).encode()).hexdigest(), 16) % 3 == 0
        train, test = [m for m in messages if not held(m[0])], [m for m in messages if held(m[0])]
        write(work / "train.csv", ["text", "label"], train)
        write(work / "test.csv", ["text", "label"], test)
        learnt = ours(program, "triage", "train", work / "train.csv", "--text", "text", "--label", "label", "--out", work / "model")
        told = ours(program, "triage", "evaluate", work / "test.csv", "--model", work / "model", "--text", "text", "--label", "label", "--report", work / "reliability.svg")
        clock = time.perf_counter()
        global PEER
        PEER = LinearSvc(train)
        train_s = time.perf_counter() - clock
        texts, labels = [text for text, _ in test], [label for _, label in test]
        with multiprocessing.get_context("fork").Pool(2) as pool:
            halves = [texts[0::2], texts[1::2]]
            pool.map(predicted, [half[:50] for half in halves], chunksize=1)
            clock = time.perf_counter()
            said = pool.map(predicted, halves, chunksize=1)
            per_s = len(texts) / (time.perf_counter() - clock)
        both = [None] * len(texts)
        both[0::2], both[1::2] = said
        found.append({
            "split": salt or "none", "messages": {"learnt": len(train), "held out": len(test)},
            "ours": {"macro_f1": told["macro_f1"], "accuracy": told["accuracy"], "calibration_error": told["calibration_error"], "train_s": learnt["seconds"], "per_s": told["per_second"], "model_bytes": learnt["bytes"]},
            "LinearSVC": {"macro_f1": f1_score(labels, both, average="macro"), "accuracy": accuracy_score(labels, both), "train_s": train_s, "per_s": per_s},
        })
        last = found[-1]
        for name in ("ours", "LinearSVC"):
            of = last[name]
            print(f"split {last['split']:5} {name:10} macro-F1 {of['macro_f1']:.4f}  accuracy {of['accuracy']:.4f}  learnt in {of['train_s']:.1f} s  {of['per_s']:,.0f} messages/s")
        print(f"  calibration error {last['ours']['calibration_error']:.4f}; ours is {last['ours']['per_s'] / last['LinearSVC']['per_s']:.0f} times as fast", flush=True)
    return found


def topics(program, folder, work):
    call = ["--text", "subject", "--text", "body", "--time", "time", "--user", "user", "--agree", "likes", "--id", "message_id"]
    ours(program, "triage", "topics", folder / "raw.csv", *call, "--out", work / "topics.csv", "--messages", work / "topic-messages.csv")
    members = {}
    for row in rows(work / "topic-messages.csv"):
        members.setdefault(row["rank"], []).append(row["id"])
    keep = ["rank", "name", "heat", "people", "agree", "growth", "first", "last"]
    print(f"topics with their texts: {work / 'topics.csv'}, {work / 'topic-messages.csv'}")
    return [{**{name: row[name] for name in keep}, "messages": members[row["rank"]]} for row in rows(work / "topics.csv")]


def related(program, folder, work):
    call = ["--text", "subject", "--text", "body", "--time", "time", "--id", "message_id", "--days", "60"]
    ours(program, "triage", "related", folder / "raw.csv", *call, "--out", work / "raw-related.csv")
    print(f"related messages with their texts: {work / 'raw-related.csv'}")
    told = [row for row in rows(work / "raw-related.csv") if row["related_to"]]
    return [{"message": row["message_id"], "related_to": row["related_to"], "probability": float(row["related_probability"])} for row in told]


def invented(program, work):
    columns = ["--text", "text", "--time", "time", "--lon", "lon", "--lat", "lat", "--id", "id"]
    found = {"related": [], "danger": []}
    for seed in RELATED_SEEDS:
        path = work / f"messages-{seed}.csv"
        subprocess.run([program, "city", "messages", "--count", "20000", "--seed", str(seed), "--out", path], check=True)
        told = ours(program, "triage", "related", path, *columns, "--truth", "true_matter", "--out", work / "related.csv")
        found["related"].append({"seed": seed, **told["truth"], "threshold": told["threshold"]})
        print(f"related, seed {seed}: precision {told['truth']['precision']:.4f}, recall {told['truth']['recall']:.4f}")
        ours(program, "triage", "classify", path, "--text", "text", "--facts", "--out", work / "classified.csv")
        all_rows = rows(work / "classified.csv")
        right = sum(bool(row["true_danger"] and row["urgent"]) for row in all_rows)
        there, said = sum(bool(row["true_danger"]) for row in all_rows), sum(bool(row["urgent"]) for row in all_rows)
        found["danger"].append({"seed": seed, "messages": len(all_rows), "dangers": there, "recall": right / there, "precision": right / said})
        print(f"danger, seed {seed}: recall {right / there:.4f}, precision {right / said:.4f} of {there}", flush=True)
    path = work / "million.csv"
    subprocess.run([program, "city", "messages", "--count", "1000000", "--seed", "23", "--days", "365", "--out", path], check=True)
    told = ours(program, "triage", "related", path, *columns, "--truth", "true_matter")
    found["million"] = {"messages": told["rows"], "one_ms": told["one_ms"], "peak_mib": told["peak_mib"], **told["truth"]}
    print(f"a million reports: one more p50 {told['one_ms']['p50']:.2f}, p99 {told['one_ms']['p99']:.2f}, most {told['one_ms']['most']:.1f} ms; {told['peak_mib']:.0f} MiB")
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--program", required=True)
    parser.add_argument("--messages", type=pathlib.Path, help="folder with labelled.csv and raw.csv")
    parser.add_argument("--work", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        work = args.work or pathlib.Path(scratch)
        work.mkdir(parents=True, exist_ok=True)
        result = {"scikit-learn": version("scikit-learn")}
        if args.messages:
            result["categories"] = categories(args.program, args.messages, work)
            result["topics"] = topics(args.program, args.messages, work)
            result["related"] = related(args.program, args.messages, work)
            (args.out.parent / "triage-reliability.svg").write_bytes((work / "reliability.svg").read_bytes())
        else:
            print("no folder of messages was given (GRIDWEAVE_MESSAGES): categories and topics of real messages are left out")
        result["invented"] = invented(args.program, work)
        args.out.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
