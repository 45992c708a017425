//! Names of operators and cities, by the codes that pages have in their place.
//!
//! What always holds: a code is given once and never to another name; it is durable before a page has it.

use crate::store::{RegistrationChange, RegistrationFamily, RegistrationStore, StoreError};
use std::collections::HashMap;

/// What the key of a name begins with.
const OPERATOR: &[u8] = b"operator ";
const CITY: &[u8] = b"city ";

/// The names, by code and back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    operators: Vec<String>,
    cities: Vec<String>,
    operator_codes: HashMap<String, u8>,
    city_codes: HashMap<String, u16>,
}

impl Names {
    /// Most operators.
    pub const OPERATORS_MAX: usize = 250;
    /// Most cities: Indonesia has 514, and codes of districts fit too.
    pub const CITIES_MAX: usize = 65_000;

    /// Reads the names of a database.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(super) fn read(db: &RegistrationStore) -> Result<Self, StoreError> {
        let mut names = Self::default();
        for (prefix, is_operator) in [(OPERATOR, true), (CITY, false)] {
            for row in db.rows(RegistrationFamily::Meta, prefix)? {
                let (key, name) = row?;
                let Some(code) = key.strip_prefix(prefix) else { break };
                let damaged = || StoreError::Damaged {
                    path: db.path().to_owned(),
                    what: "the names of operators and cities have a gap".to_owned(),
                };
                let code = <[u8; 2]>::try_from(code).map(u16::from_be_bytes).map_err(|_| damaged())?;
                let name = String::from_utf8(name.into()).map_err(|_| damaged())?;
                let given =
                    if is_operator { names.operator_code(&name).map(u16::from) } else { names.city_code(&name) };
                if given != Some(code) {
                    return Err(damaged());
                }
            }
        }
        Ok(names)
    }

    /// The code of an operator, which gets one if it has none. `None`: there are too many.
    pub fn operator_code(&mut self, name: &str) -> Option<u8> {
        if let Some(code) = self.operator_codes.get(name) {
            return Some(*code);
        }
        let code = u8::try_from(self.operators.len()).ok().filter(|_| self.operators.len() < Self::OPERATORS_MAX)?;
        self.operators.push(name.to_owned());
        self.operator_codes.insert(name.to_owned(), code);
        Some(code)
    }

    /// The code of a city, which gets one if it has none; an empty name is 0. `None`: there are too many.
    pub fn city_code(&mut self, name: &str) -> Option<u16> {
        self.city_code_below(name, Self::CITIES_MAX)
    }

    /// How many cities there are.
    pub fn cities(&self) -> usize {
        self.cities.len()
    }

    /// The same, where there may be so many.
    pub(super) fn city_code_below(&mut self, name: &str, most: usize) -> Option<u16> {
        if name.is_empty() {
            return Some(0);
        }
        if let Some(code) = self.city_codes.get(name) {
            return Some(*code);
        }
        let code =
            u16::try_from(self.cities.len() + 1).ok().filter(|_| self.cities.len() < most.min(Self::CITIES_MAX))?;
        self.cities.push(name.to_owned());
        self.city_codes.insert(name.to_owned(), code);
        Some(code)
    }

    /// The name of an operator.
    pub fn operator(&self, code: u8) -> &str {
        self.operators.get(usize::from(code)).map_or("", String::as_str)
    }

    /// The code of an operator that has one.
    pub fn operator_of(&self, name: &str) -> Option<u8> {
        self.operator_codes.get(name).copied()
    }

    /// The name of a city; empty: not told.
    pub fn city(&self, code: u16) -> &str {
        usize::from(code).checked_sub(1).and_then(|at| self.cities.get(at)).map_or("", String::as_str)
    }

    /// The names of all operators, in the order of their codes.
    pub fn operators(&self) -> &[String] {
        &self.operators
    }

    /// The rows of what is new since an earlier state.
    pub(super) fn added_since(&self, before: &Self) -> Vec<RegistrationChange> {
        let row = |prefix: &[u8], code: usize, name: &String| RegistrationChange {
            family: RegistrationFamily::Meta,
            key: [prefix, &(code as u16).to_be_bytes()].concat(),
            value: Some(name.clone().into_bytes()),
        };
        let operators = self.operators.iter().enumerate().skip(before.operators.len());
        let cities = self.cities.iter().enumerate().skip(before.cities.len());
        let operators = operators.map(|(code, name)| row(OPERATOR, code, name));
        operators.chain(cities.map(|(at, name)| row(CITY, at + 1, name))).collect()
    }
}
