//! What a demonstration and its tests may ask a sample for.

use std::collections::BTreeMap;

use crate::domain::ItemCode;

use super::SampleFile;
use super::plan::showcase_penalties;
use super::world::World;

/// Where to look in a sample. Everybody in it is fictitious, so nothing here is a secret.
#[derive(Clone, Debug)]
pub struct SampleFacts {
    /// The firm that has everything: registration, a current, an endless and an expired licence, penalties of every
    /// level, a current listing of abnormal operation, honours, commitments, an evaluation, social insurance.
    pub uscc: String,
    /// Its name.
    pub firm_name: String,
    /// Its legal representative.
    pub representative_name: String,
    /// The legal representative's citizen number.
    pub representative_citizen_number: String,
    /// Its penalties, by what becomes of them.
    pub penalties: ShowcasePenalties,
    /// How many of its records everybody sees, under the rules in force since 2026-04-01.
    pub public_records: u64,
    /// A person with a health certificate, a filing of religious personnel and an entry as judgment debtor.
    pub citizen_number: String,
    /// That person's name.
    pub citizen_name: String,
    /// A firm with a registration, a current licence and nothing against it.
    pub other_uscc: String,
    /// Its name.
    pub other_name: String,
    /// Names of organizations to search for.
    pub names: Vec<String>,
    /// Firms that may apply for a licence: name and code.
    pub applicants: Vec<(String, String)>,
    /// How many records each item holds once every file is imported.
    pub records: BTreeMap<ItemCode, u64>,
}

/// Numbers of the showcase firm's penalty decisions (行政处罚决定书文号).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShowcasePenalties {
    /// Minor: shared, not public.
    pub minor: String,
    /// Minor for its summary procedure, in the provincial vintage: shared, not public.
    pub summary: String,
    /// General and within its year: public.
    pub general: String,
    /// Serious and within its three years: public.
    pub serious: String,
    /// General and past its year: neither public nor shared.
    pub over: String,
}

/// Registration, two licences, two penalties, abnormal operation, two commitments, two honours.
const PUBLIC_RECORDS: u64 = 10;
const NAMES: usize = 5;
const APPLICANTS: usize = 13;

impl SampleFacts {
    pub(super) fn of(world: &World, files: &[SampleFile]) -> Self {
        let mut records = BTreeMap::new();
        for file in files {
            *records.entry(file.item.clone()).or_default() += file.expected.accepted();
        }
        let named = [&world.showcase, &world.other].into_iter().chain(&world.firms);
        Self {
            uscc: world.showcase.uscc.clone(),
            firm_name: world.showcase.name.clone(),
            representative_name: world.showcase.representative.name.clone(),
            representative_citizen_number: world.showcase.representative.citizen_number.clone(),
            penalties: showcase_penalties(world.today),
            public_records: PUBLIC_RECORDS,
            citizen_number: world.citizen.citizen_number.clone(),
            citizen_name: world.citizen.name.clone(),
            other_uscc: world.other.uscc.clone(),
            other_name: world.other.name.clone(),
            names: named.take(NAMES).map(|firm| firm.name.clone()).collect(),
            applicants: world
                .firms
                .iter()
                .take(APPLICANTS)
                .map(|firm| (firm.name.clone(), firm.uscc.clone()))
                .collect(),
            records,
        }
    }
}
