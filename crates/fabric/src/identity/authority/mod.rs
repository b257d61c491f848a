//! The client of a Fabric CA server, over its HTTP interface (`/api/v1/`).
//!
//! Keys are made here and stay here: a CA sees a signed request and gives a certificate. Whoever asks for more than that
//! proves himself with a token in place of a password: his certificate, and a signature over method, address, body and
//! certificate.

mod address;
mod answer;
mod error;
mod http;
#[cfg(test)]
mod tests;
mod types;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;
use hyper::header::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

pub use address::{AuthorityAddress, Enrollment};
pub use error::AuthorityError;
pub use types::{
    Affiliation, Attribute, AttributeRequest, AuthorityInfo, EnrollmentOptions, RegisteredIdentity,
    Registration, Revocation, Revoked,
};

use self::answer::Context;
use self::http::Endpoint;
use super::certificate::{Certificate, CertificateError};
use super::credentials::{Credentials, Identity, MspContext};
use super::key::PrivateKey;
use super::public_key::{KeyKind, PublicKeyKind};
use super::request::certificate_request;
use super::secret::Secret;

/// What stands for itself in a path or query: RFC 3986's unreserved characters.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A CA on a Fabric CA server.
#[derive(Clone)]
pub struct Authority {
    endpoint: Endpoint,
    /// Empty for the server's default one.
    name: String,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "Authority({:?} at {})",
            self.name, self.endpoint.name
        )
    }
}

/// Who proves himself, and how.
enum Proof<'a> {
    Nobody,
    Secret(&'a str, &'a Secret),
    Token(&'a Identity),
}

impl Proof<'_> {
    fn who(&self) -> &str {
        match self {
            Self::Nobody => "",
            Self::Secret(enrollment_id, _) => enrollment_id,
            Self::Token(identity) => name(identity.certificate()),
        }
    }
}

/// What a CA tells about itself, as it stands in its answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ServerInfo {
    #[serde(rename = "CAName")]
    name: String,
    /// PEM in base64.
    #[serde(rename = "CAChain")]
    chain: String,
    #[serde(default)]
    version: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Enrolled {
    /// PEM in base64.
    cert: String,
    server_info: ServerInfo,
}

impl Authority {
    /// The CA `name` (the default one where there is none) of the server at `url`.
    ///
    /// With `https` the server must prove itself: `roots_pem` holds the certificates that prove it, and `server_name` the
    /// name to expect in its certificate where that is not the host of the URL. Plain `http` is for this machine only.
    ///
    /// # Errors
    /// [`AuthorityError::Url`], [`AuthorityError::Insecure`], [`AuthorityError::Roots`],
    /// [`AuthorityError::UnusableRoot`].
    pub fn new(
        url: &str,
        name: Option<&str>,
        roots_pem: Option<&str>,
        server_name: Option<&str>,
    ) -> Result<Self, AuthorityError> {
        Ok(Self {
            endpoint: Endpoint::new(url, roots_pem, server_name)?,
            name: name.unwrap_or_default().to_owned(),
        })
    }

