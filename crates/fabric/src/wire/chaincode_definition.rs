use bytes::Bytes;

use super::collection_config::{CollectionConfig, decode_collections};
use super::error::{DecodeError, Fault, Within, decode};
use super::policy::ApplicationPolicy;
use super::proto::lifecycle::query_chaincode_definitions_result as listed;
use super::proto::lifecycle::state_data::Type;
use super::proto::{lifecycle, protos};
use super::read_write_set::{Namespace, shown};

/// The namespace in which the channel keeps its chaincodes' definitions.
pub const LIFECYCLE: &str = "_lifecycle";

/// A committed chaincode definition.
#[derive(Debug, Clone, PartialEq)]
pub struct ChaincodeDefinition {
    /// The chaincode's name.
    pub name: String,
    /// Counts the definitions of that name.
    pub sequence: i64,
    /// A text that the organizations agreed on.
    pub version: String,
    /// As a rule `escc`.
    pub endorsement_plugin: String,
    /// As a rule `vscc`.
    pub validation_plugin: String,
    /// Who must endorse.
    pub endorsement_policy: Option<ApplicationPolicy>,
    /// Private data collections.
    pub collections: Vec<CollectionConfig>,
    /// Whether the chaincode must be initialized before it is used.
    pub init_required: bool,
}

/// What one transaction wrote of a definition. Fields that stayed as they were are absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DefinitionChange {
    /// The chaincode's name.
    pub name: String,
    /// The new sequence.
    pub sequence: Option<i64>,
    /// Version, plugin and whether it must be initialized.
    pub endorsement: Option<lifecycle::ChaincodeEndorsementInfo>,
    /// The validation plugin and the policy.
    pub validation: Option<Validation>,
    /// The collections.
    pub collections: Option<Vec<CollectionConfig>>,
}

/// How a chaincode's transactions are validated.
#[derive(Debug, Clone, PartialEq)]
pub struct Validation {
    /// As a rule `vscc`.
    pub plugin: String,
    /// Who must endorse.
    pub endorsement_policy: Option<ApplicationPolicy>,
}

impl ChaincodeDefinition {
    /// Takes an entry of what `_lifecycle` answers to QueryChaincodeDefinitions.
    pub fn from_listed(definition: listed::ChaincodeDefinition) -> Result<Self, DecodeError> {
        let name = definition.name.clone();
        Self::new(definition).within(|| format!("definition of `{}`", shown(&name)))
    }

    /// Takes what `_lifecycle` answers to QueryChaincodeDefinition for this name.
    pub fn from_single(
        name: &str,
        definition: lifecycle::QueryChaincodeDefinitionResult,
    ) -> Result<Self, DecodeError> {
        Self::from_listed(listed::ChaincodeDefinition {
            name: name.to_owned(),
            sequence: definition.sequence,
            version: definition.version,
            endorsement_plugin: definition.endorsement_plugin,
            validation_plugin: definition.validation_plugin,
            validation_parameter: definition.validation_parameter,
            collections: definition.collections,
            init_required: definition.init_required,
        })
    }

    fn new(definition: listed::ChaincodeDefinition) -> Result<Self, DecodeError> {
        Ok(Self {
            name: definition.name,
            sequence: definition.sequence,
            version: definition.version,
            endorsement_plugin: definition.endorsement_plugin,
            validation_plugin: definition.validation_plugin,
            endorsement_policy: decode_policy(definition.validation_parameter)?,
            collections: decode_collections(definition.collections.unwrap_or_default())?,
            init_required: definition.init_required,
        })
    }
}

/// The definitions that a transaction changed, from what it wrote in the namespace
/// [`LIFECYCLE`]; none in any other namespace.
///
/// `_lifecycle` keeps a definition under `namespaces/fields/{name}/{field}` and writes the fields
/// that changed. What organizations approve lies in private collections and is not seen here.
pub fn definition_changes(namespace: &Namespace) -> Result<Vec<DefinitionChange>, DecodeError> {
    let mut changes: Vec<DefinitionChange> = Vec::new();
    if namespace.name != LIFECYCLE {
        return Ok(changes);
    }
    for write in namespace.writes.iter().filter(|write| !write.delete) {
        let Some((name, field)) = write
            .key
            .strip_prefix("namespaces/fields/")
            .and_then(|path| path.split_once('/'))
        else {
            continue;
        };
        // Writes are in the order of their keys, so that the fields of a name follow each other.
        if changes.last().is_none_or(|last| last.name != name) {
            changes.push(DefinitionChange {
                name: name.to_owned(),
                ..Default::default()
            });
        }
        let change = changes
            .last_mut()
            .expect("one of this name was just seen or put there");
        change
            .take(field, write.value.clone())
            .within(|| format!("definition of `{}`, field {}", shown(name), shown(field)))?;
    }
    Ok(changes)
}

