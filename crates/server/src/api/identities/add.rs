use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use chainloom_fabric::identity::authority::{
    Attribute, AttributeRequest, Enrollment, EnrollmentOptions, Registration,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::answer::IdentityDetails;
use super::identities;
use super::request::{AuthorityRequest, KeyChoice, SecretText};
use crate::api::json_body::JsonBody;
use crate::api::parameters::Parameters;
use crate::api::responses::Problems;
use crate::identities::{NewEnrollment, NewImport, NewRegistration, check_organization};
use crate::problem::Problem;
use crate::state::AppState;

/// An identity to add: exactly one of `register`, `enroll` and `import`.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddRequest {
    /// Its name in the wallet; `NAME@MSPID` where there is none.
    label: Option<String>,
    /// Registers somebody with a CA, and enrolls him.
    register: Option<RegisterRequest>,
    /// Enrolls somebody who is registered and has a secret.
    enroll: Option<EnrollRequest>,
    /// Takes over what was enrolled elsewhere.
    import: Option<ImportRequest>,
}

/// Somebody to register.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct RegisterRequest {
    /// The label of the identity that registers; it needs the attribute `hf.Registrar.Roles`.
    registrar: String,
    /// The CA; the registrar's own where there is none.
    ca: Option<AuthorityRequest>,
    /// The name with which it enrolls.
    enrollment_id: String,
    /// Its role: `client`, `admin`, `peer`, `orderer`.
    #[serde(rename = "type", default = "client")]
    role: String,
    /// Its affiliation, such as `org1.department1`; the registrar's own where there is none.
    affiliation: Option<String>,
    /// Its attributes.
    #[serde(default)]
    attributes: Vec<NewAttribute>,
    /// How often its secret enrolls, -1 for any number; the CA's default where there is none.
    max_enrollments: Option<i64>,
    /// Its secret; the CA makes one where there is none. It is never answered.
    secret: Option<SecretText>,
    /// Whether to enroll it here at once. If not, `secret` is needed.
    #[serde(default = "yes")]
    enroll: bool,
    /// The kind of its key, which is made here.
    #[serde(default)]
    key: KeyChoice,
    /// The CA's signing profile; its default one where there is none.
    profile: Option<String>,
}

/// An attribute of an identity.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAttribute {
    /// Its name.
    name: String,
    /// Its value.
    value: String,
    /// Whether certificates hold it without being asked to.
    #[serde(default)]
    in_certificate: bool,
}

/// Somebody to enroll.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct EnrollRequest {
    /// The CA.
    ca: AuthorityRequest,
    /// The organization's MSP id, such as `Org1MSP`.
    msp_id: String,
    /// The name under which it is registered.
    enrollment_id: String,
    /// Its secret.
    secret: SecretText,
    /// The kind of its key, which is made here.
    #[serde(default)]
    key: KeyChoice,
    /// The CA's signing profile; its default one where there is none.
    profile: Option<String>,
    /// Attributes to have in the certificate; those that are registered so where there are none.
    #[serde(default)]
    attributes: Vec<WantedAttribute>,
}

/// A wish to have an attribute in the certificate.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct WantedAttribute {
    /// The attribute's name.
    name: String,
    /// Whether there may be a certificate without it.
    #[serde(default)]
    optional: bool,
}

/// An identity that was enrolled elsewhere.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct ImportRequest {
    /// The organization's MSP id, such as `Org1MSP`.
    msp_id: String,
    /// The certificate in PEM.
    certificate: String,
    /// The private key in PEM: PKCS#8, encrypted or not, or SEC1.
    private_key: SecretText,
    /// Of the private key, where it is encrypted.
    passphrase: Option<SecretText>,
    /// The certificates of the root CAs in PEM, by the names of their files.
    #[serde(default)]
    roots: BTreeMap<String, String>,
    /// Those of the intermediate CAs.
    #[serde(default)]
    intermediates: BTreeMap<String, String>,
    /// `config.yaml` of the MSP folder.
    configuration: Option<String>,
    /// The CA by which it is to be renewed; without it, it is not renewed by itself.
    ca: Option<AuthorityRequest>,
}

