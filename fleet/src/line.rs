//! The way between a phone and HQ: no sockets, but everything that a street does to a message.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use ezhifa_field::transport::{Request, Response, Transport, TransportError};

use crate::{
    faults::{Fault, Faults},
    house::House,
    rng::Rng,
};

/// How often what happens, of a thousand messages.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Weather {
    drop: u32,
    duplicate: u32,
    reorder: u32,
    delay: u32,
    captive: u32,
}

impl Weather {
    /// Rough: a simulated seed should see every trouble, far more often than a street does.
    pub(crate) fn rough(faults: &Faults) -> Weather {
        Weather {
            drop: faults.rate(Fault::Drop, 200),
            duplicate: faults.rate(Fault::Duplicate, 100),
            reorder: faults.rate(Fault::Reorder, 60),
            delay: faults.rate(Fault::Delay, 40),
            captive: faults.rate(Fault::Captive, 20),
        }
    }

    /// A working day.
    pub(crate) fn mild(faults: &Faults) -> Weather {
        Weather {
            drop: faults.rate(Fault::Drop, 30),
            duplicate: faults.rate(Fault::Duplicate, 20),
            reorder: faults.rate(Fault::Reorder, 10),
            delay: faults.rate(Fault::Delay, 10),
            captive: faults.rate(Fault::Captive, 5),
        }
    }
}

struct State {
    rng: Rng,
    weather: Weather,
    /// Sent, given up by the phone, and still on their way.
    late: VecDeque<ezhifa_hq::Request>,
    bytes: u64,
}

/// One phone's line.
pub(crate) struct Line {
    house: Arc<House>,
    peer: String,
    state: Mutex<State>,
}

impl Line {
    pub(crate) fn new(house: Arc<House>, peer: &str, seed: u64, weather: Weather) -> Line {
        let rng = Rng::of(seed, &format!("line {peer}"));
        let state = State { rng, weather, late: VecDeque::new(), bytes: 0 };
        Line { house, peer: peer.to_owned(), state: Mutex::new(state) }
    }

    /// Another weather; still, what is late stays late.
    pub(crate) fn weather(&self, weather: Weather) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).weather = weather;
    }

    /// What was late arrives now, whether anybody waits or not.
    pub(crate) fn deliver_late(&self) {
        let late: Vec<_> = self.state.lock().unwrap_or_else(PoisonError::into_inner).late.drain(..).collect();
        for request in late {
            let _ = self.house.answer(&request);
        }
    }

    /// Bytes up and down so far, bodies only.
    pub(crate) fn bytes(&self) -> u64 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).bytes
    }

    fn arrive(&self, request: &ezhifa_hq::Request) -> Result<Response, TransportError> {
        let answer =
            self.house.answer(request).ok_or_else(|| TransportError::Unreachable("HQ is down".into()))?;
        Ok(Response {
            status: answer.status,
            headers: answer.headers.into_iter().collect(),
            body: answer.body,
        })
    }
}

/// What becomes of one message.
enum Fate {
    Arrives,
    LostOnTheWay,
    AnswerLost,
    Twice,
    Late,
    SignInPage,
}

impl Transport for Line {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let headers = request.headers.iter().map(|(n, v)| ((*n).to_owned(), v.clone())).collect();
        let sent = ezhifa_hq::Request {
            method: request.method.to_owned(),
            path: request.path.clone(),
            headers,
            body: request.body.clone(),
            peer: self.peer.clone(),
        };
        let (fate, overtaken) = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.bytes = state.bytes.saturating_add(u64::try_from(sent.body.len()).unwrap_or(0));
            let weather = state.weather;
            let fate = if state.rng.chance(weather.drop) {
                if state.rng.chance(500) { Fate::LostOnTheWay } else { Fate::AnswerLost }
            } else if state.rng.chance(weather.duplicate) {
                Fate::Twice
            } else if state.rng.chance(weather.reorder.saturating_add(weather.delay)) {
                Fate::Late
            } else if state.rng.chance(weather.captive) {
                Fate::SignInPage
            } else {
                Fate::Arrives
            };
            // Overtaken by this one, and now it comes.
            let reorders = weather.reorder > 0 && state.rng.chance(400);
            let overtaken = if reorders { state.late.pop_front() } else { None };
            (fate, overtaken)
        };
        let answer = match fate {
            Fate::Arrives => self.arrive(&sent),
            Fate::LostOnTheWay => Err(TransportError::Timeout),
            Fate::AnswerLost => self.arrive(&sent).and(Err(TransportError::Timeout)),
            Fate::Twice => {
                let first = self.arrive(&sent);
                let _ = self.arrive(&sent);
                first
            }
            Fate::Late => {
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                state.late.push_back(sent);
                Err(TransportError::Timeout)
            }
            Fate::SignInPage => Ok(Response {
                status: 200,
                headers: vec![("content-type".into(), "text/html".into())],
                body: b"<html>sign in to this network</html>".to_vec(),
            }),
        };
        if let Some(late) = overtaken {
            let _ = self.house.answer(&late);
        }
        if let Ok(answer) = &answer {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.bytes = state.bytes.saturating_add(u64::try_from(answer.body.len()).unwrap_or(0));
        }
        answer
    }
}
