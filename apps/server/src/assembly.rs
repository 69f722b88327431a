//! What every operation needs, in one place.

use crate::catalogues::{CatalogueError, Catalogues};
use crate::config::Config;
use crate::mqtt::Mqtt;
use crate::readings::MeterStates;
use crate::wiring;
use gridweave_addresses::AddressLibrary;
use gridweave_core::{Clock, Ctx, OsRng, Rng, SystemClock, Zone};
use gridweave_db::migrate::{Migration, migrate};
use gridweave_db::{Db, DbError};
use gridweave_files::BlobStore;
use gridweave_jobs::Runner;
use gridweave_registers::Vault;
use gridweave_territory::CellIndex;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// The tables of every room, in the order of the floors.
pub const MIGRATIONS: &[&[Migration]] = &[
    gridweave_ledger::MIGRATIONS,
    gridweave_jobs::MIGRATIONS,
    gridweave_access::MIGRATIONS,
    gridweave_territory::MIGRATIONS,
    gridweave_addresses::MIGRATIONS,
    gridweave_registers::MIGRATIONS,
    gridweave_signals::MIGRATIONS,
    gridweave_cases::MIGRATIONS,
    gridweave_visits::MIGRATIONS,
];

/// Every statement of every room, for the test that prepares each on both engines.
pub const STATEMENTS: &[&[&gridweave_db::Sql]] = &[
    gridweave_ledger::ALL,
    gridweave_jobs::ALL,
    gridweave_access::sql::ALL,
    gridweave_territory::sql::ALL,
    gridweave_addresses::sql::ALL,
    gridweave_registers::sql::ALL,
    gridweave_signals::sql::ALL,
    gridweave_cases::sql::ALL,
    gridweave_visits::sql::ALL,
];

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database failed.
    #[error("database")]
    Db(#[from] DbError),
    /// A catalogue is wrong.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// The data folder cannot be used.
    #[error("data folder {path}: {source}")]
    Data {
        /// Which.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The time zone is unknown.
    #[error("zone {0:?} is no IANA time zone; use Asia/Shanghai")]
    Zone(String),
    /// The key file is damaged.
    #[error(
        "{0} does not hold a key of 32 bytes in hexadecimal; restore it from its backup: without it identity numbers and phones cannot be read"
    )]
    Key(String),
}

/// The assembled rooms. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The database.
    pub db: Db,
    /// Point → cells.
    pub cells: CellIndex,
    /// Text → place.
    pub library: AddressLibrary,
    /// What is kept of the meters of feeds.
    pub meters: MeterStates,
    /// How the city's broker does.
    pub mqtt: Mqtt,
    /// What a city may change.
    pub catalogues: Arc<Catalogues>,
    /// Encryption of sensitive fields.
    pub vault: Vault,
    /// Photos.
    pub blobs: BlobStore,
    /// Settings.
    pub config: Arc<Config>,
    /// Acts as the loop itself.
    pub system: Ctx,
}

impl App {
    /// Opens everything: data folder, key, database (migrated), catalogues.
    pub fn open(config: Config) -> Result<Self, StartError> {
        Self::open_with(config, Arc::new(SystemClock), Arc::new(Mutex::new(OsRng)))
    }

    /// The same with a clock and randomness of the caller's: for simulations and tests.
    pub fn open_with(
        config: Config,
        clock: Arc<dyn Clock>,
        rng: Arc<Mutex<dyn Rng>>,
    ) -> Result<Self, StartError> {
        let zone = Zone::named(&config.zone).ok_or_else(|| StartError::Zone(config.zone.clone()))?;
        let catalogues = Catalogues::load(config.catalogues.as_deref())?;
        let data = |source| StartError::Data { path: config.data.display().to_string(), source };
        std::fs::create_dir_all(&config.data).map_err(data)?;
        let vault = Vault::new(&key(&config.data)?);
        let blobs = BlobStore::open(&config.data.join("files")).map_err(data)?;
        let db = Db::open(&config.database_url())?;
        migrate(&db, MIGRATIONS)?;
        let system = Ctx::new(gridweave_core::Actor::system(), clock, rng, zone);
        Ok(Self {
            db,
            cells: CellIndex::default(),
            library: AddressLibrary::default(),
            meters: MeterStates::default(),
            mqtt: Mqtt::default(),
            catalogues: Arc::new(catalogues),
            vault,
            blobs,
            config: Arc::new(config),
            system,
        })
    }

    /// Runs what follows from events.
    pub fn runner(&self) -> Runner {
        Runner::new(self.db.clone(), self.system.clone(), wiring::consumers(self))
    }
}

/// The key of the data folder, made at the first start, readable by its owner only.
fn key(folder: &Path) -> Result<[u8; 32], StartError> {
    let path = folder.join("secret.key");
    let data = |source| StartError::Data { path: path.display().to_string(), source };
    if !path.exists() {
        let mut fresh = [0u8; 32];
        OsRng.fill(&mut fresh);
        let text: String = fresh.iter().map(|byte| format!("{byte:02x}")).collect();
        let beside = path.with_extension("new");
        std::fs::write(&beside, text).map_err(data)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&beside, std::fs::Permissions::from_mode(0o600)).map_err(data)?;
        }
        std::fs::rename(&beside, &path).map_err(data)?;
    }
    let text = std::fs::read_to_string(&path).map_err(data)?;
    let bad = || StartError::Key(path.display().to_string());
    let text = text.trim();
    if text.len() != 64 || !text.is_ascii() {
        return Err(bad());
    }
    let mut key = [0u8; 32];
    for (i, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map_err(|_| bad())?;
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use gridweave_db::testkit::on_both;

    #[test]
    fn every_statement_is_understood_by_both_engines() {
        on_both(MIGRATIONS, |db| {
            for sql in STATEMENTS.iter().copied().flatten() {
                let outcome = db.write_blocking(move |tx| tx.check(sql));
                assert!(
                    outcome.is_ok(),
                    "{} on {:?}: {:?}",
                    sql.name,
                    db.engine(),
                    outcome.err().map(|e| { std::error::Error::source(&e).map(ToString::to_string) })
                );
            }
        });
    }

    #[test]
    fn both_engines_have_the_same_tables_and_every_column_has_its_class() {
        let mut seen: Vec<Vec<String>> = Vec::new();
        let found = std::sync::Mutex::new(&mut seen);
        on_both(MIGRATIONS, |db| found.lock().unwrap().push(gridweave_db::migrate::columns(db).unwrap()));
        assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
        let classes: toml::Table = toml::from_str(include_str!("../../../docs/data-classes.toml")).unwrap();
        let mut classed = Vec::new();
        for (table, columns) in classes {
            for (column, class) in columns.as_table().unwrap() {
                let class = class.as_str().unwrap().split(' ').next().unwrap_or_default().to_owned();
                assert!(
                    ["public", "internal", "personal", "sensitive"].contains(&class.as_str()),
                    "{table}.{column}"
                );
                classed.push(format!("{table}.{column}"));
            }
        }
        classed.sort();
        assert_eq!(classed, seen[0], "docs/data-classes.toml and the schema differ");
    }

    #[test]
    fn a_damaged_key_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let first = key(folder.path()).unwrap();
        assert_eq!(key(folder.path()).unwrap(), first);
        std::fs::write(folder.path().join("secret.key"), "rubbish").unwrap();
        assert!(matches!(key(folder.path()), Err(StartError::Key(_))));
    }
}
