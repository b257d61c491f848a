//! The shape of JSON answers.

use serde_json::Value;

/// Checks that an object has these fields, and no others but the optional ones; what does not apply is absent, not null.
///
/// # Panics
/// When it has another shape.
pub fn assert_fields(value: &Value, fields: &[&str], optional: &[&str]) {
    let object = value.as_object().unwrap_or_else(|| panic!("{value}"));
    for field in fields {
        assert!(object.contains_key(*field), "`{field}` is not in {value}");
    }
    for (field, value) in object {
        let known = fields.contains(&field.as_str()) || optional.contains(&field.as_str());
        assert!(known, "`{field}` was not expected");
        assert!(!value.is_null(), "`{field}` is null rather than absent");
    }
}
