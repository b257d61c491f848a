use serde::{Deserialize, Serialize};

/// The verdict on a transaction that stands in a block, in Fabric's numbering.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ValidationCode {
    /// Fabric's number; 0 is valid.
    pub code: i32,
    /// Fabric's name of the code.
    pub name: String,
}

impl ValidationCode {
    /// Code 0: the transaction took effect.
    pub fn valid() -> ValidationCode {
        ValidationCode {
            code: 0,
            name: "VALID".to_owned(),
        }
    }

    /// Whether the transaction took effect.
    pub fn is_valid(&self) -> bool {
        self.code == 0
    }
}
