"""Splink over records that `gridweave city people` wrote: read, learn, predict, cluster; prints one JSON object.

Splink is given what its users give it: dates, numbers and telephone numbers cleaned in SQL, names also as pinyin (made
before the clock starts), the same blocking rules as ours, comparisons of its library where they fit and levels of SQL where
they do not, expectation maximisation on three narrow blocks. Groups are formed at several thresholds and the best is told.
"""

import argparse
import json
import logging
import resource
import time

import duckdb
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

THRESHOLDS = [0.5, 0.75, 0.9, 0.95, 0.99, 0.999]
CLEAN = """
create table people as select
    id, entity, name, sound, sex, nullif(community, '') as community,
    nullif(regexp_replace(birth, '[^0-9]', '', 'g'), '') as birth,
    case when length(identity) = 15 then substr(identity, 1, 6) || '19' || substr(identity, 7) else substr(identity, 1, 17) end as identity,
    nullif(phone, '') as phone, address, nullif(regexp_replace(address, '[^0-9]+', ' ', 'g'), '') as numbers
from read_parquet('{path}')
"""


def level(sql, label):
    return cll.CustomLevel(sql, label)


def comparisons():
    one_digit = lambda column: level(f"damerau_levenshtein({column}_l, {column}_r) <= 1", "one digit")
    return [
        cl.CustomComparison(
            output_column_name="name",
            comparison_levels=[
                cll.NullLevel("name"),
                cll.ExactMatchLevel("name", term_frequency_adjustments=True),
                level("sound_l = sound_r", "the same sound"),
                level("levenshtein(name_l, name_r) <= 1", "one letter"),
                cll.ElseLevel(),
            ],
        ),
        cl.ExactMatch("sex"),
        cl.CustomComparison(
            output_column_name="birth",
            comparison_levels=[
                cll.NullLevel("birth"),
                cll.ExactMatchLevel("birth", term_frequency_adjustments=True),
                level("birth_l[1:4] = birth_r[1:4] and birth_l[5:6] = birth_r[7:8] and birth_l[7:8] = birth_r[5:6]", "day and month swapped"),
                one_digit("birth"),
                level("birth_l[1:4] = birth_r[1:4] and (birth_l[5:8] = '0101' or birth_r[5:8] = '0101')", "first of January"),
                cll.ElseLevel(),
            ],
        ),
        cl.CustomComparison(
            output_column_name="identity",
            comparison_levels=[cll.NullLevel("identity"), cll.ExactMatchLevel("identity"), one_digit("identity"), cll.ElseLevel()],
        ),
        cl.CustomComparison(
            output_column_name="phone",
            comparison_levels=[cll.NullLevel("phone"), cll.ExactMatchLevel("phone"), one_digit("phone"), cll.ElseLevel()],
        ),
        cl.CustomComparison(
            output_column_name="address",
            comparison_levels=[
                cll.NullLevel("address"),
                cll.ExactMatchLevel("address", term_frequency_adjustments=True),
                level("numbers_l = numbers_r and jaccard(address_l, address_r) > 0.5", "the same numbers"),
                level("jaro_winkler_similarity(address_l, address_r) > 0.92", "alike"),
                cll.ElseLevel(),
            ],
        ),
        cl.ExactMatch("community"),
    ]


def measured(db, table):
    """Precision, recall and F1 of the pairs within groups."""
    counts = "select coalesce(sum(n * (n - 1) / 2), 0) from (select count(*) as n from {} group by {})"
    joined = f"(select c.cluster_id, p.entity from {table} c join people p on p.id = c.id)"
    said, right, all_of = (
        float(db.execute(counts.format(joined, by)).fetchone()[0]) for by in ("cluster_id", "cluster_id, entity", "entity")
    )
    precision, recall = right / max(said, 1), right / max(all_of, 1)
    return {"precision": precision, "recall": recall, "f1": 2 * precision * recall / max(precision + recall, 1e-9)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--threads", type=int, required=True)
    call = parser.parse_args()
    logging.getLogger("splink").setLevel(logging.ERROR)
    clock = time.perf_counter()
    phases = {}

    def done(phase):
        nonlocal clock
        phases[phase] = time.perf_counter() - clock
        clock = time.perf_counter()

    db = duckdb.connect()
    db.execute(f"set threads to {call.threads}")
    db.execute(CLEAN.format(path=call.file))
    done("read")
    rules = [
        block_on("phone"),
        block_on("identity"),
        block_on("address"),
        block_on("sound", "birth"),
        block_on("birth", "community"),
        block_on("sound", "community"),
    ]
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=comparisons(),
        blocking_rules_to_generate_predictions=rules,
        unique_id_column_name="id",
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=False,
    )
    api = DuckDBAPI(connection=db)
    linker = Linker(api.register("people"), settings, log_level=logging.ERROR)
    linker.training.estimate_probability_two_random_records_match([block_on("identity"), block_on("sound", "birth", "sex")], recall=0.85)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in (block_on("identity"), block_on("sound", "birth"), block_on("phone")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule, fix_u_probabilities=True)
    done("learn")
    predicted = linker.inference.predict(threshold_match_probability=min(THRESHOLDS))
    done("score")
    groups = []
    for n, threshold in enumerate(THRESHOLDS):
        groups.append((threshold, linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, threshold_match_probability=threshold)))
        if n == 0:
            # Only one of them counts as time; it is written, as ours is.
            done("cluster")
            db.execute(f"copy {predicted.physical_name} to '{call.file}.pairs' (format parquet)")
            db.execute(f"copy {groups[0][1].physical_name} to '{call.file}.groups' (format parquet)")
            done("write")
    table = [(threshold, measured(db, group.physical_name)) for threshold, group in groups]
    best = max(table, key=lambda row: row[1]["f1"])
    model = linker.misc.save_model_to_json()
    told = {
        "seconds": phases,
        "whole_s": sum(phases.values()),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "pairs": db.execute(f"select count(*) from {predicted.physical_name}").fetchone()[0],
        "threshold": best[0],
        "clusters": best[1],
        "at": [{"threshold": threshold, **of} for threshold, of in table],
        "same": model["probability_two_random_records_match"],
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main()
