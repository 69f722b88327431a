"""What linkage learns without labels, beside what Splink learns of the same records with the same comparisons."""

import json
import math
import subprocess

import pytest

from conftest import PROGRAM

CONFIG = """
[columns]
birth = "date"
identity = "id_number"
phone = "phone"
sex = "code"
community = "code"

[[block]]
on = ["identity"]
[[block]]
on = ["phone"]
[[block]]
on = ["birth", "community"]

[[comparison]]
columns = ["birth"]
levels = ["edits 1"]
[[comparison]]
columns = ["identity"]
levels = ["edits 1"]
[[comparison]]
columns = ["phone"]
levels = ["edits 1"]
[[comparison]]
columns = ["sex"]
levels = []
[[comparison]]
columns = ["community"]
levels = []
"""
# The same writing of dates and numbers that our kinds of columns give.
CLEAN = """
select id, entity, nullif(regexp_replace(birth, '[^0-9]', '', 'g'), '') as birth, nullif(phone, '') as phone, sex, community,
    case when length(identity) = 15 then substr(identity, 1, 6) || '19' || substr(identity, 7) else substr(lower(identity), 1, 17) end as identity
from read_csv('{path}', all_varchar = true)
"""


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    folder = tmp_path_factory.mktemp("people")
    run = lambda *call: subprocess.run([PROGRAM, *(str(word) for word in call)], check=True, capture_output=True, text=True).stdout
    run("city", "people", "--records", 60000, "--seed", 11, "--out", folder / "people.csv")
    (folder / "link.toml").write_text(CONFIG)
    told = run("link", folder / "people.csv", "--config", folder / "link.toml", "--id", "id", "--truth", "entity", "--json")
    return folder / "people.csv", json.loads(told.splitlines()[-1])


def by_splink(path):
    import duckdb
    import splink.comparison_level_library as cll
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    def compared(column, near):
        levels = [cll.NullLevel(column), cll.ExactMatchLevel(column)]
        if near:
            levels.append(cll.CustomLevel(f"damerau_levenshtein({column}_l, {column}_r) <= 1", "near"))
        return cl.CustomComparison(output_column_name=column, comparison_levels=[*levels, cll.ElseLevel()])

    db = duckdb.connect()
    db.execute("create table people as " + CLEAN.format(path=path))
    rules = [block_on("identity"), block_on("phone"), block_on("birth", "community")]
    near = {"birth": True, "identity": True, "phone": True, "sex": False, "community": False}
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=[compared(column, is_near) for column, is_near in near.items()],
        blocking_rules_to_generate_predictions=rules,
        unique_id_column_name="id",
    )
    linker = Linker(DuckDBAPI(connection=db).register("people"), settings, log_level=None)
    linker.training.estimate_u_using_random_sampling(max_pairs=4e6, seed=3)
    for rule in rules:
        linker.training.estimate_parameters_using_expectation_maximisation(rule, fix_u_probabilities=True)
    model = linker.misc.save_model_to_json()
    found = {}
    for comparison in model["comparisons"]:
        levels = [level for level in comparison["comparison_levels"] if not level.get("is_null_level")]
        found[comparison["output_column_name"]] = [(level["m_probability"], level["u_probability"]) for level in levels]
    return found


def test_parameters_agree_with_splink_to_within_sampling_noise(people):
    path, told = people
    theirs = by_splink(path)
    compared = 0
    for ours in told["parameters"]:
        for (m, u), (m_ours, u_ours) in zip(theirs[ours["name"]], zip(ours["m"], ours["u"]), strict=True):
            where = f"{ours['name']}: m {m} and {m_ours}, u {u} and {u_ours}"
            assert abs(m - m_ours) < 0.02, where
            # What was drawn less than some hundred times in millions of pairs is noise in both.
            if u > 1e-4:
                assert abs(math.log2(u / u_ours)) < 0.25, where
                compared += 1
    assert compared >= 8


def test_probabilities_are_what_they_say(people):
    calibration = people[1]["truth"]["calibration"]
    top = calibration[-1]
    assert top["pairs"] > 1000 and top["right"] >= 0.9
    assert abs(top["probability"] - top["right"]) < 0.05
