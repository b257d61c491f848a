//! `chainloom identity`: its commands and flags. No secret is ever an argument.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::ServerAddress;

/// What can be done with identities.
#[derive(Debug, Subcommand)]
pub(crate) enum IdentityCommand {
    /// Register somebody with a CA, and enroll him.
    Register(RegisterArguments),
    /// Enroll somebody who is registered with a CA.
    Enroll(EnrollArguments),
    /// Take over an identity that was enrolled elsewhere.
    Import(ImportArguments),
    /// Write an identity to files, for other tools. The private key is among them.
    Export(ExportArguments),
    /// List the identities in the server's wallet, and how long their certificates hold.
    #[command(
        after_help = "Examples:\n  chainloom identity list\n  chainloom identity list --json"
    )]
    List(IdentityRemote),
    /// Show one identity.
    #[command(after_help = "Examples:\n  chainloom identity show alice@Org1MSP")]
    Show(LabelArguments),
    /// Get a new certificate for an identity, with which its ledgers go on at once.
    Reenroll(ReenrollArguments),
    /// Tell the CA that an identity is good no more.
    Revoke(RevokeArguments),
    /// Forget an identity in the server's wallet; the CA and the channels are told nothing.
    Remove(RemoveArguments),
}

impl IdentityCommand {
    /// Whether a program reads what is printed.
    pub(crate) fn is_json(&self) -> bool {
        match self {
            Self::Register(arguments) => arguments.remote.json,
            Self::Enroll(arguments) => arguments.remote.json,
            Self::Import(arguments) => arguments.remote.json,
            Self::Export(arguments) => arguments.remote.json,
            Self::List(remote) => remote.json,
            Self::Show(arguments) => arguments.remote.json,
            Self::Reenroll(arguments) => arguments.remote.json,
            Self::Revoke(arguments) => arguments.remote.json,
            Self::Remove(arguments) => arguments.remote.json,
        }
    }
}

/// How a command finds the server, and how it prints.
#[derive(Debug, Clone, Args)]
pub(crate) struct IdentityRemote {
    #[command(flatten)]
    pub(crate) address: ServerAddress,
    /// Print the server's JSON instead of a table, on standard error if it refuses.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which CA is meant.
#[derive(Debug, Clone, Args)]
pub(crate) struct AuthorityArguments {
    /// Where the CA's server listens, such as https://localhost:7054.
    #[arg(long, value_name = "URL")]
    pub(crate) ca_url: Option<String>,
    /// The CA's name on that server [default: the server's own].
    #[arg(long, value_name = "NAME", requires = "ca_url")]
    pub(crate) ca_name: Option<String>,
    /// The file with the certificates that prove the CA's server on TLS.
    #[arg(long, value_name = "FILE", requires = "ca_url")]
    pub(crate) tls_ca_certs: Option<PathBuf>,
    /// The name to expect in the server's certificate [default: the URL's].
    #[arg(long, value_name = "NAME", requires = "ca_url")]
    pub(crate) ssl_target_name_override: Option<String>,
}

/// What kind of key to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum KeyKindArgument {
    /// ECDSA on P-256, which every channel takes.
    P256,
    /// ECDSA on P-384.
    P384,
    /// Ed25519, for channels with the capability V3_0.
    Ed25519,
}

