//! `/console/apps/{app}/keys/{key}/callers`: from which addresses a REST API key may be used.

use axum::extract::State;
use bizauth_core::key;
use ipnet::IpNet;

use super::key::{Forms, done, find_rest, show};
use crate::http::state::AppState;
use crate::http::visit::{Page, Visit};
use crate::view::Frame;
use crate::view::kit::Fields;

/// Addresses and networks of one key.
const MOST: usize = 100;
/// Lines that are named one by one where they are wrong.
const NAMED: usize = 5;

/// Keeps the list, one address or network a line; none is anywhere.
pub async fn post(State(it): State<AppState>, visit: Visit) -> Page {
    let record = find_rest(&it, &visit).await?;
    let text = visit.form().text("callers").unwrap_or_default();
    match read(&visit.frame(&it), text) {
        Ok(callers) => {
            let id = record.key.id;
            done(&visit, id, visit.by(&it).set_callers(id, &callers).await?, "callers-saved")
        }
        Err(why) => {
            let mut forms = Forms::fresh(&record);
            forms.callers = Fields::typed([("callers", text)]).for_form("allowed");
            forms.callers.refuse("callers", why);
            Ok(show(&it, &visit, record, forms, None))
        }
    }
}

/// The networks, each once, or a sentence about every line that is none.
fn read(frame: &Frame, text: &str) -> Result<Vec<IpNet>, String> {
    let (mut callers, mut wrong) = (Vec::new(), Vec::new());
    for (number, line) in (1_usize..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()) {
        match key::caller(line.trim()) {
            Some(caller) if callers.contains(&caller) => {}
            Some(caller) => callers.push(caller),
            None => wrong.push((number, line.trim().chars().take(60).collect::<String>())),
        }
    }
    if callers.len() > MOST {
        return Err(frame.fill("callers-many", "most", MOST));
    }
    if wrong.is_empty() {
        return Ok(callers);
    }
    let told = |(number, line): &(usize, String)| frame.fill2("callers-line", &("line", *number), &("text", line));
    let mut lines: Vec<String> = wrong.iter().take(NAMED).map(told).collect();
    if wrong.len() > NAMED {
        lines.push(frame.fill("callers-more", "count", wrong.len() - NAMED));
    }
    Err(format!("{} {}", lines.join(" "), frame.say("callers-right")))
}
