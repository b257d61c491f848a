//! Our trimmed definitions against the descriptors inside Fabric's own published Go module: what ours leave out is
//! allowed, what they say must be Fabric's.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet};
use serde_json::{Value, json};

/// Full name to description, in the shape that the Go program prints.
#[derive(Default)]
struct Definitions {
    messages: BTreeMap<String, BTreeMap<String, Value>>,
    enums: BTreeMap<String, BTreeMap<String, Value>>,
    services: BTreeMap<String, BTreeMap<String, Value>>,
}

impl Definitions {
    fn ours() -> Self {
        let bytes = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
        let set = FileDescriptorSet::decode(&bytes[..]).unwrap();
        let mut all = Self::default();
        for file in &set.file {
            let package = file.package();
            if package == "google.protobuf" {
                continue;
            }
            for message in &file.message_type {
                all.add_message(package, message);
            }
            for enumeration in &file.enum_type {
                all.add_enum(package, enumeration);
            }
            for service in &file.service {
                let methods = service.method.iter().map(|method| {
                    let described = json!({
                        "input": method.input_type().trim_start_matches('.'),
                        "output": method.output_type().trim_start_matches('.'),
                        "client_streaming": method.client_streaming(),
                        "server_streaming": method.server_streaming(),
                    });
                    (method.name().to_owned(), described)
                });
                all.services
                    .insert(format!("{package}.{}", service.name()), methods.collect());
            }
        }
        all
    }

    fn add_message(&mut self, scope: &str, message: &DescriptorProto) {
        let name = format!("{scope}.{}", message.name());
        let fields = message
            .field
            .iter()
            .map(|field| (field.name().to_owned(), describe(message, field)));
        self.messages.insert(name.clone(), fields.collect());
        for nested in &message.nested_type {
            self.add_message(&name, nested);
        }
        for enumeration in &message.enum_type {
            self.add_enum(&name, enumeration);
        }
    }

    fn add_enum(&mut self, scope: &str, enumeration: &EnumDescriptorProto) {
        let values = enumeration
            .value
            .iter()
            .map(|value| (value.name().to_owned(), json!(value.number())));
        self.enums
            .insert(format!("{scope}.{}", enumeration.name()), values.collect());
    }
}

fn describe(message: &DescriptorProto, field: &FieldDescriptorProto) -> Value {
    let kind = match field.r#type() {
        Type::Double => "double",
        Type::Float => "float",
        Type::Int64 => "int64",
        Type::Uint64 => "uint64",
        Type::Int32 => "int32",
        Type::Fixed64 => "fixed64",
        Type::Fixed32 => "fixed32",
        Type::Bool => "bool",
        Type::String => "string",
        Type::Group => "group",
        Type::Message => "message",
        Type::Bytes => "bytes",
        Type::Uint32 => "uint32",
        Type::Enum => "enum",
        Type::Sfixed32 => "sfixed32",
        Type::Sfixed64 => "sfixed64",
        Type::Sint32 => "sint32",
        Type::Sint64 => "sint64",
    };
    let label = match field.label() {
        Label::Optional => "optional",
        Label::Required => "required",
        Label::Repeated => "repeated",
    };
    let oneof = field
        .oneof_index
        .map_or("", |index| message.oneof_decl[index as usize].name());
    json!({
        "number": field.number(),
        "kind": kind,
        "type_name": field.type_name().trim_start_matches('.'),
        "label": label,
        "oneof": oneof,
    })
}

fn fabrics() -> Value {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/go/protos");
    let output = Command::new("go").args(["run", "."]).current_dir(&program).output().unwrap_or_else(|error| {
        panic!("this test runs {} with Go 1.26 or newer; install it from https://go.dev/dl: {error}", program.display())
    });
    assert!(
        output.status.success(),
        "go run failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn slips(
    of: &str,
    ours: &BTreeMap<String, BTreeMap<String, Value>>,
    theirs: &Value,
    found: &mut Vec<String>,
) {
    for (name, members) in ours {
        let Some(described) = theirs[of].get(name) else {
            found.push(format!("Fabric has no {name} among its {of}"));
            continue;
        };
        for (member, ours) in members {
            match described.get(member) {
                Some(theirs) if theirs == ours => {}
                Some(theirs) => {
                    found.push(format!("{name}.{member} is {ours}, Fabric's is {theirs}"))
                }
                None => found.push(format!("Fabric's {name} has no {member}")),
            }
        }
    }
}

#[test]
fn every_message_enum_and_service_is_fabrics() {
    let ours = Definitions::ours();
    assert!(
        ours.messages.len() > 100 && ours.enums.len() > 10,
        "our own definitions are incomplete"
    );
    assert_eq!(
        ours.services.keys().collect::<Vec<_>>(),
        [
            "gateway.Gateway",
            "orderer.AtomicBroadcast",
            "protos.Deliver",
            "protos.Endorser"
        ]
    );
    let theirs = fabrics();
    let mut found = Vec::new();
    slips("messages", &ours.messages, &theirs, &mut found);
    slips("enums", &ours.enums, &theirs, &mut found);
    slips("services", &ours.services, &theirs, &mut found);
    assert!(found.is_empty(), "{}", found.join("\n"));

    // All validation codes, so that none is unknown to us.
    let codes = &theirs["enums"]["protos.TxValidationCode"];
    assert_eq!(json!(ours.enums["protos.TxValidationCode"]), *codes);
}

#[test]
fn a_slip_is_seen() {
    let theirs = json!({"messages": {"common.Envelope": {"payload": {"number": 1}}}});
    let slip = |name: &str, member: &str, number: i32| {
        let ours = BTreeMap::from([(
            name.to_owned(),
            BTreeMap::from([(member.to_owned(), json!({"number": number}))]),
        )]);
        let mut found = Vec::new();
        slips("messages", &ours, &theirs, &mut found);
        found
    };
    assert!(slip("common.Envelope", "payload", 1).is_empty());
    assert_eq!(
        slip("common.Envelope", "payload", 2),
        [r#"common.Envelope.payload is {"number":2}, Fabric's is {"number":1}"#]
    );
    assert_eq!(
        slip("common.Envelope", "body", 1),
        ["Fabric's common.Envelope has no body"]
    );
    assert_eq!(
        slip("common.Letter", "payload", 1),
        ["Fabric has no common.Letter among its messages"]
    );
}
