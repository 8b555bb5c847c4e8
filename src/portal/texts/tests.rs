//! Both files say the same, in names and values, and the templates and pages ask for nothing else.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// The names of a file, each with the values that stand in its text.
fn names(source: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut last = String::new();
    for line in source.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        if !line.starts_with(' ') && !line.starts_with('}') {
            let name = line.split_once(" = ").or_else(|| line.split_once(" =")).expect(line).0;
            assert!(found.insert(name.to_owned(), BTreeSet::new()).is_none(), "`{name}` stands twice");
            name.clone_into(&mut last);
        }
        let values = line.split("{ $").skip(1).map(|rest| rest.split([' ', '}']).next().unwrap().to_owned());
        found.get_mut(&last).unwrap().extend(values);
    }
    found
}

/// Every text that is asked for by its name in a template or in a source file of the portal, and every text in quotes, which
/// may be asked for.
fn asked() -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut asked, mut quoted) = (BTreeSet::new(), BTreeSet::new());
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/portal")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let is_source = path.extension().is_some_and(|ending| ending == "html" || ending == "rs");
            if !is_source || path.ends_with("texts/tests.rs") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            quoted.extend(text.split('"').map(|part| part.trim_start_matches('#').to_owned()));
            for marker in [".text(\"", ".with(\"", ".count(\"", ".say(\"", ".done(\"", ".heading(\""] {
                asked.extend(text.split(marker).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()));
            }
        }
    }
    (asked, quoted)
}

#[test]
fn both_languages_have_the_same_texts_with_the_same_values() {
    let (chinese, english) = (names(CHINESE), names(ENGLISH));
    for (one, other, language) in [(&chinese, &english, "English"), (&english, &chinese, "Chinese")] {
        let missing: Vec<_> = one.keys().filter(|name| !other.contains_key(*name)).collect();
        assert!(missing.is_empty(), "{language} lacks {missing:?}");
    }
    for (name, values) in &chinese {
        assert_eq!(*values, english[name], "{name}");
    }
}

#[test]
fn every_text_that_is_asked_for_is_there_and_every_text_is_asked_for() {
    let known = names(CHINESE);
    let (asked, quoted) = asked();
    let missing: Vec<_> = asked.iter().filter(|name| !known.contains_key(*name)).collect();
    assert!(missing.is_empty(), "asked for and not there: {missing:?}");
    // These are put together of a family and a member; members of a vocabulary are in capitals.
    let families = [
        "decision-",
        "entry-",
        "opened-",
        "chapter-",
        "category-",
        "desk-",
        "authorization-state-",
        "step-text-",
        "step-state-",
        "step-open-",
    ];
    let is_member = |name: &str| {
        families.iter().any(|family| name.starts_with(family)) || name.bytes().any(|byte| byte.is_ascii_uppercase())
    };
    let idle: Vec<_> = known.keys().filter(|name| !quoted.contains(*name) && !is_member(name)).collect();
    assert!(idle.is_empty(), "there and not asked for: {idle:?}");
}

#[test]
fn files_are_read_without_a_fault_and_values_are_filled_in() {
    for source in [CHINESE, ENGLISH] {
        assert!(FluentResource::try_new(source.to_owned()).is_ok());
    }
    for language in [Language::Zh, Language::En] {
        let texts = of(language);
        for (name, values) in names(if language == Language::Zh { CHINESE } else { ENGLISH }) {
            let mut given = FluentArgs::new();
            for value in &values {
                given.set(value.clone(), 7);
            }
            let mut errors = Vec::new();
            let pattern = texts.bundle.get_message(&name).and_then(|message| message.value()).expect(&name);
            let text = texts.bundle.format_pattern(pattern, Some(&given), &mut errors);
            assert!(errors.is_empty() && !text.is_empty(), "{name}: {errors:?}");
        }
        assert_eq!(texts.text("nothing-of-this-name"), "[nothing-of-this-name]");
    }
}

#[test]
fn every_word_of_a_family_has_its_text() {
    use strum::IntoEnumIterator;

    use crate::domain::{
        ApplicationKind, ApplicationStage, AssignmentAnswer, AssignmentStage, JointActionEnding, JointActionKind,
        JointActionStage, MaskRule, MeasureGroup, ObjectionAnswer, PaperKind, RecordState, Relation, RepairDecision,
        Role, SubjectCategory, Tier, TipoffField, TipoffOutcome, TipoffStage, TombstoneCause, WorkflowStep,
    };
    use crate::exchange::audit::{Decision, EntryKind};
    use crate::exchange::review::ReviewState;
    use crate::portal::visit::DeskPage;
    let known = names(CHINESE);
    let mut wanted: Vec<String> = MaskRule::iter().map(|rule| format!("mask-{}", rule.name())).collect();
    wanted.extend(SubjectCategory::iter().map(|category| format!("category-{}", category.name())));
    wanted.extend(RecordState::iter().map(|state| format!("state-{}", state.name())));
    wanted.extend(MeasureGroup::iter().map(|group| format!("measure-group-{}", group.name())));
    wanted.extend(TipoffField::iter().map(|field| format!("tipoff-field-{}", field.name())));
    wanted.extend(TipoffStage::iter().map(|stage| format!("tipoff-stage-{}", stage.name())));
    wanted.extend(TipoffOutcome::iter().map(|outcome| format!("tipoff-outcome-{}", outcome.name())));
    wanted.extend(crate::catalogue::CATEGORIES.iter().map(|chapter| format!("chapter-{chapter}")));
    wanted.extend(WorkflowStep::iter().map(|step| format!("step-{}", step.name())));
    wanted.extend(JointActionKind::iter().map(|kind| format!("action-kind-{}", kind.name())));
    wanted.extend(JointActionStage::iter().map(|stage| format!("action-{}", stage.name())));
    wanted.extend(JointActionEnding::iter().map(|ending| format!("ending-{}", ending.name())));
    wanted.extend(AssignmentStage::iter().map(|stage| format!("assignment-{}", stage.name())));
    wanted.extend(AssignmentAnswer::iter().map(|answer| format!("answer-{}", answer.name())));
    wanted.extend(ApplicationKind::iter().map(|kind| format!("application-kind-{}", kind.name())));
    wanted.extend(ApplicationStage::iter().map(|stage| format!("application-{}", stage.name())));
    wanted.extend(ObjectionAnswer::iter().map(|answer| format!("objection-{}", answer.name())));
    wanted.extend(RepairDecision::iter().map(|decision| format!("repair-{}", decision.name())));
    wanted.extend(TombstoneCause::iter().map(|cause| format!("cause-{}", cause.name())));
    wanted.extend(PaperKind::iter().map(|kind| format!("paper-{}", kind.name())));
    wanted.extend(ReviewState::iter().map(|state| format!("review-{}", <&str>::from(state))));
    wanted.extend(EntryKind::iter().map(|kind| format!("entry-{}", kind.as_ref())));
    wanted.extend(Decision::iter().map(|decision| format!("decision-{}", decision.as_ref())));
    wanted.extend(Relation::iter().map(|relation| format!("relation-{}", relation.name())));
    wanted.extend(Tier::iter().map(|tier| format!("tier-{}", tier.name())));
    wanted.extend(Role::iter().map(|role| format!("role-{}", role.name())));
    for page in DeskPage::all().filter(|page| !page.is_of_one()) {
        wanted.extend([format!("desk-{}", page.name()), format!("desk-{}-what", page.name())]);
    }
    let missing: Vec<_> = wanted.iter().filter(|name| !known.contains_key(*name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
