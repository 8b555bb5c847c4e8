//! Who the sample is about: the showcase firm and person, a firm beside them, and everybody else.

use crate::domain::Date;

use super::SampleSize;
use super::draw::Draw;
use super::firm::Firm;
use super::person::Person;
use super::subject::Subject;

/// The first serials of traders, persons and persons who are only named in texts; those of representatives are below.
const TRADERS_FROM: u32 = 1_000_000;
const PERSONS_FROM: u32 = 1_500_000;
const BYSTANDERS_FROM: u32 = 1_900_000;
/// Names stay short for the first 6,400 serials.
const FIRST_SERIAL_MAX: u32 = 4_000;

pub(super) struct World {
    pub(super) today: Date,
    /// The firm that has everything.
    pub(super) showcase: Firm,
    /// A firm with nothing against it.
    pub(super) other: Firm,
    pub(super) firms: Vec<Firm>,
    pub(super) traders: Vec<Firm>,
    /// The person that has everything.
    pub(super) citizen: Person,
    pub(super) persons: Vec<Person>,
    bystanders: Vec<Person>,
}

impl World {
    pub(super) fn new(seed: u64, size: SampleSize, today: Date) -> Self {
        let mut draw = Draw::new(seed, 0);
        let first = draw.between(0..=FIRST_SERIAL_MAX);
        let most = |count: u32| count.min(SampleSize::MAX);
        let trader = |at: u32| Firm::individual_business(first + at, Person::of(TRADERS_FROM + at));
        Self {
            today,
            showcase: Firm::organization(first),
            other: Firm::organization(first + 1),
            firms: (2..most(size.firms)).map(|at| Firm::organization(first + at)).collect(),
            traders: (0..most(size.individual_businesses)).map(trader).collect(),
            citizen: Person::of(PERSONS_FROM + first),
            persons: (1..most(size.persons)).map(|at| Person::of(PERSONS_FROM + first + at)).collect(),
            bystanders: (0..50).map(|at| Person::of(BYSTANDERS_FROM + at)).collect(),
        }
    }

    /// Firms and individual businesses but for the showcase and the firm beside it.
    pub(super) fn bodies(&self) -> impl Iterator<Item = Subject<'_>> {
        self.firms.iter().chain(&self.traders).map(Subject::Body)
    }

    /// The same, and persons but for the showcase.
    pub(super) fn everybody(&self) -> impl Iterator<Item = Subject<'_>> {
        self.bodies().chain(self.persons.iter().map(Subject::Person))
    }

    /// Somebody whom a text names.
    pub(super) fn bystander(&self, serial: usize) -> &Person {
        self.bystanders.get(serial % self.bystanders.len().max(1)).unwrap_or(&self.citizen)
    }
}
