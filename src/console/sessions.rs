//! Sessions: who is signed in at the console, in memory.
//!
//! A browser holds a random id of 256 bits in a cookie; here lies its SHA-256, so that a copy of the memory lets nobody in.
//! What always holds: an id is made at sign-in and never taken from a browser; a session ends by itself, after a time without a
//! request and after a whole shift; so many sessions at most, of one principal and of all; who is behind it is asked of
//! the register at every request.

use crate::{
    check::When,
    identity::{Imsi, Msisdn},
    principal::TokenHash,
};
use sha2::{Digest, Sha256};
use std::{
    collections::{HashMap, VecDeque},
    fmt::Write as _,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How long a session lives without a request.
pub(super) const IDLE_MAX: Duration = Duration::from_secs(30 * 60);
/// How long a session lives at most: a shift with the hand-over.
pub(super) const AGE_MAX: Duration = Duration::from_secs(10 * 3600);
/// Sessions of all principals.
const SESSIONS_MAX: usize = 4_096;
/// Sessions of one principal.
const OF_ONE_MAX: usize = 8;
/// Searches that a session remembers.
const SEARCHES_MAX: usize = 32;

/// What a session is known by here: the SHA-256 of its id.
pub(super) type SessionKey = [u8; 32];

/// How the one who is signed in showed who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// By a token, which has to count still.
    Token(TokenHash),
    /// By the password of the name.
    Password,
}

/// What an agent looks up; the result's address has none of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Search {
    /// What was typed or scanned.
    pub(super) text: String,
    /// The number, for the verdict of a device.
    pub(super) msisdn: Option<Msisdn>,
    /// The SIM, for the verdict of a device.
    pub(super) imsi: Option<Imsi>,
    /// The operator whose answer comes first.
    pub(super) operator: Option<String>,
    /// The moment and the state of the register.
    pub(super) when: When,
}

/// A session as a request meets it.
#[derive(Clone, Debug)]
pub(super) struct Visit {
    pub(super) key: SessionKey,
    pub(super) name: String,
    pub(super) shown: Shown,
    /// What every form of the session carries.
    pub(super) csrf: String,
}

struct Session {
    name: String,
    shown: Shown,
    csrf: String,
    begun: Instant,
    seen: Instant,
    searches: VecDeque<(String, Search)>,
}

impl Session {
    fn lives(&self, now: Instant) -> bool {
        now.duration_since(self.begun) < AGE_MAX && now.duration_since(self.seen) < IDLE_MAX
    }
}

/// See the module.
#[derive(Default)]
pub(super) struct Sessions(Mutex<HashMap<SessionKey, Session>>);

/// So many random bytes in hexadecimal digits.
///
/// # Errors
/// When the system gives no random numbers.
pub(super) fn random<const BYTES: usize>() -> Result<String, getrandom::Error> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes)?;
    Ok(hex(&bytes))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn key_of(id: &str) -> SessionKey {
    Sha256::digest(id).into()
}

impl Sessions {
    fn all(&self) -> MutexGuard<'_, HashMap<SessionKey, Session>> {
        // A thread that panicked in here left whole sessions behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a session and gives its id, for the cookie.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub(super) fn open(&self, name: &str, shown: Shown, now: Instant) -> Result<String, getrandom::Error> {
        let (id, csrf) = (random::<32>()?, random::<32>()?);
        let mut all = self.all();
        all.retain(|_, session| session.lives(now));
        while all.values().filter(|session| session.name == name).count() >= OF_ONE_MAX {
            drop_oldest(&mut all, |session| session.name == name);
        }
        if all.len() >= SESSIONS_MAX {
            drop_oldest(&mut all, |_| true);
        }
        let name = name.to_owned();
        all.insert(key_of(&id), Session { name, shown, csrf, begun: now, seen: now, searches: VecDeque::new() });
        Ok(id)
    }

    /// The session of an id, which lives on from now.
    pub(super) fn visit(&self, id: &str, now: Instant) -> Option<Visit> {
        let key = key_of(id);
        let mut all = self.all();
        if !all.get(&key)?.lives(now) {
            all.remove(&key);
            return None;
        }
        let session = all.get_mut(&key)?;
        session.seen = now;
        let Session { name, shown, csrf, .. } = session;
        Some(Visit { key, name: name.clone(), shown: *shown, csrf: csrf.clone() })
    }

    /// Ends a session.
    pub(super) fn close(&self, key: &SessionKey) {
        self.all().remove(key);
    }

    /// Ends the sessions of a principal, but this one.
    pub(super) fn close_others(&self, name: &str, keep: &SessionKey) {
        self.all().retain(|key, session| session.name != name || key == keep);
    }

    /// Remembers a search and gives the name of its result. `None`: the session has ended, or there are no random numbers.
    pub(super) fn keep(&self, key: &SessionKey, search: Search) -> Option<String> {
        let mut all = self.all();
        let searches = &mut all.get_mut(key)?.searches;
        if let Some((id, _)) = searches.iter().find(|(_, kept)| *kept == search) {
            return Some(id.clone());
        }
        let id = random::<8>().ok()?;
        if searches.len() >= SEARCHES_MAX {
            searches.pop_front();
        }
        searches.push_back((id.clone(), search));
        Some(id)
    }

    /// A search that the session remembers.
    pub(super) fn search(&self, key: &SessionKey, id: &str) -> Option<Search> {
        let all = self.all();
        let mut searches = all.get(key)?.searches.iter();
        searches.find(|(kept, _)| kept == id).map(|(_, search)| search.clone())
    }
}

