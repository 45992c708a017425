//! Pairings over a real socket: a number gets a device, another SIM, lets go, and gets a new subscriber.

use crate::support::{
    ANI, ANI_SIM, Asked, BUDI, CITRA,
    office::{Office, phone, refused, register, run},
};
use saring::proto::{PairOperation, ReleaseNumberOperation, ReleaseOperation, operate_request::Operation};
use tonic::Code;

const UNPAIRED: &str = "PAIRING_UNPAIRED";
const PAIRED: &str = "PAIRING_PAIRED";
const MISMATCHED: &str = "PAIRING_MISMATCHED";

fn pair(imei: &str, msisdn: &str, instead_of: &str) -> Operation {
    Operation::Pair(PairOperation {
        imei: imei.into(),
        msisdn: msisdn.into(),
        instead_of_msisdn: instead_of.into(),
        ..Default::default()
    })
}

fn release(imei: &str, msisdn: &str) -> Operation {
    Operation::Release(ReleaseOperation { imei: imei.into(), msisdn: msisdn.into(), imsi: String::new() })
}

fn release_number(msisdn: &str) -> Operation {
    Operation::ReleaseNumber(ReleaseNumberOperation { msisdn: msisdn.into(), imsi: String::new() })
}

async fn stands(office: &Office, imei: &str, msisdn: &str) -> String {
    let answer = office.answer(&Asked { imei, msisdn, imsi: "" }, "").await;
    answer.verdict.unwrap().pairing().as_str_name().to_owned()
}

#[test]
fn a_number_is_paired_re_paired_and_released() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let tina = office.person_of(&second, "tina", "telkomsel", "submitter", &["operator"]).await;
        let xena = office.person_of(&second, "xena", "xl", "submitter", &["operator"]).await;
        let imei = &phone(35_209_900_177_100, 1)[0];

        assert_eq!(stands(&office, imei, ANI).await, UNPAIRED);
        refused(office.operate(&tina, pair(imei, "", "")).await, Code::InvalidArgument, "name an MSISDN or an IMSI");
        let said = office.operate(&tina, pair(imei, "6281234567801x", "")).await.unwrap_err();
        assert!(!format!("{said:?}").contains("81234567801"), "{said:?}");
        office.operate(&tina, pair(imei, ANI, "")).await.unwrap();
        assert_eq!(stands(&office, imei, ANI).await, PAIRED);
        assert_eq!(office.reason_with(imei, ANI).await, "PAIRED");
        assert_eq!(stands(&office, imei, BUDI).await, MISMATCHED);

        // Another SIM in the same device: in one step the new one is served and the old one is not.
        office.operate(&tina, pair(imei, BUDI, ANI)).await.unwrap();
        assert_eq!(stands(&office, imei, BUDI).await, PAIRED);
        assert_eq!(stands(&office, imei, ANI).await, MISMATCHED);

        // What is not there, and what another operator holds, is not released.
        refused(office.operate(&tina, release(imei, CITRA)).await, Code::NotFound, "nothing");
        refused(office.operate(&xena, release(imei, BUDI)).await, Code::NotFound, "nothing");
        assert_eq!(stands(&office, imei, BUDI).await, PAIRED);
        let released = office.operate(&tina, release(imei, BUDI)).await.unwrap();
        assert_eq!((released.added, released.removed), (0, 1));
        assert_eq!(stands(&office, imei, BUDI).await, UNPAIRED);
        refused(office.operate(&tina, release(imei, BUDI)).await, Code::NotFound, "nothing");
        let (register, _) = office.close();
        register.digest();
    });
}

#[test]
fn to_release_a_number_releases_what_its_sims_of_today_are_paired_with() {
    run(async {
        let register = register();
        let other = "510101234567890";
        register.import(
            "subscriber",
            &format!("imsi,msisdn\n{ANI_SIM},{ANI}\n{other},{BUDI}\n"),
            "--operator telkomsel",
        );
        let office = Office::open(register);
        let second = office.second_administrator().await;
        let tina = office.person_of(&second, "tina", "telkomsel", "submitter", &["operator"]).await;
        let imeis = phone(35_209_900_177_100, 3);
        let pair = |imei: &str, msisdn: &str, imsi: &str| {
            Operation::Pair(PairOperation {
                imei: imei.into(),
                msisdn: msisdn.into(),
                imsi: imsi.into(),
                ..Default::default()
            })
        };
        office.operate(&tina, pair(&imeis[0], "", ANI_SIM)).await.unwrap();
        office.operate(&tina, pair(&imeis[1], "", other)).await.unwrap();
        // Another number beside the SIM: that pairing is the other number's.
        office.operate(&tina, pair(&imeis[2], CITRA, ANI_SIM)).await.unwrap();
        let released = office.operate(&tina, release_number(ANI)).await.unwrap();
        assert_eq!((released.added, released.removed), (0, 1));
        assert_eq!(stands(&office, &imeis[2], CITRA).await, PAIRED);
        let by_sim = async |imei: &str, imsi: &str| {
            let answer = office.answer(&Asked { imei, msisdn: "", imsi }, "").await;
            answer.verdict.unwrap().pairing().as_str_name().to_owned()
        };
        assert_eq!(by_sim(&imeis[1], other).await, PAIRED);
        assert_eq!(by_sim(&imeis[0], ANI_SIM).await, UNPAIRED);
        refused(office.operate(&tina, release_number(ANI)).await, Code::NotFound, "nothing");
        let (register, _) = office.close();
        register.digest();
    });
}

#[test]
fn a_recycled_number_leaves_every_device() {
    run(async {
        let office = Office::open(register());
        let second = office.second_administrator().await;
        let tina = office.person_of(&second, "tina", "telkomsel", "submitter", &["operator"]).await;
        let imeis = phone(35_209_900_177_100, 3);
        for imei in &imeis {
            office.operate(&tina, pair(imei, ANI, "")).await.unwrap();
        }
        office.operate(&tina, pair(&imeis[0], BUDI, "")).await.unwrap();
        let with_sim = Operation::Pair(PairOperation {
            imei: imeis[1].clone(),
            msisdn: CITRA.into(),
            imsi: ANI_SIM.into(),
            ..Default::default()
        });
        office.operate(&tina, with_sim).await.unwrap();
        let released = office.operate(&tina, release_number(ANI)).await.unwrap();
        assert_eq!((released.added, released.removed), (0, 3));
        assert_eq!(stands(&office, &imeis[0], ANI).await, MISMATCHED, "it is Budi's still");
        assert_eq!(stands(&office, &imeis[0], BUDI).await, PAIRED);
        assert_eq!(stands(&office, &imeis[1], CITRA).await, PAIRED);
        assert_eq!(stands(&office, &imeis[2], ANI).await, UNPAIRED);
        refused(office.operate(&tina, release_number(ANI)).await, Code::NotFound, "nothing");
        // By its SIM.
        let by_sim = ReleaseNumberOperation { msisdn: String::new(), imsi: ANI_SIM.into() };
        office.operate(&tina, Operation::ReleaseNumber(by_sim)).await.unwrap();
        assert_eq!(stands(&office, &imeis[1], CITRA).await, UNPAIRED);
        let (register, _) = office.close();
        register.digest();
    });
}
