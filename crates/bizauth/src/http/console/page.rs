//! What every page about one app begins with: its address, and the frame with the other pages about the app.

use crate::http::state::AppState;
use crate::http::visit::Visit;
use crate::view::Frame;
use crate::view::console::{AppHead, app_sections};

/// An address below the app in the path.
pub(super) fn app_path(visit: &Visit, rest: &str) -> String {
    format!("/console/apps/{}{rest}", visit.app().app.id)
}

/// The app in the path, as the pages about it name it.
pub(super) fn head(visit: &Visit) -> AppHead {
    AppHead::of(&visit.app().app, visit.role())
}

/// The frame of the page at `here` about an app. Where a form is refused the page answers at the form's address, which is
/// no page.
pub(super) fn app_frame(it: &AppState, visit: &Visit, head: &AppHead, here: &str) -> Frame {
    let mut frame = visit.frame(it);
    if visit.path() != here {
        here.clone_into(&mut frame.here);
    }
    app_sections(frame, head)
}
