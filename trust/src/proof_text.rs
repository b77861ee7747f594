//! Proofs as text: JSON for people and programs, and one line for mails and labels.
//!
//! ```text
//! { "proof": "inclusion", "version": 1, "log": "01HX…", "position": 7, "size": 9, "leaf": "…", "path": ["…"], "root": "…" }
//! scoped-proof:AQEQDw4N…                                   base64 of the bytes that `scoped_log` defines
//! ```
//!
//! Both are read with a bound on their length first, and neither is believed: [`Proof`] says what holds.

use crate::{
    base64,
    checkpoint::{log_id, log_name},
};
use scoped_log::{
    Digest, Sequence,
    tree::{Consistency, Inclusion, PROOF_BYTES_MAX, Proof, ProofError},
};
use serde::{Deserialize, Serialize};

const COMPACT: &str = "scoped-proof:";
/// Version of the JSON form.
const VERSION: u32 = 1;
/// Longest text that is read as a proof.
pub const PROOF_TEXT_BYTES_MAX: usize = PROOF_BYTES_MAX / 3 * 4 + (64 << 10);
/// Digests of the highest tree.
const PATH_MAX: usize = 64;

#[derive(Serialize, Deserialize)]
#[serde(tag = "proof", rename_all = "snake_case", deny_unknown_fields)]
enum Json {
    Inclusion {
        version: u32,
        log: String,
        position: u64,
        size: u64,
        leaf: String,
        path: Vec<String>,
        /// Where the path leads: said for people, and compared.
        root: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        record: Option<String>,
    },
    Consistency {
        version: u32,
        log: String,
        old_size: u64,
        new_size: u64,
        old_root: String,
        new_root: String,
        path: Vec<String>,
    },
}

/// As JSON.
///
/// # Errors
/// [`ProofError::False`] for a proof that leads nowhere.
pub fn to_json(proof: &Proof) -> Result<serde_json::Value, ProofError> {
    let texts = |path: &[Digest]| path.iter().map(ToString::to_string).collect();
    let json = match proof {
        Proof::Inclusion(proof) => Json::Inclusion {
            version: VERSION,
            log: log_name(proof.log_id),
            position: proof.position.get(),
            size: proof.size,
            leaf: proof.leaf.to_string(),
            path: texts(&proof.path),
            root: proof.root()?.to_string(),
            record: proof.record.as_deref().map(base64::encode),
        },
        Proof::Consistency(proof) => Json::Consistency {
            version: VERSION,
            log: log_name(proof.log_id),
            old_size: proof.old_size,
            new_size: proof.new_size,
            old_root: proof.old_root.to_string(),
            new_root: proof.new_root.to_string(),
            path: texts(&proof.path),
        },
    };
    serde_json::to_value(json).map_err(|_| ProofError::Malformed("it cannot be written as JSON"))
}

/// As one line, without a line feed.
#[must_use]
pub fn to_line(proof: &Proof) -> String {
    format!("{COMPACT}{}", base64::encode(&proof.encode()))
}

