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
