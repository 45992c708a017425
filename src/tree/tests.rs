//! The tree against RFC 9162 as its text has it, and the refusal of everything that was altered.

#![allow(clippy::unwrap_used)]

use super::*;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use std::convert::Infallible;

/// RFC 9162, 2.1.1: MTH of a list of entries, recursively.
fn mth(entries: &[Vec<u8>]) -> Hash {
    match entries {
        [] => Sha256::digest([]).into(),
        [one] => Sha256::new().chain_update([0]).chain_update(one).finalize().into(),
        more => {
            let (left, right) = more.split_at(split(more.len()));
            Sha256::new().chain_update([1]).chain_update(mth(left)).chain_update(mth(right)).finalize().into()
        }
    }
}

/// The largest power of two smaller than n.
fn split(n: usize) -> usize {
    (0..).map(|bit| 1 << bit).take_while(|power| *power < n).last().unwrap()
}

/// RFC 9162, 2.1.3.1: PATH(m, D_n).
fn path(m: usize, entries: &[Vec<u8>]) -> Vec<Hash> {
    if entries.len() == 1 {
        return Vec::new();
    }
    let (left, right) = entries.split_at(split(entries.len()));
    let (mut below, beside) =
        if m < left.len() { (path(m, left), mth(right)) } else { (path(m - left.len(), right), mth(left)) };
    below.push(beside);
    below
}

/// RFC 9162, 2.1.4.1: SUBPROOF(m, D_n, b).
fn subproof(m: usize, entries: &[Vec<u8>], is_known: bool) -> Vec<Hash> {
    if m == entries.len() {
        return if is_known { Vec::new() } else { vec![mth(entries)] };
    }
    let (left, right) = entries.split_at(split(entries.len()));
    let (mut below, beside) = if m <= left.len() {
        (subproof(m, left, is_known), mth(right))
    } else {
        (subproof(m - left.len(), right, false), mth(left))
    };
    below.push(beside);
    below
}

struct Stored(Vec<Hash>);

impl StoredHashes for Stored {
    type Error = Infallible;

    fn stored_hash(&self, number: u64) -> Result<Hash, Infallible> {
        Ok(self.0[number as usize])
    }
}

/// Appends all; the numbers of what is to be stored must rise by one.
fn stored(entries: &[Vec<u8>]) -> (Stored, Edge) {
    let (mut stored, mut edge) = (Stored(Vec::new()), Edge::default());
    for entry in entries {
        for (number, hash) in edge.append(entry) {
            assert_eq!(number, stored.0.len() as u64);
            stored.0.push(hash);
        }
        assert_eq!(stored.0.len() as u64, stored_count(edge.size()));
    }
    (stored, edge)
}

/// No two alike: entries have their number in them.
fn some_entries() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let entries = prop::collection::vec(prop::collection::vec(any::<u8>(), 0..5), 1..70);
    entries.prop_map(|entries| (0_u8..).zip(entries).map(|(n, entry)| [&[n], entry.as_slice()].concat()).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn heads_are_those_of_the_rfc(entries in some_entries()) {
        let (stored, edge) = stored(&entries);
        for size in 0..=entries.len() {
            let head = Head { size: size as u64, root: mth(&entries[..size]) };
            prop_assert_eq!(head_at(size as u64, &stored).unwrap(), head);
        }
        prop_assert_eq!(edge.head().root, mth(&entries));
        prop_assert_eq!(Edge::read(edge.size(), &stored).unwrap(), edge);
    }

    #[test]
    fn inclusion_is_that_of_the_rfc(entries in some_entries(), at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let (stored, _) = stored(&entries);
        let size = 1 + at.index(entries.len());
        let head = head_at(size as u64, &stored).unwrap();
        for (index, entry) in entries[..size].iter().enumerate() {
            let proof = Inclusion::prove(index as u64 + 1, size as u64, &stored).unwrap();
            prop_assert_eq!(&proof.path, &path(index, &entries[..size]));
            prop_assert!(proof.holds(entry, &head));
            let altered = [entry.as_slice(), &[bit]].concat();
            prop_assert!(!proof.holds(&altered, &head));
            let (next, longer) = (
                Inclusion { seq: proof.seq + 1, ..proof.clone() },
                Head { size: head.size + 1, ..head },
            );
            prop_assert!(!next.holds(entry, &head));
            prop_assert!(!proof.holds(entry, &longer));
            for hash in 0..proof.path.len() {
                let mut wrong = proof.clone();
                wrong.path[hash][usize::from(bit)] ^= 1 << bit;
                prop_assert!(!wrong.holds(entry, &head));
            }
        }
    }

    #[test]
    fn consistency_is_that_of_the_rfc(entries in some_entries(), bit in 0_u8..8) {
        let (stored, edge) = stored(&entries);
        let newer = edge.head();
        for size in 1..=entries.len() {
            let older = head_at(size as u64, &stored).unwrap();
            let proof = Consistency::prove(size as u64, newer.size, &stored).unwrap();
            prop_assert_eq!(&proof.path, &subproof(size, &entries, true));
            prop_assert!(proof.holds(&older, &newer));
            for hash in 0..proof.path.len() {
                let mut wrong = proof.clone();
                wrong.path[hash][usize::from(bit)] ^= 1 << bit;
                prop_assert!(!wrong.holds(&older, &newer));
            }
            let mut other = older;
            other.root[0] ^= 1;
            prop_assert!(!proof.holds(&other, &newer));
        }
    }

    /// What was altered, dropped or reordered before the older head is never consistent with it.
    #[test]
    fn another_past_is_found(entries in some_entries(), at in any::<prop::sample::Index>(), how in 0..3) {
        let (original, _) = stored(&entries);
        let at = at.index(entries.len());
        let older = head_at(at as u64 + 1, &original).unwrap();
        let mut other = entries.clone();
        match how {
            0 => other[at].push(0),
            1 => other.insert(at, b"slipped in".to_vec()),
            _ => other[at] = b"put in its place".to_vec(),
        }
        let (rebuilt, edge) = stored(&other);
        let proof = Consistency::prove(older.size, edge.size(), &rebuilt).unwrap();
        prop_assert!(!proof.holds(&older, &edge.head()));
    }

    #[test]
    fn texts_are_read_back(entries in some_entries(), at in any::<prop::sample::Index>()) {
        let (stored, edge) = stored(&entries);
        let seq = 1 + at.index(entries.len()) as u64;
        let note = signer().sign(edge.head()).unwrap().note().to_owned();
        let inclusion = Inclusion::prove(seq, edge.size(), &stored).unwrap();
        let entry = entries[seq as usize - 1].clone();
        let proof = Proof::Inclusion { seq, entry, path: inclusion.path, note: note.clone() };
        prop_assert_eq!(&Proof::from_text(&proof.to_text()).unwrap(), &proof);
        let consistency = Consistency::prove(seq, edge.size(), &stored).unwrap();
        let proof = Proof::Consistency { from: seq, path: consistency.path, note };
        prop_assert_eq!(&Proof::from_text(&proof.to_text()).unwrap(), &proof);
    }
}

