//! A small world that sends batches: makers, importers, customs offices, couriers and outlets; launches and frauds.
//!
//! All is drawn from one seed, the parameters too (volumes, mixes, batch sizes, noise, holidays). It knows nothing of
//! the detector. Batches are counts by TAC, as `Tally` would make them.

use crate::alarm::{CatalogueModel, Document, ModelCounts, Name, Submission};
use crate::{day::Day, identity::Tac, listing::Door};

/// SplitMix64.
#[derive(Clone)]
pub(super) struct Rng(pub(super) u64);

impl Rng {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }
    pub(super) fn below(&mut self, n: usize) -> usize {
        (self.unit() * n as f64) as usize
    }
    pub(super) fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.unit()).ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }
    /// Log-normal with median 1.
    pub(super) fn noise(&mut self, sigma: f64) -> f64 {
        (sigma * self.normal()).exp()
    }
    pub(super) fn poisson(&mut self, mean: f64) -> u64 {
        if mean > 50.0 {
            return (mean + mean.sqrt() * self.normal()).round().max(0.0) as u64;
        }
        let (limit, mut product, mut n) = ((-mean).exp(), self.unit(), 0);
        while product > limit {
            product *= self.unit();
            n += 1;
        }
        n
    }
    pub(super) fn pick(&mut self, weights: &[f64]) -> usize {
        let mut left = self.unit() * weights.iter().sum::<f64>();
        for (at, weight) in weights.iter().enumerate() {
            left -= weight;
            if left < 0.0 {
                return at;
            }
        }
        weights.len() - 1
    }
}

#[derive(Clone)]
pub(super) struct TacInfo {
    pub(super) tac: Tac,
    pub(super) model: CatalogueModel,
}

/// Share of each brand at production, import, passengers, parcels, tourists.
const BRANDS: [(&str, [f64; 5]); 16] = [
    ("Apple", [0.00, 0.26, 0.60, 0.40, 0.45]),
    ("Samsung", [0.26, 0.12, 0.15, 0.14, 0.24]),
    ("OPPO", [0.20, 0.06, 0.03, 0.03, 0.04]),
    ("vivo", [0.18, 0.05, 0.02, 0.03, 0.02]),
    ("Xiaomi", [0.16, 0.14, 0.06, 0.14, 0.08]),
    ("realme", [0.08, 0.04, 0.01, 0.02, 0.01]),
    ("Infinix", [0.07, 0.02, 0.00, 0.01, 0.00]),
    ("Tecno", [0.03, 0.03, 0.00, 0.01, 0.00]),
    ("Advan", [0.02, 0.00, 0.00, 0.00, 0.00]),
    ("Huawei", [0.00, 0.08, 0.04, 0.05, 0.03]),
    ("Nokia", [0.00, 0.06, 0.01, 0.02, 0.01]),
    ("HONOR", [0.00, 0.04, 0.01, 0.03, 0.02]),
    ("Motorola", [0.00, 0.03, 0.01, 0.02, 0.02]),
    ("Google", [0.00, 0.02, 0.04, 0.06, 0.06]),
    ("ASUS", [0.00, 0.03, 0.01, 0.02, 0.01]),
    ("OnePlus", [0.00, 0.02, 0.01, 0.02, 0.01]),
];
pub(super) const DOORS: [Door; 5] =
    [Door::TppProduction, Door::TppImport, Door::CustomsPassenger, Door::CustomsParcel, Door::OperatorTourist];
const SHARES: [f64; 5] = [0.58, 0.32, 0.04, 0.015, 0.045];
/// Monday to Sunday.
const WEEK: [[f64; 7]; 5] = [
    [1.25, 1.2, 1.2, 1.2, 1.25, 0.7, 0.2],
    [1.3, 1.25, 1.25, 1.2, 1.3, 0.5, 0.2],
    [0.95, 0.85, 0.85, 0.9, 1.05, 1.15, 1.25],
    [1.2, 1.2, 1.15, 1.1, 1.1, 0.8, 0.45],
    [0.95, 0.95, 0.95, 0.95, 1.05, 1.1, 1.05],
];

#[derive(Clone)]
pub(super) struct World {
    pub(super) rng: Rng,
    pub(super) day: u16,
    /// Share of half phones in a fraud. None: the hardest to see.
    pub(super) lone: f64,
    pub(super) tacs: Vec<Vec<TacInfo>>,
    shares: [[f64; 16]; 5],
    volume: [f64; 5],
    batch: [f64; 2],
    noise: f64,
    week: f64,
    holidays: f64,
    service: f64,
    density: f64,
    /// Submitters of each brand at the two document doors.
    submitters: [Vec<Vec<Name>>; 2],
    desks: [Vec<(Name, f64)>; 3],
    documents: u64,
    surge: [f64; 16],
}

