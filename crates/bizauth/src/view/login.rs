//! The sign-in page: e-mail, password, and for whom.
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
            LoginError::Unavailable => self.frame.say("login-unavailable"),
        })
    }

    /// Only wrong credentials are the fields' fault; the other errors describe the whole form.
    fn wrong(&self) -> bool {
        self.error == Some(LoginError::WrongCredentials)
    }
}
