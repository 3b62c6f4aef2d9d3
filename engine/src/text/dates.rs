//! Dates as texts, in the few shapes that clients, documents and prompts know.
//!
//! Time comes from the host: unix milliseconds, and the offset of its zone from UTC in minutes (east is
//! positive). A time outside the years -9999 to 9999 reads `Invalid Date`, as JavaScript says it of a time it
//! cannot hold.

use super::civil::Civil;

const INVALID: &str = "Invalid Date";

/// ISO 8601 in UTC with milliseconds: `2023-08-17T00:45:03.000Z` (reference §1, dates of database rows).
pub fn iso_millis(unix_ms: i64) -> String {
    let Some(time) = LocalTime::new(unix_ms, 0).0.map(|(time, _)| time) else { return INVALID.into() };
    // JavaScript writes years outside 0 to 9999 with a sign and six digits.
    let year = if time.year < 0 { format!("-{:06}", -time.year) } else { format!("{:04}", time.year) };
    let (month, day) = (time.month, time.day);
    format!("{year}-{month:02}-{day:02}T{}.{:03}Z", clock_24(time), time.millisecond)
}

/// As JavaScript prints a date in UTC: `Thu Aug 17 2023 00:45:03 GMT+0000 (Coordinated Universal Time)` (reference
/// §12.4).
pub fn javascript(unix_ms: i64) -> String {
    LocalTime::new(unix_ms, 0).text(|time, _| {
        let (day, year) = (short_day(time), year(time));
        format!("{day} {year} {} GMT+0000 (Coordinated Universal Time)", clock_24(time))
    })
}

/// A moment as a clock on the wall of the host shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime(Option<(Civil, i32)>);

impl LocalTime {
    /// The moment `unix_ms` (milliseconds since 1970) where the clock is `offset_minutes` ahead of UTC.
    pub fn new(unix_ms: i64, offset_minutes: i32) -> Self {
        let local_ms = unix_ms.saturating_add(i64::from(offset_minutes).saturating_mul(60_000));
        LocalTime(Civil::of(local_ms).map(|local| (local, offset_minutes)))
    }

    /// `published` of a stored document: `1/16/2024, 3:07:00 PM` (§1).
    pub fn published(self) -> String {
        self.text(|time, _| {
            // The years before 1 count backwards from 1: the text does not say which era it means.
            let year = if time.year > 0 { time.year } else { 1 - time.year };
            format!("{}/{}/{year}, {}", time.month, time.day, clock_12(time))
        })
    }

    /// The prompt variable `{time}`: `8:30:25 PM` (§8.4).
    pub fn time(self) -> String {
        self.text(|time, _| clock_12(time))
    }

    /// The prompt variable `{time_24}`: `20:30:25` (§8.4).
    pub fn time_24(self) -> String {
        self.text(|time, _| clock_24(time))
    }

    /// The prompt variable `{date}`: `August 21, 2026` (§8.4).
    pub fn date(self) -> String {
        self.text(|time, _| day(time))
    }

    /// The prompt variable `{datetime}`: `Friday, August 21, 2026 8:50 PM` (§8.4).
    pub fn datetime(self) -> String {
        self.text(|time, _| {
            let (hour, half) = hour_12(time);
            format!("{}, {} {hour}:{:02} {half}", weekday(time), day(time), time.minute)
        })
    }

    /// The prompt variable `{datetime_24}`: `2026-08-21 20:50:05` (§8.4).
    pub fn datetime_24(self) -> String {
        self.text(|time, _| format!("{}-{:02}-{:02} {}", year(time), time.month, time.day, clock_24(time)))
    }

    /// JavaScript's long date: `Thu Aug 17 2023 00:45:03 GMT+0000 (Coordinated Universal Time)` (§12.4).
    ///
    /// A zone other than UTC is named by its offset, `(GMT+02:00)`, as JavaScript does for zones without a
    /// name.
    pub fn long_date(self) -> String {
        self.text(|time, offset| {
            let sign = if offset < 0 { '-' } else { '+' };
            let (hours, minutes) = (offset.unsigned_abs() / 60, offset.unsigned_abs() % 60);
            let zone = match offset {
                0 => "Coordinated Universal Time".to_owned(),
                _ => format!("GMT{sign}{hours:02}:{minutes:02}"),
            };
            let year = year(time);
            let (day, clock) = (short_day(time), clock_24(time));
            format!("{day} {year} {clock} GMT{sign}{hours:02}{minutes:02} ({zone})")
        })
    }

    fn text(self, write: impl FnOnce(Civil, i32) -> String) -> String {
        self.0.map_or_else(|| INVALID.to_owned(), |(time, offset)| write(time, offset))
    }
}

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn weekday(time: Civil) -> &'static str {
    DAYS[time.weekday % 7]
}