    /// What the CA tells everybody about itself.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub async fn info(&self) -> Result<AuthorityInfo, AuthorityError> {
        let info: ServerInfo = self.get("cainfo", &[], &Proof::Nobody).await?;
        Ok(AuthorityInfo {
            chain: self.chain(&info.chain)?,
            name: info.name,
            version: info.version,
        })
    }

    /// A certificate for `key`, for whoever was registered under that name with that secret.
    ///
    /// # Errors
    /// [`AuthorityError`]; [`AuthorityError::AuthenticationFailed`] where name and secret do not fit.
    pub async fn enroll(
        &self,
        enrollment_id: &str,
        secret: &Secret,
        key: PrivateKey,
        msp_id: &str,
        options: &EnrollmentOptions,
    ) -> Result<Credentials, AuthorityError> {
        let body = enrollment(enrollment_id, &key, options)?;
        let proof = Proof::Secret(enrollment_id, secret);
        let enrolled: Enrolled = self.post("enroll", enrollment_id, body, &proof).await?;
        self.credentials(&enrolled, key, msp_id)
    }

    /// A new certificate for `key`, for somebody who has one that is still valid. A CA renews none that is expired, unless
    /// its server is told to.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub async fn reenroll(
        &self,
        identity: &Identity,
        key: PrivateKey,
        options: &EnrollmentOptions,
    ) -> Result<Credentials, AuthorityError> {
        let enrollment_id = name(identity.certificate());
        let body = enrollment(enrollment_id, &key, options)?;
        let proof = Proof::Token(identity);
        let enrolled: Enrolled = self.post("reenroll", enrollment_id, body, &proof).await?;
        self.credentials(&enrolled, key, identity.msp_id())
    }

    /// Registers somebody, and gives the secret with which he enrolls.
    ///
    /// # Errors
    /// [`AuthorityError`]; [`AuthorityError::AlreadyRegistered`], [`AuthorityError::NotAllowed`].
    pub async fn register(
        &self,
        registrar: &Identity,
        registration: &Registration,
    ) -> Result<Secret, AuthorityError> {
        #[derive(Deserialize)]
        struct Registered {
            secret: String,
        }
        let mut body = Map::new();
        body.insert("id".to_owned(), json!(registration.enrollment_id));
        body.insert("type".to_owned(), json!(registration.kind));
        body.insert(
            "affiliation".to_owned(),
            json!(registration.affiliation.as_deref().unwrap_or_default()),
        );
        body.insert("attrs".to_owned(), json!(registration.attributes));
        if let Some(max_enrollments) = registration.max_enrollments {
            body.insert("max_enrollments".to_owned(), json!(max_enrollments));
        }
        if let Some(secret) = &registration.secret {
            body.insert("secret".to_owned(), json!(secret.expose()));
        }
        let whom = &registration.enrollment_id;
        let proof = Proof::Token(registrar);
        let registered: Registered = self.post("register", whom, body, &proof).await?;
        Ok(Secret::new(registered.secret))
    }

    /// Revokes an identity or one certificate, for a reason of RFC 5280 in lower case (`keycompromise`), and gives the new
    /// list of revoked certificates.
    ///
    /// # Errors
    /// [`AuthorityError`]; [`AuthorityError::NoSuchIdentity`], [`AuthorityError::AlreadyRevoked`],
    /// [`AuthorityError::NotAllowed`].
    pub async fn revoke(
        &self,
        registrar: &Identity,
        revoked: &Revoked,
        reason: &str,
    ) -> Result<Revocation, AuthorityError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Answer {
            revoked_certs: Option<Vec<Entry>>,
            #[serde(rename = "CRL")]
            revocation_list: String,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Entry {
            serial: String,
        }
        let mut body = Map::new();
        let whom = match revoked {
            Revoked::Identity(enrollment_id) => {
                body.insert("id".to_owned(), json!(enrollment_id));
                enrollment_id
            }
            Revoked::Certificate(certificate) => {
                let identifier = certificate.authority_key_identifier();
                body.insert("serial".to_owned(), json!(certificate.serial()));
                body.insert("aki".to_owned(), json!(identifier));
                name(certificate)
            }
        };
        body.insert("reason".to_owned(), json!(reason));
        body.insert("gencrl".to_owned(), json!(true));
        let answer: Answer = self
            .post("revoke", whom, body, &Proof::Token(registrar))
            .await?;
        let list = self.text(&answer.revocation_list)?;
        let revoked = answer.revoked_certs.into_iter().flatten();
        // The authority leaves out a leading zero, which is half a byte.
        let serials = revoked.map(|entry| match entry.serial.len() % 2 {
            0 => entry.serial,
            _ => format!("0{}", entry.serial),
        });
        Ok(Revocation {
            serials: serials.collect(),
            revocation_list: (!list.is_empty()).then_some(list),
        })
    }

    /// The list of revoked certificates (CRL) that are not expired, in PEM.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub async fn revocation_list(&self, registrar: &Identity) -> Result<String, AuthorityError> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(rename = "CRL")]
            revocation_list: String,
        }
        let answer: Answer = self
            .post("gencrl", "", Map::new(), &Proof::Token(registrar))
            .await?;
        self.text(&answer.revocation_list)
    }

    /// The identities that the registrar may see.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub async fn identities(
        &self,
        registrar: &Identity,
    ) -> Result<Vec<RegisteredIdentity>, AuthorityError> {
        #[derive(Deserialize)]
        struct Answer {
            identities: Vec<RegisteredIdentity>,
        }
        let answer: Answer = self
            .get("identities", &[], &Proof::Token(registrar))
            .await?;
        Ok(answer.identities)
    }

    /// The certificates that the CA gave to somebody, or to all that the registrar may see.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub async fn certificates(
        &self,
        registrar: &Identity,
        enrollment_id: Option<&str>,
    ) -> Result<Vec<Certificate>, AuthorityError> {
        #[derive(Deserialize)]
        struct Answer {
            certs: Vec<Entry>,
        }
        #[derive(Deserialize)]
        struct Entry {
            #[serde(rename = "PEM")]
            pem: String,
        }
        let query: Vec<_> = enrollment_id.map(|whom| ("id", whom)).into_iter().collect();
        let answer: Answer = self
            .get("certificates", &query, &Proof::Token(registrar))
            .await?;
        let read = answer
            .certs
            .iter()
            .map(|entry| Certificate::from_pem(&entry.pem));
        read.collect::<Result<_, _>>()
            .map_err(|error| self.unreadable(&error))
    }

    /// The affiliations that the registrar may act on, as a tree. Where several are at the top, they are below one without a
    /// name.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub async fn affiliations(&self, registrar: &Identity) -> Result<Affiliation, AuthorityError> {
        self.get("affiliations", &[], &Proof::Token(registrar))
            .await
    }

    async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        proof: &Proof<'_>,
    ) -> Result<T, AuthorityError> {
        let mut target = format!("/api/v1/{path}");
        let own_name = (!self.name.is_empty()).then_some(("ca", self.name.as_str()));
        for (number, (key, value)) in own_name.iter().chain(query).enumerate() {
            target.push(if number == 0 { '?' } else { '&' });
            target.push_str(key);
            target.push('=');
            target.extend(utf8_percent_encode(value, ESCAPED));
        }
        self.call(Method::GET, &target, "", Zeroizing::default(), proof)
            .await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        whom: &str,
        mut body: Map<String, Value>,
        proof: &Proof<'_>,
    ) -> Result<T, AuthorityError> {
        if !self.name.is_empty() {
            body.insert("caname".to_owned(), json!(self.name));
        }
        let body = serde_json::to_vec(&body).expect("a tree of JSON can be written");
        let target = format!("/api/v1/{path}");
        self.call(Method::POST, &target, whom, Zeroizing::new(body), proof)
            .await
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        target: &str,
        whom: &str,
        body: Zeroizing<Vec<u8>>,
        proof: &Proof<'_>,
    ) -> Result<T, AuthorityError> {
        let authorization = match proof {
            Proof::Nobody => None,
            Proof::Secret(enrollment_id, secret) => Some(basic(enrollment_id, secret)),
            Proof::Token(identity) => Some(token(identity, &method, target, &body)?),
        };
        let authorization = authorization.map(|text| {
            HeaderValue::from_str(&text).expect("base64, spaces and dots can stand in a header")
        });
        let (status, answer) = self
            .endpoint
            .send(method, target, authorization, body.to_vec())
            .await?;
        let context = Context {
            endpoint: &self.endpoint.name,
            authority: &self.name,
            who: proof.who(),
            whom,
        };
        answer::read(&context, status, &answer)
    }

    fn credentials(
        &self,
        enrolled: &Enrolled,
        key: PrivateKey,
        msp_id: &str,
    ) -> Result<Credentials, AuthorityError> {
        let certificate = Certificate::from_pem(&self.text(&enrolled.cert)?)
            .map_err(|error| self.unreadable(&error))?;
        let mut context = MspContext::default();
        for (number, issuer) in self
            .chain(&enrolled.server_info.chain)?
            .into_iter()
            .enumerate()
        {
            let is_root = issuer.subject() == issuer.issuer();
            let part = if is_root {
                &mut context.roots
            } else {
                &mut context.intermediates
            };
            part.insert(format!("ca{number}-cert.pem"), issuer);
        }
        Ok(Credentials::new(msp_id, certificate, key, context)?)
    }

    fn chain(&self, encoded: &str) -> Result<Vec<Certificate>, AuthorityError> {
        Certificate::chain_from_pem(&self.text(encoded)?).map_err(|error| self.unreadable(&error))
    }

    /// The text in a value that is base64.
    fn text(&self, encoded: &str) -> Result<String, AuthorityError> {
        let bytes = STANDARD.decode(encoded).ok();
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        text.ok_or_else(|| {
            self.unreadable(&CertificateError::Damaged("it is not base64".to_owned()))
        })
    }

    fn unreadable(&self, error: &CertificateError) -> AuthorityError {
        AuthorityError::NotAnAuthority {
            endpoint: self.endpoint.name.clone(),
            status: 200,
            reason: error.to_string(),
        }
    }
}