fn signer() -> Signer {
    let key = NewKey::generate("saring/0123").unwrap();
    Signer::new(&key.secret, Verifier::parse(&key.public).unwrap()).unwrap()
}

#[test]
fn a_checkpoint_is_a_note_of_its_key_and_register() {
    let (ours, other) = (signer(), signer());
    let head = Head { size: 7, root: [9; 32] };
    let signed = ours.sign(head).unwrap();
    assert!(
        signed
            .note()
            .starts_with("saring/0123\n7\nCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\n\n\u{2014} saring/0123 ")
    );
    assert_eq!(Checkpoint::open(signed.note(), ours.public()).unwrap(), signed);
    assert_eq!(signed.head(), head);
    assert!(matches!(Checkpoint::open(signed.note(), other.public()), Err(CheckpointError::Unsigned { .. })));
    for (from, to) in [("7", "8"), ("CQkJ", "CQkK"), ("saring/0123\n7", "saring/0124\n7"), ("\n\n", "\n")] {
        let altered = signed.note().replacen(from, to, 1);
        assert!(Checkpoint::open(&altered, ours.public()).is_err(), "{altered}");
    }
    let text = signed.note();
    for cut in text.char_indices().map(|(at, _)| at) {
        assert!(Checkpoint::open(&text[..cut], ours.public()).is_err(), "cut after {cut}");
    }
}

#[test]
fn halves_of_two_keys_are_no_key() {
    let (one, two) = (NewKey::generate("saring/1").unwrap(), NewKey::generate("saring/1").unwrap());
    let pair = |secret: &str, public: &str| Signer::new(secret, Verifier::parse(public).unwrap());
    assert!(pair(&one.secret, &one.public).is_ok());
    assert!(matches!(pair(&one.secret, &two.public), Err(KeyError::Pair(_))));
    assert!(matches!(pair(&one.public, &one.public), Err(KeyError::Secret(_))));
    for line in ["", "saring/1", "saring/1+00000000+AAAA", &one.public.replace("saring/1", "saring/2")] {
        assert!(matches!(Verifier::parse(line), Err(KeyError::Public(_))), "{line}");
    }
}

#[test]
fn what_is_not_in_the_tree_has_no_proof() {
    let (stored, _) = stored(&[vec![1], vec![2], vec![3]]);
    for seq in [0, 4, u64::MAX] {
        assert_eq!(Inclusion::prove(seq, 3, &stored), Err(ProofError::Range { about: seq, size: 3 }));
        assert_eq!(Consistency::prove(seq, 3, &stored), Err(ProofError::Range { about: seq, size: 3 }));
    }
}

#[test]
fn other_texts_are_refused_by_line() {
    let lines = |text: &str| Proof::from_text(text).unwrap_err().line;
    assert_eq!(lines(""), 1);
    assert_eq!(lines("old 07\n\nnote"), 1);
    assert_eq!(lines("old 7\nAAAA\n\nnote"), 2);
    assert_eq!(lines("c2sp.org/tlog-proof@v1\nindex 1\n\nnote"), 2);
    assert_eq!(lines("c2sp.org/tlog-proof@v1\nextra AA==\nindex x\n\nnote"), 3);
    assert_eq!(lines("c2sp.org/tlog-proof@v1\nextra AA==\nindex 18446744073709551615\n\nnote"), 3);
    assert_eq!(lines("c2sp.org/tlog-proof@v1\nextra AA==\nindex 1\n-\n\nnote"), 4);
}
