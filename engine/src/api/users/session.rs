//! Being signed in.

use super::super::answer::Answer;
use super::super::body::Fields;
use super::super::error::{ApiError, Code};
use super::super::{Call, auth, js, rate};
use crate::model::{Session, SessionPlace, User};
use crate::seam::{Cx, Key};
use crate::settings::Variables;
use crate::store::{self, StoreError, Transaction, key, retry};
use serde_json::json;

/// Sessions that a user has at once; with another one the oldest ends.
const MOST: usize = 50;
const DAY_S: u64 = 24 * 60 * 60;

/// Makes `tx` sign a user in, who must not change before the commit; the token, which is kept nowhere.
pub async fn open(call: &Call, tx: &mut Transaction, user: &User) -> Result<String, ApiError> {
    let (cx, now) = (&call.cx, call.cx.now());
    let mut bytes = [0; 32];
    cx.random(&mut bytes);
    let token: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let token = format!("hst-{token}");
    let mut places = store::all::<SessionPlace>(cx, key::sessions_of(user.id)).await?;
    places.sort_by_key(|(_, place)| place.expires_at);
    let surplus = (places.len() + 1).saturating_sub(MOST);
    for (n, (place, kept)) in places.iter().enumerate() {
        if n < surplus || kept.expires_at <= now {
            end_one(tx, place);
        }
    }
    let expires_at = now.plus(lifetime_s(&call.engine.settings().vars).saturating_mul(1000));
    let hash = auth::hash(&token);
    tx.put(key::session(&hash), &Session { user: user.id, epoch: user.epoch, created_at: now, expires_at })?;
    let place = SessionPlace { peer: rate::peer(cx), expires_at };
    tx.put(key::session_of(user.id, &hash), &place)?;
    Ok(token)
}

/// Makes `tx` sign a user out everywhere, but for the session that `stays`, by the hash of its token. `user` is in a new
/// epoch then, and is for `tx` to keep: a session that is opened at this moment is not found here, but belongs to the
/// old one.
pub async fn end_all(
    cx: &Cx,
    tx: &mut Transaction,
    user: &mut User,
    stays: Option<&str>,
) -> Result<(), StoreError> {
    user.epoch += 1;
    for place in store::scan_keys(cx, key::sessions_of(user.id)).await? {
        if place.as_str().rsplit('/').next() != stays {
            end_one(tx, &place);
        }
    }
    if let Some(hash) = stays
        && let Some(session) = tx.get::<Session>(key::session(hash)).await?
    {
        tx.put(key::session(hash), &Session { epoch: user.epoch, ..session })?;
    }
    Ok(())
}

/// Whether the user is signed in from where the request comes from.
pub async fn is_known_place(cx: &Cx, user: u64) -> Result<bool, StoreError> {
    let (peer, now) = (rate::peer(cx), cx.now());
    let places = store::all::<SessionPlace>(cx, key::sessions_of(user)).await?;
    Ok(!peer.is_empty() && places.iter().any(|(_, place)| place.peer == peer && place.expires_at > now))
}

fn end_one(tx: &mut Transaction, place: &Key) {
    if let Some(hash) = place.as_str().rsplit('/').next() {
        tx.delete(key::session(hash));
    }
    tx.delete(place.clone());
}

/// `POST /session/end {all?}`, a way to sign out that is ours: this session, or all of the user's.
pub async fn end(call: Call) -> Result<Answer, ApiError> {
    let Some(user) = call.caller.user() else {
        return Err(ApiError::new(Code::InvalidField, "This is no session: API keys are revoked instead."));
    };
    let all = js::truthy(Fields::of_body(&call.request)?.get("all"));
    let mut attempts = retry(&call.cx);
    loop {
        let mut tx = attempts.next().await?;
        match auth::bearer(&call.request) {
            Some(token) if !all => end_one(&mut tx, &key::session_of(user.id, &auth::hash(token))),
            _ => {
                let Some(mut user) = tx.get::<User>(key::user(user.id)).await? else { break };
                end_all(&call.cx, &mut tx, &mut user, None).await?;
                tx.put(key::user(user.id), &user)?;
            }
        }
        if tx.commit().await? {
            break;
        }
    }
    Ok(Answer::ok(&json!({ "success": true, "error": null })))
}

/// `JWT_EXPIRY`: a number and `s`, `m`, `h`, `d` or `w`, or seconds. 30 days if it makes no sense; a minute
/// to a year.
fn lifetime_s(vars: &Variables) -> u64 {
    let text = vars.get("JWT_EXPIRY").unwrap_or_default().to_ascii_lowercase();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let unit = match unit.trim() {
        "" | "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => DAY_S,
        "w" => 7 * DAY_S,
        _ => 0,
    };
    let seconds = number.parse::<u64>().unwrap_or(0).saturating_mul(unit);
    if seconds == 0 { 30 * DAY_S } else { seconds.clamp(60, 366 * DAY_S) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn sessions_last_as_long_as_the_operator_says() {
        let of = |text: &str| {
            let vars = BTreeMap::from([("JWT_EXPIRY".to_owned(), text.to_owned())]);
            lifetime_s(&crate::Settings::from_vars(&vars).0.vars)
        };
        let cases = [("", 30 * DAY_S), ("30d", 30 * DAY_S), ("12h", DAY_S / 2), ("2 w", 14 * DAY_S)];
        for (text, seconds) in cases {
            assert_eq!(of(text), seconds, "{text}");
        }
        assert_eq!((of("3600"), of("1s"), of("forever"), of("99999w")), (3600, 60, 30 * DAY_S, 366 * DAY_S));
    }
}
