use super::format::encode;
use crate::api::Parameters;
use crate::problem::Problem;

/// What can be asked of transactions: the API's names, what a form calls them, and an example.
type Fields = &'static [(&'static str, &'static str, &'static str)];

const OF_CHANNEL: Fields = &[
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
const OF_TUTORIAL: Fields = &[
    ("account", "Sender or recipient", "alice, or me"),
    ("from", "From block or time", "100, or 2026-01-31T12:00:00Z"),
    ("to", "Up to block or time", "200"),
];
/// Asked for by a link, and no field of the tutorial's form.
const CREATOR: &str = "creator";

/// The form by which transactions are found, filled in as it was sent.
pub(super) struct FilterForm {
    pub(super) fields: Vec<Field>,
    /// Whether anything is filled in.
    pub(super) is_asked: bool,
    /// What else is to be known of it.
    pub(super) advice: &'static str,
    /// Whether it asks for the reader's own.
    pub(super) is_mine: bool,
}

/// A field of the form.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) example: &'static str,
    pub(super) value: String,
}

impl FilterForm {
    pub(super) fn read(parameters: &Parameters, is_tutorial: bool) -> Result<FilterForm, Problem> {
        let mut parameters = parameters.clone();
        let is_mine = parameters.clone().text(CREATOR)?.as_deref() == Some("me");
        let (fields, advice) = match is_tutorial {
            true => (OF_TUTORIAL, "Times are those of the blocks."),
            false => (
                OF_CHANNEL,
                "Names that a CA gave out a second time, after it removed the first bearer, are one name here. Times are those of the makers' clocks.",
            ),
        };
        let fields = fields.iter().map(|(name, label, example)| {
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
            advice,
            is_mine,
        })
    }

    /// The query that asks the same again, with its question mark; empty where nothing is asked.
    pub(super) fn query(&self) -> String {
        let asked = self.fields.iter().filter(|field| !field.value.is_empty());
        let mut pairs: Vec<String> = asked
            .map(|field| format!("{}={}", field.name, encode(&field.value)))
            .collect();
        let has_creator = self.fields.iter().any(|field| field.name == CREATOR);
        if self.is_mine && !has_creator {
            pairs.push(format!("{CREATOR}=me"));
        }
        match pairs.is_empty() {
            true => String::new(),
            false => format!("?{}", pairs.join("&")),
        }
    }
}
