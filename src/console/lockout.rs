//! Lockout: whoever fails to sign in waits longer each time.
//!
//! Failures are counted for the name and for the address. What always holds: an attempt counts before it is looked at, so that
//! many at a time are no way around; who has to wait costs nothing but this look-up; the memory is bounded, and what is counted
//! least gives way first.

use sha2::{Digest, Sha256};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Failures of a name before it waits.
const FREE_OF_NAME: u32 = 5;
/// Failures of an address before it waits: a whole call centre may have one.
const FREE_OF_ADDRESS: u32 = 25;
/// Longest wait.
const WAIT_MAX: Duration = Duration::from_secs(15 * 60);
/// How long after the last attempt failures are forgotten.
const FORGET: Duration = Duration::from_secs(24 * 3600);
/// Names and addresses that are counted.
const COUNTED_MAX: usize = 8_192;

/// Who is counted: the hash of a name or an address.
type Key = [u8; 16];

struct Failures {
    count: u32,
    last: Instant,
}

impl Failures {
    fn wait(&self, free: u32, now: Instant) -> Option<Duration> {
        let over = self.count.checked_sub(free)?;
        let wait = Duration::from_secs(1_u64 << over.min(10)).min(WAIT_MAX);
        wait.checked_sub(now.duration_since(self.last)).filter(|left| !left.is_zero())
    }
}

/// See the module.
#[derive(Default)]
pub(super) struct Lockout(Mutex<HashMap<Key, Failures>>);

/// An attempt that is under way: a failure until it is taken back.
pub(super) struct Attempt {
    name: Option<Key>,
    address: Key,
}

fn key(kind: &str, of: &str) -> Key {
    let hash = Sha256::new().chain_update(kind).chain_update([0]).chain_update(of).finalize();
    let mut key = Key::default();
    key.copy_from_slice(&hash[..size_of::<Key>()]);
    key
}

/// A network of the sixth version is one address: each has as many as it likes.
fn of_address(address: IpAddr) -> Key {
    match address.to_canonical() {
        IpAddr::V4(address) => key("v4", &address.to_string()),
        IpAddr::V6(address) => key("v6", &format!("{:x?}", &address.segments()[..4])),
    }
}

impl Lockout {
    /// Counts an attempt. `name`: none for a token, which nobody guesses.
    ///
    /// # Errors
    /// How long the asker has to wait.
    pub(super) fn attempt(&self, name: Option<&str>, address: IpAddr, now: Instant) -> Result<Attempt, Duration> {
        let attempt = Attempt { name: name.map(|name| key("name", name)), address: of_address(address) };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = |key: Option<&Key>, free| key.and_then(|key| all.get(key)?.wait(free, now));
        let waits = [wait(attempt.name.as_ref(), FREE_OF_NAME), wait(Some(&attempt.address), FREE_OF_ADDRESS)];
        if let Some(longest) = waits.into_iter().flatten().max() {
            return Err(longest);
        }
        for key in attempt.name.iter().chain([&attempt.address]) {
            if all.len() >= COUNTED_MAX && !all.contains_key(key) {
                make_room(&mut all, now);
            }
            let failures = all.entry(*key).or_insert(Failures { count: 0, last: now });
            if now.duration_since(failures.last) >= FORGET {
                failures.count = 0;
            }
            failures.count = failures.count.saturating_add(1);
            failures.last = now;
        }
        Ok(attempt)
    }

    /// The attempt was none to count: the name begins anew, and the address has one failure less.
    pub(super) fn succeed(&self, attempt: &Attempt) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = &attempt.name {
            all.remove(name);
        }
        if let Some(failures) = all.get_mut(&attempt.address) {
            failures.count = failures.count.saturating_sub(1);
        }
    }
}

fn make_room(all: &mut HashMap<Key, Failures>, now: Instant) {
    all.retain(|_, failures| now.duration_since(failures.last) < FORGET && failures.count > 0);
    if all.len() >= COUNTED_MAX {
        let least = all.iter().min_by_key(|(_, failures)| (failures.count, failures.last)).map(|(key, _)| *key);
        least.map(|key| all.remove(&key));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));

    fn elsewhere(at: u32) -> IpAddr {
        IpAddr::V4((0x0b00_0000 + at).into())
    }

    #[test]
    fn a_name_waits_longer_each_time_from_wherever_it_is_tried() {
        let (lockout, mut now) = (Lockout::default(), Instant::now());
        let mut waits = Vec::new();
        for at in 0..20 {
            while let Err(wait) = lockout.attempt(Some("siti"), elsewhere(at), now) {
                waits.push(wait.as_secs());
                now += wait;
            }
        }
        assert_eq!(waits[..6], [1, 2, 4, 8, 16, 32], "five are free");
        assert_eq!(waits.last(), Some(&WAIT_MAX.as_secs()));
        assert!(lockout.attempt(Some("budi"), elsewhere(99), now).is_ok(), "another name does not wait");
        assert!(lockout.attempt(None, elsewhere(99), now).is_ok(), "nor does a token");
    }

    #[test]
    fn an_address_waits_whatever_names_it_tries_and_success_is_no_failure() {
        let (lockout, now) = (Lockout::default(), Instant::now());
        for at in 0..FREE_OF_ADDRESS {
            assert!(lockout.attempt(Some(&format!("name-{at}")), HERE, now).is_ok());
        }
        assert!(lockout.attempt(Some("name-x"), HERE, now).is_err() && lockout.attempt(None, HERE, now).is_err());
        for _ in 0..1_000 {
            let attempt = lockout.attempt(Some("siti"), elsewhere(1), now).unwrap();
            lockout.succeed(&attempt);
        }
    }

    #[test]
    fn the_memory_is_bounded_and_who_waits_is_not_washed_out() {
        let (lockout, now) = (Lockout::default(), Instant::now());
        while lockout.attempt(Some("siti"), elsewhere(0), now).is_ok() {}
        for at in 1..2 * COUNTED_MAX as u32 {
            let _ = lockout.attempt(Some(&format!("name-{at}")), elsewhere(at), now);
        }
        assert!(lockout.0.lock().unwrap().len() <= COUNTED_MAX);
        assert!(lockout.attempt(Some("siti"), elsewhere(0), now).is_err());
    }
}
