//! The desk's API: bearer token, one role a token, JSON in and out. One table of routes (`ROUTES`) answers,
//! says who may ask, writes the log of acts, and is what `openapi.json` and docs/hq-desk.md list.

use serde::{Serialize, de::DeserializeOwned};

use super::{
    access::{Holder, Role},
    list::{self, Query, decoded},
    routes::ROUTES,
};
use crate::{
    Hq,
    error::HqError,
    protocol::{Request, Response},
};

/// Before every path of the desk.
pub const BASE: &str = "/v1/desk/";

type Run = fn(&Call<'_>) -> Result<Response, HqError>;

/// One thing that can be asked at the desk.
pub struct Route {
    /// `GET`, `POST`.
    pub method: &'static str,
    /// Path behind [`BASE`]; `{name}` stands for one part.
    pub path: &'static str,
    /// Name of the operation.
    pub id: &'static str,
    /// What it answers.
    pub says: &'static str,
    /// Who may.
    pub roles: &'static [Role],
    /// Written into the log of acts before it happens: every change by a person, and every read of a
    /// person's record.
    pub traced: bool,
    pub(super) run: Run,
}

impl Route {
    /// A list or a document.
    pub(super) const fn get(
        path: &'static str,
        id: &'static str,
        says: &'static str,
        roles: &'static [Role],
        run: Run,
    ) -> Route {
        Route { method: "GET", path, id, says, roles, traced: false, run }
    }

    /// A read of a person's record.
    pub(super) const fn read(
        path: &'static str,
        id: &'static str,
        says: &'static str,
        roles: &'static [Role],
        run: Run,
    ) -> Route {
        Route { method: "GET", path, id, says, roles, traced: true, run }
    }

    /// A change by a person at the desk.
    pub(super) const fn post(
        path: &'static str,
        id: &'static str,
        says: &'static str,
        roles: &'static [Role],
        run: Run,
    ) -> Route {
        Route { method: "POST", path, id, says, roles, traced: true, run }
    }

    /// What a system sends: kept whole under its own name, so the log of acts stays people's.
    pub(super) const fn feed(
        path: &'static str,
        id: &'static str,
        says: &'static str,
        roles: &'static [Role],
        run: Run,
    ) -> Route {
        Route { method: "POST", path, id, says, roles, traced: false, run }
    }

    /// The parts of `path` that stand where this route has `{name}`; none when it is another route.
    fn matches(&self, method: &str, path: &[String]) -> Option<Vec<String>> {
        let mine: Vec<&str> = self.path.split('/').collect();
        if self.method != method || mine.len() != path.len() {
            return None;
        }
        let mut ids = Vec::new();
        for (part, given) in mine.iter().zip(path) {
            if part.starts_with('{') {
                ids.push(given.clone());
            } else if part != given {
                return None;
            }
        }
        Some(ids)
    }
}

/// One request at the desk.
pub(super) struct Call<'a> {
    pub(super) hq: &'a Hq,
    pub(super) who: &'a Holder,
    ids: Vec<String>,
    pub(super) query: Query,
    pub(super) body: &'a [u8],
}

impl Call<'_> {
    /// The n-th `{name}` of the path.
    pub(super) fn id(&self, n: usize) -> &str {
        self.ids.get(n).map_or("", String::as_str)
    }

    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, HqError> {
        // The text may be about a person: only the place is told.
        serde_json::from_slice(self.body)
            .map_err(|e| HqError::Bad(format!("JSON {}:{} {}", e.line(), e.column(), kind(&e))))
    }

    pub(super) fn list<T: Serialize>(&self, items: Vec<(String, T)>) -> Result<Response, HqError> {
        list::answer(&self.query, items, &[])
    }

    pub(super) fn text(&self) -> Result<&str, HqError> {
        std::str::from_utf8(self.body).map_err(|_| HqError::Bad("UTF-8".into()))
    }

    pub(super) fn days(&self) -> Result<super::figures::Days, HqError> {
        let day = |name: &str| {
            self.query
                .get(name)
                .map(|d| d.parse().map_err(|_| HqError::Bad(format!("{name}: YYYY-MM-DD"))))
                .transpose()
        };
        Ok(super::figures::Days { from: day("from")?, to: day("to")? })
    }
}

