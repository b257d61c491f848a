use super::format::encode;
use crate::api::Parameters;
use crate::problem::Problem;

/// What can be asked of transactions: the API's names, what a form calls them, and an example.
const FIELDS: [(&str, &str, &str); 9] = [
    ("creator", "Made by", "Org1MSP/alice, or me"),
    ("certificate", "In the certificate", "its SHA-256"),
    ("contract", "Contract", "basic"),
    ("function", "Function", "put"),
    ("key", "Wrote the key", "color"),
    ("collection", "In the private collection", "secrets"),
    ("code", "Verdict", "MVCC_READ_CONFLICT, or 11"),
    ("from", "From block or time", "100, or 2026-01-31T12:00:00Z"),
    ("to", "Up to block or time", "200"),
];

/// The form by which transactions are found, filled in as it was sent.
pub(super) struct FilterForm {
    pub(super) fields: Vec<Field>,
    /// Whether anything is filled in.
    pub(super) is_asked: bool,
}

/// A field of the form.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) example: &'static str,
    pub(super) value: String,
}

impl FilterForm {
    pub(super) fn read(parameters: &Parameters) -> Result<FilterForm, Problem> {
        let mut parameters = parameters.clone();
        let fields = FIELDS.into_iter().map(|(name, label, example)| {
            Ok::<_, Problem>(Field {
                name,
                label,
                example,
                value: parameters.text(name)?.unwrap_or_default(),
            })
        });
        let fields: Vec<Field> = fields.collect::<Result<_, _>>()?;
        Ok(FilterForm {
            is_asked: fields.iter().any(|field| !field.value.is_empty()),
            fields,
        })
    }

    /// Whether it asks for the reader's own.
    pub(super) fn is_mine(&self) -> bool {
        let mut fields = self.fields.iter();
        fields.any(|field| field.name == "creator" && field.value == "me")
    }

    /// The query that asks the same again, with its question mark; empty where nothing is asked.
    pub(super) fn query(&self) -> String {
        let asked = self.fields.iter().filter(|field| !field.value.is_empty());
        let pairs: Vec<String> = asked
            .map(|field| format!("{}={}", field.name, encode(&field.value)))
            .collect();
        match pairs.is_empty() {
            true => String::new(),
            false => format!("?{}", pairs.join("&")),
        }
    }
}
