//! Limits: just under and just over.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use chengxin::admission::{Admission, CostRefused, FoldedBucket, Folding, Limits, LimitsFaults, Refused, Unit, bucket};
use chengxin::authentication::{Authenticator, Caller, DemoIssuer, RequestHeaders, TokenClaims};
use chengxin::clock::{Ambient, FixedClock, SeededEntropy};
use chengxin::domain::{Instant, Role};
use strum::IntoEnumIterator;

const SHIPPED: &str = include_str!("../../policies/limits.toml");

/// A turnstile with a clock to move and an issuer of callers.
struct Door {
    clock: Arc<FixedClock>,
    issuer: DemoIssuer,
    gateway: Authenticator,
    admission: Admission,
    _folder: tempfile::TempDir,
}

impl Door {
    /// The public may ask 60 times a minute, 3 at once, for 600 a minute, 100 at once, 80 per query.
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Limits)) -> Self {
        let (clock, ambient) = ambient();
        let folder = tempfile::tempdir().unwrap();
        let issuer = DemoIssuer::create(folder.path(), ambient.clone()).unwrap();
        let gateway = Authenticator::new(vec![issuer.settings()], ambient.clone()).unwrap();
        let mut limits = Limits::shipped().unwrap();
        for role in Role::iter() {
            let of_role = limits.role_mut(role);
            (of_role.requests.per_minute, of_role.requests.burst) = (60, 3);
            (of_role.cost.per_minute, of_role.cost.burst, of_role.query_cost) = (600, 100, 80);
        }
        (limits.address.per_minute, limits.address.burst) = (60, 5);
        change(&mut limits);
        Self { clock, issuer, gateway, admission: Admission::new(limits, &ambient), _folder: folder }
    }

    fn public(&self) -> Caller {
        self.gateway.authenticate(&RequestHeaders::default()).unwrap()
    }

    fn officer(&self, actor: &str, client: Option<&str>) -> Caller {
        let mut claims = TokenClaims::new(Role::Department, actor);
        claims.department = Some("AMR".to_owned());
        claims.client = client.map(str::to_owned);
        let value = format!("Bearer {}", self.issuer.issue(&claims, 3600).unwrap());
        self.gateway
            .authenticate(&RequestHeaders { authorization: vec![value.as_bytes()], ..Default::default() })
            .unwrap()
    }

    /// How many requests are let in before one is refused.
    fn admitted_before_refusal(&self, caller: &Caller, address: &str) -> usize {
        (0..1000).take_while(|_| self.admission.admit(caller, ip(address)).is_ok()).count()
    }

    fn advance_millis(&self, millis: i64) {
        self.clock.advance_micros(millis * 1000);
    }
}

