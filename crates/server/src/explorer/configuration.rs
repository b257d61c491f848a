use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use chainloom_ledger::{
    ConfigVersion, Consenter, ContractDefinition, Ledger, LedgerConfig, OrdererConfig,
    Organization, ProofOfWorkConfig,
};
use http::{StatusCode, Uri};
use jiff::Timestamp;

use super::format::{age, count, printable, size, span};
use super::frame::Frame;
use super::page::{PageResult, page};
use super::served::Shown;
use crate::access::Caller;
use crate::state::AppState;

/// How many changes of the configuration the page shows.
const CHANGES_MAX: usize = 20;

#[derive(Template)]
#[template(path = "explorer/configuration.html")]
struct Configuration {
    frame: Frame,
    block: u64,
    proof_of_work: Option<ProofOfWorkConfig>,
    orderer: Option<Orderer>,
    organizations: Vec<Member>,
    policies: Vec<PolicyGroup>,
    acls: BTreeMap<String, String>,
    capabilities: String,
    contracts: Vec<ContractDefinition>,
    contracts_trouble: String,
    changes: Vec<Change>,
    changes_trouble: String,
}

/// How blocks are ordered.
struct Orderer {
    consensus_type: String,
    state: String,
    transactions_max: String,
    bytes_max: String,
    bytes_preferred: String,
    batch_timeout: String,
    consenters: Vec<ConsenterRow>,
    options: BTreeMap<String, String>,
}

struct ConsenterRow {
    address: String,
    organization: String,
    certificate: String,
}

/// An organization, with whether it uses the ledger or orders its blocks.
struct Member {
    id: String,
    part: &'static str,
    roots: Vec<String>,
    addresses: String,
    policies: BTreeMap<String, String>,
}

/// The policies of a part of the configuration.
struct PolicyGroup {
    name: &'static str,
    policies: BTreeMap<String, String>,
}

struct Change {
    block: u64,
    time: String,
    age: String,
    signers: String,
    words: Vec<String>,
}

impl Orderer {
    fn new(config: &OrdererConfig) -> Orderer {
        let batch = &config.batch_size;
        Orderer {
            consensus_type: config.consensus_type.clone(),
            state: config.state.clone(),
            transactions_max: count(batch.max_message_count.into(), "transaction"),
            bytes_max: size(batch.absolute_max_bytes.into()),
            bytes_preferred: size(batch.preferred_max_bytes.into()),
            batch_timeout: span(config.batch_timeout_ms as f64 / 1e3),
            consenters: config.consenters.iter().map(ConsenterRow::new).collect(),
            options: config.consensus_options.clone(),
        }
    }
}

impl ConsenterRow {
    fn new(consenter: &Consenter) -> ConsenterRow {
        let certificate = consenter.server_tls_certificate.as_ref();
        ConsenterRow {
            address: format!("{}:{}", consenter.host, consenter.port),
            organization: consenter.organization.clone().unwrap_or_default(),
            certificate: certificate.map_or_else(String::new, |certificate| {
                format!("{} until {}", certificate.subject, certificate.not_after)
            }),
        }
    }
}

impl Member {
    fn new(organization: &Organization, part: &'static str) -> Member {
        let membership = organization.membership.as_ref();
        let roots = membership.map_or(&[][..], |membership| &membership.roots);
        let addresses = organization.anchor_peers.iter();
        let addresses: Vec<String> = addresses
            .chain(&organization.orderer_endpoints)
            .cloned()
            .collect();
        Member {
            id: organization.id.clone(),
            part,
            roots: roots
                .iter()
                .map(|root| format!("{} until {}", root.subject, root.not_after))
                .collect(),
            addresses: addresses.join(", "),
            policies: organization.policies.clone(),
        }
    }

    fn all(config: &LedgerConfig) -> Vec<Member> {
        let users = config.organizations.iter();
        let ordering = config.orderer.iter();
        let ordering = ordering.flat_map(|orderer| &orderer.organizations);
        users
            .map(|organization| Member::new(organization, "uses the channel"))
            .chain(ordering.map(|organization| Member::new(organization, "orders")))
            .collect()
    }
}

impl PolicyGroup {
    fn all(config: &LedgerConfig) -> Vec<PolicyGroup> {
        let orderer = config.orderer.as_ref();
        [
            ("Channel", Some(&config.policies)),
            ("Application", Some(&config.application_policies)),
            ("Orderer", orderer.map(|orderer| &orderer.policies)),
        ]
        .into_iter()
        .filter_map(|(name, policies)| {
            let policies = policies.filter(|policies| !policies.is_empty())?.clone();
            Some(PolicyGroup { name, policies })
        })
        .collect()
    }
}

impl Change {
    fn new(version: ConfigVersion, now: Timestamp) -> Change {
        let signers: Vec<String> = version
            .signers
            .iter()
            .map(|signer| {
                let name = signer.enrollment_id.as_deref().unwrap_or("somebody");
                format!("{name} of {}", signer.organization)
            })
            .collect();
        let differences = version.differences.into_iter();
        Change {
            block: version.block,
            time: version
                .time
                .map(|time| time.to_string())
                .unwrap_or_default(),
            age: age(version.time, now),
            signers: signers.join(", "),
            words: differences
                .map(|difference| printable(&difference.words))
                .collect(),
        }
    }
}

/// The page of the parameters by which blocks are made, who may do what, and what can be called.
pub(super) async fn configuration(
    State(state): State<AppState>,
    caller: Caller,
    Path(name): Path<String>,
    address: Uri,
) -> PageResult {
    let shown = Shown::named(&state, &caller, &name)?;
    let ledger = shown.ledger();
    let config = ledger.config(None).await?;
    // What one peer will not say is no reason to hide all the rest.
    let (contracts, contracts_trouble) = match ledger.contracts().await {
        Ok(contracts) => (contracts, String::new()),
        Err(error) => (Vec::new(), error.to_string()),
    };
    let (history, changes_trouble) = match ledger.config_history(None, CHANGES_MAX).await {
        Ok(history) => (history.changes, String::new()),
        Err(error) => (Vec::new(), error.to_string()),
    };
    let now = Timestamp::now();
    let capabilities: Vec<String> = [
        ("channel", Some(&config.capabilities)),
        ("application", Some(&config.application_capabilities)),
        (
            "orderer",
            config.orderer.as_ref().map(|orderer| &orderer.capabilities),
        ),
    ]
    .into_iter()
    .filter_map(|(part, names)| {
        let names = names.filter(|names| !names.is_empty())?;
        Some(format!("{part} {}", names.join(", ")))
    })
    .collect();
    let page_of = Configuration {
        frame: Frame::new(&shown.place, "Configuration", "Configuration", &address),
        block: config.block,
        orderer: config.orderer.as_ref().map(Orderer::new),
        organizations: Member::all(&config),
        policies: PolicyGroup::all(&config),
        acls: config.acls,
        capabilities: capabilities.join("; "),
        proof_of_work: config.proof_of_work,
        contracts,
        contracts_trouble,
        changes: history
            .into_iter()
            .map(|version| Change::new(version, now))
            .collect(),
        changes_trouble,
    };
    Ok(page(StatusCode::OK, &page_of))
}
