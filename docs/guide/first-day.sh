#!/usr/bin/env bash
# The run of first-day.md: first-day.sh DATA GRIDWEAVE. Works in target/first-day.
set -euo pipefail
data=$1
gridweave=$2
here=$(cd "$(dirname "$0")/../.." && pwd)
work="$here/target/first-day"
rm -rf "$work"
mkdir -p "$work"
step() { printf '\n== %s\n' "$*"; }
have() { [ -e "$data/$1" ] || { echo "left out: $1 is not there"; return 1; }; }

wuhan="$work/wuhan"
step "divisions of Wuhan"
have divisions/wuhan_adcode_2016.csv && "$gridweave" import divisions "$data/divisions/wuhan_adcode_2016.csv" --crs gcj02 --data "$wuhan" --json
step "district outlines"
have geometry/wuhan_districts_fences_gcj02.geojson.gz && "$gridweave" import outlines "$data/geometry/wuhan_districts_fences_gcj02.geojson.gz" --crs gcj02 --data "$wuhan" --json
step "street network as base map"
have geometry/wuhan_streets_osm_simplified.parquet && "$gridweave" import basemap "$data/geometry/wuhan_streets_osm_simplified.parquet" --utm 50 --data "$wuhan" --json

step "a city on part of Wuhan"
if have geometry/wuhan_guanggu_osm_buildings.geojson; then
  "$gridweave" city make --households 2000 --seed 1 --days 60 --name 光谷 --on "$data/geometry/wuhan_guanggu_osm_buildings.geojson" \
    --roads "$data/geometry/wuhan_guanggu_osm_roads.geojson" --out "$work/guanggu-city"
  "$gridweave" import city "$work/guanggu-city" --accounts --data "$wuhan" --json
fi
step "a city on another real place, with its own base map and addresses"
if have osm/north-bayreuth.osm.pbf; then
  "$gridweave" import osm "$data/osm/north-bayreuth.osm.pbf" --data "$work/bayreuth" --json | tail -c 300
  echo
  "$gridweave" city make --households 3000 --seed 2 --days 30 --name 北拜罗伊特 --on "$data/osm/north-bayreuth.osm.pbf" --out "$work/bayreuth-city"
  "$gridweave" import city "$work/bayreuth-city" --data "$work/bayreuth" --json
fi

step "accounts and a server"
key=$("$gridweave" account create --login feed --name 数据对接 --role integrator --data "$wuhan")
GRIDWEAVE_SECURE_COOKIES=false GRIDWEAVE_CATALOGUES="$here/docs/guide/first-day-catalogues" "$gridweave" serve --data "$wuhan" --listen 127.0.0.1:0 >"$work/server.out" 2>"$work/server.log" &
server=$!
trap 'kill $server 2>/dev/null || true' EXIT
for _ in $(seq 100); do grep -q http "$work/server.out" && break; sleep 0.1; done
url=$(awk '{print $NF}' "$work/server.out")

step "a case for each message"
have messages/raw.csv && "$gridweave" report --server "$url" --key "$key" --title subject --body body --id message_id "$data/messages/raw.csv"
step "water readings"
have meters/es_alicante_daiad_water_hourly.parquet && "$gridweave" push --server "$url" --key "$key" --feed water-hourly "$data/meters/es_alicante_daiad_water_hourly.parquet" --rejects "$work/water-rejects.csv"
step "electricity readings"
have meters/half_hourly_kwh.csv.gz && "$gridweave" push --server "$url" --key "$key" --feed electricity-half-hourly "$data/meters/half_hourly_kwh.csv.gz" --rejects "$work/electricity-rejects.csv" && head -5 "$work/electricity-rejects.csv"
step "the invented city's water, day by day"
[ -d "$work/guanggu-city/readings" ] && "$gridweave" push --server "$url" --key "$key" --feed water-daily "$work"/guanggu-city/readings/*.csv | tail -3
step "what the server says"
sleep 2
curl -fsS "$url/metrics" | grep -E '^gridweave_jobs' || true
cookie="$work/cookie"
ask() { curl -fsS -b "$cookie" "$url$1"; }
curl -fsS -c "$cookie" -H "content-type: application/json" -d '{"login":"operator","password":"gridweave-demo"}' "$url/api/v1/session" >/dev/null
echo "cases by state: $(ask /api/v1/cases/counts)"
echo "cases with a point on the map: $(ask /api/v1/map/cases?days=400 | grep -o '"Feature"' | wc -l)"
echo "visits to make: $(ask /api/v1/tasks | grep -o '"task":{' | wc -l)"
kill $server
wait $server 2>/dev/null || true
"$gridweave" ledger verify --data "$wuhan"