fn month(time: Civil) -> &'static str {
    MONTHS[(time.month as usize + 11) % 12]
}

/// `August 21, 2026`.
fn day(time: Civil) -> String {
    format!("{} {}, {}", month(time), time.day, year(time))
}

/// `Fri Aug 21`.
fn short_day(time: Civil) -> String {
    format!("{} {} {:02}", &weekday(time)[..3], &month(time)[..3], time.day)
}

/// Four digits, and a sign before the year 0.
fn year(time: Civil) -> String {
    if time.year < 0 { format!("-{:04}", -time.year) } else { format!("{:04}", time.year) }
}

fn hour_12(time: Civil) -> (i64, &'static str) {
    let hour = if time.hour % 12 == 0 { 12 } else { time.hour % 12 };
    (hour, if time.hour < 12 { "AM" } else { "PM" })
}

fn clock_12(time: Civil) -> String {
    let (hour, half) = hour_12(time);
    format!("{hour}:{:02}:{:02} {half}", time.minute, time.second)
}

fn clock_24(time: Civil) -> String {
    format!("{:02}:{:02}:{:02}", time.hour, time.minute, time.second)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026-08-21 20:50:05 UTC.
    const EVENING: i64 = 1_787_345_405_000;

    #[test]
    fn rows_show_iso_dates_in_utc() {
        assert_eq!(iso_millis(1_692_233_103_000), "2023-08-17T00:45:03.000Z");
        assert_eq!(iso_millis(-1), "1969-12-31T23:59:59.999Z");
        assert_eq!(iso_millis(-62_200_000_000_000), "-000002-12-17T14:13:20.000Z");
        assert_eq!(iso_millis(i64::MAX), "Invalid Date");
    }

    #[test]
    fn documents_show_when_they_were_published() {
        let published = |unix_ms, offset| LocalTime::new(unix_ms, offset).published();
        assert_eq!(published(1_705_417_620_000, 0), "1/16/2024, 3:07:00 PM");
        assert_eq!(published(1_700_000_000_000, 0), "11/14/2023, 10:13:20 PM");
        assert_eq!(published(1_705_417_620_000, -5 * 60), "1/16/2024, 10:07:00 AM");
        assert_eq!(published(1_692_233_103_000, 330), "8/17/2023, 6:15:03 AM");
        assert_eq!(published(0, 0), "1/1/1970, 12:00:00 AM");
        assert_eq!(published(43_200_000, 0), "1/1/1970, 12:00:00 PM");
        assert_eq!(published(-62_200_000_000_000, 0), "12/17/3, 2:13:20 PM");
        assert_eq!(published(i64::MIN, i32::MIN), "Invalid Date");
    }

    #[test]
    fn prompts_may_ask_for_the_time() {
        let now = LocalTime::new(EVENING, 0);
        assert_eq!(now.time(), "8:50:05 PM");
        assert_eq!(now.time_24(), "20:50:05");
        assert_eq!(now.date(), "August 21, 2026");
        assert_eq!(now.datetime(), "Friday, August 21, 2026 8:50 PM");
        assert_eq!(now.datetime_24(), "2026-08-21 20:50:05");
    }

    #[test]
    fn a_zone_may_be_in_tomorrow() {
        let now = LocalTime::new(EVENING, 9 * 60 + 30);
        assert_eq!(now.datetime(), "Saturday, August 22, 2026 6:20 AM");
        assert_eq!(now.time_24(), "06:20:05");
    }

    #[test]
    fn exports_show_long_dates() {
        let long_date = |offset| LocalTime::new(1_692_233_103_000, offset).long_date();
        assert_eq!(long_date(0), "Thu Aug 17 2023 00:45:03 GMT+0000 (Coordinated Universal Time)");
        assert_eq!(long_date(120), "Thu Aug 17 2023 02:45:03 GMT+0200 (GMT+02:00)");
        assert_eq!(long_date(-300), "Wed Aug 16 2023 19:45:03 GMT-0500 (GMT-05:00)");
    }

    proptest! {
        #[test]
        fn every_time_has_a_text(unix_ms: i64, offset: i32) {
            let time = LocalTime::new(unix_ms, offset);
            for text in [time.published(), time.datetime(), time.long_date(), time.datetime_24()] {
                prop_assert!(!text.is_empty());
            }
        }

        #[test]
        fn iso_dates_read_back(unix_ms in -62_000_000_000_000i64..253_000_000_000_000) {
            let read: jiff::Timestamp = iso_millis(unix_ms).parse().unwrap();
            prop_assert_eq!(read.as_millisecond(), unix_ms);
        }
    }
}