fn kind(e: &serde_json::Error) -> &'static str {
    match e.classify() {
        serde_json::error::Category::Data => "字段不符 (a field is missing, unknown or of another type)",
        _ => "不是完整的 JSON (not JSON)",
    }
}

pub(crate) fn route(hq: &Hq, request: &Request) -> Result<Response, HqError> {
    let token = request
        .headers
        .get("authorization")
        .and_then(|a| a.strip_prefix("Bearer "))
        .ok_or(HqError::Denied("token"))?;
    run(hq, &hq.holder(token)?, request)
}

fn run(hq: &Hq, who: &Holder, request: &Request) -> Result<Response, HqError> {
    let plain = request.path.split('?').next().unwrap_or_default();
    let path: Vec<String> = plain.strip_prefix(BASE).unwrap_or_default().split('/').map(decoded).collect();
    let (route, ids) = ROUTES
        .iter()
        .find_map(|r| Some((r, r.matches(&request.method, &path)?)))
        .ok_or(HqError::NotFound("path"))?;
    if !route.roles.contains(&who.role) {
        return Err(HqError::Forbidden);
    }
    if route.traced {
        hq.note_act(who, route.id, &ids.join("/"), &request.body)?;
    }
    (route.run)(&Call { hq, who, ids, query: Query::of(request), body: &request.body })
}

/// The desk's route that a path belongs to, with its `{names}`.
pub(crate) fn pattern(method: &str, plain: &str) -> Option<&'static str> {
    let path: Vec<String> = plain.strip_prefix(BASE)?.split('/').map(decoded).collect();
    ROUTES.iter().find(|r| r.matches(method, &path).is_some()).map(|r| r.path)
}

impl Hq {
    /// Answers at the desk for a holder who needs no token because the database is open before them
    /// (`ezhifa hq` on the machine itself). Roles and the log of acts hold all the same.
    #[must_use]
    pub fn answer_at_desk(&self, who: &Holder, request: &Request) -> Response {
        run(self, who, request).unwrap_or_else(|e| self.refusal(&e))
    }
}

/// The table of routes, for documents and tests.
#[must_use]
pub fn routes() -> &'static [Route] {
    ROUTES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_routes_answer_the_same_and_each_has_somebody_who_may() {
        for (i, a) in ROUTES.iter().enumerate() {
            assert!(!a.roles.is_empty() && !a.says.is_empty(), "{}", a.id);
            for b in ROUTES.iter().skip(i + 1) {
                assert!(a.id != b.id && (a.method, a.path) != (b.method, b.path), "{}", a.id);
            }
        }
    }

    #[test]
    fn the_operators_page_names_every_route() {
        let page = include_str!("../../../docs/hq-desk.md");
        for r in ROUTES {
            assert!(page.contains(&format!("`{} {}` `{}`", r.method, r.path, r.id)), "{}", r.id);
        }
    }

    #[test]
    fn sources_have_their_own_doors_only_and_auditors_change_nothing() {
        let of = |role: Role| ROUTES.iter().filter(move |r| r.roles.contains(&role));
        assert!(of(Role::Auditor).all(|r| r.method == "GET"));
        assert!(of(Role::LeadSource).all(|r| r.path.starts_with("leads") || r.path == "events"));
        assert!(of(Role::PaymentSource).all(|r| r.path.starts_with("pay")));
        assert!(
            ROUTES.iter().filter(|r| r.method == "POST" && !r.traced).all(|r| {
                r.roles.iter().any(|role| matches!(role, Role::LeadSource | Role::PaymentSource))
            })
        );
    }
}
