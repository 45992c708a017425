//! Every page has a rule, every rule a page.

#![allow(clippy::unwrap_used)]

use super::pages;
use crate::access::{PAGES, Rule, Who};
use std::collections::BTreeSet;

#[test]
fn every_page_has_a_rule_and_every_rule_a_page() {
    let routes: BTreeSet<&str> = pages().into_iter().map(|(path, _)| path).collect();
    let rules: BTreeSet<&str> = PAGES.iter().map(|rule| rule.path).collect();
    assert_eq!(routes, rules);
    assert_eq!((routes.len(), rules.len()), (pages().len(), PAGES.len()), "none stands there twice");
    let open = PAGES.iter().filter(|rule| rule.who == Who::Everybody).map(|rule| rule.path);
    assert_eq!(open.collect::<Vec<_>>(), ["/static/{file}", "/sign-in", "/sign-in/token", "/language"]);
    assert_eq!(Rule::of_page("/metrics"), None);
}