fn drop_oldest(all: &mut HashMap<SessionKey, Session>, of: impl Fn(&Session) -> bool) {
    let oldest = all.iter().filter(|(_, session)| of(session)).min_by_key(|(_, session)| session.seen);
    if let Some(key) = oldest.map(|(key, _)| *key) {
        all.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_session_ends_when_it_idles_and_after_a_shift() {
        let (sessions, begun) = (Sessions::default(), Instant::now());
        let id = sessions.open("siti", Shown::Password, begun).unwrap();
        assert!(sessions.visit(&id, begun + IDLE_MAX - SECOND).is_some());
        assert!(sessions.visit(&id, begun + 2 * IDLE_MAX - 2 * SECOND).is_some(), "a request keeps it alive");
        assert!(sessions.visit(&id, begun + 3 * IDLE_MAX).is_none());
        assert!(sessions.visit(&id, begun).is_none(), "what has ended does not come back");
        let id = sessions.open("siti", Shown::Password, begun).unwrap();
        let mut now = begun;
        while now + IDLE_MAX / 2 < begun + AGE_MAX {
            now += IDLE_MAX / 2;
            assert!(sessions.visit(&id, now).is_some());
        }
        assert!(sessions.visit(&id, begun + AGE_MAX).is_none());
    }

    #[test]
    fn so_many_sessions_at_most_and_the_oldest_give_way() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let ids: Vec<_> = (0..2 * OF_ONE_MAX as u32)
            .map(|at| sessions.open("siti", Shown::Password, now + at * SECOND).unwrap())
            .collect();
        let later = now + 60 * SECOND;
        let alive = ids.iter().map(|id| sessions.visit(id, later).is_some());
        assert_eq!(alive.collect::<Vec<_>>(), [vec![false; OF_ONE_MAX], vec![true; OF_ONE_MAX]].concat());
        for at in 0..SESSIONS_MAX + 100 {
            sessions.open(&format!("agent-{at}"), Shown::Password, later).unwrap();
        }
        assert_eq!(sessions.all().len(), SESSIONS_MAX);
    }

    #[test]
    fn a_search_belongs_to_its_session() {
        let (sessions, now) = (Sessions::default(), Instant::now());
        let ids = ["siti", "budi"].map(|name| sessions.open(name, Shown::Password, now).unwrap());
        let [siti, budi] = ids.map(|id| sessions.visit(&id, now).unwrap());
        assert_ne!(siti.csrf, budi.csrf);
        let of = |text: &str| Search { text: text.into(), ..Search::default() };
        let first = sessions.keep(&siti.key, of("0")).unwrap();
        assert_eq!(sessions.search(&siti.key, &first), Some(of("0")));
        assert_eq!(sessions.keep(&siti.key, of("0")), Some(first.clone()), "the same again has the same name");
        assert_eq!(sessions.search(&budi.key, &first), None);
        for at in 1..=SEARCHES_MAX {
            sessions.keep(&siti.key, of(&at.to_string())).unwrap();
        }
        assert_eq!(sessions.search(&siti.key, &first), None, "the oldest is forgotten");
        sessions.close(&siti.key);
        assert_eq!(sessions.keep(&siti.key, of("0")), None);
        sessions.close_others("budi", &budi.key);
        assert!(sessions.keep(&budi.key, of("0")).is_some());
        sessions.close_others("budi", &siti.key);
        assert_eq!(sessions.keep(&budi.key, of("0")), None);
    }
}