/// Reads either form. Says nothing of whether the proof holds, except that a root it states is the one it leads to.
///
/// # Errors
/// [`ProofError`].
pub fn parse(bytes: &[u8]) -> Result<Proof, ProofError> {
    let malformed = ProofError::Malformed;
    if bytes.len() > PROOF_TEXT_BYTES_MAX {
        return Err(malformed("it is too long"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| malformed("it is not UTF-8"))?.trim_ascii();
    match text.strip_prefix(COMPACT) {
        Some(digits) => Proof::decode(&base64::decode(digits).ok_or(malformed("it is no base64"))?),
        None => {
            from_json(serde_json::from_str(text).map_err(|_| malformed("it is neither of the two forms"))?)
        }
    }
}

fn from_json(json: Json) -> Result<Proof, ProofError> {
    let malformed = ProofError::Malformed;
    let (version, name) = match &json {
        Json::Inclusion { version, log, .. } | Json::Consistency { version, log, .. } => (*version, log),
    };
    if version != VERSION {
        return Err(ProofError::Unsupported(u8::try_from(version).unwrap_or(u8::MAX)));
    }
    let log_id = log_id(name).ok_or(malformed("its log has no such name"))?;
    match json {
        Json::Inclusion { position, size, leaf, path, root, record, .. } => {
            let record = record.map(|text| base64::decode(&text).ok_or(malformed("its record is no base64")));
            let (leaf, path) = (digest(&leaf)?, digests(&path)?);
            let record = record.transpose()?;
            let proof = Inclusion { log_id, position: Sequence::new(position), size, leaf, path, record };
            if proof.root()? == digest(&root)? {
                Ok(Proof::Inclusion(proof))
            } else {
                Err(ProofError::False("it leads to another root than it says"))
            }
        }
        Json::Consistency { old_size, new_size, old_root, new_root, path, .. } => {
            let (old_root, new_root, path) = (digest(&old_root)?, digest(&new_root)?, digests(&path)?);
            Ok(Proof::Consistency(Consistency { log_id, old_size, new_size, old_root, new_root, path }))
        }
    }
}

fn digest(text: &str) -> Result<Digest, ProofError> {
    let sound = text.parse::<Digest>().ok().filter(|digest| digest.to_string() == text);
    sound.ok_or(ProofError::Malformed("a digest is 64 small hexadecimal digits"))
}

fn digests(path: &[String]) -> Result<Vec<Digest>, ProofError> {
    if path.len() > PATH_MAX {
        return Err(ProofError::Malformed("it has more digests than the highest tree"));
    }
    path.iter().map(|text| digest(text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proofs() -> [Proof; 3] {
        let (log_id, path) = (7, vec![Digest::new([1; 32]), Digest::new([2; 32])]);
        let leaf = Digest::new([3; 32]);
        let inclusion =
            Inclusion { log_id, position: Sequence::new(2), size: 4, leaf, path: path.clone(), record: None };
        let (old_root, new_root) = (Digest::new([4; 32]), Digest::new([5; 32]));
        [
            Proof::Inclusion(inclusion),
            Proof::Consistency(Consistency { log_id, old_size: 2, new_size: 4, old_root, new_root, path }),
            Proof::Consistency(Consistency {
                log_id,
                old_size: 4,
                new_size: 4,
                old_root,
                new_root,
                path: vec![],
            }),
        ]
    }

    #[test]
    fn both_forms_are_read_as_they_were_written() {
        for proof in proofs() {
            let json = to_json(&proof).unwrap();
            assert_eq!(parse(json.to_string().as_bytes()), Ok(proof.clone()));
            assert_eq!(parse(format!("{json:#}\n").as_bytes()), Ok(proof.clone()));
            assert_eq!(parse(format!("{}\n", to_line(&proof)).as_bytes()), Ok(proof));
        }
    }

    /// Golden: both forms of version 1.
    #[test]
    fn the_two_forms_are_frozen() {
        let golden = include_str!("golden/proofs.txt");
        let lines: Vec<String> =
            proofs().iter().flat_map(|proof| [to_json(proof).unwrap().to_string(), to_line(proof)]).collect();
        assert_eq!(golden, lines.join("\n") + "\n");
    }

    #[test]
    fn json_that_says_more_or_other_things_is_refused() {
        let sound = to_json(&proofs()[0]).unwrap();
        for (field, value) in [
            ("version", serde_json::json!(2)),
            ("log", serde_json::json!("x")),
            ("leaf", serde_json::json!("AA".repeat(32))),
            ("root", serde_json::json!("00".repeat(32))),
            ("path", serde_json::json!(vec!["00".repeat(32); 65])),
            ("record", serde_json::json!("x")),
            ("more", serde_json::json!(1)),
            ("position", serde_json::json!(9)),
            ("size", serde_json::json!(-1)),
        ] {
            let mut bad = sound.clone();
            bad[field] = value;
            assert!(parse(bad.to_string().as_bytes()).is_err(), "{field}");
        }
        for text in ["", "{}", "scoped-proof:", "scoped-proof:AQ==", "[1]", "\u{0}"] {
            assert!(parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
