//! The languages of the chain and texts that exist in each.

use serde::{Deserialize, Serialize};

words! {
    /// BCP 47 language of texts and messages.
    Language {
        Fr = "fr",
        En = "en",
    }
}

impl Language {
    /// The first language of an `Accept-Language` header (RFC 9110, 12.5.4) that we speak, by weight; French without one.
    pub fn accepted(header: Option<&str>) -> Language {
        let Some(header) = header else { return Language::Fr };
        let mut best: Option<(i32, Language)> = None;
        for range in header.split(',') {
            let mut parts = range.split(';');
            let tag = parts.next().unwrap_or("").trim().to_ascii_lowercase();
            let weight = parts.find_map(|p| p.trim().strip_prefix("q=")).map_or(1000, thousandths);
            let language = match tag.split('-').next() {
                Some("fr" | "*") => Language::Fr,
                Some("en") => Language::En,
                _ => continue,
            };
            if weight > 0 && best.is_none_or(|(w, _)| weight > w) {
                best = Some((weight, language));
            }
        }
        best.map_or(Language::Fr, |(_, language)| language)
    }
}

/// A quality value such as `0.85` in thousandths; nonsense counts as 0.
fn thousandths(weight: &str) -> i32 {
    let (whole, fraction) = weight.trim().split_once('.').unwrap_or((weight.trim(), ""));
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    match (whole.parse::<i32>(), digits.parse::<i32>()) {
        (Ok(whole @ 0..=1), Ok(fraction)) => whole * 1000 + fraction,
        _ => 0,
    }
}

/// A text in every language of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    #[schema(min_length = 1, max_length = 2000, pattern = r"\S", example = "Reine")]
    pub fr: String,
    #[schema(min_length = 1, max_length = 2000, pattern = r"\S", example = "Reine")]
    pub en: String,
}

impl Text {
    pub fn get(&self, language: Language) -> &str {
        match language {
            Language::Fr => &self.fr,
            Language::En => &self.en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_chooses() {
        for (header, language) in [
            (None, Language::Fr),
            (Some("en"), Language::En),
            (Some("de, en-GB;q=0.8, fr;q=0.7"), Language::En),
            (Some("en;q=0.3,fr-FR;q=0.9"), Language::Fr),
            (Some("en;q=0"), Language::Fr),
            (Some("zz;;q=,"), Language::Fr),
            (Some("en;q=9999999"), Language::Fr),
        ] {
            assert_eq!(Language::accepted(header), language, "{header:?}");
        }
    }
}
