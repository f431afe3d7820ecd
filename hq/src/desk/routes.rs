//! The table: everything that can be asked at the desk, by whom, and what it answers.

use ezhifa_casefile::{Audience, Wishes};

use super::{
    access::Role::{self, Auditor, Desk, LeadSource as Source, PaymentSource as Finance, Supervisor},
    deferrals::NewDeferral,
    fines::{Beside, Desk as Clocks, Fine},
    geo::Point,
    head::NewHeadOrder,
    http::{Call, Route},
    leads::{Lead, LeadSource, NewLead},
    list, open, plot,
};
use crate::{error::HqError, protocol::Response, store};

const READERS: &[Role] = &[Desk, Supervisor, Auditor];
const DESK: &[Role] = &[Desk];
const WATCH: &[Role] = &[Supervisor, Auditor];
const JUDGE: &[Role] = &[Supervisor];
const PEOPLE: &[Role] = &[Desk, Supervisor];

pub(super) const ROUTES: &[Route] = &[
    // ---- leads 线索
    Route::feed(
        "leads",
        "postLead",
        "take a lead in; the same reference again gives the same lead",
        &[Source, Desk],
        post_lead,
    ),
    Route::get(
        "leads",
        "leads",
        "open leads; branch=, all=true with from= and to= for the past",
        READERS,
        leads,
    ),
    Route::get(
        "leads/news",
        "leadNews",
        "what became of this source's own leads after place after=",
        &[Source],
        |c| {
            let after = c.query.number("after")?.and_then(|n| u64::try_from(n).ok()).unwrap_or(0);
            Response::json(&c.hq.lead_news(&c.who.name, after, 1000)?)
        },
    ),
    Route::get("leads/{id}", "lead", "one lead, without its reporter", READERS, |c| {
        Response::json(&c.hq.lead(c.id(0))?.without_reporter())
    }),
    Route::read("leads/{id}/reporter", "readReporter", "who reported, for the answer", DESK, |c| {
        Response::json(&c.hq.lead(c.id(0))?.new.reporter)
    }),
    Route::post(
        "leads/{id}/audit",
        "auditLead",
        "a person has audited a video record (处罚法 41)",
        PEOPLE,
        |c| Response::json(&c.hq.audit_lead(c.id(0), &c.who.name)?.without_reporter()),
    ),
    Route::post("leads/{id}/route", "routeLead", "give a lead to a branch: \"branch\"", DESK, |c| {
        Response::json(&c.hq.route_lead(c.id(0), &c.body::<String>()?)?.without_reporter())
    }),
    Route::post(
        "leads/{id}/close",
        "closeLead",
        "close a lead with the answer for its reporter: \"words\"",
        DESK,
        |c| Response::json(&c.hq.close_lead(c.id(0), &c.body::<String>()?)?.without_reporter()),
    ),
    Route::get(
        "events",
        "eventCodes",
        "event codes (GB/T 30428) and the offences they may be",
        &[Desk, Supervisor, Auditor, Source],
        |c| {
            let codes = c.hq.event_codes()?;
            let row = |e: &super::events::EventCode| serde_json::json!({"code": e.code, "name": e.name, "sample": codes.sample, "offences": c.hq.offences_of(&e.code)});
            c.list(codes.events.iter().map(|e| (e.code.clone(), row(e))).collect())
        },
    ),
    Route::post("events", "publishEventCodes", "publish the table of codes (TOML)", DESK, |c| {
        c.hq.publish_event_codes(c.text()?)?;
        Response::json(&"ok")
    }),
    // ---- roster 名册
    Route::get("units", "units", "organ, branches, squads, stations", READERS, |c| {
        c.list(c.hq.units()?.into_iter().map(|u| (u.id.clone(), u)).collect())
    }),
    Route::post("units", "setUnit", "write a unit", DESK, |c| Response::json(&c.hq.set_unit(c.body()?)?)),
    Route::post("areas/{branch}", "setArea", "ground of a branch: WGS-84 corners", DESK, |c| {
        c.hq.set_branch_area(c.id(0), c.body::<Vec<Point>>()?)?;
        Response::json(&"ok")
    }),
    Route::get(
        "roster",
        "roster",
        "officers, certificates and days left; branch=, may_sign=",
        READERS,
        |c| {
            let all = c.hq.officers("")?;
            c.list(all.into_iter().map(|o| (format!("{}/{}", o.branch, o.id), o)).collect())
        },
    ),
    Route::post(
        "roster/{branch}",
        "publishRoster",
        "publish everybody of a branch; phones enforce it offline",
        DESK,
        |c| {
            c.hq.publish_roster(c.id(0), &c.body::<Vec<ezhifa_casework::people::Officer>>()?)?;
            Response::json(&"ok")
        },
    ),
    Route::get("crews", "crews", "crews and their phones; branch=", READERS, |c| {
        c.list(c.hq.crews()?.into_iter().map(|x| (format!("{}/{}", x.branch, x.id), x)).collect())
    }),
    Route::post("crews", "setCrew", "write a crew: two certified officers", DESK, |c| {
        Response::json(&c.hq.set_crew_file(c.body()?)?)
    }),
    Route::get("shifts", "shifts", "shifts by branch and beginning; shift.crew=, branch=", READERS, |c| {
        let all = c.hq.shifts()?;
        c.list(
            all.into_iter()
                .map(|(branch, s)| {
                    let key = format!("{branch}/{:013}/{}", s.from_ms, s.crew);
                    (key, serde_json::json!({"branch": branch, "shift": s}))
                })
                .collect(),
        )
    }),
    Route::post("shifts/{branch}", "setShift", "put a crew on duty", DESK, |c| {
        Response::json(&c.hq.set_shift(c.id(0), c.body()?)?)
    }),
    Route::get("devices", "devices", "phones: last hello, what waits on them, withdrawn", READERS, |c| {
        c.list(c.hq.devices()?.into_iter().map(|d| (d.id.clone(), d)).collect())
    }),
    // ---- orders 责令改正
    Route::get(
        "orders",
        "orders",
        "orders by due time, or by distance from lat_e7= and lon_e7=; state=, branch=",
        READERS,
        orders,
    ),
    Route::get("handovers", "handovers", "what one crew left to the next; branch=", READERS, |c| {
        c.list(c.hq.handovers()?.into_iter().map(|h| (h.id.clone(), h)).collect())
    }),
    Route::post("handovers", "handOver", "write the list for the next crew and tell the branch", DESK, |c| {
        Response::json(&c.hq.hand_over(c.body()?)?)
    }),
    Route::post(
        "handovers/{id}/accept",
        "acceptHandover",
        "the receiving crew has it: \"crew\"",
        DESK,
        |c| Response::json(&c.hq.accept_handover(c.id(0), &c.body::<String>()?)?),
    ),
    // ---- money 罚缴
    Route::feed(
        "payments",
        "postPayment",
        "a notice of payment, signed where the source has a key",
        &[Finance, Desk],
        |c| Response::json(&c.hq.post_notice(c.who, c.body)?),
    ),
    Route::get("payments", "payments", "notices of payment; state=", READERS, |c| {
        c.hq.match_payments()?;
        list::scan(c.hq, &c.query, "payment", "", &[], &|_, _, body| Ok(Some(serde_json::from_str(body)?)))
    }),
    Route::get(
        "payments/held",
        "heldPayments",
        "notices that match nothing, another amount, twice, or nothing owed",
        READERS,
        |c| c.list(c.hq.match_payments()?.into_iter().map(|p| (p.new.reference.clone(), p)).collect()),
    ),
    Route::post("payments/{reference}/refund", "refund", "money went back: \"voucher\"", DESK, |c| {
        Response::json(&c.hq.refund(c.id(0), &c.body::<String>()?)?)
    }),
    Route::get(
        "payables",
        "payables",
        "what may be paid today, for the finance system",
        &[Finance, Desk, Supervisor, Auditor],
        |c| c.list(c.hq.payables()?.into_iter().map(|p| (p.number.clone(), p)).collect()),
    ),
    Route::get(
        "paycodes",
        "payCodes",
        "pay codes in the pool, on each phone, and made for one decision",
        READERS,
        |c| c.list(c.hq.pay_code_stock()?.into_iter().map(|s| (s.device.clone(), s)).collect()),
    ),
    Route::feed("paycodes", "deliverPayCodes", "codes for the pool: [\"code\"]", &[Finance, Desk], |c| {
        Response::json(&c.hq.deliver_pay_codes(&c.body::<Vec<String>>()?)?)
    }),
    Route::post("paycodes/{device}", "lendPayCodes", "lend codes to a phone: how many", DESK, |c| {
        Response::json(&c.hq.lend_pay_codes(c.id(0), c.body()?)?)
    }),
    Route::get(
        "fines",
        "fines",
        "every fine: due, overdue, paid, late fee, deferred, refund due; state=",
        READERS,
        fines,
    ),
    Route::get(
        "cash",
        "cash",
        "cash taken on the spot and the clocks of its way to the bank; late=",
        READERS,
        |c| {
            let open = c.query.get("late") == Some("true");
            c.list(c.hq.cash(open)?.into_iter().map(|x| (x.receipt.clone(), x)).collect())
        },
    ),
    Route::get(
        "receipts",
        "receipts",
        "finance receipts allotted to phones and used; device=",
        READERS,
        |c| c.list(c.hq.receipts()?.into_iter().map(|r| (r.batch.clone(), r)).collect()),
    ),
    Route::post(
        "receipts/{device}",
        "allotReceipts",
        "allot finance receipts for cash (处罚法 70): {\"prefix\", \"from\", \"to\"}",
        DESK,
        |c| Response::json(&c.hq.allot_receipts(c.id(0), c.body()?)?),
    ),
    Route::get(
        "deferrals",
        "deferrals",
        "payments deferred or by instalments, granted or not",
        READERS,
        |c| {
            c.list(
                c.hq.deferrals()?.into_iter().map(|d| (format!("{}/{:013}", d.number, d.at_ms), d)).collect(),
            )
        },
    ),
    Route::post(
        "deferrals",
        "deferFine",
        "the head grants or refuses a deferral (处罚法 66)",
        PEOPLE,
        |c| Response::json(&c.hq.defer_fine(c.who, c.body::<NewDeferral>()?)?),
    ),
    Route::post(
        "lookups",
        "readByIdentity",
        "for a lost slip: identity with place or day; number, state, pay code, receipts",
        DESK,
        |c| {
            let found = c.hq.look_up(&c.body()?)?;
            // Whose record was seen: one line for each, before it is shown.
            found.iter().try_for_each(|f| c.hq.note_act(c.who, "readFound", &f.number, &[]))?;
            Response::json(&found)
        },
    ),
    Route::read("decisions/{number}/copy", "readCopy", "the slip, marked as a copy (PDF)", DESK, |c| {
        Ok(Response::bytes(200, "application/pdf", c.hq.copy_of(c.id(0), &c.hq.config().organ_name)?))
    }),
    // ---- cases 案件
    Route::get(
        "cases",
        "cases",
        "case files: ids, numbers, outcomes, times; branch=, offence=",
        READERS,
        |c| list::scan(c.hq, &c.query, "case", "", &[], &|_, _, body| Ok(Some(serde_json::from_str(body)?))),
    ),
    Route::get("cases/{id}", "case", "one case file", READERS, |c| Response::json(&c.hq.case_file(c.id(0))?)),
    Route::read("cases/{id}/events", "readCase", "the record itself, with the person's data", READERS, |c| {
        Response::json(&c.hq.case_events(c.id(0))?)
    }),
    Route::read(
        "cases/{id}/file",
        "readFile",
        "the whole file of a case, signed, as ZIP: for=organ (default), court, party",
        PEOPLE,
        case_file,
    ),
    Route::get(
        "cases/{id}/score",
        "score",
        "案卷评查: what the file scores and where it loses",
        READERS,
        |c| Response::json(&c.hq.score(c.id(0))?),
    ),
    // ---- reviews 复核
    Route::get(
        "reviews",
        "reviews",
        "review tasks that are open; kind=, all=true for closed ones",
        READERS,
        |c| {
            let all = c.query.get("all") == Some("true");
            let reviews = c.hq.reviews(!all)?;
            list::answer(&c.query, reviews.into_iter().map(|r| (r.id.clone(), r)).collect(), &["all"])
        },
    ),
    Route::post(
        "reviews/{id}/close",
        "closeReview",
        "a verdict with reasons; it travels back: \"words\"",
        JUDGE,
        |c| {
            c.hq.may_review(c.who)?;
            Response::json(&c.hq.close_review(c.id(0), &c.who.name, &c.body::<String>()?)?)
        },
    ),
    Route::get(
        "patterns",
        "patterns",
        "what repeats or is missing: a question, never a finding; kind=",
        WATCH,
        |c| {
            let all = c.hq.patterns()?;
            c.list(all.into_iter().map(|p| (format!("{}/{}", p.kind, p.about), p)).collect())
        },
    ),
    Route::get("waivers", "waivers", "every waiver that stands: what a sample is drawn from", WATCH, |c| {
        c.list(c.hq.waivers()?.into_iter().map(|w| (w.number.clone(), w)).collect())
    }),
    Route::get(
        "sample/{seed}/{each}",
        "sample",
        "waivers drawn by seed from every branch and limb; anybody can draw again",
        WATCH,
        |c| {
            let each = c.id(1).parse().map_err(|_| HqError::Bad("each".into()))?;
            let drawn = c.hq.draw_waivers(c.id(0), each)?;
            let scored: Result<Vec<_>, HqError> = drawn
            .into_iter()
            .map(|d| {
                let score = c.hq.score(&d.case)?;
                Ok((format!("{}/{}/{}", d.branch, d.limb, d.number), serde_json::json!({"branch": d.branch, "limb": d.limb, "case": d.case, "number": d.number, "points": score.points, "failed": score.failed})))
            })
            .collect();
            c.list(scored?)
        },
    ),
    Route::get(
        "conferences",
        "conferences",
        "case conferences (集体研判) and what they decided",
        READERS,
        |c| c.list(c.hq.conferences()?.into_iter().map(|x| (x.id.clone(), x)).collect()),
    ),
    Route::get("conferences/agenda", "agenda", "cases that should be talked about; branch=", READERS, |c| {
        let items = c.hq.agenda(c.query.get("branch").unwrap_or_default())?;
        list::answer(
            &c.query,
            items.into_iter().map(|i| (format!("{}/{}", i.case, i.question), i)).collect(),
            &["branch"],
        )
    }),
    Route::post("conferences", "callConference", "call a conference with its list", JUDGE, |c| {
        Response::json(&c.hq.call_conference(c.body()?)?)
    }),
    Route::post(
        "conferences/{id}/{case}",
        "decideItem",
        "what was decided of one case, why, and who was there",
        JUDGE,
        |c| {
            c.hq.may_review(c.who)?;
            Response::json(&c.hq.decide_item(c.id(0), c.id(1), c.body()?)?)
        },
    ),
    Route::get(
        "appeals",
        "appeals",
        "reconsideration asked for here, with the five-day clock",
        READERS,
        |c| {
            let all = c.hq.appeals()?;
            c.list(all.into_iter().enumerate().map(|(i, a)| (format!("{i:08}"), a)).collect())
        },
    ),
    Route::post("appeals", "postAppeal", "an application came in: \"number\"", DESK, |c| {
        Response::json(&c.hq.post_appeal(&c.body::<String>()?)?)
    }),
    Route::post(
        "appeals/{number}/close",
        "closeAppeal",
        "what the organ did with it: \"words\"",
        DESK,
        |c| Response::json(&c.hq.close_appeal(c.id(0), &c.body::<String>()?)?),
    ),
    Route::post("appeals/{number}/end", "endAppeal", "how the remedy ended: \"maintained\"…", DESK, |c| {
        Response::json(&c.hq.end_appeal(c.id(0), &c.body::<String>()?)?)
    }),
    Route::get("holds", "holds", "cases that must be kept whole: a remedy can run or runs", READERS, |c| {
        c.list(c.hq.holds()?.into_iter().map(|h| (h.number.clone(), h)).collect())
    }),
    Route::get("head/orders", "headOrders", "撤销 and 补正 ordered by the head; done=", READERS, |c| {
        c.list(c.hq.head_orders()?.into_iter().map(|o| (o.id.clone(), o)).collect())
    }),
    Route::post(
        "head/orders",
        "orderByHead",
        "the head revokes or corrects a served decision",
        PEOPLE,
        |c| Response::json(&c.hq.order_by_head(c.who, c.body::<NewHeadOrder>()?)?),
    ),
    Route::post(
        "head/waivers/{number}",
        "ruleWaiver",
        "the head answers a proposed waiver: {\"granted\", \"reason\"}",
        PEOPLE,
        rule_waiver,
    ),
    // ---- figures 统计
    Route::get("figures", "figures", "figures by branch; from=, to=, branch=, format=csv", READERS, |c| {
        let all = c.hq.figures_between(c.days()?)?;
        let rows: Result<Vec<_>, HqError> = all
            .into_iter()
            .map(|(branch, f)| {
                let mut row = serde_json::json!({"branch": if branch.is_empty() { "all" } else { &branch }});
                if let (Some(row), serde_json::Value::Object(f)) =
                    (row.as_object_mut(), serde_json::to_value(f)?)
                {
                    row.extend(f);
                }
                Ok((branch, row))
            })
            .collect();
        list::answer(&c.query, rows?, &["from", "to"])
    }),
    Route::get(
        "figures/{chart}",
        "figuresPlot",
        "SVG: outcome, limb, offence, source, week, 721, branch, hot; branch=, from=, to=",
        READERS,
        plotted,
    ),
    Route::get(
        "hot",
        "hot",
        "hot problems by place and week, most leads first; from=, to=, branch=",
        READERS,
        |c| {
            let all = c.hq.hot(c.days()?)?;
            list::answer(
                &c.query,
                all.into_iter().enumerate().map(|(i, h)| (format!("{i:08}"), h)).collect(),
                &["from", "to"],
            )
        },
    ),
    // ---- operation 运行
    Route::get("alarms", "alarms", "alarms that stand, looked at now; kind=", READERS, |c| {
        c.hq.watch()?;
        c.list(c.hq.alarms()?.into_iter().map(|a| (format!("{}/{}", a.kind, a.about), a)).collect())
    }),
    Route::post("alarms/{kind}/{about}/close", "closeAlarm", "somebody has looked", DESK, |c| {
        c.hq.close_alarm(c.id(0), c.id(1))?;
        Response::json(&"ok")
    }),
    Route::get("ledger", "ledger", "every lent number accounted for", READERS, |c| {
        Response::json(&c.hq.ledger()?)
    }),
    Route::get("checkpoints", "checkpoints", "signed checkpoints of all journals", READERS, |c| {
        c.list(c.hq.checkpoints()?.into_iter().map(|p| (p.day.clone(), p)).collect())
    }),
    Route::get("quarantine", "quarantine", "entries that HQ could not read", READERS, |c| {
        c.list(c.hq.quarantine_by_place()?)
    }),
    Route::get("replay", "replay", "how the recomputing of decisions stands", READERS, |c| {
        Response::json(&c.hq.replay_report()?)
    }),
    Route::get("acts", "acts", "the desk's own log: who asked for what; act=, who=", &[Auditor], |c| {
        list::scan(c.hq, &c.query, "act_log", "", &[], &|_, _, body| Ok(Some(serde_json::from_str(body)?)))
    }),
    Route::get(
        "acts/broken",
        "brokenAct",
        "the first line of the log that was changed; null when whole",
        &[Auditor],
        |c| Response::json(&c.hq.broken_act()?),
    ),
    Route::get("reads", "reads", "who read whose record; about=, who=", &[Auditor], |c| {
        list::scan(c.hq, &c.query, "act_log", "", &[], &|_, _, body| {
            let act: super::acts::Act = serde_json::from_str(body)?;
            Ok(if act.act.starts_with("read") { Some(serde_json::to_value(act)?) } else { None })
        })
    }),
    Route::get(
        "tokens",
        "tokens",
        "who holds a token, by the first digits of its hash",
        &[Desk, Auditor],
        |c| {
            let all = c.hq.tokens()?;
            c.list(
            all.into_iter()
                .map(|(hash, h)| (hash.clone(), serde_json::json!({"hash": hash, "role": h.role, "name": h.name, "officer": h.officer, "signs": h.key.is_some()})))
                .collect(),
        )
        },
    ),
    Route::post(
        "tokens/{hash}/withdraw",
        "withdrawToken",
        "a token is good for nothing any more",
        DESK,
        |c| {
            c.hq.withdraw_token(c.id(0))?;
            Response::json(&"ok")
        },
    ),
    Route::get("settings", "settings", "the desk's settings (samples until set)", READERS, |c| {
        Response::json(&c.hq.desk_settings()?)
    }),
    Route::post("settings", "setSettings", "set them", DESK, |c| {
        Response::json(&c.hq.set_desk_settings(c.body()?)?)
    }),
];

