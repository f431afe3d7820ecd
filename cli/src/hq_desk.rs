//! `ezhifa hq desk`: the desk's lists and acts from a terminal. The same routes, roles and log as over HTTP: at an HQ
//! elsewhere (`--url`, `--token`), or as the operator of the one in `--dir`, whether it serves or stands still.

use std::{path::PathBuf, sync::Arc};

use clap::{Args, Subcommand};
use ezhifa_hq::{
    Request, Response,
    desk::{
        access::Role,
        http::{BASE, Route, routes},
        supervision::{Drawn, draw},
    },
    operator::Order,
};
use serde_json::Value;

use crate::{
    error::CliError,
    hq::{Place, failed, json},
    say, table,
};

/// Where to ask.
#[derive(Args)]
pub struct Ask {
    #[command(flatten)]
    place: Place,
    /// An HQ elsewhere, for example https://127.0.0.1:8443; without it the one in --dir, as its operator.
    #[arg(long)]
    url: Option<String>,
    /// Token for --url, or @FILE; else the environment's EZHIFA_TOKEN.
    #[arg(long)]
    token: Option<String>,
    /// Authority of the server's certificate (PEM); default: the one in --dir.
    #[arg(long)]
    ca: Option<PathBuf>,
    /// Officer id of the operator: for what only a head may do. The roster must give the power.
    #[arg(long)]
    officer: Option<String>,
}

/// Arguments of a list.
#[derive(Args)]
pub struct ListArgs {
    #[command(flatten)]
    ask: Ask,
    /// What the list is about, where it asks for something: a case, a seed and a count…
    about: Vec<String>,
    /// Only what fits: FIELD=VALUE, FIELD.min=VALUE, FIELD.max=VALUE; may be repeated.
    #[arg(long = "where", value_name = "FIELD=VALUE")]
    filters: Vec<String>,
    /// Rows of a page.
    #[arg(long, default_value_t = 200)]
    limit: u32,
    /// Every page, one after the other.
    #[arg(long, conflicts_with = "csv")]
    all: bool,
    /// Where the page begins: `next` of the page before.
    #[arg(long)]
    after: Option<String>,
    /// As JSON, with `next`.
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// As CSV.
    #[arg(long)]
    csv: bool,
}

/// Arguments of `hq desk act`.
#[derive(Args)]
pub struct ActArgs {
    #[command(flatten)]
    ask: Ask,
    /// Name of the act, as `ezhifa hq desk routes` lists it: closeLead, deferFine…
    name: String,
    /// What it is about, in the order of its path.
    about: Vec<String>,
    /// What is sent: JSON, or @FILE (also TOML where the act takes it).
    #[arg(long, default_value = "null")]
    body: String,
}

