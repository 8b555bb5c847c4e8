//! The sample for load: as many subjects as asked for, ten records each, written as they are made. Clean rows,
//! nothing held in memory.

use std::io::{self, Write};

use jiff::ToSpan;
use strum::{EnumIter, IntoStaticStr};

use crate::domain::Date;

use super::firm::Firm;
use super::licence::{self, Grant};
use super::penalty::{self, Case, GENERAL, MINOR};
use super::person::Person;
use super::row::Row;
use super::subject::Subject;
use super::{listing, standing};

/// A sample of any size. Firm `n` is the same in every part, and in every sample with the same seed.
#[derive(Clone, Copy, Debug)]
pub struct LargeSample {
    first: u32,
    firms: u32,
    today: Date,
}

/// A file of the large sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum LargePart {
    /// One row for each firm; public.
    Registration,
    /// Three: two valid, which are public, and an expired one.
    AdministrativeLicence,
    /// Two: a warning, which is shared, and a fine past its year, which is not.
    AdministrativePenalty,
    /// One; public.
    TaxClassA,
    /// One; public.
    CreditCommitment,
    /// One; shared.
    CreditEvaluation,
    /// One; shared.
    SocialInsurancePayment,
}

impl LargePart {
    /// The code of its catalogue item.
    pub fn item(self) -> &'static str {
        self.into()
    }

    /// The vintage of its columns.
    pub fn vintage(self) -> &'static str {
        match self {
            Self::AdministrativeLicence | Self::AdministrativePenalty => "2018",
            _ => "2024",
        }
    }
}

impl LargeSample {
    /// Records of each firm over all parts.
    pub const RECORDS_PER_FIRM: u32 = 10;
    /// Those of them that everybody sees on the day of the sample, under the rules in force since 2026-04-01.
    pub const PUBLIC_PER_FIRM: u32 = 5;
    /// The most firms whose codes and representatives are all different.
    pub const FIRMS_MAX: u32 = 1_000_000;

    /// A sample of `firms` firms as of `today`; at most [`Self::FIRMS_MAX`].
    pub fn new(seed: u64, firms: u32, today: Date) -> Self {
        // Serials from a million on, so that no firm of the small sample occurs.
        let first = Self::FIRMS_MAX + u32::try_from(seed % 1_000).unwrap_or_default() * 10;
        Self { first, firms: firms.min(Self::FIRMS_MAX), today }
    }

    /// How many firms it has.
    pub fn firms(&self) -> u32 {
        self.firms
    }

    /// The unified social credit code of firm `at`, counted from 0.
    pub fn uscc(&self, at: u32) -> String {
        self.firm(at).uscc
    }

    /// The header and all rows of a part, made one by one.
    pub fn rows(self, part: LargePart) -> impl Iterator<Item = Vec<String>> {
        let header = self.rows_of(part, 0).into_iter().take(1).map(|row| row.columns());
        let rows = (0..self.firms).flat_map(move |at| self.rows_of(part, at));
        header.chain(rows.map(Row::texts))
    }

    /// Writes a part as CSV in UTF-8 and answers how many records it has.
    pub fn write(&self, part: LargePart, to: impl Write) -> io::Result<u64> {
        let mut writer = csv::Writer::from_writer(to);
        let mut lines = 0;
        for row in self.rows(part) {
            writer.write_record(&row)?;
            lines += 1;
        }
        writer.flush()?;
        Ok(lines - 1)
    }

    fn firm(&self, at: u32) -> Firm {
        Firm::organization(self.first + at)
    }

    fn rows_of(&self, part: LargePart, at: u32) -> Vec<Row> {
        let firm = self.firm(at);
        let subject = Subject::Body(&firm);
        let serial = at as usize * 3;
        // Nothing in the files says when they came: two days ago is in time, and today's import finds it so.
        let recent = self.today.saturating_sub(2.days());
        match part {
            LargePart::Registration => vec![listing::registration(&firm, self.today)],
            LargePart::AdministrativeLicence => {
                let old = self.today.saturating_sub(900.days());
                let grants = [(recent, Some(3)), (recent, None), (old, Some(1))];
                let row = |(serial, (decided_on, years))| licence::row(subject, &Grant { serial, decided_on, years });
                (serial..).zip(grants).map(row).collect()
            }
            LargePart::AdministrativePenalty => {
                let bystander = &Person::of(self.first / 2 + at % 1_000);
                let old = self.today.saturating_sub(500.days());
                let row = |(serial, (decided_on, offence))| {
                    penalty::row_2018(subject, &Case { serial, decided_on, offence, bystander })
                };
                (serial..).zip([(recent, MINOR), (old, GENERAL)]).map(row).collect()
            }
            LargePart::TaxClassA => vec![standing::tax_class_a(&firm, self.today.year().saturating_sub(2))],
            LargePart::CreditCommitment => vec![standing::commitment(subject, serial, recent)],
            LargePart::CreditEvaluation => vec![standing::evaluation(&firm, "B", recent)],
            LargePart::SocialInsurancePayment => vec![standing::social_insurance(&firm, 1 + at % 200, recent)],
        }
    }
}
