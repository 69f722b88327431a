"""The meters benchmark: a million meters over 90 days beside DuckDB and ruptures, and how well what is found meets the truth.

Speed: readings that `gridweave city meters` invents, written by DuckDB with a number, a date and a double, by day. The peer's SQL
says the same lists with window functions (silent for eleven days; five days against the four weeks before); it gets both cores.
ruptures (PELT, and its kernel method) looks for changes in the logarithms of a sample of the same meters.
Quality: fleets of other seeds, scored by `gridweave meters score`, at several allowed rates of false alarms.
Real meters: a folder given by --real with es_alicante_daiad_water_hourly.parquet and half_hourly_kwh.csv.gz; without it this part
is left out and says so. Silences and jumps are spliced into the real series, one a home, on days drawn from a seed.
What any detector of shifts could do on them is told beside (bound.py).
Push: three days of a million meters pushed over HTTP to a server of a city of as many homes, until the last task (push.py).
"""

import argparse
import json
import pathlib
import subprocess
import sys
import time
from importlib.metadata import version

import bound
import push

PUSH_HOMES, PUSH_SEED = 1_000_000, 7
QUALITY_SEEDS = [101, 102, 103]
QUALITY_METERS = 100_000
QUALITY_DAYS = 120
RATES = [0.1, 0.3, 1.0, 3.0, 10.0]
SPLICES = [("zero_onset", 0.0), ("shift_up", 3.0), ("shift_up", 5.0), ("shift_down", 1 / 3), ("shift_down", 1 / 5)]
SPLICE_ROUNDS = 4


def ours(program, *call):
    clock = time.perf_counter()
    told = subprocess.run([program, "--json", *map(str, call)], capture_output=True, text=True)
    if told.returncode:
        sys.exit(f"{' '.join(map(str, call))}: {told.stderr}")
    return json.loads(told.stdout.splitlines()[-1]) | {"wall_s": time.perf_counter() - clock}


def invented(program, folder, meters, days, seed, *more):
    if not (folder / "truth.csv").exists():
        ours(program, "city", "meters", "--meters", meters, "--days", days, "--seed", seed, "--out", folder, *more)
    return folder


def plain(folder, threads=2):
    """The readings as a number, a date or time, and a double."""
    import duckdb

    path = folder / "plain.parquet"
    if not path.exists():
        db = duckdb.connect(config={"threads": threads})
        time_of = "time::date" if "00:00" not in first_time(folder) else "time::timestamp"
        db.execute(
            f"copy (select substr(meter, 2)::integer as meter, {time_of} as time, value from '{folder}/readings.parquet')"
            f" to '{path}' (format parquet)"
        )
    return path


def first_time(folder):
    import pyarrow.parquet

    return pyarrow.parquet.ParquetFile(folder / "readings.parquet").read_row_group(0, ["time"])["time"][0].as_py()


SQL = """
with d as (
  select meter, time,
    max(value) over eleven as most, count(*) over eleven as eleven_days,
    avg(l) over recent as now, min(l) over recent as least, max(l) over recent as greatest, count(l) over recent as days,
    avg(l) over past as level, stddev_samp(l) over past as scatter, count(l) over past as known
  from (select meter, time, value, case when value > 0 then ln(value) end as l from '{path}')
  window
    eleven as (partition by meter order by time rows between 10 preceding and current row),
    recent as (partition by meter order by time rows between 4 preceding and current row),
    past as (partition by meter order by time rows between 46 preceding and 14 preceding)
)
select meter, kind, min(time) as detected from (
  select meter, time, 'zero_onset' as kind from d where most = 0 and eleven_days = 11 and known >= 14
  union all
  select meter, time, case when now > level then 'shift_up' else 'shift_down' end from d
  where days = 5 and known >= 14 and abs(now - level) > 0.8 and abs(now - level) / greatest(scatter, 0.15) > 2.2
    and ((least > level + 0.3) or (greatest < level - 0.3))
) group by all
"""


def duckdb_lists(path):
    import duckdb

    db = duckdb.connect(config={"threads": 2})
    clock = time.perf_counter()
    found = db.execute(SQL.format(path=path)).df()
    seconds = time.perf_counter() - clock
    clock = time.perf_counter()
    db.execute(f"select sum(s) from (select meter, sum(value) as s from '{path}' group by meter)").fetchall()
    return found, seconds, time.perf_counter() - clock