/// Arguments of `hq desk routes`.
#[derive(Args)]
pub struct RoutesArgs {
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `hq desk redraw`.
#[derive(Args)]
pub struct RedrawArgs {
    /// List of waivers: what `ezhifa hq desk waivers --json` wrote.
    waivers: PathBuf,
    /// Seed.
    #[arg(long)]
    seed: String,
    /// Waivers from each branch and limb.
    #[arg(long, default_value_t = 5)]
    each: usize,
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Arguments of `hq desk token`.
#[derive(Args)]
pub struct TokenArgs {
    #[command(flatten)]
    place: Place,
    /// desk, supervisor, auditor, lead_source, payment_source.
    #[arg(long)]
    role: String,
    /// Name of the desk or system.
    #[arg(long)]
    name: String,
    /// Officer id behind it: the head's acts are checked against the roster.
    #[arg(long)]
    officer: Option<String>,
    /// Public key with which the source signs what it sends.
    #[arg(long)]
    key: Option<String>,
}

/// Declares the lists: command, path, columns.
macro_rules! lists {
    ($($(#[$doc:meta])* $variant:ident = $path:literal, [$($column:literal),*];)+) => {
        /// Lists of the desk; what is not a list is shown as JSON.
        #[derive(Subcommand)]
        pub enum List {
            $($(#[$doc])* $variant(ListArgs),)+
        }

        impl List {
            fn parts(&self) -> (&ListArgs, &'static str, &'static [&'static str]) {
                match self {
                    $(List::$variant(args) => (args, $path, &[$($column),*]),)+
                }
            }

            /// Path of every list, for the test that none is missing.
            #[cfg(test)]
            const PATHS: &'static [&'static str] = &[$($path),+];
        }
    };
}

lists! {
    /// Open leads (--where all=true for every one).
    Leads = "leads", ["id", "source", "event_code", "branch", "state", "place", "text"];
    /// One lead.
    Lead = "leads/{id}", [];
    /// Who reported a lead: a read that is written down.
    Reporter = "leads/{id}/reporter", [];
    /// What became of a source's own leads.
    LeadNews = "leads/news", [];
    /// Event codes and the offences they may be.
    Events = "events", ["code", "name", "offences", "sample"];
    /// Organ, branches, squads, stations.
    Units = "units", ["id", "kind", "name", "parent"];
    /// Officers, certificates, days left.
    Roster = "roster", ["id", "name", "certificate", "kind", "branch", "valid_to", "days_left", "may_sign", "powers"];
    /// Crews and their phones.
    Crews = "crews", ["id", "branch", "squad", "officers", "with", "device"];
    /// Shifts.
    Shifts = "shifts", ["branch", "shift.crew", "shift.from_ms", "shift.until_ms"];
    /// Phones.
    Devices = "devices", ["id", "branch", "model", "app", "seen_ms", "unsynced.entries", "withdrawn_ms"];
    /// Orders that wait for their re-check.
    Orders = "orders", ["number", "branch", "offence", "place", "due", "state", "age_h", "metres"];
    /// Hand-overs between shifts.
    Handovers = "handovers", ["id", "branch", "from", "to", "orders", "leads", "cases", "accepted"];
    /// Notices of payment.
    Payments = "payments", ["reference", "number", "pay_code", "amount_fen", "state", "receipt", "signed"];
    /// Payments that are held or go back.
    Held = "payments/held", ["reference", "number", "pay_code", "amount_fen", "state", "receipt"];
    /// What may be paid today.
    Payables = "payables", ["number", "check_code", "owed_fen", "late_fee_fen", "pay_by", "pay_code"];
    /// Pay codes in the pool and on phones.
    Paycodes = "paycodes", ["device", "lent", "used", "free"];
    /// Every fine as it stands today.
    Fines = "fines", ["number", "branch", "state", "amount_fen", "paid_fen", "late_fee_fen", "refund_fen", "pay_by", "receipts"];
    /// Cash on its way to the bank.
    Cash = "cash", ["receipt", "number", "branch", "amount_fen", "taken_on", "state", "due", "late"];
    /// Finance receipts allotted to phones.
    Receipts = "receipts", ["batch", "device", "prefix", "from", "to", "used"];
    /// Payments deferred or by instalments.
    Deferrals = "deferrals", ["number", "granted", "until", "parts", "by", "reason"];
    /// Case files.
    Cases = "cases", ["id", "branch", "offence", "opened_at", "served_at", "advised", "closed"];
    /// One case file.
    Case = "cases/{id}", [];
    /// A case with the person's data: a read that is written down.
    Record = "cases/{id}/events", [];
    /// What a file scores (案卷评查).
    Score = "cases/{id}/score", [];
    /// Review tasks that are open (--where all=true for closed ones).
    Reviews = "reviews", ["id", "kind", "case", "hq_says", "verdict"];
    /// What repeats or is missing.
    Patterns = "patterns", ["kind", "about", "count", "cases"];
    /// Every waiver that stands: what a sample is drawn from.
    Waivers = "waivers", ["branch", "limb", "number", "case"];
    /// A seeded sample: SEED EACH.
    Sample = "sample/{seed}/{each}", ["branch", "limb", "number", "case", "points", "failed"];
    /// Case conferences.
    Conferences = "conferences", ["id", "on", "branch", "items"];
    /// Cases that should be talked about.
    Agenda = "conferences/agenda", ["case", "question"];
    /// Reconsideration asked for here.
    Appeals = "appeals", ["number", "forward_by", "done", "outcome"];
    /// Cases that must be kept whole.
    Holds = "holds", ["number", "case", "why", "until"];
    /// 撤销 and 补正 ordered by the head.
    HeadOrders = "head/orders", ["id", "number", "act", "by", "done", "reason"];
    /// Figures by branch (--where from=… to=…).
    Figures = "figures", ["branch", "cases", "decisions", "no_penalty_permille", "completeness_permille", "correction_permille", "repeat_permille", "overturned", "median_open_to_served_s"];
    /// A plot (SVG): outcome, limb, offence, source, week, 721, branch, hot.
    Plot = "figures/{chart}", [];
    /// Hot problems by place and week.
    Hot = "hot", ["week", "branch", "event_code", "name", "leads", "place"];
    /// Alarms that stand.
    Alarms = "alarms", ["kind", "about", "count", "text"];
    /// Every lent number, accounted for.
    Numbers = "ledger", [];
    /// Signed checkpoints.
    Checkpoints = "checkpoints", ["day", "text"];
    /// Entries that HQ could not read.
    Quarantine = "quarantine", ["device", "epoch", "seq", "kind", "why", "at_ms"];
    /// The desk's own log.
    Acts = "acts", ["n", "at_ms", "who", "role", "act", "about"];
    /// The first changed line of the desk's log; null when it is whole.
    BrokenAct = "acts/broken", [];
    /// Who read whose record.
    Reads = "reads", ["n", "at_ms", "who", "role", "act", "about"];
    /// Who holds a token.
    Tokens = "tokens", ["hash", "role", "name", "officer", "signs"];
    /// The desk's settings.
    Settings = "settings", [];
}

/// The desk.
#[derive(Subcommand)]
pub enum DeskCommand {
    /// A token for a desk or a system, shown once.
    Token(TokenArgs),
    /// Do something: any act that `routes` lists.
    Act(ActArgs),
    /// Everything that can be asked or done, and by whom.
    Routes(RoutesArgs),
    /// Draw a sample of waivers again, from the published list and the seed alone.
    Redraw(RedrawArgs),
    #[command(flatten)]
    List(List),
}

/// Runs a command of the desk.
///
/// # Errors
/// HQ does not answer, refuses, or its folder is in use.
pub fn run(command: &DeskCommand) -> Result<(), CliError> {
    match command {
        DeskCommand::Token(args) => token(args),
        DeskCommand::Act(args) => act(args),
        DeskCommand::Routes(args) => show_routes(args),
        DeskCommand::Redraw(args) => redraw(args),
        DeskCommand::List(of) => list(of),
    }
}

impl Ask {
    fn send(&self, route: &Route, path: &str, body: Vec<u8>) -> Result<Response, CliError> {
        let mut request = Request {
            method: route.method.to_owned(),
            path: format!("{BASE}{path}"),
            body,
            ..Request::default()
        };
        let Some(url) = &self.url else {
            let role = route.roles.first().copied().unwrap_or(Role::Desk);
            let (method, path) = (request.method, request.path);
            let body = String::from_utf8(request.body).map_err(failed)?;
            let order = Order::Desk { role, officer: self.officer.clone(), method, path, body };
            let answer: Answer = self.place.order(order)?;
            let headers = [("content-type".to_owned(), answer.kind)].into();
            return Ok(Response { status: answer.status, headers, body: answer.body.into_bytes() });
        };
        let token = match self.token.as_deref() {
            Some(given) => match given.strip_prefix('@') {
                Some(file) => std::fs::read_to_string(file)
                    .map_err(|e| CliError::new(format!("{file}: {e}"), "--token takes a token or @FILE"))?,
                None => given.to_owned(),
            },
            None => std::env::var("EZHIFA_TOKEN").map_err(|_| {
                CliError::new(
                    "no token",
                    "give --token, or set EZHIFA_TOKEN; `ezhifa hq desk token` makes one",
                )
            })?,
        };
        request.headers.insert("authorization".into(), format!("Bearer {}", token.trim()));
        self.over_http(url, &request)
    }

    fn over_http(&self, url: &str, request: &Request) -> Result<Response, CliError> {
        let hint = "is HQ running at --url, and is its authority the one in --ca or --dir?";
        let mut config = ureq::Agent::config_builder().http_status_as_error(false);
        if url.starts_with("https://") {
            let ca = self.ca.clone().unwrap_or_else(|| self.place.dir.join("ca.pem"));
            let pem =
                std::fs::read(&ca).map_err(|e| CliError::new(format!("{}: {e}", ca.display()), hint))?;
            let cert = ureq::tls::Certificate::from_pem(&pem).map_err(|e| CliError::new(e, hint))?;
            config = config.tls_config(
                ureq::tls::TlsConfig::builder()
                    .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
                    .root_certs(ureq::tls::RootCerts::new_with_certs(&[cert]))
                    .build(),
            );
        }
        let agent: ureq::Agent = config.build().into();
        let mut ask = ureq::http::Request::builder().method(request.method.as_str()).uri(format!(
            "{}{}",
            url.trim_end_matches('/'),
            request.path
        ));
        for (name, value) in &request.headers {
            ask = ask.header(name, value);
        }
        let done = if request.method == "GET" {
            agent.run(ask.body(()).map_err(|e| CliError::new(e, hint))?)
        } else {
            agent.run(ask.body(request.body.clone()).map_err(|e| CliError::new(e, hint))?)
        };
        let mut done = done.map_err(|e| CliError::new(e, hint))?;
        let kind = done.headers().get("content-type").and_then(|k| k.to_str().ok()).unwrap_or_default();
        let mut headers = std::collections::BTreeMap::new();
        headers.insert("content-type".to_owned(), kind.to_owned());
        let status = done.status().as_u16();
        let body =
            done.body_mut().with_config().limit(1 << 30).read_to_vec().map_err(|e| CliError::new(e, hint))?;
        Ok(Response { status, headers, body })
    }
}

/// What the operator's door gives back of the desk.
#[derive(serde::Deserialize)]
struct Answer {
    status: u16,
    kind: String,
    body: String,
}

/// Text as a part of a path or query.
fn part(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, b| {
        if b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_') {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
        out
    })
}

/// Fills `{name}` parts with what was given.
fn filled(path: &str, about: &[String]) -> Result<String, CliError> {
    let mut given = about.iter();
    let mut parts = Vec::new();
    for piece in path.split('/') {
        match piece.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
            None => parts.push(piece.to_owned()),
            Some(name) => parts.push(part(given.next().ok_or_else(|| {
                CliError::new(format!("{name} is missing"), format!("{path}: give {name}"))
            })?)),
        }
    }
    match given.next() {
        None => Ok(parts.join("/")),
        Some(more) => Err(CliError::new(format!("too much: {more}"), format!("{path} asks for less"))),
    }
}

/// The body of a good answer; a refusal is said in its own words.
fn good(answer: Response) -> Result<Response, CliError> {
    if answer.status == 200 {
        return Ok(answer);
    }
    let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let words = |name: &str| said.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Err(CliError::new(
        format!("{} / {}", words("zh"), words("en")),
        "`ezhifa hq desk routes` says who may ask for what",
    ))
}

fn route(method: &str, path: &str) -> Result<&'static Route, CliError> {
    routes().iter().find(|r| r.method == method && r.path == path).ok_or_else(|| {
        CliError::new(format!("no route {method} {path}"), "`ezhifa hq desk routes` lists them")
    })
}

/// Shows a list.
///
/// # Errors
/// HQ does not answer, refuses, or the database is in use.
fn list(list: &List) -> Result<(), CliError> {
    let (args, path, columns) = list.parts();
    let asked = filled(path, &args.about)?;
    let mut query = Vec::new();
    if !columns.is_empty() {
        query.push(format!("limit={}", args.limit));
    }
    for filter in &args.filters {
        let (name, value) = filter
            .split_once('=')
            .ok_or_else(|| CliError::new(format!("{filter} is no filter"), "--where FIELD=VALUE"))?;
        query.push(format!("{}={}", part(name), part(value)));
    }
    if args.csv {
        query.push("format=csv".to_owned());
    }
    let (mut rows, mut after) = (Vec::new(), args.after.clone());
    loop {
        let after_it = after.iter().map(|a| format!("after={}", part(a)));
        let query: Vec<String> = query.iter().cloned().chain(after_it).collect();
        let page = if query.is_empty() { asked.clone() } else { format!("{asked}?{}", query.join("&")) };
        let answer = good(args.ask.send(route("GET", path)?, &page, Vec::new())?)?;
        let text = String::from_utf8(answer.body).map_err(failed)?;
        if !answer.headers.get("content-type").is_some_and(|k| k.starts_with("application/json")) {
            say!("{}", text.trim_end());
            return Ok(());
        }
        let mut value: Value = serde_json::from_str(&text).map_err(failed)?;
        let next = value.get("next").and_then(Value::as_str).map(str::to_owned);
        let items = value.get_mut("items").and_then(Value::as_array_mut).filter(|_| !columns.is_empty());
        let Some(items) = items else { return json(&value) };
        rows.append(items);
        if !args.all || next.is_none() {
            if args.json {
                return json(&serde_json::json!({"items": rows, "next": next}));
            }
            shown(columns, &rows, next.as_deref());
            return Ok(());
        }
        after = next;
    }
}

fn shown(columns: &[&str], items: &[Value], next: Option<&str>) {
    let mut rows: Vec<Vec<String>> = vec![columns.iter().map(|c| (*c).to_owned()).collect()];
    rows.extend(items.iter().map(|item| columns.iter().map(|c| cell(item, c)).collect()));
    let widths: Vec<usize> = (0..columns.len())
        .map(|i| rows.iter().filter_map(|r| r.get(i)).map(|c| table::width(c)).max().unwrap_or(0) + 2)
        .collect();
    for row in &rows {
        let cells: Vec<&str> = row.iter().map(String::as_str).collect();
        say!("{}", table::row(&widths, &cells));
    }
    match next {
        Some(next) => say!("{} rows; more with --all, or --after {next}", items.len()),
        None => say!("{} rows", items.len()),
    }
}

fn cell(item: &Value, column: &str) -> String {
    let value = column.split('.').try_fold(item, |at, name| at.get(name));
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(s)) if s.is_empty() => "-".to_owned(),
        Some(Value::String(s)) => s.replace('\n', " "),
        Some(Value::Array(a)) if a.iter().all(Value::is_string) => {
            a.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
        }
        Some(Value::Array(a)) => a.len().to_string(),
        Some(other) => other.to_string(),
    }
}

/// Does something at the desk.
///
/// # Errors
/// No such act, or HQ refuses.
fn act(args: &ActArgs) -> Result<(), CliError> {
    let route = routes().iter().find(|r| r.method == "POST" && r.id == args.name).ok_or_else(|| {
        CliError::new(format!("no act {}", args.name), "`ezhifa hq desk routes` lists them")
    })?;
    let body = match args.body.strip_prefix('@') {
        Some(file) => std::fs::read(file)
            .map_err(|e| CliError::new(format!("{file}: {e}"), "--body takes JSON or @FILE"))?,
        None => args.body.clone().into_bytes(),
    };
    let path = filled(route.path, &args.about)?;
    let answer = good(args.ask.send(route, &path, body)?)?;
    json(&serde_json::from_slice::<Value>(&answer.body).map_err(failed)?)
}

/// Shows every route: what it answers and who may ask.
///
/// # Errors
/// None but a JSON that cannot be written.
fn show_routes(args: &RoutesArgs) -> Result<(), CliError> {
    let word = |role: &Role| {
        serde_json::to_value(role).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    };
    if args.json {
        let rows: Vec<Value> = routes()
            .iter()
            .map(|r| {
                serde_json::json!({"method": r.method, "path": r.path, "name": r.id, "says": r.says, "roles": r.roles, "logged": r.traced})
            })
            .collect();
        return json(&rows);
    }
    for r in routes() {
        let roles: Vec<String> = r.roles.iter().map(word).collect();
        say!(
            "{}",
            table::row(
                &[5, 34, 20, 0],
                &[r.method, r.path, r.id, &format!("{} [{}]", r.says, roles.join(", "))]
            )
        );
    }
    Ok(())
}

/// Draws a sample again, from nothing but the published list and the seed.
///
/// # Errors
/// The file is not such a list.
fn redraw(args: &RedrawArgs) -> Result<(), CliError> {
    let hint = "write it with `ezhifa hq desk waivers --json --all > waivers.json`";
    let text = std::fs::read_to_string(&args.waivers)
        .map_err(|e| CliError::new(format!("{}: {e}", args.waivers.display()), hint))?;
    let list: Value = serde_json::from_str(&text).map_err(|e| CliError::new(e, hint))?;
    if list.get("next").is_some_and(|n| !n.is_null()) {
        return Err(CliError::new("the list is not whole: it has a next page", hint));
    }
    let items = list.get("items").cloned().unwrap_or(list);
    let population: Vec<Drawn> = serde_json::from_value(items).map_err(|e| CliError::new(e, hint))?;
    let drawn = draw(&population, &args.seed, args.each);
    if args.json {
        return json(&drawn);
    }
    for d in &drawn {
        say!("{}", table::row(&[16, 6, 36, 0], &[&d.branch, &d.limb, &d.number, &d.case]));
    }
    say!("{} of {} waivers", drawn.len(), population.len());
    Ok(())
}

/// Makes a token and shows it once.
///
/// # Errors
/// An unknown role or key, or the database is in use.
fn token(args: &TokenArgs) -> Result<(), CliError> {
    let role: Role = serde_json::from_value(Value::from(args.role.as_str())).map_err(|_| {
        CliError::new(
            format!("no role {}", args.role),
            "desk, supervisor, auditor, lead_source, payment_source",
        )
    })?;
    let key = args
        .key
        .as_ref()
        .map(|k| serde_json::from_value(Value::from(k.as_str())).or_else(|_| serde_json::from_str(k)))
        .transpose()
        .map_err(|e| CliError::new(e, "--key takes a public key as HQ writes them"))?;
    let (name, officer) = (args.name.clone(), args.officer.clone());
    let answer: Value = args.place.order(Order::Token { role, name, officer, key })?;
    say!("{}", answer.get("token").and_then(Value::as_str).unwrap_or_default());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_of_the_desk_has_its_command() {
        let other = ["replay", "decisions/{number}/copy", "cases/{id}/file"];
        for r in routes().iter().filter(|r| r.method == "GET" && !other.contains(&r.path)) {
            assert!(List::PATHS.contains(&r.path), "{}", r.path);
        }
        for path in List::PATHS {
            assert!(route("GET", path).is_ok(), "{path}");
        }
    }

    #[test]
    fn hanzi_travel_in_a_path() {
        assert_eq!(part("〔2026〕a-1"), "%E3%80%942026%E3%80%95a-1");
        assert!(filled("cases/{id}/score", &[]).is_err());
        assert!(filled("cases", &["x".into()]).is_err());
        assert_eq!(
            filled("sample/{seed}/{each}", &["第1周".into(), "5".into()]).ok().as_deref(),
            Some("sample/%E7%AC%AC1%E5%91%A8/5")
        );
    }
}