fn post_lead(c: &Call<'_>) -> Result<Response, HqError> {
    let mut new = c.body::<NewLead>()?;
    // Only the organ's own person can have audited a video record (处罚法 41).
    if new.source == LeadSource::VideoLead {
        new.audited_by = new.audited_by.filter(|_| c.who.role == Desk).map(|_| c.who.name.clone());
    }
    Response::json(&c.hq.post_lead(&c.who.name, new)?.without_reporter())
}

fn shown(lead: Lead) -> Result<Option<serde_json::Value>, HqError> {
    Ok(Some(serde_json::to_value(lead.without_reporter())?))
}

fn leads(c: &Call<'_>) -> Result<Response, HqError> {
    const OWN: &[&str] = &["all", "from", "to"];
    if c.query.get("all") == Some("true") {
        let days = c.days()?;
        let inside = move |ms: i64| {
            let day = crate::config::local(ms).date();
            days.from.is_none_or(|f| f <= day) && days.to.is_none_or(|t| day <= t)
        };
        return list::scan(c.hq, &c.query, "lead", "", OWN, &|_, _, body| {
            let lead: Lead = serde_json::from_str(body)?;
            if inside(lead.received_ms) { shown(lead) } else { Ok(None) }
        });
    }
    let prefix = c.query.get("branch").map(|b| format!("{b}/")).unwrap_or_default();
    list::scan(c.hq, &c.query, "lead_open", &prefix, OWN, &|r, key, _| {
        let id = key.rsplit('/').next().unwrap_or_default();
        store::get::<Lead>(r, "lead", id)?.map_or(Ok(None), shown)
    })
}

