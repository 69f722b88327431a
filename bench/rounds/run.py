"""Rounds planned by Gridweave, PyVRP and OR-Tools on invented days of visits; all judged by the same few lines, which know nothing of how they plan.

A day has places in some thirty quarters of a town, workers who begin at a few stations, visits of 5 to 25 minutes, half of which may begin at any time
and the others within one or two hours, and two skills that some visits need and not everybody has. What is compared is how
long is walked in all, with 3,240 minutes more for each visit that is left out, which all of them may do. Each runs alone, ours for ten seconds on both cores, the peers for a minute on one, as they know no more.
"""

import argparse
import collections
import csv
import json
import pathlib
import subprocess
import time

import numpy

OURS_S, PEERS_S = 10, 60
UNIT = 100
FROM, UNTIL = 480, 1080
# Minutes of walking that a visit left out counts as much as: what ours takes for one of the greatest urgency.
WORTH = 3240


def day(visits, workers, seed):
    random = numpy.random.default_rng(seed)
    side = 6000 * (visits / 800) ** 0.5
    quarters = random.random((30, 2)) * side
    places = numpy.clip(quarters[random.integers(0, 30, visits)] + random.normal(0, side / 12, (visits, 2)), 0, side)
    stations = random.random((max(1, workers // 5), 2)) * side
    found = {"places": places, "stations": stations, "visits": [], "workers": []}
    for _ in range(visits):
        kind = random.random()
        begin = FROM if kind < 0.5 else int(random.integers(FROM, UNTIL - 90) // 30 * 30)
        end = UNTIL if kind < 0.5 else begin + (120 if kind < 0.8 else 60)
        skill = ["", "", "", "", "care", "gas"][random.integers(6)]
        found["visits"].append({"minutes": int(random.integers(5, 26)), "from": begin, "until": end, "skill": skill})
    for number in range(workers):
        skills = [{"care", "gas"}, {"care"}, {"gas"}, set()][number % 4]
        found["workers"].append({"station": number % len(stations), "skills": skills})
    at = numpy.vstack([places, *[[stations[worker["station"]]] * 2 for worker in found["workers"]]])
    metres = numpy.hypot(at[:, None, 0] - at[None, :, 0], at[:, None, 1] - at[None, :, 1])
    # In whole hundredths of a minute, rounded up so that no detour is shorter than the way itself.
    found["minutes"] = numpy.ceil(metres * 1.3 / 80 * UNIT) / UNIT
    return found


def clock(minute):
    return f"{int(minute) // 60:02}:{int(minute) % 60:02}"


def write(day, work):
    # The places are invented: any will do, as the matrix tells how far it is.
    degree = lambda at: [round(114 + at[0] / 100_000, 7), round(30 + at[1] / 100_000, 7)]
    with open(work / "visits.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "lon", "lat", "minutes", "from", "until", "skills", "urgency"])
        for number, (visit, at) in enumerate(zip(day["visits"], day["places"])):
            rows.writerow([number, *degree(at), visit["minutes"], clock(visit["from"]), clock(visit["until"]), visit["skill"], 5])
    with open(work / "workers.csv", "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "lon", "lat", "from", "until", "skills"])
        for number, worker in enumerate(day["workers"]):
            rows.writerow([number, *degree(day["stations"][worker["station"]]), clock(FROM), clock(UNTIL), ";".join(sorted(worker["skills"]))])
    (work / "minutes.json").write_text(json.dumps(day["minutes"].tolist()))


def judge(day, rounds):
    """Minutes walked, and what is wrong with rounds: lists of visits, one for each worker."""
    minutes, first = day["minutes"], len(day["visits"])
    walked, wrong, seen = 0.0, [], collections.Counter()
    for worker, visits in enumerate(rounds):
        at, free = first + 2 * worker, FROM
        for number in visits:
            visit = day["visits"][number]
            seen[number] += 1
            walked += minutes[at, number]
            begins = max(free + minutes[at, number], visit["from"])
            if begins > visit["until"] + 1e-6:
                wrong.append(f"visit {number} late")
            if visit["skill"] and visit["skill"] not in day["workers"][worker]["skills"]:
                wrong.append(f"visit {number} without skill")
            at, free = number, begins + visit["minutes"]
        if visits:
            walked += minutes[at, first + 2 * worker + 1]
            if free + minutes[at, first + 2 * worker + 1] > UNTIL + 1e-6:
                wrong.append(f"worker {worker} home late")
    wrong += [f"visit {number} twice" for number, times in seen.items() if times > 1]
    left_out = len(day["visits"]) - len(seen)
    return {"walked_minutes": round(float(walked), 2), "left_out": left_out, "cost": round(float(walked) + WORTH * left_out, 2), "wrong": wrong[:5]}


def ours(program, day, work, seconds=OURS_S):
    call = [program, "rounds", "plan", "--visits", "visits.csv", "--workers", "workers.csv", "--minutes", "minutes.json", "--out", "rounds.geojson", "--seconds", seconds, "--json"]
    begin = time.perf_counter()
    run = subprocess.run([str(word) for word in call], capture_output=True, text=True, check=True, cwd=work)
    whole = time.perf_counter() - begin
    told = json.loads(run.stdout.splitlines()[-1])
    rounds = [[] for _ in day["workers"]]
    with open(work / "rounds.csv", encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            if row["kind"] == "visit":
                rounds[int(row["worker"])].append(int(row["visit"]))
    return judge(day, rounds) | {"whole_s": round(whole, 2), "search_s": round(told["search_s"], 2), "steps": told["steps"], "rounds": rounds}


def again(program, day, work):
    """One visit more, and one refused: rounds of before are mended."""
    with open(work / "visits.csv", newline="") as file:
        rows = list(csv.reader(file))
    (work / "before.csv").write_bytes((work / "rounds.csv").read_bytes())
    changed = [row for row in rows if row[0] != "7"]
    with open(work / "visits-again.csv", "w", newline="") as file:
        csv.writer(file).writerows([*changed, ["new", *rows[10][1:]]])
    call = [program, "rounds", "plan", "--visits", "visits-again.csv", "--workers", "workers.csv", "--previous", "before.csv", "--out", "again.geojson", "--json"]
    begin = time.perf_counter()
    run = subprocess.run([str(word) for word in call], capture_output=True, text=True, check=True, cwd=work)
    told = json.loads(run.stdout.splitlines()[-1])
    before, after = ({(row["visit"]): row["worker"] for row in csv.DictReader(open(work / name, encoding="utf-8-sig", newline="")) if row["kind"] == "visit"} for name in ("before.csv", "again.csv"))
    stays = sum(after.get(visit) == worker for visit, worker in before.items() if visit != "7")
    return {"whole_s": round(time.perf_counter() - begin, 2), "left_out": told["left_out"], "same_worker": round(stays / (len(before) - 1), 3)}


def pyvrp(day, seconds):
    import pyvrp as library
    from pyvrp.stop import MaxRuntime

    visits, workers = day["visits"], day["workers"]
    stations = len(day["stations"])
    first = {worker["station"]: len(visits) + 2 * number for number, worker in reversed(list(enumerate(workers)))}
    order = [first[station] for station in range(stations)] + list(range(len(visits)))
    minutes = numpy.round(day["minutes"][numpy.ix_(order, order)] * UNIT).astype(numpy.int64)
    locations = [library.Location(0, 0) for _ in order]
    depots = [library.Depot(location=station) for station in range(stations)]
    clients = [
        library.Client(location=stations + number, service_duration=visit["minutes"] * UNIT, tw_early=visit["from"] * UNIT, tw_late=visit["until"] * UNIT, prize=WORTH * UNIT, required=False)
        for number, visit in enumerate(visits)
    ]
    kinds = sorted({tuple(sorted(worker["skills"])) for worker in workers})
    matrices = []
    for kind in kinds:
        barred = numpy.array([False] * stations + [bool(visit["skill"]) and visit["skill"] not in kind for visit in visits])
        matrix = minutes.copy()
        matrix[:, barred] = 10_000_000
        numpy.fill_diagonal(matrix, 0)
        matrices.append(matrix)
    # Those who are alike are one kind of several, as it likes them.
    alike = collections.defaultdict(list)
    for number, worker in enumerate(workers):
        alike[worker["station"], tuple(sorted(worker["skills"]))].append(number)
    types = [
        library.VehicleType(num_available=len(own), start_depot=station, end_depot=station, tw_early=FROM * UNIT, tw_late=UNTIL * UNIT, profile=kinds.index(skills))
        for (station, skills), own in alike.items()
    ]
    data = library.ProblemData(locations, clients, depots, types, matrices, matrices)
    result = library.solve(data, stop=MaxRuntime(seconds), seed=1, display=False)
    free = [list(own) for own in alike.values()]
    rounds = [[] for _ in workers]
    for route in result.best.routes():
        rounds[free[route.vehicle_type()].pop()] = [client_of(stop, stations) for stop in stops_of(route)]
    return judge(day, rounds) | {"iterations": result.num_iterations, "feasible": result.is_feasible()}


def stops_of(route):
    """Clients of a route: numbers, or activities that tell their kind."""
    return [stop for stop in route if not hasattr(stop, "is_client") or stop.is_client()]


def client_of(stop, stations):
    return stop.idx if hasattr(stop, "idx") else int(stop) - stations


def ortools(day, seconds):
    from ortools.constraint_solver import pywrapcp, routing_enums_pb2

    visits, workers = day["visits"], day["workers"]
    first = len(visits)
    starts = [first + 2 * number for number in range(len(workers))]
    manager = pywrapcp.RoutingIndexManager(first + 2 * len(workers), len(workers), starts, [start + 1 for start in starts])
    routing = pywrapcp.RoutingModel(manager)
    minutes = numpy.round(day["minutes"] * UNIT).astype(int)
    service = numpy.array([visit["minutes"] * UNIT for visit in visits] + [0] * (2 * len(workers)))
    walk = routing.RegisterTransitMatrix(minutes.tolist())
    busy = routing.RegisterTransitMatrix((minutes + service[:, None]).tolist())
    routing.SetArcCostEvaluatorOfAllVehicles(walk)
    routing.AddDimension(busy, UNTIL * UNIT, UNTIL * UNIT, False, "time")
    times = routing.GetDimensionOrDie("time")
    for number, visit in enumerate(visits):
        index = manager.NodeToIndex(number)
        times.CumulVar(index).SetRange(visit["from"] * UNIT, visit["until"] * UNIT)
        if visit["skill"]:
            able = [worker for worker, who in enumerate(workers) if visit["skill"] in who["skills"]]
            routing.VehicleVar(index).SetValues([-1, *able])
        routing.AddDisjunction([index], WORTH * UNIT)
    for worker in range(len(workers)):
        times.CumulVar(routing.Start(worker)).SetRange(FROM * UNIT, UNTIL * UNIT)
        times.CumulVar(routing.End(worker)).SetRange(FROM * UNIT, UNTIL * UNIT)
    search = pywrapcp.DefaultRoutingSearchParameters()
    search.first_solution_strategy = routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    search.local_search_metaheuristic = routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    search.time_limit.FromSeconds(seconds)
    found = routing.SolveWithParameters(search)
    rounds = [[] for _ in workers]
    if found is None:
        return {"failed": "no rounds were found"}
    for worker in range(len(workers)):
        index = routing.Start(worker)
        while not routing.IsEnd(index):
            node = manager.IndexToNode(index)
            if node < first:
                rounds[worker].append(node)
            index = found.Value(routing.NextVar(index))
    return judge(day, rounds)


def main():
    from importlib.metadata import version

    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True, type=pathlib.Path)
    parser.add_argument("--work", required=True, type=pathlib.Path)
    parser.add_argument("--out", required=True, type=pathlib.Path)
    parser.add_argument("--days", default="800x40x1,800x40x2,800x40x3,200x10x4")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    program = args.program.resolve()
    results = {"peers": {name: version(name) for name in ("pyvrp", "ortools")}, "ours_s": OURS_S, "peers_s": PEERS_S, "days": []}
    for wanted in args.days.split(","):
        visits, workers, seed = map(int, wanted.split("x"))
        made = day(visits, workers, seed)
        write(made, args.work)
        row = {"visits": visits, "workers": workers, "seed": seed, "ours": ours(program, made, args.work)}
        row["ours"].pop("rounds")
        row["again"] = again(program, made, args.work)
        for name, call in [("pyvrp", pyvrp), ("ortools", ortools)]:
            try:
                row[name] = call(made, PEERS_S)
            except Exception as error:
                row[name] = {"failed": f"{type(error).__name__}: {error}"[:300]}
        peers = [row[name]["cost"] for name in ("pyvrp", "ortools") if row[name].get("wrong") == []]
        row["over_best_peer"] = round(row["ours"]["cost"] / min(peers), 4) if peers else None
        print(json.dumps(row), flush=True)
        results["days"].append(row)
    args.out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
