use serde::{Deserialize, Serialize};

/// The verdict on a transaction that stands in a block, in Fabric's numbering.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ValidationCode {
    /// Fabric's number; 0 is valid.
    pub code: i32,
    /// Fabric's name of the code.
    pub name: String,
    /// What it means, in a sentence; told where a transaction is shown whole.
    #[serde(skip_serializing_if = "Option::is_none", skip_deserializing)]
    pub meaning: Option<&'static str>,
}

impl ValidationCode {
    /// Code 0: the transaction took effect.
    pub fn valid() -> ValidationCode {
        ValidationCode {
            code: 0,
            name: "VALID".to_owned(),
            meaning: None,
        }
    }

    /// Whether the transaction took effect.
    pub fn is_valid(&self) -> bool {
        self.code == 0
    }
}
