//! `gridweave triage` as scripts call it.

use gridweave_e2e::{fails, run};
use serde_json::Value;
use std::fmt::Write;

/// What people write of a few matters, put together anew for each number.
fn message(n: usize) -> (&'static str, String) {
    let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let of = |all: &[&'static str], by: usize| all[(mixed >> (8 * by)) % all.len()];
    let place = of(&["东湖花园3栋", "新华路202号", "我们小区", "学校门口", "菜场旁边"], 3);
    let since = of(&["已经三天了", "从上周开始", "一直没人管", "天天如此"], 5);
    match n % 4 {
        0 => (
            "电梯",
            format!("{place}{}，{since}", of(&["电梯停运", "电梯困人", "轿厢抖得厉害", "电梯门关不上"], 2)),
        ),
        1 => (
            "照明",
            format!("{place}{}，{since}", of(&["路灯不亮", "灯杆歪了", "整条街黑漆漆的", "路灯忽明忽暗"], 2)),
        ),
        2 => (
            "环卫",
            format!("{place}{}，{since}", of(&["垃圾桶满了", "垃圾没人清", "楼道堆物", "污水横流臭味大"], 2)),
        ),
        _ => (
            "噪声",
            format!(
                "{place}{}，{since}",
                of(&["夜里施工吵得睡不着", "广场舞音量太大", "酒吧半夜还在放音乐", "装修电钻响个不停"], 2)
            ),
        ),
    }
}

fn messages(from: usize, to: usize) -> String {
    let mut table = "id,subject,text,category\n".to_owned();
    for n in from..to {
        let (category, text) = message(n);
        let _ = writeln!(table, "{n},来信,\"{text}\",{category}");
    }
    table
}

#[test]
fn categories_are_learnt_measured_and_told_with_their_reasons() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(
        path("history.csv"),
        messages(0, 600) + "600,来信,,电梯\n601,来信,只有一次的事,其他\n602,来信,没有类别,\n",
    )?;
    let call = ["triage", "train", &path("history.csv"), "--text", "text", "--label", "category"];
    let told = run(&[&call[..], &["--held-out", "3", "--out", &path("city.triage"), "--json"]].concat())?;
    let told: Value = serde_json::from_str(told.trim())?;
    assert_eq!((&told["rows_left_out"], &told["categories"]), (&2.into(), &4.into()), "{told}");
    assert!(told["held_out"]["macro_f1"].as_f64().is_some_and(|f1| f1 > 0.99), "{told}");
    let (learnt, held) = (&told["trained"]["examples"], &told["held_out"]["messages"]);
    let (learnt, held) = (learnt.as_u64().unwrap_or(0), held.as_u64().unwrap_or(0));
    assert!((130..270).contains(&held) && (600..=601).contains(&(learnt + held)), "{told}");

    // In the encoding that offices still use, it is read all the same.
    let newer = messages(2000, 2200);
    let (gbk, _, _) = encoding_rs::GBK.encode(&newer);
    std::fs::write(path("newer.csv"), &gbk)?;
    let call = ["triage", "evaluate", &path("newer.csv"), "--model", &path("city.triage"), "--text", "text"];
    let told = run(&[&call[..], &["--label", "category", "--report", &path("r.svg"), "--json"]].concat())?;
    let told: Value = serde_json::from_str(told.trim())?;
    assert!(told["accuracy"].as_f64().is_some_and(|part| part > 0.99), "{told}");
    assert!(told["per_second"].as_f64().is_some_and(|rate| rate > 0.0));
    assert!(std::fs::read_to_string(path("r.svg"))?.contains("校准误差"));

    std::fs::write(
        path("today.csv"),
        "id,subject,text\n1,求助,新华路202号电梯困人了\n2,,<p>路灯&nbsp;不亮</p>\n3,,😀\n4,short\n5,投诉,隔壁装修电钻响个不停\n",
    )?;
    let call = ["triage", "classify", &path("today.csv"), "--model", &path("city.triage")];
    let told =
        run(&[&call[..], &["--text", "subject", "--text", "text", "--out", &path("sorted.csv"), "--json"]]
            .concat())?;
    let told: Value = serde_json::from_str(told.trim())?;
    assert_eq!(
        (&told["rows"], &told["rows_left_out"], &told["with_category"]),
        (&4.into(), &1.into(), &3.into())
    );
    let sorted = std::fs::read_to_string(path("sorted.csv"))?;
    let rows: Vec<Vec<&str>> =
        sorted.trim_start_matches('\u{feff}').lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0], ["id", "subject", "text", "category", "probability", "reason"]);
    let said: Vec<&str> = rows[1..].iter().map(|row| row[3]).collect();
    assert_eq!(said, ["电梯", "照明", "", "噪声"]);
    assert!(rows[1][5].contains('梯') && rows[3][4..] == ["", ""], "{sorted}");
    Ok(())
}