impl DefinitionChange {
    fn take(&mut self, field: &str, value: Bytes) -> Result<(), DecodeError> {
        let data = decode::<lifecycle::StateData>(value)?.r#type;
        match (field, data) {
            ("Sequence", Some(Type::Int64(sequence))) => self.sequence = Some(sequence),
            ("EndorsementInfo", Some(Type::Bytes(bytes))) => {
                self.endorsement = Some(decode(bytes)?)
            }
            ("ValidationInfo", Some(Type::Bytes(bytes))) => {
                let info: lifecycle::ChaincodeValidationInfo = decode(bytes)?;
                self.validation = Some(Validation {
                    plugin: info.validation_plugin,
                    endorsement_policy: decode_policy(info.validation_parameter)?,
                });
            }
            ("Collections", Some(Type::Bytes(bytes))) => {
                let package: protos::CollectionConfigPackage = decode(bytes)?;
                self.collections = Some(decode_collections(package)?);
            }
            ("Sequence" | "EndorsementInfo" | "ValidationInfo" | "Collections", _) => {
                return Err(Fault::Missing("the field's value").into());
            }
            // A field of a later Fabric.
            _ => {}
        }
        Ok(())
    }
}

/// Another validation plugin than Fabric's own may have a parameter of its own, or none.
fn decode_policy(parameter: Bytes) -> Result<Option<ApplicationPolicy>, DecodeError> {
    if parameter.is_empty() {
        return Ok(None);
    }
    ApplicationPolicy::decode(parameter)
        .map(Some)
        .within(|| "endorsement policy".to_owned())
}

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;
    use crate::wire::read_write_set::Write;

    fn namespace(name: &str, key: &str, data: Option<Type>) -> Namespace {
        let value = lifecycle::StateData { r#type: data }.encode_to_vec().into();
        let write = Write {
            key: key.to_owned(),
            value,
            delete: false,
        };
        Namespace {
            name: name.to_owned(),
            writes: vec![write],
            ..Default::default()
        }
    }

    #[test]
    fn only_the_fields_of_definitions_count() {
        let sequence = || Some(Type::Int64(2));
        let key = "namespaces/fields/basic/Sequence";
        let changes = definition_changes(&namespace(LIFECYCLE, key, sequence())).expect("good");
        let change = DefinitionChange {
            name: "basic".to_owned(),
            sequence: Some(2),
            ..Default::default()
        };
        assert_eq!(changes, [change]);
        assert_eq!(
            definition_changes(&namespace("basic", key, sequence())),
            Ok(Vec::new())
        );
        let other = namespace(LIFECYCLE, "namespaces/metadata/basic", sequence());
        assert_eq!(definition_changes(&other), Ok(Vec::new()));
        let later = namespace(LIFECYCLE, "namespaces/fields/basic/Colour", sequence());
        assert_eq!(
            definition_changes(&later).map(|changes| changes.len()),
            Ok(1)
        );
    }

    #[test]
    fn broken_fields_are_named() {
        let refused = |field: &str, data| {
            let key = format!("namespaces/fields/basic/{field}");
            definition_changes(&namespace(LIFECYCLE, &key, data))
                .expect_err("broken")
                .to_string()
        };
        assert_eq!(
            refused("Sequence", Some(Type::String("2".to_owned()))),
            "definition of `basic`, field Sequence: the field's value is missing"
        );
        let bad = Some(Type::Bytes(Bytes::from_static(b"\xff")));
        let error = refused("Collections", bad);
        assert!(
            error.contains("field Collections: the bytes are no CollectionConfigPackage"),
            "{error}"
        );
        let info = lifecycle::ChaincodeValidationInfo {
            validation_parameter: Bytes::from_static(b"\xff"),
            ..Default::default()
        };
        let error = refused(
            "ValidationInfo",
            Some(Type::Bytes(info.encode_to_vec().into())),
        );
        assert!(
            error.contains("endorsement policy: the bytes are no ApplicationPolicy"),
            "{error}"
        );
    }
}
