//! MSP folders: how Fabric's command-line tools keep an identity.
//!
//! `signcerts/` holds the certificate, `keystore/` the key, not encrypted; `cacerts/` and `intermediatecerts/` what
//! issued it; `config.yaml` how the organization tells roles. The folder does not say which MSP id it is for.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::certificate::{Certificate, hexadecimal};
use super::credentials::{Credentials, Identity, MspContext};
use super::file::{self, FileError};
use super::key::PrivateKey;
use super::plain_file::{bad_certificate, bad_identity, bad_key};
use super::source_error::SourceError;

const CERTIFICATE: &str = "signcerts";
const KEY: &str = "keystore";
const ROOTS: &str = "cacerts";
const INTERMEDIATES: &str = "intermediatecerts";
const CONFIGURATION: &str = "config.yaml";

/// The most files that are looked at in one of the folders.
const FILES_MAX: usize = 64;

/// How roles are told where nothing else is known: by organizational units, as in every network that cryptogen or Fabric's
/// CA set up. fabric-ca-client leaves this file out, and Fabric's tools then take no administrator for one.
const ROLES_BY_UNIT: &str = "\
NodeOUs:
  Enable: true
  ClientOUIdentifier:
    OrganizationalUnitIdentifier: client
  PeerOUIdentifier:
    OrganizationalUnitIdentifier: peer
  AdminOUIdentifier:
    OrganizationalUnitIdentifier: admin
  OrdererOUIdentifier:
    OrganizationalUnitIdentifier: orderer
";

impl Credentials {
    /// The credentials in an MSP folder, for the organization with that MSP id.
    ///
    /// # Errors
    /// [`SourceError`], with the path of what is wrong.
    pub fn from_msp_folder(folder: &Path, msp_id: &str) -> Result<Self, SourceError> {
        let path = only_file(&folder.join(CERTIFICATE), "the certificate")?;
        let text = file::read_secret(&path, file::BYTES_MAX)?;
        let certificate = Certificate::from_pem(&text).map_err(bad_certificate(&path))?;
        let path = only_file(&folder.join(KEY), "the private key")?;
        let text = file::read_secret(&path, file::BYTES_MAX)?;
        let key = PrivateKey::from_pem(&text, None).map_err(bad_key(&path))?;
        let configuration = match file::read_secret(&folder.join(CONFIGURATION), file::BYTES_MAX) {
            Ok(text) => Some(text.to_string()),
            Err(error) if error.is_missing() => None,
            Err(error) => return Err(error.into()),
        };
        let context = MspContext {
            roots: certificates(&folder.join(ROOTS))?,
            intermediates: certificates(&folder.join(INTERMEDIATES))?,
            configuration,
        };
        Self::new(msp_id, certificate, key, context).map_err(bad_identity(folder))
    }

    /// Writes a new MSP folder for Fabric's own tools. The private key in it is **not encrypted**; folder and files are for
    /// their owner only.
    ///
    /// # Errors
    /// [`SourceError::NoRoots`]; [`SourceError::File`], where the folder is there already too.
    pub fn to_msp_folder(&self, folder: &Path) -> Result<(), SourceError> {
        let context = self.context();
        if context.roots.is_empty() {
            return Err(SourceError::NoRoots);
        }
        create_folder(folder)?;
        for part in [CERTIFICATE, KEY, ROOTS] {
            create_folder(&folder.join(part))?;
        }
        // Fabric looks for the key under the hash of its public half.
        let key = format!(
            "{}_sk",
            hexadecimal(&Sha256::digest(self.certificate().public_key().raw()))
        );
        file::write_new(&folder.join(KEY).join(key), &self.private_key().to_pem())?;
        let certificate = folder.join(CERTIFICATE).join("cert.pem");
        file::write_new(&certificate, &self.certificate().to_pem())?;
        write_certificates(&folder.join(ROOTS), &context.roots)?;
        if !context.intermediates.is_empty() {
            create_folder(&folder.join(INTERMEDIATES))?;
            write_certificates(&folder.join(INTERMEDIATES), &context.intermediates)?;
        }
        let configuration = context.configuration.as_deref().unwrap_or(ROLES_BY_UNIT);
        Ok(file::write_new(&folder.join(CONFIGURATION), configuration)?)
    }
}

impl Identity {
    /// The identity in an MSP folder, as it stands there.
    ///
    /// # Errors
    /// [`SourceError`], with the path of what is wrong; an expired certificate too.
    pub fn from_msp_folder(
        folder: &Path,
        msp_id: &str,
        now: Timestamp,
    ) -> Result<Self, SourceError> {
        Self::new(&Credentials::from_msp_folder(folder, msp_id)?, now).map_err(bad_identity(folder))
    }
}

fn create_folder(folder: &Path) -> Result<(), SourceError> {
    let created = fs::DirBuilder::new().mode(0o700).create(folder);
    Ok(created.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => FileError::Taken(folder.to_owned()),
        _ => FileError::io(folder)(error),
    })?)
}

fn write_certificates(
    folder: &Path,
    certificates: &BTreeMap<String, Certificate>,
) -> Result<(), FileError> {
    for (name, certificate) in certificates {
        file::write_new(&folder.join(name), &certificate.to_pem())?;
    }
    Ok(())
}

/// The files of a folder in their names' order; none where there is no such folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(FileError::io(folder)(error)),
    };
    let mut files = Vec::new();
    for entry in entries.take(FILES_MAX) {
        let path = entry.map_err(FileError::io(folder))?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn only_file(folder: &Path, what: &'static str) -> Result<PathBuf, SourceError> {
    let mut files = files(folder)?;
    match (files.pop(), files.len()) {
        (Some(file), 0) => Ok(file),
        (last, others) => Err(SourceError::NotOne {
            folder: folder.to_owned(),
            found: others + usize::from(last.is_some()),
            what,
        }),
    }
}

/// The certificates of a folder by their files' names. Fabric reads the first of each file.
fn certificates(folder: &Path) -> Result<BTreeMap<String, Certificate>, SourceError> {
    let mut certificates = BTreeMap::new();
    for path in files(folder)? {
        let text = file::read_secret(&path, file::BYTES_MAX)?;
        let certificate = Certificate::from_pem(&text).map_err(bad_certificate(&path))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        certificates.insert(name.into_owned(), certificate);
    }
    Ok(certificates)
}