impl KeyKindArgument {
    /// The word for it in requests.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::Ed25519 => "ed25519",
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chainloom identity register bob --registrar admin@Org1MSP\n  \
    chainloom identity register bob --registrar admin@Org1MSP --affiliation org1.department1 \
    --attribute role=buyer:ecert\n  \
    chainloom identity register peer7 --registrar admin@Org1MSP --type peer --no-enroll --secret-file secret")]
pub(crate) struct RegisterArguments {
    /// The name with which it enrolls.
    pub(crate) name: String,
    /// The label of the identity that registers.
    #[arg(long, value_name = "LABEL")]
    pub(crate) registrar: String,
    /// Its name in the wallet (default: NAME@MSPID).
    #[arg(long)]
    pub(crate) label: Option<String>,
    /// Its role: client, admin, peer, orderer.
    #[arg(long = "type", value_name = "ROLE", default_value = "client")]
    pub(crate) role: String,
    /// Its affiliation [default: the registrar's].
    #[arg(long)]
    pub(crate) affiliation: Option<String>,
    /// An attribute; with `:ecert` at the end its certificates hold it.
    #[arg(long = "attribute", value_name = "NAME=VALUE[:ecert]", value_parser = attribute)]
    pub(crate) attributes: Vec<AttributeArgument>,
    /// How often its secret enrolls, -1 for any number [default: the CA's].
    #[arg(long, value_name = "COUNT", allow_negative_numbers = true)]
    pub(crate) max_enrollments: Option<i64>,
    /// A file whose first line is its secret, `-` for standard input [default: the CA makes one].
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Only register it; it enrolls elsewhere with the secret, which is asked for.
    #[arg(long)]
    pub(crate) no_enroll: bool,
    /// The kind of its key.
    #[arg(long, value_name = "KIND", default_value = "p256")]
    pub(crate) key_kind: KeyKindArgument,
    /// The CA's signing profile [default: the CA's].
    #[arg(long)]
    pub(crate) profile: Option<String>,
    #[command(flatten)]
    pub(crate) authority: AuthorityArguments,
    #[command(flatten)]
    pub(crate) remote: IdentityRemote,
}

/// An attribute of an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AttributeArgument {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) in_certificate: bool,
}

fn attribute(text: &str) -> Result<AttributeArgument, &'static str> {
    let (name, value) = text
        .split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or("NAME=VALUE is expected, or NAME=VALUE:ecert")?;
    let (value, in_certificate) = match value.strip_suffix(":ecert") {
        Some(value) => (value, true),
        None => (value, false),
    };
    Ok(AttributeArgument {
        name: name.to_owned(),
        value: value.to_owned(),
        in_certificate,
    })
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chainloom identity enroll admin --msp-id Org1MSP --ca-url https://localhost:7054 --tls-ca-certs ca.pem\n  \
    chainloom identity enroll alice --msp-id Org1MSP --ca-url https://localhost:7054 --tls-ca-certs ca.pem \
    --secret-file secret --key-kind p384")]
pub(crate) struct EnrollArguments {
    /// The name under which it is registered.
    pub(crate) name: String,
    /// The organization's MSP id.
    #[arg(long, value_name = "ID")]
    pub(crate) msp_id: String,
    /// Its name in the wallet (default: NAME@MSPID).
    #[arg(long)]
    pub(crate) label: Option<String>,
    /// A file whose first line is its secret, `-` for standard input [default: it is asked for].
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
    /// The kind of its key.
    #[arg(long, value_name = "KIND", default_value = "p256")]
    pub(crate) key_kind: KeyKindArgument,
    /// The CA's signing profile [default: the CA's].
    #[arg(long)]
    pub(crate) profile: Option<String>,
    /// An attribute to have in the certificate.
    #[arg(long = "attribute", value_name = "NAME")]
    pub(crate) attributes: Vec<String>,
    /// Where the CA's server listens, such as https://localhost:7054.
    #[arg(long, value_name = "URL")]
    pub(crate) ca_url: String,
    /// The CA's name on that server [default: the server's own].
    #[arg(long, value_name = "NAME")]
    pub(crate) ca_name: Option<String>,
    /// The file with the certificates that prove the CA's server on TLS.
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_ca_certs: Option<PathBuf>,
    /// The name to expect in the server's certificate [default: the URL's].
    #[arg(long, value_name = "NAME")]
    pub(crate) ssl_target_name_override: Option<String>,
    #[command(flatten)]
    pub(crate) remote: IdentityRemote,
}