/// The name under which the CA knows the certificate's owner.
fn name(certificate: &Certificate) -> &str {
    certificate.enrollment_id().unwrap_or_default()
}

fn enrollment(
    enrollment_id: &str,
    key: &PrivateKey,
    options: &EnrollmentOptions,
) -> Result<Map<String, Value>, AuthorityError> {
    let mut body = Map::new();
    let request = certificate_request(enrollment_id, key)?;
    body.insert("certificate_request".to_owned(), json!(request));
    if let Some(profile) = &options.profile {
        body.insert("profile".to_owned(), json!(profile));
    }
    if !options.attributes.is_empty() {
        body.insert("attr_reqs".to_owned(), json!(options.attributes));
    }
    Ok(body)
}

fn basic(enrollment_id: &str, secret: &Secret) -> Zeroizing<String> {
    let pair = Zeroizing::new(format!("{enrollment_id}:{}", secret.expose()));
    Zeroizing::new(format!("Basic {}", STANDARD.encode(&*pair)))
}

/// The proof that `identity` asks for exactly this.
fn token(
    identity: &Identity,
    method: &Method,
    target: &str,
    body: &[u8],
) -> Result<Zeroizing<String>, AuthorityError> {
    let certificate = STANDARD.encode(identity.certificate_pem());
    // The body may hold a secret, so what is made of it is wiped too.
    let body = Zeroizing::new(STANDARD.encode(body));
    let target = STANDARD.encode(target);
    let signed = Zeroizing::new(format!("{method}.{target}.{}.{certificate}", &*body));
    // A Fabric CA verifies every kind of key over the hash, Ed25519 too, which hashes on its own elsewhere.
    let signature = match identity.certificate().public_key().kind() {
        PublicKeyKind::Supported(KeyKind::Ed25519) => {
            identity.sign(&Sha256::digest(signed.as_bytes()))?
        }
        _ => identity.sign(signed.as_bytes())?,
    };
    let signature = STANDARD.encode(signature);
    Ok(Zeroizing::new(format!("{certificate}.{signature}")))
}