def f1(found, all_truth, last, within):
    """F1 of first findings against planted changes, and recall: found on the day or up to `within` days later."""
    import pandas

    # What could still be found in time counts for recall; what is found of the rest is right all the same.
    truth = all_truth[all_truth.since + pandas.Timedelta(days=14) <= last]
    both = truth.merge(found, on=["meter", "kind"], how="left")
    delay = (both.detected - both.since).dt.days
    hits = both[(delay >= 0) & (delay <= both.kind.map(within))].drop_duplicates(["meter", "kind", "since"])
    recall = len(hits) / max(len(truth), 1)
    near = found.merge(all_truth, on=["meter", "kind"], how="left")
    late = (near.detected - near.since).dt.days
    right = near[(late >= 0) & (late <= 30)].drop_duplicates(["meter", "kind", "detected"])
    precision = len(right) / max(len(found), 1)
    return {"recall": recall, "precision": precision, "f1": 2 * recall * precision / max(recall + precision, 1e-9), "found": len(found)}


def changes(folder):
    import pandas

    truth = pandas.read_csv(folder / "truth.csv", encoding="utf-8-sig")
    truth = truth[truth.kind.isin(["zero_onset", "shift_up", "shift_down"])].copy()
    truth["since"] = pandas.to_datetime(truth.since)
    return truth


def signals(path):
    import pandas

    found = pandas.read_csv(path, encoding="utf-8-sig")
    found = found[found.kind.isin(["zero_onset", "shift_up", "shift_down"])].copy()
    found["detected"] = pandas.to_datetime(found.detected)
    return found[["meter", "kind", "detected"]]


def ruptures_speed(path):
    import duckdb
    import numpy
    import ruptures

    rows = duckdb.connect().execute(
        f"select meter, list(case when value > 0 then ln(value) else ln(0.001) end order by time) from '{path}' where meter < 3000 group by meter"
    ).fetchall()
    series = [numpy.array(values) for _, values in rows if len(values) > 60]
    speeds = {}
    for name, count, fit in [
        ("pelt", 100, lambda x: ruptures.Pelt(model="l2", min_size=5, jump=1).fit(x).predict(pen=3.0)),
        ("kernel", len(series), lambda x: ruptures.KernelCPD(kernel="linear", min_size=5).fit(x).predict(pen=3.0)),
    ]:
        clock = time.perf_counter()
        for one in series[:count]:
            fit(one)
        speeds[name] = min(count, len(series)) / (time.perf_counter() - clock)
    return speeds


def speed(program, work):
    import pandas

    rows = []
    for meters, days, more in [
        (10_000, 90, []),
        (100_000, 90, []),
        (1_000_000, 90, []),
        (2_000_000, 90, []),
        (2_000, 90, ["--half-hourly"]),
        (20_000, 90, ["--half-hourly"]),
    ]:
        name = f"speed-{meters}-{days}{'-half-hourly' if more else ''}"
        folder = invented(program, work / name, meters, days, 7, *more)
        path = plain(folder)
        best = min((ours(program, "meters", "scan", path, "--out", work / "out.csv", "--threads", 2) for _ in range(3)), key=lambda told: told["wall_s"])
        row = {"meters": meters, "days": days, "half_hourly": bool(more), "file_mb": path.stat().st_size / 1e6}
        row |= {key: best[key] for key in ["readings", "wall_s", "read_s", "judge_s", "peak_mib", "state_bytes_per_meter", "signals"]}
        row["readings_a_second"] = best["readings"] / best["wall_s"]
        if meters == 1_000_000:
            last = pandas.Timestamp("2026-03-01") + pandas.Timedelta(days=days - 1)
            truth = changes(folder)
            within = {"zero_onset": 14, "shift_up": 5, "shift_down": 5}
            row["ours"] = f1(named(signals(work / "out.csv")), truth, last, within)
            found, seconds, aggregate = duckdb_lists(path)
            found["detected"] = pandas.to_datetime(found.detected)
            row["duckdb"] = f1(named(found), truth, last, within) | {"seconds": seconds, "one_sum_s": aggregate, "version": version("duckdb")}
            row["duckdb_over_ours"] = seconds / best["wall_s"]
            row["ruptures"] = ruptures_speed(path) | {"version": version("ruptures")}
            row["ours_meters_a_second"] = meters / best["wall_s"]
        print(json.dumps(row), flush=True)
        rows.append(row)
    return rows


def named(found):
    found = found.copy()
    found["meter"] = found.meter.astype(int).map("W{:07d}".format)
    return found