/// Where the files of an identity are: one of three forms.
#[derive(Debug, Clone, Args)]
#[group(id = "form", required = true, multiple = true)]
pub(crate) struct FilesArguments {
    /// An MSP folder, as Fabric's command-line tools keep an identity.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["id_file", "certificate", "key"])]
    pub(crate) msp_folder: Option<PathBuf>,
    /// A file of Fabric's own wallets.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["certificate", "key"])]
    pub(crate) id_file: Option<PathBuf>,
    /// The certificate in PEM; with --key.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) certificate: Option<PathBuf>,
    /// The private key in PEM; with --certificate.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    pub(crate) key: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chainloom identity import --msp-folder users/Admin/msp --msp-id Org1MSP\n  \
    chainloom identity import --id-file wallet/alice.id\n  \
    chainloom identity import --certificate cert.pem --key key.pem --msp-id Org1MSP --label alice")]
pub(crate) struct ImportArguments {
    #[command(flatten)]
    pub(crate) files: FilesArguments,
    /// The organization's MSP id; an .id file has it.
    #[arg(
        long,
        value_name = "ID",
        required_unless_present = "id_file",
        conflicts_with = "id_file"
    )]
    pub(crate) msp_id: Option<String>,
    /// Its name in the wallet (default: NAME@MSPID).
    #[arg(long)]
    pub(crate) label: Option<String>,
    /// A file whose first line is the passphrase of the private key, `-` for standard input.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(crate) passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) authority: AuthorityArguments,
    #[command(flatten)]
    pub(crate) remote: IdentityRemote,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chainloom identity export alice@Org1MSP --msp-folder alice/msp\n  \
    chainloom identity export alice@Org1MSP --id-file alice.id\n  \
    chainloom identity export alice@Org1MSP --certificate cert.pem --key key.pem --encrypt")]
pub(crate) struct ExportArguments {
    /// The identity's label.
    pub(crate) label: String,
    #[command(flatten)]
    pub(crate) files: FilesArguments,
    /// Encrypt the private key with a passphrase, which is asked for.
    #[arg(long, requires = "key")]
    pub(crate) encrypt: bool,
    /// A file whose first line is that passphrase, `-` for standard input.
    #[arg(long, value_name = "FILE", requires = "encrypt")]
    pub(crate) passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) remote: IdentityRemote,
}

#[derive(Debug, Args)]
pub(crate) struct LabelArguments {
    /// The identity's label.
    pub(crate) label: String,
    #[command(flatten)]
    pub(crate) remote: IdentityRemote,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chainloom identity reenroll alice@Org1MSP\n  \
    chainloom identity reenroll alice@Org1MSP --keep-key\n  \
    chainloom identity reenroll imported --ca-url https://localhost:7054 --tls-ca-certs ca.pem")]
pub(crate) struct ReenrollArguments {
    /// The identity's label.
    pub(crate) label: String,
    /// Keep the key, rather than make a new one.
    #[arg(long, conflicts_with = "key_kind")]
    pub(crate) keep_key: bool,
    /// The kind of the new key [default: the old one's].
    #[arg(long, value_name = "KIND")]
    pub(crate) key_kind: Option<KeyKindArgument>,
    #[command(flatten)]
    pub(crate) authority: AuthorityArguments,
    #[command(flatten)]
    pub(crate) remote: IdentityRemote,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chainloom identity revoke bob@Org1MSP --registrar admin@Org1MSP --reason keycompromise\n  \
    chainloom identity revoke bob@Org1MSP --registrar admin@Org1MSP --reason superseded --crl-file org1.crl")]
pub(crate) struct RevokeArguments {
    /// The identity's label.
    pub(crate) label: String,
    /// The label of the identity that asks the CA for it.
    #[arg(long, value_name = "LABEL")]
    pub(crate) registrar: String,
    /// Why: unspecified, keycompromise, cacompromise, affiliationchange, superseded, cessationofoperation, ...
    #[arg(long)]
    pub(crate) reason: String,
    /// Revoke this certificate only, so that the identity can enroll again.
    #[arg(long)]
    pub(crate) only_certificate: bool,
    /// Write the CA's new list of revoked certificates to this new file.
    #[arg(long, value_name = "FILE")]
    pub(crate) crl_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) remote: IdentityRemote,
}

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
    chainloom identity remove bob@Org1MSP\n  \
    chainloom identity remove bob@Org1MSP --force")]
pub(crate) struct RemoveArguments {
    /// The identity's label.
    pub(crate) label: String,
    /// Also where ledgers sign with it.
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) remote: IdentityRemote,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_may_say_that_certificates_hold_it() {
        let read = |text| attribute(text).map(|read| (read.name, read.value, read.in_certificate));
        let expected = |value: &str, held| Ok(("role".to_owned(), value.to_owned(), held));
        assert_eq!(read("role=buyer"), expected("buyer", false));
        assert_eq!(read("role=buyer:ecert"), expected("buyer", true));
        assert_eq!(read("role=a=b"), expected("a=b", false));
        for wrong in ["role", "=buyer", ""] {
            assert!(
                read(wrong).is_err_and(|said| said.contains("NAME=VALUE")),
                "{wrong}"
            );
        }
    }
}
