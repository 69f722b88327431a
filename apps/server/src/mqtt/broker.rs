//! Where the broker is and how to speak to it.

use crate::config::Config;
use rumqttc::{MqttOptions, TlsConfiguration, Transport};
use std::path::Path;
use std::time::Duration;
use url::Url;

/// Bytes of the largest message that MQTT knows.
const MESSAGE_BYTES_MAX: usize = 268_435_455;

/// Why the broker's address was not taken.
#[derive(Debug, thiserror::Error)]
pub enum BadBroker {
    /// It is no address.
    #[error("mqtt: {0:?} is no broker; write mqtt://user:password@host:1883, or mqtts:// for TLS")]
    Address(String),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// Host and port, for people: no name, no password.
pub fn shown(config: &Config) -> Option<String> {
    let url: Url = config.mqtt.as_ref()?.parse().ok()?;
    Some(format!("{}:{}", url.host_str()?, port(&url)))
}

fn port(url: &Url) -> u16 {
    url.port().unwrap_or(if url.scheme() == "mqtts" { 8883 } else { 1883 })
}

/// Settings of the connection. The session is kept by the broker, so that nothing is missed while this server is away.
pub(super) fn options(config: &Config, address: &str) -> Result<MqttOptions, BadBroker> {
    // The address holds a password: what is said of it ends before that.
    let bad = || BadBroker::Address(address.rsplit('@').next().unwrap_or_default().to_owned());
    let url: Url = address.parse().map_err(|_| bad())?;
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(bad)?;
    let mut options = MqttOptions::new(client_id(&config.data)?, host, port(&url));
    match url.scheme() {
        "mqtt" => {}
        "mqtts" => {
            options.set_transport(tls(config.mqtt_ca.as_deref())?);
        }
        _ => return Err(bad()),
    }
    if !url.username().is_empty() {
        let clear = |text| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        options.set_credentials(clear(url.username()), clear(url.password().unwrap_or_default()));
    }
    options.set_keep_alive(Duration::from_secs(30));
    options.set_clean_session(false);
    options.set_manual_acks(true);
    options.set_max_packet_size(MESSAGE_BYTES_MAX, MESSAGE_BYTES_MAX);
    Ok(options)
}

fn tls(authority: Option<&Path>) -> Result<Transport, BadBroker> {
    // Set by whoever came first in this process.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(match authority {
        Some(path) => {
            let ca = std::fs::read(path)
                .map_err(|source| BadBroker::File { path: path.display().to_string(), source })?;
            Transport::tls_with_config(TlsConfiguration::Simple { ca, alpn: None, client_auth: None })
        }
        None => Transport::tls_with_default_config(),
    })
}

/// The name under which the broker keeps the session: the data folder's own.
fn client_id(data: &Path) -> Result<String, BadBroker> {
    let path = data.join("mqtt").join("client-id");
    let file = |source| BadBroker::File { path: path.display().to_string(), source };
    match std::fs::read_to_string(&path) {
        Ok(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        _ => {
            let mut bytes = [0; 8];
            gridweave_core::Rng::fill(&mut gridweave_core::OsRng, &mut bytes);
            // 23 letters and digits: what every broker takes.
            let id: String = std::iter::once("gridweave".to_owned())
                .chain(bytes.iter().take(7).map(|byte| format!("{byte:02x}")))
                .collect();
            std::fs::create_dir_all(data.join("mqtt")).map_err(file)?;
            std::fs::write(&path, &id).map_err(file)?;
            Ok(id)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_address_is_read_with_its_password_and_a_wrong_one_does_not_show_it() {
        let folder = tempfile::tempdir().unwrap();
        let config = |address: &str| Config {
            data: folder.path().to_owned(),
            mqtt: Some(address.to_owned()),
            ..Config::default()
        };
        let of = |address: &str| options(&config(address), address);
        let good = of("mqtt://feed:p%40ss@broker.example").unwrap();
        assert_eq!(good.broker_address(), ("broker.example".to_owned(), 1883));
        assert_eq!(good.credentials().unwrap().password, "p@ss");
        assert_eq!(of("mqtts://broker.example").unwrap().client_id(), good.client_id());
        assert_eq!(shown(&config("mqtts://a:b@broker.example")).unwrap(), "broker.example:8883");
        for wrong in ["http://a:secret@broker.example", "mqtt://", "broker"] {
            let error = of(wrong).err().unwrap().to_string();
            assert!(error.contains("mqtt://user") && !error.contains("secret"), "{error}");
        }
    }
}