def quality(program, work):
    rows = []
    for seed in QUALITY_SEEDS:
        folder = invented(program, work / f"quality-{seed}", QUALITY_METERS, QUALITY_DAYS, seed)
        for rate in RATES if seed == QUALITY_SEEDS[0] else [1.0]:
            register = folder / "meters.csv"
            out = work / "quality.csv"
            ours(program, "meters", "scan", folder / "readings.parquet", "--register", register, "--false-alarms", rate, "--care-false-alarms", 30 * rate, "--out", out)
            told = ours(program, "meters", "score", out, folder / "truth.csv", "--meters", QUALITY_METERS, "--days", QUALITY_DAYS, "--care", register)
            row = {"seed": seed, "allowed": rate, "false_alarms": told["false_alarms_per_1000_meters_a_month"], "care": told["care"]}
            row["kinds"] = told["kinds"]
            # A cut that is listed as homes would be silences on its days.
            row["homes_in_cuts"] = homes_in_cuts(folder, out)
            print(json.dumps(row), flush=True)
            rows.append(row)
    return rows


def homes_in_cuts(folder, out):
    """Silences said of homes whose first day lies within a cut of their building or street, and that have no planted cause."""
    import pandas

    truth = pandas.read_csv(folder / "truth.csv", encoding="utf-8-sig")
    truth["since"] = pandas.to_datetime(truth.since)
    register = pandas.read_csv(folder / "meters.csv", encoding="utf-8-sig")
    found = pandas.read_csv(out, encoding="utf-8-sig")
    found = found[found.kind == "zero_onset"].merge(register, on="meter")
    found["since"] = pandas.to_datetime(found.since)
    planted = set(truth[truth.kind == "zero_onset"].meter)
    found = found[~found.meter.isin(planted)]
    cuts = truth[truth.kind == "supply_cut"]
    count = 0
    for _, cut in cuts.iterrows():
        near = found[(found.building == cut.meter) | (found.street == cut.meter)]
        days = (near.since - cut.since).dt.days
        count += int(((days >= 0) & (days < cut["size"])).sum())
    return count


def real(program, folder, work):
    import numpy
    import pandas

    water = folder / "es_alicante_daiad_water_hourly.parquet"
    power = folder / "half_hourly_kwh.csv.gz"
    found = {}
    for name, path in [("water", water), ("power", power)]:
        out = work / f"real-{name}.csv"
        told = ours(program, "meters", "scan", path, "--out", out, "--rejected", work / f"real-{name}-rejected.csv")
        rows = pandas.read_csv(out, encoding="utf-8-sig")
        months = told["meter_days"] / 30 / 100
        kinds = rows.kind.value_counts().to_dict() if len(rows) else {}
        alarms = sum(count for kind, count in kinds.items() if kind != "return")
        found[name] = {"scan": told, "kinds": kinds, "alarms_per_100_meters_a_month": alarms / months}
        print(json.dumps(found[name]), flush=True)
        for meter in sorted(set(rows.meter)):
            drawing = work / "drawings" / f"{name}-{meter}.svg"
            subprocess.run([program, "meters", "explain", path, "--of", meter, "--out", drawing], check=True, capture_output=True)
    readings = pandas.read_parquet(water)[["household", "ts", "diff"]]
    readings["household"] = readings.household.astype(str)
    found["bound"] = bound.bound(readings.rename(columns={"household": "home", "diff": "value"}))
    print(json.dumps(found["bound"]), flush=True)
    readings["day"] = readings.ts.dt.floor("D")
    days = readings.groupby(["household", "day"])["diff"].sum().reset_index()
    found["spliced"] = []
    for kind, factor in SPLICES:
        for rate in [1.0, 10.0, 30.0]:
            row = spliced(program, work, readings, days, kind, factor, rate, numpy, pandas)
            print(json.dumps(row), flush=True)
            found["spliced"].append(row)
    return found


def spliced(program, work, readings, days, kind, factor, rate, numpy, pandas):
    """A change in every home on a day of its own, at least 90 days after its first; the series ends twenty days later."""
    hits, known_hits, homes, known = 0, 0, 0, 0
    for turn in range(SPLICE_ROUNDS):
        draw = numpy.random.default_rng(turn)
        parts, truth = [], {}
        for home, own in readings.groupby("household"):
            dated = days[days.household == home]
            at = int(draw.integers(90, max(91, len(dated) - 25)))
            if at >= len(dated) - 22:
                continue
            since = dated.day.iloc[at]
            before = dated[dated.day < since]["diff"].to_numpy()
            usual = numpy.median(before[before > 0]) if (before > 0).any() else 0
            longest = run = 0
            for silent in before <= 0.02 * usual:
                run = run + 1 if silent else 0
                longest = max(longest, run)
            part = own[own.day < since + pandas.Timedelta(days=20)].copy()
            after = part.day >= since
            part.loc[after, "diff"] = (part.loc[after, "diff"] * factor).round().astype("int64")
            parts.append(part[["household", "ts", "diff"]])
            truth[home] = (since, bool(longest < 9 and usual > 0))
        path = work / "spliced.parquet"
        pandas.concat(parts).to_parquet(path, index=False)
        ours(program, "meters", "scan", path, "--values", "use", "--false-alarms", rate, "--out", work / "spliced.csv")
        found = pandas.read_csv(work / "spliced.csv", encoding="utf-8-sig")
        found = found[found.kind == kind]
        for home, (since, ordinary) in truth.items():
            delay = (pandas.to_datetime(found[found.meter == home].detected) - since).dt.days
            hit = bool(((delay >= 0) & (delay <= (14 if kind == "zero_onset" else 5))).any())
            homes, known, hits, known_hits = homes + 1, known + ordinary, hits + hit, known_hits + (hit and ordinary)
    return {
        "kind": kind, "factor": factor, "allowed": rate, "homes": homes, "recall": hits / homes,
        "homes_never_away_for_nine_days": known, "recall_of_these": known_hits / max(known, 1),
    }


