//! The test kit: a fresh database on each engine for every store test.
//!
//! PostgreSQL is used where `GRIDWEAVE_TEST_POSTGRES` holds the address of a server on which
//! databases may be made; the test command starts one. Without it the PostgreSQL half is left out
//! and says so, unless `GRIDWEAVE_TEST_BOTH=1` forbids that.

use crate::{
    Db,
    migrate::{Migration, migrate},
};
use std::sync::atomic::{AtomicU32, Ordering};

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Runs a test on a fresh, migrated database of each engine. Panics where a database cannot be
/// made: a test that cannot run has failed.
#[allow(clippy::expect_used, clippy::panic)]
pub fn on_both(steps: &'static [&'static [Migration]], test: impl Fn(&Db)) {
    for db in fresh() {
        migrate(&db.0, steps).expect("migrations apply");
        test(&db.0);
    }
}

/// A database that goes away with this value.
pub struct Temporary(pub Db, Option<std::path::PathBuf>);

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(path) = &self.1 {
            let _ = std::fs::remove_dir_all(path);
        }
    }
}

#[allow(clippy::expect_used, clippy::panic, clippy::disallowed_methods)]
fn fresh() -> Vec<Temporary> {
    let mut made = vec![sqlite()];
    match std::env::var("GRIDWEAVE_TEST_POSTGRES") {
        Ok(server) => made.push(postgres(&server)),
        Err(_) if std::env::var("GRIDWEAVE_TEST_BOTH").is_ok() => {
            panic!("GRIDWEAVE_TEST_BOTH is set, but GRIDWEAVE_TEST_POSTGRES names no server")
        }
        Err(_) => eprintln!("left out on PostgreSQL: GRIDWEAVE_TEST_POSTGRES names no server"),
    }
    made
}

/// A fresh SQLite database in a temporary folder, without tables.
#[allow(clippy::expect_used)]
pub fn sqlite() -> Temporary {
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("gridweave-test-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
    let url = format!("sqlite:{}", folder.join("test.db").display());
    Temporary(Db::open(&url).expect("SQLite opens"), Some(folder))
}

/// A fresh database on a PostgreSQL server, without tables. Gives its address as well.
#[allow(clippy::expect_used)]
pub fn postgres_url(server: &str) -> String {
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let name = format!("gw_test_{}_{number}", std::process::id());
    let mut client = postgres::Client::connect(server, postgres::NoTls).expect("PostgreSQL answers");
    client.batch_execute(&format!("drop database if exists {name}")).expect("databases may be dropped");
    client.batch_execute(&format!("create database {name}")).expect("databases may be made");
    let base = server.rsplit_once('/').map_or(server, |(base, _)| base);
    format!("{base}/{name}")
}

#[allow(clippy::expect_used)]
fn postgres(server: &str) -> Temporary {
    Temporary(Db::open(&postgres_url(server)).expect("PostgreSQL opens"), None)
}
