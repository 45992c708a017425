//! The report: what stands in it, and what must not.

#![allow(clippy::unwrap_used)]
use super::*;
use crate::bench::plan::tests::measurements;

#[test]
fn a_report_stands_by_itself_and_holds_every_figure() {
    let html = report(&measurements()).unwrap();
    assert!(html.starts_with("<!doctype html>") && html.ends_with("</html>\n"));
    for forbidden in ["http://", "https://", "<script", "<link", "@import", "url("] {
        // The name of SVG's words is no address that is fetched.
        let bare = html.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
        assert!(!bare.contains(forbidden), "{forbidden}");
    }
    assert_eq!(html.matches("<svg").count(), measurements().sweeps.len());
    for figure in ["10 µs", "100 ns", "75 k/s", "knee 75 k/s", "1.0", "953.67"] {
        assert!(html.contains(figure), "{figure} is missing");
    }
    for tag in ["table", "tr", "td", "figure", "section", "details", "main"] {
        let (opened, closed) = (html.matches(&format!("<{tag}")).count(), html.matches(&format!("</{tag}>")).count());
        assert!(opened >= closed && closed > 0, "<{tag}> {opened}, {closed}");
    }
}

#[test]
fn what_stands_in_the_file_is_text_and_no_markup() {
    let mut all = measurements();
    all.machine.processor = "<script>alert(1)</script> & \"more\"".into();
    all.command = "saring bench all --dir '<b>'".into();
    let html = report(&all).unwrap();
    assert!(!html.contains("<script>") && !html.contains("<b>'"));
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;more&quot;"));
    all.machine.optimised = false;
    assert!(report(&all).unwrap().contains("not an optimised one"));
}

#[test]
fn numbers_are_short_and_have_units() {
    assert_eq!([0.0, 7.0, 7.25, 1234.0, 159e6, 2e9].map(short), ["0", "7", "7.25", "1.23 k", "159 M", "2 bn"]);
    assert_eq!([512.0, 1536.0, 3.0 * 1073741824.0].map(bytes), ["512 B", "1.50 KiB", "3 GiB"]);
    assert_eq!([85.4, 4_600.0, 2.5e9].map(nanos), ["85.4 ns", "4.60 µs", "2.50 s"]);
}

#[test]
fn a_machine_is_full_when_its_memory_is() {
    let cost = Cost { imeis: 1000, memory_bytes: 2000, resident_bytes: 2500, ..Cost::default() };
    assert_eq!(fits(&cost, 10_000.0), 3500.0, "7,500 less 500 beside, at 2 each");
    assert_eq!(fits(&cost, 100.0), 0.0);
}
