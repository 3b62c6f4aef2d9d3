//! The calendar: milliseconds since 1970 as a date and a time of day, and back.
//!
//! The proleptic Gregorian calendar without leap seconds, as RFC 3339 and JavaScript have it. Only these few lines of a
//! library of dates are needed here; its tables and messages would be 60 kB of what a browser downloads. The tests hold
//! them against it (jiff).

const DAY_MS: i64 = 86_400_000;

/// Days of 400 years.
const ERA_DAYS: i64 = 146_097;

/// From 0000-03-01, where a year of this arithmetic begins, to 1970-01-01.
const SHIFT_DAYS: i64 = 719_468;

/// A date and a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// -9999 to 9999; 0 is the year before 1.
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// 1 to 31.
    pub day: i64,
    /// 0 to 23.
    pub hour: i64,
    /// 0 to 59.
    pub minute: i64,
    /// 0 to 59.
    pub second: i64,
    /// 0 to 999.
    pub millisecond: i64,
    /// 0 is Monday.
    pub weekday: usize,
}

impl Civil {
    /// What a calendar shows `ms` milliseconds after 1970 began; `None` outside its years.
    pub fn of(ms: i64) -> Option<Civil> {
        let (days, in_day) = (ms.div_euclid(DAY_MS), ms.rem_euclid(DAY_MS));
        // Years begin in March here, so that the day a leap year has more is its last.
        let shifted = days + SHIFT_DAYS;
        let (era, in_era) = (shifted.div_euclid(ERA_DAYS), shifted.rem_euclid(ERA_DAYS));
        let in_era_year = (in_era - in_era / 1460 + in_era / 36_524 - in_era / 146_096) / 365;
        let in_year = in_era - (365 * in_era_year + in_era_year / 4 - in_era_year / 100);
        let from_march = (5 * in_year + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = era * 400 + in_era_year + i64::from(month <= 2);
        (-9999..=9999).contains(&year).then(|| Civil {
            year,
            month,
            day: in_year - (153 * from_march + 2) / 5 + 1,
            hour: in_day / 3_600_000,
            minute: in_day / 60_000 % 60,
            second: in_day / 1000 % 60,
            millisecond: in_day % 1000,
            // 1970 began on a Thursday.
            weekday: (days + 3).rem_euclid(7) as usize,
        })
    }
}

/// When a day begins, in milliseconds since 1970; `None` if there is no such day.
fn midnight(year: i64, month: i64, day: i64) -> Option<i64> {
    let from_march = (month + 9) % 12;
    let shifted = year - i64::from(month <= 2);
    let (era, in_era_year) = (shifted.div_euclid(400), shifted.rem_euclid(400));
    let in_year = (153 * from_march + 2) / 5 + day - 1;
    let in_era = in_era_year * 365 + in_era_year / 4 - in_era_year / 100 + in_year;
    let ms = (era * ERA_DAYS + in_era - SHIFT_DAYS) * DAY_MS;
    // The 30th of February would be a day of March.
    Civil::of(ms).filter(|civil| (civil.month, civil.day) == (month, day)).map(|_| ms)
}

/// Reads `2030-12-31` (its beginning, in UTC), `2030-12-31T12:00:00Z` or `2030-12-31 12:00:00.5+02:00`, in milliseconds
/// since 1970. Smaller parts of a second are cut off.
pub fn parse(text: &str) -> Option<i64> {
    let mut rest = text.as_bytes();
    let year = number(&mut rest, 4)?;
    let month = after(&mut rest, b"-", 2)?;
    let day = after(&mut rest, b"-", 2)?;
    let date = midnight(year, month, day)?;
    if rest.is_empty() {
        return Some(date);
    }
    let hour = after(&mut rest, b"Tt ", 2)?;
    let minute = after(&mut rest, b":", 2)?;
    let second = after(&mut rest, b":", 2)?;
    let mut ms = 0;
    if let Some(digits) = rest.strip_prefix(b".") {
        let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return None;
        }
        ms = (0..3).fold(0, |ms, n| {
            ms * 10 + digits.get(n).filter(|_| n < count).map_or(0, |d| i64::from(d - b'0'))
        });
        rest = &digits[count..];
    }
    let ahead = match rest {
        b"Z" | b"z" => 0,
        _ => {
            let sign = if rest.starts_with(b"-") { -1 } else { 1 };
            let hours = after(&mut rest, b"+-", 2)?;
            let minutes = after(&mut rest, b":", 2)?;
            if !rest.is_empty() || hours > 23 || minutes > 59 {
                return None;
            }
            sign * (hours * 60 + minutes)
        }
    };
    (hour < 24 && minute < 60 && second < 60)
        .then(|| date + ((hour * 60 + minute - ahead) * 60 + second) * 1000 + ms)
}

