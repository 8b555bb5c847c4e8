//! Chinese surnames, as far as masks need them.

/// Compound surnames (复姓).
const COMPOUND: [&str; 60] = [
    "欧阳", "太史", "端木", "上官", "司马", "东方", "独孤", "南宫", "万俟", "闻人", "夏侯", "诸葛", "尉迟", "公羊",
    "赫连", "澹台", "皇甫", "宗政", "濮阳", "公冶", "太叔", "申屠", "公孙", "慕容", "仲孙", "钟离", "长孙", "宇文",
    "司徒", "鲜于", "司空", "闾丘", "子车", "亓官", "司寇", "巫马", "公西", "颛孙", "壤驷", "公良", "漆雕", "乐正",
    "宰父", "谷梁", "拓跋", "夹谷", "轩辕", "令狐", "段干", "百里", "呼延", "东郭", "南门", "羊舌", "微生", "公户",
    "梁丘", "左丘", "西门", "第五",
];

/// Single surnames that are hardly ever another word before two more characters.
const SINGLE: &str = "王李张刘陈杨赵黄周吴徐孙胡朱林何郭罗梁宋郑谢韩唐冯董萧程曹袁邓傅沈彭吕苏卢蒋蔡贾丁魏薛叶阎余\
潘杜戴夏钟汪田姜范石姚谭廖邹熊陆郝孔崔康毛邱秦江史顾侯邵孟龙段雷钱汤尹黎易武乔贺赖龚庞樊兰殷施陶洪翟颜倪严牛芦\
季俞章鲁葛韦苗毕聂焦向柳邢岳齐梅莫庄辛管祝左涂谷祁耿牟卜路詹凌费纪靳盛童欧甄项曲鲍霍翁隋植甘景薄单包司柏宁柯阮\
桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫来嵺苟全褚廉简娄盖符奚木穆党燕郎邸冀谈姬屠连郜晏栾郁商蒙\
喻揭窦迟宇敖糜鄢冷卓花仇艾蓝都巩稽井练仲乐虞卞封竺冼原官衣楚佟栗匡宗应台巫鞠僧桑荆谌银扬明沙薄伏岑习胥保和蔺马于高任肖曾方白安常万";

/// Surnames that are everyday words too: they count only after a colon or bracket, or before 某.
const AMBIGUOUS: &str = "向和来全应明连都于任曾方安常万单解强华车房古商保原官管路左木花简盖盛童欧项甘景台银";

/// Beginnings of everyday words whose first character happens to be a surname.
const WORDS: [&str; 96] = [
    "陈述", "陈列", "陈旧", "张贴", "张挂", "施工", "施行", "施用", "施加", "严重", "严格", "严禁", "许可", "包装",
    "包括", "包含", "包庇", "宣传", "周边", "周围", "周转", "高空", "高于", "高速", "马上", "白酒", "黄金", "黄酒",
    "温度", "毛利", "毛重", "申请", "申辩", "申报", "申诉", "申领", "雷同", "康复", "金额", "金融", "汤料", "江边",
    "洪水", "石材", "石油", "田间", "夏季", "秋季", "冬季", "武装", "易燃", "易爆", "费用", "纪律", "纪录", "章程",
    "齐全", "龙头", "林地", "林木", "水果", "水产", "顾客", "史无", "孔洞", "范围", "段落", "项目", "钱款", "钟点",
    "程序", "程度", "余款", "余额", "余下", "贺卡", "杜绝", "谢绝", "宁可", "柴油", "米面", "鱼类", "牛肉", "牛奶",
    "羊肉", "路边", "路段", "左右", "左侧", "管理", "习惯", "和解", "伏法", "封闭", "封存", "沙石",
];

/// Whether two characters are a compound surname.
pub(super) fn is_compound(first: char, second: char) -> bool {
    COMPOUND.iter().any(|surname| surname.chars().eq([first, second]))
}

/// Whether `first` can be a surname at all.
pub(super) fn is_surname(first: char) -> bool {
    SINGLE.contains(first)
}

/// Whether a surname is an everyday word too.
pub(super) fn is_everyday(first: char) -> bool {
    AMBIGUOUS.contains(first)
}

/// Whether `first`, before `second`, is more likely a surname than part of an everyday word.
pub(super) fn is_plain_surname(first: char, second: char) -> bool {
    is_surname(first) && !is_everyday(first) && !WORDS.iter().any(|word| word.chars().take(2).eq([first, second]))
}