#[test]
fn what_cannot_be_learnt_or_told_is_refused_with_the_reason() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("one.csv"), "text,category\n电梯坏了,电梯\n电梯停了,电梯\n")?;
    let one = path("one.csv");
    let train = |text: &str| {
        let call =
            ["triage", "train", &one, "--text", text, "--label", "category", "--out", &path("m.triage")];
        fails(&call).map(|(_, why)| why)
    };
    assert!(train("text")?.contains("two are needed"));
    assert!(train("body")?.contains("no column \"body\"; there are: text, category"));
    assert!(!std::path::Path::new(&path("m.triage")).exists());
    let classify = ["triage", "classify", &one, "--model", &one, "--text", "text", "--out", &path("o.csv")];
    assert!(fails(&classify)?.1.contains("no model of gridweave triage"));
    Ok(())
}

/// A table as rows of cells, the first row being its header.
fn rows(path: &str) -> anyhow::Result<Vec<Vec<String>>> {
    let text = std::fs::read_to_string(path)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    Ok(reader.deserialize().collect::<Result<_, _>>()?)
}

#[test]
fn a_tree_is_learnt_from_invented_messages_and_told_level_by_level() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    for (seed, name) in [("5", "history.csv"), ("6", "newer.parquet")] {
        run(&["city", "messages", "--count", "3000", "--seed", seed, "--out", &path(name)])?;
    }
    let labelled = ["--text", "text", "--label", "true_category", "--json"];
    let train = ["triage", "train", &path("history.csv"), "--out", &path("city.triage")];
    let told: Value = serde_json::from_str(run(&[&train[..], &labelled].concat())?.trim())?;
    assert!(told["categories"].as_u64().is_some_and(|count| (100..=108).contains(&count)), "{told}");
    // Those that only sound like danger have no category: they are told and left out.
    assert!(told["rows_left_out"].as_u64().is_some_and(|count| count > 50), "{told}");
    for model in [&["--model", &path("city.triage")][..], &[]] {
        let evaluate = ["triage", "evaluate", &path("newer.parquet")];
        let told: Value = serde_json::from_str(run(&[&evaluate[..], model, &labelled].concat())?.trim())?;
        let levels = told["levels"].as_array().map_or(&[][..], Vec::as_slice);
        assert_eq!(levels.len(), 3);
        let right = |level: &Value| level["accuracy"].as_f64().is_some_and(|part| part > 0.9);
        assert!(levels.iter().all(right), "{told}");
    }

    std::fs::write(
        path("today.jsonl"),
        "{\"text\": \"东湖花园3栋闻到很浓的煤气味。我的电话13812345678。昨晚8点开始\"}\n{\"text\": \"消防演练那天没有着火\"}\n",
    )?;
    let classify = ["triage", "classify", &path("today.jsonl"), "--text", "text", "--facts", "--mask"];
    let told = run(&[&classify[..], &["--out", &path("sorted.csv"), "--json"]].concat())?;
    let told: Value = serde_json::from_str(told.trim())?;
    assert_eq!((&told["rows"], &told["urgent"]), (&2.into(), &1.into()));
    let sorted = rows(&path("sorted.csv"))?;
    assert_eq!(
        sorted[0],
        ["text", "category", "probability", "reason", "urgent", "places", "times", "amounts", "phones"]
    );
    assert!(sorted[1][0].contains("138****5678") && !sorted[1][0].contains("13812345678"), "{sorted:?}");
    assert!(sorted[1][1].starts_with("公共安全/燃气"), "{sorted:?}");
    assert_eq!(sorted[1][4..], ["gas: 煤气味", "东湖花园3栋", "昨晚8点", "", "138****5678"]);
    assert_eq!(sorted[2][4..8], [""; 4]);
    Ok(())
}

