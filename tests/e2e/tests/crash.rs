//! Kill -9 at random moments during pushes, reports and visits, fifty times: nothing that was
//! acknowledged is lost, nothing is doubled, the ledger holds.

use anyhow::Context;
use gridweave_db::{Db, DbError, Sql};
use gridweave_e2e::{Client, Server, run};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const KILLS: u64 = 50;

/// What the server has acknowledged.
#[derive(Default)]
struct Acknowledged {
    cases: Vec<(String, String)>,
    pushes: Vec<(String, Value)>,
    visits: Vec<(Value, String)>,
}

fn push_body(n: u64) -> String {
    // Readings for meters of their own, a malformed row, and an address for the inbox.
    let mut rows = String::from("meter,time,value,address\n");
    for meter in 0..40 {
        rows.push_str(&format!("C{n}-{meter},2026-01-{:02},0.{meter:02},\n", n % 27 + 1));
    }
    rows.push_str("bad,yesterday,1,\n");
    rows
}

fn list_body(n: u64) -> String {
    format!("户号,地址,统计日期\nL{n},东湖花园{}栋1单元101,2026-02-01\n", n % 8 + 1)
}

/// Works until the server dies under it.
fn work(url: &str, key: &str, round: u64, seen: &Mutex<Acknowledged>) -> anyhow::Result<()> {
    let feed = Client::with_key(url, key);
    let worker = Client::signed_in(url, "worker001")?;
    let operator = Client::signed_in(url, "operator")?;
    for n in 0.. {
        let id = format!("{round}-{n}");
        let request = json!({ "title": format!("事件 {id}"), "category": "city.environment", "address": "东湖花园1栋" });
        let (status, answer) = operator.post("/api/v1/cases", &request, &id)?;
        anyhow::ensure!(status == 200, "{answer}");
        let no = answer["no"].as_str().context("no number")?.to_owned();
        seen.lock().map_err(|_| anyhow::anyhow!("poisoned"))?.cases.push((id.clone(), no));
        for (name, body) in
            [("water-daily", push_body(round * 1000 + n)), ("zero-use-list", list_body(round * 1000 + n))]
        {
            let path = format!("/api/v1/feeds/{name}/push?format=csv");
            let (status, answer) = feed.post_bytes(&path, body.as_bytes(), "")?;
            anyhow::ensure!(status == 200, "{answer}");
            seen.lock().map_err(|_| anyhow::anyhow!("poisoned"))?.pushes.push((path, json!([body, answer])));
        }
        let (_, tasks) = worker.get("/api/v1/tasks")?;
        if let Some(view) = tasks.as_array().and_then(|all| all.first()) {
            let answers = match view["task"]["form"].as_str() {
                Some("care-visit") => json!({ "phone": "well" }),
                Some("verify-occupancy") => json!({ "occupancy": "vacant" }),
                Some("leak-check") => json!({ "cause": "unknown" }),
                _ => json!({ "found": "solved" }),
            };
            let visit = json!({ "task": view["task"]["id"], "once_key": format!("visit-{id}"), "at_ms": 1_760_000_000_000i64, "answers": answers });
            let (status, answer) = worker.post("/api/v1/visits", &visit, "")?;
            if status == 200 {
                let made = answer["id"].as_str().context("no visit")?.to_owned();
                seen.lock().map_err(|_| anyhow::anyhow!("poisoned"))?.visits.push((visit, made));
            }
        }
    }
    Ok(())
}

