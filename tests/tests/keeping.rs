//! From the street to the end of retention: what a phone and HQ keep of a case, who may read it, what goes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use std::io::Cursor;

use common::{ID, Street, stall};
use ezhifa_field::{
    casefile::{Audience, Wishes, verify},
    casework::{
        command::Command,
        event::{CaseId, CloseWay, PayWay, ServiceWay, Stage},
        people::{SignerRole, Signing, SigningAct},
    },
    office::{Fix, Shot, Taken},
    printer::{Profile, open_link},
};

/// A JPEG with EXIF that names its camera, and nothing that is a picture.
fn photo() -> Vec<u8> {
    let tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x10\0\x02\0\0\0\x0a\0\0\0\x1a\0\0\0\0OwnPhone1\0";
    let exif = [&b"Exif\0\0"[..], tiff].concat();
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&[0xFF, 0xD8, 0xFF, 0xE1][..], &length, &exif, &[0xFF, 0xDA, 0, 4, 0, 0, 0x55, 0xFF, 0xD9]].concat()
}

/// Decided, printed, handed over, closed.
fn finished(street: &Street, id: &str) -> CaseId {
    let phone = &street.phone;
    let case = stall(street, id);
    let shot = Shot {
        place: Some(Fix {
            lat_e7: 230_207_000,
            lon_e7: 1_137_518_000,
            accuracy_cm: Some(430),
            source: "gnss".into(),
        }),
        ..Shot::photo(Stage::Fact, "摊位近景")
    };
    phone.capture(Some(&case), &Taken::Bytes(photo()), &shot).unwrap();
    phone.propose(&case, None).unwrap();
    street.hear(&case);
    phone.decide(&case, None, None, &street.both(&case)).unwrap();
    phone.issue(&case).unwrap();
    let profile = Profile::named("generic-58-gbk").unwrap();
    phone.print(&case, None, open_link(&street.printer_address()).unwrap(), &profile).unwrap();
    street.paper();
    let signing = Signing {
        role: SignerRole::Party,
        act: SigningAct::Ink,
        name: Default::default(),
        reason: Default::default(),
        evidence: None,
    };
    street.act(&case, Command::Serve { how: ServiceWay::HandedOver, signing });
    case
}

/// Filed by HQ's receipt, paid, closed.
fn closed(street: &Street, case: &CaseId) {
    assert!(street.sync().done);
    let amount = street.phone.case(case).unwrap().record().unwrap().amount;
    street.act(
        case,
        Command::Pay {
            amount,
            how: PayWay::PayCode,
            receipt: "粤财0001".into(),
            cash: None,
            reason: String::new(),
        },
    );
    street.act(case, Command::Close(CloseWay::Done));
}

#[test]
fn a_photo_keeps_its_place_and_its_cameras_word_in_a_sealed_record() {
    let street = Street::new();
    let case = finished(&street, "c-exif");
    let evidence = street.phone.case(&case).unwrap().evidence().last().unwrap().item.sha256.clone();
    let record = street.phone.evidence_record(&case, &evidence).unwrap();
    assert_eq!(record["exif"]["fields"]["Model"], "\"OwnPhone1\"");
    assert_eq!(record["place"]["lat_e7"], 230_207_000);
    assert_eq!(record["place"]["accuracy_cm"], 430);
    assert_eq!(record["place"]["source"], "gnss");
    assert_eq!(street.phone.evidence(&evidence).unwrap(), photo(), "the original is kept to the byte");

    // What goes to the party says nothing of the camera; a court gets the original.
    for (audience, has) in [(Audience::Party, false), (Audience::Court, true)] {
        let (written, file) = street
            .phone
            .export_case(&case, &Wishes::of(audience), "o-1", "阅卷", Cursor::new(Vec::new()))
            .unwrap();
        assert!(written.findings.iter().all(|f| f.ok), "{:?}", written.findings);
        let bytes = file.into_inner();
        let verdict = verify(Cursor::new(&bytes), &[]).unwrap();
        assert!(verdict.is_whole(), "{:?}", verdict.findings);
        let found = bytes.windows(9).any(|w| w == b"OwnPhone1");
        assert_eq!(found, has, "{audience:?}");
    }
}