const BEGIN: u16 = 18_700;

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = Rng(seed.wrapping_mul(0x2545_F491_4F6C_DD1D) ^ 0xA1A2);
        let mut tacs = Vec::new();
        for (b, (brand, _)) in BRANDS.iter().enumerate() {
            let models = if b == 0 { 42 } else { 20 + rng.below(30) };
            let mut of_brand = Vec::new();
            for m in 0..models {
                // Models of six years, some still to come.
                let born = f64::from(BEGIN) + 200.0 - 2200.0 * (m as f64 + rng.unit()) / models as f64;
                let dual = rng.unit() < 0.9;
                for t in 0..(if b == 0 { 4 } else { 1 + rng.below(3) }) {
                    let number = 35_000_000 + (b * 100_000 + m * 100 + t) as u32;
                    of_brand.push(TacInfo {
                        tac: Tac::new(number).unwrap(),
                        model: CatalogueModel {
                            brand: (*brand).into(),
                            model: format!("{brand} M{m}").into(),
                            allocated: Day::from_stored((born + rng.between(0.0, 90.0)) as u16),
                            dual_sim: Some(dual),
                        },
                    });
                }
            }
            tacs.push(of_brand);
        }
        let total = 280_000.0 * rng.between(0.7, 1.3);
        let shares = std::array::from_fn(|d| std::array::from_fn(|b| BRANDS[b].1[d] * rng.noise(0.25)));
        let volume = std::array::from_fn(|d| total * SHARES[d] * rng.between(0.7, 1.3));
        let submitters = std::array::from_fn(|d| {
            let of = |b: usize, rng: &mut Rng| {
                (0..1 + rng.below(3)).map(|n| format!("{}-{b}-{n}", ["mk", "im"][d]).into()).collect()
            };
            (0..BRANDS.len()).map(|b| of(b, &mut rng)).collect()
        });
        let desks = std::array::from_fn(|d| {
            let n = [30, 8, 150][d];
            (0..n).map(|i| (format!("{}-{i}", ["officer", "courier", "outlet"][d]).into(), rng.noise(0.8))).collect()
        });
        Self {
            day: BEGIN,
            lone: 0.0,
            tacs,
            shares,
            volume,
            batch: [6000.0 * rng.between(0.7, 1.3), 4000.0 * rng.between(0.7, 1.3)],
            noise: rng.between(0.7, 1.5),
            week: rng.between(0.7, 1.3),
            holidays: rng.between(0.0, 0.05),
            service: rng.between(0.5, 1.5),
            density: rng.between(0.03, 0.3),
            submitters,
            desks,
            documents: 0,
            surge: [1.0; 16],
            rng,
        }
    }

    pub(super) fn today(&self) -> Day {
        Day::from_stored(self.day).unwrap()
    }

    pub(super) fn document(&mut self, brand: usize, model: Option<Name>, quantity: u64) -> Document {
        self.documents += 1;
        let brand = Some(BRANDS[brand].0.into());
        Document { number: format!("PI-{}", self.documents).into(), quantity, drawn: 0, brand, model }
    }

    pub(super) fn submission(&self, door: Door, submitter: &str, models: Vec<ModelCounts>) -> Submission {
        let (operator, submitter) = ("".into(), submitter.into());
        Submission { day: self.today(), door, document: None, operator, submitter, desk: None, planned: false, models }
    }

    /// A model on sale that is at most so old; the newest where none is.
    fn recent(&mut self, brand: usize, age: u16) -> TacInfo {
        let day = self.day;
        let on_sale: Vec<&TacInfo> = self.tacs[brand]
            .iter()
            .filter(|tac| tac.model.allocated.is_some_and(|born| born.get() < day && day - born.get() < age))
            .collect();
        let at = self.rng.below(on_sale.len());
        match on_sale.get(at) {
            Some(info) => (*info).clone(),
            None => self.recent(brand, age * 2),
        }
    }

    /// A consignment: runs of one model.
    fn consignment(&mut self, door: usize, brand: usize, imeis: u64) -> Submission {
        let chosen = self.recent(brand, if door < 2 { 900 } else { 365 });
        let same: Vec<TacInfo> =
            self.tacs[brand].iter().filter(|tac| tac.model.model == chosen.model.model).take(2).cloned().collect();
        let rng = &mut self.rng;
        let mut models: Vec<ModelCounts> = same
            .iter()
            .map(|info| {
                let n = imeis / same.len() as u64;
                // Importers' consignments fill their pages less; leftovers of runs are thin.
                let thin = if door == 1 { rng.between(0.0, 0.3) * self.density } else { rng.between(0.0, 0.01) };
                counts(info, n, (n as f64 * thin) as u64, (n as f64 * rng.between(0.0, 0.01)) as u64)
            })
            .collect();
        for part in &mut models {
            part.listed_here = rng.poisson(part.imeis as f64 * 0.0002);
            part.listed_elsewhere = rng.poisson(part.imeis as f64 * 0.0002);
        }
        if rng.unit() < 0.2 {
            let strays = rng.poisson(imeis as f64 * 0.001);
            let brand = rng.below(BRANDS.len());
            models.push(counts(&self.tacs[brand][0].clone(), strays, strays, 0));
        }
        let submitters = &self.submitters[door][brand];
        let submitter = submitters[self.rng.below(submitters.len())].clone();
        let document = self.document(brand, Some(chosen.model.model.clone()), imeis + imeis / 5);
        Submission { document: Some(document), ..self.submission(DOORS[door], &submitter, models) }
    }

    /// Spare parts and returns: few, scattered, of many models, honest.
    fn service(&mut self, door: usize, brand: usize) -> Submission {
        let imeis = (110.0 * self.rng.noise(0.8)).clamp(10.0, 900.0) as u64;
        let models = 4 + self.rng.below(20);
        let parts = self.scattered(brand, imeis, models, 0.0, 0.2);
        let submitters = &self.submitters[door][brand];
        let submitter = submitters[self.rng.below(submitters.len())].clone();
        let quantity = parts.iter().map(|part| part.imeis).sum();
        let document = self.document(brand, None, quantity);
        Submission { document: Some(document), ..self.submission(DOORS[door], &submitter, parts) }
    }

    /// Devices gathered one by one, over `tacs` models of a brand born more than `age` days ago.
    pub(super) fn scattered(&mut self, brand: usize, imeis: u64, tacs: usize, age: f64, lone: f64) -> Vec<ModelCounts> {
        let day = self.day;
        let old: Vec<TacInfo> = self.tacs[brand]
            .iter()
            .filter(|tac| tac.model.allocated.is_some_and(|born| f64::from(day) - f64::from(born.get()) > age.max(1.0)))
            .cloned()
            .collect();
        let tacs = tacs.min(old.len());
        let from = self.rng.below(old.len());
        let shares: Vec<f64> = (0..tacs).map(|_| self.rng.noise(0.8)).collect();
        let total: f64 = shares.iter().sum();
        (0..tacs)
            .map(|i| {
                let n = self.rng.poisson(imeis as f64 * shares[i] / total);
                let lone = (n as f64 * lone * self.rng.between(0.5, 1.5)).min(n as f64) as u64;
                counts(&old[(from + i) % old.len()], n, n, lone)
            })
            .filter(|part| part.imeis > 0)
            .collect()
    }

    /// A day's list of an office, courier or outlet.
    fn persons(&mut self, door: usize, desk: usize, imeis: f64, brands: &[f64; 16]) -> Submission {
        let mut models = Vec::new();
        for (brand, share) in brands.iter().enumerate() {
            let n = self.rng.poisson(imeis * share);
            // A third of this year, the rest older; launches bring new ones.
            let surge = self.surge[brand];
            let fresh = self.rng.poisson(n as f64 * 0.35 * surge);
            let old = n - self.rng.poisson(n as f64 * 0.35).min(n);
            for (n, age, most) in [(fresh, 0.0, 2), (old, 365.0, 8)] {
                if n > 0 {
                    let mut parts = if age == 0.0 {
                        let info = self.recent(brand, if door < 2 { 900 } else { 365 });
                        vec![counts(&info, n, n, n / 12)]
                    } else {
                        self.scattered(brand, n, most, age, 0.08)
                    };
                    for part in &mut parts {
                        part.listed_here = self.rng.poisson(part.imeis as f64 * 0.003);
                        part.listed_elsewhere = self.rng.poisson(part.imeis as f64 * 0.003);
                        part.blacklisted = u64::from(self.rng.unit() < part.imeis as f64 * 0.0001);
                    }
                    models.append(&mut parts);
                }
            }
        }
        let unknown = self.rng.poisson(imeis * 0.004);
        if unknown > 0 {
            models.push(ModelCounts { tac: None, imeis: unknown, thin: unknown, ..ModelCounts::default() });
        }
        let name = self.desks[door - 2][desk].0.clone();
        Submission { desk: Some(name.clone()), ..self.submission(DOORS[door], &name, models) }
    }

    /// All submissions of an ordinary day, in an order of the day.
    pub(super) fn ordinary(&mut self) -> Vec<Submission> {
        let weekday = usize::from((self.day + 3) % 7);
        let mut all = Vec::new();
        let holiday = if self.rng.unit() < self.holidays { 0.25 } else { 1.0 };
        for door in 0..5 {
            let rhythm = 1.0 + (WEEK[door][weekday] - 1.0) * self.week;
            let rest = if door < 2 { holiday } else { 1.0 };
            let sigma = if door < 2 { 0.15 } else { 0.07 };
            let volume = self.volume[door] * rhythm * rest * self.rng.noise(sigma * self.noise);
            if door < 2 {
                for _ in 0..self.rng.poisson(volume / self.batch[door]) {
                    let brand = self.rng.pick(&self.shares[door]);
                    let imeis = (self.batch[door] * 0.73 * self.rng.noise(0.8)).max(50.0) as u64;
                    all.push(self.consignment(door, brand, imeis));
                }
                for _ in 0..self.rng.poisson([1.5, 3.0][door] * self.service * rhythm * rest) {
                    let brand = self.rng.pick(&self.shares[door]);
                    all.push(self.service(door, brand));
                }
                // A new importer or maker about every two months.
                if self.rng.unit() < 1.0 / 60.0 {
                    let brand = self.rng.pick(&self.shares[door]);
                    let name = format!("new-{door}-{}", self.day).into();
                    self.submitters[door][brand].push(name);
                }
            } else {
                let noise = 0.05 * self.noise;
                let mut brands: [f64; 16] = std::array::from_fn(|b| self.shares[door][b] * self.rng.noise(noise));
                let total: f64 = self.shares[door].iter().sum();
                brands.iter_mut().for_each(|share| *share /= total);
                let desks: Vec<f64> = self.desks[door - 2].iter().map(|(_, size)| *size).collect();
                let sizes: f64 = desks.iter().sum();
                for (desk, size) in desks.iter().enumerate() {
                    let imeis = volume * size / sizes * self.rng.noise(0.2 * self.noise);
                    all.push(self.persons(door, desk, imeis, &brands));
                }
            }
        }
        all.retain(|submission| submission.imeis() > 0);
        for at in (1..all.len()).rev() {
            all.swap(at, self.rng.below(at + 1));
        }
        self.surge.iter_mut().for_each(|surge| *surge = 1.0 + (*surge - 1.0) * 0.85);
        all
    }

    /// One of two days of a launch: 75,000 of a flagship under approved documents, by importers of long standing.
    pub(super) fn launch(&mut self, brand: usize) -> Vec<Submission> {
        let door = if BRANDS[brand].1[0] > 0.0 { 0 } else { 1 };
        self.surge[brand] = 1.5 + self.rng.unit();
        let batches = 3 + self.rng.below(5) as u64;
        let mut all = Vec::new();
        for _ in 0..batches {
            let n = 75_000 / batches / 3;
            let born = Day::from_stored(self.day - 60 - self.rng.below(60) as u16);
            let name: Name = format!("{} Flagship {}", BRANDS[brand].0, self.day / 10).into();
            let models = (0..3)
                .map(|i| {
                    let model = CatalogueModel {
                        brand: BRANDS[brand].0.into(),
                        model: name.clone(),
                        allocated: born,
                        dual_sim: Some(true),
                    };
                    let tac = Tac::new(36_000_000 + u32::from(self.day / 10) * 100 + i).unwrap();
                    let thin = (n as f64 * self.rng.between(0.0, 0.05)) as u64;
                    counts(&TacInfo { tac, model }, n, thin, n / 200)
                })
                .collect();
            let submitter = self.submitters[door][brand][0].clone();
            let document = self.document(brand, Some(name), 3 * n);
            all.push(Submission { document: Some(document), ..self.submission(DOORS[door], &submitter, models) });
        }
        all
    }

    /// A submitter of long standing.
    pub(super) fn established(&self, door: usize, brand: usize) -> Name {
        self.submitters[door][brand][0].clone()
    }

    pub(super) fn desk(&mut self, door: usize) -> Name {
        let at = self.rng.below(self.desks[door - 2].len());
        self.desks[door - 2][at].0.clone()
    }
}

pub(super) fn counts(info: &TacInfo, imeis: u64, thin: u64, lone: u64) -> ModelCounts {
    ModelCounts { tac: Some(info.tac), model: Some(info.model.clone()), imeis, thin, lone, ..ModelCounts::default() }
}
