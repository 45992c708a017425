//! What protection costs: mutual TLS and a principal for every check, beside a door that asks nobody.

use crate::{people, world::World};
use saring::{
    bench::{Measured, Mode, Pace, Profile},
    certs,
    grpc::{Access, ExplainClient},
    proto::CheckRequest,
};
use std::time::Duration;

const OPERATOR: &str = "telkomsel";
/// The least of so many rounds counts: whatever else runs on the machine only adds.
const ROUNDS: usize = 4;
const ROUND: Duration = Duration::from_millis(1_500);

pub fn run(world: &World) {
    let (open, guarded) = (world.copy("open"), world.copy("guarded"));
    people::element(&guarded, OPERATOR);
    let made = certs::init(&world.path("certs"), &[], &[OPERATOR.to_owned()]).unwrap();
    let [cert, key, ca] = [&made.server.cert, &made.server.key, &made.ca.cert].map(|path| path.display().to_string());
    let flags = [
        "--tls-cert",
        &cert,
        "--tls-key",
        &key,
        "--tls-client-ca",
        &ca,
        "--tls-client-certs",
        "required",
        "--ask-who",
        "true",
    ];
    let open = world.program.serve(&open, 1).unwrap();
    let guarded = world.program.serve_with(&guarded, 1, &flags).unwrap();
    let stranger = Access { url: guarded.url.clone(), ca: Some(made.ca.cert.clone()), ..Access::default() };
    // A client hears of it with its first answer.
    let asked = ExplainClient::connect(&stranger).and_then(|client| client.check(CheckRequest::default()));
    assert!(asked.is_err(), "who shows no certificate is let in");
    let shown = made.operators.first().unwrap();
    let element = Access { cert: Some(shown.cert.clone()), key: Some(shown.key.clone()), ..stranger };
    for (name, mode) in [("unary", Mode::Unary), ("packed 256", Mode::Batch)] {
        let deck = world.deck(Profile::Attach, mode);
        let plain = world.order(&open, mode, Pace::Max, ROUND);
        let protected = world.order_with(element.clone(), &guarded, mode, Pace::Max, ROUND);
        let (mut least, mut refused) = ([None; 2], String::new());
        for _ in 0..ROUNDS {
            for (order, least) in [&plain, &protected].into_iter().zip(&mut least) {
                match world.ask(order, &deck) {
                    Ok(found) => *least = Some(lesser(*least, &found)),
                    Err(why) => refused = why,
                }
            }
        }
        for (place, of) in ["check threads", "all threads"].into_iter().enumerate() {
            let what = format!("mutual TLS and authorisation on: {name}, server CPU a check, {of}");
            let [Some(plain), Some(protected)] = least.map(|least| least.map(|both: [f64; 2]| both[place])) else {
                world.row(&what, "print", "1.15 times", &refused);
                continue;
            };
            let ratio = protected / plain;
            world.row(
                &what,
                "print",
                "1.15 times",
                &format!("{plain:.0} ns plain, {protected:.0} ns: {ratio:.2} times"),
            );
        }
    }
}

/// Of the check threads, and of all.
fn lesser(least: Option<[f64; 2]>, found: &Measured) -> [f64; 2] {
    let server = found.server.unwrap();
    let now = [server.check_threads_ns, server.process_ns];
    least.map_or(now, |least| [least[0].min(now[0]), least[1].min(now[1])])
}
