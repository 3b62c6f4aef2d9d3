//! Variables of the system prompt (reference §8.4).

use crate::model::User;
use crate::text::dates::LocalTime;

/// What the variables are filled from.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// The clock where the host is.
    pub time: LocalTime,
    /// The workspace's id.
    pub workspace_id: u64,
    /// The workspace's name.
    pub workspace_name: &'a str,
    /// Who asks, if a user does.
    pub user: Option<&'a User>,
}

/// `text` with `{date}`, `{workspace.name}` and the like filled in. Unknown names stay as they are.
///
/// One pass: what a variable brings in is not looked at again.
pub fn expand(text: &str, names: &Names) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let (before, from) = rest.split_at(open);
        out.push_str(before);
        let value = from.find('}').and_then(|close| Some((close, value(from.get(1..close)?, names)?)));
        match value {
            Some((close, value)) => {
                out.push_str(&value);
                rest = &from[close + 1..];
            }
            None => {
                out.push('{');
                rest = &from[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn value(name: &str, names: &Names) -> Option<String> {
    Some(match name {
        "time" => names.time.time(),
        "time_24" => names.time.time_24(),
        "date" => names.time.date(),
        "datetime" => names.time.datetime(),
        "datetime_24" => names.time.datetime_24(),
        "workspace.id" => names.workspace_id.to_string(),
        "workspace.name" => names.workspace_name.to_owned(),
        "user.id" if names.user.is_some() => names.user?.id.to_string(),
        "user.name" if names.user.is_some() => names.user?.username.clone(),
        "user.bio" if names.user.is_some() => match names.user?.bio.as_str() {
            "" => "[User bio is empty]".to_owned(),
            bio => bio.to_owned(),
        },
        // Nobody in particular asks, and unknown properties: the placeholders that clients know.
        _ => match name.split_once('.') {
            Some(("user", property)) => format!("[User {property}]"),
            Some(("workspace", property)) => format!("[Workspace {property}]"),
            _ => return None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let time = LocalTime::new(1_787_345_405_000, 0);
        let names = Names { time, workspace_id: 7, workspace_name: "{date}", user: None };
        assert_eq!(expand(text, &names), expected);
    }

    #[test]
    fn known_names_are_filled_once() {
        check("{workspace.id}: {workspace.name}", "7: {date}");
        check("{datetime_24}", "2026-08-21 20:50:05");
    }

    #[test]
    fn what_nobody_has_is_a_placeholder() {
        check("{user.name} {user.nope} {workspace.nope}", "[User name] [User nope] [Workspace nope]");
    }

    #[test]
    fn the_rest_stays() {
        for text in ["{unknown}", "{", "}", "{{", "a {b", "{}", ""] {
            check(text, text);
        }
        check("{{date}}", "{August 21, 2026}");
    }
}
