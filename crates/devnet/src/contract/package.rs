//! A contract's package: what peers install, which says where the contract's service listens.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::hexadecimal::hexadecimal;

/// How long a peer tries to reach the service.
const DIAL_TIMEOUT: &str = "10s";

/// A package, the same bytes for the same service, so that its id can be known beforehand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    /// A gzipped tar archive.
    pub(crate) bytes: Vec<u8>,
    /// What the service has to know as its own id: `label:sha256 of the bytes`.
    pub(crate) id: String,
}

impl Package {
    /// The package of a service at `address` (`host:port`), reached with TLS if the PEM text of a root certificate is given.
    pub(crate) fn of_service(label: &str, address: &str, tls_root: Option<&str>) -> Self {
        let mut connection = json!({
            "address": address,
            "dial_timeout": DIAL_TIMEOUT,
            "tls_required": tls_root.is_some(),
        });
        if let Some(tls_root) = tls_root {
            connection["client_auth_required"] = false.into();
            connection["root_cert"] = tls_root.into();
        }
        let metadata = json!({"type": "ccaas", "label": label});
        let code = archive(&[("connection.json", text(&connection))]);
        let bytes = archive(&[("metadata.json", text(&metadata)), ("code.tar.gz", code)]);
        let id = format!("{label}:{}", hexadecimal(&Sha256::digest(&bytes)));
        Self { bytes, id }
    }
}

fn text(value: &Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

fn archive(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let write = || -> io::Result<Vec<u8>> {
        let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
        for (name, contents) in files {
            let mut header = tar::Header::new_ustar();
            header.set_size(contents.len() as u64);
            header.set_mode(0o644);
            archive.append_data(&mut header, name, contents.as_slice())?;
        }
        let mut gzip = archive.into_inner()?;
        gzip.flush()?;
        gzip.finish()
    };
    write().expect("memory takes all that is written to it, and the names are short")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    fn unpack(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
        let mut archive = tar::Archive::new(GzDecoder::new(bytes));
        let files = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().display().to_string();
            let mut contents = Vec::new();
            entry.read_to_end(&mut contents).unwrap();
            (name, contents)
        });
        files.collect()
    }

    #[test]
    fn a_package_says_where_the_service_is() {
        let package = Package::of_service("basic", "127.0.0.1:9999", None);
        let files = unpack(&package.bytes);
        assert_eq!(files[0].0, "metadata.json");
        assert_eq!(files[0].1, br#"{"label":"basic","type":"ccaas"}"#);
        assert_eq!(files[1].0, "code.tar.gz");
        let code = unpack(&files[1].1);
        assert_eq!(code[0].0, "connection.json");
        let connection: Value = serde_json::from_slice(&code[0].1).unwrap();
        assert_eq!(
            connection,
            json!({"address": "127.0.0.1:9999", "dial_timeout": "10s", "tls_required": false})
        );
    }

    #[test]
    fn the_id_follows_from_the_service_alone() {
        let one = Package::of_service("basic", "127.0.0.1:9999", None);
        assert_eq!(one, Package::of_service("basic", "127.0.0.1:9999", None));
        let others = [
            Package::of_service("other", "127.0.0.1:9999", None),
            Package::of_service("basic", "127.0.0.1:9998", None),
            Package::of_service("basic", "127.0.0.1:9999", Some("pem")),
        ];
        assert!(others.iter().all(|other| other.id != one.id));
        assert_eq!(one.id.len(), "basic:".len() + 64);
    }
}