/// So many digits.
fn number(rest: &mut &[u8], digits: usize) -> Option<i64> {
    let (number, after) = rest.split_at_checked(digits)?;
    *rest = after;
    number.iter().try_fold(0, |n, byte| byte.is_ascii_digit().then(|| n * 10 + i64::from(byte - b'0')))
}

/// So many digits behind one of these.
fn after(rest: &mut &[u8], marks: &[u8], digits: usize) -> Option<i64> {
    let (mark, after) = rest.split_first()?;
    *rest = after;
    if marks.contains(mark) { number(rest, digits) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::Date;
    use jiff::tz::Offset;
    use jiff::{Timestamp, civil};
    use proptest::prelude::*;

    fn of_jiff(time: civil::DateTime) -> Civil {
        Civil {
            year: time.year().into(),
            month: time.month().into(),
            day: time.day().into(),
            hour: time.hour().into(),
            minute: time.minute().into(),
            second: time.second().into(),
            millisecond: time.millisecond().into(),
            weekday: time.weekday().to_monday_zero_offset() as usize,
        }
    }

    #[test]
    fn dates_and_times_are_read() {
        assert_eq!(parse("1970-01-02"), Some(DAY_MS));
        assert_eq!(parse("2023-11-14T22:13:20Z"), Some(1_700_000_000_000));
        assert_eq!(parse("2023-11-14t23:43:20.1239+01:30"), Some(1_700_000_000_123));
        assert_eq!(parse("2024-02-29"), parse("2024-02-29T00:00:00z"));
        for nonsense in [
            "",
            "2030",
            "2030-1-1",
            "2030-13-01",
            "2030-00-10",
            "2030-04-31",
            "2023-02-29",
            "2030-12-31T",
            "tomorrow",
            "2030-12-31T12:00:00",
            "2030-12-31T24:00:00Z",
            "2030-12-31T12:00:00.Z",
            "2030-12-31T12:00:00Z ",
            "2030-12-31T12:00:00+24:00",
            "+2030-12-31",
            "２０３０-12-31",
        ] {
            assert_eq!(parse(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn there_is_a_first_and_a_last_moment() {
        let last = parse("9999-12-31T23:59:59.999Z").unwrap();
        assert!(Civil::of(last).is_some() && Civil::of(last + 1).is_none());
        assert!(Civil::of(i64::MIN).is_none() && Civil::of(i64::MAX).is_none());
    }

    proptest! {
        #[test]
        fn it_is_the_calendar_of_jiff(ms in -377_000_000_000_000i64..253_000_000_000_000) {
            let time = Timestamp::from_millisecond(ms).unwrap();
            prop_assert_eq!(Civil::of(ms), Some(of_jiff(Offset::UTC.to_datetime(time))));
        }

        #[test]
        fn it_reads_what_jiff_reads(ms in 0i64..253_000_000_000_000, minutes in -1439i32..1440) {
            let time = Timestamp::from_millisecond(ms).unwrap();
            prop_assert_eq!(parse(&time.to_string()), Some(ms));
            let offset = Offset::from_seconds(minutes * 60).unwrap();
            prop_assert_eq!(parse(&time.display_with_offset(offset).to_string()), Some(ms));
            let day = Offset::UTC.to_datetime(time).date();
            prop_assert_eq!(parse(&day.to_string()), parse(&format!("{day}T00:00:00Z")));
        }

        #[test]
        fn days_that_jiff_does_not_know_are_refused(year in 0i16..9999, month in 0i8..14, day in 0i8..33) {
            let text = format!("{year:04}-{month:02}-{day:02}");
            prop_assert_eq!(parse(&text).is_some(), Date::new(year, month, day).is_ok());
        }
    }
}
