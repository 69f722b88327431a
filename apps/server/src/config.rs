//! Configuration: flags over environment over file over default. Unknown keys are refused with
//! their position.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Settings of a server. Every key can be given in `gridweave.toml`, as `GRIDWEAVE_<KEY>` in the
/// environment, or as a flag.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Folder of the SQLite database, photos, keys and dropped files.
    pub data: PathBuf,
    /// Address to listen on.
    pub listen: String,
    /// `sqlite:PATH` or `postgres://…`; SQLite in the data folder where it is not given.
    pub database: Option<String>,
    /// IANA name of the city's time zone.
    pub zone: String,
    /// Folder of catalogues that replaces the built-in ones, file by file.
    pub catalogues: Option<PathBuf>,
    /// Name shown in the corner.
    pub city: String,
    /// Offer one-click sign-in for each role. Never on a real city.
    pub demo: bool,
    /// Send the session cookie over HTTPS only. Switch off only for plain HTTP on this machine.
    pub secure_cookies: bool,
    /// So many days of exports of the address library are kept for other departments; 0 writes none.
    pub export_days: u32,
    /// Broker whose topics are read for feeds: `mqtt://user:password@host:1883`, or `mqtts://` by TLS. On one server of a city.
    pub mqtt: Option<String>,
    /// File (PEM) of the authority that signed the broker's certificate, where this machine does not trust it by itself.
    pub mqtt_ca: Option<PathBuf>,
    /// `text` or `json` log lines.
    pub log: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: PathBuf::from("data"),
            listen: "127.0.0.1:8080".to_owned(),
            database: None,
            zone: "Asia/Shanghai".to_owned(),
            catalogues: None,
            city: "织网".to_owned(),
            demo: false,
            secure_cookies: true,
            export_days: 7,
            mqtt: None,
            mqtt_ca: None,
            log: "text".to_owned(),
        }
    }
}

/// Why a configuration was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A key or value is wrong; the text holds line and column.
    #[error("{path}: {why}")]
    Bad {
        /// Which file or variable.
        path: String,
        /// What is wrong.
        why: String,
    },
}

impl Config {
    /// Reads the file, where one is given, then the environment's `GRIDWEAVE_*` variables.
    pub fn load(
        file: Option<&Path>,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut table = toml::Table::new();
        if let Some(path) = file {
            let shown = path.display().to_string();
            let text = std::fs::read_to_string(path)
                .map_err(|source| ConfigError::Io { path: shown.clone(), source })?;
            // Read as the whole structure first: its errors carry line and column.
            toml::from_str::<Config>(&text)
                .map_err(|error| ConfigError::Bad { path: shown.clone(), why: error.to_string() })?;
            table = toml::from_str(&text)
                .map_err(|error| ConfigError::Bad { path: shown, why: error.to_string() })?;
        }
        let defaults = toml::Table::try_from(Self::default()).unwrap_or_default();
        for (name, value) in environment {
            let Some(key) = name.strip_prefix("GRIDWEAVE_") else { continue };
            // Variables of the test kit are no settings.
            if key.starts_with("TEST_") {
                continue;
            }
            let key = key.to_lowercase();
            let value = match value.as_str() {
                "true" => toml::Value::Boolean(true),
                "false" => toml::Value::Boolean(false),
                number if defaults.get(&key).is_some_and(toml::Value::is_integer) => {
                    number.parse().map_or_else(|_| toml::Value::String(value.clone()), toml::Value::Integer)
                }
                _ => toml::Value::String(value),
            };
            let mut one = toml::Table::new();
            one.insert(key.clone(), value.clone());
            one.try_into::<Config>()
                .map_err(|error| ConfigError::Bad { path: name, why: error.to_string() })?;
            table.insert(key, value);
        }
        table
            .try_into()
            .map_err(|error| ConfigError::Bad { path: "configuration".to_owned(), why: error.to_string() })
    }

    /// The database's address.
    pub fn database_url(&self) -> String {
        self.database
            .clone()
            .unwrap_or_else(|| format!("sqlite:{}", self.data.join("gridweave.db").display()))
    }

    /// The commented example file, made from the schema.
    pub fn example() -> String {
        let schema = schemars::schema_for!(Config);
        let defaults = toml::Table::try_from(Config::default()).unwrap_or_default();
        let mut out = String::from("# Generated by `cargo xtask gen`. Every key is optional.\n");
        let properties = schema.get("properties").and_then(|p| p.as_object()).cloned().unwrap_or_default();
        for (key, property) in properties {
            let about = property["description"].as_str().unwrap_or_default().replace('\n', " ");
            out.push_str(&format!("\n# {about}\n"));
            match defaults.get(&key) {
                Some(value) => out.push_str(&format!("# {key} = {value}\n")),
                None => out.push_str(&format!("# {key} = \"\"\n")),
            }
        }
        out
    }
}

/// JSON Schema of the configuration.
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(Config).to_value()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_environment_wins_over_the_file_and_unknown_keys_are_refused_with_their_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gridweave.toml");
        std::fs::write(&path, "listen = \"0.0.0.0:80\"\ncity = \"武汉\"\n").unwrap();
        let env = [("GRIDWEAVE_LISTEN".to_owned(), "127.0.0.1:1".to_owned())];
        let config = Config::load(Some(&path), env.into_iter()).unwrap();
        assert_eq!((config.listen.as_str(), config.city.as_str()), ("127.0.0.1:1", "武汉"));
        std::fs::write(&path, "city = \"a\"\ncolour = \"red\"\n").unwrap();
        let error = Config::load(Some(&path), std::iter::empty()).unwrap_err().to_string();
        assert!(error.contains("colour") && error.contains("line 2"), "{error}");
        let bad = [("GRIDWEAVE_COLOUR".to_owned(), "red".to_owned())];
        assert!(Config::load(None, bad.into_iter()).is_err());
        assert!(Config::example().contains("# listen = \"127.0.0.1:8080\""));
    }
}
