//! The departments: who is found by which name, and what is refused in their file.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use chengxin::catalogue::Departments;
use chengxin::domain::DepartmentId;

use super::{listed, shipped_departments};

const TWO: &str = r#"coordinator = "AMR"

[division]
code = "370500"
code_system = "GB/T 2260"
name = { zh = "东营市", en = "Dongying City" }

[[department]]
id = "AMR"
name = { zh = "市市场监督管理局", en = "Administration for Market Regulation" }

[[department]]
id = "CUS"
name = { zh = "东营海关", en = "Dongying Customs" }
"#;

fn said_of(from: &str, to: &str) -> String {
    assert!(TWO.contains(from), "the two departments have no `{from}`");
    listed(&Departments::load_text("departments.toml", &TWO.replacen(from, to, 1)).unwrap_err())
}

#[test]
fn the_shipped_departments_are_those_of_the_city_and_bear_no_invented_code() {
    let departments = shipped_departments();
    assert_eq!(departments.iter().count(), 44);
    assert_eq!(departments.division().code, "370500");
    assert_eq!(departments.division().code_system, "GB/T 2260");
    for department in departments.iter() {
        assert_eq!(department.uscc, None, "{} has a code; is it really known?", department.id);
        assert_eq!(departments.by_id(&department.id), Some(department));
        assert_eq!(departments.by_name(&department.name.zh), Some(department));
    }
}

#[test]
fn a_department_is_found_by_its_name_however_it_is_set_and_by_no_other() {
    let departments = shipped_departments();
    let found = |name: &str| departments.by_name(name).map(|department| department.id.as_str());
    assert_eq!(found("市市场监督管理局"), Some("AMR"));
    assert_eq!(found("东营市市场监督管理局"), Some("AMR"));
    assert_eq!(found(" 东营市 市场监督管理局\u{3000}"), Some("AMR"));
    assert_eq!(found("东营海关"), Some("CUS"));
    assert_eq!(found("市委金融办"), Some("LFS"));
    assert_eq!(found("市委宣传部(市文明办)"), Some("PUB"));
    assert_eq!(found("国家税务总局东营市税务局"), Some("TAX"));
    assert_eq!(found("南京市市场监督管理局"), None);
    assert_eq!(found("市场监督管理局"), None);
    assert_eq!(found(""), None);
    assert_eq!(departments.by_id(&DepartmentId::parse("NOBODY").unwrap()), None);
}

#[test]
fn faults_of_the_departments_are_told_with_line_and_remedy() {
    assert_eq!(said_of("id = \"CUS\"", "id = \"AMR\""), "departments.toml:13: a second department has the id `AMR`\n");
    assert_eq!(
        said_of("东营海关", "东营市市场监督管理局"),
        "departments.toml:13: `东营市市场监督管理局` already names another department\n"
    );
    assert_eq!(
        said_of("id = \"CUS\"", "id = \"cus\""),
        "departments.toml:13: `cus` is not a department id; write upper-case letters, such as `AMR`\n"
    );
    assert_eq!(
        said_of("id = \"CUS\"", "id = \"CUS\"\nuscc = \"unknown\""),
        "departments.toml:14: `unknown` is not a unified social credit code; leave `uscc` out when the code is not known\n"
    );
    assert_eq!(
        said_of("code = \"370500\"", "code = \"3705\""),
        "departments.toml:4: `3705` is not a division code; write its six digits\n"
    );
    assert_eq!(
        said_of("coordinator = \"AMR\"", "coordinator = \"DRC\""),
        "departments.toml:1: no department here has the id `DRC`: name the one that leads the joint work\n"
    );
    let several = said_of("id = \"CUS\"\nname", "ids = \"CUS\"\nnames");
    assert_eq!(
        several,
        "departments.toml:12: a `[[department]]` has no `id`\n\
         departments.toml:12: a `[[department]]` has no `name`\n\
         departments.toml:13: unknown key `ids` in a `[[department]]`; known are `aliases`, `id`, `name`, `uscc`\n\
         departments.toml:14: unknown key `names` in a `[[department]]`; known are `aliases`, `id`, `name`, `uscc`\n"
    );
}

#[test]
fn an_absent_file_is_a_fault_and_no_empty_list() {
    let faults = Departments::load(std::path::Path::new("no/such/departments.toml")).unwrap_err();
    assert!(listed(&faults).starts_with("departments.toml: the file cannot be read"));
}
