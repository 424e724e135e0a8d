//! Opening hours in the store's own time, services that go on past midnight, and the business day.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

words! {
    Weekday {
        Monday = "monday",
        Tuesday = "tuesday",
        Wednesday = "wednesday",
        Thursday = "thursday",
        Friday = "friday",
        Saturday = "saturday",
        Sunday = "sunday",
    }
}

impl Weekday {
    /// ISO 8601: Monday is 1.
    pub fn number(self) -> i16 {
        Self::ALL.iter().zip(1..).find(|(day, _)| **day == self).map_or(0, |(_, number)| number)
    }

    pub fn from_number(number: i16) -> Option<Weekday> {
        Self::ALL.iter().copied().find(|day| day.number() == number)
    }
}

/// One service of one weekday, in minutes after that day's local midnight; `closes` above 1440 is past midnight.
#[derive(Clone, Copy, Debug)]
pub struct Opening {
    pub weekday: Weekday,
    pub opens: i16,
    pub closes: i16,
}

/// Hours of some weekdays, on a store's wall clock: when a category is sold, when a promotion holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Window {
    #[schema(min_items = 1, max_items = 7, example = json!(["monday", "tuesday"]))]
    pub weekdays: Vec<Weekday>,
    pub opens: ClockTime,
    /// Not after `opens`: on the next day; 24:00 is the midnight that ends the day.
    pub closes: ClockTime,
}

/// A time on the clock as HH:MM, 00:00 to 24:00.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, pattern = "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$", example = "18:30")]
pub struct ClockTime(i16);

impl ClockTime {
    pub fn from_minute(minute: i16) -> ClockTime {
        ClockTime(minute.clamp(0, 1440))
    }

    /// Minutes after midnight.
    pub fn minute(self) -> i16 {
        self.0
    }
}

impl TryFrom<String> for ClockTime {
    type Error = &'static str;

    fn try_from(text: String) -> Result<ClockTime, &'static str> {
        let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        let parts = text.split_once(':').filter(|(hours, minutes)| digits(hours) && digits(minutes));
        let parts = parts.and_then(|(hours, minutes)| Some((hours.parse::<i16>().ok()?, minutes.parse::<i16>().ok()?)));
        match parts {
            Some((hours @ 0..24, minutes @ 0..60)) => Ok(ClockTime(hours * 60 + minutes)),
            Some((24, 0)) => Ok(ClockTime(1440)),
            _ => Err("should be HH:MM, from 00:00 to 24:00"),
        }
    }
}

impl From<ClockTime> for String {
    fn from(time: ClockTime) -> String {
        format!("{:02}:{:02}", time.0 / 60, time.0 % 60)
    }
}

impl Window {
    /// As services of single weekdays.
    fn openings(&self) -> impl Iterator<Item = Opening> {
        let (opens, closes) = (self.opens.0, if self.closes <= self.opens { self.closes.0 + 1440 } else { self.closes.0 });
        self.weekdays.iter().map(move |weekday| Opening { weekday: *weekday, opens, closes })
    }

    pub fn contains(&self, at: NaiveDateTime) -> bool {
        let openings: Vec<Opening> = self.openings().collect();
        is_open(&openings, at)
    }
}

/// When the answer of [`Window::contains`] may next change for any of these: an edge of one, or the next midnight.
pub fn next_edge<'a>(windows: impl IntoIterator<Item = &'a Window>, after: NaiveDateTime) -> NaiveDateTime {
    let day = after.date();
    let midnight = (day + Days::new(1)).and_time(NaiveTime::MIN);
    let edges = windows.into_iter().flat_map(|window| [window.opens.0, window.closes.0]);
    let edges = edges.map(|minute| day.and_time(NaiveTime::MIN) + TimeDelta::minutes(i64::from(minute)));
    edges.filter(|edge| *edge > after).chain([midnight]).min().unwrap_or(midnight)
}

/// The wall clock of a store. Days of 23 and 25 hours need no care here: hours are wall-clock times.
pub fn local(now: DateTime<Utc>, zone: Tz) -> NaiveDateTime {
    now.with_timezone(&zone).naive_local()
}

/// Is one of the services running at this local time? Yesterday's may still be.
pub fn is_open(openings: &[Opening], at: NaiveDateTime) -> bool {
    let minute = i64::from(at.hour() * 60 + at.minute());
    let today = weekday(at.date());
    let yesterday = weekday(at.date() - Days::new(1));
    openings.iter().any(|o| {
        let within = |minute: i64| minute >= i64::from(o.opens) && minute < i64::from(o.closes);
        (o.weekday == today && within(minute)) || (o.weekday == yesterday && within(minute + 1440))
    })
}

