//! The keys as a file and the variables set them: of a ledger any, until its kind is known.
//!
//! A reader of one flat table can say the line of what it refuses. Which keys belong to a ledger's
//! kind is checked when all places have been read, since each may set a part of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chainloom_fabric::{Mode, is_pem};
use chainloom_server::Verification;
use chainloom_tutorial::rules::Rules;
use serde::{Deserialize, Serialize};

use super::connection::{ClientTlsSettings, TextOrTable};
use super::lists;
use super::{
    FabricSettings, Kind, LedgerSettings, ServerSettings, Settings, SettingsError,
    TutorialSettings, WalletSettings, check,
};

/// The keys that only a ledger of kind `fabric` has.
const FABRIC_KEYS: [&str; 15] = [
    "profile",
    "channel",
    "contract",
    "wallet",
    "identity",
    "mode",
    "verify",
    "idempotency_keep_h",
    "peer_url",
    "order_url",
    "ca_id",
    "ca_url",
    "tls_ca_certs",
    "client_tls",
    "ssl_target_name_override",
];
/// The names that Fabric's first clients had for a channel's keys, which may be written too.
pub(super) const ALIASES: [(&str, &str); 3] = [
    ("channel", "channel_id"),
    ("contract", "chaincode_id"),
    ("identity", "userid"),
];
/// The keys that every ledger has.
const COMMON_KEYS: [&str; 2] = ["kind", "cache_bytes"];

/// Everything that can be set, as it is written.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct SettingsKeys {
    pub(super) server: ServerSettings,
    pub(super) wallet: WalletSettings,
    pub(super) ledgers: BTreeMap<String, LedgerKeys>,
}

/// The keys of one ledger, as far as they are set. What each means stands on [`TutorialSettings`]
/// and [`FabricSettings`].
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "a table")]
pub(super) struct LedgerKeys {
    kind: Kind,
    cache_bytes: Option<u64>,
    rules: Option<Rules>,
    difficulty: Option<u32>,
    mine_every_s: Option<f64>,
    mine_on_transaction: Option<bool>,
    resolve_interval_s: Option<f64>,
    peers_max: Option<usize>,
    chain_bytes_max: Option<u64>,
    chain_timeout_s: Option<f64>,
    idle_timeout_s: Option<f64>,
    block_bytes_max: Option<u64>,
    json_depth_max: Option<usize>,
    profile: Option<PathBuf>,
    // Left out where it is not set: the same under another name would stand there twice.
    #[serde(alias = "channel_id", skip_serializing_if = "Option::is_none")]
    channel: Option<String>,
    #[serde(alias = "chaincode_id", skip_serializing_if = "Option::is_none")]
    contract: Option<String>,
    wallet: Option<PathBuf>,
    #[serde(alias = "userid", skip_serializing_if = "Option::is_none")]
    identity: Option<String>,
    mode: Option<Mode>,
    verify: Option<Verification>,
    idempotency_keep_h: Option<u64>,
    #[serde(deserialize_with = "lists::names")]
    peer_url: Vec<String>,
    #[serde(deserialize_with = "lists::names")]
    order_url: Vec<String>,
    ca_id: Option<String>,
    ca_url: Option<String>,
    tls_ca_certs: Option<TextOrTable>,
    client_tls: Option<ClientTlsSettings>,
    ssl_target_name_override: Option<TextOrTable>,
}

impl SettingsKeys {
    /// The settings that they make. Without any ledger there is one of the tutorial.
    pub(super) fn into_settings(self) -> Result<Settings, SettingsError> {
        self.check_kinds()?;
        let mut ledgers = BTreeMap::new();
        for (name, keys) in self.ledgers {
            let settings = match keys.kind {
                Kind::Tutorial => LedgerSettings::Tutorial(keys.tutorial()),
                Kind::Fabric => LedgerSettings::Fabric(Box::new(keys.fabric(&name)?)),
            };
            ledgers.insert(name, settings);
        }
        if ledgers.is_empty() {
            let tutorial = LedgerSettings::Tutorial(TutorialSettings::default());
            ledgers.insert("tutorial".to_owned(), tutorial);
        }
        Ok(Settings {
            server: self.server,
            wallet: self.wallet,
            ledgers,
        })
    }

    /// Refuses values that cannot be, wherever they stand.
    pub(super) fn check_values(&self) -> Result<(), SettingsError> {
        check::server(&self.server)?;
        self.wallet.check()?;
        for (name, keys) in &self.ledgers {
            let table = format!("ledgers.{name}");
            match keys.kind {
                Kind::Tutorial => keys.tutorial().check(&table)?,
                Kind::Fabric => keys.check_fabric(&table)?,
            }
        }
        Ok(())
    }

