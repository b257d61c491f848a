//! The settings as a connection to a channel takes them.

use std::collections::BTreeMap;
use std::path::Path;

use chainloom_fabric::{
    AuthorityParameters, ClientTls, NodeUrls, Nodes, Parameters, PemSource, PerEndpoint,
    ProfileSource,
};
use chainloom_server::{ChannelOptions, IdentitySource};
use serde::{Deserialize, Serialize};

use super::FabricSettings;

/// One text for all nodes, or one for each by its URL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "a text, or a table of texts by URL, is expected"
)]
pub(crate) enum TextOrTable {
    /// For all.
    Text(String),
    /// By URL.
    Table(BTreeMap<String, String>),
}

/// A certificate and its key for mutual TLS, each as PEM or as a path.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientTlsSettings {
    pub(super) certificate: String,
    pub(super) key: String,
}

/// It may hold a key.
impl std::fmt::Debug for ClientTlsSettings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ClientTlsSettings(…)")
    }
}

impl TextOrTable {
    pub(super) fn texts_mut(&mut self) -> Vec<&mut String> {
        match self {
            Self::Text(text) => vec![text],
            Self::Table(texts) => texts.values_mut().collect(),
        }
    }

    fn per_endpoint<T>(&self, value: impl Fn(&str) -> T) -> PerEndpoint<T> {
        match self {
            Self::Text(text) => PerEndpoint::All(value(text)),
            Self::Table(texts) => {
                let each = texts.iter().map(|(url, text)| (url.clone(), value(text)));
                PerEndpoint::Each(each.collect())
            }
        }
    }
}

impl FabricSettings {
    /// What the channel is opened with.
    pub(crate) fn channel_options(&self) -> ChannelOptions {
        ChannelOptions {
            identity: match &self.wallet {
                Some(wallet) => IdentitySource::Folder {
                    wallet: wallet.clone(),
                    name: self.identity.clone(),
                },
                None => IdentitySource::Wallet {
                    label: self.identity.clone(),
                },
            },
            parameters: Parameters {
                channel: self.channel.clone(),
                contract: self.contract.clone(),
                mode: self.mode,
                nodes: self.nodes(),
                authority: AuthorityParameters {
                    id: self.ca_id.clone(),
                    url: self.ca_url.clone(),
                },
                client_tls: self.client_tls.as_ref().map(|client| ClientTls {
                    certificate: pem(&client.certificate),
                    key: pem(&client.key),
                }),
            },
            verify: self.verify,
        }
    }

    fn nodes(&self) -> Nodes {
        let names = self.ssl_target_name_override.as_ref();
        match &self.profile {
            Some(profile) => Nodes::Profile(ProfileSource::File(profile.clone())),
            None => Nodes::Urls(NodeUrls {
                peers: self.peer_url.clone(),
                orderers: self.order_url.clone(),
                tls_ca_certs: self
                    .tls_ca_certs
                    .as_ref()
                    .map(|roots| roots.per_endpoint(pem)),
                ssl_target_name_override: names.map(|names| names.per_endpoint(str::to_owned)),
            }),
        }
    }
}

/// Paths begin at the folder of the file already.
fn pem(text: &str) -> PemSource {
    PemSource::written(text, Path::new(""))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::settings::keys::SettingsKeys;
    use crate::settings::{LedgerSettings, SettingsError};

    fn read(text: &str) -> Result<FabricSettings, SettingsError> {
        let mut keys: SettingsKeys = toml::from_str(text).unwrap();
        keys.resolve_paths(Path::new("/etc/chainloom"));
        keys.check_values()?;
        let settings = keys.into_settings()?;
        match settings.ledgers.into_values().next() {
            Some(LedgerSettings::Fabric(fabric)) => Ok(*fabric),
            _ => panic!("a channel is expected"),
        }
    }

    const SEVEN: &str = r#"
        [ledgers.trade]
        kind = "fabric"
        userid = "alice@Org1MSP"
        chaincode_id = "basic"
        channel_id = "mychannel"
        ca_id = "ca-org1"
        ca_url = "https://localhost:7054"
        peer_url = ["grpcs://localhost:7051", "grpcs://localhost:9051"]
        order_url = "grpcs://localhost:7050"
    "#;

    #[test]
    fn the_seven_parameters_make_a_connection() {
        let options = read(&format!("{SEVEN}tls_ca_certs = \"ca.pem\"")).unwrap();
        let options = options.channel_options();
        let label = "alice@Org1MSP".to_owned();
        assert_eq!(options.identity, IdentitySource::Wallet { label });
        assert_eq!(options.parameters.channel, "mychannel");
        assert_eq!(options.parameters.contract.as_deref(), Some("basic"));
        assert_eq!(options.parameters.authority.id.as_deref(), Some("ca-org1"));
        let Nodes::Urls(urls) = options.parameters.nodes else {
            panic!("URLs are expected");
        };
        assert_eq!((urls.peers.len(), urls.orderers.len()), (2, 1));
        let file = PemSource::File("/etc/chainloom/ca.pem".into());
        assert_eq!(urls.tls_ca_certs, Some(PerEndpoint::All(file)));
    }

    #[test]
    fn certificates_are_texts_or_files_for_all_or_for_each() {
        let each = r#"
            tls_ca_certs = { "grpcs://localhost:7051" = "-----BEGIN CERTIFICATE-----", "grpcs://localhost:9051" = "b.pem" }
            ssl_target_name_override = "peer0.org1.example.com"
            client_tls = { certificate = "client.pem", key = "/keys/client.key" }
        "#;
        let parameters = read(&format!("{SEVEN}{each}")).unwrap();
        assert!(!format!("{parameters:?}").contains("/keys"));
        let parameters = parameters.channel_options().parameters;
        let client = parameters.client_tls.unwrap();
        assert_eq!(
            client.certificate,
            PemSource::File("/etc/chainloom/client.pem".into())
        );
        assert_eq!(client.key, PemSource::File("/keys/client.key".into()));
        let Nodes::Urls(urls) = parameters.nodes else {
            panic!("URLs are expected");
        };
        let Some(PerEndpoint::Each(roots)) = urls.tls_ca_certs else {
            panic!("one for each is expected");
        };
        assert_eq!(roots.len(), 2);
        assert!(matches!(
            roots["grpcs://localhost:7051"],
            PemSource::Text(_)
        ));
    }

    #[test]
    fn a_profile_and_urls_exclude_each_other_and_one_is_needed() {
        let error = read(&format!("{SEVEN}profile = \"p.yaml\""))
            .unwrap_err()
            .to_string();
        assert!(error.contains("`peer_url` is set too"), "{error}");
        let neither = "[ledgers.trade]\nkind = \"fabric\"\nchannel = \"c\"\nidentity = \"a\"\n";
        let error = read(neither).unwrap_err().to_string();
        assert!(error.contains("or `peer_url`"), "{error}");
    }
}