#[test]
fn places_are_matched_with_the_library_and_the_likeliest_categories_are_told() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    // The city that messages of this seed are written from.
    run(&["city", "make", "--households", "3000", "--seed", "5", "--days", "1", "--out", &path("city")])?;
    run(&["city", "messages", "--count", "300", "--seed", "5", "--out", &path("messages.csv")])?;
    let classify = ["triage", "classify", &path("messages.csv"), "--text", "text", "--facts", "--library"];
    let out = [&path("city/places.csv"), "--alternatives", "2", "--out", &path("sorted.csv"), "--json"];
    run(&[&classify[..], &out].concat())?;
    let sorted = rows(&path("sorted.csv"))?;
    assert_eq!(sorted[0][18..], ["place_id", "alternatives"]);
    let places = rows(&path("city/places.csv"))?;
    let code = places[0].iter().position(|name| name == "code").unwrap_or(0);
    let address = places[0].iter().position(|name| name == "address").unwrap_or(0);
    let mut right = 0;
    for row in &sorted[1..] {
        let place = places.iter().find(|place| place[code] == row[18]);
        // The compound is said in every message, whatever else is left out.
        let compound = place.and_then(|place| place[address].split('号').nth(1));
        right += usize::from(
            compound.is_some_and(|name| row[3].contains(&name.chars().take(4).collect::<String>())),
        );
        assert_eq!(row[19].split("; ").count(), 2, "{row:?}");
    }
    assert!(right * 100 >= (sorted.len() - 1) * 95, "{right} of {}", sorted.len() - 1);
    Ok(())
}

#[test]
fn related_messages_are_told_with_the_reason_and_their_matter() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    run(&["city", "messages", "--count", "3000", "--seed", "8", "--out", &path("messages.csv")])?;
    let columns = ["--text", "text", "--time", "time", "--lon", "lon", "--lat", "lat", "--id", "id"];
    let related = ["triage", "related", &path("messages.csv"), "--truth", "true_matter", "--json"];
    let out = ["--out", &path("related.csv"), "--learn", &path("weights.json")];
    let told: Value = serde_json::from_str(run(&[&related[..], &columns, &out].concat())?.trim())?;
    let part = |told: &Value, name: &str| told["truth"][name].as_f64().unwrap_or(0.0);
    assert!(part(&told, "precision") > 0.97 && part(&told, "recall") > 0.9, "{told}");
    let table = rows(&path("related.csv"))?;
    assert_eq!(table[0][10..], ["related_to", "related_probability", "related_reason", "matter"]);
    // Who is related to nobody is the first of a matter; who is related has the matter of whom it is related to.
    let matter_of = |id: &str| table.iter().find(|row| row[0] == id).map(|row| row[13].clone());
    for row in &table[1..400] {
        let expected = if row[10].is_empty() { Some(row[0].clone()) } else { matter_of(&row[10]) };
        assert_eq!(Some(row[13].clone()), expected, "{row:?}");
    }
    assert!(table.iter().any(|row| row[12].contains("same text")));
    assert!(table.iter().any(|row| row[12].contains("shares") && row[12].contains(" m apart")));
    let learnt = ["--weights", &path("weights.json")];
    let told: Value = serde_json::from_str(run(&[&related[..], &columns, &learnt].concat())?.trim())?;
    assert!(part(&told, "precision") > 0.97 && part(&told, "recall") > 0.9, "{told}");

    // In two files it is as in one.
    let whole = std::fs::read_to_string(path("messages.csv"))?;
    let lines: Vec<&str> = whole.lines().collect();
    std::fs::write(path("known.csv"), lines[..2001].join("\n"))?;
    std::fs::write(path("today.csv"), [&lines[..1], &lines[2001..]].concat().join("\n"))?;
    let today = ["triage", "related", &path("today.csv"), "--known", &path("known.csv"), "--json"];
    let told = run(&[&today[..], &columns, &["--out", &path("parted.csv")]].concat())?;
    assert_eq!(serde_json::from_str::<Value>(told.trim())?["known"], 2000);
    let parted = rows(&path("parted.csv"))?;
    assert_eq!(parted[1..], table[2001..]);

    let badly = "text,time,lon,lat\n路灯坏了,yesterday,114.3,30.5\n路灯坏了,2026-11-20,300,30.5\n";
    std::fs::write(path("bad.csv"), badly)?;
    let related = ["triage", "related", &path("bad.csv"), "--out", &path("o.csv"), "--json"];
    let told: Value = serde_json::from_str(run(&[&related[..], &columns[..8]].concat())?.trim())?;
    assert_eq!(
        (&told["rows"], &told["rows_left_out"]),
        (&2.into(), &2.into()),
        "the rows stay, their faults are told"
    );
    Ok(())
}