/// When the next service begins after this local time, within a week.
pub fn next_opening(openings: &[Opening], after: NaiveDateTime) -> Option<NaiveDateTime> {
    let starts = (0..=7).flat_map(|ahead| {
        let day = after.date() + Days::new(ahead);
        let midnight = day.and_time(NaiveTime::MIN);
        openings.iter().filter(move |o| o.weekday == weekday(day)).map(move |o| midnight + TimeDelta::minutes(i64::from(o.opens)))
    });
    starts.filter(|start| *start > after).min()
}

/// The day a sale belongs to: before the cut-off it is still yesterday's service.
pub fn business_day(at: NaiveDateTime, cutoff: NaiveTime) -> NaiveDate {
    if at.time() < cutoff { at.date() - Days::new(1) } else { at.date() }
}

fn weekday(day: NaiveDate) -> Weekday {
    match day.weekday() {
        chrono::Weekday::Mon => Weekday::Monday,
        chrono::Weekday::Tue => Weekday::Tuesday,
        chrono::Weekday::Wed => Weekday::Wednesday,
        chrono::Weekday::Thu => Weekday::Thursday,
        chrono::Weekday::Fri => Weekday::Friday,
        chrono::Weekday::Sat => Weekday::Saturday,
        chrono::Weekday::Sun => Weekday::Sunday,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect("a test's time")
    }

    /// Friday 18:00 to Saturday 01:30.
    const FRIDAY_NIGHT: Opening = Opening { weekday: Weekday::Friday, opens: 1080, closes: 1530 };

    #[test]
    fn friday_night_ends_on_saturday() {
        let hours = [FRIDAY_NIGHT];
        assert!(!is_open(&hours, at("2026-11-27 17:59")));
        assert!(is_open(&hours, at("2026-11-27 18:00")));
        assert!(is_open(&hours, at("2026-11-28 01:29")));
        assert!(!is_open(&hours, at("2026-11-28 01:30")));
        assert!(!is_open(&hours, at("2026-11-27 00:30")), "Thursday had no service");
    }

    #[test]
    fn the_next_service_is_found_within_a_week() {
        let hours = [FRIDAY_NIGHT];
        assert_eq!(next_opening(&hours, at("2026-11-27 12:00")), Some(at("2026-11-27 18:00")));
        assert_eq!(next_opening(&hours, at("2026-11-27 18:00")), Some(at("2026-12-04 18:00")));
        assert_eq!(next_opening(&[], at("2026-11-27 12:00")), None);
    }

    #[test]
    fn a_window_goes_past_midnight_and_says_when_it_turns() {
        let night: Window =
            Window { weekdays: vec![Weekday::Friday], opens: ClockTime::from_minute(1320), closes: ClockTime::from_minute(60) };
        assert!(night.contains(at("2026-11-27 22:00")) && night.contains(at("2026-11-28 00:59")));
        assert!(!night.contains(at("2026-11-28 01:00")) && !night.contains(at("2026-11-26 23:00")));
        assert_eq!(next_edge([&night], at("2026-11-27 21:00")), at("2026-11-27 22:00"));
        assert_eq!(next_edge([&night], at("2026-11-27 22:00")), at("2026-11-28 00:00"));
        assert_eq!(next_edge([], at("2026-11-27 22:00")), at("2026-11-28 00:00"));
        for (text, good) in
            [("00:00", true), ("24:00", true), ("24:01", false), ("7:00", false), ("12:60", false), ("+7:-0", false), ("", false)]
        {
            assert_eq!(ClockTime::try_from(text.to_owned()).is_ok(), good, "{text}");
        }
    }

    #[test]
    fn the_business_day_turns_at_the_cutoff() {
        let cutoff = NaiveTime::from_hms_opt(5, 0, 0).expect("five o'clock");
        assert_eq!(business_day(at("2026-11-28 01:00"), cutoff), at("2026-11-27 00:00").date());
        assert_eq!(business_day(at("2026-11-28 05:00"), cutoff), at("2026-11-28 00:00").date());
    }

    #[test]
    fn summer_time_follows_the_wall_clock() {
        let zone = chrono_tz::Europe::Paris;
        let utc = |text: &str| at(text).and_utc();
        // 25 October 2026: at 01:00 UTC Paris turns back from 03:00 to 02:00.
        assert_eq!(local(utc("2026-10-25 00:30"), zone), at("2026-10-25 02:30"));
        assert_eq!(local(utc("2026-10-25 01:30"), zone), at("2026-10-25 02:30"));
        assert_eq!(local(utc("2026-10-25 17:00"), zone), at("2026-10-25 18:00"));
    }
}
