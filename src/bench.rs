//! The load generator: asks a server as a network does, and says what that was like.
//!
//! [`script`] has the questions and their true answers, [`deck`] makes wire messages of them before the clock runs,
//! [`arrivals`] says when each is due, [`wire`] is HTTP/2 down to the frames, [`drive`] is the loop of one thread,
//! [`judge`] holds every answer against the truth, [`report`] puts figures together, [`timeline`] has them as they ran,
//! and [`sweep`] looks for the knee.
//! What always holds: a question's time runs from the moment at which it was due, not at which it was sent, so a server
//! that stalls cannot hide what it made wait; every answer is verified; a run in which the generator itself was what was
//! slow gives no figures ([`Bottleneck`]).

pub mod agents;
pub mod all;
pub mod arrivals;
pub mod cpu;
pub mod deck;
pub mod drive;
pub mod html;
pub mod judge;
pub mod measurements;
pub mod node;
pub mod order;
pub mod plan;
pub mod report;
pub mod run;
pub mod script;
pub mod sweep;
pub mod timeline;
pub mod wire;

pub use crate::national::Profile;
pub use order::{Burst, Mode, Order, Pace};
pub use report::{Bottleneck, Measured};
pub use run::{BenchError, run};
pub use script::{Expected, Question, Script};
pub use timeline::{Recovery, Timeline};
