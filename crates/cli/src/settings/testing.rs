//! Settings for tests.

use chainloom_fabric::Mode;
use chainloom_server::Verification;

use super::{
    FabricSettings, LedgerSettings, ServerSettings, Settings, TutorialSettings, WalletSettings,
    check,
};

/// Settings with these ledgers.
pub(super) fn settings<const N: usize>(ledgers: [(&str, LedgerSettings); N]) -> Settings {
    let named = ledgers.map(|(name, ledger)| (name.to_owned(), ledger));
    Settings {
        server: ServerSettings::default(),
        wallet: WalletSettings::default(),
        ledgers: named.into_iter().collect(),
    }
}

/// A chain of the tutorial with the defaults.
pub(super) fn tutorial() -> LedgerSettings {
    LedgerSettings::Tutorial(TutorialSettings::default())
}

/// A channel, with the defaults where there are some.
pub(super) fn fabric() -> LedgerSettings {
    LedgerSettings::Fabric(Box::new(FabricSettings {
        profile: Some("connection.yaml".into()),
        channel: "mychannel".to_owned(),
        contract: None,
        wallet: Some("wallet".into()),
        identity: "alice".to_owned(),
        mode: Mode::default(),
        verify: Verification::default(),
        idempotency_keep_h: check::IDEMPOTENCY_KEEP_H_DEFAULT,
        peer_url: Vec::new(),
        order_url: Vec::new(),
        ca_id: None,
        ca_url: None,
        tls_ca_certs: None,
        client_tls: None,
        ssl_target_name_override: None,
        cache_bytes: check::CACHE_BYTES_DEFAULT,
    }))
}