/// By number, a page at a time; what is neither paid nor ended without a refund lies on a list of its own.
fn fines(c: &Call<'_>) -> Result<Response, HqError> {
    c.hq.settle()?;
    let desk = Clocks::of(c.hq)?;
    let done = c.query.get("state").is_none_or(|state| matches!(state, "paid" | "not_owed"));
    let space = if done { "fine" } else { open::FINES };
    let number = c.query.get("number").unwrap_or_default();
    list::scan(c.hq, &c.query, space, number, &[], &|r, number, _| {
        let Some(fine) = store::get::<Fine>(r, "fine", number)? else { return Ok(None) };
        Ok(Some(serde_json::to_value(desk.line(&fine, &Beside::of(r, number)?))?))
    })
}

fn orders(c: &Call<'_>) -> Result<Response, HqError> {
    let near = c
        .query
        .number("lat_e7")?
        .zip(c.query.number("lon_e7")?)
        .map(|(lat_e7, lon_e7)| Point { lat_e7, lon_e7 });
    let open = c.query.get("state").is_some_and(|state| state != "closed");
    let lines = c.hq.orders(near, open)?;
    let items = lines.into_iter().enumerate().map(|(i, l)| (format!("{i:08}"), l)).collect();
    list::answer(&c.query, items, &["lat_e7", "lon_e7"])
}