/// What was added.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct AddAnswer {
    /// Who was registered with the CA, where somebody was.
    #[serde(skip_serializing_if = "Option::is_none")]
    registered: Option<String>,
    /// The identity in the wallet; absent where one was registered only.
    #[serde(skip_serializing_if = "Option::is_none")]
    identity: Option<IdentityDetails>,
}

fn client() -> String {
    "client".to_owned()
}

fn yes() -> bool {
    true
}

/// Registers, enrolls or imports an identity. Its key is made here and stays here, encrypted.
#[utoipa::path(
    post,
    path = "/identities",
    tag = "identities",
    request_body = AddRequest,
    responses((status = 201, body = AddAnswer), Problems)
)]
pub(super) async fn add(
    State(state): State<AppState>,
    parameters: Parameters,
    JsonBody(request): JsonBody<AddRequest>,
) -> Result<(StatusCode, Json<AddAnswer>), Problem> {
    parameters.finish()?;
    let wallet = identities(&state)?;
    let label = request.label;
    let (registered, record) = match (request.register, request.enroll, request.import) {
        (Some(register), None, None) => {
            let enrollment_id = register.enrollment_id.clone();
            let record = wallet.register(register.with_label(label)).await?;
            (Some(enrollment_id), record)
        }
        (None, Some(enroll), None) => {
            let new = enroll.with_label(label);
            check_organization(&state.ledgers, &new).await?;
            (None, Some(wallet.enroll(new).await?))
        }
        (None, None, Some(import)) => (None, Some(wallet.import(import.with_label(label)).await?)),
        _ => {
            return Err(Problem::bad_request(
                "invalid_body",
                "exactly one of `register`, `enroll` and `import` is expected",
            ));
        }
    };
    let identity = record.map(|record| IdentityDetails::of(&record, wallet));
    let answer = AddAnswer {
        registered,
        identity,
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

impl RegisterRequest {
    fn with_label(self, label: Option<String>) -> NewRegistration {
        let attributes = self.attributes.into_iter().map(|attribute| Attribute {
            name: attribute.name,
            value: attribute.value,
            in_certificates: attribute.in_certificate,
        });
        NewRegistration {
            label,
            registrar: self.registrar,
            registration: Registration {
                enrollment_id: self.enrollment_id,
                kind: self.role,
                affiliation: self.affiliation,
                attributes: attributes.collect(),
                max_enrollments: self.max_enrollments,
                secret: self.secret.map(|text| text.0),
            },
            enroll: self.enroll,
            key: self.key.into(),
            authority: self.ca.map(Into::into),
            options: EnrollmentOptions {
                profile: self.profile,
                attributes: Vec::new(),
            },
        }
    }
}

impl EnrollRequest {
    fn with_label(self, label: Option<String>) -> NewEnrollment {
        let attributes = self
            .attributes
            .into_iter()
            .map(|attribute| AttributeRequest {
                name: attribute.name,
                optional: attribute.optional,
            });
        NewEnrollment {
            label,
            msp_id: self.msp_id,
            enrollment_id: self.enrollment_id,
            secret: self.secret.0,
            key: self.key.into(),
            enrollment: Enrollment {
                authority: self.ca.into(),
                options: EnrollmentOptions {
                    profile: self.profile,
                    attributes: attributes.collect(),
                },
            },
        }
    }
}

impl ImportRequest {
    fn with_label(self, label: Option<String>) -> NewImport {
        NewImport {
            label,
            msp_id: self.msp_id,
            certificate: self.certificate,
            private_key: self.private_key.0,
            passphrase: self.passphrase.map(|text| text.0),
            roots: self.roots,
            intermediates: self.intermediates,
            configuration: self.configuration,
            enrollment: self.ca.map(|ca| Enrollment {
                authority: ca.into(),
                options: EnrollmentOptions::default(),
            }),
        }
    }
}
