//! Numbers of bodies and queries: taken as they are, or refused with the range they must be in.
//!
//! Forms and queries have texts only, so the text of a number is one. Absent, `null` and an empty text are no number.

use super::body::Fields;
use super::error::ApiError;
use serde_json::Value;
use std::ops::RangeInclusive;

/// A whole number.
///
/// # Errors
/// `Code::InvalidField` for anything else, and for a number outside of `range`.
pub fn whole(fields: &Fields, name: &str, range: RangeInclusive<u64>) -> Result<Option<u64>, ApiError> {
    let Some(value) = given(fields, name) else { return Ok(None) };
    let number = value_of(value).and_then(exact).filter(|number| range.contains(number));
    number.map(Some).ok_or_else(|| {
        let expected = match *range.end() {
            u64::MAX => format!("a whole number from {}", range.start()),
            end => format!("a whole number from {} to {end}", range.start()),
        };
        ApiError::field(name, &expected)
    })
}

/// A number with or without a fraction.
///
/// # Errors
/// As [`whole`].
pub fn fraction(fields: &Fields, name: &str, range: RangeInclusive<f64>) -> Result<Option<f64>, ApiError> {
    let Some(value) = given(fields, name) else { return Ok(None) };
    let number = value_of(value).filter(|number| range.contains(number));
    number
        .map(Some)
        .ok_or_else(|| ApiError::field(name, &format!("a number from {} to {}", range.start(), range.end())))
}

/// The id of a record: a whole number from 1.
///
/// # Errors
/// As [`whole`].
pub fn id(fields: &Fields, name: &str) -> Result<Option<u64>, ApiError> {
    whole(fields, name, 1..=u64::MAX)
}

/// An id by itself.
pub fn as_id(value: &Value) -> Option<u64> {
    value_of(value).and_then(exact).filter(|id| *id > 0)
}

/// A number that a value is or spells; never NaN or infinite.
pub fn value_of(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        // What Rust reads besides, such as `inf` and `nan`, is no number here.
        Value::String(text) if text.trim().bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) => {
            text.trim().parse().ok()
        }
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

fn given<'a>(fields: &'a Fields, name: &str) -> Option<&'a Value> {
    let is_empty = |value: &&Value| value.as_str().is_some_and(|text| text.trim().is_empty());
    fields.get(name).filter(|value| !value.is_null() && !is_empty(value))
}

/// A whole number that was written as one: beyond 2^53 several numbers are one `f64`.
fn exact(number: f64) -> Option<u64> {
    const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
    let whole = number.fract() == 0.0 && (0.0..=EXACT_MAX).contains(&number);
    whole.then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fields(value: Value) -> Fields {
        let Value::Object(map) = json!({ "topN": value }) else { panic!("an object") };
        Fields::from_map(map)
    }

    #[test]
    fn a_whole_number_is_in_its_range_or_refused_with_it() {
        let read = |value: Value| whole(&fields(value), "topN", 1..=1000);
        for (value, number) in [
            (json!(4), Some(4)),
            (json!(4.0), Some(4)),
            (json!("1000"), Some(1000)),
            (json!(" 7 "), Some(7)),
            (json!(null), None),
            (json!(""), None),
        ] {
            assert_eq!(read(value.clone()), Ok(number), "{value}");
        }
        for value in [
            json!(0),
            json!(-1),
            json!(1.5),
            json!(1001),
            json!(1e300),
            json!(u64::MAX),
            json!("0"),
            json!("-1"),
            json!("1.5"),
            json!("few"),
            json!("4 of them"),
            json!("NaN"),
            json!("inf"),
            json!("Infinity"),
            json!("0x10"),
            json!("1e999"),
            json!(true),
            json!([4]),
            json!({ "$gt": 0 }),
        ] {
            let error = read(value.clone()).unwrap_err();
            assert_eq!(error.message, "`topN` must be a whole number from 1 to 1000.", "{value}");
        }
        assert_eq!(whole(&Fields::default(), "topN", 1..=2), Ok(None));
        let error = id(&fields(json!(0)), "topN").unwrap_err();
        assert_eq!(error.message, "`topN` must be a whole number from 1.");
    }

    #[test]
    fn a_fraction_is_in_its_range_or_refused_with_it() {
        let read = |value: Value| fraction(&fields(value), "topN", 0.0..=1.0);
        for (value, number) in [(json!(0), 0.0), (json!(0.25), 0.25), (json!("1"), 1.0), (json!("5e-1"), 0.5)]
        {
            assert_eq!(read(value.clone()), Ok(Some(number)), "{value}");
        }
        for value in
            [json!(-0.1), json!(1.1), json!("0.5abc"), json!("NaN"), json!("-inf"), json!(true), json!([])]
        {
            let error = read(value.clone()).unwrap_err();
            assert_eq!(error.message, "`topN` must be a number from 0 to 1.", "{value}");
        }
    }
}