/// For the five days in which the organ owes its evidence (复议法 54).
fn case_file(c: &Call<'_>) -> Result<Response, HqError> {
    let audience = match c.query.get("for").unwrap_or("organ") {
        "organ" => Audience::Organ,
        "court" => Audience::Court,
        "party" => Audience::Party,
        _ => return Err(HqError::Bad("for: organ, court, party".into())),
    };
    let to = std::io::Cursor::new(Vec::new());
    let (_, zip) = c.hq.export_case(&c.who.name, c.id(0), &Wishes::of(audience), to)?;
    Ok(Response::bytes(200, "application/zip", zip.into_inner()))
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Ruling {
    granted: bool,
    reason: String,
}

fn rule_waiver(c: &Call<'_>) -> Result<Response, HqError> {
    c.hq.head(c.who)?;
    let Ruling { granted, reason } = c.body()?;
    c.hq.rule_waiver(c.id(0), granted, &reason)?;
    Response::json(&"ok")
}

fn plotted(c: &Call<'_>) -> Result<Response, HqError> {
    let (branch, days) = (c.query.get("branch").unwrap_or_default(), c.days()?);
    // What is shown of which branch and days stands in the picture itself.
    let mut about = Vec::new();
    about.extend((!branch.is_empty()).then(|| branch.to_owned()));
    about.extend(days.words());
    let titled = |title: &str, rows: &[(String, u64)]| {
        let all = std::iter::once(title.to_owned()).chain(about.clone()).collect::<Vec<_>>();
        Ok(svg(plot::bars(&all.join(" · "), rows)))
    };
    let chart = c.id(0).trim_end_matches(".svg");
    if chart == "hot" {
        let hot = c.hq.hot(days)?.into_iter().filter(|h| branch.is_empty() || h.branch == branch);
        let row = |h: super::hot::Hot| (format!("{} {} {}", h.week, h.name, h.place), h.leads);
        return titled("热点问题 / hot problems", &hot.take(20).map(row).collect::<Vec<_>>());
    }
    let mut all = c.hq.figures_between(days)?;
    if chart == "branch" {
        let mut rows: Vec<_> =
            all.into_iter().filter(|(b, _)| !b.is_empty()).map(|(b, f)| (b, f.decisions)).collect();
        plot::longest_first(&mut rows);
        return titled("各分局决定 / decisions by branch", &rows);
    }
    let f = all.remove(branch).unwrap_or_default();
    let (title, rows) = match chart {
        "outcome" => ("处理结果 / outcome", f.by_outcome),
        "limb" => ("不予处罚的情形 / limb", f.by_limb),
        "offence" => ("案由 / offence", f.by_offence),
        "source" => ("来源 / source", f.by_source),
        "week" => {
            let rows: Vec<_> = super::figures::every_week(f.by_week).into_iter().collect();
            return titled("每周决定 / decisions a week", &rows);
        }
        "721" => {
            let rows = [
                ("服务 / service".to_owned(), f.contacts.service),
                ("管理 / management".to_owned(), f.contacts.management),
                ("执法 / enforcement".to_owned(), f.contacts.enforcement),
            ];
            return titled("服务、管理、执法 / 721", &rows);
        }
        _ => return Err(HqError::NotFound("chart")),
    };
    let book = c.hq.newest_book();
    let mut rows: Vec<(String, u64)> =
        rows.into_iter().map(|(id, n)| (plot::name(&id, book.as_deref()), n)).collect();
    plot::longest_first(&mut rows);
    titled(title, &rows)
}

fn svg(text: String) -> Response {
    Response::bytes(200, "image/svg+xml", text.into_bytes())
}