    /// Refuses keys that the ledger's kind does not have.
    pub(super) fn check_kinds(&self) -> Result<(), SettingsError> {
        let foreign = |(name, keys): (&String, &LedgerKeys)| {
            let key = keys.foreign()?;
            Some(SettingsError::ForeignKey {
                key: format!("ledgers.{name}.{key}"),
                kind: keys.kind,
                other: kind_of(&key),
            })
        };
        match self.ledgers.iter().find_map(foreign) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Lets the paths of the certificate, of the wallet and of Fabric's ledgers begin at this folder.
    pub(super) fn resolve_paths(&mut self, folder: &Path) {
        let (server, wallet) = (&mut self.server, &mut self.wallet);
        let of_server = [&mut server.tls_certificate, &mut server.tls_key];
        let of_wallet = [&mut wallet.directory, &mut wallet.key_file];
        for path in of_server.into_iter().chain(of_wallet).flatten() {
            *path = folder.join(&*path);
        }
        for keys in self.ledgers.values_mut() {
            for path in [&mut keys.profile, &mut keys.wallet].into_iter().flatten() {
                *path = folder.join(&*path);
            }
            let roots = keys
                .tls_ca_certs
                .iter_mut()
                .flat_map(TextOrTable::texts_mut);
            let client = keys.client_tls.iter_mut();
            let client = client.flat_map(|client| [&mut client.certificate, &mut client.key]);
            for pem_or_path in roots.chain(client) {
                if !is_pem(pem_or_path) {
                    let path = folder.join(&*pem_or_path);
                    *pem_or_path = path.to_string_lossy().into_owned();
                }
            }
        }
    }
}

/// The kind whose key it is.
fn kind_of(key: &str) -> Kind {
    match FABRIC_KEYS.contains(&key) {
        true => Kind::Fabric,
        false => Kind::Tutorial,
    }
}

impl LedgerKeys {
    /// The first key that is set and belongs to another kind.
    fn foreign(&self) -> Option<String> {
        // A table of texts and numbers is JSON always.
        let tree = serde_json::to_value(self).unwrap_or_default();
        let set = tree.as_object()?.iter().filter(|(_, value)| {
            !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty())
        });
        set.map(|(key, _)| key)
            .filter(|key| !COMMON_KEYS.contains(&key.as_str()))
            .find(|key| kind_of(key) != self.kind)
            .cloned()
    }

    /// The keys of the tutorial's kind, with the defaults for those that are not set.
    fn tutorial(&self) -> TutorialSettings {
        let default = TutorialSettings::default();
        TutorialSettings {
            rules: self.rules.unwrap_or(default.rules),
            difficulty: self.difficulty.unwrap_or(default.difficulty),
            mine_every_s: self.mine_every_s,
            mine_on_transaction: self
                .mine_on_transaction
                .unwrap_or(default.mine_on_transaction),
            resolve_interval_s: self.resolve_interval_s,
            cache_bytes: self.cache_bytes.unwrap_or(default.cache_bytes),
            peers_max: self.peers_max.unwrap_or(default.peers_max),
            chain_bytes_max: self.chain_bytes_max.unwrap_or(default.chain_bytes_max),
            chain_timeout_s: self.chain_timeout_s.unwrap_or(default.chain_timeout_s),
            idle_timeout_s: self.idle_timeout_s.unwrap_or(default.idle_timeout_s),
            block_bytes_max: self.block_bytes_max.unwrap_or(default.block_bytes_max),
            json_depth_max: self.json_depth_max.unwrap_or(default.json_depth_max),
        }
    }

    /// The keys of Fabric's kind; most have no default.
    fn fabric(self, name: &str) -> Result<FabricSettings, SettingsError> {
        let missing = |key, what| SettingsError::MissingKey {
            ledger: name.to_owned(),
            key,
            what,
        };
        if self.profile.is_none() && self.peer_url.is_empty() {
            return Err(missing(
                "profile",
                "the file of the connection profile (or `peer_url`, the peers themselves)",
            ));
        }
        Ok(FabricSettings {
            profile: self.profile,
            channel: self
                .channel
                .ok_or_else(|| missing("channel", "the name of the channel"))?,
            contract: self.contract,
            wallet: self.wallet,
            identity: self
                .identity
                .ok_or_else(|| missing("identity", "the user's name in the wallet"))?,
            mode: self.mode.unwrap_or_default(),
            verify: self.verify.unwrap_or_default(),
            idempotency_keep_h: self
                .idempotency_keep_h
                .unwrap_or(check::IDEMPOTENCY_KEEP_H_DEFAULT),
            peer_url: self.peer_url,
            order_url: self.order_url,
            ca_id: self.ca_id,
            ca_url: self.ca_url,
            tls_ca_certs: self.tls_ca_certs,
            client_tls: self.client_tls,
            ssl_target_name_override: self.ssl_target_name_override,
            cache_bytes: self.cache_bytes.unwrap_or(check::CACHE_BYTES_DEFAULT),
        })
    }

    /// Refuses values that no ledger of Fabric can have.
    fn check_fabric(&self, table: &str) -> Result<(), SettingsError> {
        let text = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
        for (key, value) in [
            ("profile", text(&self.profile)),
            ("channel", self.channel.clone()),
            ("contract", self.contract.clone()),
            ("wallet", text(&self.wallet)),
            ("identity", self.identity.clone()),
            ("ca_id", self.ca_id.clone()),
            ("ca_url", self.ca_url.clone()),
        ] {
            if value.is_some_and(|value| value.is_empty()) {
                return Err(SettingsError::Value {
                    key: format!("{table}.{key}"),
                    value: "\"\"".to_owned(),
                    reason: "it must not be empty".to_owned(),
                });
            }
        }
        if let Some(hours) = self.idempotency_keep_h {
            check::idempotency_keep_h(table, hours)?;
        }
        let of_nodes = [
            ("peer_url", !self.peer_url.is_empty()),
            ("order_url", !self.order_url.is_empty()),
            ("tls_ca_certs", self.tls_ca_certs.is_some()),
            (
                "ssl_target_name_override",
                self.ssl_target_name_override.is_some(),
            ),
        ];
        let set = of_nodes.iter().find(|(_, is_set)| *is_set);
        if let (Some(profile), Some((key, _))) = (&self.profile, set) {
            return Err(SettingsError::Value {
                key: format!("{table}.profile"),
                value: format!("`{}`", profile.display()),
                reason: format!("`{key}` is set too, and the profile says the same: leave one out"),
            });
        }
        let cache_bytes = self.cache_bytes.unwrap_or(check::CACHE_BYTES_DEFAULT);
        check::cache_bytes(table, cache_bytes)
    }
}
