//! A query at a desk goes on where a page of it ends.

use std::collections::BTreeSet;

use chengxin::domain::identifier::Uscc;

use crate::support::seat::Seat;
use crate::support::{Answered, TestApp};

const HEADER: &str = "XK_XDR_MC,XK_XDR_LB,XK_XDR_SHXYM,XK_FRDB,XK_FR_ZJLX,XK_FR_ZJHM,XK_XKWS,XK_WSH,XK_XKLB,XK_NR,XK_JDRQ,XK_YXQZ,XK_YXQZI,XK_XKJG,XK_LYDW\n";

fn uscc(serial: u32) -> String {
    Uscc::with_check(&format!("91370502MA9F{serial:04}0")).unwrap().as_str().to_owned()
}

fn row(firm: u32, licence: u32) -> String {
    format!(
        "东营翻页{firm}有限公司,法人及非法人组织,{},张测试,身份证,11010519491231002X,准予行政许可决定书,东测页〔2026〕{licence}号,普通,\
         道路货物运输,2026-11-16,2026-11-16,2099-12-31,市行政审批服务局,市行政审批服务局\n",
        uscc(firm)
    )
}

/// What the button of a page sends whose form has this in its hidden fields.
fn button(page: &str, has: &str) -> Option<Vec<(String, String)>> {
    let form = page.split("<form").find(|form| form.contains(has))?;
    let field = |text: &str| {
        let of = |name: &str| text.split(&format!("{name}=\"")).nth(1).map(|rest| rest.split('"').next().unwrap());
        Some((of("name")?.to_owned(), of("value")?.replace("&#43;", "+").replace("&#38;", "&")))
    };
    let hidden = form.split("<input type=\"hidden\"").skip(1).filter_map(field);
    Some(hidden.filter(|(name, _)| name != "token" && name != "purpose" && name != "case").collect())
}

async fn press(seat: &Seat<'_>, page: &Answered, has: &str) -> Option<Answered> {
    let fields = button(&page.text, has)?;
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let next = seat.post("/desk/query", &fields).await;
    assert_eq!(next.status, 200, "{}", next.text);
    Some(next)
}

fn told(page: &str, part: &str) -> Vec<String> {
    let found = page.split(part).skip(1).map(|rest| rest.split(['<', '有']).next().unwrap().to_owned());
    found.collect()
}

#[actix_web::test]
async fn every_record_of_an_item_and_every_candidate_is_reached_once_page_after_page() {
    let app = TestApp::new();
    let licences: String = (1..=25).map(|licence| row(1, licence)).collect();
    let firms: String = (2..=45).map(|firm| row(firm, firm + 100)).collect();
    assert_eq!(app.import("administrative-licence", &format!("{HEADER}{licences}{firms}")).accepted, 69);
    let seat = app.department("AAS").seated();

    let (mut numbers, mut pages) = (Vec::new(), 0);
    let mut page = Some(seat.post("/desk/query", &[("q", &uscc(1))]).await);
    while let Some(shown) = page {
        numbers.extend(told(&shown.text, "东测页〔2026〕"));
        pages += 1;
        page = press(&seat, &shown, "name=\"item\" value=\"administrative-licence\"").await;
    }
    assert_eq!((pages, numbers.len()), (3, 25), "{numbers:?}");
    assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), 25, "each once");

    let (mut names, mut codes, mut pages) = (BTreeSet::new(), Vec::new(), 0);
    let mut page = Some(seat.post("/desk/query", &[("q", "东营翻页")]).await);
    while let Some(shown) = page {
        names.extend(told(&shown.text, "东营翻页"));
        codes.extend(told(&shown.text, "<dt>91370502MA9F"));
        pages += 1;
        page = press(&seat, &shown, "name=\"after\"").await;
    }
    assert!(pages == 3 && (1..=45).all(|firm: u32| names.contains(&firm.to_string())), "{pages}: {names:?}");
    assert_eq!((codes.len(), codes.iter().collect::<BTreeSet<_>>().len()), (45, 45), "each once");
    // A cursor of another question is none.
    let foreign =
        seat.post("/desk/query", &[("q", &uscc(2)), ("item", "administrative-licence"), ("after", "x")]).await;
    assert_eq!(foreign.status, 400, "{}", foreign.text);
}

#[actix_web::test]
async fn a_slip_in_a_code_is_told_and_an_emergency_is_not_chosen_from_a_list() {
    let app = TestApp::new();
    assert_eq!(app.import("administrative-licence", &format!("{HEADER}{}", row(1, 1))).accepted, 1);
    let seat = app.department("AAS").seated();
    let form = seat.get("/desk/query").await;
    assert!(form.text.contains("value=\"licence-review\"") && !form.text.contains("emergency-rescue"), "{}", form.text);
    let code = uscc(1);
    for slip in
        [format!("{}{}", &code[..17], if code.ends_with('1') { "2" } else { "1" }), "110105194912310021".to_owned()]
    {
        let told = seat.post("/desk/query", &[("q", &slip)]).await;
        assert!(told.status == 400 && told.text.contains("请检查有没有抄错"), "{slip}: {}", told.text);
    }
    // A body without an authorization gets what is public, and is told so.
    let bank = app.grantee("BANK-1", "").without("chengxin-authorization").without("chengxin-purpose").seated();
    let asked = bank.post("/desk/query", &[("purpose", "loan-review"), ("q", &code)]).await;
    assert!(asked.status == 200 && asked.text.contains("没有用到授权"), "{}", asked.text);
}

#[actix_web::test]
async fn of_a_month_that_has_not_begun_there_is_no_return_and_of_the_running_one_it_is_said() {
    let app = TestApp::new();
    let seat = app.department("AMR").seated();
    let ahead = seat.get("/desk/returns?month=2026-12").await;
    assert!(ahead.status == 400 && ahead.text.contains("id=\"month-fault\""), "{}", ahead.text);
    assert!(seat.get("/desk/returns?month=2026-11").await.text.contains("本月还没有结束"));
    assert!(!seat.get("/desk/returns?month=2026-10").await.text.contains("本月还没有结束"));
}
