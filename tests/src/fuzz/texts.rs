//! Any bytes where a record, a proof, a checkpoint, a key or a line of commands belongs: no panic, and one form of everything.

use scoped::log::tree::{Proof, stored_leaf};
use scoped::{Sequence, parse_line, write_line};
use scoped_trust::{Checkpoint, Note, PublicKey, Signer, proof_text, rotation};

/// Bytes as one stored record.
pub fn record(input: &[u8]) {
    if let Some((position, leaf)) = stored_leaf(input) {
        assert_eq!(stored_leaf(input), Some((position, leaf)));
        assert!(stored_leaf(&[input, &[0; 32]].concat()).is_none(), "a record ends where it says");
    }
}

/// Bytes as a proof in any of its forms.
pub fn proof(input: &[u8]) {
    if let Ok(proof) = Proof::decode(input) {
        assert_eq!(proof.encode(), input, "a proof has one encoding");
        holds(&proof);
    }
    if let Ok(proof) = proof_text::parse(input) {
        assert_eq!(proof_text::parse(proof_text::to_line(&proof).as_bytes()), Ok(proof.clone()));
        if let Ok(json) = proof_text::to_json(&proof) {
            assert_eq!(proof_text::parse(json.to_string().as_bytes()), Ok(proof.clone()));
        }
        holds(&proof);
    }
}

fn holds(proof: &Proof) {
    match proof {
        Proof::Inclusion(proof) => drop(proof.root()),
        Proof::Consistency(proof) => drop(proof.check()),
    }
}

/// Bytes as a checkpoint, a note, a statement of rotation, a key.
pub fn checkpoint(input: &[u8]) {
    let known = Signer::from_seed("known", &[1; 32]).map(|signer| signer.public());
    if let Ok(note) = Note::parse(input) {
        assert_eq!(note.to_string().as_bytes(), input, "a note has one form");
        if let Ok(known) = &known {
            let _ = note.check(std::slice::from_ref(known));
            let _ = rotation::successor(&note, known);
        }
    }
    if let Ok(checkpoint) = Checkpoint::parse(input) {
        assert_eq!(checkpoint.to_string().as_bytes(), input, "a checkpoint has one form");
        let again = Checkpoint::of(*checkpoint.head());
        let text = again.map(|again| again.note().text().to_owned()).unwrap_or_default();
        assert!(checkpoint.note().text().starts_with(&text), "its head gives its lines");
    }
    if let Ok(text) = std::str::from_utf8(input) {
        if let Ok(key) = text.parse::<PublicKey>() {
            assert_eq!(key.to_string(), text);
        }
        let _ = Signer::from_secret_text(text);
    }
}

/// Bytes as one line of a commands file.
pub fn line(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match parse_line(text) {
        Ok((batch, at)) => {
            let written = write_line(&batch, Sequence::new(at)).expect("what was read can be written");
            assert_eq!(parse_line(&written), Ok((batch, at)), "a line reads the same again: {written}");
        }
        Err(error) => assert!((1..=text.len() + 1).contains(&error.column), "{error} of {text}"),
    }
}
