//! Sequential tests: is a daily sum above its own past, at once or a little for days?
//!
//! A stream is the daily weighted sum of one brand at one door (or one model at all doors). Its logarithm is held
//! against the mean of the last [`Ring::DAYS`] active days, or of the same weekdays if that is more, in units of its
//! deviation: z. A CUSUM adds up what z exceeds [`REFERENCE`] by, and alarms at [`ALARM_AT`].
//! What always holds: a day teaches at most [`TEACH_MAX`] deviations, so that a flood cannot make itself usual;
//! the sum within a day only rises, so a day that is not over is judged mildly.

/// What a day must exceed, in deviations, to add to the sum. Best for shifts of twice as much.
pub(super) const REFERENCE: f64 = 1.0;
/// The sum that alarms. Against normal values it is crossed about once in e^(2 x 6) = 160,000 days.
pub(super) const ALARM_AT: f64 = 6.0;
/// The same for a brand over all doors: doors are not independent, a launch abroad shows at all doors of persons.
pub(super) const POOLED_AT: f64 = 6.5;
/// One day adds at most this to the sum, before the reference is taken off: an outlier is no shift, two are not yet,
const OUTLIER: f64 = 3.5;
/// unless it is a flood, which alarms by itself: as many deviations as the sum of a whole series alarms at, and 25
/// times what is expected, beyond any consignment of spare parts; or twice as many deviations.
const FLOOD: f64 = ALARM_AT;
const FLOOD_TIMES: f64 = 25.0;
/// What one day may teach above its expectation, in deviations.
const TEACH_MAX: f64 = 3.0;
/// What sums of a kind are measured by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    /// Weighted devices below which a sum counts as small: one consignment of spare parts is no multiple of none.
    pub(super) small: f64,
    /// No deviation of logarithms is smaller: the world is never as steady as four weeks of it.
    pub(super) least: f64,
    /// Variance of logarithms that is assumed before any is known.
    pub(super) guess: f64,
}

/// Brands at doors of makers and importers: consignments of spare parts come or do not come.
pub(super) const CONSIGNMENTS: Scale = Scale { small: 120.0, least: 0.30, guess: 0.36 };
/// Brands at doors of persons: many, each day.
pub(super) const PERSONS: Scale = Scale { small: 50.0, least: 0.12, guess: 0.04 };
/// Models at all doors: few of each, some days.
pub(super) const MODELS: Scale = Scale { small: 200.0, least: 0.50, guess: 0.25 };
/// Days of history of a door before its streams are judged: two of each weekday.
pub(super) const DAYS_READY: u32 = 14;
/// How many days of its own past the door's common variance counts for.
const PRIOR_DAYS: f64 = 14.0;

/// The last days of one stream.
#[derive(Clone, Debug)]
struct Ring {
    values: [f32; Ring::DAYS],
    weekdays: [u8; Ring::DAYS],
    next: usize,
}

impl Ring {
    const DAYS: usize = 28;

    const fn new() -> Self {
        Self { values: [0.0; Self::DAYS], weekdays: [u8::MAX; Self::DAYS], next: 0 }
    }

    fn push(&mut self, value: f64, weekday: u8) {
        self.values[self.next] = value as f32;
        self.weekdays[self.next] = weekday;
        self.next = (self.next + 1) % Self::DAYS;
    }
}

/// One daily sum and its test.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    ring: Ring,
    cusum: f64,
    /// Weighted and plain devices of the day that is running.
    pub(super) sum: f64,
    pub(super) imeis: u64,
    expected: f64,
    deviation: f64,
    scale: Scale,
}

impl Stream {
    pub(super) const fn new(scale: Scale) -> Self {
        Self { ring: Ring::new(), cusum: 0.0, sum: 0.0, imeis: 0, expected: 0.0, deviation: 1.0, scale }
    }

    /// A daily sum as it is compared.
    fn level(&self, sum: f64) -> f64 {
        (sum / self.scale.small).ln_1p()
    }

    /// Mean and variance of its past. Days before the stream began count as none.
    pub(super) fn moments(&self, days: u32) -> (f64, f64) {
        let n = f64::from(days.clamp(1, Ring::DAYS as u32));
        let sum: f64 = self.ring.values.iter().map(|value| f64::from(*value)).sum();
        let squares: f64 = self.ring.values.iter().map(|value| f64::from(*value).powi(2)).sum();
        let mean = sum / n;
        (mean, (squares / n - mean * mean).max(0.0))
    }

    /// Prepares the next day: `days` of history, the variance that the door's streams have in common.
    pub(super) fn open(&mut self, days: u32, weekday: u8, common: f64) {
        let (mean, own) = self.moments(days);
        let n = f64::from(days.min(Ring::DAYS as u32));
        let same: Vec<f64> = (0..Ring::DAYS)
            .filter(|at| self.ring.weekdays[*at] == weekday)
            .map(|at| f64::from(self.ring.values[at]))
            .collect();
        let same_mean = if same.is_empty() { mean } else { same.iter().sum::<f64>() / same.len() as f64 };
        self.expected = mean.max(same_mean);
        self.deviation = ((n * own + PRIOR_DAYS * common) / (n + PRIOR_DAYS)).sqrt().max(self.scale.least);
    }

    /// How far a sum is above its expectation, in deviations.
    pub(super) fn z(&self, more: f64) -> f64 {
        (self.level(self.sum + more) - self.expected) / self.deviation
    }

    /// What the day counts for with `more`.
    fn damped(&self, more: f64) -> f64 {
        let z = self.z(more);
        let is_many = self.level(self.sum + more) - self.expected >= FLOOD_TIMES.ln();
        if z >= 2.0 * FLOOD || (z >= FLOOD && is_many) { z.max(ALARM_AT + REFERENCE) } else { z.min(OUTLIER) }
    }

    /// What the test comes to when `more` is added today.
    pub(super) fn test(&self, more: f64) -> f64 {
        self.cusum + self.damped(more) - REFERENCE
    }

    /// The daily sum that is expected.
    pub(super) fn expected(&self) -> f64 {
        self.expected.exp_m1() * self.scale.small
    }

    /// Ends the day. `ready`: whether it was judged.
    pub(super) fn close(&mut self, weekday: u8, ready: bool) {
        let mut value = self.level(self.sum);
        if ready {
            self.cusum = carried(self.cusum, self.damped(0.0));
            value = value.min(self.expected + TEACH_MAX * self.deviation);
        }
        self.ring.push(value, weekday);
        (self.sum, self.imeis) = (0.0, 0);
    }

    /// Whether nothing is left of it: its place may be given to another.
    pub(super) fn is_empty(&self) -> bool {
        self.sum == 0.0 && self.ring.values.iter().all(|value| *value == 0.0)
    }
}

/// The sum that goes over to the next day. After an alarm half of it stays: a fraud that goes on alarms again at
/// once, and a single outlier does not.
pub(super) fn carried(cusum: f64, z: f64) -> f64 {
    let next = (cusum + z - REFERENCE).max(0.0);
    if next > ALARM_AT { ALARM_AT / 2.0 } else { next }
}
