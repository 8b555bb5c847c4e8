//! A catalogue item is a file: one more TOML, and its records are imported, masked, withheld and typed, with no Rust touched.

use std::path::Path;

use crate::support::process::copy_folder;
use crate::support::{TestApp, Wanted};
use chengxin::domain::identifier::Uscc;

const ITEM: &str = r#"
code = "charity-donation"
edition = "2026"
type_name = "CharityDonation"
title = { zh = "慈善捐赠", en = "Charity donation" }
description = { zh = "企业的慈善捐赠。", en = "Donations of firms to charities." }
category = "HONEST"
provider = "CA"
sharing = "UNCONDITIONAL"
update_frequency = "MONTHLY"
natural_key = ["receiptNo", "subject"]
publication = "permanent"

[head]
decided_on = "donationDate"

[head.subject]
categories = ["ORGANIZATION"]
name = "donorName"

[[field]]
name = "donorName"
title = { zh = "捐赠人", en = "Donor" }
description = { zh = "捐赠企业的名称。", en = "Name of the firm that gave." }
data_type = "TEXT"
required = "MANDATORY"
class = "PLAIN"
tier = "PUBLIC_DISCLOSURE"

[[field]]
name = "receiptNo"
title = { zh = "票据号", en = "Receipt number" }
description = { zh = "捐赠票据的编号。", en = "Number of the receipt." }
data_type = "TEXT"
required = "MANDATORY"
class = "PLAIN"
indexed = true
tier = "PUBLIC_DISCLOSURE"

[[field]]
name = "donationDate"
title = { zh = "捐赠日期", en = "Date" }
description = { zh = "捐赠的日期。", en = "When it was given." }
data_type = "DATE"
required = "MANDATORY"
class = "PLAIN"
tier = "PUBLIC_DISCLOSURE"

[[field]]
name = "contactPhone"
title = { zh = "联系电话", en = "Phone" }
description = { zh = "联系人的手机号码。", en = "Mobile number of the contact." }
data_type = "TEXT"
required = "OPTIONAL"
class = "PERSONAL"
tier = "AUTHORIZED_QUERY"
masked_from = "GOVERNMENT_SHARING"
mask = "PHONE"

[[vintage]]
id = "2026"

[vintage.columns]
"统一社会信用代码" = "subject.uscc"
"#;

#[actix_web::test]
async fn a_new_file_is_a_new_type_with_its_masks_and_tiers() {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"), folder.path());
    std::fs::write(folder.path().join("catalogue/charity-donation.toml"), ITEM).unwrap();
    let app = TestApp::with(Wanted { policies: folder.path().to_path_buf(), ..Wanted::default() });
    let sdl = app.service.engine.sdl();
    assert!(sdl.contains("type CharityDonation implements"), "{sdl}");
    assert!(
        sdl.contains("contactPhone: String @disclosure(tier: AUTHORIZED_QUERY, maskedFrom: GOVERNMENT_SHARING, class: PERSONAL, mask: \"PHONE\")")
    );
    assert!(!TestApp::new().service.engine.sdl().contains("CharityDonation"));

    let uscc = Uscc::with_check("91370502MA9ABCD03").unwrap().as_str().to_owned();
    let csv = format!(
        "捐赠人,票据号,捐赠日期,联系电话,统一社会信用代码\n东营试验捐赠有限公司,P-1,2026-11-01,13812345678,{uscc}\n"
    );
    let report = app.import("charity-donation", &csv);
    assert_eq!((report.accepted, report.rejected), (1, 0), "{report:?}");

    let document = format!(
        "{{ subject(uscc: \"{uscc}\") {{ records {{ nodes {{ __typename item {{ code }} ... on CharityDonation {{ receiptNo contactPhone }} }} }} }} \
         records(item: \"charity-donation\", filter: {{ where: [{{ field: \"receiptNo\", value: \"P-1\" }}] }}) {{ totalCount }} }}"
    );
    let node = |answered: &crate::support::Answered| answered.data("/subject/records/nodes/0").clone();
    let public = app.public().ask(&document).await;
    assert_eq!(node(&public)["__typename"], "CharityDonation", "{}", public.text);
    assert_eq!(node(&public)["receiptNo"], "P-1");
    assert!(node(&public)["contactPhone"].is_null());
    assert_eq!(public.codes(), ["FIELD_WITHHELD"]);
    assert_eq!(public.data("/records/totalCount"), 1);
    let department = app.department("AMR").ask(&document).await;
    assert_eq!(node(&department)["contactPhone"], "138****5678", "{}", department.text);
    let own = app.subject(&format!("uscc:{uscc}")).ask(&document).await;
    assert_eq!(node(&own)["contactPhone"], "13812345678", "{}", own.text);
}
