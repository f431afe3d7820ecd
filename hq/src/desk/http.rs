//! The desk's API: bearer token, one role a token, JSON in and out. `openapi.json` lists it.

use serde::de::DeserializeOwned;

use super::{access::Role, leads::NewLead, payments::NewPayment};
use crate::{
    Hq,
    error::HqError,
    protocol::{Request, Response},
};

const READERS: &[Role] = &[Role::Desk, Role::Supervisor, Role::Auditor];

fn body<T: DeserializeOwned>(request: &Request) -> Result<T, HqError> {
    serde_json::from_slice(&request.body)
        .map_err(|e| HqError::Bad(format!("JSON {}:{}", e.line(), e.column())))
}

pub(crate) fn route(hq: &Hq, request: &Request) -> Result<Response, HqError> {
    let plain = request.path.split('?').next().unwrap_or_default();
    let path: Vec<&str> = plain.trim_start_matches("/v1/desk/").split('/').collect();
    let token = request
        .headers
        .get("authorization")
        .and_then(|a| a.strip_prefix("Bearer "))
        .ok_or(HqError::Denied("token"))?;
    let holder = |roles: &[Role]| hq.holder(token, roles);
    match (request.method.as_str(), path.as_slice()) {
        ("POST", ["leads"]) => {
            let who = holder(&[Role::LeadSource, Role::Desk])?;
            Response::json(&hq.post_lead(&who.name, body::<NewLead>(request)?)?)
        }
        ("GET", ["leads", id]) => {
            holder(READERS)?;
            Response::json(&hq.lead(id)?)
        }
        ("POST", ["leads", id, "audit"]) => {
            let who = holder(&[Role::Desk, Role::Supervisor])?;
            Response::json(&hq.audit_lead(id, &who.name)?)
        }
        ("POST", ["leads", id, "close"]) => {
            holder(&[Role::Desk])?;
            Response::json(&hq.close_lead(id, &body::<String>(request)?)?)
        }
        ("POST", ["payments"]) => {
            holder(&[Role::PaymentSource, Role::Desk])?;
            Response::json(&hq.post_payment(body::<NewPayment>(request)?)?)
        }
        ("GET", ["payments", "held"]) => {
            holder(READERS)?;
            Response::json(&hq.match_payments()?)
        }
        ("GET", ["cases"]) => {
            holder(READERS)?;
            Response::json(&hq.case_files()?)
        }
        ("GET", ["cases", id]) => {
            holder(READERS)?;
            Response::json(&hq.case_file(id)?)
        }
        // The one place where a person's record is read: noted first.
        ("GET", ["cases", id, "events"]) => {
            let who = holder(READERS)?;
            Response::json(&hq.read_case(&who.name, id)?)
        }
        ("GET", ["reads"]) => {
            holder(&[Role::Auditor])?;
            Response::json(&hq.read_notes()?)
        }
        ("POST", ["appeals"]) => {
            holder(&[Role::Desk])?;
            Response::json(&hq.post_appeal(&body::<String>(request)?)?)
        }
        ("GET", ["appeals"]) => {
            holder(READERS)?;
            Response::json(&hq.appeals()?)
        }
        ("GET", ["patterns"]) => {
            holder(&[Role::Supervisor, Role::Auditor])?;
            Response::json(&hq.patterns()?)
        }
        ("GET", ["sample", seed, each]) => {
            holder(&[Role::Supervisor, Role::Auditor])?;
            Response::json(&hq.draw_waivers(seed, each.parse().map_err(|_| HqError::Bad("each".into()))?)?)
        }
        ("GET", ["figures"]) => {
            holder(READERS)?;
            Response::json(&hq.figures()?)
        }
        ("GET", ["checkpoints"]) => {
            holder(READERS)?;
            Response::json(&hq.checkpoints()?)
        }
        ("GET", ["ledger"]) => {
            holder(READERS)?;
            Response::json(&hq.ledger()?)
        }
        ("GET", ["alarms"]) => {
            holder(READERS)?;
            Response::json(&hq.alarms()?)
        }
        ("GET", ["quarantine"]) => {
            holder(READERS)?;
            Response::json(&hq.quarantine()?)
        }
        ("GET", ["reviews"]) => {
            holder(READERS)?;
            Response::json(&hq.reviews(!request.path.ends_with("?all=true"))?)
        }
        ("POST", ["reviews", id, "close"]) => {
            let who = holder(&[Role::Supervisor])?;
            Response::json(&hq.close_review(id, &who.name, &body::<String>(request)?)?)
        }
        ("GET", ["replay"]) => {
            holder(READERS)?;
            Response::json(&hq.replay_report()?)
        }
        _ => Err(HqError::NotFound("path")),
    }
}
