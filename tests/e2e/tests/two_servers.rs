//! Two servers over one PostgreSQL show each other's events within a second.

use gridweave_db::testkit::postgres_url;
use gridweave_e2e::{Client, Server, run};
use serde_json::json;
use std::sync::mpsc;
use std::time::{Duration, Instant};

#[test]
#[allow(clippy::disallowed_methods)]
fn an_event_of_one_is_heard_at_the_other() -> anyhow::Result<()> {
    let Ok(server) = std::env::var("GRIDWEAVE_TEST_POSTGRES") else {
        assert!(std::env::var("GRIDWEAVE_TEST_BOTH").is_err(), "GRIDWEAVE_TEST_POSTGRES names no server");
        eprintln!("left out: GRIDWEAVE_TEST_POSTGRES names no server");
        return Ok(());
    };
    let url = postgres_url(&server);
    let folder = tempfile::tempdir()?;
    let shown = folder.path().display().to_string();
    let database = ["--database", &url, "--data", &shown];
    let mut create = vec!["account", "create", "--login", "operator", "--name", "坐席", "--role", "operator"];
    create.extend(database);
    run(&create)?;
    let (one, two) = (Server::start(folder.path(), Some(&url))?, Server::start(folder.path(), Some(&url))?);
    let (speaker, listener) =
        (Client::signed_in(&one.url, "operator")?, Client::signed_in(&two.url, "operator")?);
    let (heard, wait) = mpsc::channel();
    let ready = heard.clone();
    std::thread::spawn(move || {
        listener.stream_until(|line| {
            if line == "event: hello" {
                let _ = ready.send(Instant::now());
            }
            let done = line == "event: CaseEstablished";
            if done {
                let _ = heard.send(Instant::now());
            }
            done
        })
    });
    wait.recv_timeout(Duration::from_secs(10))?;
    let said = Instant::now();
    let case = json!({ "title": "井盖破损", "category": "public.facility" });
    assert_eq!(speaker.post("/api/v1/cases", &case, "a")?.0, 200);
    let arrived = wait.recv_timeout(Duration::from_secs(10))?;
    let took = arrived.duration_since(said);
    assert!(took < Duration::from_secs(1), "issue: within a second, took {took:?}");
    Ok(())
}
