//! `saring history` and `saring capacity`, as people meet them.

use crate::support::{ANI, Register};

#[test]
fn the_story_of_a_device_and_of_a_number() {
    let register = Register::new();
    register.import("registered", "imei,imei2\n35440031000001,35440031000002\n", "--document TPP-1");
    register.import("stolen", "imei,reporting_date,operator\n35440031000001,2026-01-01,xl\n", "--document LP-7");
    register.import("pairing", "imei,msisdn\n35440031000001,6281234567801\n", "--operator xl");
    let told = register.run("history 35-440031-000001").ok();
    let lines: Vec<&str> = told.out.lines().collect();
    assert_eq!(lines.len(), 4, "{told:?}");
    for (line, words) in lines.iter().zip([
        ["listed: batch 3 in force (registered, tpp-import", "document TPP-1) by bootstrap, approved by bootstrap"],
        ["the same phone as 35440031000002", "document TPP-1"],
        ["listed: batch 5 in force (stolen, stolen, operator xl, document LP-7)", " WIB  1.6 "],
        ["paired with 62812*****801: batch 7 in force", "operator xl"],
    ]) {
        words.iter().for_each(|word| assert!(line.contains(word), "{word:?} in {line:?}"));
    }
    let of_number = register.run(&format!("history {ANI} --json")).ok().json();
    assert_eq!(of_number.as_array().unwrap().len(), 1);
    assert_eq!(of_number[0]["imei"].as_str().unwrap().get(..14), Some("35440031000001"));
    assert_eq!(of_number[0]["what"], "paired with 62812*****801");
    assert_eq!(register.run("history 6281399999999").ok().out, "nothing was ever said of it\n");
    register.run("history 0812x").refused(2, &["cannot be read"]);
    // This number is nobody's of whom nothing may be written.
    register.import("pairing", "imei,msisdn\n35440031000001,6281399999999\n", "--operator xl");
    let shown = |options: &str| register.run(&format!("history 081399999999 {options}")).ok().out;
    assert!(!shown("").contains("6281399999999") && shown("--reveal").contains("6281399999999"));
}

#[test]
fn how_full_a_register_is() {
    let register = Register::new();
    register.import("ranges", "from,to\n35440031000000,35440031000999\n", "");
    register.import("stolen", "imei\n35440031000001\n35440031000002\n", "--operator xl");
    register.import("stolen", "imei,change_type\n35440031000002,remove\n", "--mode delta --operator xl");
    register.import("pairing", "imei,msisdn\n35440031000001,6281234567801\n", "--operator xl");
    let told = register.run("capacity --limit 2002 --json").ok().json();
    assert_eq!((&told["used"], &told["all"]["active"]), (&1001.into(), &1001.into()));
    assert_eq!(told["doors"]["stolen"]["active"], 1);
    assert_eq!(told["doors"].as_object().unwrap().len(), 2);
    let days = told["growth"]["highest_week_of_90_days"]["days_left"].as_f64().unwrap();
    assert!((days - 7.0).abs() < 1e-6, "{told}");
    let days = told["growth"]["mean_30_days"]["days_left"].as_f64().unwrap();
    assert!((days - 30.0).abs() < 1e-6, "{told}");
    assert_eq!(told["measured"]["imeis"], 1001);
    assert!(told["measured"]["memory_bytes_per_billion"].as_u64().unwrap() > 0);
    let text = register.run("capacity --limit 1000").ok().out;
    assert!(text.contains("used      1,001 of 1,000 (100.1 %)") && text.contains("full in 0 days"), "{text}");
    let server = crate::support::Server::start(&register);
    let figures = server.get("/metrics").1;
    assert!(figures.contains("saring_capacity_imeis{door=\"stolen\",state=\"active\"} 1"), "{figures}");
    assert!(figures.contains("saring_capacity_growth_imeis_per_day{rate=\"mean_30_days\"}"), "{figures}");
    server.stop();
}
