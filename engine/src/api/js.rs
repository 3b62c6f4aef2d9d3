//! Numbers as JavaScript reads and writes them: clients of the API send and expect them so.

use serde_json::{Number, Value};

/// `parseFloat`: a number, or the number a string begins with. `None` for what it calls NaN.
pub fn parse_float(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => leading_number(text.trim_start(), true),
        _ => None,
    }
    .filter(|number| number.is_finite())
}

/// `parseInt`: the whole number that a number or string begins with.
pub fn parse_int(value: &Value) -> Option<i64> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => leading_number(text.trim_start(), false)?,
        _ => return None,
    };
    // Saturates; a count that large is bounded by its user.
    number.is_finite().then_some(number.trunc() as i64)
}

/// Whether JavaScript takes it for true.
pub fn truthy(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Bool(flag)) => *flag,
        Some(Value::Number(number)) => number.as_f64().is_some_and(|n| n != 0.0),
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(_) | Value::Object(_)) => true,
    }
}

/// A number as `JSON.stringify` writes it: whole numbers without a fraction.
pub fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
        return Value::from(value as i64);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

fn leading_number(text: &str, fraction: bool) -> Option<f64> {
    let bytes = text.as_bytes();
    let mut end = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let whole = digits(end);
    end += whole;
    let mut any = whole > 0;
    if fraction {
        if bytes.get(end) == Some(&b'.') {
            let part = digits(end + 1);
            if part > 0 || any {
                end += 1 + part;
                any |= part > 0;
            }
        }
        if any && matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let exponent = digits(end + 1 + sign);
            if exponent > 0 {
                end += 1 + sign + exponent;
            }
        }
    }
    any.then(|| text[..end].parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn floats() {
        let cases = [
            (json!("0.5abc"), Some(0.5)),
            (json!(" -1e2"), Some(-100.0)),
            (json!(".5"), Some(0.5)),
            (json!("5."), Some(5.0)),
            (json!("abc"), None),
            (json!(""), None),
            (json!(true), None),
            (json!(2), Some(2.0)),
        ];
        for (value, expected) in cases {
            assert_eq!(parse_float(&value), expected, "{value}");
        }
    }

    #[test]
    fn ints() {
        for (value, expected) in
            [(json!("7.9"), Some(7)), (json!(3.7), Some(3)), (json!("x"), None), (json!(-3), Some(-3))]
        {
            assert_eq!(parse_int(&value), expected, "{value}");
        }
    }

    #[test]
    fn whole_numbers_have_no_fraction() {
        assert_eq!(number(1.0).to_string(), "1");
        assert_eq!(number(0.4).to_string(), "0.4");
        assert_eq!(number(f64::NAN), Value::Null);
    }
}
