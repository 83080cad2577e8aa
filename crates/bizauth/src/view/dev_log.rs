//! The log of `bizauth dev` for people: what was asked and answered, why, and what would have passed.

use askama::Template;

use super::Frame;

/// The newest calls of a world.
#[derive(Template)]
#[template(path = "dev_log.html")]
pub struct DevLogPage {
    /// The frame around the page.
    pub frame: Frame,
    /// Which world.
    pub world: String,
    /// Its clock, to the second.
    pub now: String,
    /// Whether the clock stands.
    pub frozen: bool,
    /// What the person looks for.
    pub search: String,
    /// What the errors mean that the person looks for.
    pub meaning: Vec<DevMeaning>,
    /// The calls, newest first.
    pub calls: Vec<DevCall>,
}

/// What an error means.
pub struct DevMeaning {
    /// Its code.
    pub code: String,
    /// Its name and its message.
    pub said: String,
    /// Why it is answered.
    pub cause: String,
    /// What to do about it.
    pub remedy: String,
}

/// One call in the list.
pub struct DevCall {
    /// Its number.
    pub n: u64,
    /// When it came, by the world's clock.
    pub at: String,
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The status of the answer, if there is one.
    pub status: Option<u16>,
    /// The code of the refusal.
    pub code: Option<String>,
    /// Which rule decided, and what would have passed.
    pub said: String,
    /// Whether it was staged.
    pub staged: Option<String>,
}

/// One call, whole.
#[derive(Template)]
#[template(path = "dev_call.html")]
pub struct DevCallPage {
    /// The frame around the page.
    pub frame: Frame,
    /// The call.
    pub call: DevCall,
    /// What would have passed.
    pub why: Option<String>,
    /// What its refusal means.
    pub meaning: Option<DevMeaning>,
    /// Parameters that nobody read.
    pub unread: Vec<String>,
    /// The request as it came.
    pub request: String,
    /// The answer as it went.
    pub answer: Option<String>,
    /// The way back to the list.
    pub back: String,
}

impl DevCall {
    /// The colour of its status.
    pub fn tone(&self) -> &'static str {
        match self.status {
            Some(200..400) => "good",
            Some(_) => "bad",
            None => "",
        }
    }
}
