//! Whole numbers that JSON can write and this engine cannot keep.
//!
//! A number in JSON has as many digits as its writer likes. Here a whole number is a `u64` or an `i64`, and the parser makes a double of
//! what is larger: `18446744073709551616` would be stored as `1.8446744073709552e+19`, another text and often another number, and nobody
//! would hear of it. So text is looked at before it is parsed, wherever new data comes in as text. With a fraction or an exponent the
//! nearest double is what was asked for (decision 0050).

use scoped_projections::shown;

/// A whole number needs at least so many digits to be too large for 64 bits.
const DIGITS_MIN: usize = 19;

/// The first whole number of a JSON text that neither 64-bit type holds: where it begins, in bytes, and what is wrong with it. Text that is no
/// JSON is the parser's to refuse.
pub(crate) fn first_too_large(json: &str) -> Option<(usize, String)> {
    let (bytes, mut at) = (json.as_bytes(), 0);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = behind_text(bytes, at),
            b'-' | b'0'..=b'9' => {
                let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
                let length = bytes[at..].iter().take_while(|byte| is_part(byte)).count();
                let number = json.get(at..at + length)?;
                if length >= DIGITS_MIN && is_whole(number) && !fits(number) {
                    let message = format!(
                        "`{}` does not fit into 64 bits: write it as text, or with an exponent",
                        shown(number)
                    );
                    return Some((at, message));
                }
                at += length;
            }
            _ => at += 1,
        }
    }
    None
}

/// Behind the text that begins at a quote.
fn behind_text(bytes: &[u8], quote: usize) -> usize {
    let mut at = quote + 1;
    loop {
        match bytes.get(at) {
            Some(b'\\') => at += 2,
            Some(b'"') | None => return at + 1,
            Some(_) => at += 1,
        }
    }
}

fn is_whole(number: &str) -> bool {
    !number.contains(['.', 'e', 'E'])
}

fn fits(number: &str) -> bool {
    number.parse::<u64>().is_ok() || number.parse::<i64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_beyond_64_bits_are_found_where_they_stand_and_nothing_else_is() {
        for kept in [
            "18446744073709551615",
            "-9223372036854775808",
            "[0, 1e400, 18446744073709551616.0, 1.8446744073709552e+19, 99999999999999999999e0]",
            r#"{"18446744073709551616": "18446744073709551616 \" 18446744073709551616", "k\\": 1}"#,
            "no JSON",
            "\"",
            "\"\\",
            "",
        ] {
            assert_eq!(first_too_large(kept), None, "{kept}");
        }
        for (json, at) in [
            ("18446744073709551616", 0),
            ("-9223372036854775809", 0),
            (r#"{"a\"": [1, 2, 100000000000000000000]}"#, 15),
            ("-18446744073709551615", 0),
        ] {
            let (found, message) = first_too_large(json).map_or((usize::MAX, String::new()), |found| found);
            assert_eq!(found, at, "{json}");
            assert!(message.contains("64 bits"), "{message}");
        }
        assert!(first_too_large(&"9".repeat(1 << 20)).is_some_and(|(_, message)| message.len() < 200));
    }
}
