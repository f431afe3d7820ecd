//! Orders to an HQ: carried out here when nobody serves from its folder, else by the HQ that does.

use ezhifa_field::{
    transport::{HttpTransport, Request, Transport as _, TransportError},
    wire::enrol::Ticket,
};
use ezhifa_hq::{
    Hq, HqConfig, HqError,
    operator::{Order, PATH, Serving},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::CliError;

fn failed(error: impl std::fmt::Display) -> CliError {
    CliError::new(error, "check --dir, --db and --blobs")
}

/// Gives an order and reads the answer as `T`.
///
/// # Errors
/// The folder cannot be opened, the HQ that serves does not answer, or the order is refused.
pub fn order<T: DeserializeOwned>(config: &HqConfig, order: Order) -> Result<T, CliError> {
    // The door of an HQ that crashed leads nowhere: then its folder is free.
    let answer = match Serving::read(&config.dir).map_err(failed)? {
        Some(door) => through(door, &order).transpose(),
        None => None,
    };
    let answer = match answer {
        Some(answer) => answer?,
        None => match Hq::open(config.clone()) {
            Ok(hq) => hq.operate(order).map_err(failed)?,
            Err(HqError::InUse) => {
                return Err(CliError::new(
                    format!("another program works in {}", config.dir.display()),
                    "wait for it to end, or serve with `ezhifa hq serve`",
                ));
            }
            Err(e) => return Err(failed(e)),
        },
    };
    serde_json::from_value(answer).map_err(failed)
}

/// The answer of the HQ that serves, `None` where nobody is there.
fn through(door: Serving, order: &Order) -> Result<Option<Value>, CliError> {
    let ticket = Ticket { v: 1, url: door.url, code: "operator".into(), ca: door.ca, hq_key: door.hq_key };
    let way = HttpTransport::new(&ticket).map_err(failed)?;
    let request = Request {
        method: "POST",
        path: PATH.to_owned(),
        headers: vec![
            ("content-type", "application/json".into()),
            ("authorization", format!("Bearer {}", door.token)),
        ],
        body: serde_json::to_vec(order).map_err(failed)?,
    };
    let answer = match way.send(&request) {
        Ok(answer) => answer,
        Err(TransportError::Unreachable(_) | TransportError::NotHq) => return Ok(None),
        Err(e) => return Err(CliError::new(e, "the HQ that serves from this folder does not answer")),
    };
    let value: Value = serde_json::from_slice(&answer.body).map_err(failed)?;
    if answer.status != 200 {
        let word = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        return Err(CliError::new(
            format!("{} / {}", word("zh"), word("en")),
            "said by the HQ that serves from this folder",
        ));
    }
    Ok(Some(value))
}
