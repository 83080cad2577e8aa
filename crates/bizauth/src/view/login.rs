//! The sign-in page: e-mail, password, and for whom; then the second factor, where the account has one.
//!
//! It says before anything is typed that signing in lends nothing yet. Which of the two fields was wrong it never says.

use askama::Template;

use super::Frame;

/// Why the person sees the sign-in page again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginError {
    /// The e-mail address and the password do not belong together; which one is wrong is never said.
    WrongCredentials,
    /// Too many tries; the next one is heard after this many minutes.
    TooManyTries {
        /// Whole minutes, rounded up.
        minutes: usize,
    },
    /// The form token was missing, foreign or too old.
    FormExpired,
    /// The second factor came too late, or the sign-in was finished elsewhere.
    StepOver,
    /// The store could not be asked.
    Unavailable,
}

/// `GET /login`, and again after a sign-in that failed. Posts `email`, `password`, `stay`, `next`, `form_token`.
#[derive(Template)]
#[template(path = "login.html")]
pub struct LoginPage {
    /// The frame around the page.
    pub frame: Frame,
    /// The token that proves the form is ours.
    pub form_token: String,
    /// The local path and query to go to after signing in.
    pub next: String,
    /// The e-mail address, kept after an error.
    pub email: String,
    /// Whether "stay signed in" is ticked.
    pub stay: bool,
    /// Why the last try failed.
    pub error: Option<LoginError>,
    /// The app whose request waits behind the sign-in.
    pub app_name: Option<String>,
    /// The exact host that this app's answer will go to.
    pub app_host: Option<String>,
}

impl LoginPage {
    fn error_text(&self) -> Option<String> {
        Some(match self.error? {
            LoginError::WrongCredentials => self.frame.say("login-wrong"),
            LoginError::TooManyTries { minutes } => self.frame.fill("login-too-many", "minutes", minutes),
            LoginError::FormExpired => self.frame.say("login-form-expired"),
            LoginError::StepOver => self.frame.say("login-step-over"),
            LoginError::Unavailable => self.frame.say("login-unavailable"),
        })
    }

    /// Only wrong credentials are the fields' fault; the other errors describe the whole form.
    fn wrong(&self) -> bool {
        self.error == Some(LoginError::WrongCredentials)
    }
}

/// Why the person sees the page of the second factor again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeError {
    /// It can be no code at all.
    Malformed,
    /// It is not the code, or counted before.
    Wrong,
    /// Too many were wrong; the next one is heard after this many minutes.
    TooMany {
        /// Whole minutes, rounded up.
        minutes: usize,
    },
    /// The form token was missing, foreign or too old.
    FormExpired,
    /// The store or the master key could not be asked.
    Unavailable,
}

impl CodeError {
    /// The sentence about it.
    pub fn text(self, frame: &Frame) -> String {
        match self {
            CodeError::Malformed => frame.say("code-malformed"),
            CodeError::Wrong => frame.say("code-wrong"),
            CodeError::TooMany { minutes } => frame.fill("code-too-many", "minutes", minutes),
            CodeError::FormExpired => frame.say("login-form-expired"),
            CodeError::Unavailable => frame.say("login-unavailable"),
        }
    }
}

/// `GET /login/code`, and again after a code that was wrong. Posts `code`, `next`, `form_token`.
#[derive(Template)]
#[template(path = "login_code.html")]
pub struct CodePage {
    /// The frame around the page.
    pub frame: Frame,
    /// The token that proves the form is ours.
    pub form_token: String,
    /// The local path and query to go to after signing in.
    pub next: String,
    /// Why the last try failed.
    pub error: Option<CodeError>,
}

impl CodePage {
    fn error_text(&self) -> Option<String> {
        Some(self.error?.text(&self.frame))
    }

    /// Only a wrong code is the field's fault; the other errors describe the whole form.
    fn wrong(&self) -> bool {
        matches!(self.error, Some(CodeError::Wrong | CodeError::Malformed))
    }
}