#[test]
fn after_retention_bodies_go_and_headers_and_hqs_file_stay() {
    let street = Street::new();
    let case = finished(&street, "c-old");
    let late = street.open("c-new");
    closed(&street, &case);
    assert!(street.sync().done);
    street.back_up();
    let photos = street.phone.case(&case).unwrap().evidence().len();
    assert!(photos >= 2);

    // Sixty months and a day later, and HQ's clock says so too.
    street.clock.pass(1_830 * 86_400_000);
    let report = street.sync();
    assert!(report.done, "{report:?}");
    let report = street.sync();
    assert!(report.done, "{report:?}");
    let folded = street.phone.events(&case).unwrap();
    assert!(folded.is_empty(), "no body of the old case is on the phone");
    assert!(street.phone.case(&late).is_ok_and(|c| c.opening().is_some()), "an open case is kept for ever");
    assert!(street.phone.verify_journal().unwrap().is_whole(), "headers remain");
    let evidence = street.folder.path().join("phone/evidence");
    let mut files = 0;
    for shelf in std::fs::read_dir(&evidence).unwrap() {
        files += std::fs::read_dir(shelf.unwrap().path()).unwrap().count();
    }
    assert_eq!(files, 0, "no picture of it is on the phone");

    // The phone's file of it says what is gone; HQ's has everything.
    let (_, phones) = street
        .phone
        .export_case(&case, &Wishes::of(Audience::Organ), "o-1", "复议", Cursor::new(Vec::new()))
        .unwrap();
    let verdict = verify(phones, &[]).unwrap();
    assert_eq!(verdict.entries[0], 0, "{verdict:?}");
    assert!(verdict.entries[2] > 10);
    assert!(verdict.findings.iter().filter(|f| f.code == "chain").all(|f| f.ok));
    let (written, hqs) = street
        .hq
        .export_case("legal desk", &case.0, &Wishes::of(Audience::Organ), Cursor::new(Vec::new()))
        .unwrap();
    let verdict = verify(hqs, &[street.hq.public_key()]).unwrap();
    assert!(verdict.is_whole(), "{:?}", verdict.findings);
    assert_eq!(verdict.trusted, Some(true));
    assert_eq!(verdict.entries[2], 0);
    assert_eq!(written.withheld, 0);
    assert!(street.hq.read_notes().unwrap().iter().any(|n| n.who == "legal desk" && n.case == case.0));
}

#[test]
fn nothing_is_purged_while_a_remedy_runs() {
    let street = Street::new();
    let case = finished(&street, "c-appealed");
    let other = finished(&street, "c-quiet");
    for case in [&case, &other] {
        closed(&street, case);
    }
    assert!(street.sync().done);
    street.back_up();
    // An application came in and has not ended: the phone hears of it.
    let number = street.phone.case(&case).unwrap().record().unwrap().number.clone();
    street.hq.post_appeal(&number).unwrap();
    assert!(street.sync().done);
    let here = |case: &CaseId| street.phone.case(case).is_ok_and(|c| c.opening().is_some());
    let later = |days: i64| {
        street.clock.pass(days * 86_400_000);
        for _ in 0..2 {
            let report = street.sync();
            assert!(report.done, "{report:?}");
        }
    };
    // Sixty months are over: the one that nobody fights over goes, the other stays, whole.
    later(1_830);
    assert!(!here(&other) && here(&case));
    let evidence = street.phone.case(&case).unwrap().evidence()[0].item.sha256.clone();
    assert!(street.phone.evidence(&evidence).is_ok());
    // It ended: the court may be asked for fifteen days more, then it goes as well.
    street.hq.end_appeal(&number, "maintained").unwrap();
    later(14);
    assert!(here(&case), "the court may still be asked");
    later(3);
    assert!(!here(&case));
}

#[test]
fn invariant_21_a_read_outside_ones_own_open_cases_is_an_entry() {
    let street = Street::new();
    let case = finished(&street, "c-read");
    let reads = || {
        let kinds = street.phone.with_store(|s| s.read(|dao| dao.entries_from(1, 10_000))).unwrap();
        kinds.iter().filter(|s| s.entry.body.as_ref().is_some_and(|b| b.contains("case_read"))).count()
    };
    street.phone.events(&case).unwrap();
    assert_eq!(reads(), 0, "the crew reads its own open case");
    closed(&street, &case);
    street.phone.events(&case).unwrap();
    assert_eq!(reads(), 1, "a closed one is a look-up");
    let person = ezhifa_field::search::Query::Key(ezhifa_field::search::KeyKind::PartyName, "张三");
    assert_eq!(street.phone.find(&person, 5).unwrap_err().code, "own_call");
    let found = street.phone.look_up("复查", ezhifa_field::search::KeyKind::PartyName, "张三", 5).unwrap();
    assert_eq!(found.len(), 1);
}

#[test]
fn invariant_21_no_file_of_the_phone_shows_a_name_or_an_id_number() {
    let street = Street::new();
    let case = finished(&street, "c-strings");
    street
        .phone
        .capture(Some(&case), &Taken::Bytes("张三 手写说明".into()), &Shot::photo(Stage::Other, "说明"))
        .unwrap();
    let mut files = Vec::new();
    walk(&street.folder.path().join("phone"), &mut files);
    files.push(street.folder.path().join("mark"));
    assert!(files.iter().any(|f| f.ends_with("journal.db-wal")), "{files:?}");
    assert!(files.iter().any(|f| f.to_string_lossy().contains("/evidence/")));
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        for needle in ["张三", ID, "东城街道东纵路6号302房", "马上收", "王建国"] {
            let utf16: Vec<u8> = needle.encode_utf16().flat_map(u16::to_le_bytes).collect();
            for form in [needle.as_bytes(), &utf16] {
                assert!(
                    !bytes.windows(form.len()).any(|w| w == form),
                    "{needle} stands in {}",
                    file.display()
                );
            }
        }
    }
}

fn walk(dir: &std::path::Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}