#[test]
fn fifty_kills_lose_nothing_and_double_nothing() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let shown = data.display().to_string();
    run(&["city", "simulate", "--households", "400", "--days", "50", "--data", &shown])?;
    let key = run(&[
        "account",
        "create",
        "--login",
        "feed",
        "--name",
        "对接",
        "--role",
        "integrator",
        "--data",
        &shown,
    ])?;
    let seen = Arc::new(Mutex::new(Acknowledged::default()));
    // A cheap generator is random enough for moments; the real ones are the machine's.
    let mut moment = u64::from(std::process::id()) | 1;
    for round in 0..KILLS {
        let server = Server::start(&data, None)?;
        let (url, key, shared) = (server.url.clone(), key.clone(), seen.clone());
        let busy = std::thread::spawn(move || work(&url, &key, round, &shared));
        moment = moment.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // The wait is the point of the test: the moment of the kill.
        #[allow(clippy::disallowed_methods)]
        std::thread::sleep(Duration::from_millis(60 + (moment >> 33) % 240));
        server.kill();
        // The client ends with the connection; that is no failure of the test.
        let _ = busy.join();
    }
    let seen = Arc::into_inner(seen)
        .context("a client lives on")?
        .into_inner()
        .map_err(|_| anyhow::anyhow!("poisoned"))?;
    anyhow::ensure!(
        seen.cases.len() > 50 && seen.pushes.len() > 50,
        "the server was killed too early to show anything"
    );
    check(&data, &key, &seen)?;
    let proof = run(&["ledger", "verify", "--data", &shown, "--json"])?;
    let proof: Value = serde_json::from_str(proof.trim())?;
    assert_eq!(proof["broken"], json!([]));
    eprintln!(
        "{} cases, {} pushes, {} visits acknowledged and kept",
        seen.cases.len(),
        seen.pushes.len(),
        seen.visits.len()
    );
    Ok(())
}

fn check(data: &std::path::Path, key: &str, seen: &Acknowledged) -> anyhow::Result<()> {
    let server = Server::start(data, None)?;
    let operator = Client::signed_in(&server.url, "operator")?;
    let worker = Client::signed_in(&server.url, "worker001")?;
    let feed = Client::with_key(&server.url, key);
    for (id, no) in &seen.cases {
        let (status, page) = operator.get(&format!("/api/v1/cases/{no}"))?;
        assert_eq!((status, page["case"]["title"].as_str()), (200, Some(format!("事件 {id}").as_str())));
        let again = json!({ "title": "again", "category": "city.environment" });
        assert_eq!(operator.post("/api/v1/cases", &again, id)?.1["no"].as_str(), Some(no.as_str()));
    }
    for (path, pair) in &seen.pushes {
        let body = pair[0].as_str().unwrap_or_default();
        let (_, again) = feed.post_bytes(path, body.as_bytes(), "")?;
        assert_eq!(again["repeated"], true);
        assert_eq!(again["accepted"], pair[1]["accepted"]);
    }
    for (visit, made) in &seen.visits {
        assert_eq!(worker.post("/api/v1/visits", visit, "")?.1["id"].as_str(), Some(made.as_str()));
    }
    settle(&server)?;
    drop(server);
    let db = Db::open(&format!("sqlite:{}", data.join("gridweave.db").display()))?;
    let none = |name: &'static str, text: &'static str| -> anyhow::Result<()> {
        let found = db.read_blocking(|tx| tx.all(&Sql { name, text }, &[], |row| Ok(row.0.clone())))?;
        assert!(found.is_empty(), "{name}: {found:?}");
        Ok::<_, anyhow::Error>(())
    };
    none("two visits for a task", "select task_id from visits group by task_id having count(*) > 1")?;
    none(
        "two open tasks for a case",
        "select case_id from tasks where state in ('open', 'accepted') group by case_id having count(*) > 1",
    )?;
    none(
        "two cases for a signal",
        "select once_key from cases where once_key is not null group by once_key having count(*) > 1",
    )?;
    none("signals without a verdict", "select id from signals where state = 'matched'")?;
    none("jobs that failed", "select id, error from jobs where failed = true")?;
    none(
        "visits whose case did not go on",
        "select t.case_id from visits v join tasks t on t.id = v.task_id join cases c on c.id = t.case_id where c.state in ('dispatched', 'accepted')",
    )?;
    Ok::<_, DbError>(())?;
    Ok(())
}

/// Waits until the loop has nothing left to do.
fn settle(server: &Server) -> anyhow::Result<()> {
    let anybody = Client::with_key(&server.url, "none");
    for _ in 0..200 {
        anybody.get("/metrics")?;
        let metrics = ureq::get(format!("{}/metrics", server.url)).call()?.body_mut().read_to_string()?;
        if metrics.lines().any(|line| line == "gridweave_jobs_ready 0") {
            return Ok(());
        }
        // The server has no way to tell that it is idle but its metrics.
        #[allow(clippy::disallowed_methods)]
        std::thread::sleep(Duration::from_millis(50));
    }
    anyhow::bail!("the loop did not come to rest")
}
