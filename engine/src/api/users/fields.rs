//! What may be written of a user, and the texts for what may not (reference §11.1).

use super::super::body::Fields;
use super::super::error::{ApiError, Code};
use super::super::numbers;
use crate::model::Role;
use serde_json::Value;

const NAME_MAX: usize = 64;
const BIO_MAX: usize = 1000;

/// A name.
pub fn username(text: &str) -> Result<String, ApiError> {
    let rule = |text: &str| Err(ApiError::new(Code::InvalidField, text));
    if text.chars().count() > NAME_MAX {
        return rule("Username cannot be longer than 64 characters");
    }
    if text.chars().count() < 2 {
        return rule("Username must be at least 2 characters");
    }
    let rest = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"._@-".contains(&c);
    if !text.starts_with(|c: char| c.is_ascii_lowercase()) || !text.bytes().all(rest) {
        return rule(
            "Username must start with a lowercase letter and only contain lowercase letters, numbers, \
             underscores, hyphens, and periods",
        );
    }
    Ok(text.to_owned())
}

/// A role by its name.
pub fn role(text: &str) -> Result<Role, ApiError> {
    Role::parse(text).ok_or_else(|| {
        ApiError::new(Code::InvalidField, "Invalid role. Allowed roles are: default, admin, manager")
    })
}

/// What users say of themselves.
pub fn bio(text: &str) -> Result<String, ApiError> {
    match text.chars().count() {
        ..=BIO_MAX => Ok(text.to_owned()),
        _ => Err(ApiError::new(Code::InvalidField, "Bio cannot be longer than 1,000 characters")),
    }
}

/// Messages a day, `None` for no limit.
pub fn daily_message_limit(value: &Value) -> Result<Option<u64>, ApiError> {
    match value {
        Value::Null => Ok(None),
        value => numbers::as_id(value).map(Some).ok_or_else(|| {
            let message = "Daily message limit must be null or a number greater than or equal to 1";
            ApiError::new(Code::InvalidField, message)
        }),
    }
}

/// Ids out of a list of numbers, or of texts that are numbers.
///
/// # Errors
/// [`Code::InvalidField`] for anything but a list of ids, and for a list that is too long.
pub fn ids(fields: &Fields, name: &str) -> Result<Option<Vec<u64>>, ApiError> {
    const MOST: usize = 1000;
    let wrong =
        || ApiError::field(name, &format!("a list of at most {MOST} ids, which are whole numbers from 1"));
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(items)) if items.len() <= MOST => {
            let mut ids: Vec<u64> = Vec::new();
            for item in items {
                let id = numbers::as_id(item).ok_or_else(wrong)?;
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
            Ok(Some(ids))
        }
        Some(_) => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_short_and_plain() {
        for good in ["ab", "sam", "sam.o@x-y_9", &"a".repeat(64)] {
            assert!(username(good).is_ok(), "{good}");
        }
        for bad in ["", "a", "Sam", "9sam", "-sam", "sam o", "säm", "sam\n", &"a".repeat(65), "../sam"] {
            assert!(username(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn limits_are_numbers_from_one() {
        assert_eq!(daily_message_limit(&json!(null)), Ok(None));
        assert_eq!(daily_message_limit(&json!(3)), Ok(Some(3)));
        assert_eq!(daily_message_limit(&json!("12")), Ok(Some(12)));
        for bad in [
            json!(0),
            json!(-1),
            json!("many"),
            json!(""),
            json!([5]),
            json!({"$gt": 1}),
            json!(true),
            json!(1.5),
            json!("inf"),
            json!(1e300),
        ] {
            assert!(daily_message_limit(&bad).is_err(), "{bad}");
        }
    }
}