#[test]
fn topics_are_the_matters_of_many_and_are_followed() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let call = ["city", "messages", "--count", "3000", "--seed", "9", "--days", "60"];
    run(&[&call[..], &["--out", &path("messages.csv")]].concat())?;
    let table = rows(&path("messages.csv"))?;
    let matter: std::collections::HashMap<&str, &str> =
        table.iter().map(|row| (row[0].as_str(), row[6].as_str())).collect();
    let topics = [
        "triage",
        "topics",
        &path("messages.csv"),
        "--text",
        "text",
        "--time",
        "time",
        "--id",
        "id",
        "--user",
        "user",
    ];
    let out = ["--out", &path("topics.csv"), "--messages", &path("members.csv"), "--json"];
    let told: Value = serde_json::from_str(run(&[&topics[..], &out].concat())?.trim())?;
    assert_eq!((&told["windows"], &told["topics"]), (&1.into(), &10.into()), "{told}");
    let hottest = rows(&path("topics.csv"))?;
    let heat = |row: &Vec<String>| row[7].parse::<f64>().unwrap_or(0.0);
    assert!(hottest[1..].is_sorted_by(|a, b| heat(a) >= heat(b)));
    // Most are of one matter, and no matter is told twice. (Invented messages of one kind differ by their place alone.)
    let members = rows(&path("members.csv"))?;
    let mut told: Vec<&str> = Vec::new();
    for rank in 1..=10 {
        let of: Vec<&Vec<String>> = members.iter().filter(|row| row[2] == rank.to_string()).collect();
        let mut counts: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
        of.iter().for_each(|row| *counts.entry(matter[row[3].as_str()]).or_default() += 1);
        let most = counts.into_iter().max_by_key(|(_, count)| *count);
        told.extend(most.filter(|(_, count)| count * 10 >= of.len() * 8).map(|(matter, _)| matter));
    }
    assert!(told.len() >= 6, "{told:?}");
    let distinct: std::collections::HashSet<&&str> = told.iter().collect();
    assert_eq!(distinct.len(), told.len(), "{told:?}");

    let windows = ["--window", "14", "--step", "7", "--out", &path("weeks.csv"), "--json"];
    let told: Value = serde_json::from_str(run(&[&topics[..], &windows].concat())?.trim())?;
    assert!(told["windows"].as_u64().is_some_and(|count| (6..=10).contains(&count)), "{told}");
    let weeks = rows(&path("weeks.csv"))?;
    for state in ["appears", "grows", "fades"] {
        assert!(weeks.iter().any(|row| row[4] == state), "{state}");
    }
    let refused = fails(&[&topics[..5], &["--window", "7", "--out", &path("x.csv")]].concat())?.1;
    assert!(refused.contains("--window needs the column of the time"), "{refused}");
    Ok(())
}
