//! What lists of models give: the catalogue, and the classes.

use super::*;

#[test]
fn gsma_catalogue() {
    let long = "\
TAC|Marketing Name| Internal Model Name|Manufacturer|Bands|Allocation Date|Brand Name|Model Name|Device Type
01132222|Great Phone1|GP1|Best IT1|GSM 1800, GSM 900|26-Apr-2013|Great|Phone1|Handheld
38245933|  \"  Test  Name  |x|y|z|01-Jan-2001|Not Known|Not Known|Handheld \"a\"
21260934|a|b|c|d|Sep-23-2011|e|f|g
BlankTac123|a|b|c|d||e|f|g
01234567|too|few
01132222|Great Phone1|GP1|Best IT1|other bands|26-Apr-2013|Great|Phone1|Handheld
01132222|Great Phone1|GP1|Best IT2||26-Apr-2013|Great|Phone1|Handheld
";
    insta::assert_snapshot!(told(&gathered(Kind::Tac, long)), @r"
    7 rows: 2 accepted, 4 rejected, 1 duplicates, 0 warnings
    tac 01132222 [Best IT1] [Great] [Phone1] [Handheld] [2013-04-26]
    tac 38245933 [y] [] [Test  Name] [Handheld a] [2001-01-01]
    reject line 4 [allocation_date] [Sep-23-2011] a date is YYYY-MM-DD, YYYYMMDD or DD-Mon-YYYY, from 1970-01-01 to 2149-06-05
    reject line 5 [tac] [BlankTac123] a TAC is 8 decimal digits
    reject line 6 [] [] the row has 3 columns, the header has 9
    reject line 8 [tac] [01132222] contradicts line 2 in manufacturer
    ");
    let short = "tac|manufacturer|model_name|bands|allocation_date|device_type|optional_fields\n01234401|A|M|b |01-Mar-2004|Vehicle|{\"country_code\": \"000\"}\n";
    insta::assert_snapshot!(told(&gathered(Kind::Tac, short)), @r"
    1 rows: 1 accepted, 0 rejected, 0 duplicates, 0 warnings
    tac 01234401 [A] [] [M] [Vehicle] [2004-03-01]
    ");
    let csv = "model,tac,manufacturer\n\"M, 4.7\"\"\",01234401,A\n";
    insta::assert_snapshot!(told(&gathered(Kind::Tac, csv)), @r#"
    1 rows: 1 accepted, 0 rejected, 0 duplicates, 0 warnings
    tac 01234401 [A] [] [M, 4.7"] [] []
    "#);
}

#[test]
fn a_messy_name_costs_no_tac() {
    let text = b"\
86702502,Alcatel,One Touch Idol 3 4.7\" (6039Y),,
35218000,Celestica Limited,\"Norwich Union \"\"\"\"Pay As You Drive Insurance\",,
35604000,Motorola,MT\x96411G31,,
35242000,uSysCom,uGPRS,MDU,RCU,,
35441200,China,,
35441201
33000700,Alcatel,9100 9109H B100,,
33000700,Alcatel,9109 HA,,
33000700,Alcatel,9100 9109H B100
3300070,Alcatel,short,,
";
    let gathered = Lists::new().with("list.csv", text).read(&Options::new(Kind::Tac)).unwrap();
    insta::assert_snapshot!(told(&gathered), @r#"
    10 rows: 7 accepted, 2 rejected, 1 duplicates, 0 warnings
    tac 33000700 [Alcatel] [] [9100 9109H B100] [] []
    tac 35218000 [Celestica Limited] [] ["Norwich Union """"Pay As You Drive Insurance"] [] []
    tac 35242000 [uSysCom] [] [uGPRS, MDU, RCU] [] []
    tac 35441200 [China] [] [] [] []
    tac 35441201 [] [] [] [] []
    tac 35604000 [Motorola] [] [MT–411G31] [] []
    tac 86702502 [Alcatel] [] [One Touch Idol 3 4.7" (6039Y)] [] []
    reject line 10 [tac] [3300070] a TAC is 8 decimal digits
    reject line 8 [tac] [33000700] contradicts line 7 in model
    "#);
}

#[test]
fn classes_of_models() {
    let text = "TAC,hard,status\n62222222,,\n63333333,hard,\n63333333,soft,\n64444444,no,recovered\n64444445,maybe,\n62222222,,blacklist\n";
    insta::assert_snapshot!(told(&gathered(Kind::BarredTac, text)), @r"
    6 rows: 2 accepted, 3 rejected, 1 duplicates, 0 warnings
    TacClassRow { tac: Tac(62222222), hard: false, remove: false }
    TacClassRow { tac: Tac(64444444), hard: false, remove: true }
    reject line 6 [hard] [maybe] a bar is hard or soft (also yes, no)
    reject line 3 [tac] [63333333] contradicts line 4 in hard
    reject line 4 [tac] [63333333] contradicts line 3 in hard
    ");
    let hard = Options { hard: true, ..Options::new(Kind::BarredTac) };
    let gathered = Lists::new().with("a.csv", "tac\n62222222\n").read(&hard).unwrap();
    assert!(gathered.tac_classes[0].hard);
}
