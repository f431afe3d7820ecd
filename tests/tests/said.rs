//! What the phone says when something is refused, on the screen and in the app's log: never what was typed
//! about people.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::sync::{Arc, Mutex};

use common::{ID, Street, stall};
use ezhifa_bindings as app;
use ezhifa_field::{
    casework::{
        command::Command,
        event::{CaseId, Stage},
        people::{OfficerId, Private},
        seal::sign::{Algorithm, Signer as _, SoftwareKey},
    },
    error::FieldError,
    office::{Shot, Taken},
    search::{KeyKind, Query},
};

const NAME: &str = "欧阳测试";
const PHONE: &str = "13912345678";

#[test]
fn invariant_21_no_error_repeats_what_was_typed_about_people() {
    let street = Street::new();
    let phone = &street.phone;
    let case = stall(&street, "c-1");
    let mut wrong = phone.case(&case).unwrap().party().unwrap().clone();
    wrong.name = Private::new(NAME);
    wrong.phone = Private::new(PHONE);
    wrong.id_number = Private::new("110105194912310021");
    let path = Taken::Path(format!("/nowhere/{NAME}/{ID}.jpg").into());
    let [first, second] = &street.officers;
    let clock = phone.confirm_clock([(first, ID), (second, PHONE)]).unwrap_err();
    let party = phone.act(&case, &Command::IdentifyParty(Box::new(wrong))).unwrap_err();
    phone.sign_out(first).unwrap();
    phone.sign_out(second).unwrap();
    let said: [FieldError; 10] = [
        clock,
        party,
        phone.capture(Some(&case), &path, &Shot::photo(Stage::Fact, NAME)).unwrap_err(),
        phone.case(&CaseId(NAME.into())).unwrap_err(),
        phone.find(&Query::Key(KeyKind::PartyName, NAME), 5).unwrap_err(),
        phone.find(&Query::Key(KeyKind::PartyId, ID), 5).unwrap_err(),
        phone.evidence(NAME).unwrap_err(),
        phone.attach(&case, NAME).unwrap_err(),
        phone.sign_in(first, ID).unwrap_err(),
        phone.look_up(NAME, KeyKind::PartyName, NAME, 5).unwrap_err(),
    ];
    for error in said {
        let text = format!("{error} {error:?}");
        for word in [NAME, ID, PHONE, "11010519491231"] {
            assert!(!text.contains(word), "{text}");
        }
    }
}

struct Keys;

impl app::PhoneKeys for Keys {
    fn database_key(&self) -> Result<Vec<u8>, app::PhoneError> {
        Ok(vec![7; 32])
    }

    fn device_public_key(&self) -> Result<Vec<u8>, app::PhoneError> {
        Ok(SoftwareKey::from_secret(Algorithm::P256Sha256, [3; 32]).unwrap().public_key().bytes)
    }

    fn sign(&self, message: Vec<u8>) -> Result<Vec<u8>, app::PhoneError> {
        Ok(message)
    }
}

#[derive(Default)]
struct Log(Mutex<Vec<String>>);

impl app::PhoneLog for Log {
    fn log(&self, _: app::LogLevel, text: String) -> Result<(), app::AppError> {
        self.0.lock().unwrap().push(text);
        Ok(())
    }
}

#[test]
fn invariant_21_the_apps_log_gets_calls_and_codes_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let log = Arc::new(Log::default());
    let platform = app::PhonePlatform { log: Some(log.clone()), ..app::PhonePlatform::default() };
    let phone = app::FieldOffice::open(path("store"), path("mark"), Arc::new(Keys), Some(platform)).unwrap();
    assert!(phone.look_up(NAME.into(), app::KeyKind::PartyName, ID.into(), 5).is_err());
    assert!(phone.sign_in(OfficerId(NAME.into()), ID.into()).is_err());
    assert!(phone.open_case(NAME.into(), None, false, None).is_err());
    assert!(phone.enrol(format!("ezhifa:{{\"{NAME}\":\"{ID}\"}}")).is_err());
    let lines = log.0.lock().unwrap().clone();
    assert_eq!(lines.len(), 4, "{lines:?}");
    for line in lines {
        let plain = |c: char| c.is_ascii_lowercase() || c == '_';
        let (call, code) = line.split_once(": ").unwrap();
        assert!(!call.is_empty() && call.chars().all(plain), "{line}");
        assert!(!code.is_empty() && code.chars().all(plain), "{line}");
    }
}
