//! The departments that send the files. Their names are those of the city; their codes are invented (sequence MB9…).

use super::firm::uscc;

/// A sending or deciding department.
#[derive(Clone, Copy, Debug)]
pub(super) struct Authority {
    pub(super) name: &'static str,
    sequence: &'static str,
}

pub(super) const APPROVAL: Authority = Authority { name: "东营市行政审批服务局", sequence: "MB900001" };
pub(super) const MARKET: Authority = Authority { name: "东营市市场监督管理局", sequence: "MB900002" };
pub(super) const ECOLOGY: Authority = Authority { name: "东营市生态环境局", sequence: "MB900003" };
pub(super) const EMERGENCY: Authority = Authority { name: "东营市应急管理局", sequence: "MB900004" };
pub(super) const LABOUR: Authority =
    Authority { name: "东营市人力资源和社会保障局", sequence: "MB900005" };
pub(super) const TAX: Authority = Authority { name: "国家税务总局东营市税务局", sequence: "MB900006" };
pub(super) const CUSTOMS: Authority = Authority { name: "东营海关", sequence: "MB900007" };
pub(super) const COURT: Authority = Authority { name: "东营市中级人民法院", sequence: "MB900008" };
pub(super) const REFORM: Authority = Authority { name: "东营市发展和改革委员会", sequence: "MB900009" };
pub(super) const HEALTH: Authority = Authority { name: "东营市卫生健康委员会", sequence: "MB90000A" };
pub(super) const CIVIL: Authority = Authority { name: "东营市民政局", sequence: "MB90000B" };
/// A unit that no list of departments has.
pub(super) const UNREGISTERED: Authority = Authority { name: "东营市样例政务服务站", sequence: "MB90000C" };

impl Authority {
    /// Its invented unified social credit code.
    pub(super) fn uscc(&self) -> String {
        uscc("11", "370500", self.sequence)
    }
}
