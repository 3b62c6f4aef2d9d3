//! Passwords: what they must be like, and how they are kept.

use crate::seam::Cx;
use crate::settings::Variables;
use argon2::password_hash::{PasswordHash, SaltString};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

/// Bytes of a password that is looked at; nobody has such a long one, and hashing takes time.
const BYTES_MAX: usize = 8 << 10;

/// What is wrong with a new password, if anything is, by the operator's rules (reference §11.1). Several
/// texts are joined by commas.
pub fn problem(password: &str, vars: &Variables) -> Option<String> {
    if password.is_empty() {
        return Some("\"value\" is not allowed to be empty".to_owned());
    }
    let number = |name: &str, default: usize| vars.get(name).and_then(|v| v.parse().ok()).unwrap_or(default);
    let (min, max) = (number("PASSWORDMINCHAR", 8), number("PASSWORDMAXCHAR", 250));
    let count = |is: fn(char) -> bool| password.chars().filter(|c| is(*c)).count();
    let classes = [
        (number("PASSWORDLOWERCASE", 0), count(|c| c.is_ascii_lowercase()), "lower-cased letter"),
        (number("PASSWORDUPPERCASE", 0), count(|c| c.is_ascii_uppercase()), "upper-cased letter"),
        (number("PASSWORDNUMERIC", 0), count(|c| c.is_ascii_digit()), "number"),
        (number("PASSWORDSYMBOL", 0), count(|c| !c.is_ascii_alphanumeric()), "symbol"),
    ];
    let wanted: Vec<_> = classes.into_iter().filter(|(least, ..)| *least > 0).collect();
    let missing: Vec<_> = wanted.iter().filter(|(least, found, _)| found < least).collect();
    let needed = number("PASSWORDREQUIREMENTS", wanted.len()).clamp(wanted.len().min(1), wanted.len());
    let length = password.chars().count();

    let mut problems = Vec::new();
    if length < min {
        problems.push(format!("password should be at least {min} characters long"));
    }
    if length > max || password.len() > BYTES_MAX {
        problems.push(format!("password should not be longer than {max} characters"));
    }
    if wanted.len() - missing.len() < needed {
        problems.extend(missing.iter().map(|(least, _, what)| {
            let plural = if *least == 1 { "" } else { "s" };
            format!("password should contain at least {least} {what}{plural}")
        }));
        if needed < wanted.len() {
            problems.push(format!("password must meet at least {needed} of the complexity requirements"));
        }
    }
    (!problems.is_empty()).then(|| problems.join(", "))
}

/// Argon2id as OWASP's cheat sheet on storing passwords has it: 19 MiB, two passes, one lane.
fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

/// What is kept of a password: a PHC string with a salt of its own. Takes tens of milliseconds.
///
/// # Errors
/// A text, if the hash cannot be made; no password does that.
pub async fn hash(cx: &Cx, password: &str) -> Result<String, String> {
    let mut bytes = [0; 16];
    cx.random(&mut bytes);
    cx.breathe().await;
    with_salt(&bytes, password)
}

fn with_salt(bytes: &[u8; 16], password: &str) -> Result<String, String> {
    let salt = SaltString::encode_b64(bytes).map_err(|e| e.to_string())?;
    let hash = argon2().hash_password(password.as_bytes(), &salt).map_err(|e| e.to_string())?;
    Ok(hash.to_string())
}

/// Whether `password` is the one that `kept` was made of. Without one the answer is no, after the same
/// time: the clock does not tell who is a user here.
pub async fn is_right(cx: &Cx, kept: Option<&str>, password: &str) -> bool {
    cx.breathe().await;
    let long = password.len() > BYTES_MAX;
    let password = if long { "" } else { password };
    match kept.map(PasswordHash::new) {
        Some(Ok(kept)) => argon2().verify_password(password.as_bytes(), &kept).is_ok() && !long,
        Some(Err(_)) | None => {
            let _ = with_salt(&[0; 16], password);
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn vars(vars: &[(&str, &str)]) -> Variables {
        let vars: BTreeMap<_, _> = vars.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        crate::Settings::from_vars(&vars).0.vars
    }

    #[test]
    fn eight_to_250_characters_and_nothing_else() {
        let vars = vars(&[]);
        assert_eq!(problem("hunter2!", &vars), None);
        assert_eq!(problem("ü".repeat(8).as_str(), &vars), None);
        assert_eq!(problem("x", &vars).unwrap(), "password should be at least 8 characters long");
        let long = "x".repeat(251);
        assert_eq!(problem(&long, &vars).unwrap(), "password should not be longer than 250 characters");
    }

    #[test]
    fn operators_may_ask_for_more() {
        let all = [("PASSWORDUPPERCASE", "1"), ("PASSWORDNUMERIC", "2"), ("PASSWORDSYMBOL", "1")];
        assert_eq!(
            problem("hunter-one", &vars(&all)).unwrap(),
            "password should contain at least 1 upper-cased letter, \
             password should contain at least 2 numbers"
        );
        let two = [&all[..], &[("PASSWORDREQUIREMENTS", "2")]].concat();
        assert_eq!(problem("Hunter-one", &vars(&two)), None);
        assert!(
            problem("hunter-one", &vars(&two))
                .unwrap()
                .ends_with("at least 2 of the complexity requirements")
        );
    }

    #[test]
    fn hashes_are_argon2id_with_a_salt() {
        let hash = with_salt(&[7; 16], "hunter2!").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$BwcHBwcHBwcHBwcHBwcHBw$"), "{hash}");
        assert_ne!(hash, with_salt(&[8; 16], "hunter2!").unwrap());
        let kept = PasswordHash::new(&hash).unwrap();
        assert!(argon2().verify_password(b"hunter2!", &kept).is_ok());
        assert!(argon2().verify_password(b"hunter2! ", &kept).is_err());
    }
}
