//! Orders to an HQ: carried out here when nobody serves from its folder, else by the HQ that does.

use std::path::Path;

use ezhifa_field::{
    transport::{HttpTransport, Request, Transport as _},
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
    let answer = match Hq::open(config.clone()) {
        Ok(hq) => hq.operate(order).map_err(failed)?,
        Err(HqError::InUse) => through_the_door(&config.dir, &order)?,
        Err(e) => return Err(failed(e)),
    };
    serde_json::from_value(answer).map_err(failed)
}

fn through_the_door(dir: &Path, order: &Order) -> Result<Value, CliError> {
    let door = Serving::read(dir).map_err(failed)?.ok_or_else(|| {
        CliError::new(
            format!("another program works in {}", dir.display()),
            "wait for it to end, or serve with `ezhifa hq serve`",
        )
    })?;
    let ticket = Ticket { v: 1, url: door.url, code: "operator".into(), ca: door.ca, hq_key: door.hq_key };
    let answer = HttpTransport::new(&ticket)
        .and_then(|way| {
            way.send(&Request {
                method: "POST",
                path: PATH.to_owned(),
                headers: vec![
                    ("content-type", "application/json".into()),
                    ("authorization", format!("Bearer {}", door.token)),
                ],
                body: serde_json::to_vec(order).unwrap_or_default(),
            })
        })
        .map_err(|e| CliError::new(e, "is the HQ that serves from this folder still there?"))?;
    let value: Value = serde_json::from_slice(&answer.body).map_err(failed)?;
    if answer.status != 200 {
        let word = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        return Err(CliError::new(
            format!("{} / {}", word("zh"), word("en")),
            "said by the HQ that serves from this folder",
        ));
    }
    Ok(value)
}
