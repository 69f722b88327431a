"""The real program over a small city, and a key for those who read it."""

import json
import os
import pathlib
import re
import subprocess
import tempfile

import pytest
import requests

PROGRAM = os.environ["GRIDWEAVE_TEST_BIN"]


class City:
    """A served city: its address, and requests with a key."""

    def __init__(self, url, key, data):
        self.url, self.key, self.data = url, key, data
        self.headers = {"Authorization": f"Bearer {key}"}

    def get(self, path, **query):
        answer = requests.get(self.url + path, params=query, headers=self.headers, timeout=60)
        answer.raise_for_status()
        return answer

    def all_items(self, collection):
        """Every feature of a collection, page by page along `next`."""
        found, link = [], f"{self.url}/ogc/collections/{collection}/items?limit=40"
        while link:
            page = requests.get(link, headers=self.headers, timeout=60).json()
            assert page["numberReturned"] == len(page["features"])
            found += page["features"]
            link = next((one["href"] for one in page["links"] if one["rel"] == "next"), None)
        assert page["numberMatched"] == len(found)
        return found

    def gdal(self, *call):
        """A program of GDAL's, signed in; gives what it printed."""
        env = os.environ | {"GDAL_HTTP_HEADERS": f"Authorization: Bearer {self.key}", "OGR_GEOJSON_MAX_OBJ_SIZE": "0"}
        ran = subprocess.run([str(word) for word in call], env=env, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout


@pytest.fixture(scope="session")
def city():
    with tempfile.TemporaryDirectory() as folder:
        run = lambda *call: subprocess.run([PROGRAM, *call, "--data", folder], check=True, capture_output=True, text=True)
        run("city", "simulate", "--households", "2500", "--days", "40", "--seed", "8")
        key = run("account", "create", "--login", "peer", "--name", "对接", "--role", "operator").stdout.split()[-1]
        with open(pathlib.Path(folder) / "log", "w") as log:
            call = [PROGRAM, "serve", "--listen", "127.0.0.1:0", "--data", folder]
            server = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=log, text=True)
            url = re.search(r"http://\S+", server.stdout.readline()).group()
            yield City(url, key, folder)
            server.terminate()
            server.wait()


def by_id(features):
    """Geometry and properties by identifier, without what a service adds of its own."""
    return {str(f["id"]): (f["geometry"], f["properties"]) for f in features}


def save(path, features):
    pathlib.Path(path).write_text(json.dumps({"type": "FeatureCollection", "features": features}))