fn ambient() -> (Arc<FixedClock>, Ambient) {
    let start = Instant::parse_rfc3339("2026-11-23T08:00:00Z").unwrap();
    let clock = Arc::new(FixedClock::new(start));
    let ambient = Ambient::new(Arc::<FixedClock>::clone(&clock), Arc::new(SeededEntropy::new(11)));
    (clock, ambient)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn the_shipped_limits_are_whole_and_order_the_roles() {
    let limits = Limits::shipped().unwrap();
    let public = limits.role(Role::Public);
    assert_eq!((public.requests.per_minute, public.document.depth), (60, 6));
    assert_eq!(limits.role(Role::Department).requests.per_minute, 600);
    for role in [Role::Auditor, Role::SecurityAdmin, Role::SystemAdmin] {
        assert_eq!(limits.role(role).requests.per_minute, 120, "nobody is exempt");
    }
    for role in Role::iter() {
        let limits = limits.role(role);
        assert!(limits.query_cost <= limits.cost.burst && limits.document.depth >= public.document.depth);
    }
}

fn faults_of(text: &str) -> String {
    Limits::parse(text, "limits.toml").map_err(|faults: LimitsFaults| faults.to_string()).unwrap_err()
}

#[test]
fn every_fault_of_a_file_of_limits_is_told_with_its_line() {
    let faulty = SHIPPED
        .replacen("burst = 1_000", "burst = 0", 1)
        .replacen("anonymous_slots", "anonymus_slots", 1)
        .replacen("depth = 6", "depth = \"six\"", 1)
        .replacen("query_cost = 2_000", "query_cost = 6_001", 1)
        + "[role.ROOT]\n";
    insta::assert_snapshot!(faults_of(&faulty), @r"
    limits.toml:14: `burst` must be a whole number from 1 to 100000000
    limits.toml:22: `anonymous_slots` is missing in `memory`
    limits.toml:24: `anonymus_slots` is not a key of `memory`
    limits.toml:29: `query_cost` of `PUBLIC` is more than `cost_burst`: such a query could never run
    limits.toml:39: `depth` must be a whole number from 0 to 1048576
    limits.toml:166: `ROOT` is not a key of `role`
    ");
}

#[test]
fn a_file_without_a_role_or_that_is_no_toml_is_refused() {
    let head = SHIPPED.split("[role.SYSTEM_ADMIN]").next().unwrap();
    assert!(faults_of(head).contains("`SYSTEM_ADMIN` is missing in `role`"));
    assert!(faults_of("[address]\nburst = \n").starts_with("limits.toml:2: "));
    for missing in ["`address` is missing", "`memory` is missing", "`role` is missing"] {
        assert!(faults_of("").contains(missing), "{}", faults_of(""));
    }
    let absent = Limits::load(std::path::Path::new("/nonexistent/limits.toml")).unwrap_err().to_string();
    assert!(absent.starts_with("/nonexistent/limits.toml:0: "), "{absent}");
}

#[test]
fn the_last_request_of_a_burst_is_let_in_and_the_next_waits_for_its_second() {
    let door = Door::new();
    let public = door.public();
    assert_eq!(door.admitted_before_refusal(&public, "203.0.113.9"), 3);
    door.advance_millis(999);
    assert_eq!(door.admitted_before_refusal(&public, "203.0.113.9"), 0);
    door.advance_millis(1);
    assert_eq!(door.admitted_before_refusal(&public, "203.0.113.9"), 1);
    door.advance_millis(3_600_000);
    assert_eq!(door.admitted_before_refusal(&public, "203.0.113.9"), 3, "an hour fills no more than the burst");
}

#[test]
fn anonymous_callers_of_one_network_share_a_bucket_and_others_do_not() {
    let door = Door::new();
    let public = door.public();
    for (network, same, other) in [
        ("203.0.113.9", "203.0.113.200", "203.0.114.9"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::7", "2001:db8:1:3::1"),
        ("198.51.100.1", "::ffff:198.51.100.2", "198.51.101.1"),
    ] {
        assert_eq!(door.admitted_before_refusal(&public, network), 3, "{network}");
        assert_eq!(door.admitted_before_refusal(&public, same), 0, "{same}");
        assert_eq!(door.admitted_before_refusal(&public, other), 3, "{other}");
    }
}

#[test]
fn a_known_client_has_its_bucket_wherever_it_comes_from() {
    let door = Door::new();
    let (one, two) = (door.officer("officer-1", Some("portal")), door.officer("officer-2", Some("portal")));
    assert_eq!(door.admitted_before_refusal(&one, "203.0.113.9"), 3);
    assert_eq!(door.admitted_before_refusal(&two, "198.51.100.1"), 0, "the client is the same");
    assert_eq!(door.admitted_before_refusal(&door.officer("officer-1", Some("batch")), "203.0.113.9"), 3);
    let (three, four) = (door.officer("officer-3", None), door.officer("officer-4", None));
    assert_eq!(door.admitted_before_refusal(&three, "203.0.113.9"), 3);
    assert_eq!(door.admitted_before_refusal(&four, "203.0.113.9"), 3, "without a client, the officer counts");
    assert_eq!(door.admitted_before_refusal(&door.public(), "203.0.113.9"), 3, "nobody pays for a neighbour");
}

#[test]
fn addresses_are_counted_before_anybody_is_known() {
    let door = Door::new();
    let admitted = (0..100).take_while(|_| door.admission.admit_address(ip("203.0.113.9")).is_ok()).count();
    assert_eq!(admitted, 5);
    assert!(door.admission.admit_address(ip("203.0.114.9")).is_ok());
    let refused = door.admission.admit_address(ip("203.0.113.77")).unwrap_err();
    assert_eq!((refused.quota.policy, refused.retry_after().as_str()), ("address", "1"));
}

#[test]
fn no_flood_of_addresses_makes_the_memory_grow() {
    let door = Door::with(|limits| (limits.memory.address_slots, limits.memory.anonymous_slots) = (256, 128));
    let (public, before) = (door.public(), door.admission.seats());
    assert_eq!(before.1, 0);
    let mut refused = 0;
    for number in 0..1_000_000_u128 {
        let address = IpAddr::V6(Ipv6Addr::from_bits(number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c834)));
        refused += u32::from(door.admission.admit_address(address).is_err());
        if number % 16 == 0 {
            refused += u32::from(door.admission.admit(&public, address).is_err());
        }
    }
    assert_eq!(door.admission.seats(), before);
    assert!(refused > 900_000, "who shares a full bucket is refused: {refused}");
}

#[test]
fn known_clients_beyond_the_cap_share_and_idle_seats_are_given_away() {
    let door = Door::with(|limits| (limits.memory.clients_per_role, limits.memory.overflow_slots) = (2, 1));
    let client = |name: &str| door.officer("officer-1", Some(name));
    let own = |name: &str| door.admitted_before_refusal(&client(name), "203.0.113.9");
    assert_eq!((own("a"), own("b")), (3, 3));
    assert_eq!((own("c"), own("d")), (3, 0), "c and d share the one bucket for those beyond the cap");
    assert_eq!(door.admission.seats().1, 2);
    door.advance_millis(3_000);
    assert_eq!((own("c"), own("d")), (3, 3), "a and b have rested until their buckets were full: their seats are free");
    assert_eq!(door.admission.seats().1, 2);
    assert_eq!(own("a"), 3, "a lost nothing");
}

#[test]
fn a_seat_that_a_running_query_holds_is_not_given_away() {
    let door = Door::with(|limits| (limits.memory.clients_per_role, limits.memory.overflow_slots) = (1, 1));
    let first = door.officer("officer-1", Some("a"));
    let admitted = door.admission.admit(&first, ip("203.0.113.9")).unwrap();
    let reservation = door.admission.reserve(&admitted, 80).unwrap();
    drop(admitted);
    door.advance_millis(60_000);
    let second = door.admission.admit(&door.officer("officer-1", Some("b")), ip("203.0.113.9")).unwrap();
    let _charged = door.admission.reserve(&second, 80).unwrap();
    assert_eq!(reservation.settle(0).remaining, 100);
    assert_eq!(second.standing().cost.remaining, 20, "what a gets back is not b's");
}

fn admitted(door: &Door) -> chengxin::admission::Admitted {
    door.admission.admit(&door.public(), ip("203.0.113.9")).unwrap()
}

#[test]
fn the_dearest_query_is_let_in_and_one_unit_more_never_is() {
    let door = Door::new();
    let caller = admitted(&door);
    assert_eq!(door.admission.reserve(&caller, 81).unwrap_err(), CostRefused::DearerThanBucket { cost: 81, limit: 80 });
    assert_eq!(
        door.admission.reserve(&caller, u64::MAX).unwrap_err(),
        CostRefused::DearerThanBucket { cost: u64::MAX, limit: 80 }
    );
    assert_eq!(caller.standing().cost.remaining, 100, "what is refused costs nothing");
    assert_eq!(door.admission.reserve(&caller, 80).unwrap().cost(), 80);
}

#[test]
fn a_price_is_reserved_and_what_was_not_used_comes_back() {
    let door = Door::new();
    let caller = admitted(&door);
    let reservation = door.admission.reserve(&caller, 80).unwrap();
    assert_eq!(reservation.standing().remaining, 20);
    let Err(CostRefused::TooFast(refused)) = door.admission.reserve(&caller, 21) else {
        panic!("there are only 20 left")
    };
    assert_eq!((refused.quota.remaining, refused.quota.reset_seconds), (20, 1));
    assert_eq!(reservation.settle(30).remaining, 70);
    assert_eq!(door.admission.reserve(&caller, 70).unwrap().settle(70).remaining, 0);
    let Err(CostRefused::TooFast(refused)) = door.admission.reserve(&caller, 50) else { panic!("nothing is left") };
    assert_eq!(refused.retry_after(), "5");
    door.advance_millis(4_999);
    assert!(door.admission.reserve(&caller, 50).is_err());
    door.advance_millis(1);
    assert!(door.admission.reserve(&caller, 50).is_ok(), "at the named instant it is to be had");
}

#[test]
fn a_query_that_was_cut_off_has_cost_its_whole_price_and_one_that_cost_more_is_charged_more() {
    let door = Door::new();
    let caller = admitted(&door);
    drop(door.admission.reserve(&caller, 60).unwrap());
    assert_eq!(caller.standing().cost.remaining, 40);
    assert_eq!(door.admission.reserve(&caller, 10).unwrap().settle(35).remaining, 5);
    assert_eq!(door.admission.reserve(&caller, 5).unwrap().settle(500).remaining, 0);
    door.advance_millis(49_000);
    assert!(door.admission.reserve(&caller, 1).is_err(), "the debt is paid first");
}

#[test]
fn a_clock_set_back_locks_nobody_out() {
    let door = Door::new();
    let public = door.public();
    door.advance_millis(7_200_000);
    assert_eq!(door.admitted_before_refusal(&public, "203.0.113.9"), 3);
    door.advance_millis(-3_600_000);
    assert_eq!(door.admitted_before_refusal(&public, "203.0.113.9"), 0);
    door.advance_millis(1_000);
    assert_eq!(door.admitted_before_refusal(&public, "203.0.113.9"), 1);
}

#[test]
fn the_headers_say_what_is_left_and_name_one_instant() {
    let door = Door::new();
    let caller = admitted(&door);
    let _charged = door.admission.reserve(&caller, 45).unwrap();
    let standing = caller.standing();
    insta::assert_snapshot!(standing.rate_limit(), @r#""public";r=2;t=1, "public-cost";r=55;t=5"#);
    insta::assert_snapshot!(
        standing.rate_limit_policy(),
        @r#""public";q=3;w=3;qu="requests", "public-cost";q=100;w=10;qu="cost""#
    );
    assert_eq!(
        (standing.cost.unit, standing.cost.reset_at.rfc3339().as_str()),
        (Unit::Cost, "2026-11-23T08:00:05.000000Z")
    );

    let refused: Refused = loop {
        if let Err(refused) = door.admission.admit(&door.public(), ip("203.0.113.9")) {
            break refused;
        }
    };
    insta::assert_snapshot!(refused.to_string(), @"too fast: try again in 1 seconds");
    insta::assert_snapshot!(refused.retry_after(), @"1");
    insta::assert_snapshot!(refused.rate_limit(), @r#""public";r=0;t=1"#);
    insta::assert_snapshot!(refused.rate_limit_policy(), @r#""public";q=3;w=3;qu="requests""#);
    assert_eq!(refused.quota.reset_at.rfc3339(), "2026-11-23T08:00:01.000000Z");
}

#[test]
fn every_role_has_limits_of_its_own_and_the_administrators_too() {
    let door = Door::new();
    let token = |role| format!("Bearer {}", door.issuer.issue(&TokenClaims::new(role, "admin-1"), 60).unwrap());
    for role in [Role::Auditor, Role::SecurityAdmin, Role::SystemAdmin] {
        let value = token(role);
        let headers = RequestHeaders { authorization: vec![value.as_bytes()], ..Default::default() };
        let caller = door.gateway.authenticate(&headers).unwrap();
        assert_eq!(door.admission.role_limits(&caller), door.admission.limits().role(role));
        assert_eq!(door.admitted_before_refusal(&caller, "203.0.113.9"), 3, "{role}");
    }
}

#[test]
fn refusals_are_folded_per_network_and_minute() {
    let (clock, ambient) = ambient();
    let folding = Folding::new(100, ambient.clone());
    let (here, there) = (bucket(ip("203.0.113.9")), bucket(ip("2001:db8::1")));
    assert!(folding.record(here, "RATE_LIMITED"));
    assert!(!folding.record(bucket(ip("203.0.113.10")), "RATE_LIMITED"));
    assert!(!folding.record(here, "UNAUTHENTICATED"));
    assert!(folding.record(there, "RATE_LIMITED"));
    assert_eq!(folding.drain(ambient.now()), [], "a minute is folded when it is over");
    clock.advance_micros(60_000_000);
    assert!(folding.record(here, "RATE_LIMITED"), "a new minute is a new window");
    let drained = folding.drain(ambient.now());
    let summary: Vec<_> = drained.iter().map(|one| (one.bucket, one.minute.rfc3339(), one.counts.clone())).collect();
    let minute = "2026-11-23T08:00:00.000000Z".to_owned();
    assert_eq!(
        summary,
        [
            (
                FoldedBucket::Network(here),
                minute.clone(),
                BTreeMap::from([("RATE_LIMITED", 2), ("UNAUTHENTICATED", 1)])
            ),
            (FoldedBucket::Network(there), minute, BTreeMap::from([("RATE_LIMITED", 1)])),
        ]
    );
    assert_eq!(folding.drain(ambient.now()), [], "nothing is told twice");
    assert_eq!(folding.drain_all().len(), 1, "at the end the running minute is told too");
}

#[test]
fn a_flood_from_everywhere_is_folded_into_one_window_and_loses_no_count() {
    let (clock, ambient) = ambient();
    let folding = Folding::new(50, ambient.clone());
    for number in 0..10_000_u32 {
        folding.record(bucket(IpAddr::V4((number << 8).into())), "RATE_LIMITED");
    }
    clock.advance_micros(-60_000_000);
    let drained = folding.drain(ambient.now());
    assert_eq!(drained.len(), 51, "a clock set back hides no window");
    assert_eq!(drained.iter().flat_map(|one| one.counts.values()).sum::<u64>(), 10_000);
    let everybody = drained.iter().find(|one| one.bucket == FoldedBucket::Everybody).unwrap();
    assert_eq!(everybody.counts["RATE_LIMITED"], 9_950);
}