def pushes(program, work, postgres):
    """Readings pushed to a server of a city of a million homes; `push.py` says how."""
    fleet = invented(program, work / f"speed-{PUSH_HOMES}-90", PUSH_HOMES, 90, PUSH_SEED)
    databases = [None]
    if postgres:
        databases.append(push.fresh_database(postgres))
    else:
        print("no PostgreSQL: pushes are timed on SQLite alone", file=sys.stderr)
    rows = []
    for database in databases:
        rows.append(push.run(program, ours, fleet, PUSH_HOMES, work / "push", database))
        print(json.dumps(rows[-1], ensure_ascii=False))
    return rows


def plot(result, folder):
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    rows = [row for row in result["speed"]]
    figure, (growth, curve, delays) = pyplot.subplots(1, 3, figsize=(15, 4.2))
    for half_hourly, name in [(False, "daily"), (True, "half-hourly")]:
        own = [row for row in rows if row["half_hourly"] == half_hourly]
        growth.loglog([row["readings"] for row in own], [row["wall_s"] for row in own], "o-", label=name)
    growth.set(xlabel="readings", ylabel="seconds", title="Reading and judging, 2 cores")
    growth.grid(alpha=0.3)
    growth.legend()
    own = [row for row in result["quality"] if row["seed"] == QUALITY_SEEDS[0]]
    for kind in ["zero_onset", "shift_up", "shift_down"]:
        x = [row["false_alarms"] for row in own]
        curve.plot(x, [row["kinds"][kind]["recall"] for row in own], "o-", label=f"{kind}: found in time")
    for row in own:
        curve.annotate(f"allowed {row['allowed']:g}", (row["false_alarms"], row["kinds"]["shift_down"]["recall"]), fontsize=7)
    curve.set(xlabel="false alarms, a thousand meters a month", ylabel="recall", title="Operating points", xscale="log")
    curve.grid(alpha=0.3)
    curve.legend()
    for kind in ["zero_onset", "shift_up", "shift_down"]:
        y = [row["kinds"][kind]["median_delay"] for row in own]
        delays.plot([row["allowed"] for row in own], y, "o-", label=kind)
    delays.plot([row["allowed"] for row in own], [row["care"]["zero_onset"]["median_delay"] for row in own], "o--", label="zero_onset, care list")
    delays.set(xlabel="allowed false alarms, a thousand meters a month", ylabel="days, median", title="Delay", xscale="log", ylim=(0, 15))
    delays.grid(alpha=0.3)
    delays.legend()
    figure.tight_layout()
    figure.savefig(folder / "meters.svg")


def main():
    call = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    call.add_argument("--program", required=True)
    call.add_argument("--work", type=pathlib.Path, required=True)
    call.add_argument("--out", type=pathlib.Path, required=True)
    call.add_argument("--real", type=pathlib.Path)
    call.add_argument("--postgres", help="address of a PostgreSQL server; each run makes a database in it")
    call.add_argument("--parts", default="speed,quality,real,push")
    call = call.parse_args()
    (call.work / "drawings").mkdir(parents=True, exist_ok=True)
    result = json.loads(call.out.read_text()) if call.out.exists() else {}
    parts = call.parts.split(",")

    def keep():
        call.out.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n")

    if "speed" in parts:
        result["speed"] = speed(call.program, call.work)
        keep()
    if "quality" in parts:
        result["quality"] = quality(call.program, call.work)
        keep()
    if "real" in parts:
        if call.real:
            result["real"] = real(call.program, call.real, call.work)
            keep()
        else:
            print("no folder of real meters: that part is left out", file=sys.stderr)
    if "push" in parts:
        result["push"] = pushes(call.program, call.work, call.postgres)
        keep()
    if "speed" in result and "quality" in result:
        plot(result, call.out.parent)


if __name__ == "__main__":
    main()
